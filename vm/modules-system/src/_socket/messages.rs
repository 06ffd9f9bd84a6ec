//! Messages with ancillary data: `sendmsg`, `recvmsg` and their like.

use super::address::{Address, from_argument};
use super::object::{For, SocketObject};
use crate::arguments::{c_integer, int, optional_integer, pack, parse, unsigned_low};
use crate::prelude::*;
use std::mem::MaybeUninit;
use twinheap_objects::exceptions::PyExc_OSError;

/// The most that the system's lengths hold.
const LIMIT: isize = 0x7fff_ffff;

/// `get_CMSG_LEN`: the length of a control message with so much data.
fn message_length(data: isize) -> Option<usize> {
    let header = size_of::<libc::cmsghdr>() as isize;
    (0..=LIMIT - header)
        .contains(&data)
        .then(|| (header + data) as usize)
}

/// `get_CMSG_SPACE`: the same with its padding.
fn message_space(data: isize) -> Option<usize> {
    let least = size_of::<libc::cmsghdr>() as isize + size_of::<usize>() as isize;
    message_length(data)
        .filter(|_| data <= LIMIT - least)
        .map(|length| length.next_multiple_of(size_of::<usize>()))
}

pub fn cmsg_len(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [length] = parse(args, "CMSG_LEN", 1)?;
    match message_length(unicode::ssize(length.expect("required"))?) {
        Some(length) => long::from_usize(length),
        None => Err(overflow_error("CMSG_LEN() argument out of range")),
    }
}

pub fn cmsg_space(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [length] = parse(args, "CMSG_SPACE", 1)?;
    match message_space(unicode::ssize(length.expect("required"))?) {
        Some(length) => long::from_usize(length),
        None => Err(overflow_error("CMSG_SPACE() argument out of range")),
    }
}

fn empty_header() -> libc::msghdr {
    // SAFETY: all zero is a valid message of nothing.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// The control messages of a buffer: level, kind, data, and whether the data were cut.
fn control_messages(data: &[u8]) -> Vec<(c_int, c_int, Vec<u8>, bool)> {
    let header = size_of::<libc::cmsghdr>();
    let mut found = Vec::new();
    let mut left = data;
    while left.len() >= header {
        // SAFETY: the bytes of a header, read wherever they lie.
        let told: libc::cmsghdr = unsafe { left.as_ptr().cast::<libc::cmsghdr>().read_unaligned() };
        let length = told.cmsg_len;
        if length < header {
            break;
        }
        let end = length.min(left.len());
        found.push((
            told.cmsg_level,
            told.cmsg_type,
            left[header..end].to_vec(),
            end < length,
        ));
        left = &left[length.next_multiple_of(size_of::<usize>()).min(left.len())..];
    }
    found
}

/// Closes what came with messages that nobody will see.
fn close_received(messages: &[(c_int, c_int, Vec<u8>, bool)]) {
    for (level, kind, data, _) in messages {
        if (*level, *kind) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
            for raw in data.as_chunks::<4>().0 {
                // SAFETY: the descriptor was just received.
                unsafe { libc::close(c_int::from_ne_bytes(*raw)) };
            }
        }
    }
}

/// `sock_recvmsg_guts`: receives into memory that is given; how much, and the rest of the result.
fn receive(
    this: &SocketObject,
    vectors: &mut [libc::iovec],
    flags: c_int,
    control: isize,
    value: impl FnOnce(usize) -> PyResult,
) -> PyResult {
    if !(0..=LIMIT).contains(&control) {
        return Err(value_error("invalid ancillary data buffer length"));
    }
    let mut address = Address::empty();
    let mut ancillary = vec![0u64; (control as usize).div_ceil(8)];
    let mut header = empty_header();
    let received = this.call(For::Reading, || {
        header.msg_name = address.pointer_mut().cast();
        header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        header.msg_iov = vectors.as_mut_ptr();
        header.msg_iovlen = vectors.len();
        header.msg_control = ancillary.as_mut_ptr().cast();
        header.msg_controllen = control as usize;
        // SAFETY: all of the memory has the lengths that are told.
        unsafe { libc::recvmsg(this.fd(), &mut header, flags) }
    })?;
    *address.length_mut() = header.msg_namelen;
    let bytes_of: Vec<u8> = ancillary
        .iter()
        .flat_map(|word| word.to_ne_bytes())
        .collect();
    let messages = control_messages(&bytes_of[..header.msg_controllen.min(bytes_of.len())]);
    let make = || -> PyResult {
        let mut shown = Vec::new();
        for (level, kind, data, cut) in &messages {
            if *cut {
                twinheap_objects::warnings::warn_runtime(
                    "received malformed or improperly-truncated ancillary data",
                )?;
            }
            shown.push(pack(vec![
                int(*level)?,
                int(*kind)?,
                bytes::from_slice(data)?.upcast(),
            ])?);
        }
        pack(vec![
            value(received as usize)?,
            list::from_vec(shown)?.upcast(),
            int(header.msg_flags)?,
            address.shown()?,
        ])
    };
    make().inspect_err(|_| close_received(&messages))
}

pub fn recvmsg(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [size, control, flags] = parse(args, "recvmsg", 1)?;
    let size = unicode::ssize(size.expect("required"))?;
    let control = control.map_or(Ok(0), unicode::ssize)?;
    let flags = optional_integer(flags, 0)?;
    if size < 0 {
        return Err(value_error("negative buffer size in recvmsg()"));
    }
    let mut data = Vec::new();
    memory::reserve(&mut data, size as usize)?;
    data.resize(size as usize, 0u8);
    let mut vector = [libc::iovec {
        iov_base: data.as_mut_ptr().cast(),
        iov_len: data.len(),
    }];
    receive(this, &mut vector, flags, control, |count| {
        Ok(bytes::from_slice(&data[..count])?.upcast())
    })
}

pub fn recvmsg_into(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [buffers, control, flags] = parse(args, "recvmsg_into", 1)?;
    let control = control.map_or(Ok(0), unicode::ssize)?;
    let flags = optional_integer(flags, 0)?;
    let sequence = abstract_::fast_sequence(
        buffers.expect("required"),
        "recvmsg_into() argument 1 must be an iterable",
    )?;
    let items: Vec<Own> = abstract_::fast_items(&sequence)
        .iter()
        .map(|item| Own::new(*item))
        .collect();
    let mut held = Vec::new();
    for item in &items {
        held.push(Buffer::writable(item).map_err(|raised| {
            errors::discard(raised);
            type_error(format_args!(
                "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers"
            ))
        })?);
    }
    let mut vectors: Vec<libc::iovec> = held
        .iter()
        .map(|buffer| libc::iovec {
            iov_base: buffer.view().buf,
            iov_len: buffer.view().len as usize,
        })
        .collect();
    receive(
        this,
        &mut vectors,
        flags,
        control,
        |count| int(count as i64),
    )
}

/// The control messages of an argument, as the system takes them.
fn encoded_messages(given: Option<&PyObject>) -> PyResult<Vec<u64>> {
    let Some(given) = given else {
        return Ok(Vec::new());
    };
    let sequence = abstract_::fast_sequence(given, "sendmsg() argument 2 must be an iterable")?;
    let items: Vec<Own> = abstract_::fast_items(&sequence)
        .iter()
        .map(|item| Own::new(*item))
        .collect();
    let mut out: Vec<u8> = Vec::new();
    for item in &items {
        let parts = item.downcast_ref::<PyTupleObject>().map(tuple::items);
        let Some(&[level, kind, data]) = parts else {
            return Err(type_error(match parts {
                Some(_) => "[sendmsg() ancillary data items] must be 3-item sequences".to_owned(),
                None => format!(
                    "[sendmsg() ancillary data items] must be a 3-item sequence, not {}",
                    item.type_().name()
                ),
            }));
        };
        let (level, kind) = (c_integer(level)?, c_integer(kind)?);
        let data = Buffer::of(data)?;
        let (Some(length), Some(space)) = (
            message_length(data.data().len() as isize),
            message_space(data.data().len() as isize),
        ) else {
            return Err(errors::raise(
                &PyExc_OSError,
                "ancillary data item too large",
            ));
        };
        let start = out.len();
        out.extend(length.to_ne_bytes());
        out.extend(level.to_ne_bytes());
        out.extend(kind.to_ne_bytes());
        out.extend_from_slice(data.data());
        out.resize(start + space, 0);
    }
    Ok(out
        .as_chunks::<8>()
        .0
        .iter()
        .map(|raw| u64::from_ne_bytes(*raw))
        .collect())
}

/// The buffers of an iterable, held while they are sent.
fn data_buffers(given: &PyObject) -> PyResult<Vec<Own>> {
    let sequence = abstract_::fast_sequence(given, "sendmsg() argument 1 must be an iterable")?;
    Ok(abstract_::fast_items(&sequence)
        .iter()
        .map(|item| Own::new(*item))
        .collect())
}

fn send_message(
    this: &SocketObject,
    items: &[Own],
    control: &mut [u64],
    flags: c_int,
    address: Option<&Address>,
) -> PyResult {
    let mut held = Vec::new();
    for item in items {
        held.push(Buffer::of(item)?);
    }
    let mut vectors: Vec<libc::iovec> = held
        .iter()
        .map(|buffer| libc::iovec {
            iov_base: buffer.view().buf,
            iov_len: buffer.view().len as usize,
        })
        .collect();
    let mut header = empty_header();
    if let Some(address) = address {
        header.msg_name = address.pointer().cast_mut().cast();
        header.msg_namelen = address.length();
    }
    header.msg_iov = vectors.as_mut_ptr();
    header.msg_iovlen = vectors.len();
    if !control.is_empty() {
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(control);
    }
    let sent = this.call(For::Writing, || {
        // SAFETY: all of the memory has the lengths that are told.
        unsafe { libc::sendmsg(this.fd(), &header, flags) }
    })?;
    int(sent as i64)
}

pub fn sendmsg(this: &SocketObject, args: &PyTupleObject) -> PyResult {
    let [data, control, flags, address] = parse(args, "sendmsg", 1)?;
    let flags = optional_integer(flags, 0)?;
    let address = match address.filter(|address| !address.is_none()) {
        Some(address) => Some(from_argument(this.sock_family.get(), address, "sendmsg")?),
        None => None,
    };
    let items = data_buffers(data.expect("required"))?;
    let mut control = encoded_messages(control)?;
    send_message(this, &items, &mut control, flags, address.as_ref())
}

/// Messages for the kernel's ciphers: an operation, perhaps with an initial vector.
pub fn sendmsg_afalg(
    this: &SocketObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "sendmsg_afalg",
        parameters: &["msg", "op", "iv", "assoclen", "flags"],
        required: 0,
        positional: 1,
    };
    let [data, operation, vector, associated, flags] =
        call::bind_tuple::<5>(&SIGNATURE, args, kwargs)?;
    if this.sock_family.get() != libc::AF_ALG {
        return Err(errors::raise(
            &PyExc_OSError,
            "algset is only supported for AF_ALG",
        ));
    }
    let operation = optional_integer(operation, -1)?;
    if operation < 0 {
        return Err(type_error("Invalid or missing argument 'op'"));
    }
    let mut messages = vec![(libc::ALG_SET_OP, operation.to_ne_bytes().to_vec())];
    if let Some(vector) = vector {
        let vector = Buffer::of(vector)?;
        let mut data = (vector.data().len() as u32).to_ne_bytes().to_vec();
        data.extend_from_slice(vector.data());
        messages.push((libc::ALG_SET_IV, data));
    }
    if let Some(associated) = associated {
        let length = unsigned_low(associated)? as u32;
        messages.push((libc::ALG_SET_AEAD_ASSOCLEN, length.to_ne_bytes().to_vec()));
    }
    let shown: PyResult<Vec<Own>> = messages
        .into_iter()
        .map(|(kind, data)| {
            pack(vec![
                int(libc::SOL_ALG)?,
                int(kind)?,
                bytes::from_slice(&data)?.upcast(),
            ])
        })
        .collect();
    let shown = list::from_vec(shown?)?;
    let mut control = encoded_messages(Some(shown.as_object()))?;
    let items = data.map_or(Ok(Vec::new()), data_buffers)?;
    send_message(
        this,
        &items,
        &mut control,
        optional_integer(flags, 0)?,
        None,
    )
}
