//! `_thread.lock` and `_thread.RLock`.

use crate::prelude::*;
use std::time::Duration;
use twinheap_objects::exceptions::PyExc_RuntimeError;
use twinheap_objects::lock::SystemLock;
use twinheap_objects::seconds;
use twinheap_objects::state::tstate;

object_struct! {
    /// `lockobject`.
    pub struct LockObject {
        lock_lock: SystemLock,
        in_weakreflist: Cell<*const PyObject>,
        locked: Cell<i8>,
    }
}

object_struct! {
    /// `rlockobject`.
    pub struct RLockObject {
        rlock_lock: SystemLock,
        rlock_owner: Cell<usize>,
        rlock_count: Cell<usize>,
        in_weakreflist: Cell<*const PyObject>,
    }
}

typed!(LockObject, lock_type);

/// The longest wait, in seconds.
pub const TIMEOUT_MAX: f64 = 9_223_372_036.0;

/// `lock_acquire_parse_args`: how long to wait; nothing stands for ever.
fn limit_of(args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<Option<Duration>> {
    static SIGNATURE: Signature = Signature {
        name: "acquire",
        parameters: &["blocking", "timeout"],
        required: 0,
        positional: 2,
    };
    const FOR_EVER: i64 = -1_000_000_000;
    let [blocking, timeout] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let blocking = blocking.map_or(Ok(1), long::as_int)? != 0;
    let timeout = timeout.map_or(Ok(FOR_EVER), seconds::nanoseconds)?;
    if !blocking && timeout != FOR_EVER {
        return Err(value_error(
            "can't specify a timeout for a non-blocking call",
        ));
    }
    if timeout < 0 && timeout != FOR_EVER {
        return Err(value_error("timeout value must be positive"));
    }
    Ok(match timeout {
        _ if !blocking => Some(Duration::ZERO),
        FOR_EVER => None,
        timeout => Some(seconds::duration(timeout)),
    })
}

/// The identity of this thread.
pub fn ident() -> usize {
    // SAFETY: asks for the identity of this thread.
    unsafe { libc::pthread_self() as usize }
}

pub fn new_lock() -> PyResult<Own<LockObject>> {
    let made: *mut LockObject = memory::new_gc_object(&lock_type, size_of::<LockObject>())?;
    // SAFETY: fresh memory, whose fields are zeroed, tracked once they are set.
    let made = unsafe {
        let header = size_of::<PyObject>();
        let rest = size_of::<LockObject>() - header;
        std::ptr::write_bytes(made.cast::<u8>().add(header), 0, rest);
        memory::track(made.cast());
        Own::from_raw(made)
    };
    made.lock_lock.allocate()?;
    Ok(made)
}

impl LockObject {
    /// Gives the lock back if anybody has it.
    pub fn release_if_locked(&self) {
        if self.locked.get() != 0 {
            self.locked.set(0);
            self.lock_lock.unlock();
        }
    }
}

fn lock_acquire(
    this: &LockObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let limit = limit_of(args, kwargs)?;
    let acquired = this.lock_lock.acquire(limit)?;
    if acquired {
        this.locked.set(1);
    }
    Ok(bool_object(acquired))
}

fn lock_release(this: &LockObject) -> PyResult {
    if this.locked.get() == 0 {
        return Err(errors::raise(&PyExc_RuntimeError, "release unlocked lock"));
    }
    this.release_if_locked();
    Ok(none())
}

fn lock_exit(this: &LockObject, _: &PyTupleObject) -> PyResult {
    lock_release(this)
}

fn lock_locked(this: &LockObject) -> PyResult {
    Ok(bool_object(this.locked.get() != 0))
}

fn lock_reinit(this: &LockObject) -> PyResult {
    this.lock_lock.reset();
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

fn rlock_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = RLockObject::alloc(type_)?;
    made.rlock_lock.allocate()?;
    Ok(made.upcast())
}

fn is_mine(this: &RLockObject) -> bool {
    this.rlock_count.get() > 0 && this.rlock_owner.get() == ident()
}

fn rlock_acquire(
    this: &RLockObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let limit = limit_of(args, kwargs)?;
    if is_mine(this) {
        let Some(count) = this.rlock_count.get().checked_add(1) else {
            return Err(overflow_error("Internal lock count overflowed"));
        };
        this.rlock_count.set(count);
        return Ok(bool_object(true));
    }
    let acquired = this.rlock_lock.acquire(limit)?;
    if acquired {
        this.rlock_owner.set(ident());
        this.rlock_count.set(1);
    }
    Ok(bool_object(acquired))
}

fn not_acquired() -> errors::Raised {
    errors::raise(&PyExc_RuntimeError, "cannot release un-acquired lock")
}

fn rlock_release(this: &RLockObject) -> PyResult {
    if !is_mine(this) {
        return Err(not_acquired());
    }
    this.rlock_count.set(this.rlock_count.get() - 1);
    if this.rlock_count.get() == 0 {
        this.rlock_owner.set(0);
        this.rlock_lock.unlock();
    }
    Ok(none())
}

fn rlock_exit(this: &RLockObject, _: &PyTupleObject) -> PyResult {
    rlock_release(this)
}

fn rlock_is_owned(this: &RLockObject) -> PyResult {
    Ok(bool_object(is_mine(this)))
}

fn rlock_recursion_count(this: &RLockObject) -> PyResult {
    long::from_usize(if is_mine(this) {
        this.rlock_count.get()
    } else {
        0
    })
}

fn rlock_release_save(this: &RLockObject) -> PyResult {
    if this.rlock_count.get() == 0 {
        return Err(not_acquired());
    }
    let saved = [
        long::from_usize(this.rlock_count.replace(0))?,
        long::from_usize(this.rlock_owner.replace(0))?,
    ];
    this.rlock_lock.unlock();
    Ok(tuple::from_vec(saved.into())?.upcast())
}

fn rlock_acquire_restore(this: &RLockObject, args: &PyTupleObject) -> PyResult {
    call::check_positional("_acquire_restore", tuple::items(args).len(), 1, 1)?;
    let given = tuple::items(args)[0];
    let state = given.downcast_ref::<PyTupleObject>().map(tuple::items);
    let Some(&[count, owner]) = state else {
        return Err(type_error(format_args!(
            "_acquire_restore() argument 1 must be 2-item sequence, not {}",
            given.type_().name()
        )));
    };
    let (count, owner) = (unicode::ssize(count)?, unicode::ssize(owner)?);
    this.rlock_lock.acquire_uninterrupted();
    this.rlock_count.set(count as usize);
    this.rlock_owner.set(owner as usize);
    Ok(none())
}

fn rlock_reinit(this: &RLockObject) -> PyResult {
    this.rlock_lock.reset();
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
    "_recursion_count" => noargs(rlock_recursion_count);
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

/// `release_sentinel`: the thread has ended; whoever waits for its lock may go on.
fn release_sentinel(reference: Own) {
    if let Some(lock) = weakref::target(&reference)
        && let Some(lock) = lock.downcast_ref::<LockObject>()
    {
        lock.release_if_locked();
    }
}

/// `_set_sentinel`: a lock that is released when this thread's state ends.
pub fn set_sentinel(_: &PyObject) -> PyResult {
    let state = tstate();
    state.on_delete.set(None);
    state.on_delete_data.clear();
    let lock = new_lock()?;
    let reference = weakref::new_reference(lock.as_object())?;
    state.on_delete_data.put(Some(reference));
    state.on_delete.set(Some(release_sentinel));
    Ok(lock.upcast())
}
