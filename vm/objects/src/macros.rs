//! Tables and wrappers: from safe Rust functions to slots and methods with CPython's C signatures.
//!
//! `slot!(kind function)` gives the `Option<fn>` for a slot; `methods!` and `getset!` give static
//! tables. Each wrapper only casts: `self` to the struct that the function's first parameter names
//! (the type machinery guarantees it), results to pointers or status codes.

/// Wraps a Rust function for a slot.
#[macro_export]
macro_rules! slot {
    (unary $f:expr) => {{
        unsafe extern "C" fn wrapper(a: *mut $crate::abi::PyObject) -> *mut $crate::abi::PyObject {
            // SAFETY: the slot is only called with live objects of its type.
            unsafe { $crate::own::to_c($f($crate::own::arg(a))) }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::unaryfunc)
    }};
    (binary $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            b: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the slot is only called with live objects.
            unsafe { $crate::own::to_c($f($crate::own::arg(a), $crate::own::arg(b))) }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::binaryfunc)
    }};
    (ternary $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            b: *mut $crate::abi::PyObject,
            c: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the slot is only called with live objects; the third may be null.
            unsafe {
                $crate::own::to_c($f(
                    $crate::own::arg(a),
                    $crate::own::arg(b),
                    $crate::own::optional_arg(c),
                ))
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::ternaryfunc)
    }};
    (descr_get $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            b: *mut $crate::abi::PyObject,
            c: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: instance and owner may be null.
            unsafe {
                $crate::own::to_c($f(
                    $crate::own::arg(a),
                    $crate::own::optional_arg(b),
                    $crate::own::optional_arg(c),
                ))
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::descrgetfunc)
    }};
    (inquiry $f:expr) => {{
        unsafe extern "C" fn wrapper(a: *mut $crate::abi::PyObject) -> ::std::ffi::c_int {
            // SAFETY: the slot is only called with live objects of its type.
            match unsafe { $f($crate::own::arg(a)) } {
                Ok(answer) => answer as ::std::ffi::c_int,
                Err(_) => -1,
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::inquiry)
    }};
    (len $f:expr) => {{
        unsafe extern "C" fn wrapper(a: *mut $crate::abi::PyObject) -> isize {
            // SAFETY: the slot is only called with live objects of its type.
            match unsafe { $f($crate::own::arg(a)) } {
                Ok(length) => length as isize,
                Err(_) => -1,
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::lenfunc)
    }};
    (hash $f:expr) => {{
        unsafe extern "C" fn wrapper(a: *mut $crate::abi::PyObject) -> isize {
            // SAFETY: the slot is only called with live objects of its type.
            match unsafe { $f($crate::own::arg(a)) } {
                Ok(hash) => hash,
                Err(_) => -1,
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::hashfunc)
    }};
    (ssizearg $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            n: isize,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the slot is only called with live objects of its type.
            unsafe { $crate::own::to_c($f($crate::own::arg(a), n)) }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::ssizeargfunc)
    }};
    (ssizeobjarg $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            n: isize,
            b: *mut $crate::abi::PyObject,
        ) -> ::std::ffi::c_int {
            // SAFETY: the value is null for a deletion.
            match unsafe { $f($crate::own::arg(a), n, $crate::own::optional_arg(b)) } {
                Ok(()) => 0,
                Err(_) => -1,
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::ssizeobjargproc)
    }};
    (objobj $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            b: *mut $crate::abi::PyObject,
        ) -> ::std::ffi::c_int {
            // SAFETY: the slot is only called with live objects.
            match unsafe { $f($crate::own::arg(a), $crate::own::arg(b)) } {
                Ok(answer) => answer as ::std::ffi::c_int,
                Err(_) => -1,
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::objobjproc)
    }};
    (objobjarg $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            b: *mut $crate::abi::PyObject,
            c: *mut $crate::abi::PyObject,
        ) -> ::std::ffi::c_int {
            // SAFETY: the value is null for a deletion.
            match unsafe {
                $f(
                    $crate::own::arg(a),
                    $crate::own::arg(b),
                    $crate::own::optional_arg(c),
                )
            } {
                Ok(()) => 0,
                Err(_) => -1,
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::objobjargproc)
    }};
    (richcmp $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            b: *mut $crate::abi::PyObject,
            op: ::std::ffi::c_int,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the slot is only called with live objects.
            unsafe { $crate::own::to_c($f($crate::own::arg(a), $crate::own::arg(b), op)) }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::richcmpfunc)
    }};
    (iternext $f:expr) => {{
        unsafe extern "C" fn wrapper(a: *mut $crate::abi::PyObject) -> *mut $crate::abi::PyObject {
            // SAFETY: the slot is only called with live objects of its type.
            match unsafe { $f($crate::own::arg(a)) } {
                Ok(Some(item)) => {
                    let item: $crate::own::Own = item;
                    item.into_raw()
                }
                _ => ::std::ptr::null_mut(),
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::iternextfunc)
    }};
    (new $f:expr) => {{
        unsafe extern "C" fn wrapper(
            t: *const $crate::abi::PyTypeObject,
            args: *mut $crate::abi::PyObject,
            kwargs: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the arguments are a tuple, and a dict or null.
            unsafe {
                $crate::own::to_c($f(
                    &*t,
                    $crate::own::arg::<$crate::abi::PyTupleObject>(args),
                    $crate::own::optional_arg::<$crate::abi::PyDictObject>(kwargs),
                ))
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::newfunc)
    }};
    (init $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            args: *mut $crate::abi::PyObject,
            kwargs: *mut $crate::abi::PyObject,
        ) -> ::std::ffi::c_int {
            // SAFETY: the arguments are a tuple, and a dict or null.
            match unsafe {
                $f(
                    $crate::own::arg(a),
                    $crate::own::arg::<$crate::abi::PyTupleObject>(args),
                    $crate::own::optional_arg::<$crate::abi::PyDictObject>(kwargs),
                )
            } {
                Ok(()) => 0,
                Err(_) => -1,
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::initproc)
    }};
    (call $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            args: *mut $crate::abi::PyObject,
            kwargs: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the arguments are a tuple, and a dict or null.
            unsafe {
                $crate::own::to_c($f(
                    $crate::own::arg(a),
                    $crate::own::arg::<$crate::abi::PyTupleObject>(args),
                    $crate::own::optional_arg::<$crate::abi::PyDictObject>(kwargs),
                ))
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::ternaryfunc)
    }};
    (vectorcall $f:expr) => {{
        unsafe extern "C" fn wrapper(
            callable: *mut $crate::abi::PyObject,
            args: *const *mut $crate::abi::PyObject,
            nargsf: usize,
            kwnames: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the vectorcall convention.
            unsafe {
                $crate::own::to_c($f(
                    $crate::own::arg(callable),
                    $crate::call::Args::from_vectorcall(args, nargsf, kwnames),
                ))
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::vectorcallfunc)
    }};
    (traverse $f:expr) => {{
        unsafe extern "C" fn wrapper(
            a: *mut $crate::abi::PyObject,
            visit: $crate::abi::visitproc,
            arg: *mut ::std::ffi::c_void,
        ) -> ::std::ffi::c_int {
            let mut visitor = $crate::memory::Visitor::new(visit, arg);
            // SAFETY: the slot is only called with live objects of its type.
            unsafe { $f($crate::own::arg(a), &mut visitor) };
            visitor.result()
        }
        ::std::option::Option::Some(wrapper as $crate::abi::traverseproc)
    }};
    (clear $f:expr) => {{
        unsafe extern "C" fn wrapper(a: *mut $crate::abi::PyObject) -> ::std::ffi::c_int {
            // SAFETY: the slot is only called with live objects of its type.
            unsafe { $f($crate::own::arg(a)) };
            0
        }
        ::std::option::Option::Some(wrapper as $crate::abi::inquiry)
    }};
    (dealloc $f:expr) => {{
        unsafe extern "C" fn wrapper(a: *mut $crate::abi::PyObject) {
            // SAFETY: called once, when the last reference is gone.
            unsafe { $f(a.cast()) }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::destructor)
    }};
}

/// A method table: `methods! { static NAME: "append" => o(list_append, "($self, object, /)"); ... }`.
///
/// Kinds: `noargs(f)` takes self; `o(f)` self and one object; `fast(f)` self and a slice;
/// `keywords(f)` self and [`Args`](crate::call::Args); `varargs(f)` self and a tuple;
/// `method_noargs(f)` and `method_keywords(f)` as without `method_`, for a method that CPython tells its class;
/// `varargs_keywords(f)` self, a tuple and an optional dict. A flag may follow: `| METH_CLASS`.
#[macro_export]
macro_rules! methods {
    ($vis:vis static $table:ident:
        $($name:literal => $kind:ident($f:expr $(, $signature:literal)?) $(| $flag:expr)?;)*
    ) => {
        $vis static $table: &[$crate::abi::PyMethodDef] = &[
            $($crate::abi::PyMethodDef {
                ml_name: concat!($name, "\0").as_ptr().cast(),
                ml_meth: $crate::method_pointer!($kind $f, $name),
                ml_flags: $crate::method_flags!($kind) $(| $flag)?,
                ml_doc: $crate::method_doc!($name $(, $signature)?),
            },)*
            $crate::abi::PyMethodDef::SENTINEL,
        ];
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! method_doc {
    ($name:literal) => {
        ::std::ptr::null()
    };
    ($name:literal, $signature:literal) => {
        concat!($name, $signature, "\n--\n\n\0").as_ptr().cast()
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! method_flags {
    (noargs) => {
        $crate::abi::METH_NOARGS
    };
    (o) => {
        $crate::abi::METH_O
    };
    (fast) => {
        $crate::abi::METH_FASTCALL
    };
    (keywords) => {
        $crate::abi::METH_FASTCALL | $crate::abi::METH_KEYWORDS
    };
    (varargs) => {
        $crate::abi::METH_VARARGS
    };
    (varargs_keywords) => {
        $crate::abi::METH_VARARGS | $crate::abi::METH_KEYWORDS
    };
    (method_noargs) => {
        $crate::abi::METH_METHOD | $crate::abi::METH_FASTCALL | $crate::abi::METH_KEYWORDS
    };
    (method_keywords) => {
        $crate::abi::METH_METHOD | $crate::abi::METH_FASTCALL | $crate::abi::METH_KEYWORDS
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! method_pointer {
    (noargs $f:expr, $name:literal) => {{
        unsafe extern "C" fn wrapper(
            this: *mut $crate::abi::PyObject,
            _: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the descriptor has checked the type of self.
            unsafe { $crate::own::to_c($f($crate::own::arg(this))) }
        }
        wrapper as $crate::abi::PyCFunction as *const ::std::ffi::c_void
    }};
    (o $f:expr, $name:literal) => {{
        unsafe extern "C" fn wrapper(
            this: *mut $crate::abi::PyObject,
            object: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the descriptor has checked the type of self.
            unsafe { $crate::own::to_c($f($crate::own::arg(this), $crate::own::arg(object))) }
        }
        wrapper as $crate::abi::PyCFunction as *const ::std::ffi::c_void
    }};
    (fast $f:expr, $name:literal) => {{
        unsafe extern "C" fn wrapper(
            this: *mut $crate::abi::PyObject,
            args: *const *mut $crate::abi::PyObject,
            count: isize,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the fastcall convention: `count` live objects.
            unsafe {
                $crate::own::to_c($f(
                    $crate::own::arg(this),
                    $crate::call::borrow_args(args, count),
                ))
            }
        }
        wrapper as $crate::abi::_PyCFunctionFast as *const ::std::ffi::c_void
    }};
    (keywords $f:expr, $name:literal) => {{
        unsafe extern "C" fn wrapper(
            this: *mut $crate::abi::PyObject,
            args: *const *mut $crate::abi::PyObject,
            count: isize,
            kwnames: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the fastcall convention with keywords.
            unsafe {
                $crate::own::to_c($f(
                    $crate::own::arg(this),
                    $crate::call::Args::from_vectorcall(args, count as usize, kwnames),
                ))
            }
        }
        wrapper as $crate::abi::_PyCFunctionFastWithKeywords as *const ::std::ffi::c_void
    }};
    (method_noargs $f:expr, $name:literal) => {{
        unsafe extern "C" fn wrapper(
            this: *mut $crate::abi::PyObject,
            _: *mut $crate::abi::PyTypeObject,
            _: *const *mut $crate::abi::PyObject,
            count: isize,
            _: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            if count != 0 {
                let raised = $crate::errors::type_error(concat!($name, "() takes no arguments"));
                let refused: $crate::errors::PyResult = Err(raised);
                return $crate::own::to_c(refused);
            }
            // SAFETY: the descriptor has checked the type of self.
            unsafe { $crate::own::to_c($f($crate::own::arg(this))) }
        }
        wrapper as $crate::abi::PyCMethod as *const ::std::ffi::c_void
    }};
    (method_keywords $f:expr, $name:literal) => {{
        unsafe extern "C" fn wrapper(
            this: *mut $crate::abi::PyObject,
            _: *mut $crate::abi::PyTypeObject,
            args: *const *mut $crate::abi::PyObject,
            count: isize,
            kwnames: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the convention of methods that know their class.
            unsafe {
                $crate::own::to_c($f(
                    $crate::own::arg(this),
                    $crate::call::Args::from_vectorcall(args, count as usize, kwnames),
                ))
            }
        }
        wrapper as $crate::abi::PyCMethod as *const ::std::ffi::c_void
    }};
    (varargs $f:expr, $name:literal) => {{
        unsafe extern "C" fn wrapper(
            this: *mut $crate::abi::PyObject,
            args: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the arguments are a tuple.
            unsafe {
                $crate::own::to_c($f(
                    $crate::own::arg(this),
                    $crate::own::arg::<$crate::abi::PyTupleObject>(args),
                ))
            }
        }
        wrapper as $crate::abi::PyCFunction as *const ::std::ffi::c_void
    }};
    (varargs_keywords $f:expr, $name:literal) => {{
        unsafe extern "C" fn wrapper(
            this: *mut $crate::abi::PyObject,
            args: *mut $crate::abi::PyObject,
            kwargs: *mut $crate::abi::PyObject,
        ) -> *mut $crate::abi::PyObject {
            // SAFETY: the arguments are a tuple, and a dict or null.
            unsafe {
                $crate::own::to_c($f(
                    $crate::own::arg(this),
                    $crate::own::arg::<$crate::abi::PyTupleObject>(args),
                    $crate::own::optional_arg::<$crate::abi::PyDictObject>(kwargs),
                ))
            }
        }
        wrapper as $crate::abi::PyCFunctionWithKeywords as *const ::std::ffi::c_void
    }};
}

/// A table of computed attributes: `getset! { static NAME: "x" => get_x; "y" => get_y, set_y; }`.
///
/// A getter takes self; a setter takes self and the value, or none for a deletion.
#[macro_export]
macro_rules! getset {
    ($vis:vis static $table:ident: $($name:literal => $get:expr $(, $set:expr)?;)*) => {
        $vis static $table: &[$crate::abi::PyGetSetDef] = &[
            $($crate::abi::PyGetSetDef {
                name: concat!($name, "\0").as_ptr().cast(),
                get: {
                    unsafe extern "C" fn wrapper(
                        this: *mut $crate::abi::PyObject,
                        _: *mut ::std::ffi::c_void,
                    ) -> *mut $crate::abi::PyObject {
                        // SAFETY: the descriptor has checked the type of self.
                        unsafe { $crate::own::to_c($get($crate::own::arg(this))) }
                    }
                    ::std::option::Option::Some(wrapper as $crate::abi::getter)
                },
                set: $crate::getset_setter!($($set)?),
                doc: ::std::ptr::null(),
                closure: ::std::ptr::null_mut(),
            },)*
            $crate::abi::PyGetSetDef::SENTINEL,
        ];
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! getset_setter {
    () => {
        ::std::option::Option::None
    };
    ($set:expr) => {{
        unsafe extern "C" fn wrapper(
            this: *mut $crate::abi::PyObject,
            value: *mut $crate::abi::PyObject,
            _: *mut ::std::ffi::c_void,
        ) -> ::std::ffi::c_int {
            // SAFETY: the descriptor has checked the type of self; a deletion passes null.
            match unsafe { $set($crate::own::arg(this), $crate::own::optional_arg(value)) } {
                Ok(()) => 0,
                Err(_) => -1,
            }
        }
        ::std::option::Option::Some(wrapper as $crate::abi::setter)
    }};
}

/// A table of stored attributes: `members! { static NAME: "x" => T_OBJECT, offset, READONLY; }`.
#[macro_export]
macro_rules! members {
    ($vis:vis static $table:ident: $($name:literal => $type:expr, $offset:expr, $flags:expr;)*) => {
        $vis static $table: &[$crate::abi::PyMemberDef] = &[
            $($crate::abi::PyMemberDef {
                name: concat!($name, "\0").as_ptr().cast(),
                type_: $type,
                offset: $offset as isize,
                flags: $flags,
                doc: ::std::ptr::null(),
            },)*
            $crate::abi::PyMemberDef::SENTINEL,
        ];
    };
}

/// A static type: `static_type! { PyX_Type, c"x", PyXObject, flags; tp_repr: slot!(unary x_repr), ... }`.
///
/// Suites are given as `number { nb_add: ... }`, `sequence { ... }`, `mapping { ... }` after the
/// slots, each followed by a comma.
#[macro_export]
macro_rules! static_type {
    (@ $head:tt [$($suites:tt)*] number { $($fields:tt)* } $($rest:tt)*) => {
        $crate::static_type! { @ $head [$($suites)* (tp_as_number PyNumberMethods $($fields)*)] $($rest)* }
    };
    (@ $head:tt [$($suites:tt)*] sequence { $($fields:tt)* } $($rest:tt)*) => {
        $crate::static_type! { @ $head [$($suites)* (tp_as_sequence PySequenceMethods $($fields)*)] $($rest)* }
    };
    (@ $head:tt [$($suites:tt)*] mapping { $($fields:tt)* } $($rest:tt)*) => {
        $crate::static_type! { @ $head [$($suites)* (tp_as_mapping PyMappingMethods $($fields)*)] $($rest)* }
    };
    (@ $head:tt [$($suites:tt)*] async { $($fields:tt)* } $($rest:tt)*) => {
        $crate::static_type! { @ $head [$($suites)* (tp_as_async PyAsyncMethods $($fields)*)] $($rest)* }
    };
    (@ $head:tt [$($suites:tt)*] buffer { $($fields:tt)* } $($rest:tt)*) => {
        $crate::static_type! { @ $head [$($suites)* (tp_as_buffer PyBufferProcs $($fields)*)] $($rest)* }
    };
    (
        @ {
            $(#[$meta:meta])*
            $name:ident = $py_name:literal, size $size:expr, $itemsize:expr, flags $flags:expr;
        }
        [$(($suite_slot:ident $suite:ident $($field:ident: $function:expr),* $(,)?))*]
        $($slot:ident: $value:expr),* $(,)?
    ) => {
        $(#[$meta])*
        pub static $name: $crate::abi::PyTypeObject = $crate::abi::PyTypeObject {
            tp_flags: ::std::cell::Cell::new($flags),
            $($suite_slot: ::std::cell::Cell::new({
                #[allow(clippy::needless_update, reason = "a suite may name every function")]
                static SUITE: $crate::abi::$suite = $crate::abi::$suite {
                    $($field: ::std::cell::Cell::new($function),)*
                    ..$crate::abi::$suite::EMPTY
                };
                &SUITE
            }),)*
            $($slot: ::std::cell::Cell::new($value),)*
            ..$crate::abi::PyTypeObject::new(
                &raw const $crate::types::PyType_Type,
                match ::std::ffi::CStr::from_bytes_with_nul(concat!($py_name, "\0").as_bytes()) {
                    Ok(name) => name,
                    Err(_) => panic!("a type's name holds a NUL"),
                },
                $size,
                $itemsize,
            )
        };
    };
    (
        $(#[$meta:meta])*
        $name:ident = $py_name:literal, size $size:expr, $itemsize:expr, flags $flags:expr;
        $($rest:tt)*
    ) => {
        $crate::static_type! {
            @ {
                $(#[$meta])*
                $name = $py_name, size $size, $itemsize, flags $flags;
            }
            []
            $($rest)*
        }
    };
}

/// A struct of an object, with what its type needs for the collector and for its end:
/// `object_struct! { pub struct X { field: Pointer<PyObject>, other: Cell<isize>, } }` also gives
/// `X::traverse`, `X::clear` and `X::dealloc`, which look after every [`Field`](crate::own::Field)
/// that owns an object.
#[macro_export]
macro_rules! object_struct {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        $vis struct $name {
            pub ob_base: $crate::abi::PyObject,
            $($(#[$doc])* pub $field: $type,)*
        }

        // SAFETY: `#[repr(C)]`, begins with the header.
        unsafe impl $crate::own::Layout for $name {}

        #[allow(dead_code, reason = "not every type needs all of them")]
        impl $name {
            /// A zeroed instance of a type of this layout.
            $vis fn alloc(type_: &$crate::abi::PyTypeObject) -> $crate::errors::PyResult<$crate::own::Own<$name>> {
                assert!(type_.tp_basicsize.get() as usize >= ::std::mem::size_of::<$name>());
                let made = $crate::types::allocate(type_, 0)?;
                // SAFETY: the type's instances begin with this struct; zero is valid in all fields.
                Ok(unsafe { made.cast() })
            }

            /// Visits what the fields own.
            $vis fn traverse(&self, visitor: &mut $crate::memory::Visitor) {
                $($crate::own::Slot::visit(&self.$field, visitor);)*
                let _ = visitor;
            }

            /// Releases what the fields own.
            $vis fn clear(&self) {
                $($crate::own::Slot::release(&self.$field);)*
            }

            /// `tp_dealloc`.
            ///
            /// # Safety
            /// Called once, when the last reference is gone.
            $vis unsafe fn dealloc(this: *mut $name) {
                // SAFETY: by contract; the type outlives the object's memory.
                unsafe { $crate::memory::end_object(this.cast(), || (*this).clear()) }
            }
        }
    };
}
