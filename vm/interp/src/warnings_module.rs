//! `_warnings` (`Python/_warnings.c`): the filters, the registries, and how a warning is shown where the
//! `warnings` module is not loaded.
//!
//! The module's own filters, once-registry and default action serve until `warnings` is loaded and holds
//! its own under the same names. A registry carries the version of the filters that it was made for.

use crate::{frames, report, sys};
use std::cell::Cell;
use twinheap_abi::*;
use twinheap_objects::call::{self, Args, Signature};
use twinheap_objects::errors::{self, PyResult, runtime_error, type_error, value_error};
use twinheap_objects::exceptions::*;
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::{bool_object, none};
use twinheap_objects::state::Global;
use twinheap_objects::{
    abstract_, dict, id, import_hook, list, long, methods, module, tuple, types, unicode,
};

/// What `_warnings` keeps for itself (`struct _warnings_runtime_state`).
struct State {
    filters: Pointer<PyObject>,
    once_registry: Pointer<PyObject>,
    default_action: Pointer<PyObject>,
    filters_version: Cell<i64>,
}

/// A name that CPython holds in static memory, not interned.
static REGISTRY_NAME: unicode::StaticText = unicode::StaticText::new("__warningregistry__");

static STATE: Global<State> = Global(State {
    filters: Cell::new(std::ptr::null_mut()),
    once_registry: Cell::new(std::ptr::null_mut()),
    default_action: Cell::new(std::ptr::null_mut()),
    filters_version: Cell::new(0),
});

/// Where a warning is given, and what it is about.
struct Occasion<'a> {
    category: Own,
    message: Own,
    filename: &'a PyObject,
    line: i32,
    module: Option<&'a PyObject>,
    registry: Option<&'a PyObject>,
    source_line: Option<&'a PyObject>,
    source: Option<&'a PyObject>,
}

/// An attribute of the `warnings` module; none where the module is not loaded or has none such.
fn warnings_attribute(name: &'static str, import: bool) -> PyResult<Option<Own>> {
    let warnings = if import {
        match import_hook::import_module("warnings") {
            Ok(warnings) => Some(warnings),
            Err(raised) if errors::matches(&PyExc_ImportError) => {
                errors::discard(raised);
                None
            }
            Err(raised) => return Err(raised),
        }
    } else {
        dict::get_literal(&*sys::modules()?, "warnings")?
    };
    let Some(warnings) = warnings else {
        return Ok(None);
    };
    let name = unicode::intern(unicode::from_str(name)?);
    object::lookup_attr(&warnings, &name)
}

fn wrong_type(what: &str, expected: &str, found: &PyObject) -> errors::Raised {
    type_error(format_args!(
        "_warnings.{what} must be a {expected}, not '{}'",
        found.type_().name()
    ))
}

fn default_action() -> PyResult {
    let Some(action) = warnings_attribute("defaultaction", false)? else {
        return Ok(Own::new(STATE.default_action.expect_ref()));
    };
    if action.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(wrong_type("defaultaction", "string", &action));
    }
    STATE.default_action.put(Some(action.clone()));
    Ok(action)
}

fn once_registry() -> PyResult {
    let Some(registry) = warnings_attribute("onceregistry", false)? else {
        return Ok(Own::new(STATE.once_registry.expect_ref()));
    };
    if registry.downcast_ref::<PyDictObject>().is_none() {
        return Err(wrong_type("onceregistry", "dict", &registry));
    }
    STATE.once_registry.put(Some(registry.clone()));
    Ok(registry)
}

/// Whether a filter's text, or pattern, fits.
fn fits(wanted: &PyObject, found: &PyObject) -> PyResult<bool> {
    if wanted.is_none() {
        return Ok(true);
    }
    if wanted.is_exactly(&unicode::PyUnicode_Type) {
        return object::equal(wanted, found);
    }
    let matched = call::call_method(wanted, id!("match"), &[found])?;
    object::is_true(&matched)
}

/// The action of the first filter that fits, and the filter itself.
fn find_filter(
    category: &PyObject,
    text: &PyObject,
    line: i32,
    module: &PyObject,
) -> PyResult<(Own, Own)> {
    if let Some(filters) = warnings_attribute("filters", false)? {
        STATE.filters.put(Some(filters));
    }
    let filters = Field::own(&STATE.filters);
    let filters = filters
        .as_deref()
        .and_then(|filters| filters.downcast_ref::<PyListObject>())
        .ok_or_else(|| value_error("_warnings.filters must be a list"))?;
    let mut index = 0;
    while let Some(item) = list::items(filters).get(index).map(|item| Own::new(*item)) {
        let parts = item
            .downcast_ref::<PyTupleObject>()
            .map(tuple::items)
            .filter(|parts| parts.len() == 5);
        let Some(&[action, message, kind, name, number]) = parts else {
            return Err(value_error(format_args!(
                "_warnings.filters item {index} isn't a 5-tuple"
            )));
        };
        if action.downcast_ref::<PyASCIIObject>().is_none() {
            return Err(type_error(format_args!(
                "action must be a string, not '{}'",
                action.type_().name()
            )));
        }
        let fits_message = fits(message, text)?;
        let fits_module = fits(name, module)?;
        let is_subclass = types::is_subclass(category, kind)?;
        let Some(number) = number.downcast_ref::<PyLongObject>() else {
            return Err(type_error("an integer is required"));
        };
        let number = long::as_ssize(number)?;
        let fits_line = number == 0 || number == line as isize;
        if fits_message && is_subclass && fits_module && fits_line {
            return Ok((Own::new(action), item.clone()));
        }
        index += 1;
    }
    Ok((default_action()?, none()))
}

/// Whether a registry holds a key already; it is emptied first where the filters have changed since.
fn already_warned(registry: &PyDictObject, key: &PyObject, sets: bool) -> PyResult<bool> {
    let current = STATE.filters_version.get();
    let version = dict::get_literal(registry, "version")?;
    let is_current = version.is_some_and(|version| {
        version.is_exactly(&long::PyLong_Type)
            && version
                .downcast_ref::<PyLongObject>()
                .and_then(long::to_i64)
                .is_some_and(|version| version == current)
    });
    if !is_current {
        dict::clear(registry);
        let version = long::from_i64(current)?;
        dict::set_item(registry, id!("version").as_object(), version.as_object())?;
    } else if let Some(known) = dict::get_item(registry, key)?
        && object::is_true(&known)?
    {
        return Ok(true);
    }
    if sets {
        dict::set_item(registry, key, &bool_object(true))?;
    }
    Ok(false)
}

/// The module's name as its file tells it.
fn module_of(filename: &PyObject) -> PyResult {
    let Some(text) = filename.downcast_ref::<PyASCIIObject>() else {
        return Ok(unicode::from_str("<unknown>")?.upcast());
    };
    let shown = unicode::text(text);
    if shown.is_empty() {
        return Ok(unicode::from_str("<unknown>")?.upcast());
    }
    let ends = [u32::from(b'.'), u32::from(b'p'), u32::from(b'y')];
    let start = shown.len().checked_sub(3);
    match start.filter(|&start| (0..3).all(|at| shown.at(start + at) == ends[at])) {
        Some(start) => Ok(unicode::substring(text, 0, start)?.upcast()),
        None => Ok(Own::new(filename)),
    }
}

fn show_natively(occasion: &Occasion<'_>, text: &PyObject) -> PyResult<()> {
    let name = object::get_attr(&occasion.category, id!("__name__"))?;
    let Some(stream) = sys::get_object("stderr") else {
        return Ok(());
    };
    let mut writer = unicode::Writer::new();
    writer.push_object(occasion.filename)?;
    writer.push_str(&format!(":{}: ", occasion.line));
    writer.push_object(&name)?;
    writer.push_str(": ");
    writer.push_object(text)?;
    writer.push_str("\n");
    if let Some(line) = occasion.source_line {
        writer.push_object(line)?;
        writer.push_str("\n");
    } else {
        let filename = occasion.filename.downcast_ref::<PyASCIIObject>();
        let filename = filename.map(unicode::to_string_lossy).unwrap_or_default();
        if let Some(line) = report::source_line(&filename, occasion.line) {
            let line = line.trim_matches([' ', '\t', '\x0c', '\n', '\r']);
            writer.push_str(&format!("  {line}\n"));
        }
    }
    call::call_method(&stream, id!("write"), &[writer.finish()?.as_object()])?;
    Ok(())
}

/// Shows a warning: by `warnings._showwarnmsg` where the module is loaded.
fn show(occasion: &Occasion<'_>, text: &PyObject, line: &PyObject) -> PyResult<()> {
    let Some(show) = warnings_attribute("_showwarnmsg", occasion.source.is_some())? else {
        if show_natively(occasion, text).is_err() {
            errors::clear();
        }
        return Ok(());
    };
    if show.type_().tp_call.get().is_none() {
        return Err(type_error(
            "warnings._showwarnmsg() must be set to a callable",
        ));
    }
    let Some(class) = warnings_attribute("WarningMessage", false)? else {
        return Err(runtime_error("unable to get warnings.WarningMessage"));
    };
    let none = none();
    let mut args: Vec<&PyObject> = vec![
        &occasion.message,
        &occasion.category,
        occasion.filename,
        line,
        &none,
        &none,
    ];
    args.extend(occasion.source);
    let message = call::call(&class, &args)?;
    call::call(&show, &[&message])?;
    Ok(())
}

fn is(action: &PyObject, name: &str) -> bool {
    action
        .downcast_ref::<PyASCIIObject>()
        .is_some_and(|action| unicode::equals_str(action, name))
}

/// Notes in a registry that this text was given; whether it had been before.
fn note_text(registry: &PyDictObject, text: &PyObject, category: &PyObject) -> PyResult<bool> {
    let key = tuple::pack(&[text, category])?;
    already_warned(registry, key.as_object(), true)
}

/// Notes what the action asks for; whether the warning is to be kept back.
fn note(
    action: &PyObject,
    filter: &PyObject,
    registry: Option<&PyDictObject>,
    key: &PyObject,
    text: &PyObject,
    category: &PyObject,
) -> PyResult<bool> {
    if is(action, "always") {
        return Ok(false);
    }
    if let Some(registry) = registry {
        dict::set_item(registry, key, &bool_object(true))?;
    }
    if is(action, "once") {
        let shared;
        let registry = match registry {
            Some(registry) => registry,
            None => {
                shared = once_registry()?;
                // SAFETY: the once-registry has just been seen to be a dict.
                unsafe { &*shared.as_ptr().cast::<PyDictObject>() }
            }
        };
        return note_text(registry, text, category);
    }
    if is(action, "module") {
        return match registry {
            Some(registry) => note_text(registry, text, category),
            None => Ok(false),
        };
    }
    if is(action, "default") {
        return Ok(false);
    }
    let mut message = unicode::Writer::new();
    message.push_str("Unrecognized action (");
    message.push(&object::repr(action)?);
    message.push_str(") in warnings.filters:\n ");
    message.push(&object::repr(filter)?);
    let message = message.finish()?.upcast();
    Err(errors::raise_object(&PyExc_RuntimeError, Some(message)))
}

fn give(mut occasion: Occasion<'_>) -> PyResult<()> {
    if occasion.module.is_some_and(ObjectExt::is_none) {
        return Ok(());
    }
    let registry = occasion.registry.filter(|registry| !registry.is_none());
    let registry = match registry {
        None => None,
        Some(registry) => match registry.downcast_ref::<PyDictObject>() {
            None => return Err(type_error("'registry' must be a dict or None")),
            found => found,
        },
    };
    let module = match occasion.module {
        Some(module) => Own::new(module),
        None => module_of(occasion.filename)?,
    };
    let is_instance = types::is_instance(&occasion.message, PyExc_Warning.as_object())?;
    let text = if is_instance {
        let text = object::str(&occasion.message)?.upcast();
        occasion.category = Own::new(occasion.message.type_()).upcast();
        text
    } else {
        let text = occasion.message.clone();
        occasion.message = call::call(&occasion.category, &[&text])?;
        text
    };
    let line = long::from_isize(occasion.line as isize)?;
    occasion.source = occasion.source.filter(|source| !source.is_none());
    let key = tuple::pack(&[&text, &occasion.category, &line])?;
    if let Some(registry) = registry
        && already_warned(registry, key.as_object(), false)?
    {
        return Ok(());
    }
    let (action, filter) = find_filter(&occasion.category, &text, occasion.line, &module)?;
    if is(&action, "error") {
        return Err(match occasion.category.downcast_ref::<PyTypeObject>() {
            Some(class) => errors::raise_object(class, Some(occasion.message)),
            None => type_error("exceptions must derive from BaseException"),
        });
    }
    if is(&action, "ignore") {
        return Ok(());
    }
    let keeps_back = note(
        &action,
        &filter,
        registry,
        key.as_object(),
        &text,
        &occasion.category,
    )?;
    if keeps_back {
        return Ok(());
    }
    show(&occasion, &text, &line)
}

/// Whether a frame belongs to the import system.
fn is_internal(frame: &_PyInterpreterFrame) -> bool {
    let filename = frame.f_code.expect_ref().co_filename.expect_ref();
    filename
        .downcast_ref::<PyASCIIObject>()
        .map(unicode::to_string_lossy)
        .is_some_and(|name| name.contains("importlib") && name.contains("_bootstrap"))
}

fn next_external(frame: &_PyInterpreterFrame) -> Option<&_PyInterpreterFrame> {
    let mut next = frames::previous_complete(frame);
    while let Some(frame) = next.filter(|frame| is_internal(frame)) {
        next = frames::previous_complete(frame);
    }
    next
}

/// The frame that a warning of this stack level is given for.
fn frame_at(level: isize) -> Option<&'static _PyInterpreterFrame> {
    let mut frame = frames::innermost();
    let counts_all = level <= 0 || frame.is_some_and(is_internal);
    let mut left = level.saturating_sub(1);
    while left > 0
        && let Some(current) = frame
    {
        frame = if counts_all {
            frames::previous_complete(current)
        } else {
            next_external(current)
        };
        left -= 1;
    }
    frame
}

/// Gives a warning at a stack level (`do_warn`).
fn give_here(message: Own, category: Own, level: isize, source: Option<&PyObject>) -> PyResult<()> {
    let (globals, filename, line) = match frame_at(level) {
        Some(frame) => {
            // CPython asks for frame objects on its way.
            let object = frames::frame_object(frame)?;
            let filename = Own::new(frame.f_code.expect_ref().co_filename.expect_ref());
            let line = frames::line_of_object(&object);
            (frame.f_globals.own(), filename, line)
        }
        None => (
            Some(sys::own_dict()?.upcast()),
            unicode::from_str("sys")?.upcast(),
            1,
        ),
    };
    let Some(globals) = globals
        .as_deref()
        .and_then(|globals| globals.downcast_ref::<PyDictObject>())
    else {
        return Err(errors::system_error("the globals of a frame are no dict"));
    };
    let registry = match dict::get_item(globals, REGISTRY_NAME.get().as_object())? {
        Some(registry) => registry,
        None => {
            let made = dict::new()?.upcast();
            dict::set_item(globals, REGISTRY_NAME.get().as_object(), &made)?;
            made
        }
    };
    let module = dict::get_item(globals, id!("__name__").as_object())?
        .filter(|name| name.is_none() || name.downcast_ref::<PyASCIIObject>().is_some());
    let module = match module {
        Some(module) => module,
        None => unicode::from_str("<string>")?.upcast(),
    };
    give(Occasion {
        category,
        message,
        filename: &filename,
        line,
        module: Some(&module),
        registry: Some(&registry),
        source_line: None,
        source,
    })
}

/// The door of native code (`PyErr_WarnEx`, `PyErr_ResourceWarning`).
pub fn give_from_native(
    category: &PyTypeObject,
    message: &PyObject,
    level: isize,
    source: Option<&PyObject>,
) -> PyResult<()> {
    let category = Own::new(category.as_object());
    give_here(Own::new(message), category, level, source)
}

/// `PyErr_WarnExplicitObject`, as the compiler uses it: no module, no registry.
pub fn give_explicitly(
    category: &PyTypeObject,
    text: &str,
    filename: &str,
    line: i32,
) -> PyResult<()> {
    let filename = unicode::from_str(filename)?;
    give(Occasion {
        category: Own::new(category.as_object()),
        message: unicode::from_str(text)?.upcast(),
        filename: filename.as_object(),
        line,
        module: None,
        registry: None,
        source_line: None,
        source: None,
    })
}

/// The category of a message; the message's own class where it is a warning itself.
fn category_of(message: &PyObject, category: Option<&PyObject>) -> PyResult {
    let category = if types::is_instance(message, PyExc_Warning.as_object())? {
        message.type_().as_object()
    } else {
        category
            .filter(|category| !category.is_none())
            .unwrap_or(PyExc_UserWarning.as_object())
    };
    match types::is_subclass(category, PyExc_Warning.as_object()) {
        Ok(true) => return Ok(Own::new(category)),
        Ok(false) => {}
        Err(raised) => errors::discard(raised),
    }
    Err(type_error(format_args!(
        "category must be a Warning subclass, not '{}'",
        category.type_().name()
    )))
}

static WARN: Signature = Signature {
    name: "warn",
    parameters: &["message", "category", "stacklevel", "source"],
    required: 1,
    positional: 4,
};

fn missing(name: &str, parameter: &str, place: usize) -> errors::Raised {
    type_error(format_args!(
        "{name}() missing required argument '{parameter}' (pos {place})"
    ))
}

fn warn(_: &PyObject, args: Args<'_>) -> PyResult {
    let [message, category, level, source] = args.bind::<4>(&WARN)?;
    let Some(message) = message else {
        return Err(missing("warn", "message", 1));
    };
    let level = level.map_or(Ok(1), unicode::ssize)?;
    let category = category_of(message, category)?;
    give_here(Own::new(message), category, level, source)?;
    Ok(none())
}

static WARN_EXPLICIT: Signature = Signature {
    name: "warn_explicit",
    parameters: &[
        "message",
        "category",
        "filename",
        "lineno",
        "module",
        "registry",
        "module_globals",
        "source",
    ],
    required: 4,
    positional: 8,
};

/// The line of source that the loader of a module gives.
fn loaded_line(globals: &PyDictObject, line: i32) -> PyResult<Option<Own>> {
    let Some(loader) = dict::get_item(globals, id!("__loader__").as_object())? else {
        return Ok(None);
    };
    let Some(name) = dict::get_item(globals, id!("__name__").as_object())? else {
        return Ok(None);
    };
    let Some(get_source) = object::lookup_attr(&loader, id!("get_source"))? else {
        return Ok(None);
    };
    let source = call::call(&get_source, &[&name])?;
    if source.is_none() {
        return Ok(None);
    }
    let lines = call::call_method(&source, id!("splitlines"), &[])?;
    let index = long::from_isize(line as isize - 1)?;
    abstract_::get_item(&lines, &index).map(Some)
}

fn warn_explicit(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let bound = call::bind_tuple::<8>(&WARN_EXPLICIT, args, kwargs)?;
    let [
        message,
        category,
        filename,
        line,
        module,
        registry,
        globals,
        source,
    ] = bound;
    let (Some(message), Some(category), Some(filename), Some(line)) =
        (message, category, filename, line)
    else {
        let given = [message, category, filename, line];
        let place = given.iter().position(Option::is_none).unwrap_or(0);
        let name = WARN_EXPLICIT.parameters[place];
        return Err(missing("warn_explicit", name, place + 1));
    };
    if filename.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error(format_args!(
            "warn_explicit() argument 3 must be str, not {}",
            unicode::type_name_or_none(filename)
        )));
    }
    let line = long::as_int(line)?;
    let mut source_line = None;
    if let Some(globals) = globals.filter(|globals| !globals.is_none()) {
        let Some(globals) = globals.downcast_ref::<PyDictObject>() else {
            return Err(type_error(format_args!(
                "module_globals must be a dict, not '{}'",
                globals.type_().name()
            )));
        };
        source_line = loaded_line(globals, line)?;
    }
    give(Occasion {
        category: Own::new(category),
        message: Own::new(message),
        filename,
        line,
        module,
        registry,
        source_line: source_line.as_deref(),
        source,
    })?;
    Ok(none())
}

fn filters_mutated(_: &PyObject) -> PyResult {
    STATE.filters_version.set(STATE.filters_version.get() + 1);
    Ok(none())
}

methods! {
    static METHODS:
    "warn" => keywords(warn, "($module, /, message, category=None, stacklevel=1, source=None)");
    "warn_explicit" => varargs_keywords(warn_explicit);
    "_filters_mutated" => noargs(filters_mutated);
}

fn new_filter(category: &PyTypeObject, action: &str, module: Option<&str>) -> PyResult {
    let module = match module {
        Some(name) => unicode::intern(unicode::from_str(name)?).upcast(),
        None => none(),
    };
    let action = unicode::intern(unicode::from_str(action)?).upcast();
    let parts = vec![
        action,
        none(),
        Own::new(category.as_object()),
        module,
        long::from_isize(0)?,
    ];
    Ok(tuple::from_vec(parts)?.upcast())
}

/// The filters that a release build starts with.
fn first_filters() -> PyResult<Own<PyListObject>> {
    list::from_vec(vec![
        new_filter(&PyExc_DeprecationWarning, "default", Some("__main__"))?,
        new_filter(&PyExc_DeprecationWarning, "ignore", None)?,
        new_filter(&PyExc_PendingDeprecationWarning, "ignore", None)?,
        new_filter(&PyExc_ImportWarning, "ignore", None)?,
        new_filter(&PyExc_ResourceWarning, "ignore", None)?,
    ])
}

/// What `_warnings` keeps, made as the interpreter comes up.
pub fn start() -> PyResult<()> {
    STATE.filters.put(Some(first_filters()?.upcast()));
    STATE.once_registry.put(Some(dict::new()?.upcast()));
    let action = unicode::from_str("default")?;
    STATE.default_action.put(Some(action.upcast()));
    Ok(())
}

/// `_warnings`.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_warnings", METHODS, &[])?;
    module::add(&made, "filters", STATE.filters.expect_ref())?;
    module::add(&made, "_onceregistry", STATE.once_registry.expect_ref())?;
    module::add(&made, "_defaultaction", STATE.default_action.expect_ref())?;
    Ok(made)
}
