//! Code objects out of raw memory, with specialised instructions led back to their base forms.

use std::mem::offset_of;

use twinheap_abi::opcode::{CACHES, DEOPT};
use twinheap_abi::*;
use twinheap_observation::{CodeDump, Constant};

use crate::layouts::{Layout, layout_of_instances};
use crate::memory::{Address, c_text};
use crate::text::{bytes_data, int_digits, int_hexadecimal, str_points, str_text};

/// The instructions of a code object as they stand, with their caches.
pub(crate) fn instruction_units<'heap>(address: Address) -> &'heap [u16] {
    let count = address.view::<PyCodeObject>().ob_size.get() as usize;
    address
        .offset(offset_of!(PyCodeObject, co_code_adaptive) as isize)
        .table(count)
}

/// The base instructions of a code object with zeroed caches.
pub(crate) fn base_instructions(address: Address) -> Vec<u8> {
    let units = instruction_units(address);
    let count = units.len();
    let mut base = Vec::with_capacity(count * 2);
    let mut index = 0;
    while index < count {
        let [opcode, argument] = units[index].to_le_bytes();
        let original = DEOPT[opcode as usize];
        base.extend_from_slice(&[original, argument]);
        index += 1;
        let caches = (CACHES[original as usize] as usize).min(count - index);
        base.resize(base.len() + caches * 2, 0);
        index += caches;
    }
    base
}

/// The whole code object as data.
pub fn dump(address: Address) -> CodeDump {
    let code = address.view::<PyCodeObject>();
    CodeDump {
        co_name: str_text(Address::of(code.co_name.get())),
        co_qualname: str_text(Address::of(code.co_qualname.get())),
        co_filename: str_text(Address::of(code.co_filename.get())),
        co_firstlineno: code.co_firstlineno.get(),
        co_argcount: code.co_argcount.get(),
        co_posonlyargcount: code.co_posonlyargcount.get(),
        co_kwonlyargcount: code.co_kwonlyargcount.get(),
        co_stacksize: code.co_stacksize.get(),
        co_flags: code.co_flags.get(),
        co_code: base_instructions(address),
        co_consts: tuple_items(Address::of(code.co_consts.get()))
            .map(constant)
            .collect(),
        co_names: names(Address::of(code.co_names.get())),
        co_localsplusnames: names(Address::of(code.co_localsplusnames.get())),
        co_localspluskinds: bytes_data(Address::of(code.co_localspluskinds.get())).to_vec(),
        co_linetable: bytes_data(Address::of(code.co_linetable.get())).to_vec(),
        co_exceptiontable: bytes_data(Address::of(code.co_exceptiontable.get())).to_vec(),
    }
}

pub(crate) fn tuple_items(address: Address) -> impl Iterator<Item = Address> {
    let length = address.view::<PyVarObject>().ob_size.get() as usize;
    let items = address.offset(offset_of!(PyTupleObject, ob_item) as isize);
    items
        .table::<*const PyObject>(length)
        .iter()
        .map(|item| Address::of(*item))
}

fn names(tuple: Address) -> Vec<String> {
    tuple_items(tuple).map(str_text).collect()
}

fn constant(address: Address) -> Constant {
    let type_object = address.type_of();
    match layout_of_instances(type_object) {
        Layout::Int if c_text(type_object.tp_name.get()) == b"bool" => {
            Constant::Bool(address.view::<PyVarObject>().ob_size.get() != 0)
        }
        Layout::Int => {
            let (negative, digits) = int_digits(address);
            let sign = if negative { "-" } else { "" };
            Constant::Int(format!("{sign}{}", int_hexadecimal(digits)))
        }
        Layout::Float => Constant::Float(address.view::<PyFloatObject>().ob_fval.get().to_bits()),
        Layout::Complex => {
            let value = address.view::<PyComplexObject>().cval.get();
            Constant::Complex(value.real.to_bits(), value.imag.to_bits())
        }
        Layout::Str => Constant::Str(str_points(address)),
        Layout::Bytes => Constant::Bytes(bytes_data(address).to_vec()),
        Layout::Tuple => Constant::Tuple(tuple_items(address).map(constant).collect()),
        Layout::FrozenSet => {
            let set = address.view::<PySetObject>();
            let table = Address::of(set.table.get()).table::<setentry>(set.mask.get() as usize + 1);
            let keys = table.iter().map(|entry| Address::of(entry.key.get()));
            let mut items: Vec<Constant> =
                keys.filter(|key| !key.is_null()).map(constant).collect();
            // The order in the table is the heap's business; here it would depend on the address of None.
            items.sort_by_cached_key(|item| format!("{item:?}"));
            Constant::FrozenSet(items)
        }
        Layout::Code => Constant::Code(Box::new(dump(address))),
        _ => match c_text(type_object.tp_name.get()) {
            b"NoneType" => Constant::None,
            b"ellipsis" => Constant::Ellipsis,
            other => Constant::Other(String::from_utf8_lossy(other).into_owned()),
        },
    }
}
