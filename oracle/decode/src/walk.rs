//! The traversal: nodes are numbered when first met and written in that order, breadth first.

use std::collections::VecDeque;

use twinheap_abi::*;
use twinheap_observation::wire::ReportBuilder;
use twinheap_observation::{Digest, FieldSpec, MaskRule, MemoryImage, Outcome, Stage, Supported};

use crate::boundary::{AddressMap, Boundary};
use crate::encoding::{Encoder, MaskTable, Value, parse};
use crate::fields::{self, FieldId};
use crate::layouts::{Layout, layout_of_instances};
use crate::memory::{Address, c_text};
use crate::quickened::Versions;
use crate::surroundings::Surroundings;
use crate::text::{latin_text, str_text};

/// More references than a program makes: what has them began with the count of static objects.
const STATIC_REFCNT: i64 = 500_000_000;

/// What is known of a type while a heap is walked.
pub(crate) struct TypeFacts {
    /// How its instances are read.
    pub(crate) layout: Layout,
    /// Its plain name, for nodes.
    pub(crate) name: Box<str>,
    /// How it is shown when it was there before the program; `None` for the program's own classes.
    pub(crate) external: Option<Box<str>>,
}

/// What a run left behind.
pub struct LeftBehind<'a> {
    pub namespace: Address,
    /// The exception that left the program, or null.
    pub exception: Address,
    /// `sys.modules`, or null.
    pub modules: Address,
    /// What the modules bound before the program.
    pub before: Option<&'a Surroundings>,
}

/// A found heap: its digest, and the bytes for whoever wants the details.
pub struct Walked<'a> {
    pub digest: Digest,
    bytes: &'a [u8],
    truncated: bool,
}

impl Walked<'_> {
    /// The image, parsed for a reader.
    pub fn image(&self) -> MemoryImage {
        parse(self.bytes, self.truncated)
    }
}

/// Decodes heaps, one after another, keeping its buffers and what it knows of static types.
pub struct Decoder {
    pub boundary: Boundary,
    pub(crate) encoder: Encoder,
    pub(crate) masks: MaskTable,
    numbering: AddressMap<u32>,
    queue: VecDeque<(Address, Layout)>,
    static_types: AddressMap<TypeFacts>,
    heap_types: AddressMap<TypeFacts>,
    pub(crate) versions: Versions,
    count: u32,
    limit: u32,
    /// For the self-test: the nodes of a walk, where they are to be kept.
    keeps_nodes: bool,
    nodes: Vec<(Address, Layout)>,
    pub(crate) layout: Layout,
    /// Names of externals that were made up during the walk are built here.
    scratch: String,
}

impl Decoder {
    pub fn new(boundary: Boundary) -> Decoder {
        Decoder {
            boundary,
            encoder: Encoder::default(),
            masks: MaskTable::default(),
            numbering: AddressMap::default(),
            queue: VecDeque::new(),
            static_types: AddressMap::default(),
            heap_types: AddressMap::default(),
            versions: Versions::default(),
            count: 0,
            keeps_nodes: false,
            nodes: Vec::new(),
            limit: 200_000,
            layout: Layout::Object,
            scratch: String::new(),
        }
    }

    /// Takes up what is hidden from now on, and how many objects an image may have.
    pub fn configure(&mut self, rules: &[MaskRule], everywhere: &[FieldSpec], limit: u32) {
        self.masks = MaskTable::new(rules, everywhere);
        self.limit = limit;
    }

    /// Walks everything reachable from the roots.
    pub fn walk(&mut self, roots: &[(&str, Address)]) -> Walked<'_> {
        self.encoder.clear();
        self.numbering.clear();
        self.queue.clear();
        self.heap_types.clear();
        self.versions.clear();
        self.count = 0;
        for (name, address) in roots {
            self.root(name.as_bytes(), *address);
        }
        self.encoder.end_roots();
        let mut truncated = false;
        while let Some((address, layout)) = self.queue.pop_front() {
            if self.encoder.bytes.len() > 64 << 20 {
                truncated = true;
                break;
            }
            self.node(address, layout);
        }
        truncated |= self.count >= self.limit;
        Walked {
            digest: Digest::of(&self.encoder.bytes),
            bytes: &self.encoder.bytes,
            truncated,
        }
    }

    /// Adds the heap that a run left behind, and gives its outcome. Both kinds of worker end a run with this. Its roots
    /// are the namespace, the exception, and what the program imported or changed in the modules around it.
    pub fn observe(&mut self, left: &LeftBehind<'_>, report: &mut ReportBuilder) -> Outcome {
        let exception = left.exception;
        if report.wants(Stage::Heap) {
            let changed = left
                .before
                .map_or_else(Vec::new, |before| before.changes(left.modules));
            let mut roots = vec![("namespace", left.namespace), ("exception", exception)];
            roots.extend(changed.iter().map(|root| (root.name.as_str(), root.value)));
            let change = report.change_due().and_then(|seed| {
                let nodes = self.reached(&roots);
                crate::change::make(&nodes, seed)
            });
            let walked = self.walk(&roots);
            if walked.truncated {
                report.add_cut(Stage::Heap);
            }
            report.add_digest(Stage::Heap, walked.digest, |all| {
                all.heap = Supported::Supported(walked.image());
            });
            let outcome = crate::outcome::outcome(exception);
            if let Some(change) = change {
                report.note_change(change.kind.clone(), change.place.clone(), change.rule);
                change.undo();
            }
            return outcome;
        }
        crate::outcome::outcome(exception)
    }

    /// Every object and key table that a walk from these roots numbers, in their order.
    fn reached(&mut self, roots: &[(&str, Address)]) -> Vec<(Address, Layout)> {
        self.keeps_nodes = true;
        self.walk(roots);
        self.keeps_nodes = false;
        std::mem::take(&mut self.nodes)
    }

    fn root(&mut self, name: &[u8], address: Address) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let value = self.classify(address, &mut scratch);
        let value = value.as_value(
            &self.boundary,
            &scratch,
            [&self.static_types, &self.heap_types],
        );
        self.encoder.root(name, value);
        self.scratch = scratch;
    }

    /// Facts about a type, found once per walk for heap types, once per process for static ones.
    pub(crate) fn facts(&mut self, type_object: Address) -> &TypeFacts {
        let heap = type_object.view::<PyTypeObject>().tp_flags.get() & Py_TPFLAGS_HEAPTYPE != 0;
        let known = if heap {
            &mut self.heap_types
        } else {
            &mut self.static_types
        };
        known
            .entry(type_object.number())
            .or_insert_with(|| find_facts(type_object))
    }

    /// Says how a reference is shown, and numbers the object if it is the program's own and new.
    fn classify(&mut self, address: Address, scratch: &mut String) -> Shown {
        if address.is_null() {
            return Shown::Null;
        }
        if let Some(number) = self.numbering.get(&address.number()) {
            return Shown::Node(*number);
        }
        if self.boundary.name_of(address).is_some() {
            return Shown::Named(address);
        }
        let type_address = Address::of(address.view::<PyObject>().ob_type.get());
        let mut layout = self.facts(type_address).layout;
        match layout {
            Layout::Type if self.facts(address).external.is_some() => return Shown::Type(address),
            Layout::Str if address.view::<PyASCIIObject>().interned() != 0 => {
                if name_of_character(address, scratch) {
                    return Shown::Scratch;
                }
                layout = Layout::InternedStr;
            }
            Layout::Module
            | Layout::BuiltinFunction
            | Layout::Descriptor
            | Layout::MemberDescriptor
            | Layout::Function
            | Layout::Frame
                if self.name_if_foreign(address, layout, scratch) =>
            {
                return Shown::Scratch;
            }
            _ => {}
        }
        self.number_node(address, layout)
    }

    fn number_node(&mut self, address: Address, layout: Layout) -> Shown {
        if self.count >= self.limit {
            return Shown::Null;
        }
        let number = self.count;
        self.count += 1;
        self.numbering.insert(address.number(), number);
        if self.keeps_nodes {
            self.nodes.push((address, layout));
        }
        self.queue.push_back((address, layout));
        Shown::Node(number)
    }

    /// Writes the name of an object that belongs to a module of the library, if it does.
    fn name_if_foreign(&mut self, address: Address, layout: Layout, scratch: &mut String) -> bool {
        scratch.clear();
        match layout {
            Layout::Module => {
                scratch.push_str("<module ");
                scratch.push_str(&str_text(Address::of(
                    address.view::<PyModuleObject>().md_name.get(),
                )));
            }
            Layout::BuiltinFunction => return self.name_builtin(address, scratch),
            Layout::Descriptor | Layout::MemberDescriptor => {
                let descriptor = address.view::<PyDescrObject>();
                let kind = latin_text(c_text(address.type_of().tp_name.get()));
                let Some(owner) = &self.facts(Address::of(descriptor.d_type.get())).external else {
                    return false;
                };
                scratch.push_str(&format!("<{kind} {owner} "));
                scratch.push_str(&str_text(Address::of(descriptor.d_name.get())));
            }
            Layout::Function => {
                let function = address.view::<PyFunctionObject>();
                let module = str_text(Address::of(function.func_module.get()));
                if module.is_empty() || module == "__main__" {
                    return false;
                }
                let name = str_text(Address::of(function.func_qualname.get()));
                scratch.push_str(&format!("<function {module}.{name}"));
            }
            Layout::Frame => {
                let frame = Address::of(address.view::<PyFrameObject>().f_frame.get())
                    .view::<_PyInterpreterFrame>();
                if library_module(Address::of(frame.f_globals.get())).is_none() {
                    return false;
                }
                let code = Address::of(frame.f_code.get()).view::<PyCodeObject>();
                scratch.push_str("<frame ");
                scratch.push_str(&str_text(Address::of(code.co_qualname.get())));
            }
            _ => return false,
        }
        scratch.push('>');
        true
    }

    /// A builtin function is foreign unless it is bound to an object of the program.
    fn name_builtin(&mut self, address: Address, scratch: &mut String) -> bool {
        let function = address.view::<PyCFunctionObject>();
        let definition = Address::of(function.m_ml.get()).view::<PyMethodDef>();
        let name = latin_text(c_text(definition.ml_name));
        let owner = Address::of(function.m_self.get());
        if owner.is_null() {
            scratch.push_str(&format!("<builtin {name}>"));
            return true;
        }
        let owner_type = Address::of(owner.view::<PyObject>().ob_type.get());
        match self.facts(owner_type).layout {
            Layout::Module => {
                let module = str_text(Address::of(owner.view::<PyModuleObject>().md_name.get()));
                let place = if module == "builtins" {
                    String::new()
                } else {
                    format!("{module}.")
                };
                scratch.push_str(&format!("<builtin {place}{name}>"));
                true
            }
            Layout::Type => match &self.facts(owner).external {
                Some(external) => {
                    scratch.push_str(&format!("<builtin {external}.{name}>"));
                    true
                }
                None => false,
            },
            _ => false,
        }
    }

    /// Whether a field of the node being written is hidden.
    #[inline]
    pub(crate) fn hides(&self, field: FieldId) -> bool {
        self.masks.hides(self.layout, field)
    }

    #[inline]
    fn plain(&mut self, field: FieldId, index: Option<usize>, value: Value<'_>) {
        if self.hides(field) {
            self.encoder.masked(field, index);
            return;
        }
        self.encoder.field_header(field, index);
        self.encoder.value(value);
    }

    pub(crate) fn unsigned(&mut self, field: FieldId, number: u64) {
        self.plain(field, None, Value::Unsigned(number));
    }

    pub(crate) fn signed(&mut self, field: FieldId, number: i64) {
        self.plain(field, None, Value::Signed(number));
    }

    pub(crate) fn bytes(&mut self, field: FieldId, bytes: &[u8]) {
        self.plain(field, None, Value::Bytes(bytes));
    }

    pub(crate) fn unsigned_at(&mut self, field: FieldId, index: usize, number: u64) {
        self.plain(field, Some(index), Value::Unsigned(number));
    }

    pub(crate) fn signed_at(&mut self, field: FieldId, index: usize, number: i64) {
        self.plain(field, Some(index), Value::Signed(number));
    }

    pub(crate) fn bytes_at(&mut self, field: FieldId, index: usize, bytes: &[u8]) {
        self.plain(field, Some(index), Value::Bytes(bytes));
    }

    /// Says whether a pointer is set, where what it leads to is of no account.
    pub(crate) fn presence<T>(&mut self, field: FieldId, pointer: *const T) {
        self.unsigned(field, u64::from(!pointer.is_null()));
    }

    pub(crate) fn reference<T>(&mut self, field: FieldId, pointer: *const T) {
        self.any_reference(field, None, Address::of(pointer));
    }

    pub(crate) fn reference_at<T>(&mut self, field: FieldId, index: usize, pointer: *const T) {
        self.any_reference(field, Some(index), Address::of(pointer));
    }

    fn any_reference(&mut self, field: FieldId, index: Option<usize>, address: Address) {
        if self.hides(field) {
            self.encoder.masked(field, index);
            return;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        self.encoder.field_header(field, index);
        let shown = self.classify(address, &mut scratch);
        let types = [&self.static_types, &self.heap_types];
        self.encoder
            .value(shown.as_value(&self.boundary, &scratch, types));
        self.scratch = scratch;
    }

    /// The number of an object that was met already.
    pub(crate) fn number_of(&self, address: Address) -> Option<u32> {
        self.numbering.get(&address.number()).copied()
    }

    /// The weak references and proxies of an object, in their order.
    pub(crate) fn weak_references(&mut self, field: FieldId, list: *const PyObject) {
        let mut next = Address::of(list);
        let mut index = 0;
        while !next.is_null() {
            self.reference_at(field, index, next.pointer());
            next = Address::of(next.view::<PyWeakReference>().wr_next.get());
            index += 1;
        }
    }

    /// A pointer that need not lead to an object that is alive: shown by the object that is known at its address, or
    /// as an address and nothing more.
    pub(crate) fn pointer_at(&mut self, field: FieldId, index: usize, address: Address) {
        if self.hides(field) {
            self.encoder.masked(field, Some(index));
            return;
        }
        self.encoder.field_header(field, Some(index));
        let value = if address.is_null() {
            Value::Null
        } else if let Some(number) = self.numbering.get(&address.number()) {
            Value::Node(*number)
        } else {
            let name = self.boundary.name_of(address);
            Value::External(name.unwrap_or("<address>"))
        };
        self.encoder.value(value);
    }

    /// A reference to a namespace: one of a library module is shown by the module's name.
    pub(crate) fn namespace_reference(&mut self, field: FieldId, namespace: *const PyObject) {
        let module = if self.hides(field) {
            None
        } else {
            library_module(Address::of(namespace))
        };
        match module {
            Some(name) => {
                let shown = format!("<dict of module {name}>");
                self.encoder.field_header(field, None);
                self.encoder.value(Value::External(&shown));
            }
            None => self.reference(field, namespace),
        }
    }

    /// A reference to a dict's key table, which is a node of its own, as several dicts can share it.
    pub(crate) fn key_table(&mut self, field: FieldId, keys: *const PyDictKeysObject) {
        if self.hides(field) {
            self.encoder.masked(field, None);
            return;
        }
        self.encoder.field_header(field, None);
        let address = Address::of(keys);
        let value = if address.is_null() {
            Value::Null
        } else if address.number() == self.boundary.empty_keys {
            Value::External("<empty keys>")
        } else if let Some(number) = self.numbering.get(&address.number()) {
            Value::Node(*number)
        } else {
            match self.number_node(address, Layout::DictKeys) {
                Shown::Node(number) => Value::Node(number),
                _ => Value::Null,
            }
        };
        self.encoder.value(value);
    }

    fn node(&mut self, address: Address, layout: Layout) {
        self.layout = layout;
        if layout == Layout::DictKeys {
            return self.write_key_table(address);
        }
        let object = address.view::<PyObject>();
        let type_address = Address::of(object.ob_type.get());
        let type_object = type_address.view::<PyTypeObject>();
        let size = self.size_of_object(address, type_object, layout);
        self.facts(type_address);
        let number = type_address.number();
        let facts = self
            .static_types
            .get(&number)
            .or_else(|| self.heap_types.get(&number));
        let name = facts.map_or("", |facts| &*facts.name);
        self.encoder.begin_node(layout, name, size);
        if type_object.tp_flags.get() & Py_TPFLAGS_HAVE_GC != 0 {
            let head = address.offset(-16).view::<PyGC_Head>();
            self.unsigned(fields::GC_TRACKED, u64::from(head._gc_next.get() != 0));
            self.unsigned(fields::GC_FLAGS, (head._gc_prev.get() & 1) as u64);
        }
        // Everybody may hold an interned or static string, so its count says nothing about the program.
        let is_static = layout == Layout::Str && object.ob_refcnt.get() as i64 > STATIC_REFCNT;
        if layout != Layout::InternedStr && !is_static {
            self.signed(fields::OB_REFCNT, object.ob_refcnt.get() as i64);
        }
        self.reference(fields::OB_TYPE, object.ob_type.get());
        self.write_body(address, layout);
        self.write_instance_parts(address, type_object, layout);
        self.encoder.end_node();
    }

    fn write_body(&mut self, address: Address, layout: Layout) {
        match layout {
            Layout::Object => {}
            Layout::Int
            | Layout::Float
            | Layout::Complex
            | Layout::Str
            | Layout::InternedStr
            | Layout::Bytes
            | Layout::ByteArray
            | Layout::ManagedBuffer
            | Layout::MemoryView => self.write_scalar(address, layout),
            Layout::Tuple
            | Layout::List
            | Layout::Dict
            | Layout::Set
            | Layout::FrozenSet
            | Layout::DictView
            | Layout::DictIterator
            | Layout::SetIterator
            | Layout::SequenceIterator
            | Layout::CallIterator
            | Layout::Range
            | Layout::RangeIterator
            | Layout::LongRangeIterator
            | Layout::Slice
            | Layout::Enumerate
            | Layout::Reversed => self.write_container(address, layout),
            Layout::Exception | Layout::Traceback => self.write_exception(address, layout),
            Layout::Type => self.write_type(address),
            Layout::DictKeys | Layout::Module => {}
            Layout::Opaque => self.write_native(address),
            _ => self.write_callable(address, layout),
        }
    }

    fn size_of_object(&self, address: Address, type_object: &PyTypeObject, layout: Layout) -> u64 {
        let basic = type_object.tp_basicsize.get() as u64;
        if let Some(size) = self.size_of_text(address, layout) {
            return size;
        }
        let item = type_object.tp_itemsize.get() as u64;
        // Frames and generators have items but no count of them in the header.
        let counted = matches!(
            layout,
            Layout::Int | Layout::Bytes | Layout::Tuple | Layout::MemoryView
        );
        if item == 0 || !counted {
            return basic;
        }
        basic + item * address.view::<PyVarObject>().ob_size.get().unsigned_abs() as u64
    }
}

/// How a reference is shown.
enum Shown {
    Null,
    Node(u32),
    Named(Address),
    Type(Address),
    /// Its name stands in the scratch buffer.
    Scratch,
}

impl Shown {
    fn as_value<'a>(
        &self,
        boundary: &'a Boundary,
        scratch: &'a str,
        types: [&'a AddressMap<TypeFacts>; 2],
    ) -> Value<'a> {
        match self {
            Shown::Null => Value::Null,
            Shown::Node(number) => Value::Node(*number),
            Shown::Named(address) => {
                Value::External(boundary.name_of(*address).unwrap_or("<shared>"))
            }
            Shown::Type(address) => {
                let number = address.number();
                let facts = types[0].get(&number).or_else(|| types[1].get(&number));
                Value::External(
                    facts
                        .and_then(|facts| facts.external.as_deref())
                        .unwrap_or("<type>"),
                )
            }
            Shown::Scratch => Value::External(scratch),
        }
    }
}

/// Writes the name of an interned str of one Latin-1 character. Code that is part of the binary has such
/// strings of its own, which were interned before the table of characters was asked for one, so which of
/// the two a program meets says nothing about the program.
fn name_of_character(address: Address, scratch: &mut String) -> bool {
    let header = address.view::<PyASCIIObject>();
    if header.length.get() != 1 || header.kind() != 1 {
        return false;
    }
    scratch.clear();
    let character = crate::text::str_data(address)[0] as char;
    scratch.push_str(&format!("<str '{}'>", character.escape_default()));
    true
}

/// The name of the module whose namespace a dict is, unless that is the program's own.
fn library_module(namespace: Address) -> Option<String> {
    if namespace.is_null() || namespace.type_of().tp_flags.get() & Py_TPFLAGS_DICT_SUBCLASS == 0 {
        return None;
    }
    let name = crate::containers::find_in_dict(namespace, "__name__")?;
    let name = str_text(name);
    (!name.is_empty() && name != "__main__").then_some(name)
}

fn find_facts(type_address: Address) -> TypeFacts {
    let type_object = type_address.view::<PyTypeObject>();
    let layout = layout_of_instances(type_object);
    let name = latin_text(c_text(type_object.tp_name.get()));
    if type_object.tp_flags.get() & Py_TPFLAGS_HEAPTYPE == 0 {
        let external = Some(format!("<type {name}>").into());
        return TypeFacts {
            layout,
            name: name.into(),
            external,
        };
    }
    let qualname = str_text(Address::of(
        type_address.view::<PyHeapTypeObject>().ht_qualname.get(),
    ));
    let module =
        crate::containers::find_in_dict(Address::of(type_object.tp_dict.get()), "__module__")
            .filter(|found| found.type_of().tp_flags.get() & Py_TPFLAGS_UNICODE_SUBCLASS != 0)
            .map(str_text);
    let external = match module.as_deref() {
        None | Some("__main__") => None,
        Some("builtins") => Some(format!("<type {qualname}>").into()),
        Some(module) => Some(format!("<type {module}.{qualname}>").into()),
    };
    TypeFacts {
        layout,
        name: name.into(),
        external,
    }
}
