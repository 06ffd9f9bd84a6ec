//! `binascii` (`Modules/binascii.c`).

use crate::prelude::*;
use crate::quoted;
use twinheap_objects::bytes;
use twinheap_objects::exceptions::{PyExc_Exception, PyExc_ValueError};
use twinheap_objects::state::Global;

static ERROR: Global<Pointer<PyTypeObject>> = Global(Cell::new(std::ptr::null_mut()));

fn error_type() -> PyResult<Own<PyTypeObject>> {
    if let Some(made) = Field::own(&*ERROR) {
        return Ok(made);
    }
    let made = types::build_class_type("Error", &PyExc_ValueError, "binascii")?;
    ERROR.put(Some(made.clone()));
    Ok(made)
}

fn binascii_error(message: impl std::fmt::Display) -> errors::Raised {
    match error_type() {
        Ok(type_) => errors::raise(&type_, message),
        Err(raised) => raised,
    }
}

/// Bytes, or a str of ASCII.
fn ascii_data(object: &PyObject) -> PyResult<Vec<u8>> {
    if let Some(text) = object.downcast_ref::<PyASCIIObject>() {
        return match unicode::as_ascii(text) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => Err(value_error(
                "string argument should contain only ASCII characters",
            )),
        };
    }
    if !twinheap_objects::buffer::is_exporter(object) {
        return Err(type_error(format_args!(
            "argument should be bytes, buffer or ASCII string, not '{}'",
            object.type_().name()
        )));
    }
    Ok(Buffer::of(object)?.data().to_vec())
}

fn made(data: &[u8]) -> PyResult {
    Ok(bytes::from_slice(data)?.upcast())
}

fn b2a_hex(_: &PyObject, args: Args<'_>) -> PyResult {
    as_hex("b2a_hex", args)
}

fn hexlify(_: &PyObject, args: Args<'_>) -> PyResult {
    as_hex("hexlify", args)
}

fn as_hex(name: &'static str, args: Args<'_>) -> PyResult {
    let signature = Signature {
        name,
        parameters: &["data", "sep", "bytes_per_sep"],
        required: 1,
        positional: 3,
    };
    let [data, separator, group] = args.bind::<3>(&signature)?;
    let data = Buffer::of(data.expect("required"))?.data().to_vec();
    let copy = bytes::from_slice(&data)?;
    let mut given = Vec::new();
    given.extend(separator);
    if separator.is_some() {
        given.extend(group);
    }
    let text = call::call_method(copy.as_object(), id!("hex"), &given)?;
    match text.downcast_ref::<PyASCIIObject>() {
        Some(text) => made(&unicode::to_utf8_surrogatepass(text)),
        None => Err(type_error("hex() gave no str")),
    }
}

fn unhexlify(_: &PyObject, data: &PyObject) -> PyResult {
    let data = ascii_data(data)?;
    if data.len() % 2 != 0 {
        return Err(binascii_error("Odd-length string"));
    }
    let mut out = Vec::with_capacity(data.len() / 2);
    for pair in data.chunks(2) {
        let digit = |byte: u8| (byte as char).to_digit(16);
        match (digit(pair[0]), digit(pair[1])) {
            (Some(high), Some(low)) => out.push((high << 4 | low) as u8),
            _ => return Err(binascii_error("Non-hexadecimal digit found")),
        }
    }
    made(&out)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn b2a_base64(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "b2a_base64",
        parameters: &["", "newline"],
        required: 1,
        positional: 1,
    };
    let [data, newline] = args.bind::<2>(&SIGNATURE)?;
    let newline = newline.map_or(Ok(true), object::is_true)?;
    let data = Buffer::of(data.expect("required"))?.data().to_vec();
    let mut out = Vec::with_capacity(data.len() * 4 / 3 + 4);
    for chunk in data.chunks(3) {
        let word = u32::from(chunk[0]) << 16
            | u32::from(chunk.get(1).copied().unwrap_or(0)) << 8
            | u32::from(chunk.get(2).copied().unwrap_or(0));
        for index in 0..4 {
            if index <= chunk.len() {
                out.push(ALPHABET[(word >> (18 - 6 * index) & 63) as usize]);
            } else {
                out.push(b'=');
            }
        }
    }
    if newline {
        out.push(b'\n');
    }
    made(&out)
}

fn a2b_base64(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "a2b_base64",
        parameters: &["", "strict_mode"],
        required: 1,
        positional: 1,
    };
    let [data, strict] = args.bind::<2>(&SIGNATURE)?;
    let strict = strict.map_or(Ok(false), object::is_true)?;
    let data = ascii_data(data.expect("required"))?;
    if strict && data.first() == Some(&b'=') {
        return Err(binascii_error("Leading padding not allowed"));
    }
    let (mut out, mut bits, mut count, mut pads) = (Vec::new(), 0u32, 0usize, 0usize);
    for (index, &byte) in data.iter().enumerate() {
        if byte == b'=' {
            pads += 1;
            if count % 4 >= 2 && count % 4 + pads >= 4 {
                if strict && index + 1 < data.len() {
                    return Err(binascii_error("Excess data after padding"));
                }
                return made(&out);
            }
            continue;
        }
        let Some(value) = ALPHABET.iter().position(|known| *known == byte) else {
            if strict {
                return Err(binascii_error("Only base64 data is allowed"));
            }
            continue;
        };
        if strict && pads > 0 {
            return Err(binascii_error("Discontinuous padding not allowed"));
        }
        pads = 0;
        bits = bits << 6 | value as u32;
        count += 1;
        match count % 4 {
            0 => out.push(bits as u8),
            2 => out.push((bits >> 4) as u8),
            3 => out.push((bits >> 2) as u8),
            _ => {}
        }
    }
    match count % 4 {
        0 => made(&out),
        1 => Err(binascii_error(format_args!(
            "Invalid base64-encoded string: number of data characters ({count}) cannot be 1 more than a multiple of 4"
        ))),
        _ => Err(binascii_error("Incorrect padding")),
    }
}

fn crc32(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("crc32", args.len(), 1, 2)?;
    let start = args.get(1).map_or(Ok(0), |start| long::as_long(start))? as u32;
    let data = Buffer::of(args[0])?.data().to_vec();
    let mut crc = !start;
    for byte in data {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 != 0 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    Ok(long::from_i64(i64::from(!crc))?.upcast())
}

fn crc_hqx(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("crc_hqx", args.len(), 2, 2)?;
    let mut crc = long::as_long(args[1])? as u32 & 0xffff;
    for byte in Buffer::of(args[0])?.data() {
        crc ^= u32::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 != 0 {
                (crc << 1 ^ 0x1021) & 0xffff
            } else {
                crc << 1 & 0xffff
            };
        }
    }
    long::from_usize(crc as usize)
}

fn b2a_uu(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "b2a_uu",
        parameters: &["", "backtick"],
        required: 1,
        positional: 1,
    };
    let [data, backtick] = args.bind::<2>(&SIGNATURE)?;
    let backtick = backtick.map_or(Ok(false), object::is_true)?;
    let data = Buffer::of(data.expect("required"))?.data().to_vec();
    if data.len() > 45 {
        return Err(binascii_error("At most 45 bytes at once"));
    }
    let character = |value: u32| {
        if backtick && value == 0 {
            b'`'
        } else {
            value as u8 + b' '
        }
    };
    let mut out = vec![character(data.len() as u32)];
    for chunk in data.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        out.extend((0..4).map(|index| character(word >> (18 - 6 * index) & 63)));
    }
    out.push(b'\n');
    made(&out)
}

fn a2b_uu(_: &PyObject, data: &PyObject) -> PyResult {
    let data = ascii_data(data)?;
    let Some((first, rest)) = data.split_first() else {
        return made(&[]);
    };
    let length = usize::from(first.wrapping_sub(b' ') & 63);
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    let mut characters = rest.iter();
    while out.len() < length {
        let byte = characters.next().copied().unwrap_or(b'\n');
        let value = match byte {
            b'\n' | b'\r' => 0,
            b' '..=b'`' => u32::from(byte - b' ') & 63,
            _ => return Err(binascii_error("Illegal char")),
        };
        bits = bits << 6 | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    if characters.any(|byte| !matches!(byte, b' ' | b'`' | b'\n' | b'\r')) {
        return Err(binascii_error("Trailing garbage"));
    }
    made(&out)
}

fn a2b_qp(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "a2b_qp",
        parameters: &["data", "header"],
        required: 1,
        positional: 2,
    };
    let [data, header] = args.bind::<2>(&SIGNATURE)?;
    let data = ascii_data(data.expect("required"))?;
    let header = flag(header, false)?;
    made(&quoted::decode(&data, header))
}

fn b2a_qp(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "b2a_qp",
        parameters: &["data", "quotetabs", "istext", "header"],
        required: 1,
        positional: 4,
    };
    let [data, tabs, text, header] = args.bind::<4>(&SIGNATURE)?;
    let data = Buffer::of(data.expect("required"))?;
    let style = quoted::Style {
        tabs: flag(tabs, false)?,
        text: flag(text, true)?,
        header: flag(header, false)?,
    };
    made(&quoted::encode(data.data(), &style))
}

/// A flag that is an int.
fn flag(given: Option<&PyObject>, default: bool) -> PyResult<bool> {
    given.map_or(Ok(default), |given| Ok(long::as_int(given)? != 0))
}

methods! {
    static FUNCTIONS:
    "a2b_uu" => o(a2b_uu, "($module, data, /)");
    "b2a_uu" => keywords(b2a_uu, "($module, data, /, *, backtick=False)");
    "a2b_base64" => keywords(a2b_base64, "($module, data, /, *, strict_mode=False)");
    "b2a_base64" => keywords(b2a_base64, "($module, data, /, *, newline=True)");
    "a2b_hex" => o(unhexlify, "($module, hexstr, /)");
    "b2a_hex" => keywords(b2a_hex, "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)");
    "hexlify" => keywords(hexlify, "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)");
    "unhexlify" => o(unhexlify, "($module, hexstr, /)");
    "crc_hqx" => fast(crc_hqx, "($module, data, crc, /)");
    "crc32" => fast(crc32, "($module, data, crc=0, /)");
    "a2b_qp" => keywords(a2b_qp, "($module, /, data, header=False)");
    "b2a_qp" => keywords(b2a_qp, "($module, /, data, quotetabs=False, istext=True, header=False)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let module = module::build("binascii", FUNCTIONS, &[])?;
    module::add(&module, "Error", error_type()?.as_object())?;
    let incomplete = types::build_class_type("Incomplete", &PyExc_Exception, "binascii")?;
    module::add(&module, "Incomplete", incomplete.as_object())?;
    Ok(module)
}
