//! How an array is pickled: its bytes with a code of the machine's format, or a list of its items.

use super::methods::{array_type, description, make_array, tobytes, tolist};
use super::{ArrayObject, items};
use crate::prelude::*;

/// What a machine format code says of an item; CPython counts two units for a character of text.
struct MachineFormat {
    size: usize,
    kind: Kind,
    big: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    Float,
    Text,
}

/// The machine format codes in order, of `MACHINE_FORMAT_CODE_MAX + 1`.
static FORMATS: [MachineFormat; 22] = {
    const fn format(size: usize, kind: Kind, big: bool) -> MachineFormat {
        MachineFormat { size, kind, big }
    }
    use Kind::{Float, Signed, Text, Unsigned};
    [
        format(1, Unsigned, false),
        format(1, Signed, false),
        format(2, Unsigned, false),
        format(2, Unsigned, true),
        format(2, Signed, false),
        format(2, Signed, true),
        format(4, Unsigned, false),
        format(4, Unsigned, true),
        format(4, Signed, false),
        format(4, Signed, true),
        format(8, Unsigned, false),
        format(8, Unsigned, true),
        format(8, Signed, false),
        format(8, Signed, true),
        format(4, Float, false),
        format(4, Float, true),
        format(8, Float, false),
        format(8, Float, true),
        format(4, Text, false),
        format(4, Text, true),
        format(8, Text, false),
        format(8, Text, true),
    ]
};

/// `typecode_to_mformat_code` on this machine.
fn machine_format(typecode: u8) -> usize {
    match typecode {
        b'b' => 1,
        b'B' => 0,
        b'u' => 20,
        b'h' => 4,
        b'H' => 2,
        b'i' => 8,
        b'I' => 6,
        b'l' | b'q' => 12,
        b'L' | b'Q' => 10,
        b'f' => 14,
        _ => 16,
    }
}

/// `__reduce_ex__`.
pub fn reduce_ex(this: &ArrayObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "__reduce_ex__",
        parameters: &[""],
        required: 1,
        positional: 1,
    };
    let [protocol] = args.bind(&SIGNATURE)?;
    let module = import_hook::import_module("array")?;
    let function = object::get_attr(&module, id!("_array_reconstructor"))?;
    let Some(protocol) = protocol.and_then(|value| value.downcast_ref::<PyLongObject>()) else {
        return Err(type_error("__reduce_ex__ argument should be an integer"));
    };
    let protocol = long::as_long(protocol.as_object())?;
    let own_dict = object::lookup_attr(this.as_object(), id!("__dict__"))?.unwrap_or_else(none);
    let type_ = this.as_object().type_().as_object();
    let code = this.description().typecode;
    let code_text = unicode::from_char(u32::from(code))?;
    if protocol < 3 {
        let items = tolist(this)?;
        let args = tuple::pack(&[code_text.as_object(), &items])?;
        return Ok(tuple::pack(&[type_, args.as_object(), &own_dict])?.upcast());
    }
    let format = long::from_usize(machine_format(code))?;
    let data = tobytes(this)?;
    let args = tuple::pack(&[type_, code_text.as_object(), &format, &data])?;
    Ok(tuple::pack(&[&function, args.as_object(), &own_dict])?.upcast())
}

/// `_array_reconstructor`.
fn array_reconstructor(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("_array_reconstructor", args.len(), 4, 4)?;
    let code = match args[1].downcast_ref::<PyASCIIObject>().map(unicode::text) {
        Some(text) if text.len() == 1 => text.at(0),
        _ => {
            return Err(type_error(format_args!(
                "_array_reconstructor() argument 2 must be a unicode character, not {}",
                unicode::type_name_or_none(args[1])
            )));
        }
    };
    let format = long::as_int(args[2])?;
    let Some(type_) = args[0].downcast_ref::<PyTypeObject>() else {
        return Err(type_error(format_args!(
            "first argument must be a type object, not {:.200}",
            args[0].type_().name()
        )));
    };
    if !types::is_subtype(type_, array_type()) {
        return Err(type_error(format_args!(
            "{:.200} is not a subtype of {:.200}",
            type_.name(),
            array_type().name()
        )));
    }
    let Some(found) = description(code) else {
        return Err(value_error("second argument must be a valid type code"));
    };
    let Some(machine) = usize::try_from(format).ok().and_then(|at| FORMATS.get(at)) else {
        return Err(value_error(
            "third argument must be a valid machine format code.",
        ));
    };
    let Some(data) = args[3].downcast_ref::<PyBytesObject>() else {
        return Err(type_error(format_args!(
            "fourth argument should be bytes, not {:.200}",
            args[3].type_().name()
        )));
    };
    if format as usize == machine_format(found.typecode) {
        let empty = list::new(0)?;
        let made = make_array(type_, found.typecode, empty.as_object())?;
        call::call_method(&made, id!("frombytes"), &[data.as_object()])?;
        return Ok(made);
    }
    convert(type_, found.typecode, machine, bytes::data_of(data))
}

/// Reads the items of another machine one by one.
fn convert(type_: &PyTypeObject, typecode: u8, machine: &MachineFormat, data: &[u8]) -> PyResult {
    let is_float = machine.kind == Kind::Float;
    if !data.len().is_multiple_of(machine.size) {
        return Err(value_error("string length not a multiple of item size"));
    }
    if machine.kind == Kind::Text {
        let source = bytes::from_slice(data)?;
        let order = if machine.big { "be" } else { "le" };
        let codec = unicode::from_str(&format!("utf-{}-{order}", 4 * machine.size))?;
        let text = call::call_method(source.as_object(), id!("decode"), &[codec.as_object()])?;
        return make_array(type_, typecode, &text);
    }
    let native = |raw: &[u8]| -> Vec<u8> {
        let mut raw = raw.to_vec();
        if machine.big {
            raw.reverse();
        }
        raw
    };
    let mut values = Vec::new();
    for raw in data.chunks_exact(machine.size) {
        let raw = native(raw);
        values.push(match machine.kind {
            Kind::Float if machine.size == 4 => items::DESCRIPTIONS[11].get(&raw)?,
            Kind::Float => items::DESCRIPTIONS[12].get(&raw)?,
            kind => items::integer_of(&raw, kind == Kind::Signed)?,
        });
    }
    // A code whose items are as wide as those of the other machine fits better.
    let fitting = items::DESCRIPTIONS.iter().rfind(|description| {
        description.is_integer
            && description.size() == machine.size
            && description.is_signed == (machine.kind == Kind::Signed)
    });
    let typecode = match fitting {
        Some(fitting) if !is_float => fitting.typecode,
        _ => typecode,
    };
    let values = list::from_vec(values)?;
    make_array(type_, typecode, values.as_object())
}

methods! {
    pub static FUNCTIONS:
    "_array_reconstructor" => fast(array_reconstructor, "($module, arraytype, typecode, mformat_code, items,\n                     /)");
}
