//! The methods of str that search: find, count, startswith, replace, split, strip, join and kin.

use super::arguments::{ensure_unicode, expect_str, search_arguments, ssize};
use super::search::Character;
use super::{
    Text, Writer, copy_characters, empty, maxchar_bound, new_uninitialised, result_unchanged,
    substring, text,
};
use crate::call::{self, Args, Signature};
use crate::errors::{self, PyResult, type_error, value_error};
use crate::object::{ObjectExt, TypeExt, is_true};
use crate::own::Own;
use crate::singletons::bool_object;
use crate::{abstract_, list, long, tuple, ucd_bridge as ucd, with_characters};
use twinheap_abi::*;

fn methods_args(args: &PyTupleObject) -> &[&PyObject] {
    tuple::items(args)
}

fn length_of(text: &PyASCIIObject) -> usize {
    text.length.get() as usize
}

/// Where the argument first (or last) occurs in the range it names.
fn locate(
    object: &PyASCIIObject,
    name: &str,
    args: &[&PyObject],
    last: bool,
) -> PyResult<Option<usize>> {
    let (needle, start, end) = search_arguments(name, args, || length_of(object))?;
    let needle = ensure_unicode(needle)?;
    if end - start < needle.length.get() {
        return Ok(None);
    }
    let hay = text(object).slice(start as usize, end as usize);
    let found = if last {
        hay.find_last(text(needle))
    } else {
        hay.find(text(needle))
    };
    Ok(found.map(|at| at + start as usize))
}

fn position_or_minus_one(found: Option<usize>) -> PyResult {
    long::from_isize(found.map_or(-1, |at| at as isize))
}

fn position_or_error(found: Option<usize>) -> PyResult {
    match found {
        Some(at) => long::from_usize(at),
        None => Err(value_error("substring not found")),
    }
}

pub(super) fn unicode_find(object: &PyASCIIObject, args: &PyTupleObject) -> PyResult {
    position_or_minus_one(locate(object, "find", methods_args(args), false)?)
}

pub(super) fn unicode_rfind(object: &PyASCIIObject, args: &PyTupleObject) -> PyResult {
    position_or_minus_one(locate(object, "rfind", methods_args(args), true)?)
}

pub(super) fn unicode_index(object: &PyASCIIObject, args: &PyTupleObject) -> PyResult {
    position_or_error(locate(object, "index", methods_args(args), false)?)
}

pub(super) fn unicode_rindex(object: &PyASCIIObject, args: &PyTupleObject) -> PyResult {
    position_or_error(locate(object, "rindex", methods_args(args), true)?)
}

pub(super) fn unicode_count(object: &PyASCIIObject, args: &PyTupleObject) -> PyResult {
    let (needle, start, end) = search_arguments("count", methods_args(args), || length_of(object))?;
    let needle = ensure_unicode(needle)?;
    if end - start < needle.length.get() {
        return long::from_isize(0);
    }
    let hay = text(object).slice(start as usize, end as usize);
    long::from_usize(hay.count(text(needle)))
}

/// `PyUnicode_Contains`.
pub fn contains(object: &PyASCIIObject, needle: &PyObject) -> PyResult<bool> {
    let Some(needle) = needle.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "'in <string>' requires string as left operand, not {:.100}",
            needle.type_().name()
        )));
    };
    Ok(text(object).find(text(needle)).is_some())
}

/// Whether the range of the text begins or ends with a piece.
fn matches_at(
    object: &PyASCIIObject,
    piece: &PyASCIIObject,
    start: isize,
    end: isize,
    at_end: bool,
) -> bool {
    if end - start < piece.length.get() {
        return false;
    }
    let range = text(object).slice(start as usize, end as usize);
    if at_end {
        range.ends_with(text(piece))
    } else {
        range.begins_with(text(piece))
    }
}

fn begins_or_ends(
    object: &PyASCIIObject,
    name: &str,
    args: &[&PyObject],
    at_end: bool,
) -> PyResult {
    let (piece, start, end) = search_arguments(name, args, || length_of(object))?;
    if let Some(pieces) = piece.downcast_ref::<PyTupleObject>() {
        for piece in tuple::items(pieces) {
            let Some(piece) = piece.downcast_ref::<PyASCIIObject>() else {
                return Err(type_error(format_args!(
                    "tuple for {name} must only contain str, not {:.100}",
                    piece.type_().name()
                )));
            };
            if matches_at(object, piece, start, end, at_end) {
                return Ok(bool_object(true));
            }
        }
        return Ok(bool_object(false));
    }
    let Some(piece) = piece.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "{name} first arg must be str or a tuple of str, not {:.100}",
            piece.type_().name()
        )));
    };
    Ok(bool_object(matches_at(object, piece, start, end, at_end)))
}

pub(super) fn unicode_startswith(object: &PyASCIIObject, args: &PyTupleObject) -> PyResult {
    begins_or_ends(object, "startswith", methods_args(args), false)
}

pub(super) fn unicode_endswith(object: &PyASCIIObject, args: &PyTupleObject) -> PyResult {
    begins_or_ends(object, "endswith", methods_args(args), true)
}

pub(super) fn unicode_removeprefix(object: &PyASCIIObject, prefix: &PyObject) -> PyResult {
    let prefix = expect_str(prefix, "removeprefix", "argument")?;
    match text(object).begins_with(text(prefix)) {
        true if prefix.length.get() == 0 => result_unchanged(object),
        true => Ok(substring(object, length_of(prefix), length_of(object))?.upcast()),
        false => result_unchanged(object),
    }
}

pub(super) fn unicode_removesuffix(object: &PyASCIIObject, suffix: &PyObject) -> PyResult {
    let suffix = expect_str(suffix, "removesuffix", "argument")?;
    match text(object).ends_with(text(suffix)) {
        true if suffix.length.get() == 0 => result_unchanged(object),
        true => Ok(substring(object, 0, length_of(object) - length_of(suffix))?.upcast()),
        false => result_unchanged(object),
    }
}

pub(super) fn unicode_replace(object: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("replace", args.len(), 2, 3)?;
    let old = expect_str(args[0], "replace", "argument 1")?;
    let new = expect_str(args[1], "replace", "argument 2")?;
    let most = match args.get(2) {
        Some(count) => ssize(count)?,
        None => -1,
    };
    replace(
        object,
        old,
        new,
        usize::try_from(most).unwrap_or(usize::MAX),
    )
}

/// `PyUnicode_Replace`.
pub fn replace(
    object: &PyASCIIObject,
    old: &PyASCIIObject,
    new: &PyASCIIObject,
    most: usize,
) -> PyResult {
    let is_same = std::ptr::eq(old, new);
    let (hay, old, with) = (text(object), text(old), text(new));
    let are_empty = old.is_empty() && with.is_empty();
    if most == 0 || hay.len() < old.len() || is_same || are_empty {
        return result_unchanged(object);
    }
    let found = match old.is_empty() {
        true => (0..=hay.len()).take(most).collect(),
        false => hay.find_all(old, most)?,
    };
    if found.is_empty() {
        return result_unchanged(object);
    }
    let kept = hay.len() - found.len() * old.len();
    let total = found
        .len()
        .checked_mul(with.len())
        .and_then(|put| put.checked_add(kept));
    let Some(total) = total.filter(|total| *total <= isize::MAX as usize / 4) else {
        return Err(crate::errors::overflow_error("replace string is too long"));
    };
    crate::memory::probe(total)?;
    let mut out = Writer::with_capacity(total);
    let mut from = 0;
    for at in found {
        out.push_text(hay.slice(from, at));
        out.push_text(with);
        from = at + old.len();
    }
    out.push_text(hay.slice(from, hay.len()));
    Ok(out.finish_new()?.upcast())
}

/// Pieces of a text as a list of str.
fn list_of(object: &PyASCIIObject, pieces: &[(usize, usize)], most: Option<usize>) -> PyResult {
    let mut made = Vec::with_capacity(pieces.len());
    for &(start, end) in pieces {
        let is_whole = start == 0 && end == length_of(object);
        made.push(
            match is_whole && super::arguments::borrowed(object).is_exactly(&super::PyUnicode_Type)
            {
                true => Own::new(object).upcast(),
                false => super::from_text(text(object).slice(start, end))?.upcast(),
            },
        );
    }
    crate::bytes::shared::split_result(made, most)
}

/// A piece; the whole of an exact str is the str itself.
fn piece(object: &PyASCIIObject, start: usize, end: usize) -> PyResult {
    if start == 0 && end == length_of(object) {
        return result_unchanged(object);
    }
    Ok(substring(object, start, end)?.upcast())
}

/// The words between white space, at most `most` cuts; what remains keeps its inner white space.
fn split_white<C: Character>(hay: &[C], most: usize) -> Vec<(usize, usize)> {
    let skip = |from: usize, space: bool| {
        let rest = hay[from..]
            .iter()
            .position(|&c| ucd::is_space(c.into()) != space);
        rest.map_or(hay.len(), |count| from + count)
    };
    let (mut pieces, mut at) = (Vec::new(), 0);
    while pieces.len() < most {
        let start = skip(at, true);
        if start == hay.len() {
            return pieces;
        }
        at = skip(start, false);
        pieces.push((start, at));
    }
    let start = skip(at, true);
    if start < hay.len() {
        // White space at the end of the rest belongs to it.
        pieces.push((start, hay.len()));
    }
    pieces
}

fn split_white_from_right<C: Character>(hay: &[C], most: usize) -> Vec<(usize, usize)> {
    let skip = |to: usize, space: bool| {
        hay[..to]
            .iter()
            .rposition(|&c| ucd::is_space(c.into()) != space)
            .map_or(0, |index| index + 1)
    };
    let (mut pieces, mut end) = (Vec::new(), hay.len());
    while pieces.len() < most {
        let stop = skip(end, true);
        if stop == 0 {
            pieces.reverse();
            return pieces;
        }
        end = skip(stop, false);
        pieces.push((end, stop));
    }
    let stop = skip(end, true);
    if stop > 0 {
        pieces.push((0, stop));
    }
    pieces.reverse();
    pieces
}

fn split_at_separator(
    hay: Text<'_>,
    separator: Text<'_>,
    most: usize,
) -> PyResult<Vec<(usize, usize)>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for at in hay.find_all(separator, most)? {
        pieces.push((from, at));
        from = at + separator.len();
    }
    pieces.push((from, hay.len()));
    Ok(pieces)
}

fn split_at_separator_from_right(
    hay: Text<'_>,
    separator: Text<'_>,
    most: usize,
) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut end = hay.len();
    while pieces.len() < most
        && let Some(at) = hay.slice(0, end).find_last(separator)
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

fn split_arguments<'a>(
    signature: &Signature,
    args: Args<'a>,
) -> PyResult<(Option<&'a PyObject>, usize)> {
    let [separator, most] = args.bind::<2>(signature)?;
    let most = most.map_or(Ok(-1), ssize)?;
    Ok((
        separator.filter(|separator| !separator.is_none()),
        usize::try_from(most).unwrap_or(usize::MAX),
    ))
}

/// A separator of `split`: a str that is not empty.
fn separator(object: &PyObject) -> PyResult<&PyASCIIObject> {
    let Some(separator) = object.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "must be str or None, not {:.100}",
            object.type_().name()
        )));
    };
    not_empty(separator)
}

fn not_empty(separator: &PyASCIIObject) -> PyResult<&PyASCIIObject> {
    match separator.length.get() {
        0 => Err(value_error("empty separator")),
        _ => Ok(separator),
    }
}

/// Whether the text is too short or too narrow to hold the separator.
fn cannot_hold(object: &PyASCIIObject, separator: &PyASCIIObject) -> bool {
    object.kind() < separator.kind() || object.length.get() < separator.length.get()
}

/// A list with room for the one str that it holds.
fn list_of_itself(object: &PyASCIIObject) -> PyResult {
    Ok(crate::list::from_vec(vec![Own::new(object).upcast()])?.upcast())
}

pub(super) fn unicode_split(object: &PyASCIIObject, args: Args<'_>) -> PyResult {
    let (sep, most) = split_arguments(&SPLIT, args)?;
    match sep {
        None => list_of(
            object,
            &with_characters!(text(object), all => split_white(all, most)),
            Some(most),
        ),
        Some(sep) if cannot_hold(object, separator(sep)?) => list_of_itself(object),
        Some(sep) => list_of(
            object,
            &split_at_separator(text(object), text(separator(sep)?), most)?,
            Some(most),
        ),
    }
}

pub(super) fn unicode_rsplit(object: &PyASCIIObject, args: Args<'_>) -> PyResult {
    let (sep, most) = split_arguments(&RSPLIT, args)?;
    match sep {
        None => list_of(
            object,
            &with_characters!(text(object), all => split_white_from_right(all, most)),
            Some(most),
        ),
        Some(sep) if cannot_hold(object, separator(sep)?) => list_of_itself(object),
        Some(sep) => list_of(
            object,
            &split_at_separator_from_right(text(object), text(separator(sep)?), most),
            Some(most),
        ),
    }
}

/// The three parts of a partition; without the separator the text stands first (or last).
fn partition(object: &PyASCIIObject, sep: &PyObject, last: bool) -> PyResult {
    let sep = not_empty(ensure_unicode(sep)?)?;
    let hay = text(object);
    let found = if last {
        hay.find_last(text(sep))
    } else {
        hay.find(text(sep))
    };
    let parts = match (found, last) {
        (Some(at), _) => {
            let behind = substring(object, at + length_of(sep), hay.len())?;
            vec![
                substring(object, 0, at)?.upcast(),
                Own::new(sep).upcast(),
                behind.upcast(),
            ]
        }
        (None, false) => vec![
            Own::new(object).upcast(),
            empty().upcast(),
            empty().upcast(),
        ],
        (None, true) => vec![
            empty().upcast(),
            empty().upcast(),
            Own::new(object).upcast(),
        ],
    };
    Ok(tuple::from_vec(parts)?.upcast())
}

pub(super) fn unicode_partition(object: &PyASCIIObject, sep: &PyObject) -> PyResult {
    partition(object, sep, false)
}

pub(super) fn unicode_rpartition(object: &PyASCIIObject, sep: &PyObject) -> PyResult {
    partition(object, sep, true)
}

static SPLITLINES: Signature = Signature {
    name: "splitlines",
    parameters: &["keepends"],
    required: 0,
    positional: 1,
};

pub(super) fn unicode_splitlines(object: &PyASCIIObject, args: Args<'_>) -> PyResult {
    let [keep] = args.bind::<1>(&SPLITLINES)?;
    let keep = keep.map_or(Ok(false), is_true)?;
    list_of(object, &split_lines(text(object), keep), None)
}

/// The lines of a text, with their ends where those are kept; `\r\n` is one end.
fn split_lines(hay: Text<'_>, keep: bool) -> Vec<(usize, usize)> {
    let (mut lines, mut start) = (Vec::new(), 0);
    while start < hay.len() {
        let end = (start..hay.len())
            .find(|&i| ucd::is_line_break(hay.at(i)))
            .unwrap_or(hay.len());
        let mut next = (end + 1).min(hay.len());
        if next < hay.len() && hay.at(end) == 0x0d && hay.at(next) == 0x0a {
            next += 1;
        }
        lines.push((start, if keep { next } else { end }));
        start = next;
    }
    lines
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Both,
}

fn strip(object: &PyASCIIObject, name: &str, args: &[&PyObject], side: Side) -> PyResult {
    call::check_positional(name, args.len(), 0, 1)?;
    match args.first().filter(|characters| !characters.is_none()) {
        None => stripped(object, side, ucd::is_space),
        Some(characters) => {
            let Some(characters) = characters.downcast_ref::<PyASCIIObject>() else {
                return Err(type_error(format_args!("{name} arg must be None or str")));
            };
            let set = text(characters);
            stripped(object, side, |character| set.contains_character(character))
        }
    }
}

fn stripped(object: &PyASCIIObject, side: Side, falls: impl Fn(u32) -> bool) -> PyResult {
    let hay = text(object);
    let (mut start, mut end) = (0, hay.len());
    if side != Side::Right {
        start = (0..end).find(|&index| !falls(hay.at(index))).unwrap_or(end);
    }
    if side != Side::Left {
        end = (start..end)
            .rev()
            .find(|&index| !falls(hay.at(index)))
            .map_or(start, |index| index + 1);
    }
    piece(object, start, end)
}

pub(super) fn unicode_strip(object: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    strip(object, "strip", args, Side::Both)
}

pub(super) fn unicode_lstrip(object: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    strip(object, "lstrip", args, Side::Left)
}

pub(super) fn unicode_rstrip(object: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    strip(object, "rstrip", args, Side::Right)
}

pub(super) fn unicode_join(separator: &PyASCIIObject, iterable: &PyObject) -> PyResult {
    join(separator, iterable)
}

/// `PyUnicode_Join`.
pub fn join(separator: &PyASCIIObject, iterable: &PyObject) -> PyResult {
    let held;
    let items: &[&PyObject] = if let Some(list) = iterable.downcast_ref::<PyListObject>() {
        list::items(list)
    } else if let Some(tuple) = iterable.downcast_ref::<PyTupleObject>() {
        tuple::items(tuple)
    } else {
        held = fast_sequence(iterable)?;
        tuple::items(&held)
    };
    join_items(separator, items)
}

/// What is no list and no tuple is read into a tuple; what cannot be iterated is named so.
fn fast_sequence(iterable: &PyObject) -> PyResult<Own<PyTupleObject>> {
    let iterator = abstract_::get_iter(iterable).inspect_err(|_| {
        if errors::matches(&crate::exceptions::PyExc_TypeError) {
            errors::clear();
            type_error("can only join an iterable");
        }
    })?;
    tuple::from_vec(abstract_::collect(&iterator)?)
}

fn join_items(separator: &PyASCIIObject, items: &[&PyObject]) -> PyResult {
    if let [only] = items
        && only.is_exactly(&super::PyUnicode_Type)
    {
        return Ok(Own::new(only));
    }
    let mut maxchar = if items.len() > 1 {
        maxchar_bound(separator)
    } else {
        0x7f
    };
    let mut total = length_of(separator) * items.len().saturating_sub(1);
    let mut pieces = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let Some(piece) = item.downcast_ref::<PyASCIIObject>() else {
            return Err(type_error(format_args!(
                "sequence item {index}: expected str instance, {:.80} found",
                item.type_().name()
            )));
        };
        maxchar = maxchar.max(maxchar_bound(piece));
        total += length_of(piece);
        pieces.push(piece);
    }
    if total == 0 {
        return Ok(empty().upcast());
    }
    let made = new_uninitialised(total, maxchar)?;
    let mut at = 0;
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 && length_of(separator) > 0 {
            copy_characters(&made, at, separator);
            at += length_of(separator);
        }
        if length_of(piece) > 0 {
            copy_characters(&made, at, piece);
            at += length_of(piece);
        }
    }
    Ok(made.upcast())
}
