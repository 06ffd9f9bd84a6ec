//! str (`Objects/unicodeobject.c`): making, reading, hashing, comparing and interning.
//!
//! Every str made here is compact: the characters follow the header, in the narrowest kind that
//! holds the largest one. Only instances of subclasses keep their characters in a block of their
//! own. The empty str and the single characters below 256 are singletons.

pub(crate) mod arguments;
mod case;
pub mod codecs;
mod find;
mod format;
mod layout;
mod make;
mod methods;
pub(crate) mod percent;
mod read;
pub mod search;
mod sequence;
mod writer;

pub use arguments::*;
pub use case::is_identifier;
pub use find::{contains, join, replace};
pub use format::{format_str, formatter_field_name_split, formatter_parser};
pub use layout::translate;
pub use make::*;
pub use read::*;
pub use sequence::{PyUnicodeASCIIIter_Type, PyUnicodeIter_Type};
pub use writer::Writer;

use crate::dict;
use crate::errors::PyResult;
use crate::object::ObjectExt;
use crate::own::{Layout, Own};
use crate::singletons::{bool_object, not_implemented};
use crate::state::Global;
use crate::{slot, static_type, typed};
use std::cell::Cell;
use std::ffi::c_int;
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_arith::hash::{HashSecret, hash_bytes};

typed!(PyASCIIObject, PyUnicode_Type, flag Py_TPFLAGS_UNICODE_SUBCLASS);

/// The key of str and bytes hashes (`_Py_HashSecret`); all zero for hash seed 0.
pub static HASH_SECRET: Global<Cell<Option<HashSecret>>> = Global(Cell::new(None));

/// The key of str and bytes hashes.
#[inline]
pub fn hash_secret() -> HashSecret {
    HASH_SECRET.get().unwrap_or_else(|| {
        let secret = HashSecret::from_seed(0);
        HASH_SECRET.set(Some(secret));
        secret
    })
}

/// `unicode_hash`: computed once, kept in the object.
#[inline(always)]
pub fn hash(text: &PyASCIIObject) -> Py_hash_t {
    let known = text.hash.get();
    if known != -1 {
        return known;
    }
    compute_hash(text)
}

#[inline(never)]
fn compute_hash(text: &PyASCIIObject) -> Py_hash_t {
    let hash = hash_bytes(hash_secret(), raw_bytes(text)) as isize;
    text.hash.set(hash);
    hash
}

fn unicode_hash(text: &PyASCIIObject) -> PyResult<Py_hash_t> {
    Ok(hash(text))
}

/// `PyUnicode_RichCompare`.
fn rich_compare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(a), Some(b)) = (
        a.downcast_ref::<PyASCIIObject>(),
        b.downcast_ref::<PyASCIIObject>(),
    ) else {
        return Ok(not_implemented());
    };
    if std::ptr::eq(a, b) {
        return Ok(bool_object(matches!(op, Py_EQ | Py_LE | Py_GE)));
    }
    match op {
        Py_EQ => Ok(bool_object(equals(a, b))),
        Py_NE => Ok(bool_object(!equals(a, b))),
        _ => Ok(crate::object::compare_result(compare(a, b), op)),
    }
}

fn unicode_str(text: &PyASCIIObject) -> PyResult {
    result_unchanged(text)
}

/// The text itself where it is an exact str, else a copy that is.
pub fn result_unchanged(text: &PyASCIIObject) -> PyResult {
    if text.as_object().is_exactly(&PyUnicode_Type) {
        return Ok(Own::new(text).upcast());
    }
    Ok(copy_exact(text)?.upcast())
}

unsafe fn unicode_dealloc(text: *mut PyASCIIObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        let object = &*text;
        if object.interned() == SSTATE_INTERNED_MORTAL {
            forget_interned(object);
        }
        if object.wstr.get() as *mut u8 != data_pointer(object) {
            crate::memory::free(object.wstr.get().cast());
        }
        if !object.is_ascii() || !object.is_compact() {
            let compact = &*text.cast::<PyCompactUnicodeObject>();
            if compact.utf8.get().cast::<u8>() != data_pointer(object) {
                crate::memory::free(compact.utf8.get().cast());
            }
        }
        if !object.is_compact() {
            crate::memory::free((*text.cast::<PyUnicodeObject>()).data.get().cast());
        }
        let free = object.as_object().type_().tp_free.get();
        match free {
            Some(free) => free(text.cast()),
            None => crate::memory::object_del(text.cast()),
        }
    }
}

static_type! {
    /// `str`.
    PyUnicode_Type = "str", size size_of::<PyUnicodeObject>(), 0,
        flags Py_TPFLAGS_BASETYPE | Py_TPFLAGS_UNICODE_SUBCLASS | _Py_TPFLAGS_MATCH_SELF;
    number { nb_remainder: methods::REMAINDER }
    sequence {
        sq_length: slot!(len sequence::unicode_length),
        sq_concat: slot!(binary sequence::unicode_concat),
        sq_repeat: slot!(ssizearg sequence::unicode_repeat),
        sq_item: slot!(ssizearg sequence::unicode_getitem),
        sq_contains: slot!(objobj sequence::unicode_contains),
    }
    mapping {
        mp_length: slot!(len sequence::unicode_length),
        mp_subscript: slot!(binary sequence::unicode_subscript),
    }
    tp_dealloc: slot!(dealloc unicode_dealloc),
    tp_repr: slot!(unary unicode_repr),
    tp_hash: slot!(hash unicode_hash),
    tp_str: slot!(unary unicode_str),
    tp_getattro: Some(crate::object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp rich_compare),
    tp_iter: slot!(unary sequence::unicode_iter),
    tp_methods: methods::UNICODE_METHODS.as_ptr(),
    tp_new: slot!(new sequence::unicode_new),
    tp_free: Some(crate::memory::object_free),
}

fn unicode_repr(text: &PyASCIIObject) -> PyResult {
    Ok(repr(text)?.upcast())
}

/// The dict of interned strings: each one is key and value, and neither counts as a reference.
static INTERNED: Global<Pointer<PyDictObject>> = Global(Cell::new(null_mut()));

fn interned_dict() -> &'static PyDictObject {
    if INTERNED.get().is_null() {
        let made = dict::new().expect("the first dict fits in memory");
        INTERNED.set(made.into_raw());
    }
    // SAFETY: made once, never freed.
    unsafe { &*INTERNED.get() }
}

/// `PyUnicode_InternInPlace`: the one str that stands for this text.
pub fn intern(text: Own<PyASCIIObject>) -> Own<PyASCIIObject> {
    if text.interned() != SSTATE_NOT_INTERNED || !text.as_object().is_exactly(&PyUnicode_Type) {
        return text;
    }
    intern_new(text)
}

/// The interned str that equals this one, if there is one.
pub fn interned_as(text: &Own<PyASCIIObject>) -> Option<Own<PyASCIIObject>> {
    let found = dict::get_item(interned_dict(), text.as_object());
    match found {
        Ok(found) => found?.downcast::<PyASCIIObject>().ok(),
        Err(_) => {
            crate::errors::clear();
            None
        }
    }
}

#[inline(never)]
fn intern_new(text: Own<PyASCIIObject>) -> Own<PyASCIIObject> {
    let table = interned_dict();
    let Ok(found) = dict::set_default(table, text.as_object(), text.as_object()) else {
        crate::errors::clear();
        return text;
    };
    if !std::ptr::eq(&*found, text.as_object()) {
        // SAFETY: the table holds str only.
        return unsafe { found.cast() };
    }
    // The table's two references do not count, so that the str can die.
    text.ob_refcnt.set(text.ob_refcnt.get() - 2);
    text.state
        .set(text.state.get() & !STATE_INTERNED_MASK | SSTATE_INTERNED_MORTAL);
    text
}

/// Removes a dying str from the table of interned ones.
fn forget_interned(text: &PyASCIIObject) {
    // The table is about to give its two references back, and the text itself is looked up.
    text.ob_refcnt.set(3);
    let removed = dict::remove(interned_dict(), text.as_object());
    debug_assert!(removed.is_ok());
    text.ob_refcnt.set(0);
}

/// A str that CPython holds in static memory and has not interned, as a name of the same text was there
/// first: never freed.
pub struct StaticText {
    text: &'static str,
    object: Cell<*const PyASCIIObject>,
}

// SAFETY: touched only under the interpreter lock.
unsafe impl Sync for StaticText {}

impl StaticText {
    pub const fn new(text: &'static str) -> StaticText {
        StaticText {
            text,
            object: Cell::new(std::ptr::null()),
        }
    }

    /// The str.
    pub fn get(&self) -> &'static PyASCIIObject {
        if self.object.get().is_null() {
            let made = from_str(self.text).expect("a static text fits in memory");
            made.ob_refcnt.set(crate::boolean::IMMORTAL_REFCNT);
            self.object.set(made.into_raw());
        }
        // SAFETY: made once, never freed.
        unsafe { &*self.object.get() }
    }

    /// The one among these whose text this is.
    pub fn find(all: &'static [StaticText], text: &PyASCIIObject) -> Option<Own<PyASCIIObject>> {
        let found = all.iter().find(|known| equals_str(text, known.text))?;
        Some(Own::new(found.get()))
    }
}

/// An interned name that Rust code uses: made on first use, kept for ever.
pub struct Name {
    text: &'static str,
    object: Cell<*const PyASCIIObject>,
}

// SAFETY: touched only under the interpreter lock.
unsafe impl Sync for Name {}

impl Name {
    pub const fn new(text: &'static str) -> Name {
        Name {
            text,
            object: Cell::new(std::ptr::null()),
        }
    }

    /// The str.
    #[inline(always)]
    pub fn get(&self) -> &'static PyASCIIObject {
        if self.object.get().is_null() {
            self.make();
        }
        // SAFETY: made, and never freed.
        unsafe { &*self.object.get() }
    }

    #[cold]
    fn make(&self) {
        let made = intern(from_str(self.text).expect("a name fits in memory"));
        self.object.set(made.into_raw());
    }
}

/// The interned str of a literal: `id!("__name__")` is a `&'static PyASCIIObject`.
#[macro_export]
macro_rules! id {
    ($text:literal) => {{
        static NAME: $crate::unicode::Name = $crate::unicode::Name::new($text);
        NAME.get()
    }};
}
