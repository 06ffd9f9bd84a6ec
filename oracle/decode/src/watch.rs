//! The watched objects of a step: a shallow digest of what the module namespace binds at that moment.

use twinheap_abi::*;
use twinheap_observation::Stage;
use twinheap_observation::steps::StepRecorder;
use twinheap_observation::wire::ReportBuilder;

use crate::containers::{KeyTable, dict_items};
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

/// A digest of the sizes and small contents of the objects bound in a namespace; no reference is followed.
pub fn namespace_digest(namespace: Address) -> u64 {
    let mut digest = 0;
    for (key, value) in dict_items(namespace).take(NAMES) {
        digest = mix(digest, key.view::<PyASCIIObject>().length.get() as u64);
        digest = mix(digest, shallow(value));
    }
    digest
}

/// The size, shape or value of one object.
fn shallow(address: Address) -> u64 {
    let flags = address.type_of().tp_flags.get();
    if flags & Py_TPFLAGS_LONG_SUBCLASS != 0 {
        let (negative, digits) = crate::text::int_digits(address);
        let start = mix(1, u64::from(negative));
        return digits
            .iter()
            .take(8)
            .fold(mix(start, digits.len() as u64), |digest, digit| {
                mix(digest, u64::from(*digit))
            });
    }
    if flags & Py_TPFLAGS_UNICODE_SUBCLASS != 0 {
        let header = address.view::<PyASCIIObject>();
        let start = mix(2, u64::from(header.state.get() & 0xfc));
        let data = str_data(address);
        let head = data.iter().take(32).fold(start, |digest, byte| {
            digest.rotate_left(7) ^ u64::from(*byte)
        });
        return mix(head, header.length.get() as u64);
    }
    if flags & Py_TPFLAGS_LIST_SUBCLASS != 0 {
        let list = address.view::<PyListObject>();
        return mix(
            mix(3, list.ob_size.get() as u64),
            list.allocated.get() as u64,
        );
    }
    if flags & (Py_TPFLAGS_TUPLE_SUBCLASS | Py_TPFLAGS_BYTES_SUBCLASS) != 0 {
        return mix(4, address.view::<PyVarObject>().ob_size.get() as u64);
    }
    if flags & Py_TPFLAGS_DICT_SUBCLASS != 0 {
        let dict = address.view::<PyDictObject>();
        let keys = KeyTable::at(Address::of(dict.ma_keys.get()));
        let shape = mix(mix(5, dict.ma_used.get() as u64), keys.len() as u64);
        return mix(
            shape,
            u64::from(keys.head.dk_log2_size.get()) << 8 | u64::from(keys.head.dk_kind.get()),
        );
    }
    6
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
            namespace_digest(namespace)
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
