//! `functools.partial`.

use crate::prelude::*;

object_struct! {
    /// `partialobject`.
    pub struct PartialObject {
        func: Pointer<PyObject>,
        args: Pointer<PyTupleObject>,
        kw: Pointer<PyDictObject>,
        dict: Pointer<PyDictObject>,
        weakreflist: Cell<*const PyObject>,
        vectorcall: Cell<Option<vectorcallfunc>>,
    }
}

typed!(PartialObject, partial_type);

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let Some((&func, rest)) = tuple::items(args).split_first() else {
        return Err(type_error("type 'partial' takes at least one argument"));
    };
    // A plain partial inside is unpacked.
    let inner = func
        .downcast_ref::<PartialObject>()
        .filter(|inner| inner.dict.get().is_null());
    let func = inner.map_or(func, |inner| inner.func.expect_ref());
    if !call::is_callable(func) {
        return Err(type_error("the first argument must be callable"));
    }
    let made = PartialObject::alloc(type_)?;
    made.func.put(Some(Own::new(func)));
    let mut arguments: Vec<&PyObject> = inner.map_or(Vec::new(), |inner| {
        tuple::items(inner.args.expect_ref()).to_vec()
    });
    arguments.extend_from_slice(rest);
    made.args.put(Some(tuple::pack(&arguments)?));
    let keywords = match inner {
        Some(inner) if inner.kw.expect_ref().ma_used.get() > 0 => {
            let copy = dict::copy(inner.kw.expect_ref())?;
            if let Some(kwargs) = kwargs {
                dict::update(&copy, kwargs.as_object())?;
            }
            copy
        }
        _ => match kwargs {
            Some(kwargs) if kwargs.as_object().ob_refcnt.get() == 1 => Own::new(kwargs),
            Some(kwargs) => dict::copy(kwargs)?,
            None => dict::new()?,
        },
    };
    made.kw.put(Some(keywords));
    choose_vectorcall(&made);
    Ok(made.upcast())
}

/// A function that cannot be called by vectorcall is called by `partial_call`.
fn choose_vectorcall(this: &PartialObject) {
    let can = call::vectorcall_function(this.func.expect_ref()).is_some();
    this.vectorcall.set(if can {
        slot!(vectorcall partial_vectorcall)
    } else {
        None
    });
}

fn partial_vectorcall(this: &PartialObject, args: Args<'_>) -> PyResult {
    // Keywords of its own make the object give up vectorcall for good.
    if this.kw.expect_ref().ma_used.get() != 0 {
        this.vectorcall.set(None);
        return call::make_tp_call(this.as_object(), args);
    }
    let func = Own::new(this.func.expect_ref());
    let own_args = Own::new(this.args.expect_ref());
    let mut positional = tuple::items(&own_args).to_vec();
    positional.extend_from_slice(args.positional);
    call::call_args(
        &func,
        Args {
            positional: &positional,
            kwnames: args.kwnames,
            kwvalues: args.kwvalues,
        },
    )
}

fn partial_call(
    this: &PartialObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let func = Own::new(this.func.expect_ref());
    let mut positional = tuple::items(this.args.expect_ref()).to_vec();
    positional.extend_from_slice(tuple::items(args));
    let keywords = dict::copy(this.kw.expect_ref())?;
    if let Some(kwargs) = kwargs {
        dict::update(&keywords, kwargs.as_object())?;
    }
    call::call_tuple(&func, &*tuple::pack(&positional)?, Some(&keywords))
}

fn repr(this: &PartialObject) -> PyResult {
    let name = this.as_object().type_().name();
    let Some(_guard) = object::repr_enter(this.as_object()) else {
        return Ok(unicode::from_str("...")?.upcast());
    };
    let mut writer = unicode::Writer::new();
    writer.push_str(name);
    writer.push_str("(");
    writer.push(&object::repr(this.func.expect_ref())?);
    let args = Own::new(this.args.expect_ref());
    for item in tuple::items(&args) {
        writer.push_str(", ");
        writer.push(&object::repr(item)?);
    }
    let keywords = dict::copy(this.kw.expect_ref())?;
    for (name, value) in dict::iter_owned(&keywords) {
        writer.push_str(", ");
        writer.push(&object::str(&name)?);
        writer.push_str("=");
        writer.push(&object::repr(&value)?);
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn reduce(this: &PartialObject) -> PyResult {
    let arguments = tuple::pack(&[this.func.expect_ref()])?;
    let own = this.dict.own().map_or_else(none, Own::upcast);
    let state = tuple::pack(&[
        this.func.expect_ref(),
        this.args.expect_ref().as_object(),
        this.kw.expect_ref().as_object(),
        &own,
    ])?;
    let type_ = this.as_object().type_().as_object();
    Ok(tuple::pack(&[type_, arguments.as_object(), state.as_object()])?.upcast())
}

fn setstate(this: &PartialObject, state: &PyObject) -> PyResult {
    let invalid = || type_error("invalid partial state");
    let state = state.downcast_ref::<PyTupleObject>().ok_or_else(invalid)?;
    let &[func, args, kw, own] = tuple::items(state) else {
        return Err(invalid());
    };
    let args = args.downcast_ref::<PyTupleObject>().ok_or_else(invalid)?;
    let own_dict = own.downcast_ref::<PyDictObject>();
    let kw_dict = kw.downcast_ref::<PyDictObject>();
    if !call::is_callable(func) || kw_dict.is_none() && !kw.is_none() {
        return Err(invalid());
    }
    let args = match args.as_object().is_exactly(&tuple::PyTuple_Type) {
        true => Own::new(args),
        false => tuple::from_iterable(args.as_object())?,
    };
    let kw = match kw_dict {
        None => dict::new()?,
        Some(kw) if kw.as_object().is_exactly(&dict::PyDict_Type) => Own::new(kw),
        Some(kw) => dict::copy(kw)?,
    };
    this.func.put(Some(Own::new(func)));
    this.args.put(Some(args));
    this.kw.put(Some(kw));
    this.dict.put(own_dict.map(Own::new));
    choose_vectorcall(this);
    Ok(none())
}

methods! {
    static METHODS:
    "__reduce__" => noargs(reduce);
    "__setstate__" => o(setstate);
    "__class_getitem__" => o(generic_alias::new) | METH_CLASS;
}

members! {
    static MEMBERS:
    "func" => T_OBJECT, offset_of!(PartialObject, func), READONLY;
    "args" => T_OBJECT, offset_of!(PartialObject, args), READONLY;
    "keywords" => T_OBJECT, offset_of!(PartialObject, kw), READONLY;
}

getset! {
    static GETSET:
    "__dict__" => twinheap_objects::descr::subtype_dict, twinheap_objects::descr::subtype_set_dict;
}

static_type! {
    /// `functools.partial`.
    partial_type = "functools.partial", size size_of::<PartialObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE;
    tp_dealloc: slot!(dealloc PartialObject::dealloc),
    tp_repr: slot!(unary repr),
    tp_call: slot!(call partial_call),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse PartialObject::traverse),
    tp_clear: slot!(clear PartialObject::clear),
    tp_weaklistoffset: offset_of!(PartialObject, weakreflist) as isize,
    tp_vectorcall_offset: offset_of!(PartialObject, vectorcall) as isize,
    tp_dictoffset: offset_of!(PartialObject, dict) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
