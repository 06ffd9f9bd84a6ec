//! count, cycle and repeat.

use crate::prelude::*;

object_struct! {
    /// `countobject`: `cnt` is the largest index where the count goes on in `long_cnt`.
    pub struct CountObject {
        cnt: Cell<isize>,
        long_cnt: Pointer<PyObject>,
        long_step: Pointer<PyObject>,
    }
}

object_struct! {
    /// `cycleobject`.
    pub struct CycleObject {
        it: Pointer<PyObject>,
        saved: Pointer<PyListObject>,
        index: Cell<isize>,
        firstpass: Cell<c_int>,
    }
}

object_struct! {
    /// `repeatobject`.
    pub struct RepeatObject {
        element: Pointer<PyObject>,
        cnt: Cell<isize>,
    }
}

const SLOW: isize = isize::MAX;

fn is_number(object: &PyObject) -> bool {
    let type_ = object.type_();
    // SAFETY: a type's suite lives as long as the type.
    let suite = unsafe { type_.tp_as_number.get().as_ref() };
    suite.is_some_and(|suite| {
        suite.nb_index.get().is_some()
            || suite.nb_int.get().is_some()
            || suite.nb_float.get().is_some()
    }) || object.is_exactly(&twinheap_objects::complex::PyComplex_Type)
}

fn is_one(object: &PyObject) -> bool {
    object
        .downcast_ref::<PyLongObject>()
        .is_some_and(|number| long::to_i64(number) == Some(1))
}

fn count_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "count",
        parameters: &["start", "step"],
        required: 0,
        positional: 2,
    };
    let [start, step] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    if [start, step]
        .into_iter()
        .flatten()
        .any(|value| !is_number(value))
    {
        return Err(type_error("a number is required"));
    }
    let as_small = |value: &PyObject| value.downcast_ref::<PyLongObject>().and_then(long::to_i64);
    let is_long = |value: Option<&PyObject>| {
        value.is_none_or(|value| value.downcast_ref::<PyLongObject>().is_some())
    };
    let made = CountObject::alloc(type_)?;
    let step: Own = step.map_or_else(|| Own::new(long::small_int(1)).upcast(), Own::new);
    let first = start.map_or(Some(0), as_small);
    let fast = is_long(start) && is_one(&step) && first.is_some();
    if fast {
        made.cnt.set(first.unwrap_or(0) as isize);
    } else {
        made.cnt.set(SLOW);
        let start: Own = start.map_or_else(|| Own::new(long::small_int(0)).upcast(), Own::new);
        made.long_cnt.put(Some(start));
    }
    made.long_step.put(Some(step));
    Ok(made.upcast())
}

fn count_next(this: &CountObject) -> PyResult<Option<Own>> {
    let now = this.cnt.get();
    if now != SLOW {
        this.cnt.set(now + 1);
        return long::from_isize(now).map(Some);
    }
    let current = match this.long_cnt.own() {
        Some(current) => current,
        None => long::from_isize(SLOW)?,
    };
    let next = abstract_::add(&current, this.long_step.expect_ref())?;
    this.long_cnt.put(Some(next));
    Ok(Some(current))
}

fn count_repr(this: &CountObject) -> PyResult {
    if this.cnt.get() != SLOW {
        return Ok(unicode::from_str(&format!("count({})", this.cnt.get()))?.upcast());
    }
    let mut writer = unicode::Writer::new();
    writer.push_str("count(");
    writer.push(&object::repr(&this.long_cnt.own().unwrap_or_else(none))?);
    let step = this.long_step.expect_ref();
    if !is_one(step) {
        writer.push_str(", ");
        writer.push(&object::repr(step)?);
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn count_reduce(this: &CountObject) -> PyResult {
    let arguments = if this.cnt.get() == SLOW {
        tuple::pack(&[
            &this.long_cnt.own().unwrap_or_else(none),
            this.long_step.expect_ref(),
        ])?
    } else {
        tuple::pack(&[&*long::from_isize(this.cnt.get())?])?
    };
    Ok(tuple::pack(&[this.as_object().type_().as_object(), arguments.as_object()])?.upcast())
}

methods! {
    static COUNT_METHODS:
    "__reduce__" => noargs(count_reduce);
}

static_type! {
    /// `itertools.count`.
    count_type = "itertools.count", size size_of::<CountObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc CountObject::dealloc),
    tp_repr: slot!(unary count_repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse CountObject::traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext count_next),
    tp_methods: COUNT_METHODS.as_ptr(),
    tp_new: slot!(new count_new),
    tp_free: Some(memory::object_gc_free),
}

fn cycle_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if types::has_init_of(type_, &cycle_type) {
        call::no_keywords("cycle", kwargs)?;
    }
    let items = tuple::items(args);
    call::check_positional("cycle", items.len(), 1, 1)?;
    let iterator = abstract_::get_iter(items[0])?;
    let saved = list::new(0)?;
    let made = CycleObject::alloc(type_)?;
    made.it.put(Some(iterator));
    made.saved.put(Some(saved));
    Ok(made.upcast())
}

fn cycle_next(this: &CycleObject) -> PyResult<Option<Own>> {
    if let Some(iterator) = this.it.own() {
        if let Some(item) = abstract_::next(&iterator)? {
            if this.firstpass.get() == 0 {
                list::append(this.saved.expect_ref(), &item)?;
            }
            return Ok(Some(item));
        }
        this.it.put(None);
    }
    let items = list::items(this.saved.expect_ref());
    if items.is_empty() {
        return Ok(None);
    }
    let index = this.index.get() as usize;
    let item = Own::new(items[index]);
    this.index.set(if index + 1 >= items.len() {
        0
    } else {
        index as isize + 1
    });
    Ok(Some(item))
}

fn cycle_reduce(this: &CycleObject) -> PyResult {
    let type_ = this.as_object().type_().as_object();
    let saved = this.saved.expect_ref();
    let (iterator, flag) = match this.it.own() {
        Some(iterator) => (iterator, this.firstpass.get() != 0),
        None => {
            let iterator = abstract_::get_iter(saved.as_object())?;
            if this.index.get() != 0 {
                let index = long::from_isize(this.index.get())?;
                call::call_method(&iterator, id!("__setstate__"), &[&index])?;
            }
            (iterator, true)
        }
    };
    let flag = long::from_isize(isize::from(flag))?;
    let arguments = tuple::pack(&[&iterator])?;
    let state = tuple::pack(&[saved.as_object(), &flag])?;
    Ok(tuple::pack(&[type_, arguments.as_object(), state.as_object()])?.upcast())
}

fn cycle_setstate(this: &CycleObject, state: &PyObject) -> PyResult {
    let Some(state) = state.downcast_ref::<PyTupleObject>() else {
        return Err(type_error("state is not a tuple"));
    };
    let &[saved, flag] = tuple::items(state) else {
        return Err(type_error(format_args!(
            "function takes exactly 2 arguments ({} given)",
            tuple::items(state).len()
        )));
    };
    let Some(saved) = saved.downcast_ref::<PyListObject>() else {
        return Err(type_error(format_args!(
            "argument 1 must be list, not {}",
            saved.type_().name()
        )));
    };
    let flag = long::as_int(flag)?;
    this.saved.put(Some(Own::new(saved)));
    this.firstpass.set(flag);
    this.index.set(0);
    Ok(none())
}

methods! {
    static CYCLE_METHODS:
    "__reduce__" => noargs(cycle_reduce);
    "__setstate__" => o(cycle_setstate);
}

static_type! {
    /// `itertools.cycle`.
    cycle_type = "itertools.cycle", size size_of::<CycleObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc CycleObject::dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse CycleObject::traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext cycle_next),
    tp_methods: CYCLE_METHODS.as_ptr(),
    tp_new: slot!(new cycle_new),
    tp_free: Some(memory::object_gc_free),
}

fn repeat_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "repeat",
        parameters: &["object", "times"],
        required: 1,
        positional: 2,
    };
    let [element, times] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let count = match times {
        Some(times) => unicode::ssize(times)?.max(0),
        None => -1,
    };
    let made = RepeatObject::alloc(type_)?;
    made.element.put(element.map(Own::new));
    made.cnt.set(count);
    Ok(made.upcast())
}

fn repeat_next(this: &RepeatObject) -> PyResult<Option<Own>> {
    let count = this.cnt.get();
    if count == 0 {
        return Ok(None);
    }
    if count > 0 {
        this.cnt.set(count - 1);
    }
    Ok(this.element.own())
}

fn repeat_repr(this: &RepeatObject) -> PyResult {
    let mut writer = unicode::Writer::new();
    writer.push_str("repeat(");
    writer.push(&object::repr(this.element.expect_ref())?);
    if this.cnt.get() >= 0 {
        writer.push_str(&format!(", {}", this.cnt.get()));
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn repeat_reduce(this: &RepeatObject) -> PyResult {
    let arguments = if this.cnt.get() >= 0 {
        tuple::pack(&[
            this.element.expect_ref(),
            &*long::from_isize(this.cnt.get())?,
        ])?
    } else {
        tuple::pack(&[this.element.expect_ref()])?
    };
    Ok(tuple::pack(&[this.as_object().type_().as_object(), arguments.as_object()])?.upcast())
}

fn repeat_length_hint(this: &RepeatObject) -> PyResult {
    if this.cnt.get() < 0 {
        return Err(type_error("len() of unsized object"));
    }
    long::from_isize(this.cnt.get())
}

methods! {
    static REPEAT_METHODS:
    "__length_hint__" => noargs(repeat_length_hint);
    "__reduce__" => noargs(repeat_reduce);
}

static_type! {
    /// `itertools.repeat`.
    repeat_type = "itertools.repeat", size size_of::<RepeatObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc RepeatObject::dealloc),
    tp_repr: slot!(unary repeat_repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse RepeatObject::traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext repeat_next),
    tp_methods: REPEAT_METHODS.as_ptr(),
    tp_new: slot!(new repeat_new),
    tp_free: Some(memory::object_gc_free),
}
