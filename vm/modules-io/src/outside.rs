//! `select`, and what the library imports of `_socket` and `_posixsubprocess`: sockets and child processes
//! are not built yet, and say so where they are asked for.

use crate::posix::failure;
use crate::prelude::*;
use twinheap_objects::exceptions::{PyExc_OSError, PyExc_TimeoutError};
use twinheap_objects::float;

fn descriptor(object: &PyObject) -> PyResult<c_int> {
    if object.downcast_ref::<PyLongObject>().is_some() {
        return long::as_int(object);
    }
    let Some(method) = object::lookup_attr(object, id!("fileno"))? else {
        return Err(type_error(
            "argument must be an int, or have a fileno() method.",
        ));
    };
    long::as_int(&*call::call(&method, &[])?)
}

fn select(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("select", args.len(), 3, 4)?;
    let timeout = match args.get(3).filter(|timeout| !timeout.is_none()) {
        None => -1,
        Some(timeout) => {
            let seconds = float::as_double(timeout)?;
            if seconds < 0.0 {
                return Err(value_error("timeout must be non-negative"));
            }
            (seconds * 1000.0).ceil() as c_int
        }
    };
    let events = [libc::POLLIN, libc::POLLOUT, libc::POLLPRI];
    let mut polled: Vec<libc::pollfd> = Vec::new();
    let mut owners: Vec<(usize, Own)> = Vec::new();
    for (which, list) in args[..3].iter().enumerate() {
        for item in abstract_::collect(list)? {
            polled.push(libc::pollfd {
                fd: descriptor(&item)?,
                events: events[which],
                revents: 0,
            });
            owners.push((which, item));
        }
    }
    // SAFETY: the array has the length that is told.
    let found = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, timeout) };
    if found < 0 {
        return Err(failure(None));
    }
    let mut ready: [Vec<Own>; 3] = Default::default();
    for (poll, (which, owner)) in polled.iter().zip(owners) {
        if poll.revents != 0 {
            ready[which].push(owner);
        }
    }
    let lists = ready
        .into_iter()
        .map(|items| Ok(list::from_vec(items)?.upcast()));
    Ok(tuple::from_vec(lists.collect::<PyResult<_>>()?)?.upcast())
}

methods! {
    static SELECT:
    "select" => fast(select, "($module, rlist, wlist, xlist, timeout=None, /)");
}

/// `select`.
pub fn new_select() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("select", SELECT, &[])?;
    module::add(&made, "error", PyExc_OSError.as_object())?;
    module::add_int(&made, "PIPE_BUF", 4096)?;
    Ok(made)
}

fn fork_exec(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(errors::not_implemented(
        "this VM cannot start processes yet",
    ))
}

methods! {
    static SUBPROCESS:
    "fork_exec" => varargs(fork_exec);
}

/// `_posixsubprocess`.
pub fn new_subprocess() -> PyResult<Own<PyModuleObject>> {
    module::build("_posixsubprocess", SUBPROCESS, &[])
}

object_struct! {
    /// A socket; none can be made yet.
    pub struct SocketObject {
        sock_fd: Cell<i32>,
    }
}

fn socket_new(_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Err(errors::not_implemented("this VM has no sockets yet"))
}

static_type! {
    /// `_socket.socket`.
    sock_type = "_socket.socket", size size_of::<SocketObject>(), 0, flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc SocketObject::dealloc),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new socket_new),
    tp_free: Some(memory::object_free),
}

fn no_network(_: &PyObject, _: Args<'_>) -> PyResult {
    Err(errors::not_implemented("this VM has no sockets yet"))
}

fn getdefaulttimeout(_: &PyObject) -> PyResult {
    Ok(none())
}

methods! {
    static SOCKET:
    "getaddrinfo" => keywords(no_network);
    "gethostbyname" => keywords(no_network);
    "gethostname" => keywords(no_network);
    "getdefaulttimeout" => noargs(getdefaulttimeout, "($module, /)");
    "socketpair" => keywords(no_network);
    "close" => keywords(no_network);
    "dup" => keywords(no_network);
}

const NUMBERS: [(&str, i32); 62] = [
    ("AF_UNIX", libc::AF_UNIX),
    ("AF_INET", libc::AF_INET),
    ("AF_INET6", libc::AF_INET6),
    ("AF_UNSPEC", libc::AF_UNSPEC),
    ("SOCK_STREAM", libc::SOCK_STREAM),
    ("SOCK_DGRAM", libc::SOCK_DGRAM),
    ("SOCK_RAW", libc::SOCK_RAW),
    ("SOCK_NONBLOCK", libc::SOCK_NONBLOCK),
    ("SOCK_CLOEXEC", libc::SOCK_CLOEXEC),
    ("SOL_SOCKET", libc::SOL_SOCKET),
    ("SO_REUSEADDR", libc::SO_REUSEADDR),
    ("SO_REUSEPORT", libc::SO_REUSEPORT),
    ("SO_BROADCAST", libc::SO_BROADCAST),
    ("SO_KEEPALIVE", libc::SO_KEEPALIVE),
    ("SO_ERROR", libc::SO_ERROR),
    ("SO_TYPE", libc::SO_TYPE),
    ("SOMAXCONN", libc::SOMAXCONN),
    ("IPPROTO_TCP", libc::IPPROTO_TCP),
    ("IPPROTO_UDP", libc::IPPROTO_UDP),
    ("IPPROTO_IPV6", libc::IPPROTO_IPV6),
    ("TCP_NODELAY", libc::TCP_NODELAY),
    ("IPV6_V6ONLY", libc::IPV6_V6ONLY),
    ("MSG_OOB", 1),
    ("MSG_PEEK", 2),
    ("MSG_DONTROUTE", 4),
    ("MSG_DONTWAIT", 64),
    ("MSG_EOR", 128),
    ("MSG_TRUNC", 32),
    ("MSG_CTRUNC", 8),
    ("MSG_WAITALL", 256),
    ("MSG_NOSIGNAL", 16384),
    ("MSG_CMSG_CLOEXEC", 1073741824),
    ("MSG_ERRQUEUE", 8192),
    ("MSG_CONFIRM", 2048),
    ("MSG_MORE", 32768),
    ("MSG_FASTOPEN", 536870912),
    ("EAI_ADDRFAMILY", -9),
    ("EAI_AGAIN", -3),
    ("EAI_BADFLAGS", -1),
    ("EAI_FAIL", -4),
    ("EAI_FAMILY", -6),
    ("EAI_MEMORY", -10),
    ("EAI_NODATA", -5),
    ("EAI_NONAME", -2),
    ("EAI_OVERFLOW", -12),
    ("EAI_SERVICE", -8),
    ("EAI_SOCKTYPE", -7),
    ("EAI_SYSTEM", -11),
    ("AI_PASSIVE", 1),
    ("AI_CANONNAME", 2),
    ("AI_NUMERICHOST", 4),
    ("AI_NUMERICSERV", 1024),
    ("AI_ALL", 16),
    ("AI_ADDRCONFIG", 32),
    ("AI_V4MAPPED", 8),
    ("NI_MAXHOST", 1025),
    ("NI_MAXSERV", 32),
    ("NI_NOFQDN", 4),
    ("NI_NUMERICHOST", 1),
    ("NI_NAMEREQD", 8),
    ("NI_NUMERICSERV", 2),
    ("NI_DGRAM", 16),
];

/// `_socket`.
pub fn new_socket() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_socket", SOCKET, &[&sock_type])?;
    module::add(&made, "SocketType", sock_type.as_object())?;
    module::add(&made, "has_ipv6", &bool_object(true))?;
    module::add(&made, "error", PyExc_OSError.as_object())?;
    module::add(&made, "timeout", PyExc_TimeoutError.as_object())?;
    for name in ["herror", "gaierror"] {
        let error = types::build_class_type(name, &PyExc_OSError, "socket")?;
        module::add(&made, name, error.as_object())?;
    }
    for (name, value) in NUMBERS {
        module::add_int(&made, name, i64::from(value))?;
    }
    Ok(made)
}
