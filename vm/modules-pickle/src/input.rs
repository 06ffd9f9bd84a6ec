//! What an unpickler reads: a view of bytes, refilled from the file by `peek`, `read`, `readinto` and
//! `readline`.

use crate::opcode::PREFETCH;
use crate::prelude::*;
use twinheap_objects::exceptions::PyExc_NotImplementedError;

/// The line that was read last.
#[derive(Default)]
pub struct Line(pub Vec<u8>);

#[cold]
fn truncated() -> Raised {
    unpickling_error("pickle data was truncated")
}

/// The complaint about a line that is too short for its opcode.
#[cold]
pub fn bad_readline() -> Raised {
    truncated()
}

impl UnpicklerObject {
    /// Reads from the bytes of an object from now on.
    pub fn set_string_input(&self, input: &PyObject) -> PyResult<isize> {
        let old = self.buffer.with(std::mem::take);
        drop(old);
        let new = Buffer::of(input)?.detach();
        let (start, length) = (new.view().buf, new.view().len);
        self.buffer.with(|buffer| *buffer = new);
        self.input_buffer.set(start.cast());
        self.input_len.set(length);
        self.next_read_idx.set(0);
        self.prefetched_idx.set(length);
        Ok(length)
    }

    /// The bytes of the input in a range that is known to lie inside of it.
    fn input(&self, start: isize, length: isize) -> &[u8] {
        if length <= 0 {
            return &[];
        }
        // SAFETY: the view holds `input_len` bytes; a slice is not kept over the next refill.
        unsafe {
            std::slice::from_raw_parts(self.input_buffer.get().offset(start), length as usize)
        }
    }

    /// Tells the file about bytes that were only peeked at.
    pub fn skip_consumed(&self) -> PyResult<()> {
        let consumed = self.next_read_idx.get() - self.prefetched_idx.get();
        if consumed <= 0 {
            return Ok(());
        }
        if let Some(read) = self.read.own() {
            call::call(&read, &[&*long::from_isize(consumed)?])?;
        }
        self.prefetched_idx.set(self.next_read_idx.get());
        Ok(())
    }

    fn read_from_file(&self, wanted: Option<isize>) -> PyResult<isize> {
        self.skip_consumed()?;
        let data = match wanted {
            None => match self.readline.own() {
                Some(readline) => call::call(&readline, &[])?,
                None => return Err(truncated()),
            },
            Some(wanted) => {
                if wanted < PREFETCH
                    && let Some(peek) = self.peek.own()
                    && let Some(seen) = self.peek_ahead(&peek)?
                    && wanted <= seen
                {
                    return Ok(wanted);
                }
                match self.read.own() {
                    Some(read) => call::call(&read, &[&*long::from_isize(wanted)?])?,
                    None => return Err(truncated()),
                }
            }
        };
        self.set_string_input(&data)
    }

    fn peek_ahead(&self, peek: &PyObject) -> PyResult<Option<isize>> {
        match call::call(peek, &[&*long::from_isize(PREFETCH)?]) {
            Ok(data) => {
                let seen = self.set_string_input(&data)?;
                self.prefetched_idx.set(0);
                Ok(Some(seen))
            }
            Err(raised) if errors::matches(&PyExc_NotImplementedError) => {
                errors::discard(raised);
                self.peek.put(None);
                Ok(None)
            }
            Err(raised) => Err(raised),
        }
    }

    /// The next bytes; the slice is good until the next read.
    #[inline]
    pub fn read(&self, count: isize) -> PyResult<&[u8]> {
        let next = self.next_read_idx.get();
        if count <= self.input_len.get() - next {
            self.next_read_idx.set(next + count);
            return Ok(self.input(next, count));
        }
        self.read_more(count)
    }

    fn read_more(&self, count: isize) -> PyResult<&[u8]> {
        if self.next_read_idx.get() > isize::MAX - count {
            return Err(unpickling_error("read would overflow (invalid bytecode)"));
        }
        if self.read.get().is_null() {
            return Err(truncated());
        }
        if self.read_from_file(Some(count))? < count {
            return Err(truncated());
        }
        self.next_read_idx.set(count);
        Ok(self.input(0, count))
    }

    /// One byte.
    pub fn read_byte(&self) -> PyResult<u8> {
        Ok(self.read(1)?[0])
    }

    /// A string of bytes, straight from the file where the input does not hold all of it.
    pub fn read_string(&self, count: isize) -> PyResult<Vec<u8>> {
        let next = self.next_read_idx.get();
        let here = (self.input_len.get() - next).clamp(0, count);
        let mut data = Vec::new();
        let known = if self.read.get().is_null() {
            here
        } else {
            count
        };
        if data.try_reserve_exact(known as usize).is_err() {
            return Err(errors::no_memory());
        }
        data.extend_from_slice(self.input(next, here));
        self.next_read_idx.set(next + here);
        let rest = count - here;
        if rest == 0 {
            return Ok(data);
        }
        let Some(read) = self.read.own() else {
            return Err(truncated());
        };
        self.skip_consumed()?;
        match self.readinto.own() {
            Some(readinto) => read_into(&readinto, rest, &mut data)?,
            None => read_plainly(&read, rest, &mut data)?,
        }
        Ok(data)
    }

    /// The next line, its end included.
    pub fn read_line(&self) -> PyResult<Vec<u8>> {
        let next = self.next_read_idx.get();
        let rest = self.input(next, self.input_len.get() - next);
        if let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let line = rest[..=end].to_vec();
            self.next_read_idx.set(next + end as isize + 1);
            return Ok(self.keep_line(line));
        }
        if self.read.get().is_null() {
            return Err(truncated());
        }
        let length = self.read_from_file(None)?;
        let line = self.input(0, length).to_vec();
        if line.last() != Some(&b'\n') {
            return Err(truncated());
        }
        self.next_read_idx.set(length);
        Ok(self.keep_line(line))
    }

    fn keep_line(&self, line: Vec<u8>) -> Vec<u8> {
        self.input_line
            .with(|kept| *kept = Some(Box::new(Line(line.clone()))));
        line
    }

    /// The next line, which must have so many bytes at least, its end included.
    pub fn read_line_of(&self, least: usize) -> PyResult<Vec<u8>> {
        let line = self.read_line()?;
        if line.len() < least {
            return Err(bad_readline());
        }
        Ok(line)
    }
}

/// So much is given to `readinto` at once.
const PIECE: isize = 1 << 24;

fn read_into(readinto: &PyObject, count: isize, data: &mut Vec<u8>) -> PyResult<()> {
    let mut rest = count;
    while rest > 0 {
        let piece = rest.min(PIECE);
        let room = bytearray::from_slice(&vec![0; piece as usize])?;
        let view = memoryview::from_object(room.as_object())?;
        let read = call::call(readinto, &[&view])?;
        let read = crate::pickler::integer(&read)?;
        if read < 0 {
            return Err(value_error("readinto() returned negative size"));
        }
        if read < piece {
            return Err(truncated());
        }
        data.extend_from_slice(bytearray::data_of(&room));
        rest -= piece;
    }
    Ok(())
}

fn read_plainly(read: &PyObject, count: isize, data: &mut Vec<u8>) -> PyResult<()> {
    let got = call::call(read, &[&*long::from_isize(count)?])?;
    let Some(got) = got.downcast_ref::<PyBytesObject>() else {
        return Err(value_error(format_args!(
            "read() returned non-bytes object ({})",
            shown(got.type_().as_object())?
        )));
    };
    let got = bytes::data_of(got);
    if (got.len() as isize) < count {
        return Err(truncated());
    }
    data.extend_from_slice(&got[..count as usize]);
    Ok(())
}
