//! Bytes that grow where they will stay (`_PyBytesWriter`): the result is never copied, so a large one needs
//! no more memory than it has.

use super::{HEADER, PyBytes_Type, from_slice};
use crate::errors::{self, PyResult};
use crate::memory;
use crate::own::Own;
use std::ptr::null_mut;
use twinheap_abi::*;

/// A bytes object under construction: a block with room for the header in front of the data.
pub struct Writer {
    block: *mut u8,
    length: usize,
    capacity: usize,
}

impl Writer {
    /// A writer with room for so many bytes.
    pub fn new(capacity: usize) -> PyResult<Writer> {
        let mut writer = Writer {
            block: null_mut(),
            length: 0,
            capacity: 0,
        };
        writer.grow(capacity.max(1))?;
        Ok(writer)
    }

    fn grow(&mut self, capacity: usize) -> PyResult<()> {
        if capacity > isize::MAX as usize - HEADER {
            return Err(errors::no_memory());
        }
        // SAFETY: the block is null or the writer's own.
        let block = unsafe { memory::realloc(self.block, HEADER + capacity) };
        if block.is_null() {
            return Err(errors::no_memory());
        }
        (self.block, self.capacity) = (block, capacity);
        Ok(())
    }

    /// Makes room for so many more bytes: a little more than asked for, exactly that much where it is a lot.
    pub fn reserve(&mut self, count: usize) -> PyResult<()> {
        const LARGE: usize = 1 << 24;
        let Some(needed) = self.length.checked_add(count) else {
            return Err(errors::no_memory());
        };
        if needed <= self.capacity {
            return Ok(());
        }
        self.grow(match count < LARGE {
            true => needed.saturating_add(needed / 4),
            false => needed,
        })
    }

    /// Where the data start; the header's size includes the NUL behind them.
    fn data(&self) -> *mut u8 {
        self.block.wrapping_add(HEADER - 1)
    }

    /// What has been written.
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `length` bytes have been written.
        unsafe { std::slice::from_raw_parts(self.data(), self.length) }
    }

    /// Adds bytes.
    pub fn extend(&mut self, added: &[u8]) -> PyResult<()> {
        self.reserve(added.len())?;
        // SAFETY: there is room; the block is the writer's own.
        unsafe {
            std::ptr::copy_nonoverlapping(
                added.as_ptr(),
                self.data().add(self.length),
                added.len(),
            );
        }
        self.length += added.len();
        Ok(())
    }

    /// Adds a byte so many times.
    pub fn fill(&mut self, byte: u8, count: usize) -> PyResult<()> {
        self.reserve(count)?;
        // SAFETY: there is room.
        unsafe { std::ptr::write_bytes(self.data().add(self.length), byte, count) };
        self.length += count;
        Ok(())
    }

    /// The bytes object, exactly as large as it must be.
    pub fn finish(mut self) -> PyResult<Own<PyBytesObject>> {
        if self.length < 2 {
            return from_slice(self.as_slice());
        }
        if self.capacity > self.length {
            self.grow(self.length)?;
        }
        let object: *mut PyBytesObject = std::mem::replace(&mut self.block, null_mut()).cast();
        // SAFETY: a block of the header, the data and a NUL, which nobody else has.
        unsafe {
            memory::init_header(object.cast(), &PyBytes_Type);
            (*object).ob_size.set(self.length as isize);
            (*object).ob_shash.set(-1);
            super::data_pointer(&*object).add(self.length).write(0);
            Ok(Own::from_raw(object))
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // SAFETY: the block is null or the writer's own.
        unsafe { memory::free(self.block) };
    }
}
