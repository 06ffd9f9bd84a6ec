//! `_socket.socket`: a descriptor with its family, kind, protocol and time limit.

use super::address::{Address, from_argument};
use crate::arguments::{c_integer, failure, int, last_errno, pack, parse};
use crate::prelude::*;
use std::time::{Duration, Instant};
use twinheap_objects::exceptions::{
    PyExc_OSError, PyExc_ResourceWarning, PyExc_TimeoutError, raise_os_error,
};
use twinheap_objects::gil::without_gil;
use twinheap_objects::seconds;
use twinheap_objects::signals;
use twinheap_objects::state::Global;
use twinheap_objects::warnings;

/// A time limit in nanoseconds; none is -1 seconds.
pub const NO_LIMIT: i64 = -1_000_000_000;

/// The time limit of new sockets.
pub static DEFAULT_TIMEOUT: Global<Cell<i64>> = Global(Cell::new(NO_LIMIT));

object_struct! {
    /// `PySocketSockObject`.
    pub struct SocketObject {
        sock_fd: Cell<i32>,
        sock_family: Cell<i32>,
        sock_type: Cell<i32>,
        sock_proto: Cell<i32>,
        errorhandler: Cell<usize>,
        sock_timeout: Cell<i64>,
    }
}

typed!(SocketObject, sock_type);

/// What a call waits for.
#[derive(Clone, Copy)]
pub enum For {
    Reading,
    Writing,
    Connecting,
}

fn timed_out() -> errors::Raised {
    errors::raise(&PyExc_TimeoutError, "timed out")
}

impl SocketObject {
    pub fn fd(&self) -> c_int {
        self.sock_fd.get()
    }

    /// Waits until the descriptor is ready, at most until a moment; false where time ran out.
    fn wait(&self, wanted: For, until: Instant) -> PyResult<bool> {
        let events = match wanted {
            For::Reading => libc::POLLIN,
            For::Writing => libc::POLLOUT,
            For::Connecting => libc::POLLOUT | libc::POLLERR,
        };
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let left = left.as_nanos().div_ceil(1_000_000).min(c_int::MAX as u128);
            let mut polled = libc::pollfd {
                fd: self.fd(),
                events,
                revents: 0,
            };
            // SAFETY: one entry.
            let ready = without_gil(|| unsafe { libc::poll(&mut polled, 1, left as c_int) });
            if ready < 0 {
                if last_errno() != libc::EINTR {
                    return Err(failure());
                }
                signals::check()?;
            }
            if ready > 0 {
                return Ok(true);
            }
            if ready == 0 && until <= Instant::now() {
                return Ok(false);
            }
        }
    }

    /// The moment at which the time limit of a call that begins now has passed.
    pub fn deadline(&self) -> Option<Instant> {
        let limit = self.sock_timeout.get();
        (limit > 0).then(|| Instant::now() + Duration::from_nanos(limit as u64))
    }

    /// `sock_call`: makes a call, again where a signal interrupts it or it would have waited.
    pub fn call(&self, wanted: For, act: impl FnMut() -> isize) -> PyResult<isize> {
        self.call_until(wanted, self.deadline(), act)
    }

    pub fn call_until(
        &self,
        wanted: For,
        deadline: Option<Instant>,
        mut act: impl FnMut() -> isize,
    ) -> PyResult<isize> {
        loop {
            if let Some(until) = deadline
                && !self.wait(wanted, until)?
            {
                return Err(timed_out());
            }
            let result = without_gil(&mut act);
            if result >= 0 {
                return Ok(result);
            }
            match last_errno() {
                libc::EINTR => signals::check()?,
                code if deadline.is_some()
                    && (code == libc::EWOULDBLOCK || code == libc::EAGAIN) => {}
                _ => return Err(failure()),
            }
        }
    }

    /// `internal_setblocking`.
    pub fn set_blocking(&self, blocking: bool) -> PyResult<()> {
        let mut flag = c_int::from(!blocking);
        // SAFETY: sets a flag of the descriptor.
        if unsafe { libc::ioctl(self.fd(), libc::FIONBIO, &mut flag) } < 0 {
            return Err(failure());
        }
        Ok(())
    }

    /// `init_sockobject`.
    pub fn fill(&self, fd: c_int, family: c_int, kind: c_int, protocol: c_int) -> PyResult<()> {
        self.sock_fd.set(fd);
        self.sock_family.set(family);
        self.sock_type
            .set(kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC));
        self.sock_proto.set(protocol);
        if kind & libc::SOCK_NONBLOCK != 0 {
            self.sock_timeout.set(0);
            return Ok(());
        }
        self.sock_timeout.set(DEFAULT_TIMEOUT.get());
        if DEFAULT_TIMEOUT.get() >= 0 {
            self.set_blocking(false)?;
        }
        Ok(())
    }

    fn address_argument(&self, object: &PyObject, function: &str) -> PyResult<Address> {
        from_argument(self.sock_family.get(), object, function)
    }
}

/// A socket of a descriptor that is already open.
pub fn new_socket(fd: c_int, family: c_int, kind: c_int, protocol: c_int) -> PyResult {
    let made = SocketObject::alloc(&sock_type)?;
    made.fill(fd, family, kind, protocol)?;
    Ok(made.upcast())
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = SocketObject::alloc(type_)?;
    made.sock_fd.set(-1);
    made.sock_timeout.set(NO_LIMIT);
    Ok(made.upcast())
}

/// A value that the system knows of a descriptor; -1 where it knows none.
fn known_of(fd: c_int, option: c_int) -> PyResult<c_int> {
    let mut value: c_int = 0;
    let mut length = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: the value has the length that is told.
    let status = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            option,
            (&raw mut value).cast(),
            &mut length,
        )
    };
    if status < 0 {
        Err(failure())
    } else {
        Ok(value)
    }
}

fn adopted(fd: c_int, wanted: [c_int; 3]) -> PyResult<[c_int; 3]> {
    let mut address = Address::empty();
    let mut length = address.length();
    // SAFETY: the address has the length that is told.
    let status = unsafe { libc::getsockname(fd, address.pointer_mut(), &mut length) };
    let [mut family, mut kind, mut protocol] = wanted;
    if status < 0 {
        if family == -1 || matches!(last_errno(), libc::EBADF | libc::ENOTSOCK) {
            return Err(failure());
        }
    } else if family == -1 {
        family = c_int::from(address.family());
    }
    if kind == -1 {
        kind = known_of(fd, libc::SO_TYPE)?;
    }
    if protocol == -1 {
        protocol = known_of(fd, libc::SO_PROTOCOL)?;
    }
    Ok([family, kind, protocol])
}

fn init(this: &SocketObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "socket",
        parameters: &["family", "type", "proto", "fileno"],
        required: 0,
        positional: 4,
    };
    let [family, kind, protocol, fileno] = call::bind_tuple::<4>(&SIGNATURE, args, kwargs)?;
    let number = |given: Option<&PyObject>| given.map_or(Ok(-1), c_integer);
    let (mut family, mut kind, mut protocol) = (number(family)?, number(kind)?, number(protocol)?);
    let fd;
    if let Some(fileno) = fileno.filter(|fileno| !fileno.is_none()) {
        if fileno.downcast_ref::<PyFloatObject>().is_some() {
            return Err(type_error("integer argument expected, got float"));
        }
        fd = long::as_int(fileno)?;
        if fd < 0 {
            return Err(value_error("negative file descriptor"));
        }
        [family, kind, protocol] = adopted(fd, [family, kind, protocol])?;
    } else {
        family = if family == -1 { libc::AF_INET } else { family };
        kind = if kind == -1 { libc::SOCK_STREAM } else { kind };
        protocol = if protocol == -1 { 0 } else { protocol };
        // SAFETY: opens a descriptor.
        fd = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) };
        if fd < 0 {
            return Err(failure());
        }
    }
    this.fill(fd, family, kind, protocol)
}

fn repr(this: &SocketObject) -> PyResult {
    let shown = format!(
        "<socket object, fd={}, family={}, type={}, proto={}>",
        this.fd(),
        this.sock_family.get(),
        this.sock_type.get(),
        this.sock_proto.get()
    );
    Ok(unicode::from_str(&shown)?.upcast())
}

/// A socket that nobody closed.
fn finalize(this: &SocketObject) -> PyResult<()> {
    let fd = this.sock_fd.replace(-1);
    if fd == -1 {
        return Ok(());
    }
    let mut writer = unicode::Writer::new();
    this.sock_fd.set(fd);
    writer.push_str("unclosed ");
    writer.push(&object::repr(this.as_object())?);
    let text = writer.finish()?;
    let warned = warnings::warn_resource(this.as_object(), &text);
    if let Err(raised) = warned {
        if errors::matches(&PyExc_ResourceWarning) {
            twinheap_objects::unraisable::report(raised, Some(this.as_object()));
        } else {
            errors::discard(raised);
        }
    }
    this.sock_fd.set(-1);
    // SAFETY: the descriptor was the object's own.
    unsafe { libc::close(fd) };
    Ok(())
}

unsafe extern "C" fn finalize_slot(this: *mut PyObject) {
    // SAFETY: called with a live socket.
    let socket: &SocketObject = unsafe { twinheap_objects::own::arg(this) };
    errors::preserving(|| {
        if let Err(raised) = finalize(socket) {
            errors::discard(raised);
        }
    });
}

unsafe fn dealloc(this: *mut SocketObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        if types::finalize_from_dealloc((*this).as_object()) {
            SocketObject::dealloc(this);
        }
    }
}

fn accept(this: &SocketObject) -> PyResult {
    let mut address = Address::empty();
    let fd = this.call(For::Reading, || {
        *address.length_mut() = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        let pointer = address.pointer_mut();
        // SAFETY: the address has the length that is told.
        unsafe {
            libc::accept4(this.fd(), pointer, address.length_mut(), libc::SOCK_CLOEXEC) as isize
        }
    })?;
    pack(vec![int(fd as i64)?, address.shown()?])
}

fn bind(this: &SocketObject, address: &PyObject) -> PyResult {
    let address = this.address_argument(address, "bind")?;
    // SAFETY: the address has the length that is told.
    crate::arguments::outcome(unsafe { libc::bind(this.fd(), address.pointer(), address.length()) })
}

fn close(this: &SocketObject) -> PyResult {
    let fd = this.sock_fd.replace(-1);
    if fd != -1 {
        // SAFETY: the descriptor was the object's own.
        let status = without_gil(|| unsafe { libc::close(fd) });
        if status < 0 && last_errno() != libc::ECONNRESET {
            return Err(failure());
        }
    }
    Ok(none())
}

/// Connects; the system's error, or none.
fn connected(this: &SocketObject, address: &Address) -> PyResult<c_int> {
    // SAFETY: the address has the length that is told.
    let status =
        without_gil(|| unsafe { libc::connect(this.fd(), address.pointer(), address.length()) });
    if status == 0 {
        return Ok(0);
    }
    let code = last_errno();
    let waits = match code {
        libc::EINTR => this.sock_timeout.get() != 0,
        libc::EINPROGRESS => this.sock_timeout.get() > 0,
        _ => false,
    };
    if !waits {
        return Ok(code);
    }
    let far = Instant::now() + Duration::from_secs(1 << 30);
    if !this.wait(For::Connecting, this.deadline().unwrap_or(far))? {
        return Ok(libc::EWOULDBLOCK);
    }
    known_of(this.fd(), libc::SO_ERROR)
}

fn connect(this: &SocketObject, address: &PyObject) -> PyResult {
    let address = this.address_argument(address, "connect")?;
    match connected(this, &address)? {
        0 => Ok(none()),
        libc::EWOULDBLOCK if this.sock_timeout.get() > 0 => Err(timed_out()),
        code => Err(raise_os_error(code, None)),
    }
}

fn connect_ex(this: &SocketObject, address: &PyObject) -> PyResult {
    let address = this.address_argument(address, "connect_ex")?;
    int(connected(this, &address)?)
}

fn detach(this: &SocketObject) -> PyResult {
    int(this.sock_fd.replace(-1))
}

fn fileno(this: &SocketObject) -> PyResult {
    int(this.fd())
}

fn name_of(
    this: &SocketObject,
    ask: unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> c_int,
) -> PyResult {
    let mut address = Address::empty();
    let pointer = address.pointer_mut();
    // SAFETY: the address has the length that is told.
    if unsafe { ask(this.fd(), pointer, address.length_mut()) } < 0 {
        return Err(failure());
    }
    address.shown()
}

fn getpeername(this: &SocketObject) -> PyResult {
    name_of(this, libc::getpeername)
}

fn getsockname(this: &SocketObject) -> PyResult {
    name_of(this, libc::getsockname)
}

fn getsockopt(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [level, option, length] = parse(args, "getsockopt", 2)?;
    let level = c_integer(level.expect("required"))?;
    let option = c_integer(option.expect("required"))?;
    let length = length.map_or(Ok(0), c_integer)?;
    let mut value = vec![
        0u8;
        if length == 0 {
            4
        } else {
            length.clamp(0, 1024) as usize
        }
    ];
    if !(0..=1024).contains(&length) {
        return Err(errors::raise(
            &PyExc_OSError,
            "getsockopt buflen out of range",
        ));
    }
    let mut given = value.len() as libc::socklen_t;
    // SAFETY: the value has the length that is told.
    let status = unsafe {
        libc::getsockopt(
            this.fd(),
            level,
            option,
            value.as_mut_ptr().cast(),
            &mut given,
        )
    };
    if status < 0 {
        return Err(failure());
    }
    if length == 0 {
        return int(c_int::from_ne_bytes([
            value[0], value[1], value[2], value[3],
        ]));
    }
    value.truncate(given as usize);
    Ok(bytes::from_slice(&value)?.upcast())
}

fn setsockopt(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [level, option, value, length] = parse(args, "setsockopt", 3)?;
    let level = c_integer(level.expect("required"))?;
    let option = c_integer(option.expect("required"))?;
    let value = value.expect("required");
    let set = |data: *const c_void, length: libc::socklen_t| {
        // SAFETY: the data have the length that is told, or are null.
        crate::arguments::outcome(unsafe {
            libc::setsockopt(this.fd(), level, option, data, length)
        })
    };
    if let Some(length) = length {
        if !value.is_none() {
            return Err(type_error(format_args!(
                "setsockopt() argument 3 must be None, not {}",
                value.type_().name()
            )));
        }
        return set(
            std::ptr::null(),
            crate::arguments::unsigned_low(length)? as libc::socklen_t,
        );
    }
    if value.downcast_ref::<PyLongObject>().is_some() {
        let number = c_integer(value)?;
        return set((&raw const number).cast(), 4);
    }
    let data = Buffer::of(value)?;
    set(
        data.data().as_ptr().cast(),
        data.data().len() as libc::socklen_t,
    )
}

fn listen(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [backlog] = parse(args, "listen", 0)?;
    let backlog = backlog.map_or(Ok(128), c_integer)?.max(0);
    // SAFETY: a descriptor.
    crate::arguments::outcome(unsafe { libc::listen(this.fd(), backlog) })
}

fn shutdown(this: &SocketObject, how: &PyObject) -> PyResult {
    let how = long::as_int(how)?;
    // SAFETY: a descriptor.
    crate::arguments::outcome(unsafe { libc::shutdown(this.fd(), how) })
}

/// `socket_parse_timeout`: nanoseconds, or no limit.
pub fn parse_timeout(value: &PyObject) -> PyResult<i64> {
    if value.is_none() {
        return Ok(NO_LIMIT);
    }
    let limit = seconds::nanoseconds(value)?;
    if limit < 0 {
        return Err(value_error("Timeout value out of range"));
    }
    if limit / 1_000_000 > i64::from(c_int::MAX) {
        return Err(overflow_error("timeout doesn't fit into C timeval"));
    }
    Ok(limit)
}

pub fn shown_timeout(limit: i64) -> PyResult {
    if limit < 0 {
        return Ok(none());
    }
    float::from_f64(limit as f64 * 1e-9)
}

fn setblocking(this: &SocketObject, flag: &PyObject) -> PyResult {
    let blocking = object::is_true(flag)?;
    this.sock_timeout.set(if blocking { NO_LIMIT } else { 0 });
    this.set_blocking(blocking)?;
    Ok(none())
}

fn getblocking(this: &SocketObject) -> PyResult {
    Ok(bool_object(this.sock_timeout.get() != 0))
}

fn settimeout(this: &SocketObject, value: &PyObject) -> PyResult {
    let limit = parse_timeout(value)?;
    this.sock_timeout.set(limit);
    this.set_blocking(limit < 0)?;
    Ok(none())
}

fn gettimeout(this: &SocketObject) -> PyResult {
    shown_timeout(this.sock_timeout.get())
}

methods! {
    static METHODS:
    "_accept" => noargs(accept);
    "bind" => o(bind);
    "close" => noargs(close);
    "connect" => o(connect);
    "connect_ex" => o(connect_ex);
    "detach" => noargs(detach);
    "fileno" => noargs(fileno);
    "getpeername" => noargs(getpeername);
    "getsockname" => noargs(getsockname);
    "getsockopt" => varargs(getsockopt);
    "listen" => varargs(listen);
    "recv" => varargs(super::transfer::recv);
    "recv_into" => varargs_keywords(super::transfer::recv_into);
    "recvfrom" => varargs(super::transfer::recvfrom);
    "recvfrom_into" => varargs_keywords(super::transfer::recvfrom_into);
    "send" => varargs(super::transfer::send);
    "sendall" => varargs(super::transfer::sendall);
    "sendto" => varargs(super::transfer::sendto);
    "setblocking" => o(setblocking);
    "getblocking" => noargs(getblocking);
    "settimeout" => o(settimeout);
    "gettimeout" => noargs(gettimeout);
    "setsockopt" => varargs(setsockopt);
    "shutdown" => o(shutdown);
    "recvmsg" => varargs(super::messages::recvmsg);
    "recvmsg_into" => varargs(super::messages::recvmsg_into);
    "sendmsg" => varargs(super::messages::sendmsg);
    "sendmsg_afalg" => varargs_keywords(super::messages::sendmsg_afalg);
}

members! {
    static MEMBERS:
    "family" => T_INT, offset_of!(SocketObject, sock_family), READONLY;
    "type" => T_INT, offset_of!(SocketObject, sock_type), READONLY;
    "proto" => T_INT, offset_of!(SocketObject, sock_proto), READONLY;
}

getset! {
    static GETSET:
    "timeout" => gettimeout;
}

static_type! {
    /// `_socket.socket`.
    sock_type = "_socket.socket", size size_of::<SocketObject>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_free),
    tp_finalize: Some(finalize_slot),
}
