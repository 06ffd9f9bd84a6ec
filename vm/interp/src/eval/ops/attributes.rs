//! `LOAD_ATTR` and `STORE_ATTR` through type versions: inline values, dicts, slots, modules.

use super::super::Eval;
use super::super::regs::*;
use super::globals::value_at;
use twinheap_abi::*;
use twinheap_objects::dict::{self, KeysExt, ValuesExt};
use twinheap_objects::memory;
use twinheap_objects::module::PyModule_Type;

/// Whether the owner's type has the version that the cache was made for.
#[inline(always)]
pub(super) fn has_version(r: &Regs, owner: Ref) -> bool {
    // SAFETY: an object's type is alive.
    unsafe { (*owner.ob_type.get()).tp_version_tag.get() == r.cached_version(1) }
}

/// The inline values of an instance whose type has managed dicts.
#[inline(always)]
fn values(owner: Ref) -> Option<&'static PyDictValues> {
    // SAFETY: the version was checked; the field lies in front of the instance.
    unsafe { (*raw(owner).cast::<*mut PyDictValues>().sub(4)).as_ref() }
}

/// The dict of an instance whose type has managed dicts.
#[inline(always)]
pub(super) fn managed_dict(owner: Ref) -> Option<&'static PyDictObject> {
    // SAFETY: the version was checked; the field lies in front of the instance.
    unsafe { (*raw(owner).cast::<*mut PyDictObject>().sub(3)).as_ref() }
}

/// The field at the cached offset.
#[inline(always)]
fn member(r: &Regs, owner: Ref) -> *mut *mut PyObject {
    // SAFETY: the version was checked: instances of the type have an object's field there.
    unsafe { raw(owner).cast::<u8>().add(usize::from(r.cache(3))).cast() }
}

#[inline(always)]
fn found(r: &mut Regs, owner: Ref, value: Ref) -> Act {
    r.put(1, hold(value));
    let here = r.next;
    r.jump(4);
    r.done(here, owner)
}

#[inline(always)]
pub fn load_attr_instance_value(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let owner = r.peek(1);
    if !has_version(r, owner) {
        return Act::Miss;
    }
    let Some(values) = values(owner) else {
        return Act::Miss;
    };
    // SAFETY: a value, or null.
    match unsafe { values.slot(usize::from(r.cache(3))).get().as_ref() } {
        Some(value) => found(r, owner, value),
        None => Act::Miss,
    }
}

#[inline(always)]
pub fn load_attr_slot(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let owner = r.peek(1);
    if !has_version(r, owner) {
        return Act::Miss;
    }
    // SAFETY: the field holds an object or null.
    match unsafe { (*member(r, owner)).as_ref() } {
        Some(value) => found(r, owner, value),
        None => Act::Miss,
    }
}

/// The field of the dict entry that the hint points at, where it is the name's.
#[inline(always)]
fn hinted(e: &Eval, r: &Regs, dict: &PyDictObject, name: usize) -> Option<*mut *mut PyObject> {
    let hint = usize::from(r.cache(3));
    // SAFETY: the dict owns its keys; the index of the name lies inside the names; the hint was
    // compared with the number of entries.
    unsafe {
        let keys = &*dict.ma_keys.get();
        if hint >= keys.dk_nentries.get() as usize {
            return None;
        }
        let name = *e.names.add(name);
        if keys.is_unicode() {
            let entry = &*keys.unicode_entries().add(hint);
            (entry.me_key.get() == name).then_some(entry.me_value.as_ptr())
        } else {
            let entry = &*keys.general_entries().add(hint);
            (entry.me_key.get() == name).then_some(entry.me_value.as_ptr())
        }
    }
}

#[inline(always)]
pub fn load_attr_with_hint(e: &mut Eval, r: &mut Regs, name: usize) -> Act {
    let owner = r.peek(1);
    if !has_version(r, owner) {
        return Act::Miss;
    }
    let Some(dict) = managed_dict(owner) else {
        return Act::Miss;
    };
    let Some(field) = hinted(e, r, dict, name) else {
        return Act::Miss;
    };
    // SAFETY: an entry's value, or null; a split table keeps its values elsewhere.
    match unsafe { (*field).as_ref() } {
        Some(value) => found(r, owner, value),
        None => Act::Miss,
    }
}

/// The value that a module holds under the cached index.
#[inline(always)]
pub(super) fn module_value(r: &Regs, owner: Ref) -> Option<Ref> {
    if !is(owner, &PyModule_Type) {
        return None;
    }
    // SAFETY: an exact module, whose dict is a dict.
    let keys = unsafe {
        let dict: *mut PyDictObject = as_a::<PyModuleObject>(owner).md_dict.get().cast();
        &*(*dict).ma_keys.get()
    };
    if keys.dk_version.get() != r.cached_version(1) {
        return None;
    }
    value_at(keys, r.cache(3))
}

#[inline(always)]
pub fn load_attr_module(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let owner = r.peek(1);
    match module_value(r, owner) {
        Some(value) => found(r, owner, value),
        None => Act::Miss,
    }
}

/// Owner and value are off the stack; the old value and the owner are given back, in this order.
#[inline(always)]
fn stored(r: &mut Regs, owner: Ref, old: Option<Ref>) -> Act {
    let here = r.next;
    r.shrink(2);
    r.jump(4);
    match old {
        Some(old) => r.done2(here, old, owner),
        None => r.done(here, owner),
    }
}

#[inline(always)]
pub fn store_attr_instance_value(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (owner, value) = (r.peek(1), r.peek(2));
    if !has_version(r, owner) {
        return Act::Miss;
    }
    let Some(values) = values(owner) else {
        return Act::Miss;
    };
    let index = usize::from(r.cache(3));
    // SAFETY: a value, or null.
    let old = unsafe { values.slot(index).replace(raw(value)).as_ref() };
    if old.is_none() {
        values.push_order(index);
    }
    stored(r, owner, old)
}

#[inline(always)]
pub fn store_attr_slot(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (owner, value) = (r.peek(1), r.peek(2));
    if !has_version(r, owner) {
        return Act::Miss;
    }
    // SAFETY: the field owns an object, or is null.
    let old = unsafe { std::ptr::replace(member(r, owner), raw(value)).as_ref() };
    stored(r, owner, old)
}

#[inline(always)]
pub fn store_attr_with_hint(e: &mut Eval, r: &mut Regs, name: usize) -> Act {
    let (owner, value) = (r.peek(1), r.peek(2));
    if !has_version(r, owner) {
        return Act::Miss;
    }
    let Some(dict) = managed_dict(owner) else {
        return Act::Miss;
    };
    let Some(field) = hinted(e, r, dict, name) else {
        return Act::Miss;
    };
    // SAFETY: an entry's value, or null.
    unsafe {
        if (*field).is_null() {
            return Act::Miss;
        }
        if !memory::is_tracked(of(dict)) {
            return Act::Cold(store_untracked);
        }
        let old: Ref = &*std::ptr::replace(field, raw(value));
        dict::touched(dict);
        stored(r, owner, Some(old))
    }
}

/// The same for a dict that the collector does not follow yet.
#[cold]
#[inline(never)]
fn store_untracked(e: &mut Eval, r: &mut Regs, name: usize) -> Act {
    let (owner, value) = (r.peek(1), r.peek(2));
    let Some(dict) = managed_dict(owner) else {
        return Act::Miss;
    };
    let Some(field) = hinted(e, r, dict, name) else {
        return Act::Miss;
    };
    // SAFETY: the entry owns its value; the dict is complete and not tracked.
    unsafe {
        let old: Ref = &*std::ptr::replace(field, raw(value));
        drop_ref(old);
        if !memory::is_tracked(of(dict)) && dict::may_be_tracked(value) {
            memory::track(raw(of(dict)));
        }
        dict::touched(dict);
    }
    r.mark();
    stored(r, owner, None)
}
