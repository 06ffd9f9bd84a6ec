//! The slots that have names in Python: the table, wrapper descriptors for native slots, and the
//! choice of a slot for a class (`slotdefs`, `add_operators`, `update_one_slot`).

use super::slot_functions as f;
use super::wrappers as w;
use super::{dict_of, find_in_mro, is_subtype};
use crate::errors::PyResult;
use crate::object::{ObjectExt, PyObject_HashNotImplemented};
use crate::own::Layout;
use crate::{descr, dict, unicode};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use twinheap_abi::*;

/// The wrapper takes keywords (`PyWrapperFlag_KEYWORDS`).
pub const PyWrapperFlag_KEYWORDS: c_int = 1;

const fn row(
    name: &'static std::ffi::CStr,
    offset: usize,
    function: *const c_void,
    wrapper: *const c_void,
    doc: *const std::ffi::c_char,
    flags: c_int,
) -> wrapperbase {
    wrapperbase {
        name: name.as_ptr(),
        offset: offset as c_int,
        function,
        wrapper,
        doc,
        flags,
        name_strobj: Cell::new(std::ptr::null_mut()),
    }
}

macro_rules! offset {
    (type $field:ident) => {
        offset_of!(PyHeapTypeObject, ht_type) + offset_of!(PyTypeObject, $field)
    };
    (number $field:ident) => {
        offset_of!(PyHeapTypeObject, as_number) + offset_of!(PyNumberMethods, $field)
    };
    (mapping $field:ident) => {
        offset_of!(PyHeapTypeObject, as_mapping) + offset_of!(PyMappingMethods, $field)
    };
    (sequence $field:ident) => {
        offset_of!(PyHeapTypeObject, as_sequence) + offset_of!(PySequenceMethods, $field)
    };
    (async $field:ident) => {
        offset_of!(PyHeapTypeObject, as_async) + offset_of!(PyAsyncMethods, $field)
    };
}

macro_rules! flag {
    () => {
        0
    };
    (keywords) => {
        PyWrapperFlag_KEYWORDS
    };
}

macro_rules! slot_table {
    ($($name:literal, $suite:tt $field:ident, $function:tt, $wrapper:tt, $signature:literal $(, $flag:ident)?;)+) => {
        /// All slots with names, those of one slot side by side.
        pub static SLOTDEFS: &[wrapperbase] = {
            static ROWS: [wrapperbase; [$($name),+].len()] = [$(row(
                match std::ffi::CStr::from_bytes_with_nul(concat!($name, "\0").as_bytes()) {
                    Ok(name) => name,
                    Err(_) => panic!("a slot's name holds a NUL"),
                },
                offset!($suite $field),
                slot_table!(@function $function),
                slot_table!(@wrapper $wrapper),
                concat!($name, $signature, "\n--\n\n\0").as_ptr().cast(),
                flag!($($flag)?),
            ),)+];
            &ROWS
        };
    };
    (@function none) => { std::ptr::null() };
    (@function $f:ident) => { f::$f as *const c_void };
    (@wrapper none) => { std::ptr::null() };
    (@wrapper $f:ident) => { w::$f as *const c_void };
}

slot_table! {
    "__getattribute__", type tp_getattro, slot_tp_getattr_hook, wrap_binaryfunc, "($self, name, /)";
    "__getattr__", type tp_getattro, slot_tp_getattr_hook, none, "";
    "__setattr__", type tp_setattro, slot_tp_setattro, wrap_setattr, "($self, name, value, /)";
    "__delattr__", type tp_setattro, slot_tp_setattro, wrap_delattr, "($self, name, /)";
    "__repr__", type tp_repr, slot_tp_repr, wrap_unaryfunc, "($self, /)";
    "__hash__", type tp_hash, slot_tp_hash, wrap_hashfunc, "($self, /)";
    "__call__", type tp_call, slot_tp_call, wrap_call, "($self, /, *args, **kwargs)", keywords;
    "__str__", type tp_str, slot_tp_str, wrap_unaryfunc, "($self, /)";
    "__lt__", type tp_richcompare, slot_tp_richcompare, richcmp_lt, "($self, value, /)";
    "__le__", type tp_richcompare, slot_tp_richcompare, richcmp_le, "($self, value, /)";
    "__eq__", type tp_richcompare, slot_tp_richcompare, richcmp_eq, "($self, value, /)";
    "__ne__", type tp_richcompare, slot_tp_richcompare, richcmp_ne, "($self, value, /)";
    "__gt__", type tp_richcompare, slot_tp_richcompare, richcmp_gt, "($self, value, /)";
    "__ge__", type tp_richcompare, slot_tp_richcompare, richcmp_ge, "($self, value, /)";
    "__iter__", type tp_iter, slot_tp_iter, wrap_unaryfunc, "($self, /)";
    "__next__", type tp_iternext, slot_tp_iternext, wrap_next, "($self, /)";
    "__get__", type tp_descr_get, slot_tp_descr_get, wrap_descr_get, "($self, instance, owner=None, /)";
    "__set__", type tp_descr_set, slot_tp_descr_set, wrap_descr_set, "($self, instance, value, /)";
    "__delete__", type tp_descr_set, slot_tp_descr_set, wrap_descr_delete, "($self, instance, /)";
    "__init__", type tp_init, slot_tp_init, wrap_init, "($self, /, *args, **kwargs)", keywords;
    "__new__", type tp_new, slot_tp_new, none, "";
    "__del__", type tp_finalize, slot_tp_finalize, wrap_del, "";
    "__await__", async am_await, slot_am_await, wrap_unaryfunc, "($self, /)";
    "__aiter__", async am_aiter, slot_am_aiter, wrap_unaryfunc, "($self, /)";
    "__anext__", async am_anext, slot_am_anext, wrap_unaryfunc, "($self, /)";
    "__add__", number nb_add, slot_nb_add, wrap_binaryfunc_l, "($self, value, /)";
    "__radd__", number nb_add, slot_nb_add, wrap_binaryfunc_r, "($self, value, /)";
    "__sub__", number nb_subtract, slot_nb_subtract, wrap_binaryfunc_l, "($self, value, /)";
    "__rsub__", number nb_subtract, slot_nb_subtract, wrap_binaryfunc_r, "($self, value, /)";
    "__mul__", number nb_multiply, slot_nb_multiply, wrap_binaryfunc_l, "($self, value, /)";
    "__rmul__", number nb_multiply, slot_nb_multiply, wrap_binaryfunc_r, "($self, value, /)";
    "__mod__", number nb_remainder, slot_nb_remainder, wrap_binaryfunc_l, "($self, value, /)";
    "__rmod__", number nb_remainder, slot_nb_remainder, wrap_binaryfunc_r, "($self, value, /)";
    "__divmod__", number nb_divmod, slot_nb_divmod, wrap_binaryfunc_l, "($self, value, /)";
    "__rdivmod__", number nb_divmod, slot_nb_divmod, wrap_binaryfunc_r, "($self, value, /)";
    "__pow__", number nb_power, slot_nb_power, wrap_ternaryfunc, "($self, value, mod=None, /)";
    "__rpow__", number nb_power, slot_nb_power, wrap_ternaryfunc_r, "($self, value, mod=None, /)";
    "__neg__", number nb_negative, slot_nb_negative, wrap_unaryfunc, "($self, /)";
    "__pos__", number nb_positive, slot_nb_positive, wrap_unaryfunc, "($self, /)";
    "__abs__", number nb_absolute, slot_nb_absolute, wrap_unaryfunc, "($self, /)";
    "__bool__", number nb_bool, slot_nb_bool, wrap_inquirypred, "($self, /)";
    "__invert__", number nb_invert, slot_nb_invert, wrap_unaryfunc, "($self, /)";
    "__lshift__", number nb_lshift, slot_nb_lshift, wrap_binaryfunc_l, "($self, value, /)";
    "__rlshift__", number nb_lshift, slot_nb_lshift, wrap_binaryfunc_r, "($self, value, /)";
    "__rshift__", number nb_rshift, slot_nb_rshift, wrap_binaryfunc_l, "($self, value, /)";
    "__rrshift__", number nb_rshift, slot_nb_rshift, wrap_binaryfunc_r, "($self, value, /)";
    "__and__", number nb_and, slot_nb_and, wrap_binaryfunc_l, "($self, value, /)";
    "__rand__", number nb_and, slot_nb_and, wrap_binaryfunc_r, "($self, value, /)";
    "__xor__", number nb_xor, slot_nb_xor, wrap_binaryfunc_l, "($self, value, /)";
    "__rxor__", number nb_xor, slot_nb_xor, wrap_binaryfunc_r, "($self, value, /)";
    "__or__", number nb_or, slot_nb_or, wrap_binaryfunc_l, "($self, value, /)";
    "__ror__", number nb_or, slot_nb_or, wrap_binaryfunc_r, "($self, value, /)";
    "__int__", number nb_int, slot_nb_int, wrap_unaryfunc, "($self, /)";
    "__float__", number nb_float, slot_nb_float, wrap_unaryfunc, "($self, /)";
    "__iadd__", number nb_inplace_add, slot_nb_inplace_add, wrap_binaryfunc, "($self, value, /)";
    "__isub__", number nb_inplace_subtract, slot_nb_inplace_subtract, wrap_binaryfunc, "($self, value, /)";
    "__imul__", number nb_inplace_multiply, slot_nb_inplace_multiply, wrap_binaryfunc, "($self, value, /)";
    "__imod__", number nb_inplace_remainder, slot_nb_inplace_remainder, wrap_binaryfunc, "($self, value, /)";
    "__ipow__", number nb_inplace_power, slot_nb_inplace_power, wrap_ternaryfunc, "($self, value, /)";
    "__ilshift__", number nb_inplace_lshift, slot_nb_inplace_lshift, wrap_binaryfunc, "($self, value, /)";
    "__irshift__", number nb_inplace_rshift, slot_nb_inplace_rshift, wrap_binaryfunc, "($self, value, /)";
    "__iand__", number nb_inplace_and, slot_nb_inplace_and, wrap_binaryfunc, "($self, value, /)";
    "__ixor__", number nb_inplace_xor, slot_nb_inplace_xor, wrap_binaryfunc, "($self, value, /)";
    "__ior__", number nb_inplace_or, slot_nb_inplace_or, wrap_binaryfunc, "($self, value, /)";
    "__floordiv__", number nb_floor_divide, slot_nb_floor_divide, wrap_binaryfunc_l, "($self, value, /)";
    "__rfloordiv__", number nb_floor_divide, slot_nb_floor_divide, wrap_binaryfunc_r, "($self, value, /)";
    "__truediv__", number nb_true_divide, slot_nb_true_divide, wrap_binaryfunc_l, "($self, value, /)";
    "__rtruediv__", number nb_true_divide, slot_nb_true_divide, wrap_binaryfunc_r, "($self, value, /)";
    "__ifloordiv__", number nb_inplace_floor_divide, slot_nb_inplace_floor_divide, wrap_binaryfunc, "($self, value, /)";
    "__itruediv__", number nb_inplace_true_divide, slot_nb_inplace_true_divide, wrap_binaryfunc, "($self, value, /)";
    "__index__", number nb_index, slot_nb_index, wrap_unaryfunc, "($self, /)";
    "__matmul__", number nb_matrix_multiply, slot_nb_matrix_multiply, wrap_binaryfunc_l, "($self, value, /)";
    "__rmatmul__", number nb_matrix_multiply, slot_nb_matrix_multiply, wrap_binaryfunc_r, "($self, value, /)";
    "__imatmul__", number nb_inplace_matrix_multiply, slot_nb_inplace_matrix_multiply, wrap_binaryfunc, "($self, value, /)";
    "__len__", mapping mp_length, slot_mp_length, wrap_lenfunc, "($self, /)";
    "__getitem__", mapping mp_subscript, slot_mp_subscript, wrap_binaryfunc, "($self, key, /)";
    "__setitem__", mapping mp_ass_subscript, slot_mp_ass_subscript, wrap_objobjargproc, "($self, key, value, /)";
    "__delitem__", mapping mp_ass_subscript, slot_mp_ass_subscript, wrap_delitem, "($self, key, /)";
    "__len__", sequence sq_length, slot_sq_length, wrap_lenfunc, "($self, /)";
    "__add__", sequence sq_concat, none, wrap_binaryfunc, "($self, value, /)";
    "__mul__", sequence sq_repeat, none, wrap_indexargfunc, "($self, value, /)";
    "__rmul__", sequence sq_repeat, none, wrap_indexargfunc, "($self, value, /)";
    "__getitem__", sequence sq_item, slot_sq_item, wrap_sq_item, "($self, key, /)";
    "__setitem__", sequence sq_ass_item, slot_sq_ass_item, wrap_sq_setitem, "($self, key, value, /)";
    "__delitem__", sequence sq_ass_item, slot_sq_ass_item, wrap_sq_delitem, "($self, key, /)";
    "__contains__", sequence sq_contains, slot_sq_contains, wrap_objobjproc, "($self, key, /)";
    "__iadd__", sequence sq_inplace_concat, none, wrap_binaryfunc, "($self, value, /)";
    "__imul__", sequence sq_inplace_repeat, none, wrap_indexargfunc, "($self, value, /)";
}

/// The field of a slot, as an untyped function pointer; none where the type lacks the suite
/// (`slotptr`).
pub fn slot_pointer(type_: &PyTypeObject, offset: usize) -> Option<&Cell<*const c_void>> {
    let ranges: [(usize, usize, *const u8); 4] = [
        (
            offset_of!(PyHeapTypeObject, as_async),
            size_of::<PyAsyncMethods>(),
            type_.tp_as_async.get().cast(),
        ),
        (
            offset_of!(PyHeapTypeObject, as_number),
            size_of::<PyNumberMethods>(),
            type_.tp_as_number.get().cast(),
        ),
        (
            offset_of!(PyHeapTypeObject, as_mapping),
            size_of::<PyMappingMethods>(),
            type_.tp_as_mapping.get().cast(),
        ),
        (
            offset_of!(PyHeapTypeObject, as_sequence),
            size_of::<PySequenceMethods>(),
            type_.tp_as_sequence.get().cast(),
        ),
    ];
    let mut base = (type_ as *const PyTypeObject).cast::<u8>();
    let mut within = offset;
    for (start, size, suite) in ranges {
        if (start..start + size).contains(&offset) {
            if suite.is_null() {
                return None;
            }
            base = suite;
            within = offset - start;
        }
    }
    // SAFETY: the offset lies inside the type or suite; nullable functions are words.
    Some(unsafe { &*base.add(within).cast() })
}

/// The interned name of a row.
pub fn row_name(row: &wrapperbase) -> PyResult<&PyASCIIObject> {
    if row.name_strobj.get().is_null() {
        let name = unicode::from_str(crate::errors::c_text(row.name))?;
        row.name_strobj.set(unicode::intern(name).into_raw().cast());
    }
    // SAFETY: made above, never freed.
    Ok(unsafe { &*row.name_strobj.get().cast() })
}

/// `add_operators`: a wrapper descriptor for each native slot.
pub fn add_operators(type_: &'static PyTypeObject) -> PyResult<()> {
    let attributes = dict_of(type_).expect("the dict was made before");
    for row in SLOTDEFS {
        if row.wrapper.is_null() {
            continue;
        }
        let Some(slot) = slot_pointer(type_, row.offset as usize) else {
            continue;
        };
        if slot.get().is_null() {
            continue;
        }
        let name = row_name(row)?;
        if dict::get_str(attributes, name).is_some() {
            continue;
        }
        if std::ptr::eq(slot.get(), PyObject_HashNotImplemented as *const c_void) {
            dict::set_item(attributes, name.as_object(), &crate::singletons::none())?;
            continue;
        }
        let made = descr::new_wrapper(type_, row, slot.get())?;
        dict::set_item(attributes, name.as_object(), &made)?;
    }
    Ok(())
}

/// Copies what a suite leaves empty from the base's suite.
pub fn inherit_suites(type_: &PyTypeObject, base: &PyTypeObject) {
    let base_of_base = base.tp_base.get();
    for row in all_suite_offsets() {
        let (Some(own), Some(its)) = (slot_pointer(type_, row), slot_pointer(base, row)) else {
            continue;
        };
        if !own.get().is_null() || its.get().is_null() {
            continue;
        }
        // SAFETY: a type keeps its base alive.
        let grand = unsafe { base_of_base.as_ref() }.and_then(|grand| slot_pointer(grand, row));
        if grand.is_none_or(|grand| !std::ptr::eq(its.get(), grand.get())) {
            own.set(its.get());
        }
    }
    inherit_missing_suites(type_, base);
    if let (Some(own), Some(its)) =
        // SAFETY: suites live as long as their types.
        (unsafe { type_.tp_as_buffer.get().as_ref() }, unsafe {
            base.tp_as_buffer.get().as_ref()
        })
    {
        if own.bf_getbuffer.get().is_none() {
            own.bf_getbuffer.set(its.bf_getbuffer.get());
        }
        if own.bf_releasebuffer.get().is_none() {
            own.bf_releasebuffer.set(its.bf_releasebuffer.get());
        }
    }
}

/// A static type without a suite shares its base's (`inherit_special` of a static type).
fn inherit_missing_suites(type_: &PyTypeObject, base: &PyTypeObject) {
    if !std::ptr::eq(type_.tp_base.get(), base) {
        return;
    }
    if type_.tp_as_async.get().is_null() {
        type_.tp_as_async.set(base.tp_as_async.get());
    }
    if type_.tp_as_number.get().is_null() {
        type_.tp_as_number.set(base.tp_as_number.get());
    }
    if type_.tp_as_sequence.get().is_null() {
        type_.tp_as_sequence.set(base.tp_as_sequence.get());
    }
    if type_.tp_as_mapping.get().is_null() {
        type_.tp_as_mapping.set(base.tp_as_mapping.get());
    }
    if type_.tp_as_buffer.get().is_null() {
        type_.tp_as_buffer.set(base.tp_as_buffer.get());
    }
}

fn all_suite_offsets() -> impl Iterator<Item = usize> {
    let suites = [
        (
            offset_of!(PyHeapTypeObject, as_async),
            size_of::<PyAsyncMethods>(),
        ),
        (
            offset_of!(PyHeapTypeObject, as_number),
            size_of::<PyNumberMethods>(),
        ),
        (
            offset_of!(PyHeapTypeObject, as_mapping),
            size_of::<PyMappingMethods>(),
        ),
        (
            offset_of!(PyHeapTypeObject, as_sequence),
            size_of::<PySequenceMethods>(),
        ),
    ];
    suites
        .into_iter()
        .flat_map(|(start, size)| (start..start + size).step_by(8))
}

/// `resolve_slotdups`: the one filled slot among those that share a name.
fn only_filled_slot<'a>(
    type_: &'a PyTypeObject,
    name: &PyASCIIObject,
) -> PyResult<Option<&'a Cell<*const c_void>>> {
    let mut found = None;
    for row in SLOTDEFS {
        if !std::ptr::eq(row_name(row)?, name) {
            continue;
        }
        let Some(slot) = slot_pointer(type_, row.offset as usize) else {
            continue;
        };
        if slot.get().is_null() {
            continue;
        }
        if found.is_some() {
            return Ok(None);
        }
        found = Some(slot);
    }
    Ok(found)
}

/// `update_one_slot`: chooses the function of the slot that begins at a row of the table; returns
/// the row behind the slot's last one.
pub fn update_one_slot(type_: &PyTypeObject, first: usize) -> PyResult<usize> {
    let offset = SLOTDEFS[first].offset;
    let mut index = first;
    let slot = slot_pointer(type_, offset as usize);
    let mut choice = Choice::default();
    while index < SLOTDEFS.len() && SLOTDEFS[index].offset == offset {
        if let Some(slot) = slot {
            consider(type_, slot, &SLOTDEFS[index], &mut choice)?;
        }
        index += 1;
    }
    if let Some(slot) = slot {
        if !choice.specific.is_null() && !choice.use_generic {
            slot.set(choice.specific);
        } else {
            slot.set(choice.generic);
        }
    }
    Ok(index)
}

/// What the rows of one slot have agreed on so far.
struct Choice {
    generic: *const c_void,
    specific: *const c_void,
    use_generic: bool,
}

impl Default for Choice {
    fn default() -> Choice {
        Choice {
            generic: std::ptr::null(),
            specific: std::ptr::null(),
            use_generic: false,
        }
    }
}

fn consider(
    type_: &PyTypeObject,
    slot: &Cell<*const c_void>,
    row: &'static wrapperbase,
    choice: &mut Choice,
) -> PyResult<()> {
    let name = row_name(row)?;
    let offset = row.offset as usize;
    let Some(found) = find_in_mro(type_, name) else {
        if offset == offset!(type tp_iternext) {
            choice.specific = crate::iter::PyObject_NextNotImplemented as *const c_void;
        }
        return Ok(());
    };
    if let Some(wrapper) = found.downcast_exact::<PyWrapperDescrObject>()
        && wrapper_row_name(wrapper)? == name.as_raw()
    {
        let only = only_filled_slot(type_, name)?;
        if only.is_none_or(|only| std::ptr::eq(only, slot)) {
            choice.generic = row.function;
        }
        // SAFETY: a descriptor keeps its type and row alive.
        let (of_type, same_wrapper) = unsafe {
            (
                &*wrapper.d_type.get(),
                (*wrapper.d_base.get()).wrapper == row.wrapper,
            )
        };
        let wrapped = wrapper.d_wrapped.get();
        let agrees = choice.specific.is_null() || choice.specific == wrapped;
        if agrees && same_wrapper && is_subtype(type_, of_type) {
            choice.specific = wrapped;
        } else {
            choice.use_generic = true;
        }
        return Ok(());
    }
    if descr::is_new_wrapper(found) && offset == offset!(type tp_new) {
        choice.specific = slot.get();
        return Ok(());
    }
    if found.is_none() && offset == offset!(type tp_hash) {
        choice.specific = PyObject_HashNotImplemented as *const c_void;
        return Ok(());
    }
    choice.use_generic = true;
    choice.generic = row.function;
    Ok(())
}

fn wrapper_row_name(wrapper: &PyWrapperDescrObject) -> PyResult<*mut PyObject> {
    // SAFETY: the row is static.
    Ok(row_name(unsafe { &*wrapper.d_base.get() })?.as_raw())
}

/// `fixup_slot_dispatchers`: chooses all slots of a class.
pub fn fixup_slot_dispatchers(type_: &PyTypeObject) -> PyResult<()> {
    let mut index = 0;
    while index < SLOTDEFS.len() {
        index = update_one_slot(type_, index)?;
    }
    Ok(())
}

/// `update_slot`: a name of the class has changed; the slots of that name follow, in subclasses too.
pub fn update_slot(type_: &PyTypeObject, name: &PyASCIIObject) -> PyResult<()> {
    let mut firsts = Vec::new();
    for (index, row) in SLOTDEFS.iter().enumerate() {
        if std::ptr::eq(row_name(row)?, name) {
            let first = SLOTDEFS[..=index]
                .iter()
                .position(|other| other.offset == row.offset);
            firsts.extend(first);
        }
    }
    firsts.dedup();
    if firsts.is_empty() {
        return Ok(());
    }
    update_subclasses(type_, name, &firsts)
}

fn update_subclasses(type_: &PyTypeObject, name: &PyASCIIObject, firsts: &[usize]) -> PyResult<()> {
    for &first in firsts {
        update_one_slot(type_, first)?;
    }
    for subclass in super::ready::subclasses(type_) {
        let overrides = dict_of(&subclass).is_some_and(|own| dict::get_str(own, name).is_some());
        if !overrides {
            update_subclasses(&subclass, name, firsts)?;
        }
    }
    Ok(())
}
