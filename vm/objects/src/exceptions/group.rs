//! BaseExceptionGroup and ExceptionGroup: several exceptions raised as one, split by a condition.

use super::base;
use super::table::PyExc_Exception;
use crate::call;
use crate::errors::{self, PyResult, type_error, value_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::state::Global;
use crate::{dict, id, list, members, methods, slot, static_type, tuple, typed, types, unicode};
use std::cell::Cell;
use std::mem::offset_of;
use std::ptr::null_mut;
use twinheap_abi::*;

typed!(PyBaseExceptionGroupObject, PyExc_BaseExceptionGroup);

static EXCEPTION_GROUP: Global<Pointer<PyTypeObject>> = Global(Cell::new(null_mut()));

/// `ExceptionGroup`: a class of BaseExceptionGroup and Exception, made on first use.
pub fn exception_group_type() -> PyResult<&'static PyTypeObject> {
    if EXCEPTION_GROUP.get().is_null() {
        let namespace = dict::new()?;
        dict::set_item(
            &namespace,
            id!("__module__").as_object(),
            id!("builtins").as_object(),
        )?;
        let bases = tuple::pack(&[
            PyExc_BaseExceptionGroup.as_object(),
            PyExc_Exception.as_object(),
        ])?;
        let name = unicode::from_str("ExceptionGroup")?;
        let made = types::new_class(&types::PyType_Type, &name, &bases, &namespace, None)?;
        EXCEPTION_GROUP.set(made.into_raw().cast());
    }
    // SAFETY: made once, never freed.
    Ok(unsafe { &*EXCEPTION_GROUP.get() })
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    call::no_keywords("BaseExceptionGroup", kwargs)?;
    let &[message, exceptions] = tuple::items(args) else {
        return Err(type_error(format_args!(
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)",
            tuple::items(args).len()
        )));
    };
    if message.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error(format_args!(
            "BaseExceptionGroup.__new__() argument 1 must be str, not {}",
            if message.is_none() {
                "None"
            } else {
                message.type_().name()
            }
        )));
    }
    if !crate::abstract_::is_sequence(exceptions) {
        return Err(type_error(
            "second argument (exceptions) must be a sequence",
        ));
    }
    let members = tuple::from_iterable(exceptions)?;
    if tuple::items(&members).is_empty() {
        return Err(value_error(
            "second argument (exceptions) must be a non-empty sequence",
        ));
    }
    let mut all_exceptions = true;
    for (index, member) in tuple::items(&members).iter().enumerate() {
        if base::base_exception(member).is_none() {
            return Err(value_error(format_args!(
                "Item {index} of second argument (exceptions) is not an exception"
            )));
        }
        all_exceptions &= member.is_instance_of(&PyExc_Exception);
    }
    let group = exception_group_type()?;
    let mut type_ = type_;
    if std::ptr::eq(type_, &PyExc_BaseExceptionGroup) && all_exceptions {
        type_ = group;
    } else if std::ptr::eq(type_, group) && !all_exceptions {
        return Err(type_error(
            "Cannot nest BaseExceptions in an ExceptionGroup",
        ));
    } else if !all_exceptions && types::is_subtype(type_, &PyExc_Exception) {
        return Err(type_error(format_args!(
            "Cannot nest BaseExceptions in '{}'",
            type_.name()
        )));
    }
    let made = base::new(type_, args, None)?;
    if let Some(group) = made.downcast_ref::<PyBaseExceptionGroupObject>() {
        group.msg.put(Some(Own::new(message)));
        group.excs.put(Some(members.upcast()));
    }
    Ok(made)
}

fn init(
    group: &PyBaseExceptionObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    base::init(group, args, kwargs)
}

fn str(group: &PyBaseExceptionGroupObject) -> PyResult {
    let count = members_of(group).len();
    let mut writer = unicode::Writer::new();
    writer.push_object(&group.msg.own().unwrap_or_else(none))?;
    writer.push_str(&format!(
        " ({count} sub-exception{})",
        if count > 1 { "s" } else { "" }
    ));
    Ok(writer.finish()?.upcast())
}

/// The exceptions of a group.
pub fn members_of(group: &PyBaseExceptionGroupObject) -> &[&PyObject] {
    match group
        .excs
        .as_ref()
        .and_then(|excs| excs.downcast_ref::<PyTupleObject>())
    {
        Some(excs) => tuple::items(excs),
        None => &[],
    }
}

/// A group of the given exceptions.
pub fn new_group(message: &str, exceptions: &[Own]) -> PyResult {
    let message = unicode::from_str(message)?;
    let borrowed: Vec<&PyObject> = exceptions.iter().map(|e| &**e).collect();
    let members = list::from_slice(&borrowed)?;
    call::call(
        PyExc_BaseExceptionGroup.as_object(),
        &[message.as_object(), members.as_object()],
    )
}

fn derive(group: &PyBaseExceptionGroupObject, args: &PyTupleObject) -> PyResult {
    let [exceptions] = tuple::items(args) else {
        return Err(type_error(format_args!(
            "function takes exactly 1 argument ({} given)",
            tuple::items(args).len()
        )));
    };
    let message = group.msg.own().unwrap_or_else(none);
    call::call(
        PyExc_BaseExceptionGroup.as_object(),
        &[&message, exceptions],
    )
}

/// A group like this one of some of its members, with its traceback, context, cause and notes.
pub fn subset(group: &PyBaseExceptionGroupObject, members: &[Own]) -> PyResult {
    let kept = list::new(0)?;
    for member in members {
        list::append(&kept, member)?;
    }
    subset_of_list(group, &kept)
}

fn subset_of_list(group: &PyBaseExceptionGroupObject, kept: &PyListObject) -> PyResult {
    if list::items(kept).is_empty() {
        return Ok(none());
    }
    let made = call::call_method(group.as_object(), id!("derive"), &[kept.as_object()])?;
    let Some(derived) = made.downcast_ref::<PyBaseExceptionGroupObject>() else {
        return Err(type_error(
            "derive must return an instance of BaseExceptionGroup",
        ));
    };
    derived.traceback.put(group.traceback.own());
    derived.context.put(group.context.own());
    base::set_cause(derived, group.cause.own());
    if let Some(notes) = object::lookup_attr(group.as_object(), id!("__notes__"))?
        && crate::abstract_::is_sequence(&notes)
    {
        let copy = list::from_iterable(&notes)?;
        object::set_attr(&made, id!("__notes__").as_object(), Some(copy.as_object()))?;
    }
    Ok(made)
}

/// Whether one exception meets the condition: a type, a tuple of types, or a function.
fn meets(exception: &PyObject, condition: &PyObject) -> PyResult<bool> {
    if object::is_type(condition) || condition.downcast_ref::<PyTupleObject>().is_some() {
        return Ok(errors::given_matches(exception, condition));
    }
    object::is_true(&*call::call(condition, &[exception])?)
}

fn check_condition(condition: &PyObject) -> PyResult<()> {
    let is_exception_type = |value: &PyObject| {
        value
            .downcast_ref::<PyTypeObject>()
            .is_some_and(|class| class.has_feature(Py_TPFLAGS_BASE_EXC_SUBCLASS))
    };
    if is_exception_type(condition) {
        return Ok(());
    }
    if let Some(classes) = condition.downcast_ref::<PyTupleObject>() {
        if tuple::items(classes)
            .iter()
            .all(|class| is_exception_type(class))
        {
            return Ok(());
        }
    } else if condition.downcast_ref::<PyFunctionObject>().is_some() {
        return Ok(());
    }
    Err(type_error(
        "expected a function, exception type or tuple of exception types",
    ))
}

/// Those that meet the condition and those that do not; None stands for nothing.
pub fn split_exception(exception: &PyObject, condition: &PyObject) -> PyResult<(Own, Own)> {
    if meets(exception, condition)? {
        return Ok((Own::new(exception), none()));
    }
    let Some(group) = exception.downcast_ref::<PyBaseExceptionGroupObject>() else {
        return Ok((none(), Own::new(exception)));
    };
    let (matching, rest) = (list::new(0)?, list::new(0)?);
    for member in members_of(group) {
        let depth = object::enter_recursive_call(" in exceptiongroup_split_recursive")?;
        let (yes, no) = split_exception(member, condition)?;
        drop(depth);
        if !yes.is_none() {
            list::append(&matching, &yes)?;
        }
        if !no.is_none() {
            list::append(&rest, &no)?;
        }
    }
    Ok((
        subset_of_list(group, &matching)?,
        subset_of_list(group, &rest)?,
    ))
}

/// The one argument of a method that unpacks a tuple.
fn only<'a>(name: &str, args: &'a PyTupleObject) -> PyResult<&'a PyObject> {
    call::check_positional(name, tuple::items(args).len(), 1, 1)?;
    Ok(tuple::items(args)[0])
}

fn split(group: &PyBaseExceptionGroupObject, args: &PyTupleObject) -> PyResult {
    let condition = only("split", args)?;
    check_condition(condition)?;
    let (matching, rest) = split_exception(group.as_object(), condition)?;
    Ok(tuple::from_vec(vec![matching, rest])?.upcast())
}

fn subgroup(group: &PyBaseExceptionGroupObject, args: &PyTupleObject) -> PyResult {
    let condition = only("subgroup", args)?;
    check_condition(condition)?;
    Ok(split_exception(group.as_object(), condition)?.0)
}

fn class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    crate::generic_alias::new(class, item)
}

fn traverse(group: &PyBaseExceptionGroupObject, visitor: &mut Visitor) {
    visitor.field(&group.msg);
    visitor.field(&group.excs);
    base::traverse(group, visitor);
}

fn clear(group: &PyBaseExceptionGroupObject) {
    group.msg.clear();
    group.excs.clear();
    base::clear(group);
}

unsafe fn dealloc(group: *mut PyBaseExceptionGroupObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(group.cast());
        (*group).msg.clear();
        (*group).excs.clear();
        base::dealloc(group.cast());
    }
}

members! {
    static MEMBERS:
    "message" => T_OBJECT, offset_of!(PyBaseExceptionGroupObject, msg), READONLY;
    "exceptions" => T_OBJECT, offset_of!(PyBaseExceptionGroupObject, excs), READONLY;
}

methods! {
    static METHODS:
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
    "derive" => varargs(derive);
    "split" => varargs(split);
    "subgroup" => varargs(subgroup);
}

static_type! {
    /// `BaseExceptionGroup`.
    PyExc_BaseExceptionGroup = "BaseExceptionGroup", size size_of::<PyBaseExceptionGroupObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_BASE_EXC_SUBCLASS;
    tp_base: &raw const base::PyExc_BaseException,
    tp_dealloc: slot!(dealloc dealloc),
    tp_str: slot!(unary str),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_dictoffset: offset_of!(PyBaseExceptionObject, dict) as isize,
    tp_init: slot!(init init),
    tp_new: slot!(new new),
}
