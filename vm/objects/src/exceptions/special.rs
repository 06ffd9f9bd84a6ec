//! The exceptions that keep more than arguments.

use super::base::{self, args_of};
use super::table::{
    PyExc_BlockingIOError, PyExc_BrokenPipeError, PyExc_ChildProcessError,
    PyExc_ConnectionAbortedError, PyExc_ConnectionRefusedError, PyExc_ConnectionResetError,
    PyExc_Exception, PyExc_FileExistsError, PyExc_FileNotFoundError, PyExc_InterruptedError,
    PyExc_IsADirectoryError, PyExc_LookupError, PyExc_NotADirectoryError, PyExc_PermissionError,
    PyExc_ProcessLookupError, PyExc_TimeoutError, PyExc_UnicodeError,
};
use crate::call::{self, Signature};
use crate::errors::{self, PyResult, type_error};
use crate::exceptions::PyExc_ValueError;
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own, Typed};
use crate::singletons::none;
use crate::{long, members, slot, static_type, tuple, typed, unicode};
use std::mem::offset_of;
use twinheap_abi::*;

const FLAGS: u64 = Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_BASE_EXC_SUBCLASS;
const DICT: isize = offset_of!(PyBaseExceptionObject, dict) as isize;

/// Declares an exception with object fields: its struct, fields to visit and clear, and slots.
macro_rules! field_exception {
    (
        $type:ident = $name:literal: $base:path, $layout:ident, fields [$($field:ident),*],
        init $init:expr, str $str:expr, members $members:ident
    ) => {
        typed!($layout, $type);

        const _: () = {
            fn traverse(exception: &$layout, visitor: &mut Visitor) {
                $(visitor.field(&exception.$field);)*
                base::traverse(exception, visitor);
            }

            fn clear(exception: &$layout) {
                $(exception.$field.clear();)*
                base::clear(exception);
            }

            unsafe fn dealloc(exception: *mut $layout) {
                // SAFETY: called once, when the last reference is gone.
                unsafe {
                    memory::untrack(exception.cast());
                    $((*exception).$field.clear();)*
                    base::dealloc(exception.cast());
                }
            }

            impl FieldSlots for $layout {
                const TRAVERSE: Option<traverseproc> = slot!(traverse traverse);
                const CLEAR: Option<inquiry> = slot!(clear clear);
                const DEALLOC: Option<destructor> = slot!(dealloc dealloc);
            }
        };

        static_type! {
            #[doc = concat!("`", $name, "`.")]
            $type = $name, size size_of::<$layout>(), 0, flags FLAGS;
            tp_base: &raw const $base,
            tp_dealloc: <$layout as FieldSlots>::DEALLOC,
            tp_str: $str,
            tp_traverse: <$layout as FieldSlots>::TRAVERSE,
            tp_clear: <$layout as FieldSlots>::CLEAR,
            tp_members: $members.as_ptr(),
            tp_dictoffset: DICT,
            tp_init: $init,
            tp_new: slot!(new base::new),
        }
    };
}

trait FieldSlots {
    const TRAVERSE: Option<traverseproc>;
    const CLEAR: Option<inquiry>;
    const DEALLOC: Option<destructor>;
}

fn own_or_none(items: &[&PyObject], index: usize) -> Own {
    items.get(index).map_or_else(none, |value| Own::new(*value))
}

members! {
    static STOP_ITERATION_MEMBERS:
    "value" => T_OBJECT, offset_of!(PyStopIterationObject, value), 0;
}

fn stop_iteration_init(
    exception: &PyStopIterationObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    base::init(exception, args, kwargs)?;
    exception
        .value
        .put(Some(own_or_none(tuple::items(args), 0)));
    Ok(())
}

field_exception! {
    PyExc_StopIteration = "StopIteration": PyExc_Exception, PyStopIterationObject, fields [value],
    init slot!(init stop_iteration_init), str None, members STOP_ITERATION_MEMBERS
}

members! {
    static SYSTEM_EXIT_MEMBERS:
    "code" => T_OBJECT, offset_of!(PySystemExitObject, code), 0;
}

fn system_exit_init(
    exception: &PySystemExitObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    base::init(exception, args, kwargs)?;
    match tuple::items(args) {
        [] => {}
        [single] => exception.code.put(Some(Own::new(*single))),
        _ => exception.code.put(Some(Own::new(args).upcast())),
    }
    Ok(())
}

field_exception! {
    PyExc_SystemExit = "SystemExit": base::PyExc_BaseException, PySystemExitObject, fields [code],
    init slot!(init system_exit_init), str None, members SYSTEM_EXIT_MEMBERS
}

members! {
    static IMPORT_ERROR_MEMBERS:
    "msg" => T_OBJECT, offset_of!(PyImportErrorObject, msg), 0;
    "name" => T_OBJECT, offset_of!(PyImportErrorObject, name), 0;
    "path" => T_OBJECT, offset_of!(PyImportErrorObject, path), 0;
}

fn import_error_init(
    exception: &PyImportErrorObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    base::init(exception, args, None)?;
    const SIGNATURE: Signature = Signature {
        name: "ImportError",
        parameters: &["name", "path"],
        required: 0,
        positional: 0,
    };
    let empty = tuple::empty();
    let [name, path] = call::bind_tuple::<2>(&SIGNATURE, &empty, kwargs)?;
    exception.name.put(name.map(Own::new));
    exception.path.put(path.map(Own::new));
    if let [single] = tuple::items(args) {
        exception.msg.put(Some(Own::new(*single)));
    }
    Ok(())
}

fn import_error_str(exception: &PyImportErrorObject) -> PyResult {
    match exception.msg.own() {
        Some(msg) if msg.is_exactly(&unicode::PyUnicode_Type) => Ok(msg),
        _ => base::str(exception),
    }
}

field_exception! {
    PyExc_ImportError = "ImportError": PyExc_Exception, PyImportErrorObject, fields [msg, name, path],
    init slot!(init import_error_init), str slot!(unary import_error_str), members IMPORT_ERROR_MEMBERS
}

members! {
    static NAME_ERROR_MEMBERS:
    "name" => T_OBJECT, offset_of!(PyNameErrorObject, name), 0;
}

fn name_error_init(
    exception: &PyNameErrorObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    base::init(exception, args, None)?;
    const SIGNATURE: Signature = Signature {
        name: "NameError",
        parameters: &["name"],
        required: 0,
        positional: 0,
    };
    let empty = tuple::empty();
    let [name] = call::bind_tuple::<1>(&SIGNATURE, &empty, kwargs)?;
    exception.name.put(name.map(Own::new));
    Ok(())
}

field_exception! {
    PyExc_NameError = "NameError": PyExc_Exception, PyNameErrorObject, fields [name],
    init slot!(init name_error_init), str None, members NAME_ERROR_MEMBERS
}

members! {
    static ATTRIBUTE_ERROR_MEMBERS:
    "name" => T_OBJECT, offset_of!(PyAttributeErrorObject, name), 0;
    "obj" => T_OBJECT, offset_of!(PyAttributeErrorObject, obj), 0;
}

fn attribute_error_init(
    exception: &PyAttributeErrorObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    base::init(exception, args, None)?;
    const SIGNATURE: Signature = Signature {
        name: "AttributeError",
        parameters: &["name", "obj"],
        required: 0,
        positional: 0,
    };
    let empty = tuple::empty();
    let [name, obj] = call::bind_tuple::<2>(&SIGNATURE, &empty, kwargs)?;
    exception.name.put(name.map(Own::new));
    exception.obj.put(obj.map(Own::new));
    Ok(())
}

field_exception! {
    PyExc_AttributeError = "AttributeError": PyExc_Exception, PyAttributeErrorObject, fields [obj, name],
    init slot!(init attribute_error_init), str None, members ATTRIBUTE_ERROR_MEMBERS
}

fn key_error_str(exception: &PyBaseExceptionObject) -> PyResult {
    match args_of(exception) {
        [single] => Ok(object::repr(single)?.upcast()),
        _ => base::str(exception),
    }
}

static_type! {
    /// `KeyError`.
    PyExc_KeyError = "KeyError", size size_of::<PyBaseExceptionObject>(), 0, flags FLAGS & !Py_TPFLAGS_HAVE_GC;
    tp_base: &raw const PyExc_LookupError,
    tp_str: slot!(unary key_error_str),
    tp_dictoffset: DICT,
}

members! {
    static SYNTAX_ERROR_MEMBERS:
    "msg" => T_OBJECT, offset_of!(PySyntaxErrorObject, msg), 0;
    "filename" => T_OBJECT, offset_of!(PySyntaxErrorObject, filename), 0;
    "lineno" => T_OBJECT, offset_of!(PySyntaxErrorObject, lineno), 0;
    "offset" => T_OBJECT, offset_of!(PySyntaxErrorObject, offset), 0;
    "text" => T_OBJECT, offset_of!(PySyntaxErrorObject, text), 0;
    "end_lineno" => T_OBJECT, offset_of!(PySyntaxErrorObject, end_lineno), 0;
    "end_offset" => T_OBJECT, offset_of!(PySyntaxErrorObject, end_offset), 0;
    "print_file_and_line" => T_OBJECT, offset_of!(PySyntaxErrorObject, print_file_and_line), 0;
}

fn syntax_error_init(
    exception: &PySyntaxErrorObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    base::init(exception, args, kwargs)?;
    let items = tuple::items(args);
    if let Some(msg) = items.first() {
        exception.msg.put(Some(Own::new(*msg)));
    }
    if items.len() == 2 {
        let info = tuple::from_iterable(items[1])?;
        let info = tuple::items(&info);
        if info.len() != 4 && info.len() != 6 {
            let bound = if info.len() < 4 {
                "at least 4"
            } else {
                "at most 6"
            };
            return Err(type_error(format_args!(
                "function takes {bound} arguments ({} given)",
                info.len()
            )));
        }
        let fields = [
            &exception.filename,
            &exception.lineno,
            &exception.offset,
            &exception.text,
        ];
        for (field, value) in fields.into_iter().zip(info) {
            field.put(Some(Own::new(*value)));
        }
        exception
            .end_lineno
            .put(info.get(4).map(|value| Own::new(*value)));
        exception
            .end_offset
            .put(info.get(5).map(|value| Own::new(*value)));
    }
    Ok(())
}

fn syntax_error_str(exception: &PySyntaxErrorObject) -> PyResult {
    let msg = object::str(&exception.msg.own().unwrap_or_else(none))?;
    let file = exception
        .filename
        .own()
        .and_then(|name| {
            name.downcast_ref::<PyASCIIObject>()
                .map(unicode::to_string_lossy)
        })
        .map(|name| name.rsplit('/').next().unwrap_or_default().to_string());
    let line = exception
        .lineno
        .own()
        .and_then(|line| line.downcast_exact::<PyLongObject>().and_then(long::to_i64));
    let mut writer = unicode::Writer::new();
    writer.push(&msg);
    match (file, line) {
        (Some(file), Some(line)) => writer.push_str(&format!(" ({file}, line {line})")),
        (Some(file), None) => writer.push_str(&format!(" ({file})")),
        (None, Some(line)) => writer.push_str(&format!(" (line {line})")),
        (None, None) => {}
    }
    Ok(writer.finish()?.upcast())
}

field_exception! {
    PyExc_SyntaxError = "SyntaxError": PyExc_Exception, PySyntaxErrorObject,
    fields [msg, filename, lineno, offset, end_lineno, end_offset, text, print_file_and_line],
    init slot!(init syntax_error_init), str slot!(unary syntax_error_str), members SYNTAX_ERROR_MEMBERS
}

members! {
    static OS_ERROR_MEMBERS:
    "errno" => T_OBJECT, offset_of!(PyOSErrorObject, myerrno), 0;
    "strerror" => T_OBJECT, offset_of!(PyOSErrorObject, strerror), 0;
    "filename" => T_OBJECT, offset_of!(PyOSErrorObject, filename), 0;
    "filename2" => T_OBJECT, offset_of!(PyOSErrorObject, filename2), 0;
}

typed!(PyOSErrorObject, PyExc_OSError);

/// The subclass of OSError that stands for an errno.
fn os_error_type(errno: i64) -> Option<&'static PyTypeObject> {
    let errno = i32::try_from(errno).ok()?;
    Some(match errno {
        libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => &PyExc_BlockingIOError,
        libc::EPIPE | libc::ESHUTDOWN => &PyExc_BrokenPipeError,
        libc::ECHILD => &PyExc_ChildProcessError,
        libc::ECONNABORTED => &PyExc_ConnectionAbortedError,
        libc::ECONNREFUSED => &PyExc_ConnectionRefusedError,
        libc::ECONNRESET => &PyExc_ConnectionResetError,
        libc::EEXIST => &PyExc_FileExistsError,
        libc::ENOENT => &PyExc_FileNotFoundError,
        libc::EISDIR => &PyExc_IsADirectoryError,
        libc::ENOTDIR => &PyExc_NotADirectoryError,
        libc::EINTR => &PyExc_InterruptedError,
        libc::EACCES | libc::EPERM => &PyExc_PermissionError,
        libc::ESRCH => &PyExc_ProcessLookupError,
        libc::ETIMEDOUT => &PyExc_TimeoutError,
        _ => return None,
    })
}

/// `OSError_new`: the errno chooses the subclass, the fields are set at once.
fn os_error_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let deferred = os_error_uses_init(type_);
    if !deferred {
        call::no_keywords(type_.name(), kwargs)?;
    }
    let items = tuple::items(args);
    let mut type_ = type_;
    if std::ptr::eq(type_, &PyExc_OSError)
        && (2..=5).contains(&items.len())
        && let Some(errno) = items[0]
            .downcast_ref::<PyLongObject>()
            .and_then(long::to_i64)
        && let Some(subclass) = os_error_type(errno)
    {
        type_ = subclass;
    }
    if deferred {
        let made = base::new(type_, &tuple::empty(), None)?;
        if let Some(error) = made.downcast_ref::<PyOSErrorObject>() {
            error.written.set(-1);
        }
        return Ok(made);
    }
    let made = base::new(type_, args, kwargs)?;
    if let Some(error) = made.downcast_ref::<PyOSErrorObject>() {
        error.written.set(-1);
        fill_os_error(error, args)?;
    }
    Ok(made)
}

/// Whether a subclass has an `__init__` of its own but no `__new__`: then the arguments are `__init__`'s
/// affair alone.
fn os_error_uses_init(type_: &PyTypeObject) -> bool {
    let base: &PyTypeObject = &PyExc_OSError;
    type_.tp_init.get().map(|f| f as usize) != base.tp_init.get().map(|f| f as usize)
        && type_.tp_new.get().map(|f| f as usize) == base.tp_new.get().map(|f| f as usize)
}

fn fill_os_error(error: &PyOSErrorObject, args: &PyTupleObject) -> PyResult<()> {
    let items = tuple::items(args);
    if !(2..=5).contains(&items.len()) {
        return Ok(());
    }
    error.myerrno.put(Some(Own::new(items[0])));
    error.strerror.put(Some(Own::new(items[1])));
    let filename = items.get(2).filter(|name| !name.is_none());
    if let Some(filename) = filename {
        let blocking: &PyTypeObject = &PyExc_BlockingIOError;
        if error.as_object().is_exactly(blocking) && crate::abstract_::is_number(filename) {
            error.written.set(crate::abstract_::as_ssize(
                filename,
                Some(&PyExc_ValueError),
            )?);
            return Ok(());
        }
        error.filename.put(Some(Own::new(*filename)));
        if let Some(second) = items.get(4).filter(|name| !name.is_none()) {
            error.filename2.put(Some(Own::new(*second)));
        }
        error.args.put(Some(tuple::pack(&items[..2])?.upcast()));
    }
    Ok(())
}

fn os_error_init(
    error: &PyOSErrorObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    let type_ = error.as_object().type_();
    if !os_error_uses_init(type_) {
        return Ok(());
    }
    call::no_keywords(type_.name(), kwargs)?;
    error.args.put(Some(Own::new(args).upcast()));
    fill_os_error(error, args)
}

fn os_error_str(error: &PyOSErrorObject) -> PyResult {
    let shown = |field: &Pointer<PyObject>| -> PyResult<Own<PyASCIIObject>> {
        object::str(&field.own().unwrap_or_else(none))
    };
    let mut writer = unicode::Writer::new();
    if let Some(filename) = error.filename.own() {
        writer.push_str("[Errno ");
        writer.push(&shown(&error.myerrno)?);
        writer.push_str("] ");
        writer.push(&shown(&error.strerror)?);
        writer.push_str(": ");
        writer.push(&object::repr(&filename)?);
        if let Some(second) = error.filename2.own() {
            writer.push_str(" -> ");
            writer.push(&object::repr(&second)?);
        }
        return Ok(writer.finish()?.upcast());
    }
    if error.myerrno.as_ref().is_some() && error.strerror.as_ref().is_some() {
        writer.push_str("[Errno ");
        writer.push(&shown(&error.myerrno)?);
        writer.push_str("] ");
        writer.push(&shown(&error.strerror)?);
        return Ok(writer.finish()?.upcast());
    }
    base::str(error)
}

fn os_error_fields(error: &PyOSErrorObject) -> [&Pointer<PyObject>; 4] {
    [
        &error.myerrno,
        &error.strerror,
        &error.filename,
        &error.filename2,
    ]
}

fn os_error_traverse(error: &PyOSErrorObject, visitor: &mut Visitor) {
    for field in os_error_fields(error) {
        visitor.field(field);
    }
    base::traverse(error, visitor);
}

fn os_error_clear(error: &PyOSErrorObject) {
    for field in os_error_fields(error) {
        field.clear();
    }
    base::clear(error);
}

unsafe fn os_error_dealloc(error: *mut PyOSErrorObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(error.cast());
        for field in os_error_fields(&*error) {
            field.clear();
        }
        base::dealloc(error.cast());
    }
}

static_type! {
    /// `OSError`.
    PyExc_OSError = "OSError", size size_of::<PyOSErrorObject>(), 0, flags FLAGS;
    tp_base: &raw const PyExc_Exception,
    tp_dealloc: slot!(dealloc os_error_dealloc),
    tp_str: slot!(unary os_error_str),
    tp_traverse: slot!(traverse os_error_traverse),
    tp_clear: slot!(clear os_error_clear),
    tp_members: OS_ERROR_MEMBERS.as_ptr(),
    tp_dictoffset: DICT,
    tp_init: slot!(init os_error_init),
    tp_new: slot!(new os_error_new),
}

/// Raises the OSError of the last system call, with the name of the file.
pub fn raise_os_error(errno: i32, filename: Option<&PyObject>) -> errors::Raised {
    let outcome = || -> PyResult {
        let text = std::io::Error::from_raw_os_error(errno).to_string();
        let text = text
            .split(" (os error")
            .next()
            .unwrap_or_default()
            .to_string();
        let text = unicode::from_str(&text)?;
        let errno = long::from_i64(i64::from(errno))?;
        match filename {
            Some(filename) => call::call(
                PyExc_OSError.as_object(),
                &[errno.as_object(), text.as_object(), filename],
            ),
            None => call::call(
                PyExc_OSError.as_object(),
                &[errno.as_object(), text.as_object()],
            ),
        }
    };
    match outcome() {
        Ok(error) => {
            let type_ = Own::new(error.type_());
            errors::raise_object(&type_, Some(error))
        }
        Err(raised) => raised,
    }
}

members! {
    static UNICODE_ERROR_MEMBERS:
    "encoding" => T_OBJECT, offset_of!(PyUnicodeErrorObject, encoding), 0;
    "object" => T_OBJECT, offset_of!(PyUnicodeErrorObject, object), 0;
    "start" => T_PYSSIZET, offset_of!(PyUnicodeErrorObject, start), 0;
    "end" => T_PYSSIZET, offset_of!(PyUnicodeErrorObject, end), 0;
    "reason" => T_OBJECT, offset_of!(PyUnicodeErrorObject, reason), 0;
}

impl Typed for PyUnicodeErrorObject {
    fn check(object: &PyObject) -> bool {
        [
            &PyExc_UnicodeEncodeError,
            &PyExc_UnicodeDecodeError,
            &PyExc_UnicodeTranslateError,
        ]
        .into_iter()
        .any(|type_| object.is_instance_of(type_))
    }
    fn check_exact(object: &PyObject) -> bool {
        Self::check(object)
    }
}

/// The name of the native type that an error belongs to.
fn unicode_error_name(error: &PyUnicodeErrorObject) -> &'static str {
    let object = error.as_object();
    if object.is_instance_of(&PyExc_UnicodeEncodeError) {
        "UnicodeEncodeError"
    } else if object.is_instance_of(&PyExc_UnicodeDecodeError) {
        "UnicodeDecodeError"
    } else {
        "UnicodeTranslateError"
    }
}

fn wrong_unicode_argument(index: usize, wanted: &str, given: &PyObject) -> errors::Raised {
    type_error(format_args!(
        "argument {index} must be {wanted}, not {}",
        given.type_().name()
    ))
}

fn unicode_error_init(
    error: &PyUnicodeErrorObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    base::init(error, args, kwargs)?;
    let items = tuple::items(args);
    let translate = unicode_error_name(error) == "UnicodeTranslateError";
    let decode = unicode_error_name(error) == "UnicodeDecodeError";
    let wanted = if translate { 4 } else { 5 };
    if items.len() != wanted {
        return Err(type_error(format_args!(
            "function takes exactly {wanted} arguments ({} given)",
            items.len()
        )));
    }
    let shift = usize::from(!translate);
    if !translate {
        if items[0].downcast_ref::<PyASCIIObject>().is_none() {
            return Err(wrong_unicode_argument(1, "str", items[0]));
        }
        error.encoding.put(Some(Own::new(items[0])));
    }
    let subject = items[shift];
    let fits = if decode {
        crate::buffer::is_exporter(subject)
    } else {
        subject.downcast_ref::<PyASCIIObject>().is_some()
    };
    if !fits {
        return Err(wrong_unicode_argument(
            shift + 1,
            if decode { "bytes" } else { "str" },
            subject,
        ));
    }
    error.object.put(Some(Own::new(subject)));
    error.start.set(long::as_long(items[shift + 1])? as isize);
    error.end.set(long::as_long(items[shift + 2])? as isize);
    let reason = items[shift + 3];
    if reason.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(wrong_unicode_argument(shift + 4, "str", reason));
    }
    error.reason.put(Some(Own::new(reason)));
    Ok(())
}

fn unicode_error_str(error: &PyUnicodeErrorObject) -> PyResult {
    let Some(subject) = error.object.own() else {
        return Ok(unicode::empty().upcast());
    };
    let (start, end) = (error.start.get(), error.end.get());
    let reason = object::str(&error.reason.own().unwrap_or_else(none))?;
    let mut writer = unicode::Writer::new();
    let name = unicode_error_name(error);
    if name != "UnicodeTranslateError" {
        writer.push_str("'");
        writer.push(&object::str(&error.encoding.own().unwrap_or_else(none))?);
        writer.push_str("' codec ");
    }
    let verb = match name {
        "UnicodeDecodeError" => "can't decode",
        "UnicodeEncodeError" => "can't encode",
        _ => "can't translate",
    };
    writer.push_str(verb);
    let single = end == start + 1;
    match subject.downcast_ref::<PyASCIIObject>() {
        Some(text) if single && (0..text.length.get()).contains(&start) => {
            let character = unicode::text(text).at(start as usize);
            let escaped = match character {
                0..=0xff => format!("\\x{character:02x}"),
                0x100..=0xffff => format!("\\u{character:04x}"),
                _ => format!("\\U{character:08x}"),
            };
            writer.push_str(&format!(" character '{escaped}' in position {start}: "));
        }
        Some(_) => writer.push_str(&format!(" characters in position {start}-{}: ", end - 1)),
        None => match subject
            .downcast_ref::<PyBytesObject>()
            .and_then(|data| crate::bytes::data_of(data).get(start as usize))
        {
            Some(byte) if single => {
                writer.push_str(&format!(" byte 0x{byte:02x} in position {start}: "))
            }
            _ => writer.push_str(&format!(" bytes in position {start}-{}: ", end - 1)),
        },
    }
    writer.push(&reason);
    Ok(writer.finish()?.upcast())
}

fn unicode_error_traverse(error: &PyUnicodeErrorObject, visitor: &mut Visitor) {
    visitor.field(&error.encoding);
    visitor.field(&error.object);
    visitor.field(&error.reason);
    base::traverse(error, visitor);
}

fn unicode_error_clear(error: &PyUnicodeErrorObject) {
    error.encoding.clear();
    error.object.clear();
    error.reason.clear();
    base::clear(error);
}

unsafe fn unicode_error_dealloc(error: *mut PyUnicodeErrorObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(error.cast());
        (*error).encoding.clear();
        (*error).object.clear();
        (*error).reason.clear();
        base::dealloc(error.cast());
    }
}

macro_rules! unicode_errors {
    ($($type:ident = $name:literal;)+) => {
        $(static_type! {
            #[doc = concat!("`", $name, "`.")]
            $type = $name, size size_of::<PyUnicodeErrorObject>(), 0, flags FLAGS;
            tp_base: &raw const PyExc_UnicodeError,
            tp_dealloc: slot!(dealloc unicode_error_dealloc),
            tp_str: slot!(unary unicode_error_str),
            tp_traverse: slot!(traverse unicode_error_traverse),
            tp_clear: slot!(clear unicode_error_clear),
            tp_members: UNICODE_ERROR_MEMBERS.as_ptr(),
            tp_dictoffset: DICT,
            tp_init: slot!(init unicode_error_init),
            tp_new: slot!(new base::new),
        })+
    };
}

unicode_errors! {
    PyExc_UnicodeEncodeError = "UnicodeEncodeError";
    PyExc_UnicodeDecodeError = "UnicodeDecodeError";
    PyExc_UnicodeTranslateError = "UnicodeTranslateError";
}
