//! `re.Pattern`.

use super::matched;
use super::scanner;
use super::subject::{Subject, clip, cut};
use std::cell::Cell;
use std::ffi::c_int;
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_objects::call::{self, Args, Signature};
use twinheap_objects::errors::{PyResult, overflow_error, runtime_error, type_error};
use twinheap_objects::memory::{self, Visitor};
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::{
    abstract_, dict, generic_alias, getset, id, import_hook, iter, list, long, mapping_proxy,
    members, methods, singletons, slot, static_type, tuple, typed, unicode, weakref,
};
use twinheap_sre::Mode;

/// A compiled pattern; its code words follow.
#[repr(C)]
pub struct PatternObject {
    pub ob_base: PyVarObject,
    pub groups: Cell<Py_ssize_t>,
    pub groupindex: Pointer<PyObject>,
    pub indexgroup: Pointer<PyObject>,
    pub pattern: Pointer<PyObject>,
    pub flags: Cell<c_int>,
    pub weakreflist: Pointer<PyObject>,
    pub isbytes: Cell<c_int>,
    pub codesize: Cell<Py_ssize_t>,
    pub code: [Cell<u32>; 1],
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for PatternObject {}
typed!(PatternObject, PyPattern_Type);

impl PatternObject {
    /// The code words.
    pub fn code_words(&self) -> &[u32] {
        // SAFETY: `codesize` words follow the header; they are not written once the pattern is made.
        unsafe {
            std::slice::from_raw_parts(self.code.as_ptr().cast(), self.codesize.get() as usize)
        }
    }
}

const HEADER: usize = size_of::<PatternObject>();

/// The code words of a list, which are ints; reading them runs no code of the program.
fn words_of(code: &PyListObject) -> PyResult<Vec<u32>> {
    let mut words = memory::with_capacity(code.ob_size.get() as usize)?;
    for word in list::iter_owned(code) {
        let word = word
            .downcast_ref::<PyLongObject>()
            .and_then(long::to_i64)
            .and_then(|word| u32::try_from(word).ok());
        let wrong = || overflow_error("regular expression code size limit exceeded");
        memory::push(&mut words, word.ok_or_else(wrong)?)?;
    }
    Ok(words)
}

/// `_sre.compile`.
pub(super) fn compile(
    pattern: &PyObject,
    flags: &PyObject,
    code: &PyObject,
    groups: &PyObject,
    groupindex: &PyObject,
    indexgroup: &PyObject,
) -> PyResult {
    let flags = long::as_int(flags)?;
    let Some(code) = code.downcast_ref::<PyListObject>() else {
        return Err(type_error("compile() argument 'code' must be list"));
    };
    let groups = long::as_ssize(&*abstract_::index(groups)?)?;
    let Some(names) = groupindex.downcast_ref::<PyDictObject>() else {
        return Err(type_error("compile() argument 'groupindex' must be dict"));
    };
    let has_names = names.ma_used.get() > 0;
    if indexgroup.downcast_ref::<PyTupleObject>().is_none() {
        return Err(type_error("compile() argument 'indexgroup' must be tuple"));
    }
    let words = words_of(code)?;
    let isbytes = match pattern.is_none() {
        true => -1,
        false => c_int::from(Subject::of(pattern)?.is_bytes()),
    };
    if !twinheap_sre::is_valid(&words, groups) {
        return Err(runtime_error("invalid SRE code"));
    }
    let object: *mut PatternObject =
        memory::new_gc_object(&PyPattern_Type, HEADER + 4 * words.len().max(1))?;
    // SAFETY: fresh memory of the header and the words; tracked once its fields are set.
    unsafe {
        let made = &*object;
        made.ob_base.ob_size.set(words.len() as isize);
        made.groups.set(groups);
        // Without named groups neither table is kept.
        made.groupindex.set(std::ptr::null_mut());
        made.indexgroup.set(std::ptr::null_mut());
        if has_names {
            made.groupindex.set(Own::new(groupindex).into_raw());
            made.indexgroup.set(Own::new(indexgroup).into_raw());
        }
        made.pattern.set(Own::new(pattern).into_raw());
        made.flags.set(flags);
        made.weakreflist.set(std::ptr::null_mut());
        made.isbytes.set(isbytes);
        made.codesize.set(words.len() as isize);
        std::ptr::copy_nonoverlapping(
            words.as_ptr(),
            made.code.as_ptr().cast_mut().cast(),
            words.len(),
        );
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn traverse(pattern: &PatternObject, visitor: &mut Visitor) {
    visitor.field(&pattern.groupindex);
    visitor.field(&pattern.indexgroup);
    visitor.field(&pattern.pattern);
}

fn clear(pattern: &PatternObject) {
    Field::clear(&pattern.groupindex);
    Field::clear(&pattern.indexgroup);
    Field::clear(&pattern.pattern);
}

unsafe fn dealloc(pattern: *mut PatternObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(pattern.cast());
        if !(*pattern).weakreflist.get().is_null() {
            weakref::clear_all((*pattern).as_object());
        }
        clear(&*pattern);
        memory::gc_del(pattern.cast());
    }
}

/// The arguments of `match` and its kin: the text and the bounds.
struct Bounds<'a> {
    string: &'a PyObject,
    pos: isize,
    endpos: isize,
}

fn bounds<'a>(signature: &Signature, args: Args<'a>) -> PyResult<Bounds<'a>> {
    let [string, pos, endpos] = args.bind::<3>(signature)?;
    let Some(string) = string else {
        return Err(type_error(format_args!(
            "{}() missing required argument 'string' (pos 1)",
            signature.name
        )));
    };
    let pos = pos.map_or(Ok(0), unicode::ssize)?;
    let endpos = endpos.map_or(Ok(isize::MAX), unicode::ssize)?;
    Ok(Bounds {
        string,
        pos,
        endpos,
    })
}

const fn with_bounds(name: &'static str) -> Signature {
    Signature {
        name,
        parameters: &["string", "pos", "endpos"],
        required: 1,
        positional: 3,
    }
}

static MATCH: Signature = with_bounds("match");
static FULLMATCH: Signature = with_bounds("fullmatch");
static SEARCH: Signature = with_bounds("search");
static FINDALL: Signature = with_bounds("findall");
static FINDITER: Signature = with_bounds("finditer");
static SCANNER: Signature = with_bounds("scanner");

fn run_once(
    pattern: &PatternObject,
    signature: &Signature,
    args: Args<'_>,
    mode: Mode,
) -> PyResult {
    let given = bounds(signature, args)?;
    let subject = Subject::for_pattern(pattern, given.string)?;
    let (start, end) = clip(given.pos, given.endpos, subject.length());
    match subject.run(pattern, (start, end), mode, false)? {
        Some(outcome) => matched::new(pattern, given.string, (start, end), &outcome),
        None => Ok(singletons::none()),
    }
}

fn pattern_match(pattern: &PatternObject, args: Args<'_>) -> PyResult {
    run_once(pattern, &MATCH, args, Mode::Match)
}

fn pattern_fullmatch(pattern: &PatternObject, args: Args<'_>) -> PyResult {
    run_once(pattern, &FULLMATCH, args, Mode::FullMatch)
}

fn pattern_search(pattern: &PatternObject, args: Args<'_>) -> PyResult {
    run_once(pattern, &SEARCH, args, Mode::Search)
}

fn pattern_findall(pattern: &PatternObject, args: Args<'_>) -> PyResult {
    let given = bounds(&FINDALL, args)?;
    let subject = Subject::for_pattern(pattern, given.string)?;
    let (mut start, end) = clip(given.pos, given.endpos, subject.length());
    // It grows item by item, with the room that leaves behind them.
    let found = list::new(0)?;
    let mut must_advance = false;
    while let Some(outcome) = subject.run(pattern, (start, end), Mode::Search, must_advance)? {
        let group = |index: usize| match outcome.groups.get(index).copied().flatten() {
            Some((from, to)) => subject.slice(from, to),
            None => subject.slice(0, 0),
        };
        let item = match pattern.groups.get() {
            0 => subject.slice(outcome.start, outcome.end)?,
            1 => group(0)?,
            count => tuple::from_vec(
                (0..count as usize)
                    .map(group)
                    .collect::<PyResult<Vec<Own>>>()?,
            )?
            .upcast(),
        };
        list::append_take(&found, item)?;
        must_advance = outcome.end == outcome.start;
        start = outcome.end;
    }
    Ok(found.upcast())
}

fn pattern_scanner(pattern: &PatternObject, args: Args<'_>) -> PyResult {
    let given = bounds(&SCANNER, args)?;
    scanner::new(pattern, given.string, given.pos, given.endpos)
}

fn pattern_finditer(pattern: &PatternObject, args: Args<'_>) -> PyResult {
    let given = bounds(&FINDITER, args)?;
    let made = scanner::new(pattern, given.string, given.pos, given.endpos)?;
    let search = object::get_attr(&made, id!("search"))?;
    iter::new_call_iterator(&search, &singletons::none())
}

static SPLIT: Signature = Signature {
    name: "split",
    parameters: &["string", "maxsplit"],
    required: 1,
    positional: 2,
};

fn pattern_split(pattern: &PatternObject, args: Args<'_>) -> PyResult {
    let [string, most] = args.bind::<2>(&SPLIT)?;
    let most = most.map_or(Ok(0), unicode::ssize)?;
    let Some(string) = string else {
        return Err(type_error(
            "split() missing required argument 'string' (pos 1)",
        ));
    };
    let subject = Subject::for_pattern(pattern, string)?;
    let end = subject.length();
    let (pieces, mut last, mut count, mut must_advance) = (list::new(0)?, 0, 0, false);
    while (most == 0 || count < most)
        && let Some(outcome) = subject.run(pattern, (last, end), Mode::Search, must_advance)?
    {
        list::append_take(&pieces, subject.slice(last, outcome.start)?)?;
        for index in 0..pattern.groups.get() as usize {
            let group = match outcome.groups.get(index).copied().flatten() {
                Some((from, to)) => subject.slice(from, to)?,
                None => singletons::none(),
            };
            list::append_take(&pieces, group)?;
        }
        count += 1;
        must_advance = outcome.end == outcome.start;
        last = outcome.end;
    }
    list::append_take(&pieces, subject.slice(last, end)?)?;
    Ok(pieces.upcast())
}

/// What a match is replaced by: one object, or what a function gives for the match.
struct Filter {
    object: Own,
    callable: bool,
}

fn filter_of(pattern: &PatternObject, replacement: &PyObject) -> PyResult<Filter> {
    if call::is_callable(replacement) {
        return Ok(Filter {
            object: Own::new(replacement),
            callable: true,
        });
    }
    let literal = match Subject::of(replacement) {
        Ok(subject) => !subject.contains(b'\\'),
        Err(raised) => {
            twinheap_objects::errors::discard(raised);
            false
        }
    };
    if literal {
        return Ok(Filter {
            object: Own::new(replacement),
            callable: false,
        });
    }
    let compile = object::get_attr(&*import_hook::import_module("re")?, id!("_subx"))?;
    let object = call::call(&compile, &[pattern.as_object(), replacement])?;
    Ok(Filter {
        callable: call::is_callable(&object),
        object,
    })
}

fn substitute(
    pattern: &PatternObject,
    signature: &Signature,
    args: Args<'_>,
) -> PyResult<(Own, isize)> {
    let [replacement, string, most] = args.bind::<3>(signature)?;
    let most = most.map_or(Ok(0), unicode::ssize)?;
    let (Some(replacement), Some(string)) = (replacement, string) else {
        return Err(type_error(format_args!(
            "{}() missing required arguments",
            signature.name
        )));
    };
    let filter = filter_of(pattern, replacement)?;
    let subject = Subject::for_pattern(pattern, string)?;
    let end = subject.length();
    let (pieces, mut start, mut done, mut count, mut must_advance) =
        (list::new(0)?, 0, 0, 0, false);
    while (most == 0 || count < most)
        && let Some(outcome) = subject.run(pattern, (start, end), Mode::Search, must_advance)?
    {
        if done < outcome.start {
            list::append_take(&pieces, subject.slice(done, outcome.start)?)?;
        }
        let item = match filter.callable {
            true => {
                let found = matched::new(pattern, string, (0, end), &outcome)?;
                call::call(&filter.object, &[&found])?
            }
            false => filter.object.clone(),
        };
        if !item.is_none() {
            list::append_take(&pieces, item)?;
        }
        done = outcome.end;
        count += 1;
        must_advance = outcome.end == outcome.start;
        start = outcome.end;
    }
    if done < end {
        list::append_take(&pieces, subject.slice(done, end)?)?;
    }
    let joiner = subject.slice(0, 0)?;
    if pieces.ob_size.get() == 0 {
        return Ok((joiner, count));
    }
    let joined = call::call_method(&joiner, id!("join"), &[pieces.as_object()])?;
    Ok((joined, count))
}

static SUB: Signature = Signature {
    name: "sub",
    parameters: &["repl", "string", "count"],
    required: 2,
    positional: 3,
};
static SUBN: Signature = Signature {
    name: "subn",
    parameters: &["repl", "string", "count"],
    required: 2,
    positional: 3,
};

fn pattern_sub(pattern: &PatternObject, args: Args<'_>) -> PyResult {
    Ok(substitute(pattern, &SUB, args)?.0)
}

fn pattern_subn(pattern: &PatternObject, args: Args<'_>) -> PyResult {
    let (joined, count) = substitute(pattern, &SUBN, args)?;
    Ok(tuple::from_vec(vec![joined, long::from_isize(count)?])?.upcast())
}

fn pattern_copy(pattern: &PatternObject) -> PyResult {
    Ok(Own::new(pattern).upcast())
}

fn pattern_deepcopy(pattern: &PatternObject, _: &PyObject) -> PyResult {
    pattern_copy(pattern)
}

const FLAG_NAMES: [(&str, i32); 9] = [
    ("re.TEMPLATE", 1),
    ("re.IGNORECASE", 2),
    ("re.LOCALE", 4),
    ("re.MULTILINE", 8),
    ("re.DOTALL", 16),
    ("re.UNICODE", 32),
    ("re.VERBOSE", 64),
    ("re.DEBUG", 128),
    ("re.ASCII", 256),
];

fn pattern_repr(pattern: &PatternObject) -> PyResult {
    let mut flags = pattern.flags.get();
    // A str pattern is a Unicode one unless it says otherwise.
    if pattern.isbytes.get() == 0 && flags & (4 | 32 | 256) == 32 {
        flags &= !32;
    }
    let mut names: Vec<String> = Vec::new();
    for (name, bit) in FLAG_NAMES {
        if flags & bit != 0 {
            names.push(name.to_owned());
            flags &= !bit;
        }
    }
    if flags != 0 {
        names.push(format!("0x{flags:x}"));
    }
    let shown = object::repr(pattern.pattern.expect_ref())?;
    let mut writer = unicode::Writer::new();
    writer.push_str("re.compile(");
    writer.push_text(cut(&shown, 200));
    if !names.is_empty() {
        writer.push_str(", ");
        writer.push_str(&names.join("|"));
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn pattern_hash(pattern: &PatternObject) -> PyResult<Py_hash_t> {
    let mut hash = object::hash(pattern.pattern.expect_ref())?;
    let code: Vec<u8> = pattern
        .code_words()
        .iter()
        .flat_map(|word| word.to_ne_bytes())
        .collect();
    hash ^= twinheap_objects::bytes::hash(&*twinheap_objects::bytes::from_slice(&code)?);
    hash ^= pattern.flags.get() as isize;
    hash ^= pattern.isbytes.get() as isize;
    hash ^= pattern.codesize.get();
    Ok(if hash == -1 { -2 } else { hash })
}

fn pattern_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(left), Some(right)) = (
        a.downcast_ref::<PatternObject>(),
        b.downcast_ref::<PatternObject>(),
    ) else {
        return Ok(singletons::not_implemented());
    };
    if op != Py_EQ && op != Py_NE {
        return Ok(singletons::not_implemented());
    }
    let same = std::ptr::eq(left, right)
        || left.flags.get() == right.flags.get()
            && left.isbytes.get() == right.isbytes.get()
            && left.code_words() == right.code_words()
            && object::equal(left.pattern.expect_ref(), right.pattern.expect_ref())?;
    Ok(singletons::bool_object(same == (op == Py_EQ)))
}

fn pattern_groupindex(pattern: &PatternObject) -> PyResult {
    match pattern.groupindex.own() {
        Some(names) => mapping_proxy::new(&names),
        None => Ok(dict::new()?.upcast()),
    }
}

fn class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    generic_alias::new(class, item)
}

/// The name of a group by its number, as the pattern knows it.
pub(super) fn group_name(pattern: &PatternObject, index: usize) -> Option<Own> {
    let names = pattern.indexgroup.own()?;
    tuple::items(names.downcast_ref::<PyTupleObject>()?)
        .get(index)
        .map(|&name| Own::new(name))
}

methods! {
    static PATTERN_METHODS:
    "match" => method_keywords(pattern_match, "($self, /, string, pos=0, endpos=sys.maxsize)");
    "fullmatch" => method_keywords(pattern_fullmatch, "($self, /, string, pos=0, endpos=sys.maxsize)");
    "search" => method_keywords(pattern_search, "($self, /, string, pos=0, endpos=sys.maxsize)");
    "sub" => method_keywords(pattern_sub, "($self, /, repl, string, count=0)");
    "subn" => method_keywords(pattern_subn, "($self, /, repl, string, count=0)");
    "findall" => keywords(pattern_findall, "($self, /, string, pos=0, endpos=sys.maxsize)");
    "split" => keywords(pattern_split, "($self, /, string, maxsplit=0)");
    "finditer" => method_keywords(pattern_finditer, "($self, /, string, pos=0, endpos=sys.maxsize)");
    "scanner" => method_keywords(pattern_scanner, "($self, /, string, pos=0, endpos=sys.maxsize)");
    "__copy__" => noargs(pattern_copy, "($self, /)");
    "__deepcopy__" => o(pattern_deepcopy, "($self, memo, /)");
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
}

getset! {
    static PATTERN_GETSET:
    "groupindex" => pattern_groupindex;
}

members! {
    static PATTERN_MEMBERS:
    "pattern" => T_OBJECT, offset_of!(PatternObject, pattern), READONLY;
    "flags" => T_INT, offset_of!(PatternObject, flags), READONLY;
    "groups" => T_PYSSIZET, offset_of!(PatternObject, groups), READONLY;
}

static_type! {
    /// `re.Pattern`.
    PyPattern_Type = "re.Pattern", size HEADER, 4,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary pattern_repr),
    tp_hash: slot!(hash pattern_hash),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_richcompare: slot!(richcmp pattern_richcompare),
    tp_weaklistoffset: offset_of!(PatternObject, weakreflist) as isize,
    tp_methods: PATTERN_METHODS.as_ptr(),
    tp_members: PATTERN_MEMBERS.as_ptr(),
    tp_getset: PATTERN_GETSET.as_ptr(),
}
