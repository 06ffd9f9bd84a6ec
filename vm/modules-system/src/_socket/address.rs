//! Addresses of sockets: from what programs give to what the system takes, and back.

use crate::arguments::{c_integer, int, pack};
use crate::prelude::*;
use std::ffi::CString;
use std::mem::MaybeUninit;
use twinheap_objects::paths::decode_path;

/// An address of any family, and how many of its bytes count.
pub struct Address {
    storage: libc::sockaddr_storage,
    length: libc::socklen_t,
}

impl Address {
    pub fn empty() -> Address {
        Address {
            // SAFETY: all zero is a valid address of no family.
            storage: unsafe { MaybeUninit::zeroed().assume_init() },
            length: size_of::<libc::sockaddr_storage>() as libc::socklen_t,
        }
    }

    fn of<T: Copy>(address: T, length: usize) -> Address {
        let mut made = Address::empty();
        assert!(size_of::<T>() <= size_of::<libc::sockaddr_storage>());
        // SAFETY: the storage has room for the address of any family, aligned for it.
        unsafe { (&raw mut made.storage).cast::<T>().write(address) };
        made.length = length as libc::socklen_t;
        made
    }

    /// A copy of an address that the system made.
    ///
    /// # Safety
    /// `address` points to `length` bytes.
    pub unsafe fn copied(address: *const libc::sockaddr, length: libc::socklen_t) -> Address {
        let mut made = Address::empty();
        made.length = length.min(made.length);
        // SAFETY: by contract; the storage has room.
        unsafe {
            std::ptr::copy_nonoverlapping(
                address.cast::<u8>(),
                (&raw mut made.storage).cast(),
                made.length as usize,
            );
        }
        made
    }

    pub fn pointer(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    pub fn pointer_mut(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }

    pub fn length(&self) -> libc::socklen_t {
        self.length
    }

    pub fn length_mut(&mut self) -> &mut libc::socklen_t {
        &mut self.length
    }

    fn as_family<T: Copy>(&self) -> T {
        // SAFETY: the storage is as large and aligned as the address of any family.
        unsafe { (&raw const self.storage).cast::<T>().read() }
    }

    pub fn family(&self) -> libc::sa_family_t {
        self.storage.ss_family
    }

    /// The bytes of the host of an internet address.
    pub fn raw_host(&self) -> Vec<u8> {
        if c_int::from(self.family()) == libc::AF_INET6 {
            let address: libc::sockaddr_in6 = self.as_family();
            return address.sin6_addr.s6_addr.to_vec();
        }
        let address: libc::sockaddr_in = self.as_family();
        address.sin_addr.s_addr.to_ne_bytes().to_vec()
    }

    /// Sets what an address of the sixth version has besides host and port.
    pub fn set_scope(&mut self, flow: u32, scope: u32) {
        let mut address: libc::sockaddr_in6 = self.as_family();
        address.sin6_flowinfo = flow.to_be();
        address.sin6_scope_id = scope;
        *self = Address::of(address, size_of::<libc::sockaddr_in6>());
    }

    /// The host of an internet address, as text.
    pub fn host(&self) -> PyResult {
        super::numeric_host(c_int::from(self.family()), &self.raw_host())
    }

    /// `makesockaddr`: the address as a program sees it.
    pub fn shown(&self) -> PyResult {
        if self.length == 0 {
            return Ok(none());
        }
        match c_int::from(self.storage.ss_family) {
            libc::AF_INET => {
                let address: libc::sockaddr_in = self.as_family();
                pack(vec![self.host()?, int(u16::from_be(address.sin_port))?])
            }
            libc::AF_INET6 => {
                let address: libc::sockaddr_in6 = self.as_family();
                pack(vec![
                    self.host()?,
                    int(u16::from_be(address.sin6_port))?,
                    int(u32::from_be(address.sin6_flowinfo))?,
                    int(address.sin6_scope_id)?,
                ])
            }
            libc::AF_UNIX => self.shown_unix(),
            libc::AF_NETLINK => {
                let address: libc::sockaddr_nl = self.as_family();
                pack(vec![int(address.nl_pid)?, int(address.nl_groups)?])
            }
            libc::AF_VSOCK => {
                let address: libc::sockaddr_vm = self.as_family();
                pack(vec![int(address.svm_cid)?, int(address.svm_port)?])
            }
            family => {
                // SAFETY: the storage is longer than a plain address.
                let plain: libc::sockaddr = self.as_family();
                let data: Vec<u8> = plain.sa_data.iter().map(|byte| *byte as u8).collect();
                pack(vec![int(family)?, bytes::from_slice(&data)?.upcast()])
            }
        }
    }

    fn shown_unix(&self) -> PyResult {
        let address: libc::sockaddr_un = self.as_family();
        let path: Vec<u8> = address.sun_path.iter().map(|byte| *byte as u8).collect();
        let length = self.length as usize
            - offset_of!(libc::sockaddr_un, sun_path).min(self.length as usize);
        if length > 0 && path[0] == 0 {
            return Ok(bytes::from_slice(&path[..length.min(path.len())])?.upcast());
        }
        let end = path.iter().position(|byte| *byte == 0);
        decode_path(&path[..end.unwrap_or(path.len())])
    }
}

/// `idna_converter`: a host name as bytes; a name that is not ASCII is encoded by its codec.
pub fn host_name(object: &PyObject) -> PyResult<CString> {
    let data = if let Some(text) = object.downcast_ref::<PyASCIIObject>() {
        match unicode::as_ascii(text) {
            Some(ascii) => ascii.as_bytes().to_vec(),
            None => {
                let codec = unicode::from_str("idna")?;
                let encoded = call::call_method(object, id!("encode"), &[codec.as_object()])?;
                encoded
                    .downcast_ref::<PyBytesObject>()
                    .map(|data| bytes::data_of(data).to_vec())
                    .unwrap_or_default()
            }
        }
    } else if let Some(data) = object.downcast_ref::<PyBytesObject>() {
        bytes::data_of(data).to_vec()
    } else if let Some(data) = object.downcast_ref::<PyByteArrayObject>() {
        twinheap_objects::bytearray::data_of(data).to_vec()
    } else {
        return Err(type_error(format_args!(
            "str, bytes or bytearray expected, not {}",
            object.type_().name()
        )));
    };
    CString::new(data).map_err(|_| type_error("host name must not contain null character"))
}

/// A port, in the system's order.
fn port(object: &PyObject, function: &str) -> PyResult<u16> {
    let number = c_integer(object)?;
    match u16::try_from(number) {
        Ok(port) => Ok(port.to_be()),
        Err(_) => Err(overflow_error(format_args!(
            "{function}(): port must be 0-65535."
        ))),
    }
}

fn pair<'a>(object: &'a PyObject, function: &str, family: &str) -> PyResult<&'a [&'a PyObject]> {
    match object.downcast_ref::<PyTupleObject>() {
        Some(items) => Ok(tuple::items(items)),
        None => Err(type_error(format_args!(
            "{function}(): {family} address must be tuple, not {:.500}",
            object.type_().name()
        ))),
    }
}

fn unix_address(object: &PyObject) -> PyResult<Address> {
    let data = if let Some(text) = object.downcast_ref::<PyASCIIObject>() {
        let encoded =
            unicode::codecs::encode(text, unicode::codecs::Encoding::Utf8, "surrogateescape")?;
        bytes::data_of(&encoded).to_vec()
    } else {
        Buffer::of(object)?.data().to_vec()
    };
    // SAFETY: all zero is a valid address.
    let mut address: libc::sockaddr_un = unsafe { MaybeUninit::zeroed().assume_init() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    let abstract_name = data.first() == Some(&0);
    let room = address.sun_path.len() - usize::from(!abstract_name && !data.is_empty());
    if data.len() > room {
        return Err(errors::raise(
            &twinheap_objects::exceptions::PyExc_OSError,
            "AF_UNIX path too long",
        ));
    }
    for (slot, byte) in address.sun_path.iter_mut().zip(&data) {
        *slot = *byte as std::ffi::c_char;
    }
    let end = usize::from(!abstract_name);
    let length = offset_of!(libc::sockaddr_un, sun_path) + data.len() + end;
    Ok(Address::of(address, length))
}

/// `getsockaddrarg`: an address of a socket's family.
pub fn from_argument(family: c_int, object: &PyObject, function: &str) -> PyResult<Address> {
    match family {
        libc::AF_UNIX => unix_address(object),
        libc::AF_INET => {
            let items = pair(object, function, "AF_INET")?;
            let &[host, port_object] = items else {
                return Err(type_error("AF_INET address must be a pair (host, port)"));
            };
            let host = host_name(host)?;
            let port = port_of(port_object, function)?;
            let mut found: libc::sockaddr_in =
                super::resolve::address_of(&host, libc::AF_INET)?.as_family();
            found.sin_port = port;
            Ok(Address::of(found, size_of::<libc::sockaddr_in>()))
        }
        libc::AF_INET6 => {
            let items = pair(object, function, "AF_INET6")?;
            if items.len() < 2 || items.len() > 4 {
                return Err(type_error(
                    "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])",
                ));
            }
            let host = host_name(items[0])?;
            let port = port_of(items[1], function)?;
            let flow = items.get(2).map_or(Ok(0), |flow| long::as_long(flow))?;
            let scope = items.get(3).map_or(Ok(0), |scope| long::as_long(scope))?;
            if !(0..=0xfffff).contains(&flow) {
                return Err(overflow_error(format_args!(
                    "{function}(): flowinfo must be 0-1048575."
                )));
            }
            let mut found: libc::sockaddr_in6 =
                super::resolve::address_of(&host, libc::AF_INET6)?.as_family();
            found.sin6_port = port;
            found.sin6_flowinfo = (flow as u32).to_be();
            found.sin6_scope_id = scope as u32;
            Ok(Address::of(found, size_of::<libc::sockaddr_in6>()))
        }
        libc::AF_NETLINK => {
            let &[pid, groups] = pair(object, function, "AF_NETLINK")? else {
                return Err(type_error(
                    "AF_NETLINK address must be a pair (pid, groups)",
                ));
            };
            // SAFETY: all zero is a valid address.
            let mut address: libc::sockaddr_nl = unsafe { MaybeUninit::zeroed().assume_init() };
            address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
            address.nl_pid = long::as_long(pid)? as u32;
            address.nl_groups = long::as_long(groups)? as u32;
            Ok(Address::of(address, size_of::<libc::sockaddr_nl>()))
        }
        libc::AF_VSOCK => {
            let &[cid, port] = pair(object, function, "AF_VSOCK")? else {
                return Err(type_error("AF_VSOCK address must be a pair (cid, port)"));
            };
            // SAFETY: all zero is a valid address.
            let mut address: libc::sockaddr_vm = unsafe { MaybeUninit::zeroed().assume_init() };
            address.svm_family = libc::AF_VSOCK as libc::sa_family_t;
            address.svm_cid = long::as_long(cid)? as u32;
            address.svm_port = long::as_long(port)? as u32;
            Ok(Address::of(address, size_of::<libc::sockaddr_vm>()))
        }
        _ => Err(errors::raise(
            &twinheap_objects::exceptions::PyExc_OSError,
            format_args!("{function}(): bad family"),
        )),
    }
}

fn port_of(object: &PyObject, function: &str) -> PyResult<u16> {
    port(object, function)
}
