//! `LOAD_ATTR`, `STORE_ATTR` and `LOAD_METHOD`: what kind of thing a type has under a name, and where
//! an instance keeps its own.

use super::super::regs::*;
use super::{Verdict, set_cache, set_object, set_version};
use std::mem::offset_of;
use twinheap_abi::opcode::*;
use twinheap_abi::*;
use twinheap_objects::descr::{PyClassMethod_Type, PyProperty_Type};
use twinheap_objects::descr::{PyClassMethodDescr_Type, PyMemberDescr_Type};
use twinheap_objects::dict::{self, PyDict_Type};
use twinheap_objects::id;
use twinheap_objects::module::PyModule_Type;
use twinheap_objects::object::{
    ObjectExt, PyObject_GenericGetAttr, PyObject_GenericSetAttr, TypeExt,
};
use twinheap_objects::types::{self, PyBaseObject_Type, PyType_Type};
use twinheap_objects::unicode;

/// `DescriptorClassification`: what a type has under a name.
enum Kind<'a> {
    /// An overriding descriptor.
    Overriding,
    /// A function, or what binds like one.
    Method(&'a PyObject),
    Property,
    /// A slot that holds an object.
    ObjectSlot(&'a PyMemberDescrObject),
    OtherSlot,
    /// Another descriptor of an immutable class that the instance's dict overrides.
    NonOverriding,
    BuiltinClassMethod,
    PythonClassMethod,
    NonDescriptor(&'a PyObject),
    /// An instance of a class that may become a descriptor.
    Mutable,
    Absent,
    DunderClass,
    /// The type has its own way to read or write attributes.
    GetSetOverridden,
}

/// `analyze_descriptor`.
fn classify<'a>(type_: &'a PyTypeObject, name: &PyASCIIObject, store: bool) -> Kind<'a> {
    let is_plain = if store {
        type_
            .tp_setattro
            .get()
            .is_some_and(|f| std::ptr::fn_addr_eq(f, PyObject_GenericSetAttr as setattrofunc))
    } else {
        type_
            .tp_getattro
            .get()
            .is_some_and(|f| std::ptr::fn_addr_eq(f, PyObject_GenericGetAttr as getattrofunc))
    };
    if !is_plain {
        return Kind::GetSetOverridden;
    }
    let Some(found) = types::lookup(type_, name) else {
        return Kind::Absent;
    };
    let class = found.type_();
    if !class.has_feature(Py_TPFLAGS_IMMUTABLETYPE) {
        return Kind::Mutable;
    }
    if class.tp_descr_set.get().is_some() {
        return classify_overriding(found, name);
    }
    if class.tp_descr_get.get().is_none() {
        return Kind::NonDescriptor(found);
    }
    if class.has_feature(Py_TPFLAGS_METHOD_DESCRIPTOR) {
        Kind::Method(found)
    } else if found.is_exactly(&PyClassMethodDescr_Type) {
        Kind::BuiltinClassMethod
    } else if found.is_exactly(&PyClassMethod_Type) {
        Kind::PythonClassMethod
    } else {
        Kind::NonOverriding
    }
}

fn classify_overriding<'a>(found: &'a PyObject, name: &PyASCIIObject) -> Kind<'a> {
    if found.is_exactly(&PyMemberDescr_Type) {
        // SAFETY: an exact member descriptor; member tables live as long as it.
        let member: &PyMemberDescrObject = unsafe { &*(found as *const PyObject).cast() };
        // SAFETY: as above.
        return match unsafe { (*member.d_member.get()).type_ } == T_OBJECT_EX {
            true => Kind::ObjectSlot(member),
            false => Kind::OtherSlot,
        };
    }
    if found.is_exactly(&PyProperty_Type) {
        return Kind::Property;
    }
    if unicode::as_ascii(name) == Some("__class__")
        && types::lookup(&PyBaseObject_Type, name).is_some_and(|base| std::ptr::eq(base, found))
    {
        return Kind::DunderClass;
    }
    Kind::Overriding
}

/// The offset of an object's slot as the cache holds it.
fn slot_offset(owner: &PyObject, member: &PyMemberDescrObject, forbidden: i32) -> Option<u16> {
    // SAFETY: a descriptor owns its type; its member table lives as long as it.
    let (type_, definition) = unsafe { (&*member.d_common.d_type.get(), &*member.d_member.get()) };
    if !owner.is_instance_of(type_) || definition.flags & forbidden != 0 {
        return None;
    }
    u16::try_from(definition.offset).ok()
}

/// `specialize_dict_access`: the attribute is, or will be, the instance's own.
fn own_attribute(r: &Regs, owner: Ref, name: &PyASCIIObject, forms: [u8; 2]) -> Verdict {
    let type_ = owner.type_();
    if !type_.has_feature(Py_TPFLAGS_MANAGED_DICT) {
        return Verdict::Wait;
    }
    let own = dict::managed_dict_field(owner).get();
    // SAFETY: the field holds an object or null; classes with managed dicts have shared keys.
    let (index, form) = match unsafe { own.as_ref() } {
        None => {
            // SAFETY: as above.
            let keys = unsafe { &*dict::cached_keys(type_) };
            (dict::string_lookup(keys, name), forms[0])
        }
        Some(own) if is(own, &PyDict_Type) => {
            // SAFETY: an exact dict.
            (dict::item_hint(unsafe { as_a(own) }, name), forms[1])
        }
        Some(_) => return Verdict::Wait,
    };
    let Ok(index) = u16::try_from(index) else {
        return Verdict::Wait;
    };
    set_cache(r, 3, index);
    set_version(r, 1, type_.tp_version_tag.get());
    Verdict::Form(form)
}

/// `specialize_module_load_attr`.
fn module_attribute(r: &Regs, module: Ref, name: &PyASCIIObject, form: u8) -> Verdict {
    // SAFETY: an exact module, whose dict is a dict or null.
    let own = unsafe {
        as_a::<PyModuleObject>(module)
            .md_dict
            .get()
            .cast::<PyDictObject>()
            .as_ref()
    };
    let Some(own) = own else {
        return Verdict::Wait;
    };
    // SAFETY: the dict owns its keys.
    let keys = unsafe { &*own.ma_keys.get() };
    if keys.dk_kind.get() != DICT_KEYS_UNICODE
        || dict::item_hint(own, id!("__getattr__")) != DKIX_EMPTY
    {
        return Verdict::Wait;
    }
    let Ok(index) = u16::try_from(dict::item_hint(own, name)) else {
        return Verdict::Wait;
    };
    let version = dict::version_of(keys);
    if version == 0 {
        return Verdict::Wait;
    }
    set_version(r, 1, version);
    set_cache(r, 3, index);
    Verdict::Form(form)
}

/// `_Py_Specialize_LoadAttr`.
pub fn load_attr(r: &Regs, name: &PyASCIIObject) -> Verdict {
    let owner = r.peek(1);
    if is(owner, &PyModule_Type) {
        return module_attribute(r, owner, name, LOAD_ATTR_MODULE);
    }
    let type_ = owner.type_();
    let offset = match classify(type_, name, false) {
        Kind::ObjectSlot(member) => slot_offset(owner, member, PY_AUDIT_READ),
        Kind::DunderClass => Some(offset_of!(PyObject, ob_type) as u16),
        Kind::BuiltinClassMethod
        | Kind::PythonClassMethod
        | Kind::NonOverriding
        | Kind::NonDescriptor(_)
        | Kind::Absent => {
            let forms = [LOAD_ATTR_INSTANCE_VALUE, LOAD_ATTR_WITH_HINT];
            return own_attribute(r, owner, name, forms);
        }
        _ => None,
    };
    let Some(offset) = offset else {
        return Verdict::Wait;
    };
    set_cache(r, 3, offset);
    set_version(r, 1, type_.tp_version_tag.get());
    Verdict::Form(LOAD_ATTR_SLOT)
}

/// `_Py_Specialize_StoreAttr`.
pub fn store_attr(r: &Regs, name: &PyASCIIObject) -> Verdict {
    let owner = r.peek(1);
    if is(owner, &PyModule_Type) {
        return Verdict::Wait;
    }
    let type_ = owner.type_();
    match classify(type_, name, true) {
        Kind::ObjectSlot(member) => {
            let Some(offset) = slot_offset(owner, member, READONLY) else {
                return Verdict::Wait;
            };
            set_cache(r, 3, offset);
            set_version(r, 1, type_.tp_version_tag.get());
            Verdict::Form(STORE_ATTR_SLOT)
        }
        Kind::BuiltinClassMethod
        | Kind::PythonClassMethod
        | Kind::NonOverriding
        | Kind::NonDescriptor(_)
        | Kind::Absent => {
            let forms = [STORE_ATTR_INSTANCE_VALUE, STORE_ATTR_WITH_HINT];
            own_attribute(r, owner, name, forms)
        }
        _ => Verdict::Wait,
    }
}

/// `specialize_class_load_method`.
fn class_method(r: &Regs, owner: Ref, name: &PyASCIIObject) -> Verdict {
    if !is(owner, &PyType_Type) || types::lookup(owner.type_(), name).is_some() {
        return Verdict::Wait;
    }
    // SAFETY: an exact type.
    let class: &PyTypeObject = unsafe { as_a(owner) };
    match classify(class, name, false) {
        Kind::Method(found) | Kind::NonDescriptor(found) => {
            set_version(r, 1, class.tp_version_tag.get());
            set_object(r, 6, found);
            Verdict::Form(LOAD_METHOD_CLASS)
        }
        _ => Verdict::Wait,
    }
}

/// `_Py_Specialize_LoadMethod`.
pub fn load_method(r: &Regs, name: &PyASCIIObject) -> Verdict {
    let owner = r.peek(1);
    if is(owner, &PyModule_Type) {
        return module_attribute(r, owner, name, LOAD_METHOD_MODULE);
    }
    let type_ = owner.type_();
    if owner.downcast_ref::<PyTypeObject>().is_some() {
        return class_method(r, owner, name);
    }
    let Kind::Method(method) = classify(type_, name, false) else {
        return Verdict::Wait;
    };
    let Some(form) = instance_keys(r, owner, name) else {
        return Verdict::Wait;
    };
    set_version(r, 1, type_.tp_version_tag.get());
    set_object(r, 6, method);
    Verdict::Form(form)
}

/// Where the instance's own attributes are, provided that the name is not among them.
fn instance_keys(r: &Regs, owner: Ref, name: &PyASCIIObject) -> Option<u8> {
    let type_ = owner.type_();
    if type_.has_feature(Py_TPFLAGS_MANAGED_DICT) {
        let has_dict = !dict::managed_dict_field(owner).get().is_null();
        // SAFETY: a class with managed dicts has shared keys.
        keys_without(r, unsafe { &*dict::cached_keys(type_) }, name)?;
        if !has_dict {
            return Some(LOAD_METHOD_WITH_VALUES);
        }
        set_cache(r, 3, MANAGED_DICT_OFFSET as u16);
        return Some(LOAD_METHOD_WITH_DICT);
    }
    let offset = i16::try_from(type_.tp_dictoffset.get())
        .ok()
        .filter(|offset| *offset >= 0)?;
    if offset == 0 {
        return Some(LOAD_METHOD_NO_DICT);
    }
    // SAFETY: instances of the type have a dict, or null, at the offset.
    let own = unsafe {
        raw(owner)
            .cast::<u8>()
            .offset(isize::from(offset))
            .cast::<*mut PyDictObject>()
            .read()
            .as_ref()
    }?;
    // SAFETY: the dict owns its keys.
    keys_without(r, unsafe { &*own.ma_keys.get() }, name)?;
    set_cache(r, 3, offset as u16);
    Some(LOAD_METHOD_WITH_DICT)
}

/// The name is not among the keys; their version goes into the cache.
fn keys_without(r: &Regs, keys: &PyDictKeysObject, name: &PyASCIIObject) -> Option<()> {
    if dict::string_lookup(keys, name) != DKIX_EMPTY {
        return None;
    }
    let version = dict::version_of(keys);
    if version == 0 {
        return None;
    }
    set_version(r, 4, version);
    Some(())
}

/// `MANAGED_DICT_OFFSET`: the dict's place before the instance.
const MANAGED_DICT_OFFSET: isize = -3 * size_of::<*mut PyObject>() as isize;
