//! dropwhile, takewhile, filterfalse, compress, islice and starmap: part of what one iterator gives.

use crate::prelude::*;

object_struct! {
    /// `dropwhileobject` and `takewhileobject`: `state` is `start` of the one and `stop` of the other.
    pub struct WhileObject {
        func: Pointer<PyObject>,
        it: Pointer<PyObject>,
        state: Cell<i64>,
    }
}

object_struct! {
    /// `starmapobject` and `filterfalseobject`.
    pub struct FunctionIterator {
        func: Pointer<PyObject>,
        it: Pointer<PyObject>,
    }
}

object_struct! {
    /// `compressobject`.
    pub struct CompressObject {
        data: Pointer<PyObject>,
        selectors: Pointer<PyObject>,
    }
}

object_struct! {
    /// `isliceobject`.
    pub struct IsliceObject {
        it: Pointer<PyObject>,
        next: Cell<isize>,
        stop: Cell<isize>,
        step: Cell<isize>,
        cnt: Cell<isize>,
    }
}

/// The two positional arguments of a constructor, the second as an iterator.
fn function_and_iterator<'a>(
    name: &str,
    type_: &PyTypeObject,
    own: &PyTypeObject,
    args: &'a PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<(&'a PyObject, Own)> {
    if types::has_init_of(type_, own) {
        call::no_keywords(name, kwargs)?;
    }
    let items = tuple::items(args);
    call::check_positional(name, items.len(), 2, 2)?;
    Ok((items[0], abstract_::get_iter(items[1])?))
}

fn while_of(type_: &PyTypeObject, func: &PyObject, it: Own) -> PyResult {
    let made = WhileObject::alloc(type_)?;
    made.func.put(Some(Own::new(func)));
    made.it.put(Some(it));
    Ok(made.upcast())
}

fn dropwhile_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let (func, it) = function_and_iterator("dropwhile", type_, &dropwhile_type, args, kwargs)?;
    while_of(type_, func, it)
}

fn takewhile_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let (func, it) = function_and_iterator("takewhile", type_, &takewhile_type, args, kwargs)?;
    while_of(type_, func, it)
}

fn holds(func: &PyObject, item: &PyObject) -> PyResult<bool> {
    object::is_true(&*call::call(func, &[item])?)
}

fn dropwhile_next(this: &WhileObject) -> PyResult<Option<Own>> {
    let (func, it) = (
        Own::new(this.func.expect_ref()),
        Own::new(this.it.expect_ref()),
    );
    while let Some(item) = abstract_::next(&it)? {
        if this.state.get() == 1 {
            return Ok(Some(item));
        }
        if !holds(&func, &item)? {
            this.state.set(1);
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn takewhile_next(this: &WhileObject) -> PyResult<Option<Own>> {
    if this.state.get() == 1 {
        return Ok(None);
    }
    let Some(item) = abstract_::next(&Own::new(this.it.expect_ref()))? else {
        return Ok(None);
    };
    if holds(&Own::new(this.func.expect_ref()), &item)? {
        return Ok(Some(item));
    }
    this.state.set(1);
    Ok(None)
}

fn while_reduce(this: &WhileObject) -> PyResult {
    let arguments = tuple::pack(&[this.func.expect_ref(), this.it.expect_ref()])?;
    Ok(tuple::pack(&[
        this.as_object().type_().as_object(),
        arguments.as_object(),
        &*long::from_isize(this.state.get() as isize)?,
    ])?
    .upcast())
}

fn while_setstate(this: &WhileObject, state: &PyObject) -> PyResult {
    this.state.set(i64::from(object::is_true(state)?));
    Ok(none())
}

methods! {
    static WHILE_METHODS:
    "__reduce__" => noargs(while_reduce);
    "__setstate__" => o(while_setstate);
}

macro_rules! iterator_type {
    ($(#[$meta:meta])* $name:ident = $py_name:literal, $layout:ident, $new:ident, $next:ident, $methods:ident) => {
        static_type! {
            $(#[$meta])*
            $name = $py_name, size size_of::<$layout>(), 0,
                flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
            tp_dealloc: slot!(dealloc $layout::dealloc),
            tp_getattro: Some(object::PyObject_GenericGetAttr),
            tp_traverse: slot!(traverse $layout::traverse),
            tp_iter: slot!(unary object::self_iter),
            tp_iternext: slot!(iternext $next),
            tp_methods: $methods.as_ptr(),
            tp_new: slot!(new $new),
            tp_free: Some(memory::object_gc_free),
        }
    };
}
pub(super) use iterator_type;

iterator_type!(
    /// `itertools.dropwhile`.
    dropwhile_type = "itertools.dropwhile", WhileObject, dropwhile_new, dropwhile_next, WHILE_METHODS
);
iterator_type!(
    /// `itertools.takewhile`.
    takewhile_type = "itertools.takewhile", WhileObject, takewhile_new, takewhile_next, WHILE_METHODS
);

fn function_of(type_: &PyTypeObject, func: &PyObject, it: Own) -> PyResult {
    let made = FunctionIterator::alloc(type_)?;
    made.func.put(Some(Own::new(func)));
    made.it.put(Some(it));
    Ok(made.upcast())
}

fn starmap_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let (func, it) = function_and_iterator("starmap", type_, &starmap_type, args, kwargs)?;
    function_of(type_, func, it)
}

fn starmap_next(this: &FunctionIterator) -> PyResult<Option<Own>> {
    let Some(item) = abstract_::next(&Own::new(this.it.expect_ref()))? else {
        return Ok(None);
    };
    let arguments = match item.downcast_exact::<PyTupleObject>() {
        Some(arguments) => Own::new(arguments),
        None => tuple::from_iterable(&item)?,
    };
    call::call_tuple(&Own::new(this.func.expect_ref()), &arguments, None).map(Some)
}

fn filterfalse_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let (func, it) = function_and_iterator("filterfalse", type_, &filterfalse_type, args, kwargs)?;
    function_of(type_, func, it)
}

fn filterfalse_next(this: &FunctionIterator) -> PyResult<Option<Own>> {
    let (func, it) = (
        Own::new(this.func.expect_ref()),
        Own::new(this.it.expect_ref()),
    );
    let by_truth = func.is_none()
        || std::ptr::eq(
            func.as_ptr().cast(),
            &twinheap_objects::boolean::PyBool_Type,
        );
    while let Some(item) = abstract_::next(&it)? {
        let good = if by_truth {
            object::is_true(&item)?
        } else {
            holds(&func, &item)?
        };
        if !good {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn function_reduce(this: &FunctionIterator) -> PyResult {
    let arguments = tuple::pack(&[this.func.expect_ref(), this.it.expect_ref()])?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), arguments.as_object()])?.upcast())
}

methods! {
    static FUNCTION_METHODS:
    "__reduce__" => noargs(function_reduce);
}

iterator_type!(
    /// `itertools.starmap`.
    starmap_type = "itertools.starmap", FunctionIterator, starmap_new, starmap_next, FUNCTION_METHODS
);
iterator_type!(
    /// `itertools.filterfalse`.
    filterfalse_type = "itertools.filterfalse", FunctionIterator, filterfalse_new, filterfalse_next,
    FUNCTION_METHODS
);

fn compress_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "compress",
        parameters: &["data", "selectors"],
        required: 2,
        positional: 2,
    };
    let [data, selectors] =
        call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?.map(|a| a.expect("required"));
    let data = abstract_::get_iter(data)?;
    let selectors = abstract_::get_iter(selectors)?;
    let made = CompressObject::alloc(type_)?;
    made.data.put(Some(data));
    made.selectors.put(Some(selectors));
    Ok(made.upcast())
}

fn compress_next(this: &CompressObject) -> PyResult<Option<Own>> {
    let (data, selectors) = (
        Own::new(this.data.expect_ref()),
        Own::new(this.selectors.expect_ref()),
    );
    while let Some(item) = abstract_::next(&data)? {
        let Some(selector) = abstract_::next(&selectors)? else {
            return Ok(None);
        };
        if object::is_true(&selector)? {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn compress_reduce(this: &CompressObject) -> PyResult {
    let arguments = tuple::pack(&[this.data.expect_ref(), this.selectors.expect_ref()])?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), arguments.as_object()])?.upcast())
}

methods! {
    static COMPRESS_METHODS:
    "__reduce__" => noargs(compress_reduce);
}

iterator_type!(
    /// `itertools.compress`.
    compress_type = "itertools.compress", CompressObject, compress_new, compress_next, COMPRESS_METHODS
);

/// A bound of islice: not negative, or None.
fn bound(value: &PyObject, what: &str) -> PyResult<Option<isize>> {
    if value.is_none() {
        return Ok(None);
    }
    match unicode::ssize(value) {
        Ok(bound) if bound >= 0 => Ok(Some(bound)),
        outcome => {
            if let Err(raised) = outcome {
                errors::discard(raised);
            }
            Err(value_error(format_args!(
                "{what} for islice() must be None or an integer: 0 <= x <= sys.maxsize."
            )))
        }
    }
}

fn islice_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if types::has_init_of(type_, &islice_type) {
        call::no_keywords("islice", kwargs)?;
    }
    let items = tuple::items(args);
    call::check_positional("islice", items.len(), 2, 4)?;
    let (start, stop) = match items {
        [_, stop] => (None, bound(stop, "Stop argument")?),
        [_, start, stop, ..] => match (bound(start, "Indices"), bound(stop, "Stop argument")) {
            (Ok(start), Ok(stop)) => (start, stop),
            (_, Err(raised)) => return Err(raised),
            (Err(raised), _) => {
                errors::discard(raised);
                return Err(value_error(
                    "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.",
                ));
            }
        },
        _ => (None, None),
    };
    let step = match items.get(3).filter(|step| !step.is_none()) {
        None => 1,
        Some(step) => match unicode::ssize(step) {
            Ok(step) if step >= 1 => step,
            outcome => {
                if let Err(raised) = outcome {
                    errors::discard(raised);
                }
                return Err(value_error(
                    "Step for islice() must be a positive integer or None.",
                ));
            }
        },
    };
    let iterator = abstract_::get_iter(items[0])?;
    let made = IsliceObject::alloc(type_)?;
    made.it.put(Some(iterator));
    made.next.set(start.unwrap_or(0));
    made.stop.set(stop.unwrap_or(-1));
    made.step.set(step);
    Ok(made.upcast())
}

fn islice_next(this: &IsliceObject) -> PyResult<Option<Own>> {
    let Some(iterator) = this.it.own() else {
        return Ok(None);
    };
    let stop = this.stop.get();
    while this.cnt.get() < this.next.get() {
        let Some(_) = abstract_::next(&iterator)? else {
            this.it.put(None);
            return Ok(None);
        };
        this.cnt.set(this.cnt.get() + 1);
    }
    if stop != -1 && this.cnt.get() >= stop {
        this.it.put(None);
        return Ok(None);
    }
    let Some(item) = abstract_::next(&iterator)? else {
        this.it.put(None);
        return Ok(None);
    };
    this.cnt.set(this.cnt.get() + 1);
    let following = this.next.get().checked_add(this.step.get());
    let limit = if stop == -1 { isize::MAX } else { stop };
    this.next
        .set(following.map_or(limit, |next| next.min(limit)));
    Ok(Some(item))
}

fn islice_reduce(this: &IsliceObject) -> PyResult {
    let type_ = this.as_object().type_().as_object();
    let Some(iterator) = this.it.own() else {
        let empty = abstract_::get_iter(list::new(0)?.as_object())?;
        let arguments = tuple::pack(&[&empty, &*long::from_isize(0)?])?;
        let zero = long::from_isize(0)?;
        return Ok(tuple::pack(&[type_, arguments.as_object(), &zero])?.upcast());
    };
    let stop = match this.stop.get() {
        -1 => none(),
        stop => long::from_isize(stop)?,
    };
    let arguments = tuple::from_vec(vec![
        iterator,
        long::from_isize(this.next.get())?,
        stop,
        long::from_isize(this.step.get())?,
    ])?;
    let count = long::from_isize(this.cnt.get())?;
    Ok(tuple::pack(&[type_, arguments.as_object(), &count])?.upcast())
}

fn islice_setstate(this: &IsliceObject, state: &PyObject) -> PyResult {
    this.cnt.set(long::exact_ssize(state)?);
    Ok(none())
}

methods! {
    static ISLICE_METHODS:
    "__reduce__" => noargs(islice_reduce);
    "__setstate__" => o(islice_setstate);
}

iterator_type!(
    /// `itertools.islice`.
    islice_type = "itertools.islice", IsliceObject, islice_new, islice_next, ISLICE_METHODS
);
