//! The methods of an array.

use super::{ArrayObject, Arraytype, from_bytes, items, pickling, sequence};
use crate::prelude::*;
use twinheap_objects::exceptions::PyExc_EOFError;

fn append(this: &ArrayObject, value: &PyObject) -> PyResult {
    this.insert(this.len() as isize, value)?;
    Ok(none())
}

fn buffer_info(this: &ArrayObject) -> PyResult {
    let address = long::from_u64(this.ob_item.get() as u64)?;
    let length = long::from_usize(this.len())?;
    Ok(tuple::from_vec(vec![address.upcast(), length])?.upcast())
}

fn byteswap(this: &ArrayObject) -> PyResult {
    let size = this.description().size();
    let mut data = twinheap_objects::memory::copied(this.data())?;
    data.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    this.write(0, &data);
    Ok(none())
}

fn copy(this: &ArrayObject) -> PyResult {
    Ok(from_bytes(this.data(), this.description())?.upcast())
}

fn deepcopy(this: &ArrayObject, _: &PyObject) -> PyResult {
    copy(this)
}

fn count(this: &ArrayObject, value: &PyObject) -> PyResult {
    let (mut found, mut at) = (0, 0);
    while at < this.len() {
        found += isize::from(object::equal(&*this.item(at)?, value)?);
        at += 1;
    }
    long::from_isize(found)
}

fn extend(this: &ArrayObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "extend",
        parameters: &[""],
        required: 1,
        positional: 1,
    };
    let [other] = args.bind(&SIGNATURE)?;
    sequence::extend(this, other.expect("required"))?;
    Ok(none())
}

fn fromfile(this: &ArrayObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "fromfile",
        parameters: &["", ""],
        required: 2,
        positional: 2,
    };
    let [file, count] = args.bind(&SIGNATURE)?;
    let count = unicode::ssize(count.expect("required"))?;
    if count < 0 {
        return Err(value_error("negative count"));
    }
    let bytes = count
        .checked_mul(this.description().size() as isize)
        .ok_or_else(errors::no_memory)?;
    let wanted = long::from_isize(bytes)?;
    let read = call::call_method(file.expect("required"), id!("read"), &[&wanted])?;
    let Some(data) = read.downcast_ref::<PyBytesObject>() else {
        return Err(type_error("read() didn't return bytes"));
    };
    frombytes(this, &read)?;
    if bytes::data_of(data).len() as isize != bytes {
        return Err(errors::raise(
            &PyExc_EOFError,
            "read() didn't return enough bytes",
        ));
    }
    Ok(none())
}

fn fromlist(this: &ArrayObject, list: &PyObject) -> PyResult {
    let Some(list) = list.downcast_ref::<PyListObject>() else {
        return Err(type_error("arg must be list"));
    };
    let count = list::items(list).len();
    let old = this.len();
    if count == 0 {
        return Ok(none());
    }
    this.resize(old + count)?;
    let fill = || -> PyResult<()> {
        for nth in 0..count {
            let value = Own::new(list::items(list)[nth]);
            let place = this.len() - count + nth;
            this.set(place, &value)?;
            if list::items(list).len() != count {
                return Err(runtime_error("list changed size during iteration"));
            }
        }
        Ok(())
    };
    match fill() {
        Ok(()) => Ok(none()),
        Err(raised) => {
            this.resize(old)?;
            Err(raised)
        }
    }
}

/// Adds the bytes of an object as items.
pub fn frombytes(this: &ArrayObject, source: &PyObject) -> PyResult {
    let buffer = Buffer::of(source)?;
    if buffer.view().itemsize != 1 {
        return Err(type_error("a bytes-like object is required"));
    }
    if !buffer
        .data()
        .len()
        .is_multiple_of(this.description().size())
    {
        return Err(value_error("bytes length not a multiple of item size"));
    }
    if !buffer.data().is_empty() {
        this.append_bytes(buffer.data())?;
    }
    Ok(none())
}

fn fromunicode(this: &ArrayObject, text: &PyObject) -> PyResult {
    let text = unicode::expect_str(text, "fromunicode", "argument")?;
    if this.description().typecode != b'u' {
        return Err(value_error(
            "fromunicode() may only be called on unicode type arrays",
        ));
    }
    let wide: Vec<u8> = unicode::text(text)
        .iter()
        .flat_map(|character| character.to_le_bytes())
        .collect();
    if !wide.is_empty() {
        this.append_bytes(&wide)?;
    }
    Ok(none())
}

fn index(this: &ArrayObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("index", args.len(), 1, 3)?;
    let length = this.len() as isize;
    let start = abstract_::slice_bound(args.get(1).copied(), 0, length)?;
    let stop = abstract_::slice_bound(args.get(2).copied(), isize::MAX, length)?;
    let mut at = start.max(0);
    while at < stop && (at as usize) < this.len() {
        if object::equal(&*this.item(at as usize)?, args[0])? {
            return long::from_isize(at);
        }
        at += 1;
    }
    Err(value_error("array.index(x): x not in array"))
}

fn insert(this: &ArrayObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("insert", args.len(), 2, 2)?;
    this.insert(unicode::ssize(args[0])?, args[1])?;
    Ok(none())
}

fn pop(this: &ArrayObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pop", args.len(), 0, 1)?;
    let at = args.first().map_or(Ok(-1), |at| unicode::ssize(at))?;
    let length = this.len() as isize;
    if length == 0 {
        return Err(index_error("pop from empty array"));
    }
    let at = if at < 0 { at + length } else { at };
    if at < 0 || at >= length {
        return Err(index_error("pop index out of range"));
    }
    let value = this.item(at as usize)?;
    this.delete(at as usize, at as usize + 1)?;
    Ok(value)
}

fn remove(this: &ArrayObject, value: &PyObject) -> PyResult {
    let mut at = 0;
    while at < this.len() {
        if object::equal(&*this.item(at)?, value)? {
            if at < this.len() {
                this.delete(at, at + 1)?;
            }
            return Ok(none());
        }
        at += 1;
    }
    Err(value_error("array.remove(x): x not in array"))
}

fn reverse(this: &ArrayObject) -> PyResult {
    let size = this.description().size();
    let turned: Vec<u8> = this
        .data()
        .chunks_exact(size)
        .rev()
        .flatten()
        .copied()
        .collect();
    this.write(0, &turned);
    Ok(none())
}

fn tofile(this: &ArrayObject, args: Args<'_>) -> PyResult {
    const BLOCK: usize = 64 * 1024;
    static SIGNATURE: Signature = Signature {
        name: "tofile",
        parameters: &[""],
        required: 1,
        positional: 1,
    };
    let [file] = args.bind(&SIGNATURE)?;
    let total = this.data().len();
    let mut at = 0;
    while at < total {
        let data = this.data();
        let piece = &data[at.min(data.len())..(at + BLOCK).min(total).min(data.len())];
        let piece = bytes::from_slice(piece)?;
        call::call_method(file.expect("required"), id!("write"), &[piece.as_object()])?;
        at += BLOCK;
    }
    Ok(none())
}

/// The items as a list.
pub fn tolist(this: &ArrayObject) -> PyResult {
    let mut values = Vec::new();
    twinheap_objects::memory::reserve(&mut values, this.len())?;
    for at in 0..this.len() {
        values.push(this.item(at)?);
    }
    Ok(list::from_vec(values)?.upcast())
}

/// The items as bytes.
pub fn tobytes(this: &ArrayObject) -> PyResult {
    Ok(bytes::from_slice(this.data())?.upcast())
}

fn tounicode(this: &ArrayObject) -> PyResult {
    if this.description().typecode != b'u' {
        return Err(value_error(
            "tounicode() may only be called on unicode type arrays",
        ));
    }
    let characters: PyResult<Vec<u32>> = this
        .data()
        .chunks_exact(4)
        .map(|raw| {
            let code = u32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]]);
            if code > 0x10ffff {
                return Err(value_error(format_args!(
                    "character U+{code:x} is not in range [U+0000; U+10ffff]"
                )));
            }
            Ok(code)
        })
        .collect();
    Ok(unicode::from_ucs4(&characters?)?.upcast())
}

fn sizeof(this: &ArrayObject) -> PyResult {
    let basic = this.as_object().type_().tp_basicsize.get();
    long::from_isize(basic + this.allocated.get() * this.description().size() as isize)
}

/// `array_repr`.
pub fn repr(this: &ArrayObject) -> PyResult {
    let name = this.as_object().type_().short_name().to_owned();
    let code = char::from(this.description().typecode);
    if this.len() == 0 {
        return Ok(unicode::from_str(&format!("{name}('{code}')"))?.upcast());
    }
    let items = if code == 'u' {
        tounicode(this)?
    } else {
        tolist(this)?
    };
    let mut writer = unicode::Writer::new();
    writer.push_str(&format!("{name}('{code}', "));
    writer.push(&object::repr(&items)?);
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn get_typecode(this: &ArrayObject) -> PyResult {
    let code = this.description().typecode;
    Ok(unicode::from_char(u32::from(code))?.upcast())
}

fn get_itemsize(this: &ArrayObject) -> PyResult {
    long::from_usize(this.description().size())
}

getset! {
    pub static GETSET:
    "typecode" => get_typecode;
    "itemsize" => get_itemsize;
}

methods! {
    pub static METHODS:
    "append" => o(append, "($self, v, /)");
    "buffer_info" => noargs(buffer_info, "($self, /)");
    "byteswap" => noargs(byteswap, "($self, /)");
    "__copy__" => noargs(copy, "($self, /)");
    "count" => o(count, "($self, v, /)");
    "__deepcopy__" => o(deepcopy, "($self, unused, /)");
    "extend" => method_keywords(extend, "($self, bb, /)");
    "fromfile" => method_keywords(fromfile, "($self, f, n, /)");
    "fromlist" => o(fromlist, "($self, list, /)");
    "frombytes" => o(frombytes, "($self, buffer, /)");
    "fromunicode" => o(fromunicode, "($self, ustr, /)");
    "index" => fast(index, "($self, v, start=0, stop=sys.maxsize, /)");
    "insert" => fast(insert, "($self, i, v, /)");
    "pop" => fast(pop, "($self, i=-1, /)");
    "__reduce_ex__" => method_keywords(pickling::reduce_ex, "($self, value, /)");
    "remove" => o(remove, "($self, v, /)");
    "reverse" => noargs(reverse, "($self, /)");
    "tofile" => method_keywords(tofile, "($self, f, /)");
    "tolist" => noargs(tolist, "($self, /)");
    "tobytes" => noargs(tobytes, "($self, /)");
    "tounicode" => noargs(tounicode, "($self, /)");
    "__sizeof__" => noargs(sizeof, "($self, /)");
}

/// `make_array`: an array by calling its type.
pub fn make_array(type_: &PyTypeObject, typecode: u8, values: &PyObject) -> PyResult {
    let code = unicode::from_char(u32::from(typecode))?;
    call::call(type_.as_object(), &[code.as_object(), values])
}

/// The static type, for the check of what the reconstructor is given.
pub fn array_type() -> &'static PyTypeObject {
    &Arraytype
}

/// The description of a type code.
pub fn description(code: u32) -> Option<&'static items::Description> {
    items::find(code)
}
