//! Globals and built-ins through the versions of their key tables.

use super::super::Eval;
use super::super::regs::*;
use twinheap_abi::*;
use twinheap_objects::dict::{KeysExt, PyDict_Type};

/// The key table of an exact dict.
#[inline(always)]
fn keys_of(namespace: *mut PyObject) -> Option<&'static PyDictKeysObject> {
    // SAFETY: the namespaces of a frame are alive.
    let namespace: Ref = unsafe { &*namespace };
    if !is(namespace, &PyDict_Type) {
        return None;
    }
    // SAFETY: an exact dict, which owns its keys.
    Some(unsafe { &*as_a::<PyDictObject>(namespace).ma_keys.get() })
}

/// The value of an entry; the version of the keys says that the index lies inside.
#[inline(always)]
pub(super) fn value_at(keys: &PyDictKeysObject, index: u16) -> Option<Ref> {
    // SAFETY: as said; an entry holds an object or null.
    unsafe {
        (*keys.unicode_entries().add(usize::from(index)))
            .me_value
            .get()
            .as_ref()
    }
}

#[inline(always)]
fn found(r: &mut Regs, oparg: usize, value: Ref) -> Act {
    r.put(0, std::ptr::null_mut());
    // SAFETY: room for the empty slot of a method call, where the argument asks for it.
    r.sp = unsafe { r.sp.add(oparg & 1) };
    r.push(hold(value));
    r.jump(5);
    Act::Next
}

#[inline(always)]
pub fn load_global_module(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let Some(keys) = keys_of(r.frame().f_globals.get().cast()) else {
        return Act::Miss;
    };
    if keys.dk_version.get() != r.cached_version(2) {
        return Act::Miss;
    }
    match value_at(keys, r.cache(1)) {
        Some(value) => found(r, oparg, value),
        None => Act::Miss,
    }
}

#[inline(always)]
pub fn load_global_builtin(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let (Some(globals), Some(builtins)) = (
        keys_of(r.frame().f_globals.get().cast()),
        keys_of(r.frame().f_builtins.get().cast()),
    ) else {
        return Act::Miss;
    };
    if globals.dk_version.get() != r.cached_version(2)
        || builtins.dk_version.get() != u32::from(r.cache(4))
    {
        return Act::Miss;
    }
    match value_at(builtins, r.cache(1)) {
        Some(value) => found(r, oparg, value),
        None => Act::Miss,
    }
}
