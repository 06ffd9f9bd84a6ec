//! `_pickle.Pickler`: its struct, its memo, its attributes, and the proxy that shows the memo.

use crate::memo::MemoTable;
use crate::opcode::*;
use crate::output::Output;
use crate::prelude::*;

object_struct! {
    /// `PicklerObject`.
    pub struct PicklerObject {
        memo: Native<Option<Box<MemoTable>>>,
        pers_func: Pointer<PyObject>,
        pers_func_self: Cell<*const PyObject>,
        dispatch_table: Pointer<PyObject>,
        reducer_override: Pointer<PyObject>,
        write: Pointer<PyObject>,
        output_buffer: Native<Option<Box<Output>>>,
        output_len: Cell<isize>,
        max_output_len: Cell<isize>,
        proto: Cell<i32>,
        bin: Cell<i32>,
        framing: Cell<i32>,
        frame_start: Cell<isize>,
        buf_size: Cell<isize>,
        fast: Cell<i32>,
        fast_nesting: Cell<i32>,
        fix_imports: Cell<i32>,
        fast_memo: Pointer<PyDictObject>,
        buffer_callback: Pointer<PyObject>,
    }
}

const _: () = assert!(size_of::<PicklerObject>() == 152);

typed!(PicklerObject, Pickler_Type);

impl PicklerObject {
    /// A pickler that no file stands behind yet.
    pub fn new() -> PyResult<Own<PicklerObject>> {
        let made = PicklerObject::alloc(&Pickler_Type)?;
        made.memo.with(|memo| *memo = Some(Box::default()));
        made.max_output_len.set(WRITE_BUF_SIZE);
        made.clear_buffer();
        Ok(made)
    }

    /// Sets protocol and names: the last one where the number is negative.
    pub fn set_protocol(&self, protocol: Option<&PyObject>, fix_imports: bool) -> PyResult<()> {
        let number = match protocol.filter(|protocol| !protocol.is_none()) {
            None => DEFAULT_PROTOCOL,
            Some(protocol) => match long::as_long(protocol)? {
                ..0 => HIGHEST_PROTOCOL,
                number if number > HIGHEST_PROTOCOL => {
                    return Err(value_error(format_args!(
                        "pickle protocol must be <= {HIGHEST_PROTOCOL}"
                    )));
                }
                number => number,
            },
        };
        self.proto.set(number as i32);
        self.bin.set(i32::from(number > 0));
        self.fix_imports.set(i32::from(fix_imports && number < 3));
        Ok(())
    }

    /// Takes the file's `write`.
    pub fn set_output_stream(&self, file: &PyObject) -> PyResult<()> {
        let write = object::lookup_attr(file, id!("write"))?;
        let missing = write.is_none();
        self.write.put(write);
        if missing {
            return Err(type_error("file must have a 'write' attribute"));
        }
        Ok(())
    }

    /// Takes what is called with each buffer that could travel beside the pickle.
    pub fn set_buffer_callback(&self, callback: Option<&PyObject>) -> PyResult<()> {
        let callback = callback.filter(|callback| !callback.is_none());
        if callback.is_some() && self.proto.get() < 5 {
            return Err(value_error("buffer_callback needs protocol >= 5"));
        }
        self.buffer_callback.put(callback.map(Own::new));
        Ok(())
    }

    /// Whether the memo knows an object.
    pub fn is_known(&self, object: &PyObject) -> bool {
        self.memo
            .with(|memo| memo.get_or_insert_default().get(object).is_some())
    }

    /// Writes a reference to an object of the memo.
    pub fn memo_get(&self, object: &PyObject) -> PyResult<()> {
        let Some(number) = self
            .memo
            .with(|memo| memo.get_or_insert_default().get(object))
        else {
            return Err(errors::key_error(object));
        };
        self.write_number(number, GET, BINGET, LONG_BINGET, "LONG_BINGET")
    }

    /// Enters an object into the memo, and says so in the pickle.
    pub fn memo_put(&self, object: &PyObject) -> PyResult<()> {
        if self.fast.get() != 0 {
            return Ok(());
        }
        let number = self.memo.with(|memo| {
            let memo = memo.get_or_insert_default();
            let number = memo.len() as isize;
            memo.set(object, number);
            number
        });
        if self.proto.get() >= 4 {
            return self.op(MEMOIZE);
        }
        self.write_number(number, PUT, BINPUT, LONG_BINPUT, "LONG_BINPUT")
    }

    fn write_number(
        &self,
        number: isize,
        text: u8,
        short: u8,
        long: u8,
        name: &str,
    ) -> PyResult<()> {
        if self.bin.get() == 0 {
            return self.write(format!("{}{number}\n", char::from(text)).as_bytes());
        }
        let [a, b, c, d, ..] = number.to_le_bytes();
        if (0..256).contains(&number) {
            return self.write(&[short, a]);
        }
        if number as usize <= 0xffff_ffff {
            return self.write(&[long, a, b, c, d]);
        }
        Err(pickling_error(format_args!("memo id too large for {name}")))
    }

    /// Pickles an object into the buffer.
    pub fn dump(&self, object: &PyObject) -> PyResult<()> {
        let result = self.dump_whole(object);
        self.framing.set(0);
        self.reducer_override.put(None);
        result
    }

    fn dump_whole(&self, object: &PyObject) -> PyResult<()> {
        let hook = object::lookup_attr(self.as_object(), id!("reducer_override"))?;
        self.reducer_override.put(hook);
        if self.proto.get() >= 2 {
            self.write(&[PROTO, self.proto.get() as u8])?;
            if self.proto.get() >= 4 {
                self.framing.set(1);
            }
        }
        self.save(object, false)?;
        self.op(STOP)?;
        self.commit_frame();
        Ok(())
    }
}

pub fn generic_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    types::allocate(type_, 0)
}

fn init(this: &PicklerObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "Pickler",
        parameters: &["file", "protocol", "fix_imports", "buffer_callback"],
        required: 1,
        positional: 4,
    };
    let [file, protocol, fix_imports, callback] = call::bind_tuple::<4>(&SIGNATURE, args, kwargs)?;
    let fix_imports = fix_imports.map_or(Ok(true), object::is_true)?;
    if !this.write.get().is_null() {
        this.clear();
    }
    this.set_protocol(protocol, fix_imports)?;
    this.set_output_stream(file.expect("required"))?;
    this.set_buffer_callback(callback)?;
    this.memo.with(|memo| {
        memo.get_or_insert_default();
    });
    this.output_len.set(0);
    if this.output_buffer.with(|buffer| buffer.is_none()) {
        this.max_output_len.set(WRITE_BUF_SIZE);
    }
    this.clear_buffer();
    this.fast.set(0);
    this.fast_nesting.set(0);
    this.fast_memo.put(None);
    state::init_method_ref(
        this.as_object(),
        id!("persistent_id"),
        &this.pers_func,
        &this.pers_func_self,
    )?;
    if this.dispatch_table.get().is_null() {
        let table = object::lookup_attr(this.as_object(), id!("dispatch_table"))?;
        this.dispatch_table.put(table);
    }
    Ok(())
}

fn dump_method(this: &PicklerObject, object: &PyObject) -> PyResult {
    if this.write.get().is_null() {
        return Err(pickling_error(format_args!(
            "Pickler.__init__() was not called by {}.__init__()",
            this.as_object().type_().name()
        )));
    }
    this.clear_buffer();
    this.dump(object)?;
    this.flush_to_file()?;
    Ok(none())
}

fn clear_memo(this: &PicklerObject) -> PyResult {
    let old = this
        .memo
        .with(|memo| memo.as_mut().map(|memo| memo.take_all()));
    drop(old);
    Ok(none())
}

fn sizeof(this: &PicklerObject) -> PyResult {
    let mut size = this.as_object().type_().tp_basicsize.get();
    this.memo.with(|memo| {
        size += memo.as_ref().map_or(0, |memo| memo.byte_size() as isize);
    });
    if this.output_buffer.with(|buffer| buffer.is_some()) {
        size += 33 + this.max_output_len.get();
    }
    long::from_isize(size)
}

fn get_memo(this: &PicklerObject) -> PyResult {
    let made = PicklerMemoProxyObject::alloc(&PicklerMemoProxyType)?;
    made.pickler.put(Some(Own::new(this)));
    Ok(made.upcast())
}

/// A memo out of a dict as [`proxy_copy`] makes it.
fn memo_of_dict(given: &PyDictObject) -> PyResult<MemoTable> {
    let mut made = MemoTable::default();
    let mut position = 0;
    while let Some((behind, _, value, _)) = dict::next_entry(given, position) {
        position = behind;
        let pair = value
            .downcast_ref::<PyTupleObject>()
            .filter(|pair| tuple::items(pair).len() == 2);
        let Some(pair) = pair else {
            return Err(type_error("'memo' values must be 2-item tuples"));
        };
        let number = integer(tuple::items(pair)[0])?;
        made.set(tuple::items(pair)[1], number);
    }
    Ok(made)
}

/// `PyLong_AsSsize_t`.
pub fn integer(object: &PyObject) -> PyResult<isize> {
    match object.downcast_ref::<PyLongObject>() {
        Some(number) => long::as_ssize(number),
        None => Err(type_error("an integer is required")),
    }
}

fn set_memo(this: &PicklerObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(type_error("attribute deletion is not supported"));
    };
    let new = if value.is_exactly(&PicklerMemoProxyType) {
        // SAFETY: the type says so.
        let proxy: &PicklerMemoProxyObject = unsafe { &*value.as_raw().cast() };
        let other = proxy.pickler.expect_ref();
        other.memo.with(|memo| memo.get_or_insert_default().copy())
    } else if let Some(given) = value.downcast_ref::<PyDictObject>() {
        memo_of_dict(given)?
    } else {
        return Err(type_error(format_args!(
            "'memo' attribute must be a PicklerMemoProxy object or dict, not {:.200}",
            value.type_().name()
        )));
    };
    let old = this.memo.with(|memo| memo.replace(Box::new(new)));
    drop(old);
    Ok(())
}

fn get_persistent_id(this: &PicklerObject) -> PyResult {
    state::hook_attribute(&this.pers_func, &this.pers_func_self, "persistent_id")
}

fn set_persistent_id(this: &PicklerObject, value: Option<&PyObject>) -> PyResult<()> {
    state::set_hook_attribute(
        &this.pers_func,
        &this.pers_func_self,
        "persistent_id",
        value,
    )
}

methods! {
    static METHODS:
    "dump" => o(dump_method, "($self, obj, /)");
    "clear_memo" => noargs(clear_memo, "($self, /)");
    "__sizeof__" => noargs(sizeof, "($self, /)");
}

members! {
    static MEMBERS:
    "bin" => T_INT, offset_of!(PicklerObject, bin), 0;
    "fast" => T_INT, offset_of!(PicklerObject, fast), 0;
    "dispatch_table" => T_OBJECT_EX, offset_of!(PicklerObject, dispatch_table), 0;
}

getset! {
    static GETSET:
    "memo" => get_memo, set_memo;
    "persistent_id" => get_persistent_id, set_persistent_id;
}

static_type! {
    /// `_pickle.Pickler`.
    Pickler_Type = "_pickle.Pickler", size size_of::<PicklerObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc PicklerObject::dealloc),
    tp_traverse: slot!(traverse PicklerObject::traverse),
    tp_clear: slot!(clear PicklerObject::clear),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new generic_new),
    tp_free: Some(memory::object_gc_free),
}

object_struct! {
    /// `PicklerMemoProxyObject`.
    pub struct PicklerMemoProxyObject {
        pickler: Pointer<PicklerObject>,
    }
}

fn proxy_clear(this: &PicklerMemoProxyObject) -> PyResult {
    clear_memo(this.pickler.expect_ref())
}

fn proxy_copy(this: &PicklerMemoProxyObject) -> PyResult {
    let known = this
        .pickler
        .expect_ref()
        .memo
        .with(|memo| memo.get_or_insert_default().known());
    let made = dict::new()?;
    for (object, number) in known {
        let key = object::id(&object)?;
        let number = long::from_isize(number)?;
        let value = tuple::pack(&[&number, &object])?;
        dict::set_item(&made, &key, value.as_object())?;
    }
    Ok(made.upcast())
}

fn proxy_reduce(this: &PicklerMemoProxyObject) -> PyResult {
    reduce_as_dict(proxy_copy(this)?)
}

/// `(dict, (contents,))`.
pub fn reduce_as_dict(contents: Own) -> PyResult {
    let arguments = tuple::pack(&[&contents])?;
    Ok(tuple::pack(&[dict::PyDict_Type.as_object(), arguments.as_object()])?.upcast())
}

methods! {
    static PROXY_METHODS:
    "clear" => noargs(proxy_clear, "($self, /)");
    "copy" => noargs(proxy_copy, "($self, /)");
    "__reduce__" => noargs(proxy_reduce, "($self, /)");
}

static_type! {
    /// `_pickle.PicklerMemoProxy`.
    PicklerMemoProxyType = "_pickle.PicklerMemoProxy", size size_of::<PicklerMemoProxyObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc PicklerMemoProxyObject::dealloc),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse PicklerMemoProxyObject::traverse),
    tp_clear: slot!(clear PicklerMemoProxyObject::clear),
    tp_methods: PROXY_METHODS.as_ptr(),
}
