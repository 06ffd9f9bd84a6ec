//! The order of the names in the `builtins` module.
//!
//! It shows: code that has specialised keeps the index of a built-in's entry in its cache, and whoever
//! iterates over the namespace sees it. The tables of this crate are in files by family, so the order
//! is brought about at the end.

use twinheap_abi::PyDictObject;
use twinheap_objects::dict;
use twinheap_objects::errors::PyResult;
use twinheap_objects::own::Layout;
use twinheap_objects::unicode;

/// As CPython fills the module.
#[rustfmt::skip]
const ORDER: [&str; 151] = [
    "__name__", "__doc__", "__package__", "__loader__", "__spec__", "__build_class__", "__import__",
    "abs", "all", "any", "ascii", "bin", "breakpoint", "callable", "chr", "compile", "delattr",
    "dir", "divmod", "eval", "exec", "format", "getattr", "globals", "hasattr", "hash", "hex", "id",
    "input", "isinstance", "issubclass", "iter", "aiter", "len", "locals", "max", "min", "next",
    "anext", "oct", "ord", "pow", "print", "repr", "round", "setattr", "sorted", "sum", "vars",
    "None", "Ellipsis", "NotImplemented", "False", "True", "bool", "memoryview", "bytearray",
    "bytes", "classmethod", "complex", "dict", "enumerate", "filter", "float", "frozenset",
    "property", "int", "list", "map", "object", "range", "reversed", "set", "slice", "staticmethod",
    "str", "super", "tuple", "type", "zip", "__debug__", "BaseException", "BaseExceptionGroup",
    "Exception", "GeneratorExit", "KeyboardInterrupt", "SystemExit", "ArithmeticError",
    "AssertionError", "AttributeError", "BufferError", "EOFError", "ImportError", "LookupError",
    "MemoryError", "NameError", "OSError", "ReferenceError", "RuntimeError", "StopAsyncIteration",
    "StopIteration", "SyntaxError", "SystemError", "TypeError", "ValueError", "Warning",
    "FloatingPointError", "OverflowError", "ZeroDivisionError", "BytesWarning",
    "DeprecationWarning", "EncodingWarning", "FutureWarning", "ImportWarning",
    "PendingDeprecationWarning", "ResourceWarning", "RuntimeWarning", "SyntaxWarning",
    "UnicodeWarning", "UserWarning", "BlockingIOError", "ChildProcessError", "ConnectionError",
    "FileExistsError", "FileNotFoundError", "InterruptedError", "IsADirectoryError",
    "NotADirectoryError", "PermissionError", "ProcessLookupError", "TimeoutError",
    "IndentationError", "IndexError", "KeyError", "ModuleNotFoundError", "NotImplementedError",
    "RecursionError", "UnboundLocalError", "UnicodeError", "BrokenPipeError",
    "ConnectionAbortedError", "ConnectionRefusedError", "ConnectionResetError", "TabError",
    "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeTranslateError", "ExceptionGroup",
    "EnvironmentError", "IOError", "open",
];

/// Puts the entries of the namespace in CPython's order; names that it does not know come last.
pub(super) fn arrange(namespace: &PyDictObject) -> PyResult<()> {
    let all = dict::copy(namespace)?;
    dict::clear(namespace);
    for name in ORDER {
        let name = unicode::intern(unicode::from_str(name)?);
        if let Some(value) = dict::get_str(&all, &name) {
            dict::set_item(namespace, name.as_object(), value)?;
        }
    }
    for (name, value) in dict::entries(&all) {
        dict::set_default(namespace, name, value)?;
    }
    Ok(())
}
