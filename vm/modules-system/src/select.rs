//! `select` (`Modules/selectmodule.c`): waiting for descriptors, by `select`, `poll` and `epoll`.

use crate::arguments::{descriptor, failure, int, last_errno, pack};
use crate::prelude::*;
use std::time::{Duration, Instant};
use twinheap_objects::exceptions::{
    PyExc_KeyError, PyExc_OSError, PyExc_TypeError, raise_os_error,
};
use twinheap_objects::gil::without_gil;
use twinheap_objects::seconds;
use twinheap_objects::signals;

/// The highest descriptor that a set of `select` holds, and one more.
const FD_SETSIZE: c_int = 1024;

/// What is left until a moment, in milliseconds, rounded up; -1 without one.
fn milliseconds_left(until: Option<Instant>) -> c_int {
    let Some(until) = until else {
        return -1;
    };
    let left = until.saturating_duration_since(Instant::now());
    left.as_nanos().div_ceil(1_000_000).min(c_int::MAX as u128) as c_int
}

/// The time limit of `select` and `epoll.poll`, in seconds.
fn limit_in_seconds(given: Option<&PyObject>) -> PyResult<Option<i64>> {
    let Some(given) = given.filter(|given| !given.is_none()) else {
        return Ok(None);
    };
    seconds::nanoseconds(given).map(Some).map_err(|raised| {
        if !errors::matches(&PyExc_TypeError) {
            return raised;
        }
        errors::discard(raised);
        type_error("timeout must be a float or None")
    })
}

fn moment(nanoseconds: i64) -> Instant {
    Instant::now() + Duration::from_nanos(nanoseconds.max(0) as u64)
}

/// The objects of a sequence with their descriptors.
fn watched(sequence: &PyObject) -> PyResult<Vec<(Own, c_int)>> {
    let items = abstract_::fast_sequence(sequence, "arguments 1-3 must be sequences")?;
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(item) = abstract_::fast_items(&items).get(at).copied().map(Own::new) {
        let fd = descriptor(&item)?;
        if fd >= FD_SETSIZE {
            return Err(value_error("filedescriptor out of range in select()"));
        }
        found.push((item, fd));
        if found.len() > FD_SETSIZE as usize {
            return Err(value_error("too many file descriptors in select()"));
        }
        at += 1;
    }
    Ok(found)
}

fn select(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("select", args.len(), 3, 4)?;
    let limit = limit_in_seconds(args.get(3).copied())?;
    if limit.is_some_and(|limit| limit < 0) {
        return Err(value_error("timeout must be non-negative"));
    }
    let sets = [watched(args[0])?, watched(args[1])?, watched(args[2])?];
    let highest = sets.iter().flatten().map(|(_, fd)| *fd).max();
    let until = limit.map(moment);
    let found = loop {
        // SAFETY: all zero is an empty set; the descriptors fit into the sets.
        let (count, ready) = without_gil(|| unsafe {
            let mut ready: [libc::fd_set; 3] = std::mem::zeroed();
            for (set, items) in ready.iter_mut().zip(&sets) {
                items.iter().for_each(|(_, fd)| libc::FD_SET(*fd, set));
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let mut time = left.map(|left| libc::timeval {
                tv_sec: left.as_secs() as i64,
                tv_usec: i64::from(left.subsec_nanos().div_ceil(1000)),
            });
            if let Some(time) = &mut time
                && time.tv_usec == 1_000_000
            {
                (time.tv_sec, time.tv_usec) = (time.tv_sec + 1, 0);
            }
            let [reading, writing, special] = &mut ready;
            let count = libc::select(
                highest.map_or(0, |highest| highest + 1),
                reading,
                writing,
                special,
                time.as_mut()
                    .map_or(std::ptr::null_mut(), |time| time as *mut _),
            );
            (count, ready)
        });
        if count >= 0 {
            break ready;
        }
        if last_errno() != libc::EINTR {
            return Err(failure());
        }
        signals::check()?;
    };
    let mut lists = Vec::new();
    for (set, items) in found.iter().zip(sets) {
        // SAFETY: the descriptors fit into the set.
        let ready = items
            .into_iter()
            .filter(|(_, fd)| unsafe { libc::FD_ISSET(*fd, set) });
        lists.push(list::from_vec(ready.map(|(item, _)| item).collect())?.upcast());
    }
    pack(lists)
}

object_struct! {
    /// `pollObject`: the entries are made anew for each call, so that `ufds` is never there.
    pub struct PollObject {
        dict: Pointer<PyDictObject>,
        ufd_uptodate: Cell<i32>,
        ufd_len: Cell<i32>,
        ufds: Cell<usize>,
        poll_running: Cell<i32>,
    }
}

fn new_poll(_: &PyObject) -> PyResult {
    let made = PollObject::alloc(&poll_Type)?;
    made.dict.put(Some(dict::new()?));
    Ok(made.upcast())
}

/// `_PyLong_UnsignedShort_Converter`.
fn event_mask(given: &PyObject) -> PyResult<u16> {
    let number = abstract_::index(given)?;
    if number.ob_base.ob_size.get() < 0 {
        return Err(value_error("value must be positive"));
    }
    match long::to_i64(&number) {
        Some(value) => u16::try_from(value)
            .map_err(|_| overflow_error("Python int too large for C unsigned short")),
        None => Err(overflow_error(
            "Python int too large to convert to C unsigned long",
        )),
    }
}

fn poll_register(this: &PollObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("register", args.len(), 1, 2)?;
    let fd = int(descriptor(args[0])?)?;
    let default = (libc::POLLIN | libc::POLLPRI | libc::POLLOUT) as u16;
    let events = args.get(1).map_or(Ok(default), |mask| event_mask(mask))?;
    dict::set_item(this.dict.expect_ref(), &fd, &*int(events)?)?;
    this.ufd_uptodate.set(0);
    Ok(none())
}

fn poll_modify(this: &PollObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("modify", args.len(), 2, 2)?;
    let fd = int(descriptor(args[0])?)?;
    let events = event_mask(args[1])?;
    if !dict::contains(this.dict.expect_ref(), &fd)? {
        return Err(raise_os_error(libc::ENOENT, None));
    }
    dict::set_item(this.dict.expect_ref(), &fd, &*int(events)?)?;
    this.ufd_uptodate.set(0);
    Ok(none())
}

fn poll_unregister(this: &PollObject, object: &PyObject) -> PyResult {
    let fd = int(descriptor(object)?)?;
    if !dict::remove(this.dict.expect_ref(), &fd)? {
        return Err(errors::raise_object(&PyExc_KeyError, Some(fd)));
    }
    this.ufd_uptodate.set(0);
    Ok(none())
}

/// The time limit of `poll.poll`, in milliseconds.
fn limit_in_milliseconds(given: Option<&PyObject>) -> PyResult<Option<i64>> {
    let Some(given) = given.filter(|given| !given.is_none()) else {
        return Ok(None);
    };
    let milliseconds = if let Some(value) = given.downcast_ref::<PyFloatObject>() {
        let value = float::value(value);
        if value.is_nan() {
            return Err(value_error("Invalid value NaN (not a number)"));
        }
        value.ceil() as i64
    } else if abstract_::has_index(given) {
        let number = abstract_::index(given)?;
        long::to_i64(&number)
            .ok_or_else(|| overflow_error("timestamp too large to convert to C _PyTime_t"))?
    } else {
        return Err(type_error("timeout must be an integer or None"));
    };
    if !(i64::from(c_int::MIN)..=i64::from(c_int::MAX)).contains(&milliseconds) {
        return Err(overflow_error("timeout is too large"));
    }
    Ok((milliseconds >= 0).then_some(milliseconds))
}

fn poll_poll(this: &PollObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("poll", args.len(), 0, 1)?;
    let limit = limit_in_milliseconds(args.first().copied())?;
    if this.poll_running.get() != 0 {
        return Err(runtime_error("concurrent poll() invocation"));
    }
    let mut entries = Vec::new();
    for (fd, events) in dict::entries(this.dict.expect_ref()) {
        entries.push(libc::pollfd {
            fd: long::as_int(fd)?,
            events: long::as_long(events)? as i16,
            revents: 0,
        });
    }
    let until = limit.map(|limit| moment(limit * 1_000_000));
    this.poll_running.set(1);
    let count = loop {
        let left = milliseconds_left(until);
        // SAFETY: the array has the length that is told.
        let count = without_gil(|| unsafe {
            libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, left)
        });
        if count >= 0 || last_errno() != libc::EINTR {
            break count;
        }
        if let Err(raised) = signals::check() {
            this.poll_running.set(0);
            return Err(raised);
        }
    };
    this.poll_running.set(0);
    if count < 0 {
        return Err(failure());
    }
    let ready = entries.iter().filter(|entry| entry.revents != 0);
    let pairs: PyResult<Vec<Own>> = ready
        .map(|entry| pack(vec![int(entry.fd)?, int(entry.revents as u16)?]))
        .collect();
    Ok(list::from_vec(pairs?)?.upcast())
}

methods! {
    static POLL_METHODS:
    "register" => fast(poll_register, "($self, fd,\n         eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT, /)");
    "modify" => fast(poll_modify, "($self, fd, eventmask, /)");
    "unregister" => o(poll_unregister, "($self, fd, /)");
    "poll" => fast(poll_poll, "($self, timeout=None, /)");
}

static_type! {
    /// `select.poll`.
    poll_Type = "select.poll", size size_of::<PollObject>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc PollObject::dealloc),
    tp_methods: POLL_METHODS.as_ptr(),
}

object_struct! {
    /// `pyEpoll_Object`.
    pub struct EpollObject {
        epfd: Cell<i32>,
    }
}

typed!(EpollObject, pyEpoll_Type);

impl EpollObject {
    fn fd(&self) -> PyResult<c_int> {
        match self.epfd.get() {
            fd if fd < 0 => Err(value_error("I/O operation on closed epoll object")),
            fd => Ok(fd),
        }
    }

    fn close(&self) -> c_int {
        match self.epfd.replace(-1) {
            fd if fd < 0 => 0,
            // SAFETY: the descriptor was the object's own.
            fd => unsafe { libc::close(fd) },
        }
    }
}

fn epoll_of(type_: &PyTypeObject, fd: c_int) -> PyResult {
    let made = EpollObject::alloc(type_)?;
    made.epfd.set(fd);
    Ok(made.upcast())
}

fn epoll_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "epoll",
        parameters: &["sizehint", "flags"],
        required: 0,
        positional: 2,
    };
    let [size, flags] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let size = size.map_or(Ok(-1), long::as_int)?;
    let flags = flags.map_or(Ok(0), long::as_int)?;
    if size < -1 || size == 0 {
        return Err(value_error("negative sizehint"));
    }
    if flags != 0 && flags != libc::EPOLL_CLOEXEC {
        return Err(errors::raise(&PyExc_OSError, "invalid flags"));
    }
    // SAFETY: opens a descriptor.
    match unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) } {
        -1 => Err(failure()),
        fd => epoll_of(type_, fd),
    }
}

fn epoll_fromfd(type_: &PyTypeObject, fd: &PyObject) -> PyResult {
    epoll_of(type_, long::as_int(fd)?)
}

fn epoll_close(this: &EpollObject) -> PyResult {
    if this.close() < 0 {
        return Err(failure());
    }
    Ok(none())
}

fn epoll_fileno(this: &EpollObject) -> PyResult {
    int(this.fd()?)
}

fn control(this: &EpollObject, operation: c_int, fd: &PyObject, events: u32) -> PyResult {
    let epoll = this.fd()?;
    let fd = descriptor(fd)?;
    let mut event = libc::epoll_event {
        events,
        u64: fd as u64,
    };
    // SAFETY: one event.
    if unsafe { libc::epoll_ctl(epoll, operation, fd, &mut event) } < 0 {
        return Err(failure());
    }
    Ok(none())
}

/// An event mask of the kernel's queue.
fn wide_mask(given: &PyObject) -> PyResult<u32> {
    Ok(crate::arguments::unsigned_low(given)? as u32)
}

fn epoll_register(this: &EpollObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "register",
        parameters: &["fd", "eventmask"],
        required: 1,
        positional: 2,
    };
    let [fd, mask] = args.bind::<2>(&SIGNATURE)?;
    let default = (libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLOUT) as u32;
    let mask = mask.map_or(Ok(default), wide_mask)?;
    control(this, libc::EPOLL_CTL_ADD, fd.expect("required"), mask)
}

fn epoll_modify(this: &EpollObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "modify",
        parameters: &["fd", "eventmask"],
        required: 2,
        positional: 2,
    };
    let [fd, mask] = args.bind::<2>(&SIGNATURE)?;
    let mask = wide_mask(mask.expect("required"))?;
    control(this, libc::EPOLL_CTL_MOD, fd.expect("required"), mask)
}

fn epoll_unregister(this: &EpollObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "unregister",
        parameters: &["fd"],
        required: 1,
        positional: 1,
    };
    let [fd] = args.bind::<1>(&SIGNATURE)?;
    control(this, libc::EPOLL_CTL_DEL, fd.expect("required"), 0)
}

fn epoll_poll(this: &EpollObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "poll",
        parameters: &["timeout", "maxevents"],
        required: 0,
        positional: 2,
    };
    let [timeout, most] = args.bind::<2>(&SIGNATURE)?;
    let most = most.map_or(Ok(-1), long::as_int)?;
    let fd = this.fd()?;
    let limit = limit_in_seconds(timeout)?;
    let most = match most {
        -1 => FD_SETSIZE - 1,
        most if most < 1 => {
            return Err(value_error(format_args!(
                "maxevents must be greater than 0, got {most}"
            )));
        }
        most => most,
    };
    let until = limit.filter(|limit| *limit >= 0).map(moment);
    let mut events: Vec<libc::epoll_event> = Vec::new();
    memory::reserve(&mut events, most as usize)?;
    let count = loop {
        let left = milliseconds_left(until);
        // SAFETY: there is room for as many events as are asked for.
        let count =
            without_gil(|| unsafe { libc::epoll_wait(fd, events.as_mut_ptr(), most, left) });
        if count >= 0 {
            break count;
        }
        if last_errno() != libc::EINTR {
            return Err(failure());
        }
        signals::check()?;
    };
    // SAFETY: the kernel has filled so many.
    unsafe { events.set_len(count as usize) };
    let pairs: PyResult<Vec<Own>> = events
        .iter()
        .map(|event| {
            let (fd, events) = (event.u64, event.events);
            pack(vec![int(fd as c_int)?, int(events)?])
        })
        .collect();
    Ok(list::from_vec(pairs?)?.upcast())
}

fn epoll_enter(this: &EpollObject) -> PyResult {
    this.fd()?;
    Ok(Own::new(this).upcast())
}

fn epoll_exit(this: &EpollObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("__exit__", args.len(), 0, 3)?;
    call::call_method(this.as_object(), id!("close"), &[])
}

fn epoll_closed(this: &EpollObject) -> PyResult {
    Ok(bool_object(this.epfd.get() < 0))
}

unsafe fn epoll_dealloc(this: *mut EpollObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        (*this).close();
        EpollObject::dealloc(this);
    }
}

methods! {
    static EPOLL_METHODS:
    "fromfd" => o(epoll_fromfd, "($type, fd, /)") | METH_CLASS;
    "close" => noargs(epoll_close, "($self, /)");
    "fileno" => noargs(epoll_fileno, "($self, /)");
    "modify" => keywords(epoll_modify, "($self, /, fd, eventmask)");
    "register" => keywords(epoll_register, "($self, /, fd,\n         eventmask=select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)");
    "unregister" => keywords(epoll_unregister, "($self, /, fd)");
    "poll" => keywords(epoll_poll, "($self, /, timeout=None, maxevents=-1)");
    "__enter__" => noargs(epoll_enter, "($self, /)");
    "__exit__" => fast(epoll_exit, "($self, exc_type=None, exc_value=None, exc_tb=None, /)");
}

getset! {
    static EPOLL_GETSET:
    "closed" => epoll_closed;
}

static_type! {
    /// `select.epoll`.
    pyEpoll_Type = "select.epoll", size size_of::<EpollObject>(), 0, flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc epoll_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_methods: EPOLL_METHODS.as_ptr(),
    tp_getset: EPOLL_GETSET.as_ptr(),
    tp_new: slot!(new epoll_new),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_free: Some(memory::object_free),
}

methods! {
    static FUNCTIONS:
    "select" => fast(select, "($module, rlist, wlist, xlist, timeout=None, /)");
    "poll" => noargs(new_poll, "($module, /)");
}

const NUMBERS: &[(&str, i64)] = &[
    ("PIPE_BUF", 4096),
    ("POLLIN", 1),
    ("POLLPRI", 2),
    ("POLLOUT", 4),
    ("POLLERR", 8),
    ("POLLHUP", 16),
    ("POLLNVAL", 32),
    ("POLLRDNORM", 64),
    ("POLLRDBAND", 128),
    ("POLLWRNORM", 256),
    ("POLLWRBAND", 512),
    ("POLLMSG", 1024),
    ("POLLRDHUP", 8192),
    ("EPOLLIN", 1),
    ("EPOLLOUT", 4),
    ("EPOLLPRI", 2),
    ("EPOLLERR", 8),
    ("EPOLLHUP", 16),
    ("EPOLLRDHUP", 8192),
    ("EPOLLET", 2147483648),
    ("EPOLLONESHOT", 1073741824),
    ("EPOLLEXCLUSIVE", 268435456),
    ("EPOLLRDNORM", 64),
    ("EPOLLRDBAND", 128),
    ("EPOLLWRNORM", 256),
    ("EPOLLWRBAND", 512),
    ("EPOLLMSG", 1024),
    ("EPOLL_CLOEXEC", 524288),
];

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("select", FUNCTIONS, &[])?;
    module::add(&made, "error", PyExc_OSError.as_object())?;
    module::ready_heap_type(&poll_Type)?;
    module::add_heap_type(&made, "epoll", &pyEpoll_Type)?;
    for (name, value) in NUMBERS {
        module::add_int(&made, name, *value)?;
    }
    Ok(made)
}
