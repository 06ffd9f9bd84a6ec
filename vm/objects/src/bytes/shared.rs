//! The methods that bytes and bytearray share, for any byte string that can make another.

use crate::buffer::{self, Buffer};
use crate::call::{self, Args, Signature};
use crate::errors::{self, PyResult, Raised, overflow_error, type_error, value_error};
use crate::exceptions::PyExc_TypeError;
use crate::object::{self, ObjectExt, TypeExt, is_true};
use crate::own::{Layout, Own};
use crate::singletons::bool_object;
use crate::unicode::search as kernel;
use crate::unicode::{self, expect_optional_text, search_arguments, ssize};
use crate::{abstract_, list, long, memory, tuple};
use twinheap_abi::*;

/// A byte string: bytes or bytearray.
pub(crate) trait ByteString: Layout {
    /// The type's name.
    const NAME: &'static str;
    /// The bytes.
    fn data(&self) -> &[u8];
    /// Keeps the data where they are while the value lives; code that would move them gets `BufferError`.
    type Pin<'a>
    where
        Self: 'a;
    fn pin(&self) -> Self::Pin<'_>;
    /// A new byte string of the type.
    fn make(data: &[u8]) -> PyResult;
    /// The same, new even where it is a single byte.
    fn make_new(data: &[u8]) -> PyResult;
    /// The byte string itself where nobody can tell, else a copy.
    fn unchanged(&self) -> PyResult;
}

fn args_of(args: &PyTupleObject) -> &[&PyObject] {
    tuple::items(args)
}

/// What is looked for: bytes of an exporter, or one byte given as an int.
enum Needle<'a> {
    Bytes(Buffer<'a>),
    Byte([u8; 1]),
}

impl Needle<'_> {
    fn data(&self) -> &[u8] {
        match self {
            Needle::Bytes(buffer) => buffer.data(),
            Needle::Byte(byte) => byte,
        }
    }
}

fn needle_of(object: &PyObject) -> PyResult<Needle<'_>> {
    if buffer::is_exporter(object) {
        return Ok(Needle::Bytes(Buffer::of(object)?));
    }
    if !abstract_::has_index(object) {
        return Err(type_error(format_args!(
            "argument should be integer or bytes-like object, not '{:.200}'",
            object.type_().name()
        )));
    }
    Ok(Needle::Byte([super::value_of(object)?]))
}

/// What the arguments of `find` and its kin come to. Reading them runs code, which may change a
/// bytearray, so the data are looked at only behind it.
fn search_range<'a, B: ByteString>(
    this: &B,
    name: &str,
    args: &'a PyTupleObject,
) -> PyResult<(Needle<'a>, isize, isize)> {
    let (needle, start, end) = search_arguments(name, args_of(args), || this.data().len())?;
    let needle = needle_of(needle)?;
    let length = this.data().len() as isize;
    Ok((needle, start, end.min(length)))
}

fn locate<B: ByteString>(
    this: &B,
    name: &str,
    args: &PyTupleObject,
    last: bool,
) -> PyResult<Option<usize>> {
    let (needle, start, end) = search_range(this, name, args)?;
    let (needle, data) = (needle.data(), this.data());
    if end - start < needle.len() as isize {
        return Ok(None);
    }
    let hay = &data[start as usize..end as usize];
    let found = if last {
        kernel::find_last(hay, needle)
    } else {
        kernel::find(hay, needle)
    };
    Ok(found.map(|at| at + start as usize))
}

fn position(found: Option<usize>) -> PyResult {
    long::from_isize(found.map_or(-1, |at| at as isize))
}

fn position_or_error(found: Option<usize>) -> PyResult {
    found.map_or_else(
        || Err(value_error("subsection not found")),
        long::from_usize,
    )
}

pub(crate) fn find<B: ByteString>(this: &B, args: &PyTupleObject) -> PyResult {
    position(locate(this, "find", args, false)?)
}

pub(crate) fn rfind<B: ByteString>(this: &B, args: &PyTupleObject) -> PyResult {
    position(locate(this, "rfind", args, true)?)
}

pub(crate) fn index<B: ByteString>(this: &B, args: &PyTupleObject) -> PyResult {
    position_or_error(locate(this, "index", args, false)?)
}

pub(crate) fn rindex<B: ByteString>(this: &B, args: &PyTupleObject) -> PyResult {
    position_or_error(locate(this, "rindex", args, true)?)
}

pub(crate) fn count<B: ByteString>(this: &B, args: &PyTupleObject) -> PyResult {
    let (needle, start, end) = search_range(this, "count", args)?;
    let needle = needle.data();
    if end - start < needle.len() as isize {
        return long::from_isize(0);
    }
    let hay = &this.data()[start as usize..end as usize];
    long::from_usize(match needle.is_empty() {
        true => hay.len() + 1,
        false => kernel::count_all(hay, needle),
    })
}

pub(crate) fn contains<B: ByteString>(this: &B, needle: &PyObject) -> PyResult<bool> {
    if abstract_::has_index(needle) {
        let byte = super::value_of(needle)?;
        return Ok(this.data().contains(&byte));
    }
    let needle = Buffer::of(needle)?;
    Ok(kernel::find(this.data(), needle.data()).is_some())
}

fn begins_or_ends<B: ByteString>(
    this: &B,
    name: &str,
    args: &PyTupleObject,
    at_end: bool,
) -> PyResult {
    let (piece, start, end) = search_arguments(name, args_of(args), || this.data().len())?;
    let matches = |piece: &PyObject| -> PyResult<bool> {
        let piece = Buffer::of(piece)?;
        let data = this.data();
        let end = end.min(data.len() as isize);
        if end - start < piece.data().len() as isize {
            return Ok(false);
        }
        let range = &data[start as usize..end as usize];
        Ok(if at_end {
            range.ends_with(piece.data())
        } else {
            range.starts_with(piece.data())
        })
    };
    if let Some(pieces) = piece.downcast_ref::<PyTupleObject>() {
        for piece in tuple::items(pieces) {
            if matches(piece)? {
                return Ok(bool_object(true));
            }
        }
        return Ok(bool_object(false));
    }
    if !buffer::is_exporter(piece) {
        return Err(type_error(format_args!(
            "{name} first arg must be bytes or a tuple of bytes, not {:.100}",
            piece.type_().name()
        )));
    }
    Ok(bool_object(matches(piece)?))
}

pub(crate) fn startswith<B: ByteString>(this: &B, args: &PyTupleObject) -> PyResult {
    begins_or_ends(this, "startswith", args, false)
}

pub(crate) fn endswith<B: ByteString>(this: &B, args: &PyTupleObject) -> PyResult {
    begins_or_ends(this, "endswith", args, true)
}

pub(crate) fn removeprefix<B: ByteString>(this: &B, prefix: &PyObject) -> PyResult {
    let prefix = Buffer::of(prefix)?;
    match this.data().strip_prefix(prefix.data()) {
        Some(rest) if !prefix.data().is_empty() => B::make(rest),
        _ => this.unchanged(),
    }
}

pub(crate) fn removesuffix<B: ByteString>(this: &B, suffix: &PyObject) -> PyResult {
    let suffix = Buffer::of(suffix)?;
    match this.data().strip_suffix(suffix.data()) {
        Some(rest) if !suffix.data().is_empty() => B::make(rest),
        _ => this.unchanged(),
    }
}

pub(crate) fn replace<B: ByteString>(this: &B, args: &[&PyObject]) -> PyResult {
    call::check_positional("replace", args.len(), 2, 3)?;
    let (old, new) = (Buffer::of(args[0])?, Buffer::of(args[1])?);
    let most = args.get(2).map_or(Ok(-1), |count| ssize(count))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (data, old, new) = (this.data(), old.data(), new.data());
    if most == 0 || data.len() < old.len() {
        return this.unchanged();
    }
    let found: Vec<usize> = match old.is_empty() {
        true => memory::collected((0..=data.len()).take(if new.is_empty() { 0 } else { most }))?,
        false => kernel::find_all(data, old, most)?,
    };
    if found.is_empty() {
        return this.unchanged();
    }
    let mut out = Vec::new();
    memory::reserve(
        &mut out,
        (data.len() - found.len() * old.len())
            .saturating_add(found.len().saturating_mul(new.len())),
    )?;
    let mut from = 0;
    for at in found {
        out.extend_from_slice(&data[from..at]);
        out.extend_from_slice(new);
        from = at + old.len();
    }
    out.extend_from_slice(&data[from..]);
    B::make_new(&out)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn list_of<B: ByteString>(this: &B, pieces: &[(usize, usize)], most: Option<usize>) -> PyResult {
    let mut made = memory::with_capacity(pieces.len())?;
    for &(start, end) in pieces {
        let whole = start == 0 && end == this.data().len();
        made.push(if whole {
            this.unchanged()?
        } else {
            B::make(&this.data()[start..end])?
        });
    }
    split_result(made, most)
}

/// The list of `split`, or of `splitlines`, which has no limit and grows as it goes.
pub(crate) fn split_result(made: Vec<Own>, most: Option<usize>) -> PyResult {
    if let Some(most) = most {
        return Ok(list::from_pieces(made, most)?.upcast());
    }
    let lines = list::new(0)?;
    for line in made {
        list::append_take(&lines, line)?;
    }
    Ok(lines.upcast())
}

fn split_white(data: &[u8], most: usize) -> PyResult<Vec<(usize, usize)>> {
    let skip = |from: usize, space: bool| {
        data[from..]
            .iter()
            .position(|&byte| is_space(byte) != space)
            .map_or(data.len(), |n| from + n)
    };
    let (mut pieces, mut at) = (Vec::new(), 0);
    while pieces.len() < most {
        let start = skip(at, true);
        if start == data.len() {
            return Ok(pieces);
        }
        at = skip(start, false);
        memory::push(&mut pieces, (start, at))?;
    }
    let start = skip(at, true);
    if start < data.len() {
        memory::push(&mut pieces, (start, data.len()))?;
    }
    Ok(pieces)
}

fn split_white_from_right(data: &[u8], most: usize) -> PyResult<Vec<(usize, usize)>> {
    let skip = |to: usize, space: bool| {
        data[..to]
            .iter()
            .rposition(|&byte| is_space(byte) != space)
            .map_or(0, |index| index + 1)
    };
    let (mut pieces, mut end) = (Vec::new(), data.len());
    while pieces.len() < most {
        let stop = skip(end, true);
        if stop == 0 {
            pieces.reverse();
            return Ok(pieces);
        }
        end = skip(stop, false);
        memory::push(&mut pieces, (end, stop))?;
    }
    let stop = skip(end, true);
    if stop > 0 {
        memory::push(&mut pieces, (0, stop))?;
    }
    pieces.reverse();
    Ok(pieces)
}

fn split_at_separator(data: &[u8], separator: &[u8], most: usize) -> PyResult<Vec<(usize, usize)>> {
    let (mut pieces, mut from) = (Vec::new(), 0);
    for at in kernel::find_all(data, separator, most)? {
        memory::push(&mut pieces, (from, at))?;
        from = at + separator.len();
    }
    memory::push(&mut pieces, (from, data.len()))?;
    Ok(pieces)
}

fn split_at_separator_from_right(
    data: &[u8],
    separator: &[u8],
    most: usize,
) -> Vec<(usize, usize)> {
    let (mut pieces, mut end) = (Vec::new(), data.len());
    while pieces.len() < most
        && let Some(at) = kernel::find_last(&data[..end], separator)
    {
        pieces.push((at + separator.len(), end));
        end = at;
    }
    pieces.push((0, end));
    pieces.reverse();
    pieces
}

static SPLIT: Signature = Signature {
    name: "split",
    parameters: &["sep", "maxsplit"],
    required: 0,
    positional: 2,
};
static RSPLIT: Signature = Signature {
    name: "rsplit",
    parameters: &["sep", "maxsplit"],
    required: 0,
    positional: 2,
};

fn split_by<B: ByteString>(this: &B, args: Args<'_>, right: bool) -> PyResult {
    let [separator, most] = args.bind::<2>(if right { &RSPLIT } else { &SPLIT })?;
    let most = usize::try_from(most.map_or(Ok(-1), ssize)?).unwrap_or(usize::MAX);
    let data = this.data();
    let Some(separator) = separator.filter(|separator| !separator.is_none()) else {
        let pieces = if right {
            split_white_from_right(data, most)?
        } else {
            split_white(data, most)?
        };
        return list_of(this, &pieces, Some(most));
    };
    let separator = Buffer::of(separator)?;
    let separator = not_empty(separator.data())?;
    list_of(
        this,
        &match right {
            true => split_at_separator_from_right(data, separator, most),
            false => split_at_separator(data, separator, most)?,
        },
        Some(most),
    )
}

fn not_empty(separator: &[u8]) -> PyResult<&[u8]> {
    if separator.is_empty() {
        Err(value_error("empty separator"))
    } else {
        Ok(separator)
    }
}

pub(crate) fn split<B: ByteString>(this: &B, args: Args<'_>) -> PyResult {
    split_by(this, args, false)
}

pub(crate) fn rsplit<B: ByteString>(this: &B, args: Args<'_>) -> PyResult {
    split_by(this, args, true)
}

fn partition_by<B: ByteString>(this: &B, separator: &PyObject, last: bool) -> PyResult {
    let buffer = Buffer::of(separator)?;
    let sep = not_empty(buffer.data())?;
    let data = this.data();
    let found = if last {
        kernel::find_last(data, sep)
    } else {
        kernel::find(data, sep)
    };
    // Where nothing is found, bytes stand for themselves, those of a subclass too.
    let whole = || match B::NAME {
        "bytes" => Ok(Own::new(this).upcast()),
        _ => this.unchanged(),
    };
    let parts = match (found, last) {
        (Some(at), _) => {
            // The separator of bytes stands for itself, whatever exporter it is.
            let middle = if B::NAME == "bytes" {
                Own::new(separator)
            } else {
                B::make(sep)?
            };
            vec![
                B::make(&data[..at])?,
                middle,
                B::make(&data[at + sep.len()..])?,
            ]
        }
        (None, false) => vec![whole()?, B::make(&[])?, B::make(&[])?],
        (None, true) => vec![B::make(&[])?, B::make(&[])?, whole()?],
    };
    Ok(tuple::from_vec(parts)?.upcast())
}

pub(crate) fn partition<B: ByteString>(this: &B, separator: &PyObject) -> PyResult {
    partition_by(this, separator, false)
}

pub(crate) fn rpartition<B: ByteString>(this: &B, separator: &PyObject) -> PyResult {
    partition_by(this, separator, true)
}

static SPLITLINES: Signature = Signature {
    name: "splitlines",
    parameters: &["keepends"],
    required: 0,
    positional: 1,
};

pub(crate) fn splitlines<B: ByteString>(this: &B, args: Args<'_>) -> PyResult {
    let [keep] = args.bind::<1>(&SPLITLINES)?;
    let keep = keep.map_or(Ok(false), is_true)?;
    let data = this.data();
    let (mut lines, mut start) = (Vec::new(), 0);
    while start < data.len() {
        let offset = data[start..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = offset.map_or(data.len(), |offset| start + offset);
        let ending = match data[end..] {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        lines.push((start, if keep { end + ending } else { end }));
        start = end + ending;
    }
    list_of(this, &lines, None)
}

fn strip_by<B: ByteString>(
    this: &B,
    name: &str,
    args: &[&PyObject],
    (left, right): (bool, bool),
) -> PyResult {
    call::check_positional(name, args.len(), 0, 1)?;
    let buffer = args
        .first()
        .filter(|set| !set.is_none())
        .map(|set| Buffer::of(set))
        .transpose()?;
    let falls = |byte: &u8| match &buffer {
        Some(set) => set.data().contains(byte),
        None => is_space(*byte),
    };
    let data = this.data();
    let (mut start, mut end) = (0, data.len());
    if left {
        start = data.iter().position(|byte| !falls(byte)).unwrap_or(end);
    }
    if right {
        end = data[start..]
            .iter()
            .rposition(|byte| !falls(byte))
            .map_or(start, |at| start + at + 1);
    }
    match (start, end - start == data.len()) {
        (0, true) => this.unchanged(),
        _ => B::make(&data[start..end]),
    }
}

pub(crate) fn strip<B: ByteString>(this: &B, args: &[&PyObject]) -> PyResult {
    strip_by(this, "strip", args, (true, true))
}

pub(crate) fn lstrip<B: ByteString>(this: &B, args: &[&PyObject]) -> PyResult {
    strip_by(this, "lstrip", args, (true, false))
}

pub(crate) fn rstrip<B: ByteString>(this: &B, args: &[&PyObject]) -> PyResult {
    strip_by(this, "rstrip", args, (false, true))
}

pub(crate) fn join<B: ByteString>(this: &B, iterable: &PyObject) -> PyResult {
    let _pin = this.pin();
    let items = match iterable.downcast_ref::<PyListObject>() {
        Some(list) => tuple::pack(list::items(list))?,
        None => collect(iterable)?,
    };
    let items = tuple::items(&items);
    if let [only] = items
        && only.is_exactly(&super::PyBytes_Type)
        && B::NAME == "bytes"
    {
        return Ok(Own::new(only));
    }
    let mut out = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let added = Buffer::of_or(item, || {
            type_error(format_args!(
                "sequence item {index}: expected a bytes-like object, {:.80} found",
                item.type_().name()
            ))
        })?;
        memory::reserve(&mut out, this.data().len() + added.data().len())?;
        if index > 0 {
            out.extend_from_slice(this.data());
        }
        out.extend_from_slice(added.data());
    }
    B::make_new(&out)
}

/// The complaint of `+` about what shows no bytes.
#[cold]
pub fn no_concat(left: &PyObject, right: &PyObject) -> Raised {
    type_error(format_args!(
        "can't concat {:.100} to {:.100}",
        right.type_().name(),
        left.type_().name()
    ))
}

fn collect(iterable: &PyObject) -> PyResult<Own<PyTupleObject>> {
    match tuple::from_iterable(iterable) {
        Ok(items) => Ok(items),
        Err(raised) => {
            let type_ = iterable.type_();
            let iterable = type_.tp_iter.get().is_some() || abstract_::is_sequence(iterable);
            let not_iterable = errors::matches(&PyExc_TypeError) && !iterable;
            if !not_iterable {
                return Err(raised);
            }
            errors::discard(raised);
            Err(type_error("can only join an iterable"))
        }
    }
}

// Padding.

fn fill_byte(name: &str, object: Option<&&PyObject>) -> PyResult<u8> {
    let Some(object) = object else {
        return Ok(b' ');
    };
    let single = match object.downcast_ref::<PyBytesObject>() {
        Some(bytes) => super::data_of(bytes).to_vec(),
        None => match object.downcast_ref::<PyByteArrayObject>() {
            Some(array) => crate::bytearray::data_of(array).to_vec(),
            None => Vec::new(),
        },
    };
    match single[..] {
        [byte] => Ok(byte),
        _ => Err(type_error(format_args!(
            "{name}() argument 2 must be a byte string of length 1, not {:.50}",
            object.type_().name()
        ))),
    }
}

fn padding(data: &[u8], name: &str, args: &[&PyObject]) -> PyResult<(usize, usize, u8)> {
    call::check_positional(name, args.len(), 1, 2)?;
    let width = ssize(args[0])?;
    let fill = fill_byte(name, args.get(1))?;
    Ok((
        usize::try_from(width - data.len() as isize).unwrap_or(0),
        width.max(0) as usize,
        fill,
    ))
}

fn pad<B: ByteString>(this: &B, left: usize, right: usize, fill: u8) -> PyResult {
    if left == 0 && right == 0 {
        return this.unchanged();
    }
    if left.max(right) > 1 << 46 {
        return Err(errors::no_memory());
    }
    let mut out = Vec::new();
    memory::reserve(&mut out, left + this.data().len() + right)?;
    out.resize(left, fill);
    out.extend_from_slice(this.data());
    out.resize(out.len() + right, fill);
    B::make_new(&out)
}

pub(crate) fn center<B: ByteString>(this: &B, args: &[&PyObject]) -> PyResult {
    let (missing, width, fill) = padding(this.data(), "center", args)?;
    let left = missing / 2 + (missing & width & 1);
    pad(this, left, missing - left, fill)
}

pub(crate) fn ljust<B: ByteString>(this: &B, args: &[&PyObject]) -> PyResult {
    let (missing, _, fill) = padding(this.data(), "ljust", args)?;
    pad(this, 0, missing, fill)
}

pub(crate) fn rjust<B: ByteString>(this: &B, args: &[&PyObject]) -> PyResult {
    let (missing, _, fill) = padding(this.data(), "rjust", args)?;
    pad(this, missing, 0, fill)
}

pub(crate) fn zfill<B: ByteString>(this: &B, width: &PyObject) -> PyResult {
    let width = ssize(width)?;
    let data = this.data();
    let missing = usize::try_from(width - data.len() as isize).unwrap_or(0);
    if missing == 0 {
        return this.unchanged();
    }
    if missing > 1 << 46 {
        return Err(errors::no_memory());
    }
    let signed = usize::from(matches!(data.first(), Some(b'+' | b'-')));
    let mut out = Vec::new();
    memory::reserve(&mut out, data.len() + missing)?;
    out.extend_from_slice(&data[..signed]);
    out.resize(signed + missing, b'0');
    out.extend_from_slice(&data[signed..]);
    B::make_new(&out)
}

static EXPANDTABS: Signature = Signature {
    name: "expandtabs",
    parameters: &["tabsize"],
    required: 0,
    positional: 1,
};

pub(crate) fn expandtabs<B: ByteString>(this: &B, args: Args<'_>) -> PyResult {
    let [size] = args.bind::<1>(&EXPANDTABS)?;
    let size = size.map_or(Ok(8), long::as_int)?;
    let (mut out, mut column) = (Vec::new(), 0usize);
    memory::reserve(&mut out, this.data().len())?;
    for &byte in this.data() {
        if byte == b'\t' {
            if size > 0 {
                let count = size as usize - column % size as usize;
                column += count;
                memory::reserve(&mut out, count)?;
                out.resize(out.len() + count, b' ');
                if out.len() > isize::MAX as usize / 4 {
                    return Err(overflow_error("result too long"));
                }
            }
            continue;
        }
        memory::reserve(&mut out, 1)?;
        out.push(byte);
        column = if matches!(byte, b'\n' | b'\r') {
            0
        } else {
            column + 1
        };
    }
    B::make_new(&out)
}

// Case and classes, ASCII only.

fn mapped<B: ByteString>(this: &B, mut map: impl FnMut(u8) -> u8) -> PyResult {
    B::make_new(
        &this
            .data()
            .iter()
            .map(|&byte| map(byte))
            .collect::<Vec<u8>>(),
    )
}

pub(crate) fn lower<B: ByteString>(this: &B) -> PyResult {
    mapped(this, |byte| byte.to_ascii_lowercase())
}

pub(crate) fn upper<B: ByteString>(this: &B) -> PyResult {
    mapped(this, |byte| byte.to_ascii_uppercase())
}

pub(crate) fn swapcase<B: ByteString>(this: &B) -> PyResult {
    mapped(this, |byte| match byte.is_ascii_uppercase() {
        true => byte.to_ascii_lowercase(),
        false => byte.to_ascii_uppercase(),
    })
}

pub(crate) fn capitalize<B: ByteString>(this: &B) -> PyResult {
    let mut first = true;
    mapped(this, |byte| match std::mem::replace(&mut first, false) {
        true => byte.to_ascii_uppercase(),
        false => byte.to_ascii_lowercase(),
    })
}

pub(crate) fn title<B: ByteString>(this: &B) -> PyResult {
    let mut in_word = false;
    mapped(this, |byte| {
        let previous = std::mem::replace(&mut in_word, byte.is_ascii_alphabetic());
        if previous {
            byte.to_ascii_lowercase()
        } else {
            byte.to_ascii_uppercase()
        }
    })
}

fn all<B: ByteString>(this: &B, property: impl Fn(u8) -> bool) -> PyResult {
    Ok(bool_object(
        !this.data().is_empty() && this.data().iter().all(|&byte| property(byte)),
    ))
}

pub(crate) fn isalpha<B: ByteString>(this: &B) -> PyResult {
    all(this, |byte| byte.is_ascii_alphabetic())
}

pub(crate) fn isalnum<B: ByteString>(this: &B) -> PyResult {
    all(this, |byte| byte.is_ascii_alphanumeric())
}

pub(crate) fn isdigit<B: ByteString>(this: &B) -> PyResult {
    all(this, |byte| byte.is_ascii_digit())
}

pub(crate) fn isspace<B: ByteString>(this: &B) -> PyResult {
    all(this, is_space)
}

pub(crate) fn isascii<B: ByteString>(this: &B) -> PyResult {
    Ok(bool_object(this.data().is_ascii()))
}

pub(crate) fn islower<B: ByteString>(this: &B) -> PyResult {
    let data = this.data();
    let cased = data.iter().any(u8::is_ascii_lowercase);
    Ok(bool_object(
        cased && !data.iter().any(u8::is_ascii_uppercase),
    ))
}

pub(crate) fn isupper<B: ByteString>(this: &B) -> PyResult {
    let data = this.data();
    let cased = data.iter().any(u8::is_ascii_uppercase);
    Ok(bool_object(
        cased && !data.iter().any(u8::is_ascii_lowercase),
    ))
}

pub(crate) fn istitle<B: ByteString>(this: &B) -> PyResult {
    let (mut cased, mut in_word) = (false, false);
    for byte in this.data() {
        let fits = match (byte.is_ascii_uppercase(), byte.is_ascii_lowercase()) {
            (true, _) => !in_word,
            (_, true) => in_word,
            _ => true,
        };
        if !fits {
            return Ok(bool_object(false));
        }
        in_word = byte.is_ascii_alphabetic();
        cased |= in_word;
    }
    Ok(bool_object(cased))
}

// Translation and text.

pub(crate) fn maketrans(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("maketrans", args.len(), 2, 2)?;
    let (from, to) = (Buffer::of(args[0])?, Buffer::of(args[1])?);
    if from.data().len() != to.data().len() {
        return Err(value_error("maketrans arguments must have same length"));
    }
    let mut table: [u8; 256] = std::array::from_fn(|byte| byte as u8);
    for (&from, &to) in from.data().iter().zip(to.data()) {
        table[from as usize] = to;
    }
    Ok(super::from_slice(&table)?.upcast())
}

static TRANSLATE: Signature = Signature {
    name: "translate",
    parameters: &["", "delete"],
    required: 1,
    positional: 2,
};

pub(crate) fn translate<B: ByteString>(this: &B, args: Args<'_>) -> PyResult {
    let [table, delete] = args.bind::<2>(&TRANSLATE)?;
    let table = table
        .filter(|table| !table.is_none())
        .map(Buffer::of)
        .transpose()?;
    if table
        .as_ref()
        .is_some_and(|table| table.data().len() != 256)
    {
        return Err(value_error("translation table must be 256 characters long"));
    }
    let delete = delete.map(Buffer::of).transpose()?;
    let deleted = delete.as_ref().map_or(&[][..], Buffer::data);
    let out: Vec<u8> = this
        .data()
        .iter()
        .filter(|byte| !deleted.contains(byte))
        .map(|&byte| {
            table
                .as_ref()
                .map_or(byte, |table| table.data()[byte as usize])
        })
        .collect();
    if out == this.data() && this.as_object().is_exactly(&crate::bytes::PyBytes_Type) {
        return this.unchanged();
    }
    B::make_new(&out)
}

static DECODE: Signature = Signature {
    name: "decode",
    parameters: &["encoding", "errors"],
    required: 0,
    positional: 2,
};

pub(crate) fn decode<B: ByteString>(this: &B, args: Args<'_>) -> PyResult {
    let [encoding, errors] = args.bind::<2>(&DECODE)?;
    let encoding = expect_optional_text(encoding, "decode", "argument 'encoding'")?;
    let errors = expect_optional_text(errors, "decode", "argument 'errors'")?;
    unicode::codecs::from_encoded_object(this.as_object(), encoding, errors)
}

static HEX: Signature = Signature {
    name: "hex",
    parameters: &["sep", "bytes_per_sep"],
    required: 0,
    positional: 2,
};

pub(crate) fn hex<B: ByteString>(this: &B, args: Args<'_>) -> PyResult {
    let [separator, group] = args.bind::<2>(&HEX)?;
    let group = group.map_or(Ok(1), long::as_int)?;
    Ok(hex_of(this.data(), separator, group)?.upcast())
}

/// The hexadecimal digits of bytes as a str.
pub(crate) fn hex_of(
    data: &[u8],
    separator: Option<&PyObject>,
    group: i32,
) -> PyResult<Own<PyASCIIObject>> {
    if separator.is_some() {
        memory::probe(data.len().saturating_mul(4))?;
        return unicode::from_str(&hex_text(data, separator, group)?);
    }
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    super::write_ascii(data.len() * 2, |put| {
        for &byte in data {
            put(&[
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]);
        }
    })
}

/// `_Py_strhex_with_sep`: groups are counted from the right, or from the left if negative.
pub(crate) fn hex_text(data: &[u8], separator: Option<&PyObject>, group: i32) -> PyResult<String> {
    let separator = separator.map(separator_character).transpose()?;
    let mut text = String::with_capacity(data.len() * 3);
    let size = group.unsigned_abs() as usize;
    for (index, byte) in data.iter().enumerate() {
        let from_start = if group < 0 { index } else { data.len() - index };
        if let Some(separator) = separator
            && index > 0
            && size > 0
            && from_start.is_multiple_of(size)
        {
            text.push(separator);
        }
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(text)
}

fn separator_character(object: &PyObject) -> PyResult<char> {
    if object::length(object)? != 1 {
        return Err(value_error("sep must be length 1."));
    }
    let point = if let Some(text) = object.downcast_ref::<PyASCIIObject>() {
        unicode::text(text).at(0)
    } else if let Some(bytes) = object.downcast_ref::<PyBytesObject>() {
        u32::from(super::data_of(bytes)[0])
    } else {
        return Err(type_error("sep must be str or bytes."));
    };
    match u8::try_from(point) {
        Ok(byte) if byte < 0x80 => Ok(char::from(byte)),
        _ => Err(value_error("sep must be ASCII.")),
    }
}
