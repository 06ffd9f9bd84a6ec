//! The `sys` module (`Python/sysmodule.c`), as far as it is built.

use crate::tracing::{self, Watcher};
use crate::{frames, stdio, sys_data};
use std::cell::Cell;
use twinheap_abi::*;
use twinheap_objects::call::{self, Signature};
use twinheap_objects::errors::{self, PyResult, type_error, value_error};
use twinheap_objects::exceptions::{PyExc_SystemExit, PyExc_TypeError};
use twinheap_objects::memory;
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::none;
use twinheap_objects::state::{self, Global, tstate};
use twinheap_objects::{
    dict, float, gil, id, import_hook, list, long, methods, module, tuple, types, unicode,
};

type Module = PyObject;

/// The module, once it is made.
static SYS: Global<Pointer<PyObject>> = Global(Cell::new(std::ptr::null_mut()));

fn sys_dict() -> Option<Own<PyDictObject>> {
    let module = Field::own(&*SYS)?;
    module
        .downcast_ref::<PyModuleObject>()
        .map(|module| Own::new(module::dict_of(module)))
}

/// The namespace of `sys`.
pub fn own_dict() -> PyResult<Own<PyDictObject>> {
    sys_dict().ok_or_else(|| errors::system_error("the sys module is not made yet"))
}

/// Puts the names in CPython's order, once all of them are there.
pub fn arrange() -> PyResult<()> {
    module::arrange(&*own_dict()?, &crate::name_order::SYS)
}

/// `_PySys_GetAttr`.
pub fn get_object(name: &'static str) -> Option<Own> {
    let own = sys_dict()?;
    dict::get_literal(&own, name).ok().flatten()
}

/// `PySys_SetObject`.
pub fn set_object(name: &str, value: &PyObject) -> PyResult<()> {
    match sys_dict() {
        Some(own) => dict::set_literal(&own, name, value),
        None => Err(errors::system_error("the sys module is not made yet")),
    }
}

fn getsizeof(_: &Module, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "getsizeof",
        parameters: &["object", "default"],
        required: 1,
        positional: 2,
    };
    let [value, default] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    match (size_of_object(value.expect("required")), default) {
        (Err(raised), Some(default)) if errors::matches(&PyExc_TypeError) => {
            errors::discard(raised);
            Ok(Own::new(default))
        }
        (size, _) => size,
    }
}

/// The size that an object tells of itself, and what memory management puts before it.
fn size_of_object(value: &PyObject) -> PyResult {
    let Some(size) = types::call_special(value, id!("__sizeof__"), &[])? else {
        return Err(type_error(format_args!(
            "Type {} doesn't define __sizeof__",
            value.type_().name()
        )));
    };
    let size = long::as_long(&size)?;
    if size < 0 {
        return Err(value_error("__sizeof__() should return >= 0"));
    }
    let is_gc = value.type_().has_feature(Py_TPFLAGS_HAVE_GC)
        && (!object::is_type(value)
            || value
                .downcast_ref::<PyTypeObject>()
                .is_some_and(|t| t.has_feature(Py_TPFLAGS_HEAPTYPE)));
    let prefix = if is_gc {
        memory::prefix_size(value.type_())
    } else {
        0
    };
    Ok(long::from_i64(size + prefix as i64)?.upcast())
}

fn getrefcount(_: &Module, value: &PyObject) -> PyResult {
    long::from_isize(value.ob_refcnt.get())
}

fn intern(_: &Module, value: &PyObject) -> PyResult {
    if value.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error(format_args!(
            "intern() argument must be str, not {:.50}",
            if value.is_none() {
                "None"
            } else {
                value.type_().name()
            }
        )));
    }
    match value.downcast_exact::<PyASCIIObject>() {
        Some(text) => Ok(unicode::intern(Own::new(text)).upcast()),
        None => Err(type_error(format_args!(
            "can't intern {}",
            value.type_().name()
        ))),
    }
}

fn getrecursionlimit(_: &Module) -> PyResult {
    Ok(long::from_i64(i64::from(tstate().recursion_limit.get()))?.upcast())
}

fn setrecursionlimit(_: &Module, value: &PyObject) -> PyResult {
    let limit = long::as_int(value)?;
    if limit < 1 {
        return Err(value_error(
            "recursion limit must be greater or equal than 1",
        ));
    }
    let state = tstate();
    let depth = state.recursion_limit.get() - state.recursion_remaining.get();
    if depth >= limit {
        return Err(errors::raise(
            &twinheap_objects::exceptions::PyExc_RecursionError,
            format_args!(
                "cannot set the recursion limit to {limit} at the recursion depth {depth}: the limit is too low"
            ),
        ));
    }
    for thread in state::all() {
        let depth = thread.recursion_limit.get() - thread.recursion_remaining.get();
        thread.recursion_limit.set(limit);
        thread.recursion_remaining.set(limit - depth);
    }
    Ok(none())
}

fn exc_info(_: &Module) -> PyResult {
    exc_info_of(errors::handled_exception())
}

fn exc_info_of(value: Option<Own>) -> PyResult {
    let Some(value) = value else {
        return Ok(tuple::pack(&[&none(), &none(), &none()])?.upcast());
    };
    let traceback = value
        .downcast_ref::<PyBaseExceptionObject>()
        .and_then(|exception| exception.traceback.own())
        .unwrap_or_else(none);
    Ok(tuple::pack(&[value.type_().as_object(), &value, &traceback])?.upcast())
}

fn exception(_: &Module) -> PyResult {
    Ok(errors::handled_exception().unwrap_or_else(none))
}

fn exit(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("exit", args.len(), 0, 1)?;
    let code = args.first().map_or_else(none, |code| Own::new(*code));
    Err(errors::raise_object(&PyExc_SystemExit, Some(code)))
}

fn getframe(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("_getframe", args.len(), 0, 1)?;
    let mut depth = args.first().map_or(Ok(0), |depth| long::as_int(depth))?;
    let mut frame = frames::innermost();
    while let Some(current) = frame {
        if depth <= 0 {
            return Ok(frames::frame_object(current)?.upcast());
        }
        depth -= 1;
        let mut previous = current.previous.get();
        // SAFETY: the frames of the chain are valid.
        frame = unsafe {
            while !previous.is_null() && frames::is_incomplete(&*previous) {
                previous = (*previous).previous.get();
            }
            previous.as_ref()
        };
    }
    Err(value_error("call stack is not deep enough"))
}

fn displayhook(_: &Module, value: &PyObject) -> PyResult {
    if value.is_none() {
        return Ok(none());
    }
    let builtins = import_hook::builtins_dict()?;
    dict::set_item(&builtins, id!("_").as_object(), &none())?;
    if let Some(stdout) = get_object("stdout") {
        let text = object::repr(value)?;
        call::call_method(&stdout, id!("write"), &[text.as_object()])?;
        call::call_method(&stdout, id!("write"), &[id!("\n").as_object()])?;
    }
    dict::set_item(&builtins, id!("_").as_object(), value)?;
    Ok(none())
}

fn excepthook(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("excepthook", args.len(), 3, 3)?;
    crate::report::print_exception(args[1]);
    Ok(none())
}

fn is_finalizing(_: &Module) -> PyResult {
    Ok(twinheap_objects::singletons::bool_object(false))
}

fn getdefaultencoding(_: &Module) -> PyResult {
    Ok(unicode::from_str("utf-8")?.upcast())
}

fn get_int_max_str_digits(_: &Module) -> PyResult {
    long::from_usize(long::max_str_digits())
}

fn getfilesystemencodeerrors(_: &Module) -> PyResult {
    Ok(unicode::from_str("surrogateescape")?.upcast())
}

fn set_int_max_str_digits(_: &Module, value: &PyObject) -> PyResult {
    let limit = long::as_int(value)?;
    if limit != 0 && limit < 640 {
        return Err(value_error("maxdigits must be 0 or larger than 640"));
    }
    long::set_max_str_digits(limit as usize);
    Ok(none())
}

fn gettrace(_: &Module) -> PyResult {
    Ok(tracing::get(Watcher::Trace))
}

fn getprofile(_: &Module) -> PyResult {
    Ok(tracing::get(Watcher::Profile))
}

fn settrace(_: &Module, function: &PyObject) -> PyResult {
    let function = Some(function).filter(|function| !function.is_none());
    tracing::set(Watcher::Trace, function)?;
    Ok(none())
}

fn setprofile(_: &Module, function: &PyObject) -> PyResult {
    let function = Some(function).filter(|function| !function.is_none());
    tracing::set(Watcher::Profile, function)?;
    Ok(none())
}

fn getswitchinterval(_: &Module) -> PyResult {
    float::from_f64(1e-6 * gil::interval() as f64)
}

fn setswitchinterval(_: &Module, interval: &PyObject) -> PyResult {
    let interval = float::as_double(interval)?;
    if interval <= 0.0 {
        return Err(value_error("switch interval must be strictly positive"));
    }
    gil::set_interval(as_unsigned_long(1e6 * interval));
    Ok(none())
}

/// A conversion to `unsigned long` as x86-64 does it, also where C leaves the result open: 2**63 for
/// what is no number, 0 for what is too large.
fn as_unsigned_long(value: f64) -> u64 {
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    if value.is_nan() {
        1 << 63
    } else if value >= LIMIT {
        0
    } else {
        value as u64
    }
}

fn addaudithook(_: &Module, _: &[&PyObject]) -> PyResult {
    Err(errors::not_implemented("this VM calls no audit hooks yet"))
}

fn audit(_: &Module, _: &[&PyObject]) -> PyResult {
    Ok(none())
}

fn getallocatedblocks(_: &Module) -> PyResult {
    Err(errors::not_implemented(
        "this VM does not count allocated blocks yet",
    ))
}

/// The topmost frame of each thread, by the thread's identity.
fn current_frames(_: &Module) -> PyResult {
    let found = dict::new()?;
    for thread in state::all() {
        if let Some(frame) = frames::innermost_of(thread) {
            let frame = frames::frame_object(frame)?;
            let ident = long::from_usize(thread.thread_id.get())?;
            dict::set_item(&found, &ident, frame.as_object())?;
        }
    }
    Ok(found.upcast())
}

/// The exception that each thread handles, as `exc_info` gives it, by the thread's identity.
fn current_exceptions(_: &Module) -> PyResult {
    let found = dict::new()?;
    for thread in state::all() {
        let ident = long::from_usize(thread.thread_id.get())?;
        let handled = exc_info_of(errors::handled_exception_of(thread))?;
        dict::set_item(&found, &ident, &handled)?;
    }
    Ok(found.upcast())
}

fn clear_type_cache(_: &Module) -> PyResult {
    Ok(none())
}

fn set_asyncgen_hooks(_: &Module, args: call::Args<'_>) -> PyResult {
    static SIGNATURE: call::Signature = call::Signature {
        name: "set_asyncgen_hooks",
        parameters: &["firstiter", "finalizer"],
        required: 0,
        positional: 2,
    };
    let [firstiter, finalizer] = args.bind::<2>(&SIGNATURE)?;
    for (given, field, what) in [
        (finalizer, &tstate().async_gen_finalizer, "finalizer"),
        (firstiter, &tstate().async_gen_firstiter, "firstiter"),
    ] {
        let Some(given) = given else { continue };
        if !given.is_none() && !call::is_callable(given) {
            return Err(type_error(format_args!(
                "callable {what} expected, got {}",
                given.type_().name()
            )));
        }
        field.put(Some(given).filter(|given| !given.is_none()).map(Own::new));
    }
    Ok(none())
}

fn get_asyncgen_hooks(_: &Module) -> PyResult {
    sys_data::ASYNCGEN_HOOKS.make(vec![
        tstate().async_gen_firstiter.own().unwrap_or_else(none),
        tstate().async_gen_finalizer.own().unwrap_or_else(none),
    ])
}

fn set_coroutine_origin_tracking_depth(_: &Module, args: call::Args<'_>) -> PyResult {
    static SIGNATURE: call::Signature = call::Signature {
        name: "set_coroutine_origin_tracking_depth",
        parameters: &["depth"],
        required: 1,
        positional: 1,
    };
    let [depth] = args.bind::<1>(&SIGNATURE)?;
    let depth = depth.map_or(Ok(0), long::as_int)?;
    if depth < 0 {
        return Err(value_error("depth must be >= 0"));
    }
    tstate().coroutine_origin_tracking_depth.set(depth);
    Ok(none())
}

fn get_coroutine_origin_tracking_depth(_: &Module) -> PyResult {
    long::from_isize(tstate().coroutine_origin_tracking_depth.get() as isize)
}

/// The default hook of exceptions that nobody can catch.
fn unraisablehook(_: &Module, args: &PyObject) -> PyResult {
    let part = |name| object::get_attr(args, name);
    let (value, source) = (part(id!("exc_value"))?, part(id!("object"))?);
    let message = part(id!("err_msg"))?;
    let message = if message.is_none() {
        None
    } else {
        Some(unicode::to_string_lossy(&*object::str(&message)?))
    };
    crate::report::show_unraisable(
        &value,
        message.as_deref(),
        Some(&source)
            .filter(|source| !source.is_none())
            .map(|source| &**source),
    );
    Ok(none())
}

fn breakpointhook(_: &Module, args: call::Args<'_>) -> PyResult {
    crate::builtins::asking::breakpointhook(args)
}

fn call_tracing(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("call_tracing", args.len(), 2, 2)?;
    let Some(arguments) = args[1].downcast_ref::<PyTupleObject>() else {
        return Err(errors::type_error(format_args!(
            "call_tracing() argument 2 must be tuple, not {}",
            args[1].type_().name()
        )));
    };
    tracing::call_tracing(args[0], arguments)
}

methods! {
    static TABLE:
    "_clear_type_cache" => noargs(clear_type_cache, "($module, /)");
    "_current_frames" => noargs(current_frames, "($module, /)");
    "_current_exceptions" => noargs(current_exceptions, "($module, /)");
    "addaudithook" => fast(addaudithook, "($module, /, hook)");
    "audit" => fast(audit);
    "breakpointhook" => keywords(breakpointhook);
    "call_tracing" => fast(call_tracing, "($module, func, args, /)");
    "get_asyncgen_hooks" => noargs(get_asyncgen_hooks, "($module, /)");
    "get_coroutine_origin_tracking_depth" => noargs(get_coroutine_origin_tracking_depth, "($module, /)");
    "getallocatedblocks" => noargs(getallocatedblocks, "($module, /)");
    "getfilesystemencodeerrors" => noargs(getfilesystemencodeerrors, "($module, /)");
    "getfilesystemencoding" => noargs(getdefaultencoding, "($module, /)");
    "getprofile" => noargs(getprofile, "($module, /)");
    "getswitchinterval" => noargs(getswitchinterval, "($module, /)");
    "gettrace" => noargs(gettrace, "($module, /)");
    "set_asyncgen_hooks" => keywords(set_asyncgen_hooks);
    "set_coroutine_origin_tracking_depth" => keywords(set_coroutine_origin_tracking_depth, "($module, /, depth)");
    "set_int_max_str_digits" => o(set_int_max_str_digits, "($module, /, maxdigits)");
    "setprofile" => o(setprofile);
    "setswitchinterval" => o(setswitchinterval, "($module, interval, /)");
    "settrace" => o(settrace);
    "unraisablehook" => o(unraisablehook, "($module, unraisable, /)");
    "_getframe" => fast(getframe);
    "displayhook" => o(displayhook, "($module, object, /)");
    "exc_info" => noargs(exc_info, "($module, /)");
    "excepthook" => fast(excepthook, "($module, exctype, value, traceback, /)");
    "exception" => noargs(exception, "($module, /)");
    "exit" => fast(exit, "($module, status=None, /)");
    "get_int_max_str_digits" => noargs(get_int_max_str_digits, "($module, /)");
    "getdefaultencoding" => noargs(getdefaultencoding, "($module, /)");
    "getrecursionlimit" => noargs(getrecursionlimit, "($module, /)");
    "getrefcount" => o(getrefcount, "($module, object, /)");
    "getsizeof" => varargs_keywords(getsizeof);
    "intern" => o(intern, "($module, string, /)");
    "is_finalizing" => noargs(is_finalizing, "($module, /)");
    "setrecursionlimit" => o(setrecursionlimit, "($module, limit, /)");
}

/// Makes the module.
pub fn make() -> PyResult<Own<PyModuleObject>> {
    let made = module::new("sys")?;
    let own = module::dict_of(&made);
    module::add_functions(&made, TABLE)?;
    let text = |value: &str| -> PyResult { Ok(unicode::from_str(value)?.upcast()) };
    let entries: [(&str, Own); 15] = [
        (
            "version",
            text("3.11.7 (main, Jan  1 2026, 00:00:00) [Twinheap VM]")?,
        ),
        ("copyright", text("")?),
        ("platform", text("linux")?),
        ("byteorder", text("little")?),
        ("prefix", text("")?),
        ("exec_prefix", text("")?),
        ("executable", text("")?),
        ("maxsize", long::from_isize(isize::MAX)?),
        ("maxunicode", long::from_isize(0x10_ffff)?),
        ("hexversion", long::from_isize(0x030b_07f0)?),
        ("modules", dict::new()?.upcast()),
        ("path", list::new(0)?.upcast()),
        ("argv", list::from_vec(vec![text("")?])?.upcast()),
        ("builtin_module_names", {
            let names = twinheap_objects::import_hook::BUILTIN_MODULE_NAMES
                .iter()
                .map(|name| text(name));
            tuple::from_vec(names.collect::<PyResult<Vec<Own>>>()?)?.upcast()
        }),
        (
            "dont_write_bytecode",
            twinheap_objects::singletons::bool_object(true),
        ),
    ];
    for (name, value) in &entries {
        dict::set_literal(own, name, value)?;
    }
    sys_data::add_to(own)?;
    for (hidden, shown) in [
        ("__displayhook__", "displayhook"),
        ("__excepthook__", "excepthook"),
        ("__breakpointhook__", "breakpointhook"),
        ("__unraisablehook__", "unraisablehook"),
    ] {
        if let Some(hook) = dict::get_item(own, unicode::from_str(shown)?.as_object())? {
            dict::set_literal(own, hidden, &hook)?;
        }
    }
    SYS.set(Own::new(&*made).into_raw().cast());
    new_streams()?;
    Ok(made)
}

/// Fresh standard streams.
pub fn new_streams() -> PyResult<()> {
    for (name, fd) in [("stdin", 0), ("stdout", 1), ("stderr", 2)] {
        let stream = stdio::new(fd)?;
        set_object(name, &stream)?;
        set_object(&format!("__{name}__"), &stream)?;
    }
    Ok(())
}

/// The table of imported modules.
pub fn modules() -> PyResult<Own<PyDictObject>> {
    match get_object("modules").map(Own::downcast::<PyDictObject>) {
        Some(Ok(modules)) => Ok(modules),
        _ => Err(errors::runtime_error("unable to get sys.modules")),
    }
}
