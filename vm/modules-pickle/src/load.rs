//! Loading of values: the dispatch by opcode, constants, numbers, strings, the memo.

use crate::input::bad_readline;
use crate::opcode::*;
use crate::prelude::*;
use crate::state::STATE;
use twinheap_arith::digits;
use twinheap_arith::float::parse_float_prefix;
use twinheap_objects::exceptions::PyExc_EOFError;
use twinheap_objects::singletons::bool_ref;
use unicode::codecs::{self, Encoding};

/// A little-endian number; nothing where it is no `Py_ssize_t`.
fn size_of_bytes(data: &[u8]) -> Option<isize> {
    let mut number = [0; 8];
    number[..data.len()].copy_from_slice(data);
    isize::try_from(u64::from_le_bytes(number)).ok()
}

/// A little-endian number; four bytes are signed.
fn int_of_bytes(data: &[u8]) -> i64 {
    match data {
        [a, b, c, d] => i64::from(i32::from_le_bytes([*a, *b, *c, *d])),
        _ => data
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | i64::from(*byte)),
    }
}

/// The bytes before the first NUL, as C sees them.
fn c_string(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|&byte| byte == 0);
    &line[..end.unwrap_or(line.len())]
}

/// The base that the digits of a text tell, as `PyLong_FromString` reports it.
fn told_base(text: &[u8]) -> u32 {
    let is_blank = |byte: &u8| matches!(byte, b' ' | 9..=13);
    let start = text.iter().position(|byte| !is_blank(byte));
    let rest = &text[start.unwrap_or(text.len())..];
    let rest = rest
        .strip_prefix(b"-")
        .or(rest.strip_prefix(b"+"))
        .unwrap_or(rest);
    match rest {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        [b'0', ..] => {
            // A number that begins like an octal one of old, unless its underscores are wrong already.
            let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'_';
            let end = rest.iter().position(|byte| !is_part(byte));
            let digits = &rest[..end.unwrap_or(rest.len())];
            let is_wrong = digits.ends_with(b"_") || digits.windows(2).any(|pair| pair == b"__");
            if is_wrong { 10 } else { 0 }
        }
        _ => 10,
    }
}

/// `PyLong_FromString`.
fn long_from_text(text: &[u8], base: u32) -> PyResult {
    use twinheap_arith::digits::{ParseIntError, parse_int};
    let ascii = text.is_ascii();
    if ascii && parse_int(text, base, 0) != Err(ParseIntError::InvalidLiteral) {
        return long::from_unicode(&*unicode::from_ucs1(text)?, base);
    }
    let base = if base == 0 { told_base(text) } else { base };
    let text = codecs::decode_utf8(text)?;
    let shown = shown(text.as_object())?;
    Err(value_error(format_args!(
        "invalid literal for int() with base {base}: {shown:.200}"
    )))
}

/// `strtol` with base 0 on a line, where the number ends the line and fits.
fn c_long(line: &[u8]) -> Option<i64> {
    let line = c_string(line);
    if line.is_empty() {
        // Without digits strtol gives zero and does not move, and the end of the string is there at once.
        return Some(0);
    }
    let is_blank = |byte: &u8| matches!(byte, b' ' | 9..=13);
    let start = line.iter().position(|byte| !is_blank(byte))?;
    let (negative, rest) = match line[start..].split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, &line[start..]),
    };
    let (base, rest) = match rest {
        [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit() => (16, &rest[2..]),
        [b'0', ..] => (8, rest),
        _ => (10, rest),
    };
    let count = rest
        .iter()
        .take_while(|&&byte| char::from(byte).is_digit(base))
        .count();
    if count == 0 || !matches!(rest.get(count), None | Some(b'\n')) {
        return None;
    }
    let text = std::str::from_utf8(&rest[..count]).ok()?;
    let magnitude = i128::from(u64::from_str_radix(text, base).ok()?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

#[cold]
fn exceeds(what: &str) -> Raised {
    overflow_error(format_args!(
        "{what} exceeds system's maximum size of {} bytes",
        isize::MAX
    ))
}

#[cold]
fn not_in_memo(index: isize) -> Raised {
    unpickling_error(format_args!("Memo value not found at index {index}"))
}

impl UnpicklerObject {
    /// Reads one pickle.
    pub fn load(&self) -> PyResult {
        self.reset_stack();
        self.proto.set(0);
        loop {
            let opcode = match self.read_byte() {
                Ok(opcode) => opcode,
                Err(raised) if errors::matches(STATE.unpickling_error.expect_ref()) => {
                    errors::discard(raised);
                    return Err(errors::raise(&PyExc_EOFError, "Ran out of input"));
                }
                Err(raised) => return Err(raised),
            };
            if opcode == STOP {
                break;
            }
            if !self.load_value(opcode)? && !self.load_object(opcode)? {
                return Err(unpickling_error(match opcode {
                    0x20..=0x7e if !matches!(opcode, b'\'' | b'\\') => {
                        format!("invalid load key, '{}'.", char::from(opcode))
                    }
                    _ => format!("invalid load key, '\\x{opcode:02x}'."),
                }));
            }
        }
        self.skip_consumed()?;
        self.pop()
    }

    /// The opcodes of values, of the memo and of the stack; false where the opcode is none of them.
    fn load_value(&self, opcode: u8) -> PyResult<bool> {
        let pushed = match opcode {
            NONE => none(),
            NEWTRUE | NEWFALSE => Own::new(bool_ref(opcode == NEWTRUE)),
            BININT => self.load_binint(4)?,
            BININT1 => self.load_binint(1)?,
            BININT2 => self.load_binint(2)?,
            INT => self.load_int()?,
            LONG => self.load_long()?,
            LONG1 => self.load_counted_long(1)?,
            LONG4 => self.load_counted_long(4)?,
            FLOAT => self.load_float()?,
            BINFLOAT => {
                let mut data = [0; 8];
                data.copy_from_slice(self.read(8)?);
                float::from_f64(f64::from_be_bytes(data))?
            }
            SHORT_BINBYTES => self.load_binbytes(1)?,
            BINBYTES => self.load_binbytes(4)?,
            BINBYTES8 => self.load_binbytes(8)?,
            BYTEARRAY8 => {
                let size = self.read_size(8)?.ok_or_else(|| exceeds("BYTEARRAY8"))?;
                self.check_room(size, 1)?;
                bytearray::from_slice(&self.read_string(size)?)?.upcast()
            }
            NEXT_BUFFER => self.load_next_buffer()?,
            SHORT_BINSTRING => self.load_binstring(1)?,
            BINSTRING => self.load_binstring(4)?,
            STRING => self.load_string()?,
            UNICODE => {
                let line = self.read_line_of(1)?;
                let text = &line[..line.len() - 1];
                codecs::decode(text, Encoding::RawUnicodeEscape, "strict")?.upcast()
            }
            SHORT_BINUNICODE => self.load_binunicode(1)?,
            BINUNICODE => self.load_binunicode(4)?,
            BINUNICODE8 => self.load_binunicode(8)?,
            BINGET => {
                let index = isize::from(self.read_byte()?);
                self.memo_value(index)?
            }
            LONG_BINGET => {
                let index = int_of_unsigned(self.read(4)?);
                self.memo_value(index)?
            }
            GET => {
                let line = self.read_line_of(2)?;
                let index = crate::pickler::integer(&*long_from_text(c_string(&line), 10)?)?;
                self.memo_value(index)?
            }
            DUP => self.top()?,
            _ => return self.load_quietly(opcode),
        };
        self.push(pushed);
        Ok(true)
    }

    /// The opcodes that push nothing.
    fn load_quietly(&self, opcode: u8) -> PyResult<bool> {
        match opcode {
            MARK => self.set_mark(),
            POP => self.pop_mark_or_object()?,
            POP_MARK => {
                let height = self.take_mark()?;
                let mut taken = self.take_from(height);
                while taken.pop().is_some() {}
            }
            MEMOIZE => {
                let value = self.top()?;
                self.memo_put(self.memo_len.get(), value)?;
            }
            BINPUT => {
                let index = self.read_byte()?;
                self.memo_put(usize::from(index), self.top()?)?;
            }
            LONG_BINPUT => {
                let index = int_of_unsigned(self.read(4)?);
                self.memo_put(index as usize, self.top()?)?;
            }
            PUT => {
                let line = self.read_line_of(2)?;
                let value = self.top()?;
                let index = crate::pickler::integer(&*long_from_text(c_string(&line), 10)?)?;
                if index < 0 {
                    return Err(value_error("negative PUT argument"));
                }
                self.memo_put(index as usize, value)?;
            }
            READONLY_BUFFER => self.load_readonly_buffer()?,
            PROTO => {
                let number = self.read_byte()?;
                if i64::from(number) > HIGHEST_PROTOCOL {
                    return Err(value_error(format_args!(
                        "unsupported pickle protocol: {number}"
                    )));
                }
                self.proto.set(i32::from(number));
            }
            FRAME => {
                let length = self.read_size(8)?.ok_or_else(|| {
                    overflow_error(format_args!(
                        "FRAME length exceeds system's maximum of {} bytes",
                        isize::MAX
                    ))
                })?;
                self.read(length)?;
                self.next_read_idx.set(self.next_read_idx.get() - length);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn memo_value(&self, index: isize) -> PyResult {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.memo_get(index))
            .ok_or_else(|| not_in_memo(index))
    }

    fn load_binint(&self, width: isize) -> PyResult {
        Ok(long::from_i64(int_of_bytes(self.read(width)?))?.upcast())
    }

    fn load_int(&self) -> PyResult {
        let line = self.read_line_of(2)?;
        match c_long(&line) {
            Some(value @ (0 | 1)) if line.len() == 3 => Ok(bool_object(value == 1)),
            Some(value) => Ok(long::from_i64(value)?.upcast()),
            None => long_from_text(c_string(&line), 0).map_err(|raised| {
                errors::discard(raised);
                value_error("could not convert string to int")
            }),
        }
    }

    fn load_long(&self) -> PyResult {
        let mut line = self.read_line_of(2)?;
        let last = line.len() - 2;
        if line[last] == b'L' {
            line[last] = 0;
        }
        long_from_text(c_string(&line), 0)
    }

    fn load_counted_long(&self, width: isize) -> PyResult {
        let size = int_of_bytes(self.read(width)?);
        if size < 0 {
            return Err(unpickling_error("LONG pickle has negative byte count"));
        }
        let data = self.read(size as isize)?;
        long::from_integer(&digits::from_bytes(data, true, true))
    }

    fn load_float(&self) -> PyResult {
        let line = self.read_line_of(2)?;
        let text = c_string(&line);
        let shown = || {
            String::from_utf8_lossy(text)
                .chars()
                .take(200)
                .collect::<String>()
        };
        let Some((value, used)) = parse_float_prefix(text) else {
            return Err(value_error(format_args!(
                "could not convert string to float: '{}'",
                shown()
            )));
        };
        let named = text[..used].iter().any(|byte| matches!(byte, b'n' | b'N'));
        if value.is_infinite() && !named {
            return Err(overflow_error(format_args!(
                "value too large to convert to float: '{}'",
                shown()
            )));
        }
        if !matches!(text.get(used), None | Some(b'\n')) {
            return Err(value_error("could not convert string to float"));
        }
        float::from_f64(value)
    }

    /// The length of a string, in so many bytes.
    fn read_size(&self, width: isize) -> PyResult<Option<isize>> {
        Ok(size_of_bytes(self.read(width)?))
    }

    /// Fails as the allocation of a string of this size would, before any of it is read.
    fn check_room(&self, size: isize, header: usize) -> PyResult<()> {
        const PROBED: isize = 1 << 20;
        if size < PROBED {
            return Ok(());
        }
        let block = memory::malloc(size as usize + header);
        if block.is_null() {
            return Err(errors::no_memory());
        }
        // SAFETY: the block was just made.
        unsafe { memory::free(block) };
        Ok(())
    }

    fn load_binbytes(&self, width: isize) -> PyResult {
        const HEADER: usize = 33;
        let size = self.read_size(width)?.ok_or_else(|| exceeds("BINBYTES"))?;
        if size as usize > isize::MAX as usize - HEADER {
            return Err(overflow_error("byte string is too large"));
        }
        self.check_room(size, HEADER)?;
        let data = self.read_string(size)?;
        Ok(bytes::from_slice_fresh(&data)?.upcast())
    }

    fn load_binstring(&self, width: isize) -> PyResult {
        let size = self.read_size(width)?.ok_or_else(|| {
            unpickling_error(format_args!(
                "BINSTRING exceeds system's maximum size of {} bytes",
                isize::MAX
            ))
        })?;
        let data = self.read(size)?.to_vec();
        if self.wants_bytes() {
            return Ok(bytes::from_slice(&data)?.upcast());
        }
        let copy = bytes::from_slice(&data)?.upcast();
        codecs::decode_object(
            &copy,
            &data,
            Field::own(&self.encoding).as_deref(),
            Field::own(&self.errors).as_deref(),
        )
    }

    fn wants_bytes(&self) -> bool {
        Field::as_ref(&self.encoding).is_some_and(|name| unicode::equals_str(name, "bytes"))
    }

    fn load_string(&self) -> PyResult {
        let line = self.read_line()?;
        let text = &line[..line.len() - 1];
        let quoted = match text {
            [first @ (b'\'' | b'"'), inside @ .., last] if first == last => inside,
            _ => {
                return Err(unpickling_error(
                    "the STRING opcode argument must be quoted",
                ));
            }
        };
        let codecs_module = import_hook::import_module("_codecs")?;
        let decode = object::get_attr(&codecs_module, id!("escape_decode"))?;
        let pair = call::call(&decode, &[bytes::from_slice(quoted)?.as_object()])?;
        let data = abstract_::get_sequence_item(&pair, 0)?;
        if self.wants_bytes() {
            return Ok(data);
        }
        codecs::from_encoded_object(
            &data,
            Field::own(&self.encoding).as_deref(),
            Field::own(&self.errors).as_deref(),
        )
    }

    fn load_binunicode(&self, width: isize) -> PyResult {
        let size = self
            .read_size(width)?
            .ok_or_else(|| exceeds("BINUNICODE"))?;
        let data = self.read(size)?;
        Ok(codecs::decode(data, Encoding::Utf8, "surrogatepass")?.upcast())
    }

    fn load_next_buffer(&self) -> PyResult {
        let Some(buffers) = self.buffers.own() else {
            return Err(unpickling_error(
                "pickle stream refers to out-of-band data but no *buffers* argument was given",
            ));
        };
        abstract_::next(&buffers)?.ok_or_else(|| unpickling_error("not enough out-of-band buffers"))
    }

    fn load_readonly_buffer(&self) -> PyResult<()> {
        let made = memoryview::from_object(&*self.top()?)?;
        let Some(object) = made.downcast_ref::<PyMemoryViewObject>() else {
            return Err(errors::system_error("a memoryview that is none"));
        };
        // SAFETY: a fresh memoryview that nobody else sees yet.
        let view = unsafe { &mut *object.view.get() };
        if view.readonly == 0 {
            view.readonly = 1;
            self.replace_top(made);
        }
        Ok(())
    }

    /// A line of a name, without its end.
    pub fn read_name(&self, encoding: Encoding) -> PyResult<Own<PyASCIIObject>> {
        let line = self.read_line()?;
        if line.len() < 2 {
            return Err(bad_readline());
        }
        codecs::decode(&line[..line.len() - 1], encoding, "strict")
    }

    /// The code of an extension.
    pub fn read_code(&self, width: isize) -> PyResult<i64> {
        Ok(int_of_bytes(self.read(width)?))
    }
}

fn int_of_unsigned(data: &[u8]) -> isize {
    size_of_bytes(data).unwrap_or(isize::MAX)
}
