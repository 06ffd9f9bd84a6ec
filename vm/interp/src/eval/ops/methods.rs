//! `LOAD_METHOD` through type versions.

use super::super::Eval;
use super::super::regs::*;
use super::attributes::{has_version, managed_dict, module_value};
use std::ptr::null_mut;
use twinheap_abi::*;

/// Units of cache behind the instruction.
const CACHES: isize = 10;

/// The method goes below its object.
#[inline(always)]
fn found(r: &mut Regs, owner: Ref) -> Act {
    r.put(1, hold(r.cached_object(6)));
    r.push(raw(owner));
    r.jump(CACHES);
    Act::Next
}

/// A value that is no method of the owner: an empty slot goes below.
#[inline(always)]
fn found_alone(r: &mut Regs, owner: Ref, value: Ref) -> Act {
    let here = r.next;
    r.put(1, null_mut());
    r.push(hold(value));
    r.jump(CACHES);
    r.done(here, owner)
}

#[inline(always)]
pub fn load_method_with_values(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let owner = r.peek(1);
    if !has_version(r, owner) || managed_dict(owner).is_some() {
        return Act::Miss;
    }
    let class = owner.ob_type.get().cast::<PyHeapTypeObject>();
    // SAFETY: the version was checked: a class with shared keys.
    let version = unsafe { (*(*class).ht_cached_keys.get()).dk_version.get() };
    if version != r.cached_version(4) {
        return Act::Miss;
    }
    found(r, owner)
}

#[inline(always)]
pub fn load_method_with_dict(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let owner = r.peek(1);
    if !has_version(r, owner) {
        return Act::Miss;
    }
    let offset = isize::from(r.cache(3) as i16);
    // SAFETY: the version was checked: the type's instances have a dict, or null, at the offset.
    let version = unsafe {
        let dict = *raw(owner)
            .cast::<u8>()
            .offset(offset)
            .cast::<*mut PyDictObject>();
        if dict.is_null() {
            return Act::Miss;
        }
        (*(*dict).ma_keys.get()).dk_version.get()
    };
    if version != r.cached_version(4) {
        return Act::Miss;
    }
    found(r, owner)
}

#[inline(always)]
pub fn load_method_no_dict(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let owner = r.peek(1);
    if !has_version(r, owner) {
        return Act::Miss;
    }
    found(r, owner)
}

#[inline(always)]
pub fn load_method_module(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let owner = r.peek(1);
    match module_value(r, owner) {
        Some(value) => found_alone(r, owner, value),
        None => Act::Miss,
    }
}

#[inline(always)]
pub fn load_method_class(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let owner = r.peek(1);
    // SAFETY: an object's type is alive; its flag says that the object is a type itself.
    let version = unsafe {
        if (*owner.ob_type.get()).tp_flags.get() & Py_TPFLAGS_TYPE_SUBCLASS == 0 {
            return Act::Miss;
        }
        as_a::<PyTypeObject>(owner).tp_version_tag.get()
    };
    if version != r.cached_version(1) {
        return Act::Miss;
    }
    let value = r.cached_object(6);
    found_alone(r, owner, value)
}
