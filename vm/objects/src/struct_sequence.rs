//! Struct sequences (`Objects/structseq.c`): tuples whose items have names, as `sys.version_info`.
//!
//! The object is a tuple of the visible fields; the others lie behind them.

use crate::call::{self, Signature};
use crate::errors::{self, PyResult, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own, xdecref};
use crate::state::Global;
use crate::{abstract_, dict, long, methods, slot, tuple, types, unicode};
use std::cell::Cell;
use std::ffi::CString;
use twinheap_abi::*;

/// What a struct sequence type is made from.
pub struct Description {
    /// `tp_name`.
    pub name: &'static str,
    /// The fields in order; an unnamed one has an empty name.
    pub fields: &'static [&'static str],
    /// How many of them the tuple shows.
    pub visible: usize,
    /// Whether instances can be made by calling the type.
    pub instantiable: bool,
}

/// A struct sequence type, made when it is first asked for.
pub struct StructSequenceType {
    description: Description,
    made: Global<Cell<*const PyTypeObject>>,
}

impl StructSequenceType {
    pub const fn new(description: Description) -> StructSequenceType {
        StructSequenceType {
            description,
            made: Global(Cell::new(std::ptr::null())),
        }
    }

    /// The type.
    pub fn get(&'static self) -> PyResult<&'static PyTypeObject> {
        // SAFETY: made once, never freed.
        if let Some(made) = unsafe { self.made.get().as_ref() } {
            return Ok(made);
        }
        let made = make_type(&self.description)?;
        self.made.set(made);
        Ok(made)
    }

    /// An instance of the given values, one for each field.
    pub fn make(&'static self, values: Vec<Own>) -> PyResult {
        build(self.get()?, values)
    }
}

const HEADER: usize = std::mem::offset_of!(PyTupleObject, ob_item);

fn leaked(text: &str) -> *const std::ffi::c_char {
    CString::new(text).unwrap_or_default().into_raw()
}

fn make_type(description: &Description) -> PyResult<&'static PyTypeObject> {
    let named = description
        .fields
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty());
    let mut members: Vec<PyMemberDef> = named
        .map(|(index, name)| PyMemberDef {
            name: leaked(name),
            type_: T_OBJECT,
            offset: (HEADER + 8 * index) as isize,
            flags: READONLY,
            doc: std::ptr::null(),
        })
        .collect();
    members.push(PyMemberDef::SENTINEL);
    // SAFETY: the text was just made and is never freed.
    let name = unsafe { std::ffi::CStr::from_ptr(leaked(description.name)) };
    let made: &'static PyTypeObject = Box::leak(Box::new(PyTypeObject::new(
        &raw const types::PyType_Type,
        name,
        HEADER as isize as usize,
        8,
    )));
    made.tp_base.set(&tuple::PyTuple_Type);
    made.tp_dealloc.set(slot!(dealloc dealloc));
    made.tp_traverse.set(slot!(traverse traverse));
    made.tp_repr.set(slot!(unary repr));
    made.tp_methods.set(METHODS.as_ptr());
    made.tp_members
        .set(Box::leak(members.into_boxed_slice()).as_ptr());
    made.tp_flags.set(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC);
    if description.instantiable {
        made.tp_new.set(slot!(new new));
    } else {
        made.tp_flags
            .set(made.tp_flags.get() | Py_TPFLAGS_DISALLOW_INSTANTIATION);
    }
    types::ready(made)?;
    let own = types::dict_of(made).ok_or_else(|| errors::system_error("a type without dict"))?;
    let unnamed = description
        .fields
        .iter()
        .filter(|name| name.is_empty())
        .count();
    let counts = [
        ("n_sequence_fields", description.visible),
        ("n_fields", description.fields.len()),
        ("n_unnamed_fields", unnamed),
    ];
    for (name, count) in counts {
        dict::set_literal(own, name, &*long::from_usize(count)?)?;
    }
    let visible = description.fields[..description.visible].iter();
    let names: PyResult<Vec<Own>> = visible
        .filter(|name| !name.is_empty())
        .map(|name| Ok(unicode::from_str(name)?.upcast()))
        .collect();
    dict::set_literal(own, "__match_args__", tuple::from_vec(names?)?.as_object())?;
    Ok(made)
}

/// A number that the type's dict keeps.
fn count_of(type_: &PyTypeObject, name: &'static str) -> PyResult<usize> {
    let found = match types::dict_of(type_) {
        Some(own) => dict::get_literal(own, name)?,
        None => None,
    };
    match found
        .as_ref()
        .and_then(|found| found.downcast_ref::<PyLongObject>())
    {
        Some(count) => Ok(long::as_ssize(count)? as usize),
        None => Err(type_error(format_args!(
            "Missed attribute '{name}' of type {}",
            type_.name()
        ))),
    }
}

fn build(type_: &PyTypeObject, values: Vec<Own>) -> PyResult {
    let visible = count_of(type_, "n_sequence_fields")?;
    let object: *mut PyTupleObject = memory::new_gc_object(type_, HEADER + 8 * values.len())?;
    // SAFETY: fresh memory with room for every field.
    unsafe {
        (*object).ob_size.set(visible as isize);
        let target = tuple::items_pointer(&*object);
        for (index, value) in values.into_iter().enumerate() {
            *target.add(index) = value.into_raw();
        }
        Ok(Own::from_raw(object).upcast())
    }
}

/// All fields, visible or not.
fn fields(sequence: &PyTupleObject) -> &[*mut PyObject] {
    let count = count_of(sequence.as_object().type_(), "n_fields").unwrap_or(0);
    // SAFETY: the instance was made with room for every field.
    unsafe { std::slice::from_raw_parts(tuple::items_pointer(sequence), count) }
}

fn traverse(sequence: &PyTupleObject, visitor: &mut Visitor) {
    fields(sequence)
        .iter()
        .for_each(|&item| visitor.pointer(item));
}

unsafe fn dealloc(sequence: *mut PyTupleObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(sequence.cast());
        for &item in fields(&*sequence) {
            xdecref(item);
        }
        memory::gc_del(sequence.cast());
    }
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "structseq",
        parameters: &["sequence", "dict"],
        required: 1,
        positional: 2,
    };
    let [sequence, extra] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let sequence = abstract_::fast_sequence(
        sequence.unwrap_or(tuple::empty().as_object()),
        "constructor requires a sequence",
    )?;
    let extra = match extra.map(|extra| (extra, extra.downcast_ref::<PyDictObject>())) {
        None => None,
        Some((_, Some(extra))) => Some(extra),
        Some(_) => {
            return Err(type_error(format_args!(
                "{}() takes a dict as second arg, if any",
                type_.name()
            )));
        }
    };
    let (least, most) = (
        count_of(type_, "n_sequence_fields")?,
        count_of(type_, "n_fields")?,
    );
    let unnamed = count_of(type_, "n_unnamed_fields")?;
    let items = abstract_::fast_items(&sequence);
    if items.len() < least || items.len() > most {
        let expected = match (least == most, items.len() < least) {
            (true, _) => format!("a {least}"),
            (false, true) => format!("an at least {least}"),
            (false, false) => format!("an at most {most}"),
        };
        return Err(type_error(format_args!(
            "{}() takes {expected}-sequence ({}-sequence given)",
            type_.name(),
            items.len()
        )));
    }
    let mut values: Vec<Own> = items.iter().map(|&item| Own::new(item)).collect();
    for index in values.len()..most {
        // SAFETY: one member for each named field.
        let name = errors::c_text(unsafe { (*type_.tp_members.get().add(index - unnamed)).name });
        let given = match extra {
            Some(extra) => dict::get_literal(extra, name)?,
            None => None,
        };
        values.push(given.unwrap_or_else(crate::singletons::none));
    }
    // Only what Python code makes is tracked; what the interpreter makes is not.
    let made = build(type_, values)?;
    // SAFETY: the object is complete and was not tracked before.
    unsafe { memory::track(made.as_raw()) };
    Ok(made)
}

fn repr(sequence: &PyTupleObject) -> PyResult {
    let type_ = sequence.as_object().type_();
    let mut writer = unicode::Writer::new();
    writer.push_str(type_.name());
    writer.push_str("(");
    for (index, item) in tuple::items(sequence).iter().enumerate() {
        if index > 0 {
            writer.push_str(", ");
        }
        // SAFETY: one member for each named field, and the visible ones come first.
        writer.push_str(errors::c_text(unsafe {
            (*type_.tp_members.get().add(index)).name
        }));
        writer.push_str("=");
        writer.push(&object::repr(item)?);
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn reduce(sequence: &PyTupleObject) -> PyResult {
    let type_ = sequence.as_object().type_();
    let unnamed = count_of(type_, "n_unnamed_fields")?;
    let visible = tuple::items(sequence);
    let extra = dict::new()?;
    for (index, &item) in fields(sequence).iter().enumerate().skip(visible.len()) {
        // SAFETY: as for repr; every field is set.
        unsafe {
            let name = errors::c_text((*type_.tp_members.get().add(index - unnamed)).name);
            dict::set_literal(&extra, name, &*item)?;
        }
    }
    let arguments = tuple::pack(&[tuple::pack(visible)?.as_object(), extra.as_object()])?;
    Ok(tuple::pack(&[type_.as_object(), arguments.as_object()])?.upcast())
}

methods! {
    static METHODS:
    "__reduce__" => noargs(reduce);
}
