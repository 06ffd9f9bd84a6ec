//! `syslog` (`Modules/syslogmodule.c`): messages to the system's log.

use crate::arguments::{c_integer, int, parse};
use crate::prelude::*;
use std::ffi::CString;
use std::ptr::null;
use twinheap_objects::import_hook::import_module;
use twinheap_objects::state::Global;

/// Whether the log is open.
static OPEN: Global<Cell<bool>> = Global(Cell::new(false));
/// The name under which messages are logged; the C library keeps the pointer while the log is open.
static IDENTITY: Global<Cell<Option<CString>>> = Global(Cell::new(None));

/// The last part of `sys.argv[0]`, where it can be had.
fn program_name() -> Option<Own<PyASCIIObject>> {
    let found = || -> PyResult<Option<Own<PyASCIIObject>>> {
        let argv = object::get_attr(&*import_module("sys")?, id!("argv"))?;
        let first = argv
            .downcast_ref::<PyListObject>()
            .and_then(|argv| list::items(argv).first().map(|first| Own::new(*first)));
        let Some(first) = first else {
            return Ok(None);
        };
        let Some(path) = first.downcast_ref::<PyASCIIObject>() else {
            return Ok(None);
        };
        let characters = unicode::text(path);
        if characters.is_empty() {
            return Ok(None);
        }
        let start = (0..characters.len())
            .rev()
            .find(|at| characters.at(*at) == u32::from('/'))
            .map_or(0, |slash| slash + 1);
        unicode::substring(path, start, characters.len()).map(Some)
    };
    found().unwrap_or_else(|raised| {
        errors::discard(raised);
        None
    })
}

/// A text for the C library, which reads up to the first NUL.
fn c_text(text: &PyASCIIObject) -> PyResult<CString> {
    let text = unicode::as_utf8(text)?;
    let before_nul = text.split(|byte| *byte == 0).next().unwrap_or_default();
    CString::new(before_nul).map_err(|_| value_error("embedded null character"))
}

/// Opens the log under a name; the C library takes the program's own where there is none.
fn open(name: Option<&PyASCIIObject>, option: i64, facility: i64) -> PyResult<()> {
    let own = match name {
        Some(_) => None,
        None => program_name(),
    };
    let name = match name.or(own.as_deref()) {
        Some(name) => Some(c_text(name)?),
        None => None,
    };
    let pointer = name.as_ref().map_or(null(), |name| name.as_ptr());
    // SAFETY: the name is null or ends with NUL; it stays in `IDENTITY` until the next one has been set, and the heap
    // block of a `CString` does not move with it.
    unsafe { libc::openlog(pointer, option as c_int, facility as c_int) };
    OPEN.set(true);
    IDENTITY.set(name);
    Ok(())
}

fn openlog(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "openlog",
        parameters: &["ident", "logoption", "facility"],
        required: 0,
        positional: 3,
    };
    let [name, option, facility] = call::bind_tuple(&SIGNATURE, args, kwargs)?;
    let name = name
        .map(|name| unicode::expect_str(name, "openlog", "argument 1"))
        .transpose()?;
    let option = option.map_or(Ok(0), long::as_long)?;
    let facility = facility.map_or(Ok(i64::from(libc::LOG_USER)), long::as_long)?;
    open(name, option, facility)?;
    Ok(none())
}

fn closelog(_: &PyObject) -> PyResult {
    if OPEN.replace(false) {
        // SAFETY: no conditions.
        unsafe { libc::closelog() };
        IDENTITY.set(None);
    }
    Ok(none())
}

/// The priority and the message; what does not fit is told of as if there were a message alone.
fn message_arguments(args: &PyTupleObject) -> PyResult<(c_int, Own<PyASCIIObject>)> {
    let given = tuple::items(args);
    if let [priority, message] = given {
        match (c_integer(priority), message.downcast_ref::<PyASCIIObject>()) {
            (Ok(priority), Some(message)) => return Ok((priority, Own::new(message))),
            (Err(raised), _) => errors::discard(raised),
            _ => {}
        }
    }
    match given {
        [message] => match message.downcast_ref::<PyASCIIObject>() {
            Some(message) => Ok((libc::LOG_INFO, Own::new(message))),
            None => Err(type_error("[priority,] message string")),
        },
        _ => Err(type_error("[priority,] message string")),
    }
}

fn syslog(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let (priority, message) = message_arguments(args)?;
    let text = c_text(&message)?;
    if !OPEN.get() {
        open(None, 0, i64::from(libc::LOG_USER))?;
    }
    // SAFETY: the format takes one text, which ends with NUL.
    unsafe { libc::syslog(priority, c"%s".as_ptr(), text.as_ptr()) };
    Ok(none())
}

fn setlogmask(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [mask] = tuple::items(args) else {
        return Err(type_error("mask for priority"));
    };
    let mask = long::as_long(mask)?;
    // SAFETY: no conditions.
    int(unsafe { libc::setlogmask(mask as c_int) })
}

fn log_mask(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [priority] = parse(args, "LOG_MASK", 1)?;
    let priority = priority.map_or(Ok(0), long::as_long)?;
    int(1i32.wrapping_shl(priority as u32))
}

fn log_upto(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let [priority] = parse(args, "LOG_UPTO", 1)?;
    let priority = priority.map_or(Ok(0), long::as_long)?;
    int(1i32
        .wrapping_shl((priority as u32).wrapping_add(1))
        .wrapping_sub(1))
}

methods! {
    static FUNCTIONS:
    "openlog" => varargs_keywords(openlog);
    "closelog" => noargs(closelog);
    "syslog" => varargs(syslog);
    "setlogmask" => varargs(setlogmask);
    "LOG_MASK" => varargs(log_mask);
    "LOG_UPTO" => varargs(log_upto);
}

const NUMBERS: &[(&str, c_int)] = &[
    ("LOG_EMERG", libc::LOG_EMERG),
    ("LOG_ALERT", libc::LOG_ALERT),
    ("LOG_CRIT", libc::LOG_CRIT),
    ("LOG_ERR", libc::LOG_ERR),
    ("LOG_WARNING", libc::LOG_WARNING),
    ("LOG_NOTICE", libc::LOG_NOTICE),
    ("LOG_INFO", libc::LOG_INFO),
    ("LOG_DEBUG", libc::LOG_DEBUG),
    ("LOG_PID", libc::LOG_PID),
    ("LOG_CONS", libc::LOG_CONS),
    ("LOG_NDELAY", libc::LOG_NDELAY),
    ("LOG_ODELAY", libc::LOG_ODELAY),
    ("LOG_NOWAIT", libc::LOG_NOWAIT),
    ("LOG_PERROR", libc::LOG_PERROR),
    ("LOG_KERN", libc::LOG_KERN),
    ("LOG_USER", libc::LOG_USER),
    ("LOG_MAIL", libc::LOG_MAIL),
    ("LOG_DAEMON", libc::LOG_DAEMON),
    ("LOG_AUTH", libc::LOG_AUTH),
    ("LOG_LPR", libc::LOG_LPR),
    ("LOG_LOCAL0", libc::LOG_LOCAL0),
    ("LOG_LOCAL1", libc::LOG_LOCAL1),
    ("LOG_LOCAL2", libc::LOG_LOCAL2),
    ("LOG_LOCAL3", libc::LOG_LOCAL3),
    ("LOG_LOCAL4", libc::LOG_LOCAL4),
    ("LOG_LOCAL5", libc::LOG_LOCAL5),
    ("LOG_LOCAL6", libc::LOG_LOCAL6),
    ("LOG_LOCAL7", libc::LOG_LOCAL7),
    ("LOG_SYSLOG", libc::LOG_SYSLOG),
    ("LOG_CRON", libc::LOG_CRON),
    ("LOG_UUCP", libc::LOG_UUCP),
    ("LOG_NEWS", libc::LOG_NEWS),
    ("LOG_AUTHPRIV", libc::LOG_AUTHPRIV),
];

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("syslog", FUNCTIONS, &[])?;
    for (name, value) in NUMBERS {
        module::add_int(&made, name, i64::from(*value))?;
    }
    Ok(made)
}
