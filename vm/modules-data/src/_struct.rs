//! `_struct` (`Modules/_struct.c`): numbers and bytes in a layout that a format tells.

use crate::prelude::*;
use twinheap_objects::bytes;
use twinheap_objects::exceptions::{PyExc_Exception, PyExc_IndexError, PyExc_OverflowError};
use twinheap_objects::float;
use twinheap_objects::own::Native;
use twinheap_objects::state::Global;

/// `struct.error`, once it is made.
static ERROR: Global<Pointer<PyTypeObject>> = Global(Cell::new(std::ptr::null_mut()));

fn error_type() -> PyResult<Own<PyTypeObject>> {
    if let Some(made) = Field::own(&*ERROR) {
        return Ok(made);
    }
    let made = types::build_class_type("error", &PyExc_Exception, "struct")?;
    ERROR.put(Some(made.clone()));
    Ok(made)
}

fn struct_error(message: impl std::fmt::Display) -> errors::Raised {
    match error_type() {
        Ok(type_) => errors::raise(&type_, message),
        Err(raised) => raised,
    }
}

/// One item of a format: its code, where it lies, and how often it repeats there.
#[derive(Clone, Copy)]
struct Item {
    code: u8,
    offset: usize,
    size: usize,
    repeat: usize,
}

/// A format that has been read.
#[derive(Clone, Default)]
struct Layout_ {
    items: Vec<Item>,
    size: usize,
    values: usize,
    order: Order,
}

/// The byte order that a format asks for, which also picks the checks of its numbers.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Native,
    Little,
    Big,
}

/// Size and alignment of a code; native ones are this machine's.
fn size_of_code(code: u8, native: bool) -> Option<(usize, usize)> {
    let size = match code {
        b'x' | b'c' | b'b' | b'B' | b'?' | b's' | b'p' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' => {
            if native {
                8
            } else {
                4
            }
        }
        b'q' | b'Q' | b'd' => 8,
        b'n' | b'N' | b'P' if native => 8,
        _ => return None,
    };
    Some((size, if native { size } else { 1 }))
}

fn parse(format: &[u8]) -> PyResult<Layout_> {
    let (order, rest) = match format.first() {
        Some(b'@') => (Order::Native, &format[1..]),
        Some(b'=' | b'<') => (Order::Little, &format[1..]),
        Some(b'>' | b'!') => (Order::Big, &format[1..]),
        _ => (Order::Native, format),
    };
    let native = order == Order::Native;
    let mut layout = Layout_ {
        order,
        ..Layout_::default()
    };
    let too_long = || struct_error("total struct size too long");
    let mut at = 0;
    while at < rest.len() {
        let mut code = rest[at];
        at += 1;
        if code.is_ascii_whitespace() {
            continue;
        }
        let mut count: usize = 1;
        if code.is_ascii_digit() {
            count = 0;
            loop {
                count = count
                    .checked_mul(10)
                    .and_then(|count| count.checked_add(usize::from(code - b'0')))
                    .filter(|count| *count <= isize::MAX as usize)
                    .ok_or_else(too_long)?;
                let Some(&next) = rest.get(at) else {
                    return Err(struct_error("repeat count given without format specifier"));
                };
                code = next;
                at += 1;
                if !code.is_ascii_digit() {
                    break;
                }
            }
        }
        let Some((size, align)) = size_of_code(code, native) else {
            return Err(struct_error("bad char in struct format"));
        };
        let offset = layout.size.next_multiple_of(align);
        let bytes = size
            .checked_mul(count)
            .and_then(|bytes| bytes.checked_add(offset));
        layout.size = bytes
            .filter(|size| *size <= isize::MAX as usize)
            .ok_or_else(too_long)?;
        match code {
            b'x' => {}
            b's' | b'p' => {
                layout.items.push(Item {
                    code,
                    offset,
                    size: count,
                    repeat: 1,
                });
                layout.values += 1;
            }
            _ if count > 0 => {
                layout.items.push(Item {
                    code,
                    offset,
                    size,
                    repeat: count,
                });
                layout.values += count;
            }
            _ => {}
        }
    }
    Ok(layout)
}

/// The bounds of an integer code.
fn integer_bounds(code: u8, size: usize) -> (i128, i128) {
    let bits = 8 * size as u32;
    if code.is_ascii_lowercase() {
        (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
    } else {
        (0, (1i128 << bits) - 1)
    }
}

fn integer_value(value: &PyObject) -> PyResult<Own<PyLongObject>> {
    if let Some(number) = value.downcast_ref::<PyLongObject>() {
        return Ok(Own::new(number));
    }
    if !abstract_::has_index(value) {
        return Err(struct_error("required argument is not an integer"));
    }
    abstract_::index(value)
}

fn wide(number: &PyLongObject) -> Option<i128> {
    let mut value: i128 = 0;
    let digits = long::digits(number);
    if digits.len() > 4 {
        return None;
    }
    for digit in digits.iter().rev() {
        value = value << 30 | i128::from(*digit);
    }
    Some(if number.ob_base.ob_size.get() < 0 {
        -value
    } else {
        value
    })
}

/// The C type that a number passes through before its range is looked at; none for numbers whose
/// bytes are taken as they are.
fn passing_bounds(code: u8, order: Order) -> Option<(i128, i128)> {
    match code {
        b'q' | b'Q' if order == Order::Big => None,
        b'P' => None,
        b'H' if order == Order::Big => Some((0, i128::from(u64::MAX))),
        b'I' | b'L' | b'Q' | b'N' => Some((0, i128::from(u64::MAX))),
        _ => Some((i128::from(i64::MIN), i128::from(i64::MAX))),
    }
}

/// What an integer is told that fits the machine's long, but not its own format.
fn range_message(code: u8, order: Order, least: i128, most: i128) -> String {
    let name = match code {
        b'b' => "byte",
        b'B' => "ubyte",
        b'h' if order != Order::Big => "short",
        b'H' if order != Order::Big => "ushort",
        code => {
            let code = char::from(code);
            return format!("'{code}' format requires {least} <= number <= {most}");
        }
    };
    format!("{name} format requires {least} <= number <= {most}")
}

/// The complaint about a number whose bytes are too many for its format.
fn too_wide(code: u8, negative: bool) -> &'static str {
    match (code, negative) {
        (b'P', true) => "Python int too large to convert to C long",
        (b'P', false) => "Python int too large to convert to C unsigned long",
        (b'Q', true) => "can't convert negative int to unsigned",
        _ => "int too big to convert",
    }
}

fn pack_integer(item: &Item, value: &PyObject, order: Order, out: &mut [u8]) -> PyResult<()> {
    let number = integer_value(value)?;
    let given = wide(&number);
    let fitting = |bounds: (i128, i128)| given.filter(|it| (bounds.0..=bounds.1).contains(it));
    let (mut least, most) = integer_bounds(item.code, item.size);
    let given = match passing_bounds(item.code, order) {
        Some(passing) => {
            if fitting(passing).is_none() {
                return Err(struct_error("argument out of range"));
            }
            fitting((least, most))
                .ok_or_else(|| struct_error(range_message(item.code, order, least, most)))?
        }
        None => {
            if item.code == b'P' {
                least = i128::from(i64::MIN);
            }
            let negative = number.ob_base.ob_size.get() < 0;
            fitting((least, most)).ok_or_else(|| overflow_error(too_wide(item.code, negative)))?
        }
    };
    let data = given.to_le_bytes();
    let target = &mut out[..item.size];
    target.copy_from_slice(&data[..item.size]);
    if order == Order::Big {
        target.reverse();
    }
    Ok(())
}

/// Half precision: the bits of the nearest value, ties to even.
fn to_half(value: f64) -> Option<u16> {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    if value.is_nan() {
        return Some(sign | 0x7e00);
    }
    let size = value.abs();
    if size.is_infinite() {
        return Some(sign | 0x7c00);
    }
    if size >= 65520.0 {
        return None;
    }
    let ties_even = |x: f64| {
        let floor = x.floor();
        let rest = x - floor;
        if rest > 0.5 || rest == 0.5 && floor % 2.0 == 1.0 {
            floor + 1.0
        } else {
            floor
        }
    };
    if size < 2f64.powi(-14) {
        return Some(sign | ties_even(size * 2f64.powi(24)) as u16);
    }
    let mut exponent = size.log2().floor() as i32;
    if 2f64.powi(exponent) > size {
        exponent -= 1;
    }
    let mantissa = ties_even(size / 2f64.powi(exponent) * 1024.0);
    Some(sign | ((exponent + 14) as u16 * 1024 + mantissa as u16))
}

fn from_half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa / 1024.0 + 1.0) * 2f64.powi(exponent - 15),
    }
}

fn pack_float(item: &Item, value: &PyObject, order: Order, out: &mut [u8]) -> PyResult<()> {
    let given = float::as_double(value).map_err(|raised| {
        errors::discard(raised);
        struct_error("required argument is not a float")
    })?;
    let mut data = match item.code {
        b'e' => match to_half(given) {
            Some(bits) => bits.to_le_bytes().to_vec(),
            None => return Err(overflow_error("float too large to pack with e format")),
        },
        b'f' => {
            let narrow = given as f32;
            if narrow.is_infinite() && given.is_finite() && order != Order::Native {
                return Err(overflow_error("float too large to pack with f format"));
            }
            narrow.to_le_bytes().to_vec()
        }
        _ => given.to_le_bytes().to_vec(),
    };
    if order == Order::Big {
        data.reverse();
    }
    out[..data.len()].copy_from_slice(&data);
    Ok(())
}

fn pack_item(item: &Item, value: &PyObject, order: Order, out: &mut [u8]) -> PyResult<()> {
    match item.code {
        b's' | b'p' => {
            let data = match value.downcast_ref::<PyBytesObject>() {
                Some(data) => bytes::data_of(data).to_vec(),
                None => match value.downcast_ref::<PyByteArrayObject>() {
                    Some(data) => twinheap_objects::bytearray::data_of(data).to_vec(),
                    None => {
                        return Err(struct_error(format_args!(
                            "argument for '{}' must be a bytes object",
                            item.code as char
                        )));
                    }
                },
            };
            let (start, room) = if item.code == b'p' {
                (1, item.size.saturating_sub(1))
            } else {
                (0, item.size)
            };
            let count = data.len().min(room);
            if item.size > 0 {
                out[start..start + count].copy_from_slice(&data[..count]);
                if item.code == b'p' {
                    out[0] = count.min(255) as u8;
                }
            }
            Ok(())
        }
        b'c' => match value.downcast_ref::<PyBytesObject>().map(bytes::data_of) {
            Some([byte]) => {
                out[0] = *byte;
                Ok(())
            }
            _ => Err(struct_error(
                "char format requires a bytes object of length 1",
            )),
        },
        b'?' => {
            out[0] = u8::from(object::is_true(value)?);
            Ok(())
        }
        b'e' | b'f' | b'd' => pack_float(item, value, order, out),
        _ => pack_integer(item, value, order, out),
    }
}

fn unpack_item(item: &Item, big: bool, data: &[u8]) -> PyResult {
    let mut raw = data[..item.size].to_vec();
    match item.code {
        b's' => return Ok(bytes::from_slice(&raw)?.upcast()),
        b'p' => {
            let count = raw
                .first()
                .map_or(0, |count| usize::from(*count))
                .min(item.size.saturating_sub(1));
            let text = if item.size == 0 {
                &[][..]
            } else {
                &raw[1..1 + count]
            };
            return Ok(bytes::from_slice(text)?.upcast());
        }
        b'c' => return Ok(bytes::from_slice(&raw)?.upcast()),
        b'?' => return Ok(bool_object(raw[0] != 0)),
        _ => {}
    }
    if big {
        raw.reverse();
    }
    match item.code {
        b'e' => float::from_f64(from_half(u16::from_le_bytes([raw[0], raw[1]]))),
        b'f' => float::from_f64(f64::from(f32::from_le_bytes([
            raw[0], raw[1], raw[2], raw[3],
        ]))),
        b'd' => {
            let mut word = [0; 8];
            word.copy_from_slice(&raw);
            float::from_f64(f64::from_le_bytes(word))
        }
        code => {
            let negative = code.is_ascii_lowercase() && raw[item.size - 1] & 0x80 != 0;
            let mut word = [if negative { 0xff } else { 0 }; 8];
            word[..item.size].copy_from_slice(&raw);
            if code.is_ascii_lowercase() {
                Ok(long::from_i64(i64::from_le_bytes(word))?.upcast())
            } else {
                Ok(long::from_u64(u64::from_le_bytes(word))?.upcast())
            }
        }
    }
}

object_struct! {
    /// `PyStructObject`: the items are a Rust vector in the place of `s_codes` and its neighbours.
    pub struct StructObject {
        s_size: Cell<isize>,
        s_len: Cell<isize>,
        s_codes: Native<Option<Box<Layout_>>>,
        s_format: Pointer<PyObject>,
        weakreflist: Cell<*const PyObject>,
    }
}

typed!(StructObject, PyStructType);

impl StructObject {
    fn layout(&self) -> PyResult<Layout_> {
        match self.s_codes.with(|codes| codes.as_deref().cloned()) {
            Some(layout) => Ok(layout),
            None => Err(runtime_error("Struct object is not initialized")),
        }
    }
}

fn format_bytes(format: &PyObject) -> PyResult<Vec<u8>> {
    if let Some(text) = format.downcast_ref::<PyASCIIObject>() {
        return match unicode::as_ascii(text) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => {
                let error =
                    unicode::codecs::encode(text, unicode::codecs::Encoding::Ascii, "strict");
                error.map(|data| bytes::data_of(&data).to_vec())
            }
        };
    }
    match format.downcast_ref::<PyBytesObject>() {
        Some(data) => Ok(bytes::data_of(data).to_vec()),
        None => Err(type_error(format_args!(
            "Struct() argument 1 must be a str or bytes object, not {}",
            format.type_().name()
        ))),
    }
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let made = StructObject::alloc(type_)?;
    made.s_size.set(-1);
    made.s_len.set(-1);
    let _ = (args, kwargs);
    Ok(made.upcast())
}

fn init(this: &StructObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "Struct",
        parameters: &["format"],
        required: 1,
        positional: 1,
    };
    let [format] = call::bind_tuple::<1>(&SIGNATURE, args, kwargs)?;
    let format = format_bytes(format.expect("required"))?;
    let layout = parse(&format)?;
    this.s_format
        .put(Some(bytes::from_slice(&format)?.upcast()));
    this.s_size.set(layout.size as isize);
    this.s_len.set(layout.values as isize);
    this.s_codes.with(|codes| *codes = Some(Box::new(layout)));
    Ok(())
}

/// An overflow of a packed int is the module's own error.
fn told_of_int(raised: errors::Raised, value: &PyObject) -> errors::Raised {
    if value.downcast_ref::<PyLongObject>().is_none() || !errors::matches(&PyExc_OverflowError) {
        return raised;
    }
    errors::discard(raised);
    struct_error("int too large to convert")
}

fn pack_values(layout: &Layout_, values: &[&PyObject], function: &str) -> PyResult<Vec<u8>> {
    if values.len() != layout.values {
        return Err(struct_error(format_args!(
            "{function} expected {} items for packing (got {})",
            layout.values,
            values.len()
        )));
    }
    if layout.size > isize::MAX as usize - 33 {
        return Err(overflow_error("byte string is too large"));
    }
    let mut out = memory::zeroed(layout.size)?;
    fill_values(layout, values, &mut out)?;
    Ok(out)
}

/// Packs values into zero bytes; what was packed before one that cannot be stays.
fn fill_values(layout: &Layout_, values: &[&PyObject], out: &mut [u8]) -> PyResult<()> {
    let mut next = values.iter();
    for item in &layout.items {
        for index in 0..item.repeat {
            let at = item.offset + index * item.size;
            if let Some(value) = next.next() {
                pack_item(item, value, layout.order, &mut out[at..])
                    .map_err(|raised| told_of_int(raised, value))?;
            }
        }
    }
    Ok(())
}

fn unpack_values(layout: &Layout_, data: &[u8]) -> PyResult {
    let values = tuple::new(layout.values)?;
    let mut next = 0;
    for item in &layout.items {
        for index in 0..item.repeat {
            let at = item.offset + index * item.size;
            let value = unpack_item(item, layout.order == Order::Big, &data[at..])?;
            tuple::set_new_item(&values, next, value);
            next += 1;
        }
    }
    Ok(values.upcast())
}

fn pack(this: &StructObject, args: &[&PyObject]) -> PyResult {
    let data = pack_values(&this.layout()?, args, "pack")?;
    Ok(bytes::from_slice(&data)?.upcast())
}

fn pack_into(this: &StructObject, args: &[&PyObject]) -> PyResult {
    let layout = this.layout()?;
    let [buffer, offset, values @ ..] = args else {
        return Err(struct_error(if args.is_empty() {
            "pack_into expected buffer argument"
        } else {
            "pack_into expected offset argument"
        }));
    };
    if values.len() != layout.values {
        return Err(struct_error(format_args!(
            "pack_into expected {} items for packing (got {})",
            layout.values,
            values.len()
        )));
    }
    let target = Buffer::writable(buffer).map_err(|raised| {
        errors::discard(raised);
        type_error(format_args!(
            "argument must be read-write bytes-like object, not {:.50}",
            buffer.type_().name()
        ))
    })?;
    let given = abstract_::as_ssize(offset, Some(&PyExc_IndexError))?;
    let room = target.data().len() as isize;
    let size = layout.size as isize;
    let at = if given < 0 {
        if given + size > 0 {
            return Err(struct_error(format_args!(
                "no space to pack {size} bytes at offset {given}"
            )));
        }
        if given + room < 0 {
            return Err(struct_error(format_args!(
                "offset {given} out of range for {room}-byte buffer"
            )));
        }
        given + room
    } else {
        given
    };
    if room - at < size {
        return Err(struct_error(format_args!(
            "pack_into requires a buffer of at least {} bytes for packing {size} bytes at offset {at} (actual buffer size is {room})",
            size as usize + at as usize
        )));
    }
    let mut data = vec![0u8; layout.size];
    let filled = fill_values(&layout, values, &mut data);
    target.write(at as usize, &data);
    filled.map(|()| none())
}

fn unpack(this: &StructObject, data: &PyObject) -> PyResult {
    let layout = this.layout()?;
    let buffer = Buffer::of(data)?;
    if buffer.data().len() != layout.size {
        return Err(struct_error(format_args!(
            "unpack requires a buffer of {} bytes",
            layout.size
        )));
    }
    unpack_values(&layout, buffer.data())
}

fn unpack_from(this: &StructObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "unpack_from",
        parameters: &["buffer", "offset"],
        required: 1,
        positional: 2,
    };
    let [data, offset] = args.bind::<2>(&SIGNATURE)?;
    let layout = this.layout()?;
    let buffer = Buffer::of(data.expect("required"))?;
    let given = offset.map_or(Ok(0), unicode::ssize)?;
    let (room, size) = (buffer.data().len() as isize, layout.size as isize);
    let at = if given < 0 {
        if given + size > 0 {
            return Err(struct_error(format_args!(
                "not enough data to unpack {size} bytes at offset {given}"
            )));
        }
        if given + room < 0 {
            return Err(struct_error(format_args!(
                "offset {given} out of range for {room}-byte buffer"
            )));
        }
        given + room
    } else {
        given
    };
    if room - at < size {
        return Err(struct_error(format_args!(
            "unpack_from requires a buffer of at least {} bytes for unpacking {size} bytes at offset {at} (actual buffer size is {room})",
            size as usize + at as usize
        )));
    }
    unpack_values(&layout, &buffer.data()[at as usize..])
}

object_struct! {
    /// `unpackiterobject`.
    pub struct UnpackIterator {
        so: Pointer<StructObject>,
        source: Pointer<PyObject>,
        index: Cell<isize>,
    }
}

fn iter_unpack(this: &StructObject, data: &PyObject) -> PyResult {
    let size = this.layout()?.size;
    if size == 0 {
        return Err(struct_error(
            "cannot iteratively unpack with a struct of length 0",
        ));
    }
    if Buffer::of(data)?.data().len() % size != 0 {
        return Err(struct_error(format_args!(
            "iterative unpacking requires a buffer of a multiple of {size} bytes"
        )));
    }
    let object: *mut UnpackIterator =
        memory::new_gc_object(&unpackiter_type, size_of::<UnpackIterator>())?;
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        (*object).so.set(Own::new(this).into_raw());
        (*object).source.set(Own::new(data).into_raw());
        (*object).index.set(0);
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn unpack_next(this: &UnpackIterator) -> PyResult<Option<Own>> {
    let layout = this.so.expect_ref().layout()?;
    let source = Own::new(this.source.expect_ref());
    let buffer = Buffer::of(&source)?;
    let at = this.index.get() as usize;
    if at >= buffer.data().len() {
        return Ok(None);
    }
    this.index.set((at + layout.size) as isize);
    unpack_values(&layout, &buffer.data()[at..]).map(Some)
}

fn unpack_length_hint(this: &UnpackIterator) -> PyResult {
    let size = this.so.expect_ref().s_size.get().max(1);
    let total = object::length(this.source.expect_ref())? as isize;
    long::from_isize((total - this.index.get()) / size)
}

methods! {
    static ITER_METHODS:
    "__length_hint__" => noargs(unpack_length_hint);
}

static_type! {
    /// `_struct.unpack_iterator`.
    unpackiter_type = "_struct.unpack_iterator", size size_of::<UnpackIterator>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc UnpackIterator::dealloc),
    tp_traverse: slot!(traverse UnpackIterator::traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext unpack_next),
    tp_methods: ITER_METHODS.as_ptr(),
}

fn get_format(this: &StructObject) -> PyResult {
    match this
        .s_format
        .own()
        .as_ref()
        .and_then(|format| format.downcast_ref::<PyBytesObject>())
    {
        Some(format) => Ok(unicode::from_ucs1(bytes::data_of(format))?.upcast()),
        None => Ok(none()),
    }
}

fn get_size(this: &StructObject) -> PyResult {
    long::from_isize(this.s_size.get())
}

fn sizeof(this: &StructObject) -> PyResult {
    let items = this.layout()?.items.len() as isize;
    long::from_isize(this.as_object().type_().tp_basicsize.get() + 32 * (items + 1))
}

methods! {
    static METHODS:
    "iter_unpack" => o(iter_unpack, "($self, buffer, /)");
    "pack" => fast(pack);
    "pack_into" => fast(pack_into);
    "unpack" => o(unpack, "($self, buffer, /)");
    "unpack_from" => keywords(unpack_from, "($self, /, buffer, offset=0)");
    "__sizeof__" => noargs(sizeof);
}

getset! {
    static GETSET:
    "format" => get_format;
    "size" => get_size;
}

static_type! {
    /// `_struct.Struct`.
    PyStructType = "_struct.Struct", size size_of::<StructObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc StructObject::dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse StructObject::traverse),
    tp_weaklistoffset: offset_of!(StructObject, weakreflist) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}

/// The Struct of a format, kept for the next call.
fn cached(format: &PyObject) -> PyResult<Own<StructObject>> {
    static CACHE: Global<Pointer<PyDictObject>> = Global(Cell::new(std::ptr::null_mut()));
    if CACHE.get().is_null() {
        CACHE.put(Some(dict::new()?));
    }
    let cache: &PyDictObject = CACHE.expect_ref();
    let made = match dict::get_item(cache, format)? {
        Some(known) => known,
        None => {
            let made = call::call(PyStructType.as_object(), &[format])?;
            if cache.ma_used.get() >= 100 {
                dict::clear(cache);
            }
            dict::set_item(cache, format, &made)?;
            made
        }
    };
    made.downcast::<StructObject>()
        .map_err(|_| type_error("the cache holds no Struct"))
}

fn first_argument<'a>(args: &'a [&'a PyObject]) -> PyResult<(&'a PyObject, &'a [&'a PyObject])> {
    match args.split_first() {
        Some((format, rest)) => Ok((format, rest)),
        None => Err(type_error("missing format argument")),
    }
}

fn module_pack(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (format, rest) = first_argument(args)?;
    pack(&*cached(format)?, rest)
}

fn module_pack_into(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (format, rest) = first_argument(args)?;
    pack_into(&*cached(format)?, rest)
}

fn module_unpack(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("unpack", args.len(), 2, 2)?;
    unpack(&*cached(args[0])?, args[1])
}

fn module_unpack_from(_: &PyObject, args: Args<'_>) -> PyResult {
    let (format, rest) = first_argument(args.positional)?;
    unpack_from(
        &*cached(format)?,
        Args {
            positional: rest,
            ..args
        },
    )
}

fn module_iter_unpack(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("iter_unpack", args.len(), 2, 2)?;
    iter_unpack(&*cached(args[0])?, args[1])
}

fn calcsize(_: &PyObject, format: &PyObject) -> PyResult {
    long::from_isize(cached(format)?.s_size.get())
}

fn clearcache(_: &PyObject) -> PyResult {
    Ok(none())
}

methods! {
    static FUNCTIONS:
    "_clearcache" => noargs(clearcache, "($module, /)");
    "calcsize" => o(calcsize, "($module, format, /)");
    "iter_unpack" => fast(module_iter_unpack, "($module, format, buffer, /)");
    "pack" => fast(module_pack);
    "pack_into" => fast(module_pack_into);
    "unpack" => fast(module_unpack, "($module, format, buffer, /)");
    "unpack_from" => keywords(module_unpack_from, "($module, format, /, buffer, offset=0)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    types::ready(&unpackiter_type)?;
    let made = module::build("_struct", FUNCTIONS, &[&PyStructType])?;
    module::add(&made, "error", error_type()?.as_object())?;
    Ok(made)
}
