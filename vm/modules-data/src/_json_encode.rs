//! The encoder's half of `_json` (`Modules/_json.c`), and the module.

use crate::_json_scan::{PyScannerType, py_scanstring, text_argument};
use crate::prelude::*;
use twinheap_objects::float;
use twinheap_objects::object::enter_recursive_call;
use twinheap_objects::singletons::as_bool;
use twinheap_objects::unicode::Writer;

/// The letter of a short escape.
fn short_escape(character: u32) -> Option<char> {
    Some(match char::from_u32(character)? {
        same @ ('\\' | '"') => same,
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        _ => return None,
    })
}

fn push_code(writer: &mut Writer, unit: u32) {
    writer.push_str(&format!("\\u{unit:04x}"));
}

fn escape(text: &PyASCIIObject, ascii: bool) -> PyResult<Own<PyASCIIObject>> {
    let mut writer = Writer::with_capacity(text.length.get() as usize + 2);
    writer.push_character(u32::from('"'));
    for character in unicode::text(text).iter() {
        if let Some(letter) = short_escape(character) {
            writer.push_character(u32::from('\\'));
            writer.push_character(u32::from(letter));
            continue;
        }
        match character {
            0x20..=0x7e => writer.push_character(character),
            0x20.. if !ascii => writer.push_character(character),
            0x10000.. => {
                let rest = character - 0x10000;
                push_code(&mut writer, 0xd800 | rest >> 10);
                push_code(&mut writer, 0xdc00 | rest & 0x3ff);
            }
            _ => push_code(&mut writer, character),
        }
    }
    writer.push_character(u32::from('"'));
    writer.finish()
}

fn encode_basestring_ascii(_: &PyObject, text: &PyObject) -> PyResult {
    Ok(escape(text_argument(text)?, true)?.upcast())
}

fn encode_basestring(_: &PyObject, text: &PyObject) -> PyResult {
    Ok(escape(text_argument(text)?, false)?.upcast())
}

object_struct! {
    /// `PyEncoderObject`.
    pub struct Encoder {
        markers: Pointer<PyObject>,
        defaultfn: Pointer<PyObject>,
        encoder: Pointer<PyObject>,
        indent: Pointer<PyObject>,
        key_separator: Pointer<PyObject>,
        item_separator: Pointer<PyObject>,
        sort_keys: Cell<i8>,
        skipkeys: Cell<i8>,
        allow_nan: Cell<i32>,
        /// Which of the two functions above the encoder is: 1 for ASCII, 2 for the other.
        fast_encode: Cell<usize>,
    }
}

const _: () = assert!(size_of::<Encoder>() == 80);

/// `_PyAccu`: pieces of text, joined when there are very many of them and at the end.
#[derive(Default)]
struct Pieces {
    small: Vec<Own<PyASCIIObject>>,
    large: Vec<Own>,
}

impl Pieces {
    fn push(&mut self, piece: Own<PyASCIIObject>) -> PyResult<()> {
        const MANY: usize = 100_000;
        self.small.push(piece);
        if self.small.len() > MANY {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> PyResult<()> {
        let pieces = std::mem::take(&mut self.small);
        let joined = match &pieces[..] {
            [] => return Ok(()),
            [single] if single.as_object().is_exactly(&unicode::PyUnicode_Type) => single.clone(),
            all => {
                let mut writer = Writer::new();
                for piece in all {
                    writer.push(piece);
                }
                writer.finish()?
            }
        };
        self.large.push(joined.upcast());
        Ok(())
    }

    fn finish(mut self) -> PyResult {
        self.flush()?;
        Ok(list::from_vec(self.large)?.upcast())
    }
}

fn literal(text: &'static PyASCIIObject) -> Own<PyASCIIObject> {
    Own::new(text)
}

fn constant(object: &PyObject) -> Option<Own<PyASCIIObject>> {
    match as_bool(object) {
        Some(true) => Some(literal(id!("true"))),
        Some(false) => Some(literal(id!("false"))),
        None if object.is_none() => Some(literal(id!("null"))),
        None => None,
    }
}

/// The repr that the type itself gives, whatever a subclass says.
fn own_repr(object: &PyObject, type_: &PyTypeObject) -> PyResult<Own<PyASCIIObject>> {
    let Some(repr) = type_.tp_repr.get() else {
        return Err(errors::system_error("a number without a repr"));
    };
    // SAFETY: the object is an instance of the type; the repr of a number is a str.
    unsafe { Ok(errors::from_c(repr(object.as_raw()))?.cast()) }
}

impl Encoder {
    fn float(&self, number: &PyFloatObject) -> PyResult<Own<PyASCIIObject>> {
        let value = float::value(number);
        if value.is_finite() {
            return own_repr(number.as_object(), &float::PyFloat_Type);
        }
        if self.allow_nan.get() == 0 {
            return Err(value_error(
                "Out of range float values are not JSON compliant",
            ));
        }
        unicode::from_str(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        })
    }

    fn string(&self, text: &PyASCIIObject) -> PyResult<Own<PyASCIIObject>> {
        match self.fast_encode.get() {
            1 => return escape(text, true),
            2 => return escape(text, false),
            _ => {}
        }
        let encoder = Own::new(self.encoder.expect_ref());
        let encoded = call::call(&encoder, &[text.as_object()])?;
        encoded.downcast::<PyASCIIObject>().map_err(|other| {
            type_error(format_args!(
                "encoder() must return a string, not {:.80}",
                other.type_().name()
            ))
        })
    }

    /// Notes that an object is being encoded; the key under which that is noted, if it is at all.
    fn enter(&self, object: &PyObject) -> PyResult<Option<Own>> {
        let markers = Own::new(self.markers.expect_ref());
        let Some(markers) = markers.downcast_ref::<PyDictObject>() else {
            return Ok(None);
        };
        let key = object::id(object)?;
        if dict::contains(markers, &key)? {
            return Err(value_error("Circular reference detected"));
        }
        dict::set_item(markers, &key, object)?;
        Ok(Some(key))
    }

    fn leave(&self, key: Option<Own>) -> PyResult<()> {
        let markers = Own::new(self.markers.expect_ref());
        match (key, markers.downcast_ref::<PyDictObject>()) {
            (Some(key), Some(markers)) => dict::delete_item(markers, &key),
            _ => Ok(()),
        }
    }

    fn encode(&self, pieces: &mut Pieces, object: &PyObject) -> PyResult<()> {
        const WHERE: &str = " while encoding a JSON object";
        if let Some(constant) = constant(object) {
            return pieces.push(constant);
        }
        if let Some(text) = object.downcast_ref::<PyASCIIObject>() {
            return pieces.push(self.string(text)?);
        }
        if object.downcast_ref::<PyLongObject>().is_some() {
            return pieces.push(own_repr(object, &long::PyLong_Type)?);
        }
        if let Some(number) = object.downcast_ref::<PyFloatObject>() {
            return pieces.push(self.float(number)?);
        }
        if object.downcast_ref::<PyListObject>().is_some()
            || object.downcast_ref::<PyTupleObject>().is_some()
        {
            let _depth = enter_recursive_call(WHERE)?;
            return self.encode_list(pieces, object);
        }
        if let Some(dict) = object.downcast_ref::<PyDictObject>() {
            let _depth = enter_recursive_call(WHERE)?;
            return self.encode_dict(pieces, dict);
        }
        let key = self.enter(object)?;
        let default = Own::new(self.defaultfn.expect_ref());
        let replaced = call::call(&default, &[object])?;
        let depth = enter_recursive_call(WHERE)?;
        self.encode(pieces, &replaced)?;
        drop(depth);
        self.leave(key)
    }

    fn separator(field: &Pointer<PyObject>) -> Own<PyASCIIObject> {
        // SAFETY: the constructor takes only str.
        unsafe { Own::new(field.expect_ref()).cast() }
    }

    fn encode_list(&self, pieces: &mut Pieces, sequence: &PyObject) -> PyResult<()> {
        let items = abstract_::fast_sequence(sequence, "_iterencode_list needs a sequence")?;
        if abstract_::fast_items(&items).is_empty() {
            return pieces.push(literal(id!("[]")));
        }
        let key = self.enter(sequence)?;
        pieces.push(literal(id!("[")))?;
        let mut index = 0;
        while let Some(item) = abstract_::fast_items(&items)
            .get(index)
            .copied()
            .map(Own::new)
        {
            if index > 0 {
                pieces.push(Encoder::separator(&self.item_separator))?;
            }
            self.encode(pieces, &item)?;
            index += 1;
        }
        self.leave(key)?;
        pieces.push(literal(id!("]")))
    }

    /// The key of a member as text; nothing where it is to be left out.
    fn key_text(&self, key: &PyObject) -> PyResult<Option<Own<PyASCIIObject>>> {
        if let Some(text) = key.downcast_ref::<PyASCIIObject>() {
            return Ok(Some(Own::new(text)));
        }
        if let Some(number) = key.downcast_ref::<PyFloatObject>() {
            return self.float(number).map(Some);
        }
        if let Some(constant) = constant(key) {
            return Ok(Some(constant));
        }
        if key.downcast_ref::<PyLongObject>().is_some() {
            return own_repr(key, &long::PyLong_Type).map(Some);
        }
        if self.skipkeys.get() != 0 {
            return Ok(None);
        }
        Err(type_error(format_args!(
            "keys must be str, int, float, bool or None, not {:.100}",
            key.type_().name()
        )))
    }

    fn encode_dict(&self, pieces: &mut Pieces, dict: &PyDictObject) -> PyResult<()> {
        if dict.ma_used.get() == 0 {
            return pieces.push(literal(id!("{}")));
        }
        let marker = self.enter(dict.as_object())?;
        pieces.push(literal(id!("{")))?;
        let items = items_of(dict)?;
        if self.sort_keys.get() != 0 {
            list::sort(&items)?;
        }
        let iterator = abstract_::get_iter(items.as_object())?;
        drop(items);
        let mut first = true;
        while let Some(item) = abstract_::next(&iterator)? {
            let pair = item
                .downcast_ref::<PyTupleObject>()
                .map(tuple::items)
                .filter(|pair| pair.len() == 2);
            let Some(pair) = pair else {
                return Err(value_error("items must return 2-tuples"));
            };
            let Some(key) = self.key_text(pair[0])? else {
                continue;
            };
            if !first {
                pieces.push(Encoder::separator(&self.item_separator))?;
            }
            first = false;
            pieces.push(self.string(&key)?)?;
            pieces.push(Encoder::separator(&self.key_separator))?;
            self.encode(pieces, pair[1])?;
        }
        self.leave(marker)?;
        pieces.push(literal(id!("}")))
    }
}

/// The items of a dict as a list (`PyMapping_Items`); only a subclass is asked for them.
fn items_of(dict: &PyDictObject) -> PyResult<Own<PyListObject>> {
    if !dict.as_object().is_exactly(&dict::PyDict_Type) {
        let items = call::call_method(dict.as_object(), id!("items"), &[])?;
        return list::from_iterable(&items);
    }
    let pairs: PyResult<Vec<Own>> = dict::entries(dict)
        .map(|(key, value)| Ok(tuple::pack(&[key, value])?.upcast()))
        .collect();
    list::from_vec(pairs?)
}

fn call_encoder(this: &Encoder, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "_iterencode",
        parameters: &["obj", "_current_indent_level"],
        required: 2,
        positional: 2,
    };
    let [object, level] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    unicode::ssize(level.expect("required"))?;
    let mut pieces = Pieces::default();
    this.encode(&mut pieces, object.expect("required"))?;
    pieces.finish()
}

/// Which of the module's own functions an encoder is.
fn fast_kind(encoder: &PyObject) -> usize {
    let Some(function) = encoder.downcast_exact::<PyCFunctionObject>() else {
        return 0;
    };
    let is = |index: usize| std::ptr::eq(function.m_ml.get(), &FUNCTIONS[index]);
    if is(0) {
        1
    } else if is(1) {
        2
    } else {
        0
    }
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "make_encoder",
        parameters: &[
            "markers",
            "default",
            "encoder",
            "indent",
            "key_separator",
            "item_separator",
            "sort_keys",
            "skipkeys",
            "allow_nan",
        ],
        required: 9,
        positional: 9,
    };
    let given =
        call::bind_tuple::<9>(&SIGNATURE, args, kwargs)?.map(|given| given.expect("required"));
    for index in [4, 5] {
        unicode::expect_str(
            given[index],
            "make_encoder",
            &format!("argument {}", index + 1),
        )?;
    }
    let flags = [
        object::is_true(given[6])?,
        object::is_true(given[7])?,
        object::is_true(given[8])?,
    ];
    if !given[0].is_none() && given[0].downcast_ref::<PyDictObject>().is_none() {
        return Err(type_error(format_args!(
            "make_encoder() argument 1 must be dict or None, not {:.200}",
            given[0].type_().name()
        )));
    }
    let made = Encoder::alloc(type_)?;
    for (field, value) in [
        &made.markers,
        &made.defaultfn,
        &made.encoder,
        &made.indent,
        &made.key_separator,
        &made.item_separator,
    ]
    .into_iter()
    .zip(given)
    {
        field.put(Some(Own::new(value)));
    }
    made.sort_keys.set(i8::from(flags[0]));
    made.skipkeys.set(i8::from(flags[1]));
    made.allow_nan.set(i32::from(flags[2]));
    made.fast_encode.set(fast_kind(given[2]));
    Ok(made.upcast())
}

members! {
    static MEMBERS:
    "markers" => T_OBJECT, offset_of!(Encoder, markers), READONLY;
    "default" => T_OBJECT, offset_of!(Encoder, defaultfn), READONLY;
    "encoder" => T_OBJECT, offset_of!(Encoder, encoder), READONLY;
    "indent" => T_OBJECT, offset_of!(Encoder, indent), READONLY;
    "key_separator" => T_OBJECT, offset_of!(Encoder, key_separator), READONLY;
    "item_separator" => T_OBJECT, offset_of!(Encoder, item_separator), READONLY;
    "sort_keys" => T_BOOL, offset_of!(Encoder, sort_keys), READONLY;
    "skipkeys" => T_BOOL, offset_of!(Encoder, skipkeys), READONLY;
}

static_type! {
    /// `_json.Encoder`.
    PyEncoderType = "_json.Encoder", size size_of::<Encoder>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc Encoder::dealloc),
    tp_call: slot!(call call_encoder),
    tp_traverse: slot!(traverse Encoder::traverse),
    tp_clear: slot!(clear Encoder::clear),
    tp_members: MEMBERS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}

methods! {
    static FUNCTIONS:
    "encode_basestring_ascii" => o(encode_basestring_ascii);
    "encode_basestring" => o(encode_basestring);
    "scanstring" => varargs(py_scanstring);
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    types::ready(&PyScannerType)?;
    types::ready(&PyEncoderType)?;
    let made = module::build("_json", FUNCTIONS, &[])?;
    module::add(&made, "make_scanner", PyScannerType.as_object())?;
    module::add(&made, "make_encoder", PyEncoderType.as_object())?;
    Ok(made)
}
