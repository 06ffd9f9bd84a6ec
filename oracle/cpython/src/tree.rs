//! Trees as text: walks what CPython's parser gives, attribute by attribute.

use std::collections::HashMap;
use std::ffi::CString;
use std::fmt::Write;
use std::rc::Rc;

use pyo3::ffi;
use twinheap_observation::Stage;
use twinheap_observation::wire::ReportBuilder;

use crate::object::{self, Object, clear_error, take_exception};
use crate::quote::quote_into;
use crate::tokens::Tokenizer;

/// `PyCF_ONLY_AST` of `cpython/compile.h`.
const ONLY_AST: i32 = 0x0400;

/// What is known of one class of nodes.
struct Shape {
    name: String,
    fields: Vec<Object>,
    /// Whether its nodes have a place in the source.
    placed: bool,
}

/// Writes trees and tokens; keeps what it has learnt of the node classes.
pub struct TreeWriter {
    shapes: HashMap<*mut ffi::PyTypeObject, Rc<Shape>>,
    places: [Object; 4],
    value: Object,
    kind: Object,
    tokenizer: Tokenizer,
}

/// A tree or a list of tokens that is being written.
struct Text {
    out: String,
    depth: usize,
}

fn interned(name: &str) -> Result<Object, String> {
    let name = CString::new(name).map_err(|error| error.to_string())?;
    // SAFETY: the name is a C string.
    Object::take(unsafe { ffi::PyUnicode_InternFromString(name.as_ptr()) })
        .ok_or_else(|| "no memory for a name".to_owned())
}

impl TreeWriter {
    pub fn new() -> Result<TreeWriter, String> {
        Ok(TreeWriter {
            shapes: HashMap::new(),
            places: [
                interned("lineno")?,
                interned("col_offset")?,
                interned("end_lineno")?,
                interned("end_col_offset")?,
            ],
            value: interned("value")?,
            kind: interned("kind")?,
            tokenizer: Tokenizer::new()?,
        })
    }

    /// Adds the tokens; where the source has an error, up to that.
    pub fn add_tokens(&self, source: &str, report: &mut ReportBuilder) {
        match self.tokenizer.tokens(source) {
            Some(text) => report.add_tokens(text),
            None => report.add_unsupported(Stage::Tokens, "the source has no tokens"),
        }
        clear_error();
    }

    /// Adds the tree, or the error of a source that does not parse.
    pub fn add_tree(&mut self, source: &str, filename: &str, report: &mut ReportBuilder) {
        match parse(source, filename) {
            Some(tree) => {
                let mut text = Text {
                    out: String::with_capacity(source.len() * 16),
                    depth: 0,
                };
                match self.node(&tree, &mut text) {
                    Some(()) => report.add_ast(text.out),
                    None => report.add_unsupported(Stage::Ast, "the tree cannot be read"),
                }
            }
            None => match take_exception().and_then(|error| rejection(&error)) {
                Some(text) => report.add_ast(text),
                None => report.add_unsupported(
                    Stage::Ast,
                    "the source parses, but its tree cannot be made into objects",
                ),
            },
        }
        clear_error();
    }

    fn shape(&mut self, node: &Object) -> Option<Rc<Shape>> {
        // SAFETY: the node is alive.
        let class = unsafe { ffi::Py_TYPE(node.pointer()) };
        if let Some(shape) = self.shapes.get(&class) {
            return Some(shape.clone());
        }
        let class_object = Object::borrow(class.cast())?;
        let shape = Rc::new(Shape {
            name: class_object.attribute(c"__name__")?.text()?,
            fields: class_object.attribute(c"_fields")?.items(),
            placed: !class_object.attribute(c"_attributes")?.items().is_empty(),
        });
        self.shapes.insert(class, shape.clone());
        Some(shape)
    }

    fn node(&mut self, node: &Object, text: &mut Text) -> Option<()> {
        let shape = self.shape(node)?;
        if !shape.placed && shape.fields.is_empty() {
            text.out.push_str(&shape.name);
            text.out.push(' ');
            return Some(());
        }
        if shape.name == "TypeIgnore" {
            let line = number(&get(node, &self.places[0])?);
            write!(text.out, "TypeIgnore({line} ").ok()?;
            for field in &shape.fields[1..] {
                quoted(&get(node, field)?, &mut text.out)?;
            }
            text.out.push_str(" ) ");
            return Some(());
        }
        text.line(&shape.name);
        if shape.placed {
            let mut place = [0; 4];
            for (value, name) in place.iter_mut().zip(&self.places) {
                *value = number(&get(node, name)?);
            }
            let [line, column, end_line, end_column] = place;
            write!(text.out, "@{line}:{column}-{end_line}:{end_column}").ok()?;
        }
        text.out.push('(');
        match shape.name.as_str() {
            "Constant" => {
                constant(&get(node, &self.value)?, &mut text.out)?;
                let is_plain = is_none(&get(node, &self.kind)?);
                text.out.push_str(if is_plain { " -" } else { " u" });
            }
            "MatchSingleton" => {
                constant(&get(node, &self.value)?, &mut text.out)?;
                text.out.push(' ');
            }
            _ => {
                for field in &shape.fields {
                    let value = get(node, field)?;
                    self.field(&value, text)?;
                }
            }
        }
        text.depth -= 1;
        text.out.push(')');
        Some(())
    }

    fn field(&mut self, value: &Object, text: &mut Text) -> Option<()> {
        // SAFETY: the value is alive for all of these questions.
        let (is_list, is_text, is_number) = unsafe {
            (
                ffi::PyList_Check(value.pointer()) != 0,
                ffi::PyUnicode_Check(value.pointer()) != 0,
                ffi::PyLong_Check(value.pointer()) != 0,
            )
        };
        if is_none(value) {
            text.out.push('-');
        } else if is_list {
            text.out.push('[');
            for item in value.items() {
                self.field(&item, text)?;
            }
            text.out.push(']');
        } else if is_text {
            quoted(value, &mut text.out)?;
            text.out.push(' ');
        } else if is_number {
            write!(text.out, "{} ", number(value)).ok()?;
        } else {
            self.node(value, text)?;
        }
        Some(())
    }
}

impl Text {
    fn line(&mut self, name: &str) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.depth));
        self.depth += 1;
        self.out.push_str(name);
    }
}

fn get(object: &Object, name: &Object) -> Option<Object> {
    // SAFETY: both are alive and the GIL is held.
    Object::take(unsafe { ffi::PyObject_GetAttr(object.pointer(), name.pointer()) })
}

fn is_none(object: &Object) -> bool {
    // SAFETY: None is immortal.
    object.pointer() == unsafe { ffi::Py_None() }
}

pub fn number(object: &Object) -> i64 {
    // SAFETY: the object is alive; anything but an int gives -1 and an error, which is cleared at the end.
    unsafe { ffi::PyLong_AsLongLong(object.pointer()) }
}

/// A str in quotes, lone surrogates encoded as they are.
pub fn quoted(object: &Object, out: &mut String) -> Option<()> {
    let mut length = 0;
    // SAFETY: the object is alive; a wrong type gives NULL and an error.
    let data = unsafe { ffi::PyUnicode_AsUTF8AndSize(object.pointer(), &mut length) };
    if !data.is_null() {
        // SAFETY: the data belong to the str, which is alive.
        let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length as usize) };
        quote_into(bytes, out);
        return Some(());
    }
    clear_error();
    // SAFETY: the object is alive; a wrong type gives NULL and an error.
    let encoded = Object::take(unsafe {
        ffi::PyUnicode_AsEncodedString(
            object.pointer(),
            c"utf-8".as_ptr(),
            c"surrogatepass".as_ptr(),
        )
    })?;
    quote_into(&encoded.bytes()?, out);
    Some(())
}

fn constant(value: &Object, out: &mut String) -> Option<()> {
    let pointer = value.pointer();
    // SAFETY: the value is alive and the singletons are immortal.
    unsafe {
        if is_none(value) {
            out.push_str("None");
        } else if pointer == ffi::Py_Ellipsis() {
            out.push_str("Ellipsis");
        } else if pointer == ffi::Py_True() || pointer == ffi::Py_False() {
            out.push_str(if pointer == ffi::Py_True() {
                "True"
            } else {
                "False"
            });
        } else if ffi::PyLong_Check(pointer) != 0 {
            out.push_str("int:");
            out.push_str(&Object::take(ffi::PyNumber_ToBase(pointer, 16))?.text()?);
        } else if ffi::PyFloat_Check(pointer) != 0 {
            write!(
                out,
                "float:{:016x}",
                ffi::PyFloat_AsDouble(pointer).to_bits()
            )
            .ok()?;
        } else if ffi::PyComplex_Check(pointer) != 0 {
            let real = ffi::PyComplex_RealAsDouble(pointer).to_bits();
            let imaginary = ffi::PyComplex_ImagAsDouble(pointer).to_bits();
            write!(out, "complex:{real:016x}{imaginary:016x}").ok()?;
        } else if ffi::PyUnicode_Check(pointer) != 0 {
            out.push_str("str:");
            quoted(value, out)?;
        } else {
            out.push_str("bytes:");
            quote_into(&value.bytes()?, out);
        }
    }
    Some(())
}

fn parse(source: &str, filename: &str) -> Option<Object> {
    let filename = object::text(filename)?;
    let mut flags = ffi::PyCompilerFlags {
        cf_flags: ONLY_AST,
        cf_feature_version: minor_version(),
    };
    let Ok(source) = CString::new(source) else {
        return compile_with_nulls(source, &filename);
    };
    // SAFETY: source, file name and flags are alive.
    Object::take(unsafe {
        ffi::Py_CompileStringObject(
            source.as_ptr(),
            filename.pointer(),
            ffi::Py_file_input,
            &mut flags,
            -1,
        )
    })
}

/// A source with a null character goes to the built-in function, which rejects it.
pub fn compile_with_nulls(source: &str, filename: &Object) -> Option<Object> {
    let compile = object::import("builtins").ok()?.attribute(c"compile")?;
    let (source, mode) = (object::text(source)?, object::text("exec")?);
    let arguments = object::tuple(&[&source, filename, &mode])?;
    // SAFETY: all are alive and the GIL is held.
    Object::take(unsafe { ffi::PyObject_CallObject(compile.pointer(), arguments.pointer()) })
}

/// Marshal bytes of what the bytes of a source compile to, or the error as one line.
pub fn compile_bytes(source: &[u8], filename: &str) -> Result<Vec<u8>, String> {
    let no_memory = || "no memory".to_owned();
    let compile = object::import("builtins")?
        .attribute(c"compile")
        .ok_or("builtins has no compile")?;
    // SAFETY: the bytes are alive for the call.
    let source = Object::take(unsafe {
        ffi::PyBytes_FromStringAndSize(source.as_ptr().cast(), source.len() as ffi::Py_ssize_t)
    })
    .ok_or_else(no_memory)?;
    let filename = object::text(filename).ok_or_else(no_memory)?;
    let mode = object::text("exec").ok_or_else(no_memory)?;
    let arguments = object::tuple(&[&source, &filename, &mode]).ok_or_else(no_memory)?;
    // SAFETY: all are alive and the GIL is held.
    let code =
        Object::take(unsafe { ffi::PyObject_CallObject(compile.pointer(), arguments.pointer()) });
    let Some(code) = code else {
        let error = take_exception().ok_or_else(|| "an error without an exception".to_owned())?;
        let told =
            rejection(&error).unwrap_or_else(|| "rejected: by the making of a tree".to_owned());
        return Err(told);
    };
    // SAFETY: the code object is alive.
    let bytes = Object::take(unsafe { ffi::PyMarshal_WriteObjectToString(code.pointer(), 4) });
    bytes.and_then(|bytes| bytes.bytes()).ok_or_else(no_memory)
}

/// The number after `3.`.
fn minor_version() -> i32 {
    // SAFETY: the text is static.
    let version = unsafe { std::ffi::CStr::from_ptr(ffi::Py_GetVersion()) };
    let version = version.to_string_lossy();
    let digits = version.split('.').nth(1).unwrap_or("");
    digits.parse().unwrap_or(11)
}

/// The exception with everything that it carries; none for one that the parser did not raise.
fn rejection(error: &Object) -> Option<String> {
    // SAFETY: the exception is alive.
    let class = Object::borrow(unsafe { ffi::Py_TYPE(error.pointer()) }.cast())?;
    let name = class.attribute(c"__name__")?.text()?;
    if name == "RecursionError" {
        let shown = shown(error)?;
        // The parser is through; it is the making of objects that has gone too deep.
        if shown.contains("ast construction") {
            return None;
        }
    }
    let mut text = format!("rejected: {name} ");
    // SAFETY: the exception and the type are alive.
    if unsafe { ffi::PyObject_IsInstance(error.pointer(), ffi::PyExc_SyntaxError) } != 1 {
        quote_into(shown(error)?.as_bytes(), &mut text);
        text.push_str(" None None None None None");
        return Some(text);
    }
    quoted(&error.attribute(c"msg")?, &mut text)?;
    for name in [c"lineno", c"offset", c"end_lineno", c"end_offset"] {
        let value = error.attribute(name)?;
        if is_none(&value) {
            text.push_str(" None");
        } else {
            write!(text, " {}", number(&value)).ok()?;
        }
    }
    text.push(' ');
    let line = error.attribute(c"text")?;
    if is_none(&line) {
        text.push_str("None");
    } else {
        quoted(&line, &mut text)?;
    }
    Some(text)
}

fn shown(object: &Object) -> Option<String> {
    // SAFETY: the object is alive.
    Object::take(unsafe { ffi::PyObject_Str(object.pointer()) })?.text()
}
