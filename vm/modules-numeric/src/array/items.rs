//! What an array's type code says of its items: their size, how they are read, checked and written.

use crate::prelude::*;

/// `struct arraydescr`, without its functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Description {
    pub typecode: u8,
    pub itemsize: c_int,
    /// How the buffer protocol names the format; it ends with NUL.
    pub format: &'static str,
    pub is_integer: bool,
    pub is_signed: bool,
}

const fn integer(typecode: u8, itemsize: c_int, format: &'static str) -> Description {
    Description {
        typecode,
        itemsize,
        format,
        is_integer: true,
        is_signed: typecode.is_ascii_lowercase(),
    }
}

const fn other(typecode: u8, itemsize: c_int, format: &'static str) -> Description {
    Description {
        typecode,
        itemsize,
        format,
        is_integer: false,
        is_signed: false,
    }
}

/// Every type code there is.
pub static DESCRIPTIONS: [Description; 13] = [
    integer(b'b', 1, "b\0"),
    integer(b'B', 1, "B\0"),
    other(b'u', 4, "w\0"),
    integer(b'h', 2, "h\0"),
    integer(b'H', 2, "H\0"),
    integer(b'i', 4, "i\0"),
    integer(b'I', 4, "I\0"),
    integer(b'l', 8, "l\0"),
    integer(b'L', 8, "L\0"),
    integer(b'q', 8, "q\0"),
    integer(b'Q', 8, "Q\0"),
    other(b'f', 4, "f\0"),
    other(b'd', 8, "d\0"),
];

/// The description of a type code.
pub fn find(typecode: u32) -> Option<&'static Description> {
    DESCRIPTIONS
        .iter()
        .find(|description| u32::from(description.typecode) == typecode)
}

/// The bytes of one item, the first `itemsize` of which count.
pub type Raw = [u8; 8];

/// An int from its bytes in this machine's order.
pub fn integer_of(raw: &[u8], signed: bool) -> PyResult {
    let negative = signed && raw.last().is_some_and(|last| last & 0x80 != 0);
    let mut word = [if negative { 0xff } else { 0 }; 8];
    word[..raw.len()].copy_from_slice(raw);
    Ok(if signed {
        long::from_i64(i64::from_le_bytes(word))?.upcast()
    } else {
        long::from_u64(u64::from_le_bytes(word))?.upcast()
    })
}

fn word(raw: &[u8]) -> [u8; 8] {
    let mut word = [0; 8];
    word[..raw.len()].copy_from_slice(raw);
    word
}

/// A character of the wide kind; one out of range cannot be shown.
pub fn character(raw: &[u8]) -> PyResult<u32> {
    let code = u64::from_le_bytes(word(raw)) as u32;
    if code > 0x10ffff {
        return Err(value_error("chr() arg not in range(0x110000)"));
    }
    Ok(code)
}

impl Description {
    pub fn size(&self) -> usize {
        self.itemsize as usize
    }

    /// `getitem`: the object that an item's bytes stand for.
    pub fn get(&self, raw: &[u8]) -> PyResult {
        match self.typecode {
            b'u' => Ok(unicode::from_char(character(raw)?)?.upcast()),
            b'f' => float::from_f64(f64::from(f32::from_bits(
                u64::from_le_bytes(word(raw)) as u32
            ))),
            b'd' => float::from_f64(f64::from_le_bytes(word(raw))),
            _ => integer_of(raw, self.is_signed),
        }
    }

    /// `setitem`: the bytes that stand for an object, where it fits.
    pub fn raw_of(&self, value: &PyObject) -> PyResult<Raw> {
        Ok(match self.typecode {
            b'b' => in_byte(value)?.to_le_bytes(),
            b'B' => bounded(value, 0, 255, "unsigned byte integer")?.to_le_bytes(),
            b'h' => bounded(value, -32768, 32767, "signed short integer")?.to_le_bytes(),
            b'H' => {
                let number = i64::from(c_integer(value)?);
                within(number, 0, 65535, "unsigned short")?.to_le_bytes()
            }
            b'i' => i64::from(c_integer(value)?).to_le_bytes(),
            b'I' => {
                let number = unsigned(value)?;
                if number > u64::from(u32::MAX) {
                    return Err(overflow_error("unsigned int is greater than maximum"));
                }
                number.to_le_bytes()
            }
            b'l' => long::as_long(value)?.to_le_bytes(),
            b'L' => unsigned(value)?.to_le_bytes(),
            b'Q' => unsigned_long_long(value)?.to_le_bytes(),
            b'q' => match long::to_i64(&*abstract_::index(value)?) {
                Some(number) => number.to_le_bytes(),
                None => return Err(overflow_error("int too big to convert")),
            },
            b'f' => word(&(float::as_double(value)? as f32).to_le_bytes()),
            b'd' => float::as_double(value)?.to_le_bytes(),
            _ => word(&wide_character(value)?.to_le_bytes()),
        })
    }
}

fn within(number: i64, least: i64, most: i64, what: &str) -> PyResult<i64> {
    if number < least {
        return Err(overflow_error(format_args!("{what} is less than minimum")));
    }
    if number > most {
        return Err(overflow_error(format_args!(
            "{what} is greater than maximum"
        )));
    }
    Ok(number)
}

fn bounded(value: &PyObject, least: i64, most: i64, what: &str) -> PyResult<i64> {
    within(long::as_long(value)?, least, most, what)
}

fn in_byte(value: &PyObject) -> PyResult<i64> {
    let number = bounded(value, -32768, 32767, "signed short integer")?;
    within(number, -128, 127, "signed char")
}

fn c_integer(value: &PyObject) -> PyResult<i32> {
    let number = long::as_long(value)?;
    let number = within(
        number,
        i64::from(i32::MIN),
        i64::from(i32::MAX),
        "signed integer",
    )?;
    Ok(number as i32)
}

/// `PyLong_AsUnsignedLong` of an int, or of what `__index__` gives.
fn unsigned(value: &PyObject) -> PyResult<u64> {
    let number = abstract_::index(value)?;
    if number.ob_base.ob_size.get() < 0 {
        return Err(overflow_error(
            "can't convert negative value to unsigned int",
        ));
    }
    magnitude(&number)
        .ok_or_else(|| overflow_error("Python int too large to convert to C unsigned long"))
}

/// `PyLong_AsUnsignedLongLong`, likewise.
fn unsigned_long_long(value: &PyObject) -> PyResult<u64> {
    let number = abstract_::index(value)?;
    if number.ob_base.ob_size.get() < 0 {
        return Err(overflow_error("can't convert negative int to unsigned"));
    }
    magnitude(&number).ok_or_else(|| overflow_error("int too big to convert"))
}

fn magnitude(number: &PyLongObject) -> Option<u64> {
    let digits = long::digits(number).iter().rev();
    let wide = digits.copied().try_fold(0u128, |sum, digit| {
        sum.checked_mul(1 << 30)?.checked_add(u128::from(digit))
    });
    wide.and_then(|wide| u64::try_from(wide).ok())
}

fn wide_character(value: &PyObject) -> PyResult<u32> {
    let text = value.downcast_ref::<PyASCIIObject>().map(unicode::text);
    match text {
        Some(text) if text.len() == 1 => Ok(text.at(0)),
        _ => Err(type_error("array item must be unicode character")),
    }
}

/// Compares items that are not floats, whose order is told by their bytes.
pub fn compare(description: &Description, a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    let size = description.size();
    let pairs = a.chunks_exact(size).zip(b.chunks_exact(size));
    for (x, y) in pairs {
        if x != y {
            let signed = description.is_signed || description.typecode == b'u';
            let key = |raw: &[u8]| -> i128 {
                let wide = i128::from(u64::from_le_bytes(word(raw)));
                let bits = 8 * size as u32;
                if signed && wide >> (bits - 1) != 0 {
                    wide - (1i128 << bits)
                } else {
                    wide
                }
            };
            return key(x).cmp(&key(y));
        }
    }
    std::cmp::Ordering::Equal
}
