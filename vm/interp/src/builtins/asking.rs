//! `input` and `breakpoint`: what asks the person at the terminal.

use crate::sys;
use twinheap_abi::*;
use twinheap_objects::call::{self, Args};
use twinheap_objects::errors::{self, PyResult, runtime_error, type_error};
use twinheap_objects::exceptions::{PyExc_EOFError, PyExc_RuntimeWarning};
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::Layout;
use twinheap_objects::singletons::none;
use twinheap_objects::{id, import_hook, methods, unicode, warnings};

type Module = PyObject;

/// A standard stream, which programs may have taken away.
fn stream(name: &'static str) -> PyResult {
    match sys::get_object(name) {
        Some(stream) if !stream.is_none() => Ok(stream),
        _ => Err(runtime_error(format_args!("input(): lost sys.{name}"))),
    }
}

fn flush(stream: &PyObject) {
    if let Err(raised) = call::call_method(stream, id!("flush"), &[]) {
        errors::discard(raised);
    }
}

/// A line without its end (`PyFile_GetLine` of a negative number).
fn line_of(file: &PyObject) -> PyResult {
    let line = call::call_method(file, id!("readline"), &[])?;
    let Some(text) = line.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("object.readline() returned non-string"));
    };
    let characters = unicode::text(text);
    let length = characters.len();
    if length == 0 {
        return Err(errors::raise(&PyExc_EOFError, "EOF when reading a line"));
    }
    if characters.at(length - 1) == u32::from(b'\n') {
        return Ok(unicode::substring(text, 0, length - 1)?.upcast());
    }
    Ok(line)
}

fn input(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("input", args.len(), 0, 1)?;
    let (from, to, errors_to) = (stream("stdin")?, stream("stdout")?, stream("stderr")?);
    flush(&errors_to);
    if let Some(prompt) = args.first() {
        let prompt = object::str(prompt)?;
        call::call_method(&to, id!("write"), &[prompt.as_object()])?;
    }
    flush(&to);
    line_of(&from)
}

fn breakpoint(_: &Module, args: Args<'_>) -> PyResult {
    match sys::get_object("breakpointhook") {
        Some(hook) => call::call_args(&hook, args),
        None => Err(runtime_error("lost sys.breakpointhook")),
    }
}

/// `sys.breakpointhook`: the function that `PYTHONBREAKPOINT` names, `pdb.set_trace` without it.
pub fn breakpointhook(args: Args<'_>) -> PyResult {
    let named = std::env::var("PYTHONBREAKPOINT").unwrap_or_default();
    let path = match named.as_str() {
        "0" => return Ok(none()),
        "" => "pdb.set_trace",
        path => path,
    };
    let (module, name) = path.rsplit_once('.').unwrap_or(("builtins", path));
    let find = || -> PyResult {
        let module = import_hook::import_module(module)?;
        object::get_attr(&module, &*unicode::from_str(name)?)
    };
    match find() {
        Ok(hook) => call::call_args(&hook, args),
        Err(raised) => {
            errors::discard(raised);
            warnings::warn(
                &PyExc_RuntimeWarning,
                &format!("Ignoring unimportable $PYTHONBREAKPOINT: \"{path}\""),
                0,
            )?;
            Ok(none())
        }
    }
}

methods! {
    pub(super) static TABLE:
    "breakpoint" => keywords(breakpoint);
    "input" => fast(input, "($module, prompt='', /)");
}
