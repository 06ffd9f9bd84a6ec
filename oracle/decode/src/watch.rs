//! The watched objects of a step: a digest of what the namespace and the frame bind at that moment, a little way down.

use std::mem::offset_of;

use twinheap_abi::*;
use twinheap_observation::Stage;
use twinheap_observation::steps::StepRecorder;
use twinheap_observation::wire::ReportBuilder;

use crate::containers::{KeyTable, dict_items};
use crate::layouts::{Layout, layout_of_instances};
use crate::memory::Address;
use crate::text::{str_data, str_text};
use crate::transitions::ShapeWatcher;

/// How many names are looked at.
const NAMES: usize = 64;

/// Mixes a number into a digest.
fn mix(digest: u64, number: u64) -> u64 {
    let mixed = (digest ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

/// How deep the objects that a name is bound to are looked into, and how many of each are.
const DEPTH: u32 = 1;
const ITEMS: usize = 8;
/// How many bytes of a text are looked at.
const BYTES: usize = 48;

/// What the program itself binds in its namespace: not what every module has.
pub(crate) fn program_names(namespace: Address) -> impl Iterator<Item = (Address, Address)> {
    let is_str = |key: Address| key.type_of().tp_flags.get() & Py_TPFLAGS_UNICODE_SUBCLASS != 0;
    dict_items(namespace)
        .filter(move |(key, _)| !is_str(*key) || !str_data(*key).starts_with(b"__"))
}

/// A digest of the objects bound in the module's namespace and in the frame that runs, a little way down.
pub fn watched_digest(namespace: Address, frame: &_PyInterpreterFrame) -> u64 {
    let mut digest = 0;
    for (key, value) in program_names(namespace).take(NAMES) {
        digest = mix(digest, shallow(key, 0));
        digest = mix(digest, shallow(value, DEPTH));
    }
    let locals = Address::of(frame.f_locals.get());
    if locals != namespace {
        let count = Address::of(frame.f_code.get()).view::<PyCodeObject>();
        let count = (count.co_nlocals.get().max(0) as usize).min(NAMES);
        let start = Address::of(frame.localsplus.as_ptr());
        for value in start.table::<*const PyObject>(count) {
            let value = Address::of(*value);
            let seen = if value.is_null() {
                0
            } else {
                shallow(value, DEPTH)
            };
            digest = mix(digest, seen);
        }
    }
    digest
}

fn bytes_digest(bytes: &[u8]) -> u64 {
    let head = bytes.iter().take(BYTES);
    let start = bytes.len() as u64;
    head.fold(start, |digest, byte| {
        digest.rotate_left(7) ^ u64::from(*byte)
    })
}

/// The size, shape and value of one object, and of the first things in it.
fn shallow(address: Address, depth: u32) -> u64 {
    let flags = address.type_of().tp_flags.get();
    let inside = |start: u64, items: &[*const PyObject]| {
        if depth == 0 {
            return start;
        }
        items.iter().take(ITEMS).fold(start, |digest, item| {
            let item = Address::of(*item);
            let seen = if item.is_null() {
                0
            } else {
                shallow(item, depth - 1)
            };
            mix(digest, seen)
        })
    };
    if flags & Py_TPFLAGS_LONG_SUBCLASS != 0 {
        let (negative, digits) = crate::text::int_digits(address);
        let start = mix(mix(1, u64::from(negative)), digits.len() as u64);
        let digits = digits.iter().take(ITEMS);
        return digits.fold(start, |digest, digit| mix(digest, u64::from(*digit)));
    }
    if flags & Py_TPFLAGS_UNICODE_SUBCLASS != 0 {
        let header = address.view::<PyASCIIObject>();
        let start = mix(2, u64::from(header.state.get() & 0xfc));
        return mix(start, bytes_digest(str_data(address)));
    }
    if flags & Py_TPFLAGS_LIST_SUBCLASS != 0 {
        let list = address.view::<PyListObject>();
        let size = list.ob_size.get().max(0) as usize;
        let start = mix(mix(3, size as u64), list.allocated.get() as u64);
        return inside(start, Address::of(list.ob_item.get()).table(size));
    }
    if flags & Py_TPFLAGS_BYTES_SUBCLASS != 0 {
        return mix(4, bytes_digest(crate::text::bytes_data(address)));
    }
    if flags & Py_TPFLAGS_TUPLE_SUBCLASS != 0 {
        let size = address.view::<PyVarObject>().ob_size.get().max(0) as usize;
        let items = address.offset(offset_of!(PyTupleObject, ob_item) as isize);
        return inside(mix(7, size as u64), items.table(size));
    }
    if flags & Py_TPFLAGS_DICT_SUBCLASS != 0 {
        return of_dict(address, depth);
    }
    match layout_of_instances(address.type_of()) {
        Layout::Float => mix(8, address.view::<PyFloatObject>().ob_fval.get().to_bits()),
        Layout::Set | Layout::FrozenSet => {
            let set = address.view::<PySetObject>();
            mix(
                mix(9, set.used.get() as u64),
                set.fill.get() as u64 ^ (set.mask.get() as u64) << 32,
            )
        }
        layout => mix(6, layout as u64),
    }
}

fn of_dict(address: Address, depth: u32) -> u64 {
    let dict = address.view::<PyDictObject>();
    let keys = KeyTable::at(Address::of(dict.ma_keys.get()));
    let start = mix(mix(5, dict.ma_used.get() as u64), keys.len() as u64);
    let kind = u64::from(keys.head.dk_log2_size.get()) << 8 | u64::from(keys.head.dk_kind.get());
    let start = mix(start, kind);
    if depth == 0 {
        return start;
    }
    dict_items(address)
        .take(ITEMS)
        .fold(start, |digest, (key, value)| {
            mix(
                mix(digest, shallow(key, depth - 1)),
                shallow(value, depth - 1),
            )
        })
}

/// Takes the line events of one program; both kinds of worker feed it.
pub struct LineWatcher {
    /// None where only the transitions are wanted.
    recorder: Option<StepRecorder>,
    filename: Vec<u8>,
    shapes: Option<ShapeWatcher>,
    /// The program's own namespace: that of its first line.
    namespace: Option<Address>,
    /// The file name object seen last, and whether it is the program's.
    last_filename: (Address, bool),
}

impl LineWatcher {
    /// A watcher of the program in this file, for what the report wants.
    pub fn new(filename: &str, report: &ReportBuilder) -> LineWatcher {
        let last_filename = (Address::of(std::ptr::null::<PyObject>()), false);
        LineWatcher {
            recorder: report
                .wants(Stage::Steps)
                .then(|| StepRecorder::new(report.wants_details())),
            namespace: None,
            shapes: report.wants_transitions().then(ShapeWatcher::default),
            filename: filename.as_bytes().to_vec(),
            last_filename,
        }
    }

    /// Asks at each step that is kept how much the program has printed by then.
    pub fn ask_printed(&mut self, printed: fn() -> u32) {
        if let Some(recorder) = &mut self.recorder {
            recorder.ask_printed(printed);
        }
    }

    /// Whether a code object belongs to the program rather than to the library.
    pub fn is_of_program(&mut self, code: Address) -> bool {
        let filename = Address::of(code.view::<PyCodeObject>().co_filename.get());
        if self.last_filename.0 != filename {
            let is_ours = str_text(filename).as_bytes() == self.filename;
            self.last_filename = (filename, is_ours);
        }
        self.last_filename.1
    }

    /// Notes that a line of the program begins.
    pub fn line(
        &mut self,
        code: Address,
        namespace: Address,
        frame: &_PyInterpreterFrame,
        line: u32,
    ) {
        if let Some(shapes) = &mut self.shapes {
            shapes.line(namespace, frame);
        }
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        let qualname = Address::of(code.view::<PyCodeObject>().co_qualname.get());
        let watched = if recorder.wants_watch() {
            watched_digest(namespace, frame)
        } else {
            0
        };
        recorder.record(str_data(qualname), line, watched);
    }

    /// The program's namespace, which is the given one where no line has been seen yet.
    pub fn namespace_or(&mut self, first: Address) -> Address {
        *self.namespace.get_or_insert(first)
    }

    /// Takes up the program's code before it runs.
    pub fn code(&mut self, code: Address) {
        if let Some(shapes) = &mut self.shapes {
            shapes.code(code);
        }
    }

    /// Adds the trail of the whole run to the report.
    pub fn finish(self, report: &mut ReportBuilder) {
        if let Some(shapes) = self.shapes {
            report.add_transitions(shapes.finish());
        }
        if let Some(recorder) = self.recorder {
            report.add_steps(recorder.finish());
        }
    }
}
