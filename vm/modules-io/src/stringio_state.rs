//! Where `io.StringIO` keeps its text (`Modules/_io/stringio.c`, `Objects/accu.c`).
//!
//! While everything was written behind what was written before, the strings lie in the lists of the accumulator; the
//! first read, seek or overwrite puts them together in `buf`. `string_size` tells the length in both states.
//! Unsafe code: the buffer is a block of the allocator's, of `buf_size` characters, and no other's.

use crate::prelude::*;

object_struct! {
    /// `stringio`.
    pub struct StringIo {
        buf: Cell<*const u32>,
        pos: Cell<isize>,
        string_size: Cell<isize>,
        buf_size: Cell<usize>,
        state: Cell<i32>,
        accu_large: Pointer<PyListObject>,
        accu_small: Pointer<PyListObject>,
        ok: Cell<u8>,
        closed: Cell<u8>,
        readuniversal: Cell<u8>,
        readtranslate: Cell<u8>,
        decoder: Pointer<PyObject>,
        readnl: Pointer<PyObject>,
        writenl: Pointer<PyObject>,
        dict: Pointer<PyDictObject>,
        weakreflist: Cell<*const PyObject>,
    }
}

const REALIZED: i32 = 1;
const ACCUMULATING: i32 = 2;

/// Strings are put together once so many of them are held.
const SMALL_STRINGS: usize = 100_000;

fn joined(pieces: &PyListObject) -> PyResult {
    unicode::join(&*unicode::from_str("")?, pieces.as_object())
}

impl StringIo {
    /// The buffer of a new object, with room for nothing.
    pub fn begin(&self) -> PyResult<()> {
        let block = memory::malloc(0);
        if block.is_null() {
            return Err(errors::no_memory());
        }
        self.buf.set(block.cast());
        Ok(())
    }

    /// `resize_buffer`: makes room for so many characters and one more.
    pub fn resize_buffer(&self, size: usize) -> PyResult<()> {
        let too_large = || overflow_error("new buffer size too large");
        let size = size.checked_add(1).ok_or_else(too_large)?;
        if size > isize::MAX as usize {
            return Err(too_large());
        }
        let room = self.buf_size.get();
        let room = if size < room / 2 {
            size + 1
        } else if size < room {
            return Ok(());
        } else if size as f64 <= room as f64 * 1.125 {
            size + (size >> 3) + if size < 9 { 3 } else { 6 }
        } else {
            size + 1
        };
        let bytes = room
            .checked_mul(size_of::<u32>())
            .filter(|bytes| *bytes <= isize::MAX as usize)
            .ok_or_else(too_large)?;
        // SAFETY: the block came from the allocator; its old address is replaced at once.
        let block = unsafe { memory::realloc(self.buf.get().cast_mut().cast(), bytes) };
        if block.is_null() {
            return Err(errors::no_memory());
        }
        self.buf.set(block.cast());
        self.buf_size.set(room);
        Ok(())
    }

    /// Copies characters into the buffer, which has the room.
    fn copy_in(&self, at: usize, text: &PyASCIIObject) {
        let text = unicode::text(text);
        assert!(at + text.len() <= self.buf_size.get());
        for (index, character) in text.iter().enumerate() {
            // SAFETY: inside the block, as was asserted.
            unsafe { self.buf.get().cast_mut().add(at + index).write(character) };
        }
    }

    /// All characters. Only a realized object has them; no code of the program may run meanwhile.
    pub fn characters(&self) -> &[u32] {
        debug_assert!(!self.is_accumulating());
        // SAFETY: the first `string_size` characters of the block were written.
        unsafe { std::slice::from_raw_parts(self.buf.get(), self.length()) }
    }

    pub fn length(&self) -> usize {
        self.string_size.get() as usize
    }

    pub fn is_accumulating(&self) -> bool {
        self.state.get() == ACCUMULATING
    }

    /// `_PyAccu_Init`: begins to accumulate, with the string that holds all so far.
    pub fn accumulate(&self, whole: Option<&PyObject>) -> PyResult<()> {
        let list = list::new(0)?;
        if let Some(whole) = whole {
            list::append(&list, whole)?;
        }
        self.accu_large.put(None);
        self.accu_small.put(Some(list));
        self.state.set(ACCUMULATING);
        Ok(())
    }

    /// `_PyAccu_Accumulate`.
    fn add(&self, text: &PyObject) -> PyResult<()> {
        let small = self.accu_small.expect_ref();
        list::append(small, text)?;
        if list::items(small).len() < SMALL_STRINGS {
            return Ok(());
        }
        self.flush_accumulator()
    }

    /// Moves the strings into the list of the large ones, as one.
    fn flush_accumulator(&self) -> PyResult<()> {
        let small = self.accu_small.expect_ref();
        if list::items(small).is_empty() {
            return Ok(());
        }
        if self.accu_large.own().is_none() {
            self.accu_large.put(Some(list::new(0)?));
        }
        let whole = joined(small)?;
        self.accu_small.put(Some(list::new(0)?));
        list::append(self.accu_large.expect_ref(), &whole)
    }

    /// `_PyAccu_Finish`: the accumulator is empty afterwards, and the object realized.
    fn finish(&self) -> PyResult {
        self.state.set(REALIZED);
        if self.accu_large.own().is_some() {
            self.flush_accumulator()?;
        }
        let large = self.accu_large.own();
        let small = self.accu_small.own();
        self.drop_accumulator();
        match large.or(small) {
            Some(pieces) => joined(&pieces),
            None => Ok(unicode::from_str("")?.upcast()),
        }
    }

    /// `_PyAccu_Destroy`.
    pub fn drop_accumulator(&self) {
        self.accu_small.put(None);
        self.accu_large.put(None);
    }

    /// From here on the text lies in the buffer only.
    pub fn realize(&self) -> PyResult<()> {
        if !self.is_accumulating() {
            return Ok(());
        }
        let whole = self.finish()?;
        self.put_text(0, &whole)
    }

    /// For a value that was given: nothing is accumulated.
    pub fn begin_realized(&self) {
        self.state.set(REALIZED);
    }

    /// `make_intermediate`: all that was accumulated as one string, which stays in the accumulator.
    pub fn intermediate(&self) -> PyResult {
        let whole = self.finish()?;
        self.accumulate(Some(&whole))?;
        Ok(whole)
    }

    /// Puts a string into the buffer, for which room is made.
    pub fn put_text(&self, at: usize, text: &PyObject) -> PyResult<()> {
        if let Some(text) = text.downcast_ref::<PyASCIIObject>() {
            self.resize_buffer(at + unicode::text(text).len())?;
            self.copy_in(at, text);
        }
        Ok(())
    }

    /// Writes a string, translated already, at the position.
    pub fn write_at_position(&self, text: &PyObject) -> PyResult<()> {
        let Some(added) = text.downcast_ref::<PyASCIIObject>() else {
            return Err(type_error("decoder should return a string result"));
        };
        let (at, count) = (self.pos.get() as usize, added.length.get() as usize);
        let end = at + count;
        if end > isize::MAX as usize {
            return Err(overflow_error("new position too large"));
        }
        if self.is_accumulating() && self.length() == at {
            self.add(text)?;
        } else {
            self.realize()?;
            if end > self.length() {
                self.resize_buffer(end)?;
            }
            for gap in self.length()..at {
                // SAFETY: behind what was written and before the end, for which there is room.
                unsafe { self.buf.get().cast_mut().add(gap).write(0) };
            }
            self.copy_in(at, added);
        }
        self.pos.set(end as isize);
        self.string_size
            .set(self.string_size.get().max(end as isize));
        Ok(())
    }

    /// Releases everything when the object goes.
    pub fn release(&self) {
        self.ok.set(0);
        let block = self.buf.replace(std::ptr::null());
        // SAFETY: null or the allocator's, and nobody else has it.
        unsafe { memory::free(block.cast_mut().cast()) };
        self.clear();
    }
}
