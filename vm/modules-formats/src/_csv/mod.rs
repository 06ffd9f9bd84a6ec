//! `_csv` (`Modules/_csv.c`): records of comma-separated values.
//!
//! Characters gather in a block of 32-bit ones that grows as CPython's does.

mod dialect;
mod reader;
mod writer;

use crate::prelude::*;
use dialect::{Dialect_Type, DialectObject};
use std::ptr::null_mut;
use twinheap_objects::exceptions::{PyExc_Exception, PyExc_KeyError};
use twinheap_objects::state::Global;

static ERROR: Global<Pointer<PyTypeObject>> = Global(Cell::new(null_mut()));
static DIALECTS: Global<Pointer<PyDictObject>> = Global(Cell::new(null_mut()));
static FIELD_LIMIT: Global<Cell<i64>> = Global(Cell::new(128 * 1024));

/// The exception `_csv.Error`.
fn error_type() -> PyResult<Own<PyTypeObject>> {
    if let Some(made) = Field::own(&*ERROR) {
        return Ok(made);
    }
    let made = new_error_type()?;
    ERROR.put(Some(made.clone()));
    Ok(made)
}

/// A class without weak references, as one that C describes.
fn new_error_type() -> PyResult<Own<PyTypeObject>> {
    let namespace = dict::new()?;
    let module = unicode::from_str("_csv")?;
    dict::set_item(
        &namespace,
        id!("__module__").as_object(),
        module.as_object(),
    )?;
    let slots = tuple::empty();
    dict::set_item(&namespace, id!("__slots__").as_object(), slots.as_object())?;
    let name = unicode::from_str("Error")?;
    let bases = tuple::pack(&[PyExc_Exception.as_object()])?;
    let metatype = PyExc_Exception.as_object().type_();
    let made = types::new_class(metatype, &name, &bases, &namespace, None)?;
    let made = made
        .downcast::<PyTypeObject>()
        .map_err(|_| type_error("type.__new__ made no type"))?;
    if let Some(own) = types::dict_of(&made) {
        dict::delete_item(own, id!("__slots__").as_object())?;
    }
    Ok(made)
}

fn csv_error(message: impl std::fmt::Display) -> errors::Raised {
    match error_type() {
        Ok(type_) => errors::raise(&type_, message),
        Err(raised) => raised,
    }
}

/// The dict of registered dialects.
fn dialects() -> PyResult<Own<PyDictObject>> {
    if let Some(made) = Field::own(&*DIALECTS) {
        return Ok(made);
    }
    let made = dict::new()?;
    DIALECTS.put(Some(made.clone()));
    Ok(made)
}

fn registered(name: &PyObject) -> PyResult {
    dict::get_item(&*dialects()?, name)?.ok_or_else(|| csv_error("unknown dialect"))
}

/// A block of characters that an object owns; how many it has room for stands elsewhere in the object.
#[repr(transparent)]
pub struct Characters(Cell<*mut u32>);

impl Slot for Characters {
    fn release(&self) {
        // SAFETY: the block came from the allocator, and nobody else has it.
        unsafe { memory::free(self.0.replace(null_mut()).cast()) }
    }
}

impl Characters {
    /// Makes room for so many characters; what is there stays.
    fn resize(&self, room: isize) -> PyResult<()> {
        // SAFETY: the block belongs to the object alone, and the old address is not used again.
        let block = unsafe { memory::realloc(self.0.get().cast(), 4 * room as usize) };
        if block.is_null() {
            return Err(errors::no_memory());
        }
        self.0.set(block.cast());
        Ok(())
    }

    /// Writes a character.
    ///
    /// # Safety
    /// There is room for it.
    unsafe fn set(&self, at: isize, character: u32) {
        // SAFETY: by contract.
        unsafe { self.0.get().offset(at).write(character) }
    }

    /// The first characters as a str.
    ///
    /// # Safety
    /// So many were written.
    unsafe fn text(&self, length: isize) -> PyResult<Own<PyASCIIObject>> {
        if length == 0 {
            return Ok(unicode::empty());
        }
        // SAFETY: by contract.
        unicode::from_ucs4(unsafe { std::slice::from_raw_parts(self.0.get(), length as usize) })
    }
}

/// `_call_dialect`: a dialect of the settings that a function was given.
fn call_dialect(
    given: Option<&PyObject>,
    kwargs: Option<&PyDictObject>,
) -> PyResult<Own<DialectObject>> {
    let args = match given {
        Some(given) => tuple::pack(&[given])?,
        None => tuple::empty(),
    };
    call::call_tuple(Dialect_Type.as_object(), &args, kwargs)?
        .downcast::<DialectObject>()
        .map_err(|_| type_error("a dialect was expected"))
}

fn list_dialects(_: &PyObject) -> PyResult {
    Ok(list::from_iterable(dialects()?.as_object())?.upcast())
}

fn register_dialect(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let items = tuple::items(args);
    call::check_positional("", items.len(), 1, 2)?;
    if items[0].downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error("dialect name must be a string"));
    }
    let made = call_dialect(items.get(1).copied(), kwargs)?;
    dict::set_item(&*dialects()?, items[0], made.as_object())?;
    Ok(none())
}

fn one_name<'a>(function: &'static str, args: Args<'a>) -> PyResult<&'a PyObject> {
    let signature = Signature {
        name: function,
        parameters: &["name"],
        required: 1,
        positional: 1,
    };
    let [name] = args.bind(&signature)?;
    Ok(name.expect("required"))
}

fn unregister_dialect(_: &PyObject, args: Args<'_>) -> PyResult {
    let name = one_name("unregister_dialect", args)?;
    match dict::delete_item(&*dialects()?, name) {
        Ok(()) => Ok(none()),
        Err(raised) if errors::matches(&PyExc_KeyError) => {
            errors::discard(raised);
            Err(csv_error("unknown dialect"))
        }
        Err(raised) => Err(raised),
    }
}

fn get_dialect(_: &PyObject, args: Args<'_>) -> PyResult {
    registered(one_name("get_dialect", args)?)
}

fn field_size_limit(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "field_size_limit",
        parameters: &["new_limit"],
        required: 0,
        positional: 1,
    };
    let [limit] = args.bind(&SIGNATURE)?;
    let old = FIELD_LIMIT.get();
    if let Some(limit) = limit {
        if !limit.is_exactly(&long::PyLong_Type) {
            return Err(type_error("limit must be an integer"));
        }
        FIELD_LIMIT.set(long::as_long(limit)?);
    }
    Ok(long::from_i64(old)?.upcast())
}

methods! {
    static FUNCTIONS:
    "reader" => varargs_keywords(reader::csv_reader);
    "writer" => varargs_keywords(writer::csv_writer);
    "list_dialects" => noargs(list_dialects, "($module, /)");
    "register_dialect" => varargs_keywords(register_dialect);
    "unregister_dialect" => keywords(unregister_dialect, "($module, /, name)");
    "get_dialect" => keywords(get_dialect, "($module, /, name)");
    "field_size_limit" => keywords(field_size_limit, "($module, /, new_limit=<unrepresentable>)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_csv", FUNCTIONS, &[])?;
    module::add_heap_type(&made, "Dialect", &Dialect_Type)?;
    module::add_heap_type(&made, "Reader", &reader::Reader_Type)?;
    module::add_heap_type(&made, "Writer", &writer::Writer_Type)?;
    module::add_str(&made, "__version__", "1.0")?;
    module::add(&made, "_dialects", dialects()?.as_object())?;
    for (name, value) in [
        ("QUOTE_MINIMAL", dialect::QUOTE_MINIMAL),
        ("QUOTE_ALL", dialect::QUOTE_ALL),
        ("QUOTE_NONNUMERIC", dialect::QUOTE_NONNUMERIC),
        ("QUOTE_NONE", dialect::QUOTE_NONE),
    ] {
        module::add_int(&made, name, i64::from(value))?;
    }
    module::add(&made, "Error", error_type()?.as_object())?;
    Ok(made)
}
