//! `_socket` (`Modules/socketmodule.c`): sockets of the internet and of this machine, names and addresses.

mod address;
mod constants;
mod messages;
mod object;
mod resolve;
mod transfer;

use crate::arguments::{
    c_integer, c_text, failure, int, last_errno, optional_integer, pack, parse, text,
};
use crate::prelude::*;
use object::{DEFAULT_TIMEOUT, new_socket, parse_timeout, shown_timeout, sock_type};
use std::net::{Ipv4Addr, Ipv6Addr};
use twinheap_objects::exceptions::{PyExc_OSError, PyExc_TimeoutError};

fn close(_: &PyObject, fd: &PyObject) -> PyResult {
    let fd = long::as_int(fd)?;
    // SAFETY: closes what the program asks for.
    if unsafe { libc::close(fd) } < 0 && last_errno() != libc::ECONNRESET {
        return Err(failure());
    }
    Ok(none())
}

fn dup(_: &PyObject, fd: &PyObject) -> PyResult {
    let fd = long::as_int(fd)?;
    // SAFETY: copies a descriptor.
    match unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) } {
        -1 => Err(failure()),
        copy => int(copy),
    }
}

fn socketpair(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [family, kind, protocol] = parse(args, "socketpair", 0)?;
    let family = optional_integer(family, libc::AF_UNIX)?;
    let kind = optional_integer(kind, libc::SOCK_STREAM)?;
    let protocol = optional_integer(protocol, 0)?;
    let mut pair = [0; 2];
    // SAFETY: the system fills the pair.
    let status = unsafe {
        libc::socketpair(
            family,
            kind | libc::SOCK_CLOEXEC,
            protocol,
            pair.as_mut_ptr(),
        )
    };
    if status < 0 {
        return Err(failure());
    }
    pack(vec![
        new_socket(pair[0], family, kind, protocol)?,
        new_socket(pair[1], family, kind, protocol)?,
    ])
}

/// A 16-bit number to turn round.
fn short(name: &str, args: &PyTupleObject) -> PyResult {
    let [number] = parse(args, name, 1)?;
    let number = c_integer(number.expect("required"))?;
    if number < 0 {
        return Err(overflow_error(format_args!(
            "{name}: can't convert negative Python int to C 16-bit unsigned integer"
        )));
    }
    match u16::try_from(number) {
        Ok(number) => int(number.swap_bytes()),
        Err(_) => Err(overflow_error(format_args!(
            "{name}: Python int too large to convert to C 16-bit unsigned integer"
        ))),
    }
}

/// A 32-bit number to turn round.
fn wide(name: &str, number: &PyObject) -> PyResult {
    let Some(number) = number.downcast_ref::<PyLongObject>() else {
        return Err(type_error(format_args!(
            "expected int, {} found",
            number.type_().name()
        )));
    };
    let value = match long::to_i64(number) {
        Some(value) if value < 0 => {
            return Err(overflow_error(
                "can't convert negative value to unsigned int",
            ));
        }
        Some(value) => value,
        None if number.ob_base.ob_size.get() < 0 => {
            return Err(overflow_error(
                "can't convert negative value to unsigned int",
            ));
        }
        None => {
            return Err(overflow_error(
                "Python int too large to convert to C unsigned long",
            ));
        }
    };
    let _ = name;
    match u32::try_from(value) {
        Ok(value) => int(value.swap_bytes()),
        Err(_) => Err(overflow_error("int larger than 32 bits")),
    }
}

fn ntohs(_: &PyObject, args: &PyTupleObject) -> PyResult {
    short("ntohs", args)
}

fn htons(_: &PyObject, args: &PyTupleObject) -> PyResult {
    short("htons", args)
}

fn ntohl(_: &PyObject, number: &PyObject) -> PyResult {
    wide("ntohl", number)
}

fn htonl(_: &PyObject, number: &PyObject) -> PyResult {
    wide("htonl", number)
}

fn os_error(message: impl std::fmt::Display) -> errors::Raised {
    errors::raise(&PyExc_OSError, message)
}

unsafe extern "C" {
    #[link_name = "inet_aton"]
    fn c_inet_aton(text: *const std::ffi::c_char, address: *mut [u8; 4]) -> c_int;
}

fn inet_aton(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [address] = parse(args, "inet_aton", 1)?;
    let address = c_text(address.expect("required"), "inet_aton", 1)?;
    let mut raw = [0; 4];
    // SAFETY: the text ends with NUL; the address has four bytes.
    if unsafe { c_inet_aton(address.as_ptr(), &mut raw) } == 0 {
        return Err(os_error("illegal IP address string passed to inet_aton"));
    }
    Ok(bytes::from_slice(&raw)?.upcast())
}

fn inet_ntoa(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [packed] = parse(args, "inet_ntoa", 1)?;
    let packed = Buffer::of(packed.expect("required"))?;
    match <[u8; 4]>::try_from(packed.data()) {
        Ok(raw) => text(&Ipv4Addr::from(raw).to_string()),
        Err(_) => Err(os_error("packed IP wrong length")),
    }
}

unsafe extern "C" {
    #[link_name = "inet_pton"]
    fn c_inet_pton(family: c_int, text: *const std::ffi::c_char, address: *mut c_void) -> c_int;
    #[link_name = "inet_ntop"]
    fn c_inet_ntop(
        family: c_int,
        address: *const c_void,
        text: *mut std::ffi::c_char,
        size: libc::socklen_t,
    ) -> *const std::ffi::c_char;
}

fn inet_pton(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [family, address] = parse(args, "inet_pton", 2)?;
    let family = c_integer(family.expect("required"))?;
    let address = c_text(address.expect("required"), "inet_pton", 2)?;
    let mut raw = [0u8; 16];
    // SAFETY: the text ends with NUL; the address has room for either family.
    match unsafe { c_inet_pton(family, address.as_ptr(), raw.as_mut_ptr().cast()) } {
        -1 => Err(failure()),
        0 => Err(os_error("illegal IP address string passed to inet_pton")),
        _ if family == libc::AF_INET => Ok(bytes::from_slice(&raw[..4])?.upcast()),
        _ if family == libc::AF_INET6 => Ok(bytes::from_slice(&raw)?.upcast()),
        _ => Err(os_error("unknown address family")),
    }
}

fn inet_ntop(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [family, packed] = parse(args, "inet_ntop", 2)?;
    let family = c_integer(family.expect("required"))?;
    let packed = Buffer::of(packed.expect("required"))?;
    let wanted = match family {
        libc::AF_INET => size_of::<Ipv4Addr>(),
        libc::AF_INET6 => size_of::<Ipv6Addr>(),
        _ => {
            return Err(value_error(format_args!("unknown address family {family}")));
        }
    };
    if packed.data().len() != wanted {
        return Err(value_error("invalid length of packed IP address string"));
    }
    numeric_host(family, packed.data())
}

/// A host of an internet family as text; the bytes are as many as the family has.
pub fn numeric_host(family: c_int, host: &[u8]) -> PyResult {
    let wanted = if family == libc::AF_INET6 { 16 } else { 4 };
    assert!(host.len() >= wanted);
    let mut shown = [0 as std::ffi::c_char; 64];
    // SAFETY: the packed address was measured, and the text has room for any.
    unsafe {
        if c_inet_ntop(family, host.as_ptr().cast(), shown.as_mut_ptr(), 64).is_null() {
            return Err(failure());
        }
        crate::arguments::decoded(shown.as_ptr())
    }
}

fn getdefaulttimeout(_: &PyObject) -> PyResult {
    shown_timeout(DEFAULT_TIMEOUT.get())
}

fn setdefaulttimeout(_: &PyObject, value: &PyObject) -> PyResult {
    DEFAULT_TIMEOUT.set(parse_timeout(value)?);
    Ok(none())
}

methods! {
    static FUNCTIONS:
    "gethostbyname" => varargs(resolve::gethostbyname);
    "gethostbyname_ex" => varargs(resolve::gethostbyname_ex);
    "gethostbyaddr" => varargs(resolve::gethostbyaddr);
    "gethostname" => noargs(resolve::gethostname);
    "sethostname" => varargs(resolve::sethostname);
    "getservbyname" => varargs(resolve::getservbyname);
    "getservbyport" => varargs(resolve::getservbyport);
    "getprotobyname" => varargs(resolve::getprotobyname);
    "close" => o(close);
    "dup" => o(dup);
    "socketpair" => varargs(socketpair);
    "ntohs" => varargs(ntohs);
    "ntohl" => o(ntohl);
    "htons" => varargs(htons);
    "htonl" => o(htonl);
    "inet_aton" => varargs(inet_aton);
    "inet_ntoa" => varargs(inet_ntoa);
    "inet_pton" => varargs(inet_pton);
    "inet_ntop" => varargs(inet_ntop);
    "getaddrinfo" => varargs_keywords(resolve::getaddrinfo);
    "getnameinfo" => varargs(resolve::getnameinfo);
    "getdefaulttimeout" => noargs(getdefaulttimeout);
    "setdefaulttimeout" => o(setdefaulttimeout);
    "if_nameindex" => noargs(resolve::if_nameindex);
    "if_nametoindex" => varargs(resolve::if_nametoindex);
    "if_indextoname" => o(resolve::if_indextoname);
    "CMSG_LEN" => varargs(messages::cmsg_len);
    "CMSG_SPACE" => varargs(messages::cmsg_space);
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_socket", FUNCTIONS, &[])?;
    types::ready(&sock_type)?;
    module::add(&made, "error", PyExc_OSError.as_object())?;
    module::add(&made, "herror", resolve::herror()?.as_object())?;
    module::add(&made, "gaierror", resolve::gaierror()?.as_object())?;
    module::add(&made, "timeout", PyExc_TimeoutError.as_object())?;
    module::add(&made, "SocketType", sock_type.as_object())?;
    module::add(&made, "socket", sock_type.as_object())?;
    module::add(&made, "has_ipv6", &bool_object(true))?;
    for (name, value) in constants::NUMBERS {
        module::add_int(&made, name, *value)?;
    }
    Ok(made)
}
