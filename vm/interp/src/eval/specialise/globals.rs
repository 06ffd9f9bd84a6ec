//! `LOAD_GLOBAL`: where a name stands in the globals or the built-ins.

use super::super::regs::*;
use super::{Verdict, set_cache, set_version};
use twinheap_abi::opcode::*;
use twinheap_abi::*;
use twinheap_objects::dict::{self, PyDict_Type};

/// The key table of an exact dict whose keys are all str.
fn keys_of(namespace: *mut PyObject) -> Option<&'static PyDictKeysObject> {
    // SAFETY: the namespaces of a frame are alive.
    let namespace: Ref = unsafe { &*namespace };
    if !is(namespace, &PyDict_Type) {
        return None;
    }
    // SAFETY: an exact dict, which owns its keys.
    let keys = unsafe { &*as_a::<PyDictObject>(namespace).ma_keys.get() };
    (keys.dk_kind.get() != DICT_KEYS_GENERAL).then_some(keys)
}

/// `_Py_Specialize_LoadGlobal`.
pub fn load_global(r: &Regs, name: &PyASCIIObject) -> Verdict {
    let frame = r.frame();
    let Some(globals) = keys_of(frame.f_globals.get().cast()) else {
        return Verdict::Wait;
    };
    let index = dict::string_lookup(globals, name);
    if index != DKIX_EMPTY {
        let Ok(index) = u16::try_from(index) else {
            return Verdict::Wait;
        };
        let version = dict::version_of(globals);
        if version == 0 {
            return Verdict::Wait;
        }
        set_cache(r, 1, index);
        set_version(r, 2, version);
        return Verdict::Form(LOAD_GLOBAL_MODULE);
    }
    let Some(builtins) = keys_of(frame.f_builtins.get().cast()) else {
        return Verdict::Wait;
    };
    let Ok(index) = u16::try_from(dict::string_lookup(builtins, name)) else {
        return Verdict::Wait;
    };
    let globals_version = dict::version_of(globals);
    if globals_version == 0 {
        return Verdict::Wait;
    }
    let builtins_version = dict::version_of(builtins);
    let Ok(short) = u16::try_from(builtins_version) else {
        return Verdict::Wait;
    };
    if short == 0 {
        return Verdict::Wait;
    }
    set_cache(r, 1, index);
    set_version(r, 2, globals_version);
    set_cache(r, 4, short);
    Verdict::Form(LOAD_GLOBAL_BUILTIN)
}
