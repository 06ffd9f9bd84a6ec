//! The order of the names in the `builtins` and `sys` modules, as CPython fills them.
//!
//! The tables of this crate are in files by family, so the order is brought about at the end
//! (`module::arrange`).

/// The names of `builtins`.
#[rustfmt::skip]
pub const BUILTINS: [&str; 151] = [
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

/// The names of `sys`.
#[rustfmt::skip]
pub const SYS: [&str; 95] = [
    "__name__", "__doc__", "__package__", "__loader__", "__spec__", "addaudithook", "audit",
    "breakpointhook", "_clear_type_cache", "_current_frames", "_current_exceptions", "displayhook",
    "exception", "exc_info", "excepthook", "exit", "getdefaultencoding", "getdlopenflags",
    "getallocatedblocks", "getfilesystemencoding", "getfilesystemencodeerrors",
    "_getquickenedcount", "getrefcount", "getrecursionlimit", "getsizeof", "_getframe", "intern",
    "is_finalizing", "setswitchinterval", "getswitchinterval", "setdlopenflags", "setprofile",
    "getprofile", "setrecursionlimit", "settrace", "gettrace", "call_tracing", "_debugmallocstats",
    "set_coroutine_origin_tracking_depth", "get_coroutine_origin_tracking_depth",
    "set_asyncgen_hooks", "get_asyncgen_hooks", "unraisablehook", "get_int_max_str_digits",
    "set_int_max_str_digits", "modules", "stderr", "__stderr__", "__displayhook__",
    "__excepthook__", "__breakpointhook__", "__unraisablehook__", "version", "hexversion", "_git",
    "_framework", "api_version", "copyright", "platform", "maxsize", "float_info", "int_info",
    "hash_info", "maxunicode", "builtin_module_names", "stdlib_module_names", "byteorder",
    "abiflags", "version_info", "implementation", "flags", "float_repr_style", "thread_info",
    "meta_path", "path_importer_cache", "path_hooks", "path", "executable", "_base_executable",
    "prefix", "base_prefix", "exec_prefix", "base_exec_prefix", "platlibdir", "pycache_prefix",
    "argv", "orig_argv", "warnoptions", "_xoptions", "_stdlib_dir", "dont_write_bytecode",
    "__stdin__", "stdin", "__stdout__", "stdout",
];
