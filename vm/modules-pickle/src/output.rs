//! What a pickler writes: the buffer, its frames, and the file behind it.

use crate::opcode::*;
use crate::prelude::*;

/// The bytes written so far.
#[derive(Default)]
pub struct Output(pub Vec<u8>);

impl PicklerObject {
    /// Starts an empty buffer.
    pub fn clear_buffer(&self) {
        self.output_buffer
            .with(|buffer| *buffer = Some(Box::default()));
        self.output_len.set(0);
        self.frame_start.set(-1);
    }

    /// Writes bytes, at the start of a new frame where one is due.
    pub fn write(&self, data: &[u8]) -> PyResult<()> {
        let new_frame = self.framing.get() != 0 && self.frame_start.get() == -1;
        let written = self.output_len.get();
        let needed = data.len() + if new_frame { FRAME_HEADER_SIZE } else { 0 };
        let length = written + needed as isize;
        if length > self.max_output_len.get() {
            self.max_output_len.set(length / 2 * 3);
        }
        let room = self.max_output_len.get() as usize;
        let fits = self.output_buffer.with(|buffer| {
            let buffer = &mut buffer.get_or_insert_default().0;
            if buffer.capacity() < length as usize
                && buffer.try_reserve_exact(room - buffer.len()).is_err()
            {
                return false;
            }
            if new_frame {
                buffer.extend_from_slice(&[0xfe; FRAME_HEADER_SIZE]);
            }
            buffer.extend_from_slice(data);
            true
        });
        if !fits {
            return Err(errors::no_memory());
        }
        if new_frame {
            self.frame_start.set(written);
        }
        self.output_len.set(length);
        Ok(())
    }

    /// Writes one opcode.
    pub fn op(&self, opcode: u8) -> PyResult<()> {
        self.write(&[opcode])
    }

    /// Closes the frame that is open; a very short one loses its header.
    pub fn commit_frame(&self) {
        let start = self.frame_start.get();
        if self.framing.get() == 0 || start == -1 {
            return;
        }
        let start = start as usize;
        let length = self.output_len.get() as usize - start - FRAME_HEADER_SIZE;
        self.output_buffer.with(|buffer| {
            let buffer = &mut buffer.get_or_insert_default().0;
            if length >= FRAME_SIZE_MIN {
                buffer[start] = FRAME;
                buffer[start + 1..start + FRAME_HEADER_SIZE]
                    .copy_from_slice(&(length as u64).to_le_bytes());
            } else {
                buffer.drain(start..start + FRAME_HEADER_SIZE);
                self.output_len.set(buffer.len() as isize);
            }
        });
        self.frame_start.set(-1);
    }

    /// Hands over what has been written, as bytes.
    pub fn take_bytes(&self) -> PyResult<Own<PyBytesObject>> {
        self.commit_frame();
        let written = self.output_buffer.with(Option::take).unwrap_or_default();
        bytes::from_slice_fresh(&written.0)
    }

    /// Hands what has been written to the file.
    pub fn flush_to_file(&self) -> PyResult<()> {
        let data = self.take_bytes()?;
        self.call_write(data.as_object())
    }

    fn call_write(&self, data: &PyObject) -> PyResult<()> {
        match self.write.own() {
            Some(write) => call::call(&write, &[data]).map(drop),
            None => Err(errors::system_error("a pickler without a file was flushed")),
        }
    }

    /// Between two opcodes, closes a frame that is long enough.
    pub fn opcode_boundary(&self) -> PyResult<()> {
        let start = self.frame_start.get();
        if self.framing.get() == 0 || start == -1 {
            return Ok(());
        }
        let length = self.output_len.get() - start - FRAME_HEADER_SIZE as isize;
        if length >= FRAME_SIZE_TARGET as isize {
            self.commit_frame();
            if !self.write.get().is_null() {
                self.flush_to_file()?;
                self.clear_buffer();
            }
        }
        Ok(())
    }

    /// Writes a long string: one that would fill a frame stands outside of frames, and goes to the
    /// file as it is. `payload` is the object whose bytes these are, where there is one.
    pub fn write_string(
        &self,
        header: &[u8],
        data: &[u8],
        payload: Option<&PyObject>,
    ) -> PyResult<()> {
        let bypass = data.len() >= FRAME_SIZE_TARGET;
        let framing = self.framing.get();
        if bypass {
            self.commit_frame();
            self.framing.set(0);
        }
        self.write(header)?;
        if bypass && !self.write.get().is_null() {
            self.flush_to_file()?;
            match payload {
                Some(payload) => self.call_write(payload)?,
                None => self.call_write(bytes::from_slice(data)?.as_object())?,
            }
            self.clear_buffer();
        } else {
            self.write(data)?;
        }
        self.framing.set(framing);
        Ok(())
    }
}
