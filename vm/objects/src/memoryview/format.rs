//! The native single-character formats of items: from memory to objects and back.

use crate::abstract_;
use crate::errors::{self, PyResult, Raised, type_error, value_error};
use crate::exceptions::{PyExc_OverflowError, PyExc_TypeError};
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Signed,
    Unsigned,
    Float,
    Bool,
    Char,
}

impl Format {
    /// The format that a text spells, an `@` in front allowed.
    pub fn of(text: &str) -> Option<Format> {
        let (kind, size, text) = match text.strip_prefix('@').unwrap_or(text) {
            "B" => (Kind::Unsigned, 1, c"B"),
            "b" => (Kind::Signed, 1, c"b"),
            "c" => (Kind::Char, 1, c"c"),
            "?" => (Kind::Bool, 1, c"?"),
            "h" => (Kind::Signed, 2, c"h"),
            "H" => (Kind::Unsigned, 2, c"H"),
            "i" => (Kind::Signed, 4, c"i"),
            "I" => (Kind::Unsigned, 4, c"I"),
            "l" => (Kind::Signed, 8, c"l"),
            "L" => (Kind::Unsigned, 8, c"L"),
            "q" => (Kind::Signed, 8, c"q"),
            "Q" => (Kind::Unsigned, 8, c"Q"),
            "n" => (Kind::Signed, 8, c"n"),
            "N" => (Kind::Unsigned, 8, c"N"),
            "P" => (Kind::Unsigned, 8, c"P"),
            "f" => (Kind::Float, 4, c"f"),
            "d" => (Kind::Float, 8, c"d"),
            _ => return None,
        };
        Some(Format { kind, size, text })
    }

    /// Bytes of an item.
    pub fn size(self) -> usize {
        self.size
    }

    /// The format as text.
    pub fn text(self) -> &'static CStr {
        self.text
    }

    /// Whether items are bytes, which every other format can be cast to and from.
    pub fn is_byte(self) -> bool {
        matches!(self.text.to_bytes(), b"B" | b"b" | b"c")
    }

    /// Whether equal items have equal bytes.
    pub fn is_integral(self) -> bool {
        !matches!(self.kind, Kind::Float | Kind::Bool)
    }

    /// The object of an item's bytes.
    pub fn unpack(self, item: &[u8]) -> PyResult {
        match self.kind {
            Kind::Char => Ok(bytes::from_slice(item)?.upcast()),
            Kind::Bool => Ok(bool_object(item[0] != 0)),
            Kind::Float => float::from_f64(match *item {
                [a, b, c, d] => f64::from(f32::from_le_bytes([a, b, c, d])),
                _ => f64::from_le_bytes(std::array::from_fn(|index| item[index])),
            }),
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
            if errors::matches(&PyExc_OverflowError) {
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
