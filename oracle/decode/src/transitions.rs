//! Reads the shapes of objects from raw memory, and notes how they change from line to line.

use std::collections::BTreeSet;

use twinheap_abi::*;
use twinheap_observation::transitions::{Family, LENGTH_BOUNDS, Shape, Transition, bucket};

use crate::containers::KeyTable;
use crate::memory::Address;
use crate::text::{bytes_data, int_digits};
use crate::watch::program_names;

/// How many names of a namespace, and how many locals of a frame, are looked at.
const NAMES: usize = 48;
/// Items of a list that its order is judged by.
const ORDERED_ITEMS: usize = 192;

/// What memory says of the mechanism of an object.
pub fn shape(address: Address) -> Shape {
    if address.is_null() {
        return Shape::UNBOUND;
    }
    let type_object = address.type_of();
    let flags = type_object.tp_flags.get();
    let has = |flag| flags & flag != 0;
    let size = || address.view::<PyVarObject>().ob_size.get().unsigned_abs();
    if has(Py_TPFLAGS_LONG_SUBCLASS) {
        let (negative, digits) = int_digits(address);
        return Shape::int(digits.len(), negative);
    }
    if has(Py_TPFLAGS_UNICODE_SUBCLASS) {
        return str_shape(address);
    }
    if has(Py_TPFLAGS_LIST_SUBCLASS) {
        let list = address.view::<PyListObject>();
        let (length, allocated) = (list.ob_size.get(), list.allocated.get());
        return Shape::list(allocated.max(0) as usize, length as usize, list_order(list));
    }
    if has(Py_TPFLAGS_DICT_SUBCLASS) {
        return dict_shape(address);
    }
    if has(Py_TPFLAGS_TUPLE_SUBCLASS) {
        return Shape::new(Family::Tuple, bucket(size(), &LENGTH_BOUNDS));
    }
    if has(Py_TPFLAGS_BYTES_SUBCLASS) {
        let hashed = u16::from(address.view::<PyBytesObject>().ob_shash.get() != -1);
        let length = bucket(bytes_data(address).len(), &LENGTH_BOUNDS);
        return Shape::new(Family::Bytes, length | hashed << 4);
    }
    if has(Py_TPFLAGS_TYPE_SUBCLASS) {
        return Shape::new(Family::Type, 0);
    }
    if has(Py_TPFLAGS_BASE_EXC_SUBCLASS) {
        return exception_shape(address);
    }
    if has(Py_TPFLAGS_HEAPTYPE) {
        return instance_shape(address, flags);
    }
    named_shape(address, crate::memory::c_text(type_object.tp_name.get()))
}

fn str_shape(address: Address) -> Shape {
    let header = address.view::<PyASCIIObject>();
    let width = match (header.is_ascii(), header.kind()) {
        (true, _) => 0,
        (_, 1) => 1,
        (_, 2) => 2,
        _ => 3,
    };
    let interned = (header.state.get() & 3) as u16;
    Shape::str(width, interned, header.length.get() as usize)
}

/// The order in which a sort would find the items, for a list of small ints.
fn list_order(list: &PyListObject) -> u16 {
    let length = list.ob_size.get() as usize;
    if length < 2 {
        return 0;
    }
    let items = Address::of(list.ob_item.get()).table::<usize>(length.min(ORDERED_ITEMS));
    let mut values = items
        .iter()
        .map(|item| small_int(Address::of(*item as *const u8)));
    let Some(Some(mut before)) = values.next() else {
        return 5;
    };
    let (mut falls, mut steps) = (0, 0);
    for value in values {
        let Some(value) = value else {
            return 5;
        };
        falls += usize::from(value < before);
        steps += 1;
        before = value;
    }
    match falls {
        0 => 1,
        falls if falls == steps => 2,
        falls if falls * 8 <= steps => 3,
        _ => 4,
    }
}

fn small_int(address: Address) -> Option<i64> {
    if address.is_null() || address.type_of().tp_flags.get() & Py_TPFLAGS_LONG_SUBCLASS == 0 {
        return None;
    }
    let (negative, digits) = int_digits(address);
    let magnitude = match digits {
        [] => 0,
        [digit] => i64::from(*digit),
        _ => return None,
    };
    Some(if negative { -magnitude } else { magnitude })
}

fn dict_shape(address: Address) -> Shape {
    let dict = address.view::<PyDictObject>();
    let keys = KeyTable::at(Address::of(dict.ma_keys.get()));
    let own_values = !dict.ma_values.get().is_null();
    let kind = match (own_values, keys.head.dk_kind.get()) {
        (true, _) => 3,
        (_, kind) => u16::from(kind),
    };
    let dummies = !own_values && keys.len() > dict.ma_used.get() as usize;
    let full = keys.head.dk_usable.get() <= 0;
    Shape::dict(kind, keys.head.dk_log2_size.get(), dummies, full)
}

fn exception_shape(address: Address) -> Shape {
    let exception = address.view::<PyBaseExceptionObject>();
    let present = |field: *const PyObject, bit: u16| u16::from(!field.is_null()) << bit;
    let detail = present(exception.cause.get(), 0)
        | present(exception.context.get(), 1)
        | present(exception.traceback.get(), 2)
        | present(exception.notes.get(), 3);
    Shape::new(Family::Exception, detail)
}

fn instance_shape(address: Address, flags: u64) -> Shape {
    if flags & Py_TPFLAGS_MANAGED_DICT == 0 {
        return Shape::new(Family::Instance, 0);
    }
    let dict = *address.offset(-24).view::<*const PyObject>();
    Shape::new(Family::Instance, if dict.is_null() { 1 } else { 2 })
}

fn named_shape(address: Address, name: &[u8]) -> Shape {
    match name {
        b"set" | b"frozenset" => {
            let set = address.view::<PySetObject>();
            let size = (set.mask.get() + 1).ilog2() as u16;
            Shape::set(size, set.fill.get() > set.used.get(), name != b"set")
        }
        b"float" => float_shape(address.view::<PyFloatObject>().ob_fval.get()),
        b"bytearray" => {
            let array = address.view::<PyByteArrayObject>();
            let moved = array.ob_start.get() != array.ob_bytes.get();
            let exported = array.ob_exports.get() > 0;
            let allocated = bucket(array.ob_alloc.get() as usize, &LENGTH_BOUNDS);
            let detail = allocated | u16::from(moved) << 4 | u16::from(exported) << 5;
            Shape::new(Family::Bytearray, detail)
        }
        b"function" => {
            let function = address.view::<PyFunctionObject>();
            let present = |field: *const PyObject, bit: u16| u16::from(!field.is_null()) << bit;
            let detail = present(function.func_closure.get(), 0)
                | present(function.func_defaults.get(), 1)
                | present(function.func_kwdefaults.get(), 2)
                | present(function.func_dict.get(), 3);
            Shape::new(Family::Function, detail)
        }
        b"generator" | b"coroutine" | b"async_generator" => {
            let state = match address.view::<PyGenObject>().gi_frame_state.get() {
                FRAME_CREATED => 0,
                FRAME_SUSPENDED => 1,
                FRAME_EXECUTING => 2,
                _ => 3,
            };
            Shape::new(Family::Generator, state)
        }
        _ => Shape::new(Family::Other, 0),
    }
}

fn float_shape(value: f64) -> Shape {
    use std::num::FpCategory;
    let class = match value.classify() {
        FpCategory::Zero => u16::from(value.is_sign_negative()),
        FpCategory::Subnormal => 2,
        FpCategory::Normal => 3,
        FpCategory::Infinite => 4,
        FpCategory::Nan => 5,
    };
    Shape::new(Family::Float, class)
}

/// Adds the pairs of neighbouring instructions of a code object and of those in its constants.
pub fn add_opcode_pairs(code: Address, found: &mut BTreeSet<Transition>) {
    let instructions = crate::code::base_instructions(code);
    let opcodes: Vec<u8> = instructions
        .chunks(2)
        .map(|unit| unit[0])
        .filter(|opcode| *opcode != twinheap_abi::opcode::CACHE)
        .collect();
    for pair in opcodes.windows(2) {
        found.insert(Transition::of_opcodes(pair[0], pair[1]));
    }
    for constant in
        crate::code::tuple_items(Address::of(code.view::<PyCodeObject>().co_consts.get()))
    {
        if constant.type_of().tp_name.get() == code.type_of().tp_name.get() {
            add_opcode_pairs(constant, found);
        }
    }
}

/// The shapes that the names of a program had when its last line began.
#[derive(Default)]
pub struct ShapeWatcher {
    found: BTreeSet<Transition>,
    globals: Vec<(Address, Shape)>,
    frame: Option<Address>,
    locals: Vec<Shape>,
}

impl ShapeWatcher {
    /// Notes what changed in the namespace, and in the locals of the frame if it is the same as before.
    pub fn line(&mut self, namespace: Address, frame: &_PyInterpreterFrame) {
        let names = program_names(namespace).take(NAMES);
        for (at, (key, value)) in names.enumerate() {
            let now = shape(value);
            match self.globals.get_mut(at) {
                Some((known, before)) if *known == key => {
                    Self::note(&mut self.found, *before, now);
                    *before = now;
                }
                _ => {
                    self.globals.truncate(at);
                    Self::note(&mut self.found, Shape::UNBOUND, now);
                    self.globals.push((key, now));
                }
            }
        }
        self.frame_locals(frame);
    }

    fn frame_locals(&mut self, frame: &_PyInterpreterFrame) {
        let code = Address::of(frame.f_code.get()).view::<PyCodeObject>();
        let count = (code.co_nlocals.get() as usize).min(NAMES);
        if count == 0 {
            return;
        }
        let address = Address::of(std::ptr::from_ref(frame));
        let start = Address::of(frame.localsplus.as_ptr());
        let same = self.frame == Some(address) && self.locals.len() == count;
        self.frame = Some(address);
        if !same {
            self.locals.clear();
            self.locals.resize(count, Shape::UNBOUND);
        }
        for (before, item) in self.locals.iter_mut().zip(start.table::<usize>(count)) {
            let now = shape(Address::of(*item as *const u8));
            Self::note(&mut self.found, *before, now);
            *before = now;
        }
    }

    fn note(found: &mut BTreeSet<Transition>, before: Shape, now: Shape) {
        // A list that stays in order may have been sorted; everything else that stays says nothing.
        if before != now || now.family() == Family::List {
            found.insert(Transition::of_shapes(before, now));
        }
    }

    /// Everything noted, in order.
    pub fn finish(self) -> Vec<Transition> {
        self.found.into_iter().collect()
    }

    /// Takes the instructions of the program's code up as well.
    pub fn code(&mut self, code: Address) {
        add_opcode_pairs(code, &mut self.found);
    }
}
