//! `_sre.SRE_Scanner`: a pattern on its way through a text.
//!
//! The engine's state does not stay behind between two steps: only the position does.

use super::matched;
use super::pattern::PatternObject;
use super::subject::{Subject, clip};
use std::cell::Cell;
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_objects::buffer::Buffer;
use twinheap_objects::errors::PyResult;
use twinheap_objects::memory::{self, Visitor};
use twinheap_objects::object;
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::{members, methods, singletons, slot, static_type, typed};
use twinheap_sre::Mode;

/// A scanner. The engine's state stands inside it as in CPython; what only a match under way needs stays zero.
#[repr(C)]
pub struct ScannerObject {
    pub ob_base: PyObject,
    pub pattern: Pointer<PatternObject>,
    /// `ptr` and `beginning`.
    of_a_match: [Cell<usize>; 2],
    /// Where the next match may begin; beyond the end once there is none.
    pub start: Cell<usize>,
    /// `end`.
    of_the_text: Cell<usize>,
    pub string: Pointer<PyObject>,
    buffer: Cell<BufferSpace>,
    /// Where the scan began, for the matches' `pos`.
    pub pos: Cell<usize>,
    pub endpos: Cell<usize>,
    /// `isbytes` and `charsize`.
    of_the_characters: [Cell<i32>; 2],
    /// `lastindex`, `lastmark` and `mark`.
    of_the_groups: [Cell<usize>; 3],
    match_all: Cell<i32>,
    pub must_advance: Cell<i32>,
    /// `data_stack`, its size and its base, and `repeat`.
    of_the_stack: [Cell<usize>; 4],
    executing: Cell<i32>,
}

/// As many bytes as a `Py_buffer` takes: a buffer, or zeroes.
type BufferSpace = [u64; 10];

const _: () = assert!(size_of::<Buffer<'static>>() == size_of::<BufferSpace>());

const _: () = assert!(size_of::<ScannerObject>() == 240);

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for ScannerObject {}
typed!(ScannerObject, PyScanner_Type);

/// A scanner over a text.
pub(super) fn new(
    pattern: &PatternObject,
    string: &PyObject,
    pos: isize,
    endpos: isize,
) -> PyResult {
    let subject = Subject::for_pattern(pattern, string)?;
    let (start, end) = clip(pos, endpos, subject.length());
    let object: *mut ScannerObject =
        memory::new_gc_object(&PyScanner_Type, size_of::<ScannerObject>())?;
    // SAFETY: fresh memory of a scanner's size; tracked once its fields are set.
    unsafe {
        let made = &*object;
        made.pattern.set(Own::new(pattern).into_raw());
        made.string.set(Own::new(string).into_raw());
        made.pos.set(start);
        made.endpos.set(end);
        made.start.set(start);
        made.must_advance.set(0);
        // What exports its bytes keeps them in place for as long as the scanner lives.
        made.buffer.set(match subject {
            Subject::Str(_) => [0; 10],
            Subject::Bytes(_, buffer) => {
                std::mem::transmute::<Buffer<'static>, BufferSpace>(buffer.detach())
            }
        });
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn step(scanner: &ScannerObject, mode: Mode) -> PyResult {
    let start = scanner.start.get();
    if start == usize::MAX {
        return Ok(singletons::none());
    }
    let (pattern, string) = (scanner.pattern.expect_ref(), scanner.string.expect_ref());
    let subject = Subject::for_pattern(pattern, string)?;
    let end = scanner.endpos.get().min(subject.length());
    match subject.run(pattern, (start, end), mode, scanner.must_advance.get() != 0)? {
        None => {
            scanner.start.set(usize::MAX);
            Ok(singletons::none())
        }
        Some(outcome) => {
            scanner
                .must_advance
                .set(i32::from(outcome.end == outcome.start));
            scanner.start.set(outcome.end);
            matched::new(
                pattern,
                string,
                (scanner.pos.get(), scanner.endpos.get()),
                &outcome,
            )
        }
    }
}

fn scanner_match(scanner: &ScannerObject) -> PyResult {
    step(scanner, Mode::Match)
}

fn scanner_search(scanner: &ScannerObject) -> PyResult {
    step(scanner, Mode::Search)
}

/// `scanner_traverse`: the text that is scanned is not visited.
fn traverse(scanner: &ScannerObject, visitor: &mut Visitor) {
    visitor.field(&scanner.pattern);
}

/// Lets the exporter of the bytes go.
fn release_buffer(scanner: &ScannerObject) {
    let space = scanner.buffer.replace([0; 10]);
    if space != [0; 10] {
        // SAFETY: the space held a buffer, which is taken out once.
        drop(unsafe { std::mem::transmute::<BufferSpace, Buffer<'static>>(space) });
    }
}

unsafe fn dealloc(scanner: *mut ScannerObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(scanner.cast());
        release_buffer(&*scanner);
        Field::clear(&(*scanner).pattern);
        Field::clear(&(*scanner).string);
        memory::gc_del(scanner.cast());
    }
}

methods! {
    static SCANNER_METHODS:
    "match" => method_noargs(scanner_match, "($self, /)");
    "search" => method_noargs(scanner_search, "($self, /)");
}

members! {
    static SCANNER_MEMBERS:
    "pattern" => T_OBJECT, offset_of!(ScannerObject, pattern), READONLY;
}

static_type! {
    /// `_sre.SRE_Scanner`.
    PyScanner_Type = "_sre.SRE_Scanner", size size_of::<ScannerObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_methods: SCANNER_METHODS.as_ptr(),
    tp_members: SCANNER_MEMBERS.as_ptr(),
}
