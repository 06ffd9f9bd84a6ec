//! `marshal`: writing and reading (`Python/marshal.c`).

use crate::marshal;
use std::collections::HashMap;
use twinheap_abi::*;
use twinheap_objects::buffer::Buffer;
use twinheap_objects::call;
use twinheap_objects::errors::{PyResult, value_error};
use twinheap_objects::object::ObjectExt;
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::{as_bool, ellipsis, none};
use twinheap_objects::{
    abstract_, bytearray, bytes, code, complex, dict, exceptions, float, id, list, long, methods,
    module, set, tuple, unicode,
};

type Module = PyObject;

const FLAG_REF: u8 = 0x80;
const MAX_DEPTH: usize = 2000;

struct Writer {
    out: Vec<u8>,
    version: i32,
    /// Numbers of the objects that have been written with a reference mark.
    refs: HashMap<*mut PyObject, u32>,
    /// Objects that must stay alive while their addresses are in the table.
    alive: Vec<Own>,
}

fn unmarshallable() -> twinheap_objects::errors::Raised {
    value_error("unmarshallable object")
}

impl Writer {
    fn long(&mut self, value: i32) {
        self.out.extend(value.to_le_bytes());
    }

    fn sized(&mut self, data: &[u8]) {
        self.long(data.len() as i32);
        self.out.extend_from_slice(data);
    }

    /// The mark of an object that later ones may refer to; none where it was written before.
    fn mark(&mut self, object: &PyObject) -> Option<u8> {
        if self.version < 3 || object.ob_refcnt.get() == 1 {
            return Some(0);
        }
        if let Some(&number) = self.refs.get(&object.as_raw()) {
            self.out.push(b'r');
            self.long(number as i32);
            return None;
        }
        self.refs.insert(object.as_raw(), self.refs.len() as u32);
        self.alive.push(Own::new(object));
        Some(FLAG_REF)
    }

    fn object(&mut self, object: &PyObject, depth: usize) -> PyResult<()> {
        if depth > MAX_DEPTH {
            return Err(value_error("object too deeply nested to marshal"));
        }
        if object.is_none() {
            self.out.push(b'N');
        } else if let Some(answer) = as_bool(object) {
            self.out.push(if answer { b'T' } else { b'F' });
        } else if std::ptr::eq(object, &*ellipsis()) {
            self.out.push(b'.');
        } else if std::ptr::eq(object, exceptions::PyExc_StopIteration.as_object()) {
            self.out.push(b'S');
        } else if let Some(flag) = self.mark(object) {
            return self.marked(object, flag, depth);
        }
        Ok(())
    }

    fn marked(&mut self, object: &PyObject, flag: u8, depth: usize) -> PyResult<()> {
        if let Some(number) = object.downcast_exact::<PyLongObject>() {
            self.integer(number, flag);
        } else if let Some(number) = object.downcast_exact::<PyFloatObject>() {
            self.double(float::value(number), (b'f', b'g'), flag);
        } else if let Some(number) = object.downcast_exact::<PyComplexObject>() {
            let Py_complex {
                real,
                imag: imaginary,
            } = complex::value(number);
            self.double(real, (b'x', b'y'), flag);
            self.double_digits(imaginary);
        } else if let Some(data) = object.downcast_exact::<PyBytesObject>() {
            self.out.push(b's' | flag);
            self.sized(bytes::data_of(data));
        } else if let Some(text) = object.downcast_exact::<PyASCIIObject>() {
            self.text(text, flag);
        } else if let Some(items) = object.downcast_exact::<PyTupleObject>() {
            let items = tuple::items(items);
            if self.version >= 4 && items.len() < 256 {
                self.out.extend([b')' | flag, items.len() as u8]);
            } else {
                self.out.push(b'(' | flag);
                self.long(items.len() as i32);
            }
            for item in items {
                self.object(item, depth + 1)?;
            }
        } else if let Some(items) = object.downcast_exact::<PyListObject>() {
            self.out.push(b'[' | flag);
            self.long(list::items(items).len() as i32);
            for item in list::items(items) {
                self.object(item, depth + 1)?;
            }
        } else if let Some(entries) = object.downcast_exact::<PyDictObject>() {
            self.out.push(b'{' | flag);
            for (key, value) in dict::entries(entries) {
                self.object(key, depth + 1)?;
                self.object(value, depth + 1)?;
            }
            self.out.push(b'0');
        } else if let Some(members) = set::as_set(object).filter(|_| is_exact_set(object)) {
            self.set(object, members, flag, depth)?;
        } else if let Some(code) = object.downcast_exact::<PyCodeObject>() {
            self.code(code, flag, depth)?;
        } else if let Ok(buffer) = Buffer::of(object) {
            self.out.push(b's' | flag);
            self.sized(buffer.data());
        } else {
            twinheap_objects::errors::clear();
            self.out.push(b'?');
            return Err(unmarshallable());
        }
        Ok(())
    }

    /// A double behind its mark, which tells whether it is written in text.
    fn double(&mut self, value: f64, (text, binary): (u8, u8), flag: u8) {
        self.out
            .push(if self.version > 1 { binary } else { text } | flag);
        self.double_digits(value);
    }

    fn double_digits(&mut self, value: f64) {
        use twinheap_arith::float::{FormatCode, FormatFlags, double_to_string};
        if self.version > 1 {
            self.out.extend(value.to_le_bytes());
            return;
        }
        let text = double_to_string(value, FormatCode::General, 17, FormatFlags::default());
        self.out.push(text.len() as u8);
        self.out.extend_from_slice(text.as_bytes());
    }

    fn integer(&mut self, number: &PyLongObject, flag: u8) {
        if let Some(small) = long::to_i64(number).and_then(|value| i32::try_from(value).ok()) {
            self.out.push(b'i' | flag);
            self.long(small);
            return;
        }
        // Digits of 15 bits.
        let mut halves: Vec<u16> = Vec::new();
        for digit in long::digits(number) {
            halves.extend([(digit & 0x7fff) as u16, (digit >> 15) as u16]);
        }
        while halves.last() == Some(&0) {
            halves.pop();
        }
        self.out.push(b'l' | flag);
        let count = halves.len() as i32;
        self.long(if number.ob_base.ob_size.get() < 0 {
            -count
        } else {
            count
        });
        for half in halves {
            self.out.extend(half.to_le_bytes());
        }
    }

    fn text(&mut self, text: &PyASCIIObject, flag: u8) {
        let interned = text.interned() != SSTATE_NOT_INTERNED;
        match unicode::as_ascii(text).filter(|_| self.version >= 4) {
            Some(ascii) if ascii.len() < 256 => {
                self.out.push(if interned { b'Z' } else { b'z' } | flag);
                self.out.push(ascii.len() as u8);
                self.out.extend_from_slice(ascii.as_bytes());
            }
            Some(ascii) => {
                self.out.push(if interned { b'A' } else { b'a' } | flag);
                self.sized(ascii.as_bytes());
            }
            None => {
                self.out.push(
                    if interned && self.version >= 3 {
                        b't'
                    } else {
                        b'u'
                    } | flag,
                );
                self.sized(&unicode::to_utf8_surrogatepass(text));
            }
        }
    }

    /// The members in the order of their own marshalled bytes.
    fn set(
        &mut self,
        object: &PyObject,
        members: &PySetObject,
        flag: u8,
        depth: usize,
    ) -> PyResult<()> {
        let frozen = object.is_exactly(&set::PyFrozenSet_Type);
        self.out.push(if frozen { b'>' } else { b'<' } | flag);
        self.long(members.used.get() as i32);
        let mut sorted: Vec<(Vec<u8>, Own)> = Vec::new();
        for (key, _) in set::keys(members) {
            sorted.push((dump(key, self.version)?, Own::new(key)));
        }
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, key) in sorted {
            self.object(&key, depth + 1)?;
        }
        Ok(())
    }

    fn code(&mut self, object: &PyCodeObject, flag: u8, depth: usize) -> PyResult<()> {
        self.out.push(b'c' | flag);
        for number in [
            object.co_argcount.get(),
            object.co_posonlyargcount.get(),
            object.co_kwonlyargcount.get(),
            object.co_stacksize.get(),
            object.co_flags.get(),
        ] {
            self.long(number);
        }
        let instructions = code::get_code(object)?;
        self.object(&instructions, depth + 1)?;
        for field in [
            &object.co_consts,
            &object.co_names,
            &object.co_localsplusnames,
            &object.co_localspluskinds,
            &object.co_filename,
            &object.co_name,
            &object.co_qualname,
        ] {
            self.object(field.expect_ref(), depth + 1)?;
        }
        self.long(object.co_firstlineno.get());
        for field in [&object.co_linetable, &object.co_exceptiontable] {
            self.object(field.expect_ref(), depth + 1)?;
        }
        Ok(())
    }
}

fn is_exact_set(object: &PyObject) -> bool {
    object.is_exactly(&set::PySet_Type) || object.is_exactly(&set::PyFrozenSet_Type)
}

/// `marshal.dumps`.
pub fn dump(object: &PyObject, version: i32) -> PyResult<Vec<u8>> {
    let mut writer = Writer {
        out: Vec::new(),
        version,
        refs: HashMap::new(),
        alive: Vec::new(),
    };
    writer.object(object, 0)?;
    Ok(writer.out)
}

fn version_of(args: &[&PyObject], at: usize) -> PyResult<i32> {
    args.get(at).map_or(Ok(4), |version| long::as_int(version))
}

fn dumps(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("dumps", args.len(), 1, 2)?;
    Ok(bytes::from_slice(&dump(args[0], version_of(args, 1)?)?)?.upcast())
}

fn dump_to(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("dump", args.len(), 2, 3)?;
    let data = bytes::from_slice(&dump(args[0], version_of(args, 2)?)?)?;
    call::call_method(args[1], id!("write"), &[data.as_object()])
}

fn loads(_: &Module, data: &PyObject) -> PyResult {
    let buffer = Buffer::of(data)?;
    marshal::loads(buffer.data())
}

fn load(_: &Module, file: &PyObject) -> PyResult {
    let start = call::call_method(file, id!("tell"), &[])?;
    let data = call::call_method(file, id!("read"), &[])?;
    let buffer = Buffer::of(&data)?;
    let (object, used) = marshal::loads_counting(buffer.data())?;
    let end = abstract_::add(&start, &*long::from_usize(used)?)?;
    call::call_method(file, id!("seek"), &[&end])?;
    let _ = (&bytearray::PyByteArray_Type, none());
    Ok(object)
}

methods! {
    static TABLE:
    "dump" => fast(dump_to, "($module, value, file, version=version, /)");
    "load" => o(load, "($module, file, /)");
    "dumps" => fast(dumps, "($module, value, version=version, /)");
    "loads" => o(loads, "($module, bytes, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("marshal", TABLE, &[])?;
    module::add_int(&made, "version", 4)?;
    Ok(made)
}
