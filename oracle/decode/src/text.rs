//! Text out of str objects of every kind, and a short rendering of values that both sides share.

use twinheap_abi::*;

use crate::layouts::{Layout, layout_of_instances};
use crate::memory::{Address, c_text};

/// Bytes as text, one character each.
pub(crate) fn latin_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| *byte as char).collect(),
    }
}

/// The bytes of a str's characters, as they lie in memory.
pub(crate) fn str_data<'heap>(address: Address) -> &'heap [u8] {
    let header = address.view::<PyASCIIObject>();
    let start = if !header.is_compact() {
        Address::of(address.view::<PyUnicodeObject>().data.get())
    } else if header.is_ascii() {
        address.offset(size_of::<PyASCIIObject>() as isize)
    } else {
        address.offset(size_of::<PyCompactUnicodeObject>() as isize)
    };
    start.table(header.length.get() as usize * header.kind() as usize)
}

/// The code points of a str.
pub(crate) fn str_points(address: Address) -> Vec<u32> {
    let data = str_data(address);
    match address.view::<PyASCIIObject>().kind() {
        1 => data.iter().map(|byte| u32::from(*byte)).collect(),
        2 => data
            .chunks_exact(2)
            .map(|pair| u32::from(u16::from_le_bytes([pair[0], pair[1]])))
            .collect(),
        _ => data
            .chunks_exact(4)
            .map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect(),
    }
}

/// A str as text; surrogates become escapes. Null and objects that are no str give the empty text.
pub fn str_text(address: Address) -> String {
    if address.is_null() || address.type_of().tp_flags.get() & Py_TPFLAGS_UNICODE_SUBCLASS == 0 {
        return String::new();
    }
    if address.view::<PyASCIIObject>().is_ascii() {
        return latin_text(str_data(address));
    }
    let mut text = String::new();
    for point in str_points(address) {
        match char::from_u32(point) {
            Some(character) => text.push(character),
            None => text.push_str(&format!("\\u{point:04x}")),
        }
    }
    text
}

/// Whether a str is ASCII and equal to this text.
pub(crate) fn str_is(address: Address, text: &str) -> bool {
    let header = address.view::<PyASCIIObject>();
    header.is_ascii() && str_data(address) == text.as_bytes()
}

/// How deep and how wide a rendering goes.
const DEPTH: u32 = 4;
const WIDTH: usize = 32;
const TEXT: usize = 400;

/// Renders a value without running any code of the interpreter: numbers, strings and plain containers in
/// full, everything else by its type. The driver script for foreign interpreters renders the same way.
pub fn render(address: Address) -> String {
    let mut text = String::new();
    render_into(address, DEPTH, &mut text);
    text
}

fn render_into(address: Address, depth: u32, text: &mut String) {
    if address.is_null() {
        text.push_str("NULL");
        return;
    }
    let type_object = address.type_of();
    let type_name = latin_text(c_text(type_object.tp_name.get()));
    match (layout_of_instances(type_object), type_name.as_str()) {
        (Layout::Int, "bool") => {
            let truth = address.view::<PyVarObject>().ob_size.get() != 0;
            text.push_str(if truth { "True" } else { "False" });
        }
        (Layout::Int, "int") => text.push_str(&int_text(address)),
        (Layout::Float, "float") => {
            let bits = address.view::<PyFloatObject>().ob_fval.get().to_bits();
            text.push_str(&format!("float:{bits:016x}"));
        }
        (Layout::Str, "str") => render_str(&str_points(address), text),
        (Layout::Bytes, "bytes") => {
            text.push('b');
            let data = bytes_data(address).iter().map(|byte| u32::from(*byte));
            render_str(&data.collect::<Vec<_>>(), text);
        }
        (Layout::Tuple, "tuple") if depth > 0 => {
            let length = address.view::<PyVarObject>().ob_size.get() as usize;
            let items = address.offset(std::mem::offset_of!(PyTupleObject, ob_item) as isize);
            render_items(items.table::<usize>(length), depth, ('(', ')'), text);
        }
        (Layout::List, "list") if depth > 0 => {
            let list = address.view::<PyListObject>();
            let items = Address::of(list.ob_item.get()).table::<usize>(list.ob_size.get() as usize);
            render_items(items, depth, ('[', ']'), text);
        }
        (_, "NoneType") => text.push_str("None"),
        (_, "ellipsis") => text.push_str("Ellipsis"),
        (_, "NotImplementedType") => text.push_str("NotImplemented"),
        (Layout::Type, _) => {
            text.push_str(&format!("<class {}>", qualified_name(address)));
        }
        _ => {
            let type_address = Address::of(address.view::<PyObject>().ob_type.get());
            text.push_str(&format!("<{}>", qualified_name(type_address)));
        }
    }
}

fn render_items(items: &[usize], depth: u32, brackets: (char, char), text: &mut String) {
    text.push(brackets.0);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        if index == WIDTH {
            text.push_str("...");
            break;
        }
        render_into(Address::of(*item as *const PyObject), depth - 1, text);
    }
    text.push(brackets.1);
}

/// Quotes code points: printable ASCII as it is, everything else escaped.
fn render_str(points: &[u32], text: &mut String) {
    text.push('\'');
    for point in points.iter().take(TEXT) {
        match char::from_u32(*point) {
            Some(character @ ('\'' | '\\')) => {
                text.push('\\');
                text.push(character);
            }
            Some(character) if (' '..='~').contains(&character) => text.push(character),
            _ => text.push_str(&format!("\\u{{{point:x}}}")),
        }
    }
    text.push('\'');
    if points.len() > TEXT {
        text.push_str("...");
    }
}

/// An int: in decimal where it fits 64 bits, otherwise in hexadecimal.
fn int_text(address: Address) -> String {
    let (negative, digits) = int_digits(address);
    let sign = if negative { "-" } else { "" };
    let small = digits.iter().rev().try_fold(0_u64, |total, digit| {
        if total >> 34 != 0 {
            None
        } else {
            Some(total << 30 | u64::from(*digit))
        }
    });
    match small {
        Some(number) => format!("{sign}{number}"),
        None => format!("{sign}{}", int_hexadecimal(digits)),
    }
}

/// The sign and digits of an int.
pub(crate) fn int_digits<'heap>(address: Address) -> (bool, &'heap [u32]) {
    let size = address.view::<PyVarObject>().ob_size.get();
    let digits = address.offset(std::mem::offset_of!(PyLongObject, ob_digit) as isize);
    (size < 0, digits.table(size.unsigned_abs()))
}

/// 30-bit digits in hexadecimal.
pub(crate) fn int_hexadecimal(digits: &[u32]) -> String {
    let mut nibbles = Vec::new();
    let mut pending = 0_u64;
    let mut bits = 0;
    for digit in digits {
        pending |= u64::from(*digit) << bits;
        bits += 30;
        while bits >= 4 {
            nibbles.push((pending & 15) as u8);
            pending >>= 4;
            bits -= 4;
        }
    }
    nibbles.push(pending as u8);
    while nibbles.len() > 1 && nibbles.last() == Some(&0) {
        nibbles.pop();
    }
    let text: String = nibbles
        .iter()
        .rev()
        .map(|nibble| char::from_digit(u32::from(*nibble), 16).unwrap_or('?'))
        .collect();
    format!("0x{text}")
}

/// The data of a bytes object.
pub(crate) fn bytes_data<'heap>(address: Address) -> &'heap [u8] {
    let length = address.view::<PyVarObject>().ob_size.get() as usize;
    address
        .offset(std::mem::offset_of!(PyBytesObject, ob_sval) as isize)
        .table(length)
}

/// The name of a type with its module, which built-in types go without.
pub(crate) fn qualified_name(type_address: Address) -> String {
    let type_object = type_address.view::<PyTypeObject>();
    if type_object.tp_flags.get() & Py_TPFLAGS_HEAPTYPE == 0 {
        return latin_text(c_text(type_object.tp_name.get()));
    }
    let qualname = str_text(Address::of(
        type_address.view::<PyHeapTypeObject>().ht_qualname.get(),
    ));
    match crate::containers::find_in_dict(Address::of(type_object.tp_dict.get()), "__module__") {
        Some(module) => match str_text(module).as_str() {
            "builtins" | "" => qualname,
            module => format!("{module}.{qualname}"),
        },
        None => qualname,
    }
}
