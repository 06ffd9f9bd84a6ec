//! `_pickle.Unpickler`: its struct, its memo, its attributes, and the proxy that shows the memo.

use crate::globals;
use crate::input::Line;
use crate::pickler::{generic_new, integer, reduce_as_dict};
use crate::prelude::*;
use crate::stack::{Marks, Stack};
use std::ptr::null_mut;

/// The objects of the memo by number; the object that has it keeps its length.
#[repr(transparent)]
pub struct Memo(Cell<*mut *mut PyObject>);

impl Slot for Memo {}

object_struct! {
    /// `UnpicklerObject`.
    pub struct UnpicklerObject {
        stack: Native<Option<Box<Stack>>>,
        memo: Memo,
        memo_size: Cell<usize>,
        memo_len: Cell<usize>,
        pers_func: Pointer<PyObject>,
        pers_func_self: Cell<*const PyObject>,
        buffer: Native<Buffer<'static>>,
        input_buffer: Cell<*const u8>,
        input_line: Native<Option<Box<Line>>>,
        input_len: Cell<isize>,
        next_read_idx: Cell<isize>,
        prefetched_idx: Cell<isize>,
        read: Pointer<PyObject>,
        readinto: Pointer<PyObject>,
        readline: Pointer<PyObject>,
        peek: Pointer<PyObject>,
        buffers: Pointer<PyObject>,
        encoding: Pointer<PyASCIIObject>,
        errors: Pointer<PyASCIIObject>,
        marks: Native<Option<Box<Marks>>>,
        num_marks: Cell<isize>,
        marks_size: Cell<isize>,
        proto: Cell<i32>,
        fix_imports: Cell<i32>,
    }
}

const _: () = assert!(size_of::<UnpicklerObject>() == 272);

typed!(UnpicklerObject, Unpickler_Type);

const MEMO_SIZE: usize = 32;

/// How strings of Python 2 are to be read.
pub struct Options<'a> {
    pub fix_imports: bool,
    pub encoding: Option<&'a PyASCIIObject>,
    pub errors: Option<&'a PyASCIIObject>,
    pub buffers: Option<&'a PyObject>,
}

impl UnpicklerObject {
    /// An unpickler that has no input yet.
    pub fn new() -> PyResult<Own<UnpicklerObject>> {
        let made = UnpicklerObject::alloc(&Unpickler_Type)?;
        made.new_memo(MEMO_SIZE)?;
        Ok(made)
    }

    /// Takes the file's methods.
    pub fn set_input_stream(&self, file: &PyObject) -> PyResult<()> {
        self.peek.put(object::lookup_attr(file, id!("peek"))?);
        self.readinto
            .put(object::lookup_attr(file, id!("readinto"))?);
        let read = object::lookup_attr(file, id!("read"));
        let readline = match &read {
            Ok(_) => object::lookup_attr(file, id!("readline")),
            Err(raised) => Err(*raised),
        };
        match (read, readline) {
            (Ok(Some(read)), Ok(Some(readline))) => {
                self.read.put(Some(read));
                self.readline.put(Some(readline));
                Ok(())
            }
            (read, readline) => {
                for field in [&self.read, &self.readinto, &self.readline, &self.peek] {
                    field.put(None);
                }
                match read.and(readline) {
                    Err(raised) => Err(raised),
                    Ok(_) => Err(type_error(
                        "file must have 'read' and 'readline' attributes",
                    )),
                }
            }
        }
    }

    /// Takes the options.
    pub fn set_options(&self, options: &Options<'_>) -> PyResult<()> {
        let text = |given: Option<&PyASCIIObject>, default: &str| match given {
            Some(given) => Ok(Own::new(given)),
            None => unicode::from_str(default),
        };
        self.encoding.put(Some(text(options.encoding, "ASCII")?));
        self.errors.put(Some(text(options.errors, "strict")?));
        let buffers = options.buffers.filter(|buffers| !buffers.is_none());
        self.buffers
            .put(buffers.map(abstract_::get_iter).transpose()?);
        self.fix_imports.set(i32::from(options.fix_imports));
        Ok(())
    }

    fn new_memo(&self, size: usize) -> PyResult<()> {
        let block = memory::calloc(size.max(1) * 8);
        if block.is_null() {
            return Err(errors::no_memory());
        }
        self.memo.0.set(block.cast());
        self.memo_size.set(size);
        Ok(())
    }

    /// The object of a number.
    pub fn memo_get(&self, index: usize) -> Option<Own> {
        if index >= self.memo_size.get() || self.memo.0.get().is_null() {
            return None;
        }
        // SAFETY: the memo has `memo_size` entries; those that are set are owned.
        unsafe { (*self.memo.0.get().add(index)).as_ref() }.map(Own::new)
    }

    /// Gives an object a number.
    pub fn memo_put(&self, index: usize, object: Own) -> PyResult<()> {
        if index >= self.memo_size.get() || self.memo.0.get().is_null() {
            self.grow_memo((index * 2).max(index + 1))?;
        }
        // SAFETY: the memo has room for the entry now.
        let old = unsafe {
            let entry = self.memo.0.get().add(index);
            Own::from_nullable(std::ptr::replace(entry, object.into_raw()))
        };
        if old.is_none() {
            self.memo_len.set(self.memo_len.get() + 1);
        }
        Ok(())
    }

    fn grow_memo(&self, size: usize) -> PyResult<()> {
        if size > isize::MAX as usize / 8 {
            return Err(errors::no_memory());
        }
        let old = self.memo_size.get();
        // SAFETY: the block belongs to the memo; what is new of it is zeroed.
        unsafe {
            let block = memory::realloc(self.memo.0.get().cast(), size * 8);
            if block.is_null() {
                return Err(errors::no_memory());
            }
            let block: *mut *mut PyObject = block.cast();
            std::ptr::write_bytes(block.add(old), 0, size - old);
            self.memo.0.set(block);
        }
        self.memo_size.set(size);
        Ok(())
    }

    /// Gives up the memo and what it knows.
    fn drop_memo(&self) {
        let block = self.memo.0.replace(null_mut());
        if block.is_null() {
            return;
        }
        // SAFETY: the block is out of the object's reach; its entries are owned.
        unsafe {
            for index in (0..self.memo_size.get()).rev() {
                drop(Own::from_nullable(*block.add(index)));
            }
            memory::free(block.cast());
        }
    }
}

fn clear_all(this: &UnpicklerObject) {
    this.clear();
    this.drop_memo();
    this.input_len.set(0);
    this.next_read_idx.set(0);
    this.prefetched_idx.set(0);
}

unsafe fn dealloc(this: *mut UnpicklerObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { memory::end_object(this.cast(), || clear_all(&*this)) }
}

/// A text argument of a codec.
pub fn text_argument<'a>(
    given: Option<&'a PyObject>,
    function: &str,
    what: &str,
) -> PyResult<Option<&'a PyASCIIObject>> {
    let Some(given) = given else {
        return Ok(None);
    };
    let text = unicode::expect_str(given, function, what)?;
    if unicode::text(text).contains_character(0) {
        return Err(value_error("embedded null character"));
    }
    Ok(Some(text))
}

fn init(
    this: &UnpicklerObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "Unpickler",
        parameters: &["file", "fix_imports", "encoding", "errors", "buffers"],
        required: 1,
        positional: 1,
    };
    let [file, fix_imports, encoding, codec_errors, buffers] =
        call::bind_tuple::<5>(&SIGNATURE, args, kwargs)?;
    let options = Options {
        fix_imports: fix_imports.map_or(Ok(true), object::is_true)?,
        encoding: text_argument(encoding, "Unpickler", "argument 'encoding'")?,
        errors: text_argument(codec_errors, "Unpickler", "argument 'errors'")?,
        buffers,
    };
    if !this.read.get().is_null() {
        clear_all(this);
    }
    this.set_input_stream(file.expect("required"))?;
    this.set_options(&options)?;
    state::init_method_ref(
        this.as_object(),
        id!("persistent_load"),
        &this.pers_func,
        &this.pers_func_self,
    )?;
    this.reset_stack();
    this.drop_memo();
    this.new_memo(MEMO_SIZE)?;
    this.proto.set(0);
    Ok(())
}

fn load_method(this: &UnpicklerObject) -> PyResult {
    if this.read.get().is_null() {
        return Err(unpickling_error(format_args!(
            "Unpickler.__init__() was not called by {}.__init__()",
            this.as_object().type_().name()
        )));
    }
    this.load()
}

fn find_class(this: &UnpicklerObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("find_class", args.len(), 2, 2)?;
    globals::find_class(this, args[0], args[1])
}

fn sizeof(this: &UnpicklerObject) -> PyResult {
    let mut size = this.as_object().type_().tp_basicsize.get() as usize;
    if !this.memo.0.get().is_null() {
        size += this.memo_size.get() * 8;
    }
    if this.marks.with(|marks| marks.is_some()) {
        size += this.marks_size.get() as usize * 8;
    }
    this.input_line.with(|line| {
        if let Some(Line(line)) = line.as_deref() {
            size += line
                .iter()
                .position(|&byte| byte == 0)
                .unwrap_or(line.len())
                + 1;
        }
    });
    for text in [&this.encoding, &this.errors] {
        if let Some(text) = Field::as_ref(text) {
            size += unicode::to_utf8_surrogatepass(text).len() + 1;
        }
    }
    long::from_usize(size)
}

fn get_memo(this: &UnpicklerObject) -> PyResult {
    let made = UnpicklerMemoProxyObject::alloc(&UnpicklerMemoProxyType)?;
    made.unpickler.put(Some(Own::new(this)));
    Ok(made.upcast())
}

fn set_memo(this: &UnpicklerObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(type_error("attribute deletion is not supported"));
    };
    if value.is_exactly(&UnpicklerMemoProxyType) {
        // SAFETY: the type says so.
        let proxy: &UnpicklerMemoProxyObject = unsafe { &*value.as_raw().cast() };
        let other = Own::new(proxy.unpickler.expect_ref());
        let size = other.memo_size.get();
        let known: Vec<Option<Own>> = (0..size).map(|index| other.memo_get(index)).collect();
        this.drop_memo();
        this.new_memo(size)?;
        for (index, object) in known.into_iter().enumerate() {
            if let Some(object) = object {
                // SAFETY: the fresh memo has `size` entries.
                unsafe { *this.memo.0.get().add(index) = object.into_raw() };
            }
        }
        return Ok(());
    }
    let Some(given) = value.downcast_ref::<PyDictObject>() else {
        return Err(type_error(format_args!(
            "'memo' attribute must be an UnpicklerMemoProxy object or dict, not {:.200}",
            value.type_().name()
        )));
    };
    let size = given.ma_used.get() as usize;
    let mut position = 0;
    while let Some((behind, key, object, _)) = dict::next_entry(given, position) {
        position = behind;
        if key.downcast_ref::<PyLongObject>().is_none() {
            return Err(type_error("memo key must be integers"));
        }
        let index = integer(key)?;
        if index < 0 {
            return Err(value_error("memo key must be positive integers."));
        }
        this.memo_put(index as usize, Own::new(object))?;
    }
    // As in CPython, the entries went into the old memo, and an empty one takes its place.
    this.drop_memo();
    this.new_memo(size)
}

fn get_persistent_load(this: &UnpicklerObject) -> PyResult {
    state::hook_attribute(&this.pers_func, &this.pers_func_self, "persistent_load")
}

fn set_persistent_load(this: &UnpicklerObject, value: Option<&PyObject>) -> PyResult<()> {
    state::set_hook_attribute(
        &this.pers_func,
        &this.pers_func_self,
        "persistent_load",
        value,
    )
}

methods! {
    static METHODS:
    "load" => noargs(load_method, "($self, /)");
    "find_class" => fast(find_class, "($self, module_name, global_name, /)");
    "__sizeof__" => noargs(sizeof, "($self, /)");
}

getset! {
    static GETSET:
    "memo" => get_memo, set_memo;
    "persistent_load" => get_persistent_load, set_persistent_load;
}

static_type! {
    /// `_pickle.Unpickler`.
    Unpickler_Type = "_pickle.Unpickler", size size_of::<UnpicklerObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_traverse: slot!(traverse UnpicklerObject::traverse),
    tp_clear: slot!(clear clear_all),
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new generic_new),
    tp_free: Some(memory::object_gc_free),
}

object_struct! {
    /// `UnpicklerMemoProxyObject`.
    pub struct UnpicklerMemoProxyObject {
        unpickler: Pointer<UnpicklerObject>,
    }
}

fn proxy_clear(this: &UnpicklerMemoProxyObject) -> PyResult {
    let unpickler = this.unpickler.expect_ref();
    unpickler.drop_memo();
    unpickler.new_memo(unpickler.memo_size.get())?;
    Ok(none())
}

fn proxy_copy(this: &UnpicklerMemoProxyObject) -> PyResult {
    let unpickler = this.unpickler.expect_ref();
    let made = dict::new()?;
    for index in 0..unpickler.memo_size.get() {
        if let Some(object) = unpickler.memo_get(index) {
            dict::set_item(&made, &*long::from_usize(index)?, &object)?;
        }
    }
    Ok(made.upcast())
}

fn proxy_reduce(this: &UnpicklerMemoProxyObject) -> PyResult {
    reduce_as_dict(proxy_copy(this)?)
}

methods! {
    static PROXY_METHODS:
    "clear" => noargs(proxy_clear, "($self, /)");
    "copy" => noargs(proxy_copy, "($self, /)");
    "__reduce__" => noargs(proxy_reduce, "($self, /)");
}

static_type! {
    /// `_pickle.UnpicklerMemoProxy`.
    UnpicklerMemoProxyType = "_pickle.UnpicklerMemoProxy",
        size size_of::<UnpicklerMemoProxyObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc UnpicklerMemoProxyObject::dealloc),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse UnpicklerMemoProxyObject::traverse),
    tp_clear: slot!(clear UnpicklerMemoProxyObject::clear),
    tp_methods: PROXY_METHODS.as_ptr(),
}
