//! `%` formatting of bytes and bytearray (`_PyBytes_FormatEx`).

use super::{Writer, data_of, from_slice};
use crate::buffer::{self, Buffer};
use crate::call;
use crate::errors::{self, PyResult, overflow_error, type_error, value_error};
use crate::exceptions::PyExc_TypeError;
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::unicode::percent::{float_digits, integer_digits, integer_of};
use crate::{abstract_, bytearray, float, id, long, tuple, unicode};
use twinheap_abi::*;
use twinheap_arith::percent::{Amount, Flags, PercentError, Reader};

struct Arguments<'a> {
    whole: &'a PyObject,
    items: &'a [&'a PyObject],
    next: usize,
    mapping: bool,
    keyed: Option<Own>,
}

impl Arguments<'_> {
    fn take(&mut self) -> PyResult {
        if let Some(value) = self.keyed.take() {
            return Ok(value);
        }
        match self.items.get(self.next) {
            Some(item) => {
                self.next += 1;
                Ok(Own::new(item))
            }
            None => Err(type_error("not enough arguments for format string")),
        }
    }

    fn star(&mut self) -> PyResult<Own<PyLongObject>> {
        self.take()?
            .downcast::<PyLongObject>()
            .map_err(|_| type_error("* wants int"))
    }
}

struct Specifier {
    flags: Flags,
    width: usize,
    precision: Option<usize>,
    conversion: char,
    index: usize,
}

/// `template % args`.
pub fn format(template: &[u8], args: &PyObject) -> PyResult<Writer> {
    let single = [args];
    let as_tuple = args.downcast_ref::<PyTupleObject>();
    let is_text = args.downcast_ref::<PyASCIIObject>().is_some()
        || args.downcast_ref::<PyBytesObject>().is_some()
        || args.downcast_ref::<PyByteArrayObject>().is_some();
    let mut arguments = Arguments {
        whole: args,
        items: as_tuple.map_or(&single[..], tuple::items),
        next: 0,
        mapping: abstract_::is_mapping(args) && as_tuple.is_none() && !is_text,
        keyed: None,
    };
    let mut out = Writer::new(template.len() + 100)?;
    let mut at = 0;
    while let Some(offset) = template[at..].iter().position(|&byte| byte == b'%') {
        out.extend(&template[at..at + offset])?;
        at = format_one(&mut out, template, at + offset + 1, &mut arguments)?;
    }
    out.extend(&template[at..])?;
    if arguments.next < arguments.items.len() && !arguments.mapping {
        return Err(type_error(
            "not all arguments converted during bytes formatting",
        ));
    }
    Ok(out)
}

fn percent_error(error: PercentError) -> errors::Raised {
    value_error(match error {
        PercentError::IncompleteKey => "incomplete format key",
        PercentError::WidthTooBig => "width too big",
        PercentError::PrecisionTooBig => "prec too big",
    })
}

fn format_one(
    out: &mut Writer,
    template: &[u8],
    at: usize,
    arguments: &mut Arguments<'_>,
) -> PyResult<usize> {
    let mut reader = Reader::new(template.len(), at, |index| u32::from(template[index]));
    if template.get(at) == Some(&b'(') && !arguments.mapping {
        return Err(type_error("format requires a mapping"));
    }
    if let Some((start, end)) = reader.key().map_err(percent_error)? {
        let key = from_slice(&template[start..end])?;
        arguments.keyed = Some(abstract_::get_item(arguments.whole, key.as_object())?);
        arguments.items = &[];
    }
    let mut flags = reader.flags();
    let width = match reader.width().map_err(percent_error)? {
        Amount::None => 0,
        Amount::Given(width) => width,
        Amount::FromArguments => {
            let width = long::as_ssize(&*arguments.star()?)?;
            flags.left_adjust |= width < 0;
            crate::unicode::percent::width_of(width)
        }
    };
    let precision = match reader.precision().map_err(percent_error)? {
        Amount::None => None,
        Amount::Given(precision) => Some(precision),
        Amount::FromArguments => Some(long::as_int(arguments.star()?.as_object())?.max(0) as usize),
    };
    let Some((conversion, index)) = reader.conversion() else {
        return Err(value_error("incomplete format"));
    };
    if conversion == u32::from(b'%') && reader.position() == at + 1 {
        out.extend(b"%")?;
        return Ok(reader.position());
    }
    let conversion = char::from(conversion as u8);
    let specifier = Specifier {
        flags,
        width,
        precision,
        conversion,
        index,
    };
    let value = arguments.take()?;
    let (text, is_number) = convert(&specifier, &value)?;
    put(out, &specifier, text, is_number)?;
    arguments.keyed = None;
    Ok(reader.position())
}

/// The converted value, and whether it is a number (which has a sign and may be padded with zeros).
fn convert(specifier: &Specifier, value: &PyObject) -> PyResult<(Vec<u8>, bool)> {
    let conversion = specifier.conversion;
    match conversion {
        'r' | 'a' => {
            let text = object::ascii(value)?;
            Ok((
                truncated(
                    memory::copied(unicode::raw_bytes(&text))?,
                    specifier.precision,
                ),
                false,
            ))
        }
        's' | 'b' => Ok((truncated(bytes_of(value)?, specifier.precision), false)),
        'i' | 'd' | 'u' | 'o' | 'x' | 'X' => {
            // An error names `%i` as `%d`.
            let shown = if conversion == 'i' { 'd' } else { conversion };
            let number = integer_of(shown, value)?;
            let precision = specifier.precision.unwrap_or(0);
            let text = integer_digits(&number, conversion, specifier.flags.alternate, precision)?;
            Ok((text.into_bytes(), true))
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let number = real_number(value)?;
            memory::probe(specifier.precision.unwrap_or(0).saturating_mul(3))?;
            let text = float_digits(
                number,
                conversion,
                specifier.flags.alternate,
                specifier.precision,
            );
            Ok((text.into_bytes(), true))
        }
        'c' => Ok((vec![single_byte(value)?], false)),
        _ => Err(value_error(format_args!(
            "unsupported format character '{}' (0x{:x}) at index {}",
            conversion, conversion as u32, specifier.index
        ))),
    }
}

fn truncated(mut text: Vec<u8>, precision: Option<usize>) -> Vec<u8> {
    text.truncate(precision.unwrap_or(usize::MAX));
    text
}

fn real_number(value: &PyObject) -> PyResult<f64> {
    float::as_double(value).map_err(|raised| match errors::matches(&PyExc_TypeError) {
        true => {
            errors::discard(raised);
            type_error(format_args!(
                "float argument required, not {:.200}",
                value.type_().name()
            ))
        }
        false => raised,
    })
}

fn bytes_of(value: &PyObject) -> PyResult<Vec<u8>> {
    if let Some(bytes) = value.downcast_ref::<PyBytesObject>() {
        return memory::copied(data_of(bytes));
    }
    if let Some(method) = crate::types::lookup_special(value, id!("__bytes__"))? {
        let result = call::call(&method, &[])?;
        return match result.downcast_ref::<PyBytesObject>() {
            Some(bytes) => memory::copied(data_of(bytes)),
            None => Err(type_error(format_args!(
                "__bytes__ returned non-bytes (type {:.200})",
                result.type_().name()
            ))),
        };
    }
    if buffer::is_exporter(value) {
        return memory::copied(Buffer::of(value)?.data());
    }
    Err(type_error(format_args!(
        "%b requires a bytes-like object, or an object that implements __bytes__, not '{:.100}'",
        value.type_().name()
    )))
}

fn single_byte(value: &PyObject) -> PyResult<u8> {
    let wrong = || type_error("%c requires an integer in range(256) or a single byte");
    let bytes = value.downcast_ref::<PyBytesObject>().map(data_of);
    let array = value
        .downcast_ref::<PyByteArrayObject>()
        .map(bytearray::data_of);
    if let Some(data) = bytes.or(array) {
        return if let [byte] = data {
            Ok(*byte)
        } else {
            Err(wrong())
        };
    }
    let number =
        abstract_::index(value).map_err(|raised| match errors::matches(&PyExc_TypeError) {
            true => {
                errors::discard(raised);
                wrong()
            }
            false => raised,
        })?;
    long::to_i64(&number)
        .and_then(|value| u8::try_from(value).ok())
        .ok_or_else(|| overflow_error("%c arg not in range(256)"))
}

fn put(out: &mut Writer, specifier: &Specifier, text: Vec<u8>, is_number: bool) -> PyResult<()> {
    let flags = specifier.flags;
    let mut lead = Vec::new();
    let mut body = &text[..];
    if is_number {
        match body.first() {
            Some(b'-') => {
                lead.push(b'-');
                body = &body[1..];
            }
            _ if flags.sign => lead.push(b'+'),
            _ if flags.blank => lead.push(b' '),
            _ => {}
        }
        if flags.alternate && matches!(specifier.conversion, 'o' | 'x' | 'X') {
            lead.extend_from_slice(&body[..2]);
            body = &body[2..];
        }
    }
    let missing = specifier.width.saturating_sub(lead.len() + body.len());
    out.reserve(missing.saturating_add(lead.len() + body.len()))?;
    let zeros = is_number && flags.zero && !flags.left_adjust;
    if !zeros && !flags.left_adjust {
        out.fill(b' ', missing)?;
    }
    out.extend(&lead)?;
    if zeros {
        out.fill(b'0', missing)?;
    }
    out.extend(body)?;
    if flags.left_adjust {
        out.fill(b' ', missing)?;
    }
    Ok(())
}
