//! Sending and receiving.

use super::address::{Address, from_argument};
use super::object::{For, SocketObject};
use crate::arguments::{c_integer, int, optional_integer, pack, parse};
use crate::prelude::*;

/// How many bytes are to come, which must not be negative.
fn size(object: &PyObject, function: &str) -> PyResult<usize> {
    let count = unicode::ssize(object)?;
    usize::try_from(count)
        .map_err(|_| value_error(format_args!("negative buffersize in {function}")))
}

/// Receives into fresh memory; the address that they came from where one is asked for.
fn receive(
    this: &SocketObject,
    count: usize,
    flags: c_int,
    address: Option<&mut Address>,
) -> PyResult {
    let mut data = Vec::new();
    memory::reserve(&mut data, count)?;
    data.resize(count, 0u8);
    let received = receive_bytes(this, &mut data, flags, address)?;
    Ok(bytes::from_slice(&data[..received])?.upcast())
}

fn receive_bytes(
    this: &SocketObject,
    data: &mut [u8],
    flags: c_int,
    mut address: Option<&mut Address>,
) -> PyResult<usize> {
    if data.is_empty() && address.is_none() {
        return Ok(0);
    }
    let count = this.call(For::Reading, || {
        let (pointer, length): (_, *mut libc::socklen_t) = match address.as_deref_mut() {
            Some(address) => {
                *address.length_mut() = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
                (address.pointer_mut(), address.length_mut())
            }
            None => (std::ptr::null_mut(), std::ptr::null_mut()),
        };
        // SAFETY: data and address have the lengths that are told.
        unsafe {
            libc::recvfrom(
                this.fd(),
                data.as_mut_ptr().cast(),
                data.len(),
                flags,
                pointer,
                length,
            )
        }
    })?;
    Ok(count as usize)
}

pub fn recv(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [count, flags] = parse(args, "recv", 1)?;
    let count = unicode::ssize(count.expect("required"))?;
    let flags = optional_integer(flags, 0)?;
    let count = usize::try_from(count).map_err(|_| value_error("negative buffersize in recv"))?;
    receive(this, count, flags, None)
}

pub fn recvfrom(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [count, flags] = parse(args, "recvfrom", 1)?;
    let count = size(count.expect("required"), "recvfrom")?;
    let flags = optional_integer(flags, 0)?;
    let mut address = Address::empty();
    let data = receive(this, count, flags, Some(&mut address))?;
    pack(vec![data, address.shown()?])
}

/// The arguments of the calls that fill a buffer of the program.
fn into_arguments<'a>(
    args: &'a PyTupleObject,
    kwargs: Option<&'a PyDictObject>,
    name: &'static str,
) -> PyResult<(Buffer<'a>, usize, c_int)> {
    let signature = Signature {
        name,
        parameters: &["buffer", "nbytes", "flags"],
        required: 1,
        positional: 3,
    };
    let [buffer, count, flags] = call::bind_tuple::<3>(&signature, args, kwargs)?;
    let given = buffer.expect("required");
    let buffer = Buffer::writable(given).map_err(|raised| {
        errors::discard(raised);
        type_error(format_args!(
            "{name}() argument 1 must be read-write bytes-like object, not {:.50}",
            given.type_().name()
        ))
    })?;
    let count = count.map_or(Ok(0), unicode::ssize)?;
    let flags = optional_integer(flags, 0)?;
    let room = buffer.data().len();
    let count = usize::try_from(count)
        .map_err(|_| value_error(format_args!("negative buffersize in {name}")))?;
    let count = if count == 0 { room } else { count };
    if room < count {
        return Err(value_error(if name == "recv_into" {
            "buffer too small for requested bytes"
        } else {
            "nbytes is greater than the length of the buffer"
        }));
    }
    Ok((buffer, count, flags))
}

pub fn recv_into(
    this: &SocketObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let (buffer, count, flags) = into_arguments(args, kwargs, "recv_into")?;
    let mut data = vec![0u8; count];
    let received = receive_bytes(this, &mut data, flags, None)?;
    buffer.write(0, &data[..received]);
    int(received as i64)
}

pub fn recvfrom_into(
    this: &SocketObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let (buffer, count, flags) = into_arguments(args, kwargs, "recvfrom_into")?;
    let mut data = vec![0u8; count];
    let mut address = Address::empty();
    let received = receive_bytes(this, &mut data, flags, Some(&mut address))?;
    buffer.write(0, &data[..received]);
    pack(vec![int(received as i64)?, address.shown()?])
}

pub fn send(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [data, flags] = parse(args, "send", 1)?;
    let data = Buffer::of(data.expect("required"))?;
    let flags = optional_integer(flags, 0)?;
    let sent = this.call(For::Writing, || {
        let data = data.data();
        // SAFETY: the data have the length that is told.
        unsafe { libc::send(this.fd(), data.as_ptr().cast(), data.len(), flags) }
    })?;
    int(sent as i64)
}

pub fn sendall(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [data, flags] = parse(args, "sendall", 1)?;
    let data = Buffer::of(data.expect("required"))?;
    let flags = optional_integer(flags, 0)?;
    let deadline = this.deadline();
    let mut left = data.data();
    loop {
        let sent = this.call_until(For::Writing, deadline, || {
            // SAFETY: the data have the length that is told.
            unsafe { libc::send(this.fd(), left.as_ptr().cast(), left.len(), flags) }
        })?;
        left = &left[sent as usize..];
        if left.is_empty() {
            return Ok(none());
        }
    }
}

pub fn sendto(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    let (data, flags, address) = match items {
        [data, address] => (*data, 0, *address),
        [data, flags, address] => {
            let buffer = Buffer::of(data)?;
            drop(buffer);
            (*data, c_integer(flags)?, *address)
        }
        _ => {
            return Err(type_error(format_args!(
                "sendto() takes 2 or 3 arguments ({} given)",
                items.len()
            )));
        }
    };
    let data = Buffer::of(data)?;
    let address = from_argument(this.sock_family.get(), address, "sendto")?;
    let sent = this.call(For::Writing, || {
        let data = data.data();
        // SAFETY: data and address have the lengths that are told.
        unsafe {
            libc::sendto(
                this.fd(),
                data.as_ptr().cast(),
                data.len(),
                flags,
                address.pointer(),
                address.length(),
            )
        }
    })?;
    int(sent as i64)
}
