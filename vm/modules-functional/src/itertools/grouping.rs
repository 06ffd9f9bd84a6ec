//! groupby and tee: one iterator seen by several.

use super::filters::iterator_type;
use crate::prelude::*;

object_struct! {
    /// `groupbyobject`.
    pub struct GroupbyObject {
        it: Pointer<PyObject>,
        keyfunc: Pointer<PyObject>,
        tgtkey: Pointer<PyObject>,
        currkey: Pointer<PyObject>,
        currvalue: Pointer<PyObject>,
        currgrouper: Cell<*const PyObject>,
    }
}

object_struct! {
    /// `_grouperobject`.
    pub struct GrouperObject {
        parent: Pointer<PyObject>,
        tgtkey: Pointer<PyObject>,
    }
}

fn groupby_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "groupby",
        parameters: &["iterable", "key"],
        required: 1,
        positional: 2,
    };
    let [iterable, key] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let iterator = abstract_::get_iter(iterable.expect("required"))?;
    let made = GroupbyObject::alloc(type_)?;
    made.it.put(Some(iterator));
    made.keyfunc.put(Some(key.map_or_else(none, Own::new)));
    Ok(made.upcast())
}

/// Reads one more item and its key; false at the end.
fn groupby_step(this: &GroupbyObject) -> PyResult<bool> {
    let Some(value) = abstract_::next(&Own::new(this.it.expect_ref()))? else {
        return Ok(false);
    };
    let keyfunc = Own::new(this.keyfunc.expect_ref());
    let key = if keyfunc.is_none() {
        value.clone()
    } else {
        call::call(&keyfunc, &[&value])?
    };
    this.currvalue.put(Some(value));
    this.currkey.put(Some(key));
    Ok(true)
}

fn groupby_next(this: &GroupbyObject) -> PyResult<Option<Own>> {
    this.currgrouper.set(std::ptr::null());
    loop {
        match (this.currkey.own(), this.tgtkey.own()) {
            (None, _) => {}
            (Some(_), None) => break,
            (Some(current), Some(target)) => {
                if !object::equal(&target, &current)? {
                    break;
                }
            }
        }
        if !groupby_step(this)? {
            return Ok(None);
        }
    }
    let key = this.currkey.own().unwrap_or_else(none);
    this.tgtkey.put(Some(key.clone()));
    let grouper = new_grouper(this, &key)?;
    Ok(Some(tuple::pack(&[&key, &grouper])?.upcast()))
}

fn new_grouper(parent: &GroupbyObject, key: &PyObject) -> PyResult {
    let object: *mut GrouperObject =
        memory::new_gc_object(&_grouper_type, size_of::<GrouperObject>())?;
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        (*object).parent.set(Own::new(parent).into_raw().cast());
        (*object).tgtkey.set(Own::new(key).into_raw());
        parent.currgrouper.set(object.cast());
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn grouper_new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    call::no_keywords("_grouper", kwargs)?;
    let &[parent, key] = tuple::items(args) else {
        return Err(type_error("_grouper expected 2 arguments"));
    };
    match parent.downcast_ref::<GroupbyObject>() {
        Some(parent) => new_grouper(parent, key),
        None => Err(type_error("argument 1 must be itertools.groupby")),
    }
}

typed!(GroupbyObject, groupby_type);

fn grouper_next(this: &GrouperObject) -> PyResult<Option<Own>> {
    let parent = Own::new(this.parent.expect_ref());
    let Some(group) = parent.downcast_ref::<GroupbyObject>() else {
        return Ok(None);
    };
    if !std::ptr::eq(group.currgrouper.get(), this.as_object()) {
        return Ok(None);
    }
    if group.currvalue.get().is_null() && !groupby_step(group)? {
        return Ok(None);
    }
    let current = group.currkey.own().unwrap_or_else(none);
    if !object::equal(&Own::new(this.tgtkey.expect_ref()), &current)? {
        return Ok(None);
    }
    let value = group.currvalue.take_own();
    group.currkey.put(None);
    Ok(value)
}

fn groupby_reduce(this: &GroupbyObject) -> PyResult {
    let type_ = this.as_object().type_().as_object();
    let arguments = tuple::pack(&[this.it.expect_ref(), this.keyfunc.expect_ref()])?;
    let (Some(key), Some(target), Some(value)) =
        (this.currkey.own(), this.tgtkey.own(), this.currvalue.own())
    else {
        return Ok(tuple::pack(&[type_, arguments.as_object()])?.upcast());
    };
    let state = tuple::pack(&[&key, &value, &target])?;
    Ok(tuple::pack(&[type_, arguments.as_object(), state.as_object()])?.upcast())
}

fn groupby_setstate(this: &GroupbyObject, state: &PyObject) -> PyResult {
    let Some(state) = state.downcast_ref::<PyTupleObject>() else {
        return Err(type_error("state is not a tuple"));
    };
    let &[key, value, target] = tuple::items(state) else {
        return Err(type_error(format_args!(
            "function takes exactly 3 arguments ({} given)",
            tuple::items(state).len()
        )));
    };
    this.currkey.put(Some(Own::new(key)));
    this.currvalue.put(Some(Own::new(value)));
    this.tgtkey.put(Some(Own::new(target)));
    Ok(none())
}

fn grouper_reduce(this: &GrouperObject) -> PyResult {
    let parent = this.parent.expect_ref();
    let current = parent
        .downcast_ref::<GroupbyObject>()
        .map(|group| group.currgrouper.get());
    if current != Some(this.as_object()) {
        let empty = tuple::empty();
        let arguments = tuple::pack(&[empty.as_object()])?;
        return Ok(
            tuple::pack(&[&*import_hook::builtin("iter")?, arguments.as_object()])?.upcast(),
        );
    }
    let arguments = tuple::pack(&[parent, this.tgtkey.expect_ref()])?;
    Ok(tuple::pack(&[_grouper_type.as_object(), arguments.as_object()])?.upcast())
}

methods! {
    static GROUPBY_METHODS:
    "__reduce__" => noargs(groupby_reduce);
    "__setstate__" => o(groupby_setstate);
}

methods! {
    static GROUPER_METHODS:
    "__reduce__" => noargs(grouper_reduce);
}

iterator_type!(
    /// `itertools.groupby`.
    groupby_type = "itertools.groupby", GroupbyObject, groupby_new, groupby_next, GROUPBY_METHODS
);

unsafe fn grouper_dealloc(this: *mut GrouperObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        if let Some(group) =
            Field::as_ref(&(*this).parent).and_then(|parent| parent.downcast_ref::<GroupbyObject>())
            && std::ptr::eq(group.currgrouper.get(), this.cast())
        {
            group.currgrouper.set(std::ptr::null());
        }
        GrouperObject::dealloc(this);
    }
}

static_type! {
    /// `itertools._grouper`.
    _grouper_type = "itertools._grouper", size size_of::<GrouperObject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc grouper_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse GrouperObject::traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext grouper_next),
    tp_methods: GROUPER_METHODS.as_ptr(),
    tp_new: slot!(new grouper_new),
    tp_free: Some(memory::object_gc_free),
}

const LINKCELLS: usize = 57;

/// `teedataobject`: a link of the chain that the tees of one iterator share.
#[repr(C)]
pub struct TeeDataObject {
    pub ob_base: PyObject,
    pub it: Pointer<PyObject>,
    pub numread: Cell<c_int>,
    pub running: Cell<c_int>,
    pub nextlink: Pointer<TeeDataObject>,
    pub values: [Pointer<PyObject>; LINKCELLS],
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for TeeDataObject {}
typed!(TeeDataObject, teedataobject_type);

object_struct! {
    /// `teeobject`.
    pub struct TeeObject {
        dataobj: Pointer<TeeDataObject>,
        index: Cell<c_int>,
        weakreflist: Cell<*const PyObject>,
    }
}

typed!(TeeObject, tee_type);

fn new_link(iterator: &PyObject) -> PyResult<Own<TeeDataObject>> {
    let object: *mut TeeDataObject =
        memory::new_gc_object(&teedataobject_type, size_of::<TeeDataObject>())?;
    // SAFETY: fresh memory, zeroed behind the header, tracked once complete.
    unsafe {
        let header = size_of::<PyObject>();
        std::ptr::write_bytes(
            object.cast::<u8>().add(header),
            0,
            size_of::<TeeDataObject>() - header,
        );
        (*object).it.set(Own::new(iterator).into_raw());
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

fn link_traverse(this: &TeeDataObject, visitor: &mut Visitor) {
    visitor.field(&this.it);
    for value in &this.values[..this.numread.get() as usize] {
        visitor.field(value);
    }
    visitor.field(&this.nextlink);
}

fn link_clear(this: &TeeDataObject) {
    Field::clear(&this.it);
    for value in &this.values[..this.numread.get() as usize] {
        Field::clear(value);
    }
    // Link by link, so that a long chain does not exhaust the stack.
    let mut next = this.nextlink.take_own();
    while let Some(link) = next {
        if link.ob_base.ob_refcnt.get() > 1 {
            break;
        }
        next = link.nextlink.take_own();
    }
}

unsafe fn link_dealloc(this: *mut TeeDataObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { memory::end_object(this.cast(), || link_clear(&*this)) }
}

fn link_item(link: &TeeDataObject, index: usize) -> PyResult<Option<Own>> {
    if index < link.numread.get() as usize {
        return Ok(link.values[index].own());
    }
    if link.running.get() != 0 {
        return Err(runtime_error("cannot re-enter the tee iterator"));
    }
    link.running.set(1);
    let item = abstract_::next(&Own::new(link.it.expect_ref()));
    link.running.set(0);
    let Some(item) = item? else {
        return Ok(None);
    };
    link.numread.set(link.numread.get() + 1);
    link.values[index].put(Some(item.clone()));
    Ok(Some(item))
}

fn tee_next(this: &TeeObject) -> PyResult<Option<Own>> {
    if this.index.get() as usize >= LINKCELLS {
        let link = Own::new(this.dataobj.expect_ref());
        let next = match link.nextlink.own() {
            Some(next) => next,
            None => {
                let made = new_link(link.it.expect_ref())?;
                link.nextlink.put(Some(made.clone()));
                made
            }
        };
        this.dataobj.put(Some(next));
        this.index.set(0);
    }
    let link = Own::new(this.dataobj.expect_ref());
    let item = link_item(&link, this.index.get() as usize)?;
    if item.is_some() {
        this.index.set(this.index.get() + 1);
    }
    Ok(item)
}

fn new_tee(link: Own<TeeDataObject>, index: c_int) -> PyResult {
    let object: *mut TeeObject = memory::new_gc_object(&tee_type, size_of::<TeeObject>())?;
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        (*object).dataobj.set(link.into_raw());
        (*object).index.set(index);
        (*object).weakreflist.set(std::ptr::null());
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn tee_copy(this: &TeeObject) -> PyResult {
    new_tee(Own::new(this.dataobj.expect_ref()), this.index.get())
}

fn tee_from_iterable(iterable: &PyObject) -> PyResult {
    let iterator = abstract_::get_iter(iterable)?;
    if let Some(tee) = iterator.downcast_ref::<TeeObject>() {
        return tee_copy(tee);
    }
    new_tee(new_link(&iterator)?, 0)
}

fn tee_new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    call::no_keywords("_tee", kwargs)?;
    call::check_positional("_tee", tuple::items(args).len(), 1, 1)?;
    tee_from_iterable(tuple::items(args)[0])
}

fn tee_reduce(this: &TeeObject) -> PyResult {
    let empty = tuple::empty();
    let arguments = tuple::pack(&[empty.as_object()])?;
    let index = long::from_isize(this.index.get() as isize)?;
    let state = tuple::pack(&[this.dataobj.expect_ref().as_object(), &index])?;
    Ok(tuple::pack(&[
        tee_type.as_object(),
        arguments.as_object(),
        state.as_object(),
    ])?
    .upcast())
}

fn tee_setstate(this: &TeeObject, state: &PyObject) -> PyResult {
    let Some(state) = state.downcast_ref::<PyTupleObject>() else {
        return Err(type_error("state is not a tuple"));
    };
    let &[link, index] = tuple::items(state) else {
        return Err(type_error(format_args!(
            "function takes exactly 2 arguments ({} given)",
            tuple::items(state).len()
        )));
    };
    let Some(link) = link.downcast_ref::<TeeDataObject>() else {
        return Err(type_error(format_args!(
            "argument 1 must be itertools._tee_dataobject, not {:.50}",
            link.type_().name()
        )));
    };
    let index = long::as_int(index)?;
    if index < 0 || index as usize > LINKCELLS {
        return Err(value_error("Index out of range"));
    }
    this.dataobj.put(Some(Own::new(link)));
    this.index.set(index);
    Ok(none())
}

/// `tee(iterable, n=2)`.
pub fn tee(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("tee", args.len(), 1, 2)?;
    let count = args.get(1).map_or(Ok(2), |count| unicode::ssize(count))?;
    if count < 0 {
        return Err(value_error("n must be >= 0"));
    }
    if count == 0 {
        return Ok(tuple::empty().upcast());
    }
    memory::probe((count as usize).saturating_mul(8))?;
    let iterator = abstract_::get_iter(args[0])?;
    let copy = object::lookup_attr(&iterator, id!("__copy__"))?;
    let (first, copy) = match copy {
        Some(copy) => (iterator, copy),
        None => {
            let made = tee_from_iterable(&iterator)?;
            let copy = object::get_attr(&made, id!("__copy__"))?;
            (made, copy)
        }
    };
    let mut made = vec![first];
    for _ in 1..count {
        made.push(call::call(&copy, &[])?);
    }
    Ok(tuple::from_vec(made)?.upcast())
}

fn link_reduce(this: &TeeDataObject) -> PyResult {
    let read = &this.values[..this.numread.get() as usize];
    let values: Vec<Own> = read.iter().filter_map(Field::own).collect();
    let values = list::from_vec(values)?;
    let next = this.nextlink.own().map_or_else(none, Own::upcast);
    let arguments = tuple::pack(&[this.it.expect_ref(), values.as_object(), &next])?;
    Ok(tuple::pack(&[teedataobject_type.as_object(), arguments.as_object()])?.upcast())
}

fn link_new(_: &PyTypeObject, args: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let &[it, values, next] = tuple::items(args) else {
        return Err(type_error("_tee_dataobject expected 3 arguments"));
    };
    let Some(values) = values.downcast_ref::<PyListObject>() else {
        return Err(type_error("argument 2 must be list"));
    };
    let items = list::items(values);
    if items.len() > LINKCELLS {
        return Err(value_error("Invalid arguments"));
    }
    let made = new_link(it)?;
    for (index, item) in items.iter().enumerate() {
        made.values[index].put(Some(Own::new(*item)));
        made.numread.set(index as c_int + 1);
    }
    if !next.is_none() {
        match next.downcast_ref::<TeeDataObject>() {
            Some(next) if items.len() == LINKCELLS => made.nextlink.put(Some(Own::new(next))),
            _ => return Err(value_error("Invalid arguments")),
        }
    }
    Ok(made.upcast())
}

methods! {
    static LINK_METHODS:
    "__reduce__" => noargs(link_reduce);
}

methods! {
    static TEE_METHODS:
    "__copy__" => noargs(tee_copy);
    "__reduce__" => noargs(tee_reduce);
    "__setstate__" => o(tee_setstate);
}

static_type! {
    /// `itertools._tee_dataobject`.
    teedataobject_type = "itertools._tee_dataobject", size size_of::<TeeDataObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc link_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse link_traverse),
    tp_clear: slot!(clear link_clear),
    tp_methods: LINK_METHODS.as_ptr(),
    tp_new: slot!(new link_new),
    tp_free: Some(memory::object_gc_free),
}

static_type! {
    /// `itertools._tee`.
    tee_type = "itertools._tee", size size_of::<TeeObject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc TeeObject::dealloc),
    tp_traverse: slot!(traverse TeeObject::traverse),
    tp_clear: slot!(clear TeeObject::clear),
    tp_weaklistoffset: offset_of!(TeeObject, weakreflist) as isize,
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext tee_next),
    tp_methods: TEE_METHODS.as_ptr(),
    tp_new: slot!(new tee_new),
    tp_free: Some(memory::object_gc_free),
}
