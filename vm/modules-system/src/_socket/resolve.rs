//! Names of hosts, services, protocols and interfaces.

use super::address::{Address, host_name};
use crate::arguments::{c_integer, c_text, decoded, failure, int, pack, parse, text};
use crate::prelude::*;
use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};
use twinheap_objects::exceptions::{PyExc_OSError, PyExc_UnicodeError};
use twinheap_objects::gil::without_gil;
use twinheap_objects::state::Global;

static GAIERROR: Global<Pointer<PyTypeObject>> = Global(Cell::new(null_mut()));
static HERROR: Global<Pointer<PyTypeObject>> = Global(Cell::new(null_mut()));

fn made(slot: &Pointer<PyTypeObject>, name: &str) -> PyResult<Own<PyTypeObject>> {
    if let Some(found) = Field::own(slot) {
        return Ok(found);
    }
    let made = types::build_class_type(name, &PyExc_OSError, "socket")?;
    slot.put(Some(made.clone()));
    Ok(made)
}

pub fn gaierror() -> PyResult<Own<PyTypeObject>> {
    made(&GAIERROR, "gaierror")
}

pub fn herror() -> PyResult<Own<PyTypeObject>> {
    made(&HERROR, "herror")
}

fn raise_pair(type_: PyResult<Own<PyTypeObject>>, code: c_int, message: &str) -> errors::Raised {
    let raise = || -> PyResult<errors::Raised> {
        let value = pack(vec![int(code)?, text(message)?])?;
        Ok(errors::raise_object(&*type_?, Some(value)))
    };
    raise().unwrap_or_else(|raised| raised)
}

/// `set_gaierror`.
pub fn resolver_error(code: c_int) -> errors::Raised {
    if code == libc::EAI_SYSTEM {
        return failure();
    }
    // SAFETY: static text for any code.
    let message = unsafe { CStr::from_ptr(libc::gai_strerror(code)) };
    raise_pair(gaierror(), code, &message.to_string_lossy())
}

/// The list that `getaddrinfo` makes, given back when dropped.
struct Found(*mut libc::addrinfo);

impl Drop for Found {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the list came from the resolver.
            unsafe { libc::freeaddrinfo(self.0) };
        }
    }
}

impl Found {
    fn look_up(
        host: Option<&CStr>,
        service: Option<&CStr>,
        hints: &libc::addrinfo,
    ) -> PyResult<Found> {
        let mut list = null_mut();
        let pointer = |text: Option<&CStr>| text.map_or(null(), CStr::as_ptr);
        // SAFETY: the texts end with NUL.
        let code = without_gil(|| unsafe {
            libc::getaddrinfo(pointer(host), pointer(service), hints, &mut list)
        });
        if code != 0 {
            return Err(resolver_error(code));
        }
        Ok(Found(list))
    }

    fn entries(&self) -> impl Iterator<Item = &libc::addrinfo> {
        // SAFETY: the entries live as long as the list.
        let first = unsafe { self.0.as_ref() };
        // SAFETY: as above.
        std::iter::successors(first, |entry| unsafe { entry.ai_next.as_ref() })
    }
}

fn hints(family: c_int, kind: c_int, protocol: c_int, flags: c_int) -> libc::addrinfo {
    // SAFETY: all zero is a valid request.
    let mut hints: libc::addrinfo = unsafe { MaybeUninit::zeroed().assume_init() };
    hints.ai_family = family;
    hints.ai_socktype = kind;
    hints.ai_protocol = protocol;
    hints.ai_flags = flags;
    hints
}

/// `setipaddr`: the first address of a host in a family.
pub fn address_of(host: &CStr, family: c_int) -> PyResult<Address> {
    let name = host.to_bytes();
    if name == b"<broadcast>" {
        if family != libc::AF_INET && family != libc::AF_UNSPEC {
            return Err(errors::raise(&PyExc_OSError, "address family mismatched"));
        }
        return address_of(c"255.255.255.255", libc::AF_INET);
    }
    let found = if name.is_empty() {
        let wanted = hints(family, libc::SOCK_DGRAM, 0, libc::AI_PASSIVE);
        let found = Found::look_up(None, Some(c"0"), &wanted)?;
        if found.entries().count() > 1 && family == libc::AF_UNSPEC {
            return Err(errors::raise(
                &PyExc_OSError,
                "wildcard resolved to multiple address",
            ));
        }
        found
    } else {
        Found::look_up(Some(host), None, &hints(family, 0, 0, 0))?
    };
    match found.entries().next() {
        // SAFETY: the entry's address has the length that it tells.
        Some(entry) => Ok(unsafe { Address::copied(entry.ai_addr, entry.ai_addrlen) }),
        None => Err(resolver_error(libc::EAI_NONAME)),
    }
}

pub fn gethostbyname(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [name] = parse(args, "gethostbyname", 1)?;
    let name = host_name(name.expect("required"))?;
    address_of(&name, libc::AF_INET)?.host()
}

/// `gethost_common`: name, aliases, addresses.
fn host_entry(entry: *const libc::hostent) -> PyResult {
    // SAFETY: the library's own entry, valid until the next call.
    let Some(entry) = (unsafe { entry.as_ref() }) else {
        // SAFETY: asks for the resolver's last error and its text.
        let (code, message) = unsafe {
            let code = *h_errno();
            (code, CStr::from_ptr(hstrerror(code)).to_string_lossy())
        };
        return Err(raise_pair(herror(), code, &message));
    };
    let mut aliases = Vec::new();
    let mut addresses = Vec::new();
    // SAFETY: both lists end with null.
    unsafe {
        let mut at = entry.h_aliases;
        while !at.is_null() && !(*at).is_null() {
            aliases.push(decoded(*at)?);
            at = at.add(1);
        }
        let mut at = entry.h_addr_list;
        while !at.is_null() && !(*at).is_null() {
            let data = std::slice::from_raw_parts((*at).cast::<u8>(), entry.h_length as usize);
            addresses.push(shown_address(entry.h_addrtype, data)?);
            at = at.add(1);
        }
        pack(vec![
            decoded(entry.h_name)?,
            list::from_vec(aliases)?.upcast(),
            list::from_vec(addresses)?.upcast(),
        ])
    }
}

unsafe extern "C" {
    #[link_name = "__h_errno_location"]
    fn h_errno() -> *mut c_int;
    fn hstrerror(code: c_int) -> *const c_char;
    #[link_name = "gethostbyname"]
    fn gethostbyname_c(name: *const c_char) -> *const libc::hostent;
    #[link_name = "gethostbyaddr"]
    fn gethostbyaddr_c(
        address: *const c_void,
        length: libc::socklen_t,
        family: c_int,
    ) -> *const libc::hostent;
}

fn shown_address(family: c_int, data: &[u8]) -> PyResult {
    let shown = match (family, data.len()) {
        (libc::AF_INET, 4) => {
            let mut raw = [0; 4];
            raw.copy_from_slice(data);
            std::net::Ipv4Addr::from(raw).to_string()
        }
        (libc::AF_INET6, 16) => {
            let mut raw = [0; 16];
            raw.copy_from_slice(data);
            std::net::Ipv6Addr::from(raw).to_string()
        }
        _ => {
            return Err(errors::raise(&PyExc_OSError, "unsupported address family"));
        }
    };
    text(&shown)
}

pub fn gethostbyname_ex(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [name] = parse(args, "gethostbyname_ex", 1)?;
    let name = host_name(name.expect("required"))?;
    address_of(&name, libc::AF_INET)?;
    // SAFETY: the name ends with NUL.
    host_entry(unsafe { gethostbyname_c(name.as_ptr()) })
}

pub fn gethostbyaddr(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [name] = parse(args, "gethostbyaddr", 1)?;
    let name = host_name(name.expect("required"))?;
    let address = address_of(&name, libc::AF_UNSPEC)?;
    let family = c_int::from(address.family());
    let data = address.raw_host();
    // SAFETY: the address has the length that is told.
    host_entry(unsafe {
        gethostbyaddr_c(data.as_ptr().cast(), data.len() as libc::socklen_t, family)
    })
}

pub fn gethostname(_: &PyObject) -> PyResult {
    let mut buffer = [0 as c_char; 1024];
    // SAFETY: the buffer has the length that is told, less the NUL.
    if unsafe { libc::gethostname(buffer.as_mut_ptr(), buffer.len() - 1) } < 0 {
        return Err(failure());
    }
    // SAFETY: the text ends with NUL.
    unsafe { decoded(buffer.as_ptr()) }
}

pub fn sethostname(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [name] = parse(args, "sethostname", 1)?;
    let name = twinheap_objects::paths::path_bytes(name.expect("required"))?;
    // SAFETY: the name has the length that is told.
    crate::arguments::outcome(unsafe { libc::sethostname(name.as_ptr(), name.as_bytes().len()) })
}

fn not_found(what: &str) -> errors::Raised {
    errors::raise(&PyExc_OSError, format_args!("{what} not found"))
}

pub fn getservbyname(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [name, protocol] = parse(args, "getservbyname", 1)?;
    let name = c_text(name.expect("required"), "getservbyname", 1)?;
    let protocol = protocol
        .map(|protocol| c_text(protocol, "getservbyname", 2))
        .transpose()?;
    let protocol = protocol
        .as_ref()
        .map_or(null(), |protocol| protocol.as_ptr());
    // SAFETY: the texts end with NUL; the entry is valid until the next call.
    let found = unsafe { libc::getservbyname(name.as_ptr(), protocol).as_ref() };
    match found {
        Some(entry) => int(u16::from_be(entry.s_port as u16)),
        None => Err(not_found("service/proto")),
    }
}

pub fn getservbyport(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [port, protocol] = parse(args, "getservbyport", 1)?;
    let port = c_integer(port.expect("required"))?;
    let protocol = protocol
        .map(|protocol| c_text(protocol, "getservbyport", 2))
        .transpose()?;
    if !(0..=65535).contains(&port) {
        return Err(overflow_error("getservbyport: port must be 0-65535."));
    }
    let protocol = protocol
        .as_ref()
        .map_or(null(), |protocol| protocol.as_ptr());
    // SAFETY: the text ends with NUL; the entry is valid until the next call.
    unsafe {
        match libc::getservbyport(c_int::from((port as u16).to_be()), protocol).as_ref() {
            Some(entry) => decoded(entry.s_name),
            None => Err(not_found("port/proto")),
        }
    }
}

pub fn getprotobyname(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [name] = parse(args, "getprotobyname", 1)?;
    let name = c_text(name.expect("required"), "getprotobyname", 1)?;
    // SAFETY: the text ends with NUL; the entry is valid until the next call.
    match unsafe { libc::getprotobyname(name.as_ptr()).as_ref() } {
        Some(entry) => int(entry.p_proto),
        None => Err(errors::raise(&PyExc_OSError, "protocol not found")),
    }
}

fn service_text(service: &PyObject) -> PyResult<Option<CString>> {
    if service.is_none() {
        return Ok(None);
    }
    let data = if let Some(number) = service.downcast_ref::<PyLongObject>() {
        long::as_long(number.as_object())?.to_string().into_bytes()
    } else if let Some(text) = service.downcast_ref::<PyASCIIObject>() {
        unicode::as_utf8(text)?.to_vec()
    } else if let Some(data) = service.downcast_ref::<PyBytesObject>() {
        bytes::data_of(data).to_vec()
    } else {
        return Err(errors::raise(&PyExc_OSError, "Int or String expected"));
    };
    Ok(Some(
        CString::new(data).map_err(|_| value_error("embedded null character"))?,
    ))
}

fn optional_host(host: &PyObject) -> PyResult<Option<CString>> {
    if host.is_none() {
        return Ok(None);
    }
    if let Some(name) = host.downcast_ref::<PyASCIIObject>() {
        let codec = unicode::from_str("idna")?;
        let encoded = match unicode::as_ascii(name) {
            Some(plain) if plain.len() < 64 && !plain.is_empty() => plain.as_bytes().to_vec(),
            _ => {
                let encoded = call::call_method(host, id!("encode"), &[codec.as_object()])?;
                encoded
                    .downcast_ref::<PyBytesObject>()
                    .map(|data| bytes::data_of(data).to_vec())
                    .unwrap_or_default()
            }
        };
        return Ok(Some(CString::new(encoded).map_err(|_| {
            errors::raise(&PyExc_UnicodeError, "embedded null character")
        })?));
    }
    match host.downcast_ref::<PyBytesObject>() {
        Some(data) => Ok(Some(
            CString::new(bytes::data_of(data)).map_err(|_| value_error("embedded null byte"))?,
        )),
        None => Err(type_error(
            "getaddrinfo() argument 1 must be string or None",
        )),
    }
}

pub fn getaddrinfo(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "getaddrinfo",
        parameters: &["host", "port", "family", "type", "proto", "flags"],
        required: 2,
        positional: 6,
    };
    let [host, port, family, kind, protocol, flags] =
        call::bind_tuple::<6>(&SIGNATURE, args, kwargs)?;
    let number = |given: Option<&PyObject>| given.map_or(Ok(0), c_integer);
    let wanted = hints(
        number(family)?,
        number(kind)?,
        number(protocol)?,
        number(flags)?,
    );
    let host = optional_host(host.expect("required"))?;
    let service = service_text(port.expect("required"))?;
    let found = Found::look_up(host.as_deref(), service.as_deref(), &wanted)?;
    let mut entries = Vec::new();
    for entry in found.entries() {
        // SAFETY: the entry's address has the length that it tells.
        let address = unsafe { Address::copied(entry.ai_addr, entry.ai_addrlen) };
        let canonical = if entry.ai_canonname.is_null() {
            text("")?
        } else {
            // SAFETY: the name ends with NUL.
            unsafe { decoded(entry.ai_canonname)? }
        };
        entries.push(pack(vec![
            int(entry.ai_family)?,
            int(entry.ai_socktype)?,
            int(entry.ai_protocol)?,
            canonical,
            address.shown()?,
        ])?);
    }
    Ok(list::from_vec(entries)?.upcast())
}

pub fn getnameinfo(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [address, flags] = parse(args, "getnameinfo", 2)?;
    let (address, flags) = (
        address.expect("required"),
        c_integer(flags.expect("required"))?,
    );
    let Some(items) = address.downcast_ref::<PyTupleObject>().map(tuple::items) else {
        return Err(type_error("getnameinfo() argument 1 must be a tuple"));
    };
    if items.len() < 2 || items.len() > 4 {
        return Err(type_error("getnameinfo(): illegal sockaddr argument"));
    }
    let host = c_text(items[0], "getnameinfo", 1)?;
    let port = c_integer(items[1])?;
    let flow = items.get(2).map_or(Ok(0), |flow| long::as_long(flow))?;
    let scope = items.get(3).map_or(Ok(0), |scope| long::as_long(scope))?;
    if flow > 0xfffff {
        return Err(overflow_error("getnameinfo(): flowinfo must be 0-1048575."));
    }
    let service = CString::new(port.to_string()).unwrap_or_default();
    let wanted = hints(libc::AF_UNSPEC, libc::SOCK_DGRAM, 0, libc::AI_NUMERICHOST);
    let found = Found::look_up(Some(&host), Some(&service), &wanted)?;
    let mut entries = found.entries();
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        return Err(errors::raise(
            &PyExc_OSError,
            "sockaddr resolved to multiple addresses",
        ));
    };
    if entry.ai_family == libc::AF_INET && items.len() != 2 {
        return Err(errors::raise(
            &PyExc_OSError,
            "IPv4 sockaddr must be 2 tuple",
        ));
    }
    // SAFETY: the entry's address has the length that it tells.
    let mut address = unsafe { Address::copied(entry.ai_addr, entry.ai_addrlen) };
    if entry.ai_family == libc::AF_INET6 {
        address.set_scope(flow as u32, scope as u32);
    }
    let mut host = [0 as c_char; 1025];
    let mut service = [0 as c_char; 32];
    // SAFETY: the buffers have the lengths that are told.
    let code = unsafe {
        libc::getnameinfo(
            address.pointer(),
            address.length(),
            host.as_mut_ptr(),
            host.len() as libc::socklen_t,
            service.as_mut_ptr(),
            service.len() as libc::socklen_t,
            flags,
        )
    };
    if code != 0 {
        return Err(resolver_error(code));
    }
    // SAFETY: both texts end with NUL.
    unsafe { pack(vec![decoded(host.as_ptr())?, decoded(service.as_ptr())?]) }
}

pub fn if_nameindex(_: &PyObject) -> PyResult {
    // SAFETY: the list ends with an entry of index 0, and is given back.
    unsafe {
        let list = libc::if_nameindex();
        if list.is_null() {
            return Err(failure());
        }
        let mut found = Vec::new();
        let mut at = list;
        while (*at).if_index != 0 && !(*at).if_name.is_null() {
            found.push((int((*at).if_index), decoded((*at).if_name)));
            at = at.add(1);
        }
        libc::if_freenameindex(list);
        let pairs: PyResult<Vec<Own>> = found
            .into_iter()
            .map(|(index, name)| pack(vec![index?, name?]))
            .collect();
        Ok(list::from_vec(pairs?)?.upcast())
    }
}

pub fn if_nametoindex(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [name] = parse(args, "if_nametoindex", 1)?;
    let name = twinheap_objects::paths::path_bytes(name.expect("required"))?;
    // SAFETY: the name ends with NUL.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(errors::raise(&PyExc_OSError, "no interface with this name")),
        index => int(index),
    }
}

pub fn if_indextoname(_: &PyObject, index: &PyObject) -> PyResult {
    let index = crate::arguments::unsigned_low(index)? as u32;
    let mut name = [0 as c_char; libc::IF_NAMESIZE];
    // SAFETY: the buffer has room for any name, and the text ends with NUL.
    unsafe {
        if libc::if_indextoname(index, name.as_mut_ptr()).is_null() {
            return Err(failure());
        }
        decoded(name.as_ptr())
    }
}
