//! What every object can do (`Objects/object.c`): repr, str, hash, comparison, truth, attributes.

use crate::errors::{self, PyResult, Raised, from_c, type_error};
use crate::own::{Field, Layout, Own, Typed, incref};
use crate::singletons::{_Py_NoneStruct, _Py_NotImplementedStruct, not_implemented};
use crate::types::{self, PyType_Type};
use crate::{dict, long, unicode};
use std::ffi::c_int;
use twinheap_abi::*;

/// What the header of any object tells.
pub trait ObjectExt {
    /// The type of the object.
    fn type_(&self) -> &PyTypeObject;
    /// Whether the object is `None`.
    fn is_none(&self) -> bool;
    /// The object as a `T`, where it is an instance of T's type.
    fn downcast_ref<T: Typed>(&self) -> Option<&T>;
    /// The object as a `T`, where its type is exactly T's.
    fn downcast_exact<T: Typed>(&self) -> Option<&T>;
    /// `isinstance`, without any hook.
    fn is_instance_of(&self, type_: &PyTypeObject) -> bool;
    /// `type(self) is type_`.
    fn is_exactly(&self, type_: &PyTypeObject) -> bool;
    /// The repr for a message; lone surrogates become U+FFFD, a failing repr its type's name.
    fn repr_lossy(&self) -> String;
}

impl ObjectExt for PyObject {
    #[inline(always)]
    fn type_(&self) -> &PyTypeObject {
        // SAFETY: an object keeps its type alive.
        unsafe { &*self.ob_type.get() }
    }

    #[inline(always)]
    fn is_none(&self) -> bool {
        std::ptr::eq(self, &_Py_NoneStruct)
    }

    #[inline(always)]
    fn downcast_ref<T: Typed>(&self) -> Option<&T> {
        if !T::check(self) {
            return None;
        }
        // SAFETY: the check says that the layout is T.
        Some(unsafe { &*(self as *const PyObject).cast() })
    }

    #[inline(always)]
    fn downcast_exact<T: Typed>(&self) -> Option<&T> {
        if !T::check_exact(self) {
            return None;
        }
        // SAFETY: the check says that the layout is T.
        Some(unsafe { &*(self as *const PyObject).cast() })
    }

    #[inline]
    fn is_instance_of(&self, type_: &PyTypeObject) -> bool {
        types::is_subtype(self.type_(), type_)
    }

    #[inline(always)]
    fn is_exactly(&self, type_: &PyTypeObject) -> bool {
        std::ptr::eq(self.ob_type.get(), type_)
    }

    fn repr_lossy(&self) -> String {
        match repr(self) {
            Ok(text) => unicode::to_string_lossy(&text),
            Err(raised) => {
                errors::discard(raised);
                format!("<{} object>", self.type_().name())
            }
        }
    }
}

/// What a type object tells of itself.
pub trait TypeExt {
    /// `tp_name`, whole.
    fn name(&self) -> &str;
    /// The name after the last dot of `tp_name`.
    fn short_name(&self) -> &str;
    /// Whether all the bits are set in `tp_flags`.
    fn has_feature(&self, flags: u64) -> bool;
}

impl TypeExt for PyTypeObject {
    fn name(&self) -> &str {
        errors::c_text(self.tp_name.get())
    }

    fn short_name(&self) -> &str {
        let name = self.name();
        name.rsplit_once('.').map_or(name, |(_, last)| last)
    }

    #[inline(always)]
    fn has_feature(&self, flags: u64) -> bool {
        self.tp_flags.get() & flags != 0
    }
}

/// Counts a nested call on the C stack; dropping it leaves the call.
pub struct Recursion;

/// `_Py_EnterRecursiveCall`: `where_` completes the message, with a leading blank.
#[inline]
pub fn enter_recursive_call(where_: &str) -> PyResult<Recursion> {
    let state = crate::state::tstate();
    let remaining = state.recursion_remaining.get() - 1;
    state.recursion_remaining.set(remaining);
    if remaining < 0 || crate::stack::is_low(state) {
        recursion_exceeded(where_)?;
    }
    Ok(Recursion)
}

#[cold]
#[inline(never)]
fn recursion_exceeded(where_: &str) -> PyResult<()> {
    let state = crate::state::tstate();
    if state.recursion_headroom.get() > 0 {
        if state.recursion_remaining.get() < -50 {
            panic!("Cannot recover from stack overflow.");
        }
        return Ok(());
    }
    state
        .recursion_headroom
        .set(state.recursion_headroom.get() + 1);
    let raised = errors::raise(
        &crate::exceptions::PyExc_RecursionError,
        format_args!("maximum recursion depth exceeded{where_}"),
    );
    state
        .recursion_headroom
        .set(state.recursion_headroom.get() - 1);
    state
        .recursion_remaining
        .set(state.recursion_remaining.get() + 1);
    Err(raised)
}

/// The check of the evaluator before it pushes a frame: as [`enter_recursive_call`], the caller
/// gives the depth back.
#[inline(always)]
pub fn enter_frame() -> PyResult<()> {
    let state = crate::state::tstate();
    let remaining = state.recursion_remaining.get() - 1;
    state.recursion_remaining.set(remaining);
    if remaining < 0 {
        recursion_exceeded("")?;
    }
    Ok(())
}

/// Gives back the depth that [`enter_frame`] took.
#[inline(always)]
pub fn leave_frame() {
    drop(Recursion);
}

impl Drop for Recursion {
    #[inline(always)]
    fn drop(&mut self) {
        let state = crate::state::tstate();
        state
            .recursion_remaining
            .set(state.recursion_remaining.get() + 1);
    }
}

/// `PyObject_Repr`.
pub fn repr(object: &PyObject) -> PyResult<Own<PyASCIIObject>> {
    let Some(function) = object.type_().tp_repr.get() else {
        return unicode::from_str(&format!(
            "<{} object at {:p}>",
            object.type_().name(),
            object as *const PyObject
        ));
    };
    let _depth = enter_recursive_call(" while getting the repr of an object")?;
    // The field that the object was found in may be set anew by its own code.
    let _held = Own::new(object);
    // SAFETY: the slot of the object's own type.
    let result = unsafe { from_c(function(object.as_raw())) }?;
    expect_str(result, "__repr__")
}

/// `PyObject_Str`.
pub fn str(object: &PyObject) -> PyResult<Own<PyASCIIObject>> {
    if let Some(text) = object.downcast_exact::<PyASCIIObject>() {
        return Ok(Own::new(text));
    }
    let Some(function) = object.type_().tp_str.get() else {
        return repr(object);
    };
    let _depth = enter_recursive_call(" while getting the str of an object")?;
    let _held = Own::new(object);
    // SAFETY: the slot of the object's own type.
    let result = unsafe { from_c(function(object.as_raw())) }?;
    expect_str(result, "__str__")
}

fn expect_str(result: Own, method: &str) -> PyResult<Own<PyASCIIObject>> {
    result.downcast::<PyASCIIObject>().map_err(|other| {
        type_error(format_args!(
            "{method} returned non-string (type {})",
            other.type_().name()
        ))
    })
}

/// `PyObject_ASCII`.
pub fn ascii(object: &PyObject) -> PyResult<Own<PyASCIIObject>> {
    let text = repr(object)?;
    if text.is_ascii() {
        return Ok(text);
    }
    unicode::backslash_escape(&text)
}

/// `PyObject_Hash`.
#[inline]
pub fn hash(object: &PyObject) -> PyResult<Py_hash_t> {
    if let Some(text) = object.downcast_exact::<PyASCIIObject>() {
        return Ok(unicode::hash(text));
    }
    let Some(function) = object.type_().tp_hash.get() else {
        return Err(unhashable(object));
    };
    crate::stack::check()?;
    // SAFETY: the slot of the object's own type.
    let hash = unsafe { function(object.as_raw()) };
    if hash == -1 {
        return Err(Raised::already_set());
    }
    Ok(hash)
}

/// `PyObject_HashNotImplemented`'s exception.
#[cold]
pub fn unhashable(object: &PyObject) -> Raised {
    type_error(format_args!("unhashable type: '{}'", object.type_().name()))
}

/// `tp_hash` of types whose instances cannot be hashed.
///
/// # Safety
/// `object` is live.
pub unsafe extern "C" fn PyObject_HashNotImplemented(object: *mut PyObject) -> Py_hash_t {
    // SAFETY: by contract.
    unhashable(unsafe { &*object });
    -1
}

/// `_Py_HashPointer`.
pub fn hash_pointer<T>(pointer: *const T) -> Py_hash_t {
    let address = pointer as usize;
    let hash = address.rotate_right(4) as isize;
    if hash == -1 { -2 } else { hash }
}

const OPERATORS: [&str; 6] = ["<", "<=", "==", "!=", ">", ">="];
const SWAPPED: [c_int; 6] = [Py_GT, Py_GE, Py_EQ, Py_NE, Py_LT, Py_LE];

#[inline]
fn try_compare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult<Option<Own>> {
    let Some(function) = a.type_().tp_richcompare.get() else {
        return Ok(None);
    };
    // SAFETY: the slot of the object's own type.
    let result = unsafe { from_c(function(a.as_raw(), b.as_raw(), op)) }?;
    if std::ptr::eq(&*result, &_Py_NotImplementedStruct) {
        return Ok(None);
    }
    Ok(Some(result))
}

/// `PyObject_RichCompare`.
pub fn rich_compare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let _depth = enter_recursive_call(" in comparison")?;
    let swapped = SWAPPED[op as usize];
    let mut tried_reverse = false;
    if !std::ptr::eq(a.type_(), b.type_())
        && types::is_subtype(b.type_(), a.type_())
        && b.type_().tp_richcompare.get().is_some()
    {
        tried_reverse = true;
        if let Some(result) = try_compare(b, a, swapped)? {
            return Ok(result);
        }
    }
    if let Some(result) = try_compare(a, b, op)? {
        return Ok(result);
    }
    if !tried_reverse && let Some(result) = try_compare(b, a, swapped)? {
        return Ok(result);
    }
    match op {
        Py_EQ => Ok(crate::singletons::bool_object(std::ptr::eq(a, b))),
        Py_NE => Ok(crate::singletons::bool_object(!std::ptr::eq(a, b))),
        _ => Err(type_error(format_args!(
            "'{}' not supported between instances of '{}' and '{}'",
            OPERATORS[op as usize],
            a.type_().name(),
            b.type_().name()
        ))),
    }
}

/// `PyObject_RichCompareBool`: identity counts as equality.
#[inline]
pub fn rich_compare_bool(a: &PyObject, b: &PyObject, op: c_int) -> PyResult<bool> {
    if std::ptr::eq(a, b) {
        match op {
            Py_EQ => return Ok(true),
            Py_NE => return Ok(false),
            _ => {}
        }
    }
    is_true(&*rich_compare(a, b, op)?)
}

/// Whether two objects are equal, identity first.
#[inline]
pub fn equal(a: &PyObject, b: &PyObject) -> PyResult<bool> {
    rich_compare_bool(a, b, Py_EQ)
}

/// Turns an ordering into the answer of a comparison operator.
#[inline]
pub fn compare_result(ordering: std::cmp::Ordering, op: c_int) -> Own {
    let answer = match op {
        Py_LT => ordering.is_lt(),
        Py_LE => ordering.is_le(),
        Py_EQ => ordering.is_eq(),
        Py_NE => ordering.is_ne(),
        Py_GT => ordering.is_gt(),
        _ => ordering.is_ge(),
    };
    crate::singletons::bool_object(answer)
}

/// `PyObject_IsTrue`.
#[inline]
pub fn is_true(object: &PyObject) -> PyResult<bool> {
    if let Some(answer) = crate::singletons::as_bool(object) {
        return Ok(answer);
    }
    if object.is_none() {
        return Ok(false);
    }
    is_true_by_slots(object)
}

fn is_true_by_slots(object: &PyObject) -> PyResult<bool> {
    let type_ = object.type_();
    // SAFETY: suites and slots of the object's own type.
    let answer = unsafe {
        if let Some(function) = type_
            .tp_as_number
            .get()
            .as_ref()
            .and_then(|s| s.nb_bool.get())
        {
            function(object.as_raw()) as isize
        } else if let Some(function) = type_
            .tp_as_mapping
            .get()
            .as_ref()
            .and_then(|s| s.mp_length.get())
        {
            function(object.as_raw())
        } else if let Some(function) = type_
            .tp_as_sequence
            .get()
            .as_ref()
            .and_then(|s| s.sq_length.get())
        {
            function(object.as_raw())
        } else {
            1
        }
    };
    if answer < 0 {
        return Err(Raised::already_set());
    }
    Ok(answer > 0)
}

/// `PyObject_GetAttr`.
#[inline]
pub fn get_attr(object: &PyObject, name: &PyASCIIObject) -> PyResult {
    match object.type_().tp_getattro.get() {
        // SAFETY: the slot of the object's own type.
        Some(function) => unsafe { from_c(function(object.as_raw(), name.as_raw())) },
        None => Err(no_attribute(object, name)),
    }
}

/// The exception of an attribute that cannot be set or deleted: it knows neither object nor name.
#[cold]
pub fn no_attribute_to_set(object: &PyObject, name: &PyASCIIObject) -> Raised {
    errors::attribute_error(format_args!(
        "'{}' object has no attribute '{}'",
        object.type_().name(),
        unicode::to_string_lossy(name)
    ))
}

/// The exception of a missing attribute.
#[cold]
pub fn no_attribute(object: &PyObject, name: &PyASCIIObject) -> Raised {
    errors::attribute_error_of(
        object,
        name.as_object(),
        format_args!(
            "'{}' object has no attribute '{}'",
            object.type_().name(),
            unicode::to_string_lossy(name)
        ),
    )
}

/// `_PyObject_LookupAttr`: nothing where the attribute is missing.
pub fn lookup_attr(object: &PyObject, name: &PyASCIIObject) -> PyResult<Option<Own>> {
    let getattro = object.type_().tp_getattro.get();
    let plain =
        getattro.is_some_and(|f| std::ptr::fn_addr_eq(f, PyObject_GenericGetAttr as getattrofunc));
    let found = if plain {
        generic_lookup(object, name)
    } else {
        get_attr(object, name).map(Some)
    };
    match found {
        Ok(value) => Ok(value),
        Err(raised) => {
            if errors::matches(&crate::exceptions::PyExc_AttributeError) {
                errors::discard(raised);
                return Ok(None);
            }
            Err(raised)
        }
    }
}

/// `PyObject_SetAttr`; no value deletes.
pub fn set_attr(object: &PyObject, name: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "attribute name must be string, not '{}'",
            name.type_().name()
        )));
    };
    let name = unicode::intern(Own::new(name));
    if let Some(function) = object.type_().tp_setattro.get() {
        let value = value.map_or(std::ptr::null_mut(), |value| value.as_raw());
        // SAFETY: the slot of the object's own type.
        errors::from_status(unsafe { function(object.as_raw(), name.as_raw(), value) })?;
        return Ok(());
    }
    let has_any = object.type_().tp_getattro.get().is_some();
    Err(type_error(format_args!(
        "'{}' object has {} attributes ({} .{})",
        object.type_().name(),
        if has_any { "only read-only" } else { "no" },
        if value.is_some() { "assign to" } else { "del" },
        unicode::to_string_lossy(&name)
    )))
}

/// Whether the object can be hashed and looked up as a data descriptor.
#[inline(always)]
pub fn is_data_descriptor(object: &PyObject) -> bool {
    object.type_().tp_descr_set.get().is_some()
}

/// Binds a descriptor found on the type, where it is one.
#[inline]
pub fn bind_descriptor(
    descriptor: Own,
    instance: Option<&PyObject>,
    owner: &PyTypeObject,
) -> PyResult {
    let Some(get) = descriptor.type_().tp_descr_get.get() else {
        return Ok(descriptor);
    };
    let instance = instance.map_or(std::ptr::null_mut(), |object| object.as_raw());
    // SAFETY: the slot of the descriptor's own type.
    unsafe { from_c(get(descriptor.as_ptr(), instance, owner.as_raw())) }
}

/// The value of an instance's own dict, with the dict made real or not.
#[inline]
fn instance_value(object: &PyObject, name: &PyASCIIObject) -> PyResult<Option<Own>> {
    let type_ = object.type_();
    if type_.has_feature(Py_TPFLAGS_MANAGED_DICT)
        && let Some(values) = dict::instance_values(object)
    {
        return Ok(dict::get_instance_attribute(object, values, name));
    }
    let Some(field) = dict_field(object) else {
        return Ok(None);
    };
    match field.own() {
        Some(attributes) => {
            // SAFETY: the field of an instance dict holds a dict.
            let attributes: Own<PyDictObject> = unsafe { attributes.cast() };
            dict::get_item(&attributes, name.as_object())
        }
        None => Ok(None),
    }
}

/// `_PyObject_DictPointer`: where the instance dict's address is kept, if the type has one.
pub fn dict_field(object: &PyObject) -> Option<&Pointer<PyObject>> {
    let type_ = object.type_();
    if type_.has_feature(Py_TPFLAGS_MANAGED_DICT) {
        return Some(dict::managed_dict_field(object));
    }
    let mut offset = type_.tp_dictoffset.get();
    if offset == 0 {
        return None;
    }
    if offset < 0 {
        // SAFETY: only types of variable size have a negative offset.
        let items = unsafe { (*object.as_raw().cast::<PyVarObject>()).ob_size.get() }.abs();
        offset += crate::memory::var_size(type_, items) as isize;
    }
    // SAFETY: the offset lies inside the instance.
    Some(unsafe { &*object.as_raw().cast::<u8>().offset(offset).cast() })
}

/// `PyObject_GenericGetDict`: the instance dict, created where the type has room for one.
pub fn instance_dict(object: &PyObject) -> PyResult<Option<Own<PyDictObject>>> {
    let type_ = object.type_();
    if type_.has_feature(Py_TPFLAGS_MANAGED_DICT)
        && let Some(values) = dict::instance_values(object)
    {
        let made = dict::materialize(object, values)?;
        return Ok(Some(made));
    }
    let Some(field) = dict_field(object) else {
        return Ok(None);
    };
    if let Some(existing) = field.own() {
        // SAFETY: the field of an instance dict holds a dict.
        return Ok(Some(unsafe { existing.cast() }));
    }
    // An instance whose values have gone does not go back to the keys that it shared.
    let made = if type_.has_feature(Py_TPFLAGS_MANAGED_DICT) {
        dict::new()?
    } else {
        dict::new_for_instance(type_)?
    };
    field.put(Some(made.clone().upcast()));
    Ok(Some(made))
}

/// `_PyObject_GetDictPtr`: where the instance dict lies, with the instance's values in it; no dict is made for an
/// instance that has none.
pub fn dict_pointer(object: &PyObject) -> PyResult<Option<&Pointer<PyObject>>> {
    if object.type_().has_feature(Py_TPFLAGS_MANAGED_DICT)
        && let Some(values) = dict::instance_values(object)
    {
        dict::materialize(object, values)?;
    }
    Ok(dict_field(object))
}

/// `PyObject_GenericGetAttr`, without an exception for a missing attribute.
pub fn generic_lookup(object: &PyObject, name: &PyASCIIObject) -> PyResult<Option<Own>> {
    look_up_around(object, name, || instance_value(object, name))
}

/// `_PyObject_GenericGetAttrWithDict`: the dict stands for the instance's own.
pub fn get_attr_with_dict(
    object: &PyObject,
    name: &PyASCIIObject,
    attributes: &PyDictObject,
) -> PyResult {
    let found = look_up_around(object, name, || {
        dict::get_item(attributes, name.as_object())
    })?;
    found.ok_or_else(|| no_attribute(object, name))
}

/// An attribute: a data descriptor's value, the instance's, or what else the type has.
#[inline(always)]
fn look_up_around(
    object: &PyObject,
    name: &PyASCIIObject,
    own_value: impl FnOnce() -> PyResult<Option<Own>>,
) -> PyResult<Option<Own>> {
    let type_ = object.type_();
    let found = types::lookup(type_, name).map(Own::new);
    if let Some(descriptor) = &found
        && is_data_descriptor(descriptor)
        && descriptor.type_().tp_descr_get.get().is_some()
    {
        return bind_or_nothing(descriptor.clone(), object, type_);
    }
    if let Some(value) = own_value()? {
        return Ok(Some(value));
    }
    match found {
        Some(descriptor) => bind_or_nothing(descriptor, object, type_),
        None => Ok(None),
    }
}

fn bind_or_nothing(
    descriptor: Own,
    object: &PyObject,
    type_: &PyTypeObject,
) -> PyResult<Option<Own>> {
    bind_descriptor(descriptor, Some(object), type_).map(Some)
}

/// `PyObject_GenericGetAttr`.
pub fn generic_get_attr(object: &PyObject, name: &PyObject) -> PyResult {
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "attribute name must be string, not '{}'",
            name.type_().name()
        )));
    };
    match generic_lookup(object, name)? {
        Some(value) => Ok(value),
        None => Err(no_attribute(object, name)),
    }
}

/// `tp_getattro` of nearly every type.
///
/// # Safety
/// Both objects are live.
pub unsafe extern "C" fn PyObject_GenericGetAttr(
    object: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by contract.
    unsafe { crate::own::to_c(generic_get_attr(&*object, &*name)) }
}

/// `PyObject_GenericSetAttr`.
pub fn generic_set_attr(
    object: &PyObject,
    name: &PyObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "attribute name must be string, not '{}'",
            name.type_().name()
        )));
    };
    let type_ = object.type_();
    let found = types::lookup(type_, name).map(Own::new);
    if set_by_descriptor(object, found.as_deref(), value)? {
        return Ok(());
    }
    if type_.has_feature(Py_TPFLAGS_MANAGED_DICT)
        && let Some(values) = dict::instance_values(object)
    {
        return dict::store_instance_attribute(object, values, name, value);
    }
    let Some(field) = dict_field(object) else {
        return Err(not_settable(object, name, found.is_some()));
    };
    let attributes = match field.own() {
        // SAFETY: the field of an instance dict holds a dict.
        Some(existing) => unsafe { existing.cast() },
        None => {
            let made = dict::new_for_instance(type_)?;
            field.put(Some(made.clone().upcast()));
            made
        }
    };
    set_in_dict(object, &attributes, name, value)
}

/// Lets a data descriptor of the type set the attribute; false where there is none.
#[inline(always)]
fn set_by_descriptor(
    object: &PyObject,
    found: Option<&PyObject>,
    value: Option<&PyObject>,
) -> PyResult<bool> {
    let Some(descriptor) = found else {
        return Ok(false);
    };
    let Some(set) = descriptor.type_().tp_descr_set.get() else {
        return Ok(false);
    };
    let value = value.map_or(std::ptr::null_mut(), |value| value.as_raw());
    // SAFETY: the slot of the descriptor's own type.
    errors::from_status(unsafe { set(descriptor.as_raw(), object.as_raw(), value) })?;
    Ok(true)
}

#[inline(always)]
fn set_in_dict(
    object: &PyObject,
    attributes: &PyDictObject,
    name: &PyASCIIObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    match value {
        Some(value) => dict::set_item(attributes, name.as_object(), value),
        None => {
            if !dict::remove(attributes, name.as_object())? {
                return Err(no_attribute_to_set(object, name));
            }
            Ok(())
        }
    }
}

/// `_PyObject_GenericSetAttrWithDict`: the dict stands for the instance's own.
pub fn set_attr_with_dict(
    object: &PyObject,
    name: &PyASCIIObject,
    value: Option<&PyObject>,
    attributes: &PyDictObject,
) -> PyResult<()> {
    let found = types::lookup(object.type_(), name).map(Own::new);
    if set_by_descriptor(object, found.as_deref(), value)? {
        return Ok(());
    }
    set_in_dict(object, attributes, name, value)
}

#[cold]
fn not_settable(object: &PyObject, name: &PyASCIIObject, on_type: bool) -> Raised {
    if on_type {
        return errors::attribute_error(format_args!(
            "'{}' object attribute '{}' is read-only",
            object.type_().name(),
            unicode::to_string_lossy(name)
        ));
    }
    no_attribute_to_set(object, name)
}

/// `tp_setattro` of nearly every type.
///
/// # Safety
/// Object and name are live; the value is live or null.
pub unsafe extern "C" fn PyObject_GenericSetAttr(
    object: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: by contract.
    match unsafe { generic_set_attr(&*object, &*name, value.as_ref()) } {
        Ok(()) => 0,
        Err(_) => -1,
    }
}

/// `_PyObject_GetMethod`: the function and whether it wants the object as its first argument.
#[inline]
pub fn get_method(object: &PyObject, name: &PyASCIIObject) -> PyResult<(Own, bool)> {
    let type_ = object.type_();
    let getattro = type_.tp_getattro.get();
    if !getattro.is_some_and(|f| std::ptr::fn_addr_eq(f, PyObject_GenericGetAttr as getattrofunc)) {
        return Ok((get_attr(object, name)?, false));
    }
    let found = types::lookup(type_, name).map(Own::new);
    let mut is_method = false;
    if let Some(descriptor) = &found {
        if descriptor.type_().has_feature(Py_TPFLAGS_METHOD_DESCRIPTOR) {
            is_method = true;
        } else if is_data_descriptor(descriptor) && descriptor.type_().tp_descr_get.get().is_some()
        {
            return Ok((
                bind_descriptor(descriptor.clone(), Some(object), type_)?,
                false,
            ));
        }
    }
    if let Some(value) = instance_value(object, name)? {
        return Ok((value, false));
    }
    match found {
        Some(method) if is_method => Ok((method, true)),
        Some(descriptor) => Ok((bind_descriptor(descriptor, Some(object), type_)?, false)),
        None => Err(no_attribute(object, name)),
    }
}

/// `PyObject_Size`.
pub fn length(object: &PyObject) -> PyResult<usize> {
    let type_ = object.type_();
    // SAFETY: suites of the object's own type.
    let length = unsafe {
        if let Some(function) = type_
            .tp_as_sequence
            .get()
            .as_ref()
            .and_then(|s| s.sq_length.get())
        {
            function(object.as_raw())
        } else if let Some(function) = type_
            .tp_as_mapping
            .get()
            .as_ref()
            .and_then(|s| s.mp_length.get())
        {
            function(object.as_raw())
        } else {
            return Err(type_error(format_args!(
                "object of type '{}' has no len()",
                type_.name()
            )));
        }
    };
    if length < 0 {
        return Err(Raised::already_set());
    }
    Ok(length as usize)
}

/// The `repr` of an object that may contain itself: `None` where it is already under way.
/// `Py_ReprEnter`; dropping the guard is `Py_ReprLeave`.
pub fn repr_enter(object: &PyObject) -> Option<ReprGuard> {
    let reprs = &crate::state::tstate().repr_active;
    let mut active = reprs.take();
    let is_new = !active.contains(&object.as_raw());
    if is_new {
        active.push(object.as_raw());
    }
    reprs.set(active);
    is_new.then(|| ReprGuard(object.as_raw()))
}

/// Leaves the repr of an object.
pub struct ReprGuard(*mut PyObject);

impl Drop for ReprGuard {
    fn drop(&mut self) {
        let reprs = &crate::state::tstate().repr_active;
        let mut active = reprs.take();
        active.retain(|&object| object != self.0);
        reprs.set(active);
    }
}

/// The answer of a comparison that a type does not define.
#[inline(always)]
pub fn not_comparable() -> PyResult {
    Ok(not_implemented())
}

/// A new reference to the object, for `__iter__` and the like (`PyObject_SelfIter`).
pub fn self_iter(object: &PyObject) -> PyResult {
    incref(object);
    // SAFETY: the reference was just made.
    Ok(unsafe { Own::from_raw(object.as_raw()) })
}

/// The type of types is its own type.
pub fn is_type(object: &PyObject) -> bool {
    object.type_().has_feature(Py_TPFLAGS_TYPE_SUBCLASS) || object.is_exactly(&PyType_Type)
}

/// `id(object)`.
pub fn id(object: &PyObject) -> PyResult {
    long::from_usize(object.as_raw() as usize)
}
