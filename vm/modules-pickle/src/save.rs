//! Saving of values: the dispatch by type, constants, numbers, strings, persistent ids.

use crate::opcode::*;
use crate::pickle_buffer::PickleBufferObject;
use crate::prelude::*;
use twinheap_arith::digits;
use twinheap_objects::function::PyFunction_Type;
use twinheap_objects::object::enter_recursive_call;
use twinheap_objects::singletons::as_bool;

/// The length of a string behind its opcode: one byte, four, or eight where the protocol has them.
fn length_header(
    pickler: &PicklerObject,
    size: usize,
    short: Option<u8>,
    four: u8,
    eight: u8,
    what: &str,
) -> PyResult<Vec<u8>> {
    let (opcode, width) = match short {
        Some(short) if size <= 0xff => (short, 1),
        _ if size <= 0xffff_ffff => (four, 4),
        _ if pickler.proto.get() >= 4 => (eight, 8),
        _ => {
            return Err(overflow_error(format_args!(
                "serializing a {what} larger than 4 GiB requires pickle protocol 4 or higher"
            )));
        }
    };
    let mut header = vec![opcode];
    header.extend_from_slice(&(size as u64).to_le_bytes()[..width]);
    Ok(header)
}

impl PicklerObject {
    /// Saves an object; `as_id` where it is a persistent id itself.
    pub fn save(&self, object: &PyObject, as_id: bool) -> PyResult<()> {
        self.opcode_boundary()?;
        if !as_id && !self.pers_func.get().is_null() && self.save_persistent(object)? {
            return Ok(());
        }
        if object.is_none() {
            return self.op(NONE);
        }
        if let Some(value) = as_bool(object) {
            return self.save_bool(value);
        }
        if let Some(number) = object.downcast_exact::<PyLongObject>() {
            return self.save_long(number);
        }
        if let Some(number) = object.downcast_exact::<PyFloatObject>() {
            return self.save_float(float::value(number));
        }
        if self.is_known(object) {
            return self.memo_get(object);
        }
        if let Some(data) = object.downcast_exact::<PyBytesObject>() {
            return self.save_bytes(data);
        }
        if let Some(text) = object.downcast_exact::<PyASCIIObject>() {
            return self.save_unicode(text);
        }
        let _depth = enter_recursive_call(" while pickling an object")?;
        self.save_compound(object)
    }

    fn save_compound(&self, object: &PyObject) -> PyResult<()> {
        if let Some(dict) = object.downcast_exact::<PyDictObject>() {
            return self.save_dict(dict);
        }
        if object.is_exactly(&set::PySet_Type) {
            return self.save_set(object);
        }
        if object.is_exactly(&set::PyFrozenSet_Type) {
            return self.save_frozenset(object);
        }
        if let Some(list) = object.downcast_exact::<PyListObject>() {
            return self.save_list(list);
        }
        if let Some(tuple) = object.downcast_exact::<PyTupleObject>() {
            return self.save_tuple(tuple);
        }
        if let Some(array) = object.downcast_exact::<PyByteArrayObject>() {
            return self.save_bytearray(array);
        }
        if let Some(buffer) = object.downcast_exact::<PickleBufferObject>() {
            return self.save_pickle_buffer(buffer);
        }
        if let Some(hook) = self.reducer_override.own() {
            let reduced = call::call(&hook, &[object])?;
            if !std::ptr::eq(&*reduced, &*not_implemented()) {
                return self.save_reduced(&reduced, object);
            }
        }
        if object.is_exactly(&types::PyType_Type) {
            return self.save_type(object);
        }
        if object.is_exactly(&PyFunction_Type) {
            return self.save_global(object, None);
        }
        self.save_by_reduction(object)
    }

    fn save_persistent(&self, object: &PyObject) -> PyResult<bool> {
        let id = state::call_hook(&self.pers_func, &self.pers_func_self, object)?;
        if id.is_none() {
            return Ok(false);
        }
        if self.bin.get() != 0 {
            self.save(&id, true)?;
            self.op(BINPERSID)?;
            return Ok(true);
        }
        let text = object::str(&id)?;
        let Some(ascii) = unicode::as_ascii(&text) else {
            return Err(pickling_error(
                "persistent IDs in protocol 0 must be ASCII strings",
            ));
        };
        self.op(PERSID)?;
        self.write(ascii.as_bytes())?;
        self.write(b"\n")?;
        Ok(true)
    }

    fn save_bool(&self, value: bool) -> PyResult<()> {
        if self.proto.get() >= 2 {
            return self.op(if value { NEWTRUE } else { NEWFALSE });
        }
        self.write(if value { b"I01\n" } else { b"I00\n" })
    }

    fn save_long(&self, number: &PyLongObject) -> PyResult<()> {
        if let Some(value) = long::to_i64(number)
            && i32::try_from(value).is_ok()
        {
            return self.save_small_int(value as i32);
        }
        if self.proto.get() < 2 {
            let text = object::repr(number.as_object())?;
            self.op(LONG)?;
            self.write(unicode::raw_bytes(&text))?;
            return self.write(b"L\n");
        }
        let number = long::signed(number);
        let length = digits::bit_length(number.digits) / 8 + 1;
        if length > 0x7fff_ffff {
            return Err(overflow_error("int too large to pickle"));
        }
        let mut data = vec![0; length];
        if digits::to_bytes(number, &mut data, true, true).is_err() {
            return Err(overflow_error("int too big to convert"));
        }
        if number.negative && length > 1 && data[length - 1] == 0xff && data[length - 2] & 0x80 != 0
        {
            data.pop();
        }
        if data.len() < 256 {
            self.write(&[LONG1, data.len() as u8])?;
        } else {
            let mut header = vec![LONG4];
            header.extend_from_slice(&(data.len() as u32).to_le_bytes());
            self.write(&header)?;
        }
        self.write(&data)
    }

    fn save_small_int(&self, value: i32) -> PyResult<()> {
        if self.bin.get() == 0 {
            return self.write(format!("I{value}\n").as_bytes());
        }
        let [a, b, c, d] = value.to_le_bytes();
        match (b, c, d) {
            (0, 0, 0) => self.write(&[BININT1, a]),
            (_, 0, 0) => self.write(&[BININT2, a, b]),
            _ => self.write(&[BININT, a, b, c, d]),
        }
    }

    fn save_float(&self, value: f64) -> PyResult<()> {
        if self.bin.get() != 0 {
            let mut data = [BINFLOAT; 9];
            data[1..].copy_from_slice(&value.to_be_bytes());
            return self.write(&data);
        }
        self.op(FLOAT)?;
        self.write(float::repr(value).as_bytes())?;
        self.write(b"\n")
    }

    /// Bytes, or a buffer that is saved as such.
    pub fn save_bytes_data(&self, object: &PyObject, data: &[u8]) -> PyResult<()> {
        let header = length_header(
            self,
            data.len(),
            Some(SHORT_BINBYTES),
            BINBYTES,
            BINBYTES8,
            "bytes object",
        )?;
        self.write_string(&header, data, Some(object))?;
        self.memo_put(object)
    }

    fn save_bytes(&self, object: &PyBytesObject) -> PyResult<()> {
        let data = bytes::data_of(object);
        if self.proto.get() >= 3 {
            return self.save_bytes_data(object.as_object(), data);
        }
        let reduced = if data.is_empty() {
            tuple::pack(&[bytes::PyBytes_Type.as_object(), tuple::empty().as_object()])?
        } else {
            let text = unicode::from_ucs1(data)?;
            let arguments = tuple::pack(&[text.as_object(), id!("latin1").as_object()])?;
            let encode = state::STATE.codecs_encode.expect_ref();
            tuple::pack(&[encode, arguments.as_object()])?
        };
        self.save_reduce(&reduced, Some(object.as_object()))
    }

    /// A bytearray, or a writable buffer that is saved as such.
    pub fn save_bytearray_data(&self, object: &PyObject, data: &[u8]) -> PyResult<()> {
        let mut header = vec![BYTEARRAY8];
        header.extend_from_slice(&(data.len() as u64).to_le_bytes());
        self.write_string(&header, data, Some(object))?;
        self.memo_put(object)
    }

    fn save_bytearray(&self, array: &PyByteArrayObject) -> PyResult<()> {
        let object = array.as_object();
        if self.proto.get() >= 5 {
            // A copy: the file's write could change the array.
            let data = bytearray::data_of(array).to_vec();
            return self.save_bytearray_data(object, &data);
        }
        let class = bytearray::PyByteArray_Type.as_object();
        let data = bytearray::data_of(array);
        let arguments = if data.is_empty() {
            tuple::empty()
        } else {
            let copy = bytes::from_slice(data)?;
            tuple::pack(&[copy.as_object()])?
        };
        let reduced = tuple::pack(&[class, arguments.as_object()])?;
        self.save_reduce(&reduced, Some(object))
    }

    fn save_pickle_buffer(&self, buffer: &PickleBufferObject) -> PyResult<()> {
        if self.proto.get() < 5 {
            return Err(pickling_error(
                "PickleBuffer can only pickled with protocol >= 5",
            ));
        }
        let (data, readonly, contiguous) = buffer.content()?;
        if !contiguous {
            return Err(pickling_error(
                "PickleBuffer can not be pickled when pointing to a non-contiguous buffer",
            ));
        }
        let in_band = match self.buffer_callback.own() {
            Some(callback) => object::is_true(&*call::call(&callback, &[buffer.as_object()])?)?,
            None => true,
        };
        match (in_band, readonly) {
            (true, true) => self.save_bytes_data(buffer.as_object(), &data),
            (true, false) => self.save_bytearray_data(buffer.as_object(), &data),
            (false, true) => self
                .write(&[NEXT_BUFFER])
                .and_then(|()| self.op(READONLY_BUFFER)),
            (false, false) => self.op(NEXT_BUFFER),
        }
    }

    fn save_unicode(&self, text: &PyASCIIObject) -> PyResult<()> {
        if self.bin.get() != 0 {
            self.write_unicode_binary(text)?;
        } else {
            let escaped = raw_unicode_escape(text);
            self.op(UNICODE)?;
            self.write(&escaped)?;
            self.write(b"\n")?;
        }
        self.memo_put(text.as_object())
    }

    fn write_unicode_binary(&self, text: &PyASCIIObject) -> PyResult<()> {
        let encoded;
        let (data, payload) = match unicode::as_utf8_cached(text)? {
            Some(data) => (data, None),
            None => {
                encoded = bytes::from_slice(&unicode::to_utf8_surrogatepass(text))?;
                (bytes::data_of(&encoded), Some(encoded.as_object()))
            }
        };
        let short = (self.proto.get() >= 4).then_some(SHORT_BINUNICODE);
        let header = length_header(self, data.len(), short, BINUNICODE, BINUNICODE8, "string")?;
        self.write_string(&header, data, payload)
    }
}

/// The text of protocol 0: raw-unicode-escape, and escapes for what would end a line or a file.
fn raw_unicode_escape(text: &PyASCIIObject) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(text.length.get() as usize);
    for character in unicode::text(text).iter() {
        match character {
            0x10000.. => escaped.extend_from_slice(format!("\\U{character:08x}").as_bytes()),
            0x100.. | 0 | 0x0a | 0x0d | 0x1a | 0x5c => {
                escaped.extend_from_slice(format!("\\u{character:04x}").as_bytes());
            }
            _ => escaped.push(character as u8),
        }
    }
    escaped
}
