//! chain, zip_longest, pairwise and accumulate: several iterators, or several items, made one.

use super::filters::iterator_type;
use crate::prelude::*;

object_struct! {
    /// `chainobject`.
    pub struct ChainObject {
        source: Pointer<PyObject>,
        active: Pointer<PyObject>,
    }
}

object_struct! {
    /// `ziplongestobject`.
    pub struct ZipLongestObject {
        tuplesize: Cell<isize>,
        numactive: Cell<isize>,
        ittuple: Pointer<PyTupleObject>,
        result: Pointer<PyTupleObject>,
        fillvalue: Pointer<PyObject>,
    }
}

object_struct! {
    /// `pairwiseobject`.
    pub struct PairwiseObject {
        it: Pointer<PyObject>,
        old: Pointer<PyObject>,
    }
}

object_struct! {
    /// `accumulateobject`.
    pub struct AccumulateObject {
        total: Pointer<PyObject>,
        it: Pointer<PyObject>,
        binop: Pointer<PyObject>,
        initial: Pointer<PyObject>,
    }
}

fn chain_of(type_: &PyTypeObject, source: Own) -> PyResult {
    let made = ChainObject::alloc(type_)?;
    made.source.put(Some(source));
    Ok(made.upcast())
}

fn chain_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if types::has_init_of(type_, &chain_type) {
        call::no_keywords("chain", kwargs)?;
    }
    chain_of(type_, abstract_::get_iter(args.as_object())?)
}

fn chain_from_iterable(class: &PyTypeObject, iterables: &PyObject) -> PyResult {
    chain_of(class, abstract_::get_iter(iterables)?)
}

fn chain_next(this: &ChainObject) -> PyResult<Option<Own>> {
    while let Some(source) = this.source.own() {
        let Some(active) = this.active.own() else {
            match abstract_::next(&source) {
                Ok(Some(iterable)) => match abstract_::get_iter(&iterable) {
                    Ok(iterator) => this.active.put(Some(iterator)),
                    Err(raised) => {
                        this.source.put(None);
                        return Err(raised);
                    }
                },
                Ok(None) => {
                    this.source.put(None);
                    return Ok(None);
                }
                Err(raised) => {
                    this.source.put(None);
                    return Err(raised);
                }
            }
            continue;
        };
        if let Some(item) = abstract_::next(&active)? {
            return Ok(Some(item));
        }
        this.active.put(None);
    }
    Ok(None)
}

fn chain_reduce(this: &ChainObject) -> PyResult {
    let type_ = this.as_object().type_().as_object();
    let empty = tuple::empty();
    Ok(match (this.source.own(), this.active.own()) {
        (Some(source), Some(active)) => {
            let state = tuple::pack(&[&source, &active])?;
            tuple::pack(&[type_, empty.as_object(), state.as_object()])?
        }
        (Some(source), None) => {
            let state = tuple::pack(&[&source])?;
            tuple::pack(&[type_, empty.as_object(), state.as_object()])?
        }
        _ => tuple::pack(&[type_, empty.as_object()])?,
    }
    .upcast())
}

fn chain_setstate(this: &ChainObject, state: &PyObject) -> PyResult {
    let Some(state) = state.downcast_ref::<PyTupleObject>() else {
        return Err(type_error("state is not a tuple"));
    };
    let (source, active) = match *tuple::items(state) {
        [source] => (source, None),
        [source, active] => (source, Some(active)),
        _ => return Err(type_error("function takes at least 1 argument (0 given)")),
    };
    if !abstract_::is_iterator(source)
        || active.is_some_and(|active| !abstract_::is_iterator(active))
    {
        return Err(type_error("Arguments must be iterators."));
    }
    this.source.put(Some(Own::new(source)));
    this.active.put(active.map(Own::new));
    Ok(none())
}

methods! {
    static CHAIN_METHODS:
    "from_iterable" => o(chain_from_iterable, "($type, iterable, /)") | METH_CLASS;
    "__reduce__" => noargs(chain_reduce);
    "__setstate__" => o(chain_setstate);
    "__class_getitem__" => o(generic_alias::new) | METH_CLASS;
}

iterator_type!(
    /// `itertools.chain`.
    chain_type = "itertools.chain", ChainObject, chain_new, chain_next, CHAIN_METHODS
);

fn zip_longest_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let mut fill = none();
    if let Some(kwargs) = kwargs.filter(|kwargs| kwargs.ma_used.get() > 0) {
        match dict::get_literal(kwargs, "fillvalue")? {
            Some(value) if kwargs.ma_used.get() == 1 => fill = value,
            _ => {
                return Err(type_error(
                    "zip_longest() got an unexpected keyword argument",
                ));
            }
        }
    }
    let mut iterators = Vec::new();
    for item in tuple::items(args) {
        iterators.push(abstract_::get_iter(item)?);
    }
    let count = iterators.len();
    let made = ZipLongestObject::alloc(type_)?;
    made.tuplesize.set(count as isize);
    made.numactive.set(count as isize);
    made.ittuple.put(Some(tuple::from_vec(iterators)?));
    made.result.put(Some(tuple::from_vec(vec![none(); count])?));
    made.fillvalue.put(Some(fill));
    Ok(made.upcast())
}

fn zip_longest_item(this: &ZipLongestObject, index: usize) -> PyResult<Option<Own>> {
    // SAFETY: one pointer for each iterator; an exhausted one is null.
    let slot = unsafe {
        &*tuple::items_pointer(this.ittuple.expect_ref())
            .add(index)
            .cast::<Pointer<PyObject>>()
    };
    let Some(iterator) = slot.own() else {
        return Ok(this.fillvalue.own());
    };
    if let Some(item) = abstract_::next(&iterator)? {
        return Ok(Some(item));
    }
    this.numactive.set(this.numactive.get() - 1);
    if this.numactive.get() == 0 {
        return Ok(None);
    }
    slot.put(None);
    Ok(this.fillvalue.own())
}

fn zip_longest_next(this: &ZipLongestObject) -> PyResult<Option<Own>> {
    let count = this.tuplesize.get() as usize;
    if count == 0 || this.numactive.get() == 0 {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(count);
    for index in 0..count {
        match zip_longest_item(this, index) {
            Ok(Some(item)) => items.push(item),
            Ok(None) => return Ok(None),
            Err(raised) => {
                this.numactive.set(0);
                return Err(raised);
            }
        }
    }
    super::reuse_result(&this.result, items).map(Some)
}

fn zip_longest_reduce(this: &ZipLongestObject) -> PyResult {
    let mut arguments = Vec::new();
    for index in 0..this.tuplesize.get() as usize {
        // SAFETY: as for zip_longest_item.
        let slot = unsafe {
            &*tuple::items_pointer(this.ittuple.expect_ref())
                .add(index)
                .cast::<Pointer<PyObject>>()
        };
        arguments.push(slot.own().unwrap_or_else(|| tuple::empty().upcast()));
    }
    let arguments = tuple::from_vec(arguments)?;
    let type_ = this.as_object().type_().as_object();
    Ok(tuple::pack(&[type_, arguments.as_object(), this.fillvalue.expect_ref()])?.upcast())
}

fn zip_longest_setstate(this: &ZipLongestObject, state: &PyObject) -> PyResult {
    this.fillvalue.put(Some(Own::new(state)));
    Ok(none())
}

methods! {
    static ZIP_LONGEST_METHODS:
    "__reduce__" => noargs(zip_longest_reduce);
    "__setstate__" => o(zip_longest_setstate);
}

iterator_type!(
    /// `itertools.zip_longest`.
    ziplongest_type = "itertools.zip_longest", ZipLongestObject, zip_longest_new, zip_longest_next,
    ZIP_LONGEST_METHODS
);

fn pairwise_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    call::no_keywords("pairwise", kwargs)?;
    let items = tuple::items(args);
    call::check_positional("pairwise", items.len(), 1, 1)?;
    let iterator = abstract_::get_iter(items[0])?;
    let made = PairwiseObject::alloc(type_)?;
    made.it.put(Some(iterator));
    Ok(made.upcast())
}

fn pairwise_next(this: &PairwiseObject) -> PyResult<Option<Own>> {
    let Some(iterator) = this.it.own() else {
        return Ok(None);
    };
    let step = || abstract_::next(&iterator);
    let end = || {
        this.it.put(None);
        this.old.put(None);
    };
    let old = match this.old.own() {
        Some(old) => old,
        None => match step() {
            Ok(Some(first)) => {
                this.old.put(Some(first.clone()));
                if this.it.get().is_null() {
                    this.old.put(None);
                    return Ok(None);
                }
                first
            }
            outcome => {
                end();
                return outcome;
            }
        },
    };
    match step() {
        Ok(Some(new)) => {
            let pair = tuple::pack(&[&old, &new])?;
            this.old.put(Some(new));
            Ok(Some(pair.upcast()))
        }
        outcome => {
            end();
            outcome
        }
    }
}

methods! {
    static NO_METHODS:
}

iterator_type!(
    /// `itertools.pairwise`.
    pairwise_type = "itertools.pairwise", PairwiseObject, pairwise_new, pairwise_next, NO_METHODS
);

fn accumulate_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "accumulate",
        parameters: &["iterable", "func", "initial"],
        required: 1,
        positional: 2,
    };
    let [iterable, func, initial] = call::bind_tuple::<3>(&SIGNATURE, args, kwargs)?;
    let iterator = abstract_::get_iter(iterable.expect("required"))?;
    let made = AccumulateObject::alloc(type_)?;
    made.it.put(Some(iterator));
    made.binop
        .put(func.filter(|func| !func.is_none()).map(Own::new));
    made.initial.put(initial.map(Own::new));
    Ok(made.upcast())
}

fn accumulate_next(this: &AccumulateObject) -> PyResult<Option<Own>> {
    if let Some(initial) = this.initial.own()
        && !initial.is_none()
    {
        this.initial.put(Some(none()));
        this.total.put(Some(initial.clone()));
        return Ok(Some(initial));
    }
    let Some(value) = abstract_::next(&Own::new(this.it.expect_ref()))? else {
        return Ok(None);
    };
    let Some(total) = this.total.own() else {
        this.total.put(Some(value.clone()));
        return Ok(Some(value));
    };
    let next = match this.binop.own() {
        Some(binop) => call::call(&binop, &[&total, &value])?,
        None => abstract_::add(&total, &value)?,
    };
    this.total.put(Some(next.clone()));
    Ok(Some(next))
}

fn accumulate_reduce(this: &AccumulateObject) -> PyResult {
    let type_ = this.as_object().type_().as_object();
    let binop = this.binop.own().unwrap_or_else(none);
    let it = this.it.expect_ref();
    if let Some(initial) = this.initial.own()
        && !initial.is_none()
    {
        let head = tuple::pack(&[&initial])?;
        let both = tuple::pack(&[head.as_object(), it])?;
        let chained = chain_new(&chain_type, &both, None)?;
        let arguments = tuple::pack(&[&chained, &binop])?;
        return Ok(tuple::pack(&[type_, arguments.as_object(), &none()])?.upcast());
    }
    if let Some(total) = this.total.own()
        && total.is_none()
    {
        let head = tuple::pack(&[&total])?;
        let both = tuple::pack(&[head.as_object(), it])?;
        let chained = chain_new(&chain_type, &both, None)?;
        let inner = tuple::pack(&[&chained, &binop])?;
        let inner = accumulate_new(&accumulate_type, &inner, None)?;
        let arguments = tuple::pack(&[&inner, &*long::from_isize(1)?, &none()])?;
        return Ok(tuple::pack(&[
            super::filters::islice_type.as_object(),
            arguments.as_object(),
        ])?
        .upcast());
    }
    let arguments = tuple::pack(&[it, &binop])?;
    let total = this.total.own().unwrap_or_else(none);
    Ok(tuple::pack(&[type_, arguments.as_object(), &total])?.upcast())
}

fn accumulate_setstate(this: &AccumulateObject, state: &PyObject) -> PyResult {
    this.total.put(Some(Own::new(state)));
    Ok(none())
}

methods! {
    static ACCUMULATE_METHODS:
    "__reduce__" => noargs(accumulate_reduce);
    "__setstate__" => o(accumulate_setstate);
}

iterator_type!(
    /// `itertools.accumulate`.
    accumulate_type = "itertools.accumulate", AccumulateObject, accumulate_new, accumulate_next,
    ACCUMULATE_METHODS
);
