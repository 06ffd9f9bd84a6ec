//! `re.Match`.

use super::pattern::{PatternObject, group_name};
use super::subject::{Subject, cut};
use std::cell::Cell;
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_objects::call::{self, Args, Signature};
use twinheap_objects::errors::{PyResult, index_error, system_error};
use twinheap_objects::memory::{self, Visitor};
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::{
    abstract_, dict, generic_alias, getset, id, import_hook, long, members, methods, singletons,
    slot, static_type, tuple, typed, unicode,
};
use twinheap_sre::Outcome;

/// A match; start and end of every group follow, the whole match first, -1 for none.
#[repr(C)]
pub struct MatchObject {
    pub ob_base: PyVarObject,
    pub string: Pointer<PyObject>,
    pub regs: Pointer<PyObject>,
    pub pattern: Pointer<PatternObject>,
    pub pos: Cell<Py_ssize_t>,
    pub endpos: Cell<Py_ssize_t>,
    pub lastindex: Cell<Py_ssize_t>,
    pub groups: Cell<Py_ssize_t>,
    pub mark: [Cell<Py_ssize_t>; 1],
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for MatchObject {}
typed!(MatchObject, PyMatch_Type);

const HEADER: usize = size_of::<MatchObject>();

/// A match of a pattern that the engine has found between the bounds.
pub(super) fn new(
    pattern: &PatternObject,
    string: &PyObject,
    (pos, endpos): (usize, usize),
    outcome: &Outcome,
) -> PyResult {
    let turned = |(start, end): &(usize, usize)| start > end;
    if outcome.groups.iter().flatten().any(turned) {
        return Err(system_error(
            "The span of capturing group is wrong, please report a bug for the re module.",
        ));
    }
    let count = pattern.groups.get() as usize + 1;
    let object: *mut MatchObject = memory::new_gc_object(&PyMatch_Type, HEADER + 16 * count)?;
    // SAFETY: fresh memory of the header and two marks a group; tracked once its fields are set.
    unsafe {
        let made = &*object;
        made.ob_base.ob_size.set(2 * count as isize);
        made.string.set(Own::new(string).into_raw());
        made.regs.set(std::ptr::null_mut());
        made.pattern.set(Own::new(pattern).into_raw());
        made.pos.set(pos as isize);
        made.endpos.set(endpos as isize);
        made.lastindex
            .set(outcome.last_index.map_or(-1, |index| index as isize));
        made.groups.set(count as isize);
        let marks: *mut isize = made.mark.as_ptr().cast_mut().cast();
        for index in 0..count {
            let span = match index.checked_sub(1) {
                None => Some((outcome.start, outcome.end)),
                Some(group) => outcome.groups.get(group).copied().flatten(),
            };
            let (start, end) = span.map_or((-1, -1), |(start, end)| (start as isize, end as isize));
            marks.add(2 * index).write(start);
            marks.add(2 * index + 1).write(end);
        }
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

/// The span of a group, (-1, -1) for none.
fn span_of(found: &MatchObject, index: usize) -> (isize, isize) {
    // SAFETY: two marks a group follow the header.
    let marks = unsafe {
        std::slice::from_raw_parts(
            found.mark.as_ptr().cast::<isize>(),
            2 * found.groups.get() as usize,
        )
    };
    (marks[2 * index], marks[2 * index + 1])
}

fn group_text(found: &MatchObject, index: usize, default: &PyObject) -> PyResult {
    let (start, end) = span_of(found, index);
    if start < 0 || found.string.get().is_null() {
        return Ok(Own::new(default));
    }
    Subject::of(found.string.expect_ref())?.slice(start as usize, end as usize)
}

/// The number of a group named by an int or a str.
fn group_index(found: &MatchObject, index: &PyObject) -> PyResult<usize> {
    let number = if abstract_::has_index(index) {
        unicode::clipped_index(index)?
    } else {
        let names = found.pattern.expect_ref().groupindex.own();
        let named = match names
            .as_ref()
            .and_then(|names| names.downcast_ref::<PyDictObject>())
        {
            Some(names) => dict::get_item(names, index)?,
            None => None,
        };
        let number = named
            .as_ref()
            .and_then(|named| named.downcast_ref::<PyLongObject>());
        number
            .and_then(long::to_i64)
            .map_or(-1, |number| number as isize)
    };
    if number < 0 || number >= found.groups.get() {
        return Err(index_error("no such group"));
    }
    Ok(number as usize)
}

fn match_group(found: &MatchObject, args: &PyTupleObject) -> PyResult {
    let none = singletons::none();
    match tuple::items(args) {
        [] => group_text(found, 0, &none),
        [index] => group_text(found, group_index(found, index)?, &none),
        many => {
            let mut texts = Vec::with_capacity(many.len());
            for index in many {
                texts.push(group_text(found, group_index(found, index)?, &none)?);
            }
            Ok(tuple::from_vec(texts)?.upcast())
        }
    }
}

fn match_getitem(found: &MatchObject, index: &PyObject) -> PyResult {
    group_text(found, group_index(found, index)?, &singletons::none())
}

static GROUPS: Signature = Signature {
    name: "groups",
    parameters: &["default"],
    required: 0,
    positional: 1,
};
static GROUPDICT: Signature = Signature {
    name: "groupdict",
    parameters: &["default"],
    required: 0,
    positional: 1,
};

fn match_groups(found: &MatchObject, args: Args<'_>) -> PyResult {
    let [default] = args.bind::<1>(&GROUPS)?;
    let none = singletons::none();
    let default = default.unwrap_or(&none);
    let texts: PyResult<Vec<Own>> = (1..found.groups.get() as usize)
        .map(|index| group_text(found, index, default))
        .collect();
    Ok(tuple::from_vec(texts?)?.upcast())
}

fn match_groupdict(found: &MatchObject, args: Args<'_>) -> PyResult {
    let [default] = args.bind::<1>(&GROUPDICT)?;
    let none = singletons::none();
    let default = default.unwrap_or(&none);
    let made = dict::new()?;
    let names = found.pattern.expect_ref().groupindex.own();
    if let Some(names) = names
        .as_ref()
        .and_then(|names| names.downcast_ref::<PyDictObject>())
    {
        for (name, index) in dict::iter_owned(names) {
            let text = group_text(found, group_index(found, &index)?, default)?;
            dict::set_item(&made, &name, &text)?;
        }
    }
    Ok(made.upcast())
}

/// The span of the group that the arguments name, the whole match without any.
fn asked_span(found: &MatchObject, name: &str, args: &[&PyObject]) -> PyResult<(isize, isize)> {
    call::check_positional(name, args.len(), 0, 1)?;
    let index = args
        .first()
        .map_or(Ok(0), |index| group_index(found, index))?;
    Ok(span_of(found, index))
}

fn match_start(found: &MatchObject, args: &[&PyObject]) -> PyResult {
    long::from_isize(asked_span(found, "start", args)?.0)
}

fn match_end(found: &MatchObject, args: &[&PyObject]) -> PyResult {
    long::from_isize(asked_span(found, "end", args)?.1)
}

fn pair((start, end): (isize, isize)) -> PyResult {
    Ok(tuple::from_vec(vec![long::from_isize(start)?, long::from_isize(end)?])?.upcast())
}

fn match_span(found: &MatchObject, args: &[&PyObject]) -> PyResult {
    pair(asked_span(found, "span", args)?)
}

static EXPAND: Signature = Signature {
    name: "expand",
    parameters: &["template"],
    required: 1,
    positional: 1,
};

fn match_expand(found: &MatchObject, args: Args<'_>) -> PyResult {
    let [template] = args.bind::<1>(&EXPAND)?;
    let expand = object::get_attr(&*import_hook::import_module("re")?, id!("_expand"))?;
    let none = singletons::none();
    let args = [
        found.pattern.expect_ref().as_object(),
        found.as_object(),
        template.unwrap_or(&none),
    ];
    call::call(&expand, &args)
}

fn match_copy(found: &MatchObject) -> PyResult {
    Ok(Own::new(found).upcast())
}

fn match_deepcopy(found: &MatchObject, _: &PyObject) -> PyResult {
    match_copy(found)
}

fn match_lastindex(found: &MatchObject) -> PyResult {
    match found.lastindex.get() {
        -1 => Ok(singletons::none()),
        index => long::from_isize(index),
    }
}

fn match_lastgroup(found: &MatchObject) -> PyResult {
    let name = usize::try_from(found.lastindex.get()).ok();
    let name = name.and_then(|index| group_name(found.pattern.expect_ref(), index));
    Ok(name.unwrap_or_else(singletons::none))
}

fn match_regs(found: &MatchObject) -> PyResult {
    if let Some(regs) = found.regs.own() {
        return Ok(regs);
    }
    let spans: PyResult<Vec<Own>> = (0..found.groups.get() as usize)
        .map(|index| pair(span_of(found, index)))
        .collect();
    let regs = tuple::from_vec(spans?)?.upcast();
    found.regs.put(Some(regs.clone()));
    Ok(regs)
}

fn match_repr(found: &MatchObject) -> PyResult {
    let text = group_text(found, 0, &singletons::none())?;
    let shown = object::repr(&text)?;
    let (start, end) = span_of(found, 0);
    let mut writer = unicode::Writer::new();
    writer.push_str(&format!("<re.Match object; span=({start}, {end}), match="));
    writer.push_text(cut(&shown, 50));
    writer.push_str(">");
    Ok(writer.finish()?.upcast())
}

fn traverse(found: &MatchObject, visitor: &mut Visitor) {
    visitor.field(&found.string);
    visitor.field(&found.regs);
    visitor.field(&found.pattern);
}

fn clear(found: &MatchObject) {
    Field::clear(&found.string);
    Field::clear(&found.regs);
    Field::clear(&found.pattern);
}

unsafe fn dealloc(found: *mut MatchObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(found.cast());
        clear(&*found);
        memory::gc_del(found.cast());
    }
}

fn class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    generic_alias::new(class, item)
}

methods! {
    static MATCH_METHODS:
    "group" => varargs(match_group);
    "start" => fast(match_start, "($self, group=0, /)");
    "end" => fast(match_end, "($self, group=0, /)");
    "span" => fast(match_span, "($self, group=0, /)");
    "groups" => keywords(match_groups, "($self, /, default=None)");
    "groupdict" => keywords(match_groupdict, "($self, /, default=None)");
    "expand" => keywords(match_expand, "($self, /, template)");
    "__copy__" => noargs(match_copy, "($self, /)");
    "__deepcopy__" => o(match_deepcopy, "($self, memo, /)");
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
}

getset! {
    static MATCH_GETSET:
    "lastindex" => match_lastindex;
    "lastgroup" => match_lastgroup;
    "regs" => match_regs;
}

members! {
    static MATCH_MEMBERS:
    "string" => T_OBJECT, offset_of!(MatchObject, string), READONLY;
    "re" => T_OBJECT, offset_of!(MatchObject, pattern), READONLY;
    "pos" => T_PYSSIZET, offset_of!(MatchObject, pos), READONLY;
    "endpos" => T_PYSSIZET, offset_of!(MatchObject, endpos), READONLY;
}

static_type! {
    /// `re.Match`.
    PyMatch_Type = "re.Match", size HEADER, 8,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    mapping { mp_subscript: slot!(binary match_getitem) }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary match_repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_methods: MATCH_METHODS.as_ptr(),
    tp_members: MATCH_MEMBERS.as_ptr(),
    tp_getset: MATCH_GETSET.as_ptr(),
}
