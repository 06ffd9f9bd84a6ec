//! Numbers, strings and byte strings: `ob_digit`, the string state, the data bytes.

use std::mem::offset_of;

use twinheap_abi::*;

use crate::fields;
use crate::layouts::Layout;
use crate::memory::{Address, c_text};
use crate::text::{bytes_data, int_digits, str_data};
use crate::walk::Decoder;

impl Decoder {
    pub(crate) fn write_scalar(&mut self, address: Address, layout: Layout) {
        match layout {
            Layout::Int => {
                let (_, digits) = int_digits(address);
                self.signed(
                    fields::OB_SIZE,
                    address.view::<PyVarObject>().ob_size.get() as i64,
                );
                for (index, digit) in digits.iter().enumerate() {
                    self.unsigned_at(fields::OB_DIGIT, index, u64::from(*digit));
                }
            }
            Layout::Float => {
                self.unsigned(
                    fields::OB_FVAL,
                    address.view::<PyFloatObject>().ob_fval.get().to_bits(),
                );
            }
            Layout::Complex => {
                let value = address.view::<PyComplexObject>().cval.get();
                self.unsigned_at(fields::COMPLEX_CVAL, 0, value.real.to_bits());
                self.unsigned_at(fields::COMPLEX_CVAL, 1, value.imag.to_bits());
            }
            Layout::Str | Layout::InternedStr => self.write_str(address),
            Layout::Bytes => {
                self.signed(
                    fields::OB_SIZE,
                    address.view::<PyVarObject>().ob_size.get() as i64,
                );
                self.signed(
                    fields::OB_SHASH,
                    address.view::<PyBytesObject>().ob_shash.get() as i64,
                );
                self.bytes(fields::OB_SVAL, bytes_data(address));
            }
            Layout::ByteArray => self.write_bytearray(address),
            Layout::ManagedBuffer => self.write_managed_buffer(address),
            _ => self.write_memoryview(address),
        }
    }

    fn write_str(&mut self, address: Address) {
        let header = address.view::<PyASCIIObject>();
        self.signed(fields::STR_LENGTH, header.length.get() as i64);
        self.signed(fields::STR_HASH, header.hash.get() as i64);
        self.unsigned(fields::STR_STATE, u64::from(header.state.get() & 0xff));
        self.presence(fields::STR_WSTR, header.wstr.get());
        if !(header.is_compact() && header.is_ascii()) {
            let compact = address.view::<PyCompactUnicodeObject>();
            self.presence(fields::STR_UTF8, compact.utf8.get());
            let length = if compact.utf8.get().is_null() {
                0
            } else {
                compact.utf8_length.get()
            };
            self.signed(fields::STR_UTF8_LENGTH, length as i64);
        }
        self.bytes(fields::STR_DATA, str_data(address));
    }

    fn write_bytearray(&mut self, address: Address) {
        let object = address.view::<PyByteArrayObject>();
        let size = object.ob_size.get();
        self.signed(fields::OB_SIZE, size as i64);
        self.signed(fields::OB_ALLOC, object.ob_alloc.get() as i64);
        self.presence(fields::OB_BYTES, object.ob_bytes.get());
        let slack = (object.ob_start.get() as usize).wrapping_sub(object.ob_bytes.get() as usize);
        self.unsigned(fields::OB_START, slack as u64);
        self.signed(fields::OB_EXPORTS, object.ob_exports.get() as i64);
        self.bytes(
            fields::OB_SVAL,
            Address::of(object.ob_start.get()).table(size as usize),
        );
    }

    fn write_memoryview(&mut self, address: Address) {
        let view = address.view::<PyMemoryViewObject>();
        self.reference(fields::MV_MBUF, view.mbuf.get());
        self.signed(fields::MV_HASH, view.hash.get() as i64);
        self.signed(fields::MV_FLAGS, i64::from(view.flags.get()));
        self.signed(fields::MV_EXPORTS, view.exports.get() as i64);
        self.weak_references(fields::MV_WEAKREFLIST, view.weakreflist.get());
        const RELEASED: i32 = 1;
        if view.flags.get() & RELEASED == 0 {
            let start = offset_of!(PyMemoryViewObject, view) as isize;
            self.write_view(address.offset(start).view());
        }
    }

    /// What a memoryview holds its buffer by.
    fn write_managed_buffer(&mut self, address: Address) {
        let buffer = address.view::<_PyManagedBufferObject>();
        self.signed(fields::MB_FLAGS, i64::from(buffer.flags.get()));
        self.signed(fields::MB_EXPORTS, buffer.exports.get() as i64);
        const RELEASED: i32 = 1;
        if buffer.flags.get() & RELEASED == 0 {
            let start = offset_of!(_PyManagedBufferObject, master) as isize;
            self.write_view(address.offset(start).view());
        }
    }

    /// A view of a buffer: its owner, its form, and where it begins, as far as the owner's data say.
    fn write_view(&mut self, view: &Py_buffer) {
        self.reference(fields::VIEW_OBJ, view.obj);
        self.unsigned(fields::VIEW_BUF, u64::from(!view.buf.is_null()));
        self.signed(fields::VIEW_LEN, view.len as i64);
        self.signed(fields::VIEW_ITEMSIZE, view.itemsize as i64);
        self.signed(fields::VIEW_READONLY, i64::from(view.readonly));
        self.signed(fields::VIEW_NDIM, i64::from(view.ndim));
        self.bytes(fields::VIEW_FORMAT, c_text(view.format));
        for (field, numbers) in [
            (fields::VIEW_SHAPE, view.shape),
            (fields::VIEW_STRIDES, view.strides),
            (fields::VIEW_SUBOFFSETS, view.suboffsets),
        ] {
            let numbers = Address::of(numbers).table::<isize>(view.ndim.max(0) as usize);
            for (index, number) in numbers.iter().enumerate() {
                self.signed_at(field, index, *number as i64);
            }
        }
    }

    /// The bytes that a str takes, whose size the type object does not tell.
    pub(crate) fn size_of_text(&self, address: Address, layout: Layout) -> Option<u64> {
        if !matches!(layout, Layout::Str | Layout::InternedStr) {
            return None;
        }
        let header = address.view::<PyASCIIObject>();
        if !header.is_compact() {
            return None;
        }
        let head = if header.is_ascii() {
            size_of::<PyASCIIObject>()
        } else {
            size_of::<PyCompactUnicodeObject>()
        };
        Some(head as u64 + (header.length.get() as u64 + 1) * u64::from(header.kind()))
    }
}
