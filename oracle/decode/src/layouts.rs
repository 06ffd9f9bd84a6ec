//! Which struct an object is read as: found by its type's name, or by the nearest known base.

use twinheap_abi::{Py_TPFLAGS_BASE_EXC_SUBCLASS, Py_TPFLAGS_HEAPTYPE, PyTypeObject};

use crate::memory::{Address, c_text};

macro_rules! layouts {
    ($($variant:ident $name:literal [$($static_name:literal)*],)*) => {
        /// The struct that an object, or a block of one, is read as.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Layout { $($variant,)* }

        impl Layout {
            pub const ALL: &'static [Layout] = &[$(Layout::$variant,)*];

            /// The name that images and masks use.
            pub fn name(self) -> &'static str {
                match self { $(Layout::$variant => $name,)* }
            }

            /// The layout of a static type of this name.
            fn of_static_type(name: &[u8]) -> Option<Layout> {
                $($(if name == $static_name.as_bytes() { return Some(Layout::$variant); })*)*
                None
            }
        }
    };
}

layouts! {
    Object "object" ["object"],
    Int "int" ["int" "bool"],
    Float "float" ["float"],
    Complex "complex" ["complex"],
    Str "str" ["str"],
    InternedStr "interned str" [],
    Bytes "bytes" ["bytes"],
    ByteArray "bytearray" ["bytearray"],
    MemoryView "memoryview" ["memoryview"],
    ManagedBuffer "managed buffer" ["managedbuffer"],
    Tuple "tuple" ["tuple"],
    List "list" ["list"],
    Dict "dict" ["dict"],
    DictKeys "PyDictKeysObject" [],
    Set "set" ["set"],
    FrozenSet "frozenset" ["frozenset"],
    DictView "dict view" ["dict_keys" "dict_values" "dict_items"],
    DictIterator "dict iterator" ["dict_keyiterator" "dict_valueiterator" "dict_itemiterator"
        "dict_reversekeyiterator" "dict_reversevalueiterator" "dict_reverseitemiterator"],
    SetIterator "set iterator" ["set_iterator"],
    SequenceIterator "sequence iterator" ["list_iterator" "list_reverseiterator" "tuple_iterator"
        "str_iterator" "str_ascii_iterator" "bytes_iterator" "bytearray_iterator" "iterator"],
    CallIterator "callable iterator" ["callable_iterator"],
    Range "range" ["range"],
    RangeIterator "range iterator" ["range_iterator"],
    LongRangeIterator "longrange iterator" ["longrange_iterator"],
    Slice "slice" ["slice"],
    Enumerate "enumerate" ["enumerate"],
    Reversed "reversed" ["reversed"],
    Function "function" ["function"],
    BuiltinFunction "builtin function" ["builtin_function_or_method" "builtin_method"],
    Method "method" ["method"],
    Descriptor "descriptor" ["method_descriptor" "classmethod_descriptor" "getset_descriptor"
        "wrapper_descriptor"],
    MemberDescriptor "member descriptor" ["member_descriptor"],
    MethodWrapper "method wrapper" ["method-wrapper"],
    MappingProxy "mappingproxy" ["mappingproxy"],
    Property "property" ["property"],
    ClassMethod "classmethod" ["classmethod" "staticmethod"],
    Super "super" ["super"],
    Cell "cell" ["cell"],
    Module "module" ["module"],
    WeakReference "weakref" ["weakref" "weakref.ReferenceType" "weakproxy" "weakcallableproxy"
        "weakref.ProxyType" "weakref.CallableProxyType"],
    Code "code" ["code"],
    Frame "frame" ["frame"],
    Generator "generator" ["generator" "coroutine" "async_generator"],
    Exception "exception" [],
    Traceback "traceback" ["traceback"],
    Type "type" ["type"],
    Opaque "opaque" [],
}

/// The layout for instances of a type: that of the nearest base with a known one.
pub(crate) fn layout_of_instances(type_object: &PyTypeObject) -> Layout {
    if type_object.tp_flags.get() & Py_TPFLAGS_BASE_EXC_SUBCLASS != 0 {
        return Layout::Exception;
    }
    let mut met_unknown = false;
    let mut current = type_object;
    loop {
        if current.tp_flags.get() & Py_TPFLAGS_HEAPTYPE == 0 {
            match Layout::of_static_type(c_text(current.tp_name.get())) {
                Some(Layout::Object) if met_unknown => return Layout::Opaque,
                Some(layout) => return layout,
                None => met_unknown = true,
            }
        } else if is_of_native_module(current) {
            met_unknown = true;
        }
        let base = Address::of(current.tp_base.get());
        if base.is_null() {
            return Layout::Opaque;
        }
        current = base.view();
    }
}

/// Whether a heap type was made by native code (`PyType_FromSpec` keeps the name of its specification): its
/// instances have a struct of their own, whether the other side makes the type statically or not.
pub(crate) fn is_of_native_module(type_object: &PyTypeObject) -> bool {
    let address = Address::of(std::ptr::from_ref(type_object));
    !address
        .view::<twinheap_abi::PyHeapTypeObject>()
        ._ht_tpname
        .get()
        .is_null()
}

/// The family of an exception type, which tells what follows the common beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExceptionFamily {
    Plain,
    Group,
    Syntax,
    Import,
    Unicode,
    Exit,
    Os,
    Stop,
    Name,
    Attribute,
}

/// The family that an exception type belongs to by its nearest static base.
pub(crate) fn exception_family(type_object: &PyTypeObject) -> ExceptionFamily {
    let mut current = type_object;
    loop {
        if current.tp_flags.get() & Py_TPFLAGS_HEAPTYPE == 0 {
            let family = match c_text(current.tp_name.get()) {
                b"BaseExceptionGroup" => Some(ExceptionFamily::Group),
                b"SyntaxError" => Some(ExceptionFamily::Syntax),
                b"ImportError" => Some(ExceptionFamily::Import),
                b"UnicodeEncodeError" | b"UnicodeDecodeError" | b"UnicodeTranslateError" => {
                    Some(ExceptionFamily::Unicode)
                }
                b"SystemExit" => Some(ExceptionFamily::Exit),
                b"OSError" => Some(ExceptionFamily::Os),
                b"StopIteration" => Some(ExceptionFamily::Stop),
                b"NameError" => Some(ExceptionFamily::Name),
                b"AttributeError" => Some(ExceptionFamily::Attribute),
                b"Exception" | b"BaseException" => Some(ExceptionFamily::Plain),
                _ => None,
            };
            if let Some(family) = family {
                return family;
            }
        }
        let base = Address::of(current.tp_base.get());
        if base.is_null() {
            return ExceptionFamily::Plain;
        }
        current = base.view();
    }
}
