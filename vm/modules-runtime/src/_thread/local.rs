//! `_thread._local`: attributes that each thread has for itself.
//!
//! As in CPython, the thread's own dict holds a dummy for each local object that the thread has used; the local
//! object maps weak references to those dummies to the dicts of attributes. So the dict of a thread goes with
//! the thread, by the callback of the weak reference, and all dicts go with the local object.

use crate::prelude::*;
use twinheap_objects::function::new_cfunction;
use twinheap_objects::state::{self, tstate};
use twinheap_objects::unraisable;

object_struct! {
    /// `localdummyobject`: the reference to the dict is borrowed.
    pub struct LocalDummy {
        localdict: Cell<*const PyDictObject>,
        weakreflist: Cell<*const PyObject>,
    }
}

object_struct! {
    /// `localobject`.
    pub struct LocalObject {
        key: Pointer<PyObject>,
        args: Pointer<PyObject>,
        kw: Pointer<PyObject>,
        weakreflist: Cell<*const PyObject>,
        /// Weak references to dummies, and the dicts of the threads.
        dummies: Pointer<PyDictObject>,
        /// The callback of those references.
        wr_callback: Pointer<PyObject>,
    }
}

typed!(LocalDummy, local_dummy_type);

static_type! {
    /// `_thread._localdummy`.
    local_dummy_type = "_thread._localdummy", size size_of::<LocalDummy>(), 0,
        flags Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE;
    tp_dealloc: slot!(dealloc LocalDummy::dealloc),
    tp_weaklistoffset: offset_of!(LocalDummy, weakreflist) as isize,
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_free: Some(memory::object_free),
}

/// `PyThreadState_GetDict`.
fn thread_dict() -> PyResult<Own<PyDictObject>> {
    let field = &tstate().dict;
    if let Some(existing) = Field::own(field) {
        return Ok(existing);
    }
    let made = dict::new()?;
    field.put(Some(made.clone()));
    Ok(made)
}

/// `_local_create_dummy`: the dict of this thread, which is new.
fn create_dummy(this: &LocalObject) -> PyResult<Own<PyDictObject>> {
    let of_thread = thread_dict()?;
    let attributes = dict::new()?;
    let dummy = LocalDummy::alloc(&local_dummy_type)?;
    dummy.localdict.set(attributes.as_ptr());
    let reference =
        weakref::new_reference_with_callback(dummy.as_object(), this.wr_callback.expect_ref())?;
    // The reference is hashed here, while the dummy lives.
    dict::set_item(
        this.dummies.expect_ref(),
        &reference,
        attributes.as_object(),
    )?;
    dict::set_item(&of_thread, this.key.expect_ref(), dummy.as_object())?;
    Ok(attributes)
}

/// Whether instances of the type are set up by `object.__init__`.
fn is_plain(type_: &PyTypeObject) -> bool {
    type_.tp_init.get().is_none_or(|init| {
        types::PyBaseObject_Type
            .tp_init
            .get()
            .is_some_and(|base| std::ptr::fn_addr_eq(init, base))
    })
}

fn local_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let given =
        !tuple::items(args).is_empty() || kwargs.is_some_and(|kwargs| kwargs.ma_used.get() > 0);
    if given && is_plain(type_) {
        return Err(type_error("Initialization arguments are not supported"));
    }
    let made = LocalObject::alloc(type_)?;
    made.args.put(Some(Own::new(args).upcast()));
    made.kw.put(kwargs.map(|kwargs| Own::new(kwargs).upcast()));
    let key = unicode::from_str(&format!("thread.local.{:p}", made.as_object()))?;
    made.key.put(Some(key.upcast()));
    made.dummies.put(Some(dict::new()?));
    let reference = weakref::new_reference(made.as_object())?;
    made.wr_callback
        .put(Some(new_cfunction(&CALLBACK[0], Some(&reference), None)?));
    create_dummy(&made)?;
    Ok(made.upcast())
}

/// `_localdummy_destroyed`: a thread has ended, or has given the local object up. The first argument is a weak
/// reference to the local object.
fn dummy_destroyed(local: &PyObject, dummy: &PyObject) -> PyResult {
    let Some(object) = weakref::target(local) else {
        return Ok(none());
    };
    // SAFETY: the reference was made for a local object.
    let this: &LocalObject = unsafe { &*object.as_ptr().cast() };
    if let Some(dummies) = Field::own(&this.dummies)
        && let Err(raised) = dict::remove(&dummies, dummy)
    {
        unraisable::report(raised, Some(&object));
    }
    Ok(none())
}

methods! {
    static CALLBACK:
    "_localdummy_destroyed" => o(dummy_destroyed);
}

/// `_ldict`: the dict of this thread. A thread that comes for the first time sets its attributes up by `__init__`.
fn attributes_of(this: &LocalObject) -> PyResult<Own<PyDictObject>> {
    let of_thread = thread_dict()?;
    let key = this.key.expect_ref();
    if let Some(dummy) = dict::get_item(&of_thread, key)?
        && let Some(dummy) = dummy.downcast_ref::<LocalDummy>()
    {
        // SAFETY: the local object holds the dict as long as the dummy lives.
        return Ok(Own::new(unsafe { &*dummy.localdict.get() }));
    }
    let made = create_dummy(this)?;
    let type_ = this.as_object().type_();
    if is_plain(type_) {
        return Ok(made);
    }
    let Some(init) = type_.tp_init.get() else {
        return Ok(made);
    };
    // SAFETY: the slot of the object's own type, with the arguments that made the object.
    let status = unsafe { init(this.as_object().as_raw(), this.args.get(), this.kw.get()) };
    if let Err(raised) = errors::from_status(status) {
        errors::preserving(|| {
            if let Err(raised) = dict::remove(&of_thread, key) {
                errors::discard(raised);
            }
        });
        return Err(raised);
    }
    Ok(made)
}

fn name_of(name: &PyObject) -> PyResult<&PyASCIIObject> {
    name.downcast_ref::<PyASCIIObject>().ok_or_else(|| {
        type_error(format_args!(
            "attribute name must be string, not '{}'",
            name.type_().name()
        ))
    })
}

fn local_getattro(this: &LocalObject, name: &PyObject) -> PyResult {
    let attributes = attributes_of(this)?;
    let name = name_of(name)?;
    if unicode::equals_str(name, "__dict__") {
        return Ok(attributes.upcast());
    }
    if this.as_object().is_exactly(&local_type)
        && let Some(value) = dict::get_item(&attributes, name.as_object())?
    {
        return Ok(value);
    }
    object::get_attr_with_dict(this.as_object(), name, &attributes)
}

fn local_setattro(this: &LocalObject, name: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    let attributes = attributes_of(this)?;
    let name = name_of(name)?;
    if unicode::equals_str(name, "__dict__") {
        return Err(errors::attribute_error(format_args!(
            "'{}' object attribute '__dict__' is read-only",
            this.as_object().type_().name()
        )));
    }
    object::set_attr_with_dict(this.as_object(), name, value, &attributes)
}

fn local_traverse(this: &LocalObject, visitor: &mut Visitor) {
    visitor.field(&this.args);
    visitor.field(&this.kw);
    visitor.field(&this.dummies);
}

/// `local_clear`: the dicts of all threads go.
fn local_clear(this: &LocalObject) {
    this.args.clear();
    this.kw.clear();
    this.dummies.clear();
    this.wr_callback.clear();
    let Some(key) = this.key.own() else {
        return;
    };
    for thread in state::all() {
        if let Some(dict) = Field::own(&thread.dict) {
            errors::preserving(|| {
                if let Err(raised) = dict::remove(&dict, &key) {
                    errors::discard(raised);
                }
            });
        }
    }
}

unsafe fn local_dealloc(this: *mut LocalObject) {
    // SAFETY: called once, when the last reference is gone; the type outlives the object's memory.
    unsafe {
        memory::end_object(this.cast(), || {
            local_clear(&*this);
            (*this).key.clear();
        });
    }
}

unsafe extern "C" fn getattro(this: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: the slot is only called with live objects of its type.
    unsafe { twinheap_objects::own::to_c(local_getattro(&*this.cast(), &*name)) }
}

unsafe extern "C" fn setattro(
    this: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: the slot is only called with live objects of its type; the value may be null.
    match unsafe { local_setattro(&*this.cast(), &*name, value.as_ref()) } {
        Ok(()) => 0,
        Err(_) => -1,
    }
}

static_type! {
    /// `_thread._local`.
    local_type = "_thread._local", size size_of::<LocalObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE;
    tp_dealloc: slot!(dealloc local_dealloc),
    tp_getattro: Some(getattro),
    tp_setattro: Some(setattro),
    tp_traverse: slot!(traverse local_traverse),
    tp_clear: slot!(clear local_clear),
    tp_weaklistoffset: offset_of!(LocalObject, weakreflist) as isize,
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new local_new),
    tp_free: Some(memory::object_gc_free),
}
