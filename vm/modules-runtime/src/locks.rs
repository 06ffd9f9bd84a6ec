//! `_thread` (`Modules/_threadmodule.c`): locks, and the identity of the one thread that runs.
//!
//! Threads cannot be started yet: `start_new_thread` says so.

use crate::prelude::*;
use std::time::Duration;
use twinheap_objects::exceptions::PyExc_RuntimeError;

object_struct! {
    /// `lockobject`: `lock_lock` stands for the lock of the system.
    pub struct LockObject {
        lock_lock: Cell<usize>,
        in_weakreflist: Cell<*const PyObject>,
        locked: Cell<i8>,
    }
}

object_struct! {
    /// `rlockobject`.
    pub struct RLockObject {
        rlock_lock: Cell<usize>,
        rlock_owner: Cell<usize>,
        rlock_count: Cell<usize>,
        in_weakreflist: Cell<*const PyObject>,
    }
}

/// The arguments of `acquire`: whether to wait, and how long.
fn waiting(args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<Option<f64>> {
    static SIGNATURE: Signature = Signature {
        name: "acquire",
        parameters: &["blocking", "timeout"],
        required: 0,
        positional: 2,
    };
    let [blocking, timeout] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let blocking = blocking.map_or(Ok(true), object::is_true)?;
    let timeout = timeout.map_or(Ok(-1.0), twinheap_objects::float::as_double)?;
    if !blocking && timeout != -1.0 {
        return Err(value_error(
            "can't specify a timeout for a non-blocking call",
        ));
    }
    if timeout < 0.0 && timeout != -1.0 {
        return Err(value_error("timeout value must be a non-negative number"));
    }
    if timeout > TIMEOUT_MAX {
        return Err(overflow_error("timeout value is too large"));
    }
    Ok(if !blocking {
        Some(0.0)
    } else if timeout == -1.0 {
        None
    } else {
        Some(timeout)
    })
}

const TIMEOUT_MAX: f64 = 9_223_372_036.0;

/// Nobody else can release a lock that is held: there is one thread.
fn wait_in_vain(limit: Option<f64>) -> PyResult {
    match limit {
        Some(seconds) => {
            std::thread::sleep(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
            Ok(bool_object(false))
        }
        None => loop {
            std::thread::sleep(Duration::from_secs(3600));
        },
    }
}

fn lock_acquire(
    this: &LockObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let limit = waiting(args, kwargs)?;
    if this.locked.get() != 0 {
        return wait_in_vain(limit);
    }
    this.locked.set(1);
    Ok(bool_object(true))
}

fn lock_release(this: &LockObject) -> PyResult {
    if this.locked.get() == 0 {
        return Err(errors::raise(&PyExc_RuntimeError, "release unlocked lock"));
    }
    this.locked.set(0);
    Ok(none())
}

fn lock_exit(this: &LockObject, _: &PyTupleObject) -> PyResult {
    lock_release(this)
}

fn lock_locked(this: &LockObject) -> PyResult {
    Ok(bool_object(this.locked.get() != 0))
}

fn lock_reinit(this: &LockObject) -> PyResult {
    this.locked.set(0);
    Ok(none())
}

fn lock_repr(this: &LockObject) -> PyResult {
    let state = if this.locked.get() != 0 {
        "locked"
    } else {
        "unlocked"
    };
    let name = this.as_object().type_().name();
    Ok(unicode::from_str(&format!(
        "<{state} {name} object at {:p}>",
        this.as_object()
    ))?
    .upcast())
}

methods! {
    static LOCK_METHODS:
    "acquire_lock" => varargs_keywords(lock_acquire);
    "acquire" => varargs_keywords(lock_acquire);
    "release_lock" => noargs(lock_release);
    "release" => noargs(lock_release);
    "locked_lock" => noargs(lock_locked);
    "locked" => noargs(lock_locked);
    "__enter__" => varargs_keywords(lock_acquire);
    "__exit__" => varargs(lock_exit);
    "_at_fork_reinit" => noargs(lock_reinit);
}

static_type! {
    /// `_thread.lock`.
    lock_type = "_thread.lock", size size_of::<LockObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE;
    tp_dealloc: slot!(dealloc LockObject::dealloc),
    tp_repr: slot!(unary lock_repr),
    tp_traverse: slot!(traverse LockObject::traverse),
    tp_weaklistoffset: offset_of!(LockObject, in_weakreflist) as isize,
    tp_methods: LOCK_METHODS.as_ptr(),
}

fn ident() -> usize {
    // SAFETY: asks for the identity of this thread.
    unsafe { libc::pthread_self() as usize }
}

fn rlock_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Ok(RLockObject::alloc(type_)?.upcast())
}

fn rlock_acquire(
    this: &RLockObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let limit = waiting(args, kwargs)?;
    if this.rlock_count.get() > 0 && this.rlock_owner.get() != ident() {
        return wait_in_vain(limit);
    }
    this.rlock_owner.set(ident());
    this.rlock_count.set(this.rlock_count.get() + 1);
    Ok(bool_object(true))
}

fn rlock_release(this: &RLockObject) -> PyResult {
    if this.rlock_count.get() == 0 || this.rlock_owner.get() != ident() {
        return Err(errors::raise(
            &PyExc_RuntimeError,
            "cannot release un-acquired lock",
        ));
    }
    this.rlock_count.set(this.rlock_count.get() - 1);
    if this.rlock_count.get() == 0 {
        this.rlock_owner.set(0);
    }
    Ok(none())
}

fn rlock_exit(this: &RLockObject, _: &PyTupleObject) -> PyResult {
    rlock_release(this)
}

fn rlock_is_owned(this: &RLockObject) -> PyResult {
    Ok(bool_object(
        this.rlock_count.get() > 0 && this.rlock_owner.get() == ident(),
    ))
}

fn rlock_release_save(this: &RLockObject) -> PyResult {
    if this.rlock_count.get() == 0 {
        return Err(errors::raise(
            &PyExc_RuntimeError,
            "cannot release un-acquired lock",
        ));
    }
    let saved = [
        long::from_usize(this.rlock_count.get())?,
        long::from_usize(this.rlock_owner.get())?,
    ];
    this.rlock_count.set(0);
    this.rlock_owner.set(0);
    Ok(tuple::from_vec(saved.into())?.upcast())
}

fn rlock_acquire_restore(this: &RLockObject, args: &PyTupleObject) -> PyResult {
    call::check_positional("_acquire_restore", tuple::items(args).len(), 1, 1)?;
    let state = tuple::items(args)[0];
    let Some(state) = state.downcast_ref::<PyTupleObject>() else {
        return Err(type_error("_acquire_restore() argument 1 must be tuple"));
    };
    let &[count, owner] = tuple::items(state) else {
        return Err(type_error("function takes exactly 2 arguments"));
    };
    this.rlock_count.set(unicode::ssize(count)? as usize);
    this.rlock_owner.set(unicode::ssize(owner)? as usize);
    Ok(none())
}

fn rlock_reinit(this: &RLockObject) -> PyResult {
    this.rlock_count.set(0);
    this.rlock_owner.set(0);
    Ok(none())
}

fn rlock_repr(this: &RLockObject) -> PyResult {
    let state = if this.rlock_count.get() > 0 {
        "locked"
    } else {
        "unlocked"
    };
    let text = format!(
        "<{state} {} object owner={} count={} at {:p}>",
        this.as_object().type_().name(),
        this.rlock_owner.get(),
        this.rlock_count.get(),
        this.as_object()
    );
    Ok(unicode::from_str(&text)?.upcast())
}

methods! {
    static RLOCK_METHODS:
    "acquire" => varargs_keywords(rlock_acquire);
    "release" => noargs(rlock_release);
    "_is_owned" => noargs(rlock_is_owned);
    "_acquire_restore" => varargs(rlock_acquire_restore);
    "_release_save" => noargs(rlock_release_save);
    "__enter__" => varargs_keywords(rlock_acquire);
    "__exit__" => varargs(rlock_exit);
    "_at_fork_reinit" => noargs(rlock_reinit);
}

static_type! {
    /// `_thread.RLock`.
    rlock_type = "_thread.RLock", size size_of::<RLockObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE;
    tp_dealloc: slot!(dealloc RLockObject::dealloc),
    tp_repr: slot!(unary rlock_repr),
    tp_traverse: slot!(traverse RLockObject::traverse),
    tp_weaklistoffset: offset_of!(RLockObject, in_weakreflist) as isize,
    tp_methods: RLOCK_METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new rlock_new),
    tp_free: Some(memory::object_gc_free),
}

object_struct! {
    /// `_thread._local`: with one thread, its dict is an attribute of its own.
    pub struct LocalObject {
        dict: Pointer<PyDictObject>,
        args: Pointer<PyObject>,
        kw: Pointer<PyObject>,
        weakreflist: Cell<*const PyObject>,
        thread_state: Cell<usize>,
    }
}

fn local_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let given =
        !tuple::items(args).is_empty() || kwargs.is_some_and(|kwargs| kwargs.ma_used.get() > 0);
    let plain = type_.tp_init.get().is_none_or(|init| {
        types::PyBaseObject_Type
            .tp_init
            .get()
            .is_some_and(|base| std::ptr::fn_addr_eq(init, base))
    });
    if given && plain {
        return Err(type_error("Initialization arguments are not supported"));
    }
    let made = LocalObject::alloc(type_)?;
    made.args.put(Some(Own::new(args).upcast()));
    made.kw.put(kwargs.map(|kwargs| Own::new(kwargs).upcast()));
    made.dict.put(Some(dict::new()?));
    Ok(made.upcast())
}

getset! {
    static LOCAL_GETSET:
    "__dict__" => twinheap_objects::descr::subtype_dict;
}

static_type! {
    /// `_thread._local`.
    local_type = "_thread._local", size size_of::<LocalObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE;
    tp_dealloc: slot!(dealloc LocalObject::dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse LocalObject::traverse),
    tp_clear: slot!(clear LocalObject::clear),
    tp_weaklistoffset: offset_of!(LocalObject, weakreflist) as isize,
    tp_dictoffset: offset_of!(LocalObject, dict) as isize,
    tp_getset: LOCAL_GETSET.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new local_new),
    tp_free: Some(memory::object_gc_free),
}

fn new_lock() -> PyResult<Own<LockObject>> {
    let object: *mut LockObject = memory::new_gc_object(&lock_type, size_of::<LockObject>())?;
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        (*object).lock_lock.set(0);
        (*object).in_weakreflist.set(std::ptr::null());
        (*object).locked.set(0);
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

fn allocate_lock(_: &PyObject) -> PyResult {
    Ok(new_lock()?.upcast())
}

fn get_ident(_: &PyObject) -> PyResult {
    long::from_usize(ident())
}

fn get_native_id(_: &PyObject) -> PyResult {
    // SAFETY: asks for the identity of this thread.
    long::from_isize(unsafe { libc::syscall(libc::SYS_gettid) } as isize)
}

fn start_new_thread(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(errors::not_implemented("this VM cannot start threads yet"))
}

fn count(_: &PyObject) -> PyResult {
    long::from_isize(0)
}

fn stack_size(_: &PyObject, args: &PyTupleObject) -> PyResult {
    call::check_positional("stack_size", tuple::items(args).len(), 0, 1)?;
    long::from_isize(0)
}

fn exit_thread(_: &PyObject) -> PyResult {
    Err(errors::raise_none(
        &twinheap_objects::exceptions::PyExc_SystemExit,
    ))
}

fn interrupt_main(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(errors::raise_none(
        &twinheap_objects::exceptions::PyExc_KeyboardInterrupt,
    ))
}

fn set_sentinel(_: &PyObject) -> PyResult {
    Ok(new_lock()?.upcast())
}

methods! {
    static FUNCTIONS:
    "start_new_thread" => varargs(start_new_thread);
    "start_new" => varargs(start_new_thread);
    "allocate_lock" => noargs(allocate_lock);
    "allocate" => noargs(allocate_lock);
    "exit_thread" => noargs(exit_thread);
    "exit" => noargs(exit_thread);
    "interrupt_main" => varargs(interrupt_main);
    "get_ident" => noargs(get_ident);
    "get_native_id" => noargs(get_native_id);
    "_count" => noargs(count);
    "stack_size" => varargs(stack_size);
    "_set_sentinel" => noargs(set_sentinel);
}

static EXCEPT_HOOK_ARGS: twinheap_objects::struct_sequence::StructSequenceType =
    twinheap_objects::struct_sequence::StructSequenceType::new(
        twinheap_objects::struct_sequence::Description {
            name: "_thread._ExceptHookArgs",
            fields: &["exc_type", "exc_value", "exc_traceback", "thread"],
            visible: 4,
            instantiable: true,
        },
    );

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_thread", FUNCTIONS, &[&rlock_type, &local_type])?;
    types::ready(&lock_type)?;
    module::add(&made, "LockType", lock_type.as_object())?;
    module::add(&made, "error", PyExc_RuntimeError.as_object())?;
    module::add(
        &made,
        "TIMEOUT_MAX",
        &*twinheap_objects::float::from_f64(TIMEOUT_MAX)?,
    )?;
    module::add(
        &made,
        "_ExceptHookArgs",
        EXCEPT_HOOK_ARGS.get()?.as_object(),
    )?;
    Ok(made)
}
