//! `array.array` (`Modules/arraymodule.c`): numbers of one C type, side by side in a block of their own.
//!
//! The struct is CPython's; `ob_descr` points to a description without CPython's function pointers. While a view
//! is exported the size must not change. What is written is converted first, for a conversion runs the program's
//! code, which may change the array.

mod items;
mod methods;
mod pickling;
mod sequence;

use crate::prelude::*;
use items::Description;
use std::ptr::null_mut;

/// `arrayobject`.
#[repr(C)]
pub struct ArrayObject {
    pub ob_base: PyVarObject,
    pub ob_item: Cell<*mut u8>,
    pub allocated: Cell<isize>,
    pub ob_descr: Cell<Option<&'static Description>>,
    pub weakreflist: Cell<*const PyObject>,
    pub ob_exports: Cell<isize>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for ArrayObject {}
typed!(ArrayObject, Arraytype);

impl ArrayObject {
    /// How many items there are.
    pub fn len(&self) -> usize {
        self.ob_base.ob_size.get() as usize
    }

    /// What the type code says.
    pub fn description(&self) -> &'static Description {
        self.ob_descr.get().unwrap_or(&items::DESCRIPTIONS[0])
    }

    /// The bytes of all items; they stay where they are until the array is changed.
    pub fn data(&self) -> &[u8] {
        let length = self.len() * self.description().size();
        if length == 0 {
            return &[];
        }
        // SAFETY: the block holds the items.
        unsafe { std::slice::from_raw_parts(self.ob_item.get(), length) }
    }

    /// Moves bytes inside the block.
    fn move_bytes(&self, from: usize, to: usize, count: usize) {
        let room = self.allocated.get() as usize * self.description().size();
        assert!(from + count <= room && to + count <= room);
        if count > 0 {
            // SAFETY: both ranges lie in the block.
            unsafe {
                std::ptr::copy(
                    self.ob_item.get().add(from),
                    self.ob_item.get().add(to),
                    count,
                )
            };
        }
    }

    /// Writes bytes into the block.
    fn write(&self, at: usize, data: &[u8]) {
        assert!(at + data.len() <= self.len() * self.description().size());
        if !data.is_empty() {
            // SAFETY: the range lies in the block; the source may lie there too.
            unsafe { std::ptr::copy(data.as_ptr(), self.ob_item.get().add(at), data.len()) };
        }
    }

    /// The bytes of one item.
    fn raw(&self, index: usize) -> &[u8] {
        let size = self.description().size();
        &self.data()[index * size..(index + 1) * size]
    }

    /// `getarrayitem`.
    pub fn item(&self, index: usize) -> PyResult {
        self.description().get(self.raw(index))
    }

    /// `setitem` at an index that was in range before the value was converted.
    fn set(&self, index: usize, value: &PyObject) -> PyResult<()> {
        let raw = self.description().raw_of(value)?;
        if index < self.len() {
            let size = self.description().size();
            self.write(index * size, &raw[..size]);
        }
        Ok(())
    }

    fn refuse_resize(&self) -> PyResult<()> {
        match self.ob_exports.get() {
            0 => Ok(()),
            _ => Err(buffer_error(
                "cannot resize an array that is exporting buffers",
            )),
        }
    }

    /// `array_resize`: how the block grows and shrinks.
    fn resize(&self, size: usize) -> PyResult<()> {
        let old = self.len();
        if size != old {
            self.refuse_resize()?;
        }
        let kept = self.allocated.get() as usize >= size && old < size + 16;
        if kept && !self.ob_item.get().is_null() {
            self.ob_base.ob_size.set(size as isize);
            return Ok(());
        }
        if size == 0 {
            let block = self.ob_item.replace(null_mut());
            self.ob_base.ob_size.set(0);
            self.allocated.set(0);
            // SAFETY: the block belonged to the array alone.
            unsafe { memory::free(block) };
            return Ok(());
        }
        let capacity = (size >> 4) + if old < 8 { 3 } else { 7 } + size;
        let bytes = capacity
            .checked_mul(self.description().size())
            .filter(|bytes| *bytes <= isize::MAX as usize)
            .ok_or_else(errors::no_memory)?;
        // SAFETY: the block belongs to the array alone, and the old address is not used again.
        let block = unsafe { memory::realloc(self.ob_item.get(), bytes) };
        if block.is_null() {
            return Err(errors::no_memory());
        }
        self.ob_item.set(block);
        self.ob_base.ob_size.set(size as isize);
        self.allocated.set(capacity as isize);
        Ok(())
    }

    /// `ins1`: puts an item in front of another.
    fn insert(&self, place: isize, value: &PyObject) -> PyResult<()> {
        let raw = self.description().raw_of(value)?;
        let length = self.len();
        self.resize(length + 1)?;
        let at = if place < 0 {
            (place + length as isize).max(0) as usize
        } else {
            (place as usize).min(length)
        };
        let size = self.description().size();
        self.move_bytes(at * size, (at + 1) * size, (length - at) * size);
        self.write(at * size, &raw[..size]);
        Ok(())
    }

    /// Adds whole items behind the last one.
    fn append_bytes(&self, data: &[u8]) -> PyResult<()> {
        let (size, old) = (self.description().size(), self.len());
        self.resize(old + data.len() / size)?;
        self.write(old * size, data);
        Ok(())
    }

    /// `array_del_slice`, for bounds in range.
    fn delete(&self, low: usize, high: usize) -> PyResult<()> {
        if high <= low {
            return Ok(());
        }
        self.refuse_resize()?;
        let (size, length) = (self.description().size(), self.len());
        self.move_bytes(high * size, low * size, (length - high) * size);
        self.resize(length - (high - low))
    }
}

/// `newarrayobject`: so many items, as yet zero.
pub fn new_array(
    type_: &PyTypeObject,
    count: usize,
    description: &'static Description,
) -> PyResult<Own<ArrayObject>> {
    let bytes = count
        .checked_mul(description.size())
        .filter(|bytes| *bytes <= isize::MAX as usize)
        .ok_or_else(errors::no_memory)?;
    let made = types::allocate(type_, 0)?;
    // SAFETY: an array or an instance of a subclass, zeroed but for its header.
    let made: Own<ArrayObject> = unsafe { made.cast() };
    made.ob_descr.set(Some(description));
    if count > 0 {
        let block = memory::calloc(bytes);
        if block.is_null() {
            return Err(errors::no_memory());
        }
        made.ob_item.set(block);
        made.allocated.set(count as isize);
        made.ob_base.ob_size.set(count as isize);
    }
    Ok(made)
}

/// An array of the given items.
fn from_bytes(data: &[u8], description: &'static Description) -> PyResult<Own<ArrayObject>> {
    let made = new_array(&Arraytype, data.len() / description.size(), description)?;
    made.write(0, data);
    Ok(made)
}

/// `PyErr_BadArgument`.
fn bad_argument() -> errors::Raised {
    type_error("bad argument type for built-in operation")
}

/// The first argument of the constructor, one character.
fn typecode(items: &[&PyObject]) -> PyResult<u32> {
    if items.is_empty() || items.len() > 2 {
        return Err(type_error(format_args!(
            "array() takes at {} argument{} ({} given)",
            if items.is_empty() {
                "least 1"
            } else {
                "most 2"
            },
            if items.is_empty() { "" } else { "s" },
            items.len()
        )));
    }
    let text = items[0].downcast_ref::<PyASCIIObject>().map(unicode::text);
    match text {
        Some(text) if text.len() == 1 => Ok(text.at(0)),
        _ => Err(type_error(format_args!(
            "array() argument 1 must be a unicode character, not {}",
            unicode::type_name_or_none(items[0])
        ))),
    }
}

fn refuse_text(code: u32, initial: &PyObject) -> PyResult<()> {
    let shown = char::from_u32(code & 0xff).unwrap_or('?');
    if initial.downcast_ref::<PyASCIIObject>().is_some() {
        return Err(type_error(format_args!(
            "cannot use a str to initialize an array with typecode '{shown}'"
        )));
    }
    match initial.downcast_ref::<ArrayObject>() {
        Some(array) if array.description().typecode == b'u' => Err(type_error(format_args!(
            "cannot use a unicode array to initialize an array with typecode '{shown}'"
        ))),
        _ => Ok(()),
    }
}

/// `array_new`.
fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    if std::ptr::eq(type_, &Arraytype) || types::has_init_of(type_, &Arraytype) {
        call::no_keywords("array.array", kwargs)?;
    }
    let given = tuple::items(args);
    let code = typecode(given)?;
    let initial = given.get(1).copied();
    if let Some(initial) = initial
        && code != u32::from(b'u')
    {
        refuse_text(code, initial)?;
    }
    let known = items::find(code);
    let Some(description) = known else {
        if let Some(initial) = initial.filter(|initial| !is_plain(initial, code)) {
            abstract_::get_iter(initial)?;
        }
        return Err(value_error(
            "bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)",
        ));
    };
    let Some(initial) = initial else {
        return Ok(new_array(type_, 0, description)?.upcast());
    };
    if is_plain(initial, code) {
        return Ok(filled(type_, description, initial)?.upcast());
    }
    let iterator = abstract_::get_iter(initial)?;
    let made = new_array(type_, 0, description)?;
    sequence::extend_from_iterable(&made, &iterator)?;
    Ok(made.upcast())
}

/// Whether the constructor takes the items of an object without iterating over it.
fn is_plain(initial: &PyObject, code: u32) -> bool {
    initial.downcast_ref::<PyListObject>().is_some()
        || initial.downcast_ref::<PyByteArrayObject>().is_some()
        || initial.downcast_ref::<PyBytesObject>().is_some()
        || initial.downcast_ref::<PyTupleObject>().is_some()
        || code == u32::from(b'u') && initial.downcast_ref::<PyASCIIObject>().is_some()
        || initial
            .downcast_ref::<ArrayObject>()
            .is_some_and(|array| u32::from(array.description().typecode) == code)
}

/// An array of the items of a list, a tuple, bytes, a str or another array.
fn filled(
    type_: &PyTypeObject,
    description: &'static Description,
    initial: &PyObject,
) -> PyResult<Own<ArrayObject>> {
    if let Some(other) = initial.downcast_ref::<ArrayObject>() {
        let made = new_array(type_, other.len(), description)?;
        made.write(0, other.data());
        return Ok(made);
    }
    if let Some(text) = initial.downcast_ref::<PyASCIIObject>() {
        let wide: Vec<u8> = unicode::text(text)
            .iter()
            .flat_map(|character| character.to_le_bytes())
            .collect();
        let made = new_array(type_, wide.len() / 4, description)?;
        made.write(0, &wide);
        return Ok(made);
    }
    let is_sequence = initial.downcast_ref::<PyListObject>().is_some()
        || initial.downcast_ref::<PyTupleObject>().is_some();
    if !is_sequence {
        let made = new_array(type_, 0, description)?;
        methods::frombytes(&made, initial)?;
        return Ok(made);
    }
    let count = match initial.downcast_ref::<PyListObject>() {
        Some(list) => list::items(list).len(),
        None => initial
            .downcast_ref::<PyTupleObject>()
            .map_or(0, |items| tuple::items(items).len()),
    };
    let made = new_array(type_, count, description)?;
    for index in 0..count {
        let value = abstract_::get_sequence_item(initial, index as isize)?;
        made.set(index, &value)?;
    }
    Ok(made)
}

fn traverse(_: &ArrayObject, _: &mut Visitor) {}

unsafe fn dealloc(this: *mut ArrayObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { memory::end_object(this.cast(), || memory::free((*this).ob_item.get())) }
}

static_type! {
    /// `array.array`.
    Arraytype = "array.array", size size_of::<ArrayObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_SEQUENCE;
    sequence {
        sq_length: slot!(len sequence::length),
        sq_concat: slot!(binary sequence::concat),
        sq_repeat: slot!(ssizearg sequence::repeat),
        sq_item: slot!(ssizearg sequence::item),
        sq_ass_item: slot!(ssizeobjarg sequence::assign_item),
        sq_contains: slot!(objobj sequence::contains),
        sq_inplace_concat: slot!(binary sequence::inplace_concat),
        sq_inplace_repeat: slot!(ssizearg sequence::inplace_repeat),
    }
    mapping {
        mp_length: slot!(len sequence::length),
        mp_subscript: slot!(binary sequence::subscript),
        mp_ass_subscript: slot!(objobjarg sequence::assign_subscript),
    }
    buffer {
        bf_getbuffer: Some(sequence::getbuffer),
        bf_releasebuffer: Some(sequence::releasebuffer),
    }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary methods::repr),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_richcompare: slot!(richcmp sequence::richcompare),
    tp_weaklistoffset: offset_of!(ArrayObject, weakreflist) as isize,
    tp_iter: slot!(unary sequence::iter),
    tp_methods: methods::METHODS.as_ptr(),
    tp_getset: methods::GETSET.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::ready_heap_type(&sequence::ArrayIterType)?;
    let made = module::build("array", pickling::FUNCTIONS, &[])?;
    module::add_heap_type(&made, "ArrayType", &Arraytype)?;
    module::add_heap_type(&made, "array", &Arraytype)?;
    let abc = import_hook::import_module("collections.abc")?;
    let sequences = object::get_attr(&abc, id!("MutableSequence"))?;
    call::call_method(&sequences, id!("register"), &[Arraytype.as_object()])?;
    let codes: String = items::DESCRIPTIONS
        .iter()
        .map(|description| char::from(description.typecode))
        .collect();
    module::add_str(&made, "typecodes", &codes)?;
    Ok(made)
}
