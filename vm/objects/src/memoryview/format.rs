//! The native single-character formats of items: from memory to objects and back.

use crate::abstract_;
use crate::errors::{self, PyResult, Raised, type_error, value_error};
use crate::exceptions::{PyExc_OverflowError, PyExc_TypeError, PyExc_ValueError};
use crate::object::ObjectExt;
use crate::object::is_true;
use crate::own::Own;
use crate::singletons::bool_object;
use crate::{bytes, float, long};
use std::ffi::CStr;
use twinheap_abi::*;
use twinheap_arith::digits::{self, BytesError};

/// A format of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    kind: Kind,
    size: usize,
    text: &'static CStr,
    /// The text with the `@` that stood in front of it.
    spelling: &'static CStr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Signed,
    Unsigned,
    Float,
    Bool,
    Char,
}

/// The number in the four or eight bytes of an item.
fn number(item: &[u8]) -> f64 {
    match *item {
        [a, b, c, d] => f64::from(f32::from_le_bytes([a, b, c, d])),
        _ => f64::from_le_bytes(std::array::from_fn(|index| item[index])),
    }
}

impl Format {
    /// The format that a text spells, an `@` in front allowed.
    pub fn of(text: &str) -> Option<Format> {
        let (letter, is_marked) = match text.strip_prefix('@') {
            Some(letter) => (letter, true),
            None => (text, false),
        };
        let (kind, size, spellings) = match letter {
            "B" => (Kind::Unsigned, 1, (c"B", c"@B")),
            "b" => (Kind::Signed, 1, (c"b", c"@b")),
            "c" => (Kind::Char, 1, (c"c", c"@c")),
            "?" => (Kind::Bool, 1, (c"?", c"@?")),
            "h" => (Kind::Signed, 2, (c"h", c"@h")),
            "H" => (Kind::Unsigned, 2, (c"H", c"@H")),
            "i" => (Kind::Signed, 4, (c"i", c"@i")),
            "I" => (Kind::Unsigned, 4, (c"I", c"@I")),
            "l" => (Kind::Signed, 8, (c"l", c"@l")),
            "L" => (Kind::Unsigned, 8, (c"L", c"@L")),
            "q" => (Kind::Signed, 8, (c"q", c"@q")),
            "Q" => (Kind::Unsigned, 8, (c"Q", c"@Q")),
            "n" => (Kind::Signed, 8, (c"n", c"@n")),
            "N" => (Kind::Unsigned, 8, (c"N", c"@N")),
            "P" => (Kind::Unsigned, 8, (c"P", c"@P")),
            "f" => (Kind::Float, 4, (c"f", c"@f")),
            "d" => (Kind::Float, 8, (c"d", c"@d")),
            _ => return None,
        };
        let (text, marked) = spellings;
        Some(Format {
            kind,
            size,
            text,
            spelling: if is_marked { marked } else { text },
        })
    }

    /// Bytes of an item.
    pub fn size(self) -> usize {
        self.size
    }

    /// The format as text.
    pub fn text(self) -> &'static CStr {
        self.text
    }

    /// The format as text, with the `@` that stood in front of it.
    pub fn spelling(self) -> &'static CStr {
        self.spelling
    }

    /// Whether items are bytes, which every other format can be cast to and from.
    pub fn is_byte(self) -> bool {
        matches!(self.text.to_bytes(), b"B" | b"b" | b"c")
    }

    /// Whether items of both are of one C type, and compared as such.
    pub fn is_same_type(self, other: Format) -> bool {
        self.text == other.text
    }

    /// Whether two items of this format are equal as values of their C type.
    pub fn is_same_value(self, one: &[u8], other: &[u8]) -> bool {
        match self.kind {
            Kind::Float => number(one) == number(other),
            _ => one == other,
        }
    }

    /// The object of an item's bytes.
    pub fn unpack(self, item: &[u8]) -> PyResult {
        match self.kind {
            Kind::Char => Ok(bytes::from_slice(item)?.upcast()),
            Kind::Bool => Ok(bool_object(item[0] != 0)),
            Kind::Float => float::from_f64(number(item)),
            Kind::Signed | Kind::Unsigned => {
                let signed = self.kind == Kind::Signed;
                long::from_integer(&digits::from_bytes(item, true, signed))
            }
        }
    }

    fn wrong_type(self) -> Raised {
        type_error(format_args!(
            "memoryview: invalid type for format '{}'",
            self.text.to_string_lossy()
        ))
    }

    fn wrong_value(self) -> Raised {
        value_error(format_args!(
            "memoryview: invalid value for format '{}'",
            self.text.to_string_lossy()
        ))
    }

    /// Words the errors of a conversion as the view's own.
    fn reworded<T>(self, result: PyResult<T>) -> PyResult<T> {
        result.map_err(|raised| {
            if errors::matches(&PyExc_TypeError) {
                errors::discard(raised);
                return self.wrong_type();
            }
            if errors::matches(&PyExc_OverflowError) || errors::matches(&PyExc_ValueError) {
                errors::discard(raised);
                return self.wrong_value();
            }
            raised
        })
    }

    /// The bytes of an item from an object.
    pub fn pack(self, value: &PyObject) -> PyResult<Vec<u8>> {
        let mut out = vec![0; self.size];
        match self.kind {
            Kind::Bool => out[0] = u8::from(is_true(value)?),
            Kind::Char => match value.downcast_ref::<PyBytesObject>().map(bytes::data_of) {
                Some([byte]) => out[0] = *byte,
                Some(_) => return Err(self.wrong_value()),
                None => return Err(self.wrong_type()),
            },
            Kind::Float => {
                let value = self.reworded(float::as_double(value))?;
                match self.size {
                    4 => out.copy_from_slice(&(value as f32).to_le_bytes()),
                    _ => out.copy_from_slice(&value.to_le_bytes()),
                }
            }
            Kind::Signed | Kind::Unsigned => {
                let number: Own<PyLongObject> = self.reworded(abstract_::index(value))?;
                let signed = self.kind == Kind::Signed;
                let packed = digits::to_bytes(long::signed(&number), &mut out, true, signed);
                packed.map_err(|_: BytesError| self.wrong_value())?;
            }
        }
        Ok(out)
    }
}
