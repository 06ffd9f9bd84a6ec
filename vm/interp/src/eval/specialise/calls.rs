//! `PRECALL` and `CALL`: what is called, and by which convention.

use super::super::Eval;
use super::super::ops::calls::Shape;
use super::super::regs::*;
use super::{Verdict, callables, set_cache, set_version};
use twinheap_abi::opcode::*;
use twinheap_abi::*;
use twinheap_objects::descr::PyMethodDescr_Type;
use twinheap_objects::function::{self, PyCFunction_Type, PyFunction_Type, PyMethod_Type};
use twinheap_objects::object::{ObjectExt, TypeExt};
use twinheap_objects::tuple::{self, PyTuple_Type};
use twinheap_objects::types::{PyBaseObject_Type, PyType_Type};
use twinheap_objects::unicode::PyUnicode_Type;

const CONVENTION: i32 =
    METH_VARARGS | METH_FASTCALL | METH_NOARGS | METH_O | METH_KEYWORDS | METH_METHOD;
const FAST_KEYWORDS: i32 = METH_FASTCALL | METH_KEYWORDS;

/// What a specialiser of calls looks at.
struct Site {
    shape: Shape,
    oparg: usize,
    has_keywords: bool,
    /// The instruction behind the call.
    following: u8,
}

/// `_Py_Specialize_Precall`.
pub fn precall(e: &Eval, r: &Regs, oparg: usize) -> Verdict {
    let site = Site {
        shape: Shape::new(r, oparg),
        oparg,
        has_keywords: !e.kwnames.is_null(),
        following: r.word(1 + 1 + 4) as u8,
    };
    match form_of(&site) {
        Some(form) => Verdict::Form(form),
        None => Verdict::Wait,
    }
}

fn form_of(site: &Site) -> Option<u8> {
    let callable = site.shape.callable;
    if is(callable, &PyCFunction_Type) {
        return builtin(site);
    }
    if is(callable, &PyFunction_Type) {
        return Some(PRECALL_PYFUNC);
    }
    if let Some(class) = callable.downcast_ref::<PyTypeObject>() {
        return class_call(site, class);
    }
    if is(callable, &PyMethodDescr_Type) {
        return method_descriptor(site);
    }
    is(callable, &PyMethod_Type).then_some(PRECALL_BOUND_METHOD)
}

/// `specialize_c_call`.
fn builtin(site: &Site) -> Option<u8> {
    let Shape {
        callable, total, ..
    } = site.shape;
    // SAFETY: an exact built-in function; method tables are static.
    let method = unsafe { &*as_a::<PyCFunctionObject>(callable).m_ml.get() };
    match method.ml_flags & CONVENTION {
        METH_O if site.has_keywords || total != 1 => None,
        METH_O if raw(callable) == callables().len.get() => Some(PRECALL_NO_KW_LEN),
        METH_O => Some(PRECALL_NO_KW_BUILTIN_O),
        METH_FASTCALL if site.has_keywords => None,
        METH_FASTCALL if total == 2 && raw(callable) == callables().isinstance.get() => {
            Some(PRECALL_NO_KW_ISINSTANCE)
        }
        METH_FASTCALL => Some(PRECALL_NO_KW_BUILTIN_FAST),
        FAST_KEYWORDS => Some(PRECALL_BUILTIN_FAST_WITH_KEYWORDS),
        _ => None,
    }
}

/// `specialize_class_call`.
fn class_call(site: &Site, class: &PyTypeObject) -> Option<u8> {
    let plain = PyBaseObject_Type.tp_new.get().map(|new| new as usize);
    if class.tp_new.get().map(|new| new as usize) == plain
        || !class.has_feature(Py_TPFLAGS_IMMUTABLETYPE)
    {
        return None;
    }
    if site.shape.total == 1 && !site.has_keywords && site.oparg == 1 {
        for (single, form) in [
            (&PyUnicode_Type, PRECALL_NO_KW_STR_1),
            (&PyType_Type, PRECALL_NO_KW_TYPE_1),
            (&PyTuple_Type, PRECALL_NO_KW_TUPLE_1),
        ] {
            if std::ptr::eq(single, class) {
                return Some(form);
            }
        }
    }
    class.tp_vectorcall.get().map(|_| PRECALL_BUILTIN_CLASS)
}

/// `specialize_method_descriptor`.
fn method_descriptor(site: &Site) -> Option<u8> {
    if site.has_keywords {
        return None;
    }
    let Shape {
        callable, total, ..
    } = site.shape;
    // SAFETY: an exact method descriptor; method tables are static.
    let method = unsafe { &*as_a::<PyMethodDescrObject>(callable).d_method.get() };
    match method.ml_flags & CONVENTION {
        METH_NOARGS => (total == 1).then_some(PRECALL_NO_KW_METHOD_DESCRIPTOR_NOARGS),
        METH_O if total != 2 => None,
        METH_O
            if raw(callable) == callables().list_append.get()
                && site.oparg == 1
                && site.following == POP_TOP =>
        {
            Some(PRECALL_NO_KW_LIST_APPEND)
        }
        METH_O => Some(PRECALL_NO_KW_METHOD_DESCRIPTOR_O),
        METH_FASTCALL => Some(PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST),
        FAST_KEYWORDS => Some(PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS),
        _ => None,
    }
}

/// `function_kind`: whether the parameters are positional ones only, and the locals are slots.
pub(super) fn is_simple(code: &PyCodeObject) -> bool {
    let flags = code.co_flags.get();
    flags & (CO_VARKEYWORDS | CO_VARARGS) == 0
        && code.co_kwonlyargcount.get() == 0
        && flags & CO_OPTIMIZED != 0
}

/// `_Py_Specialize_Call`.
pub fn call(e: &Eval, r: &Regs, oparg: usize) -> Verdict {
    let shape = Shape::new(r, oparg);
    if !is(shape.callable, &PyFunction_Type) {
        return Verdict::Wait;
    }
    // SAFETY: an exact function, whose code is a code object and whose defaults are a tuple.
    let (function, code, defaults) = unsafe {
        let function: &PyFunctionObject = as_a(shape.callable);
        let code: &PyCodeObject = &*function.func_code.get().cast();
        let defaults: Option<&PyTupleObject> = function
            .func_defaults
            .get()
            .cast::<PyTupleObject>()
            .as_ref();
        (function, code, defaults)
    };
    if !e.kwnames.is_null() || !is_simple(code) {
        return Verdict::Wait;
    }
    let wanted = code.co_argcount.get();
    let least = wanted - defaults.map_or(0, |values| tuple::items(values).len() as i32);
    let given = shape.total as i32;
    if given > wanted || given < least || least > 0xffff {
        return Verdict::Wait;
    }
    let version = function::version_of(function);
    if version == 0 {
        return Verdict::Wait;
    }
    set_version(r, 1, version);
    set_cache(r, 3, least as u16);
    Verdict::Form(match given == wanted {
        true => CALL_PY_EXACT_ARGS,
        false => CALL_PY_WITH_DEFAULTS,
    })
}
