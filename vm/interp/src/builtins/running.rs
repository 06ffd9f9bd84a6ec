//! The builtin functions that need the code that runs: classes, namespaces, `exec`.

use super::functions::{dir_of, vars_of};
use crate::compiler::{Input, Job, flag};
use crate::eval::calls::run_code;
use crate::{frames, trees};
use twinheap_abi::*;
use twinheap_objects::call::{self, Args, Signature};
use twinheap_objects::errors::{self, PyResult, system_error, type_error, value_error};
use twinheap_objects::exceptions::PyExc_SyntaxError;
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::none;
use twinheap_objects::{
    abstract_, buffer, dict, id, list, long, methods, paths, tuple, types, unicode,
};
use twinheap_syntax::Mode;

type Module = PyObject;

/// Replaces bases that are no types by what their `__mro_entries__` give (`update_bases`).
fn resolve_bases(original: &PyTupleObject) -> PyResult<Option<Own<PyTupleObject>>> {
    let bases = tuple::items(original);
    let mut resolved: Vec<Own> = Vec::with_capacity(bases.len());
    let mut changed = false;
    for base in bases {
        if object::is_type(base) {
            resolved.push(Own::new(*base));
            continue;
        }
        match object::lookup_attr(base, id!("__mro_entries__"))? {
            None => resolved.push(Own::new(*base)),
            Some(method) => {
                changed = true;
                let entries = call::call(&method, &[original.as_object()])?;
                let Some(entries) = entries.downcast_ref::<PyTupleObject>() else {
                    return Err(type_error("__mro_entries__ must return a tuple"));
                };
                resolved.extend(tuple::items(entries).iter().map(|entry| Own::new(*entry)));
            }
        }
    }
    if !changed {
        return Ok(None);
    }
    tuple::from_vec(resolved).map(Some)
}

/// `__build_class__`.
fn build_class(_: &Module, args: Args<'_>) -> PyResult {
    let [body, name, bases @ ..] = args.positional else {
        return Err(type_error("__build_class__: not enough arguments"));
    };
    let Some(body) = body.downcast_ref::<PyFunctionObject>() else {
        return Err(type_error("__build_class__: func must be a function"));
    };
    if name.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error("__build_class__: name is not a string"));
    }
    let original = tuple::pack(bases)?;
    let resolved = resolve_bases(&original)?;
    let bases = resolved.clone().unwrap_or_else(|| original.clone());
    let keywords = function_keywords(args)?;
    let mut metaclass = None;
    if let Some(keywords) = &keywords {
        metaclass = dict::pop(keywords, id!("metaclass").as_object())?;
    }
    let metaclass = match metaclass {
        Some(metaclass) => metaclass,
        None => match tuple::items(&bases).first() {
            Some(base) => Own::new(base.type_()).upcast(),
            None => Own::new(&types::PyType_Type).upcast(),
        },
    };
    let metaclass: Own = match metaclass.downcast_ref::<PyTypeObject>() {
        Some(class) => Own::new(types::calculate_metaclass(class, &bases)?).upcast(),
        None => metaclass,
    };
    let namespace = prepare(&metaclass, name, &bases, keywords.as_deref())?;
    if !abstract_::is_mapping(&namespace) {
        let shown = match metaclass.downcast_ref::<PyTypeObject>() {
            Some(class) => types::name_lossy(class),
            None => "<metaclass>".to_string(),
        };
        return Err(type_error(format_args!(
            "{shown}.__prepare__() must return a mapping, not {}",
            namespace.type_().name()
        )));
    }
    let cell = run_body(body, &namespace)?;
    if resolved.is_some() {
        abstract_::set_item(
            &namespace,
            id!("__orig_bases__").as_object(),
            Some(original.as_object()),
        )?;
    }
    let arguments = [*name, bases.as_object(), &namespace];
    let class = match keywords.as_deref() {
        None => call::call(&metaclass, &arguments)?,
        keywords => call::call_tuple(&metaclass, &*tuple::pack(&arguments)?, keywords)?,
    };
    check_class_cell(&class, &cell, name)?;
    Ok(class)
}

fn function_keywords(args: Args<'_>) -> PyResult<Option<Own<PyDictObject>>> {
    if args.keyword_count() == 0 {
        return Ok(None);
    }
    let made = dict::new()?;
    for (name, value) in args.keywords() {
        dict::set_item(&made, name.as_object(), value)?;
    }
    Ok(Some(made))
}

fn prepare(
    metaclass: &PyObject,
    name: &PyObject,
    bases: &PyTupleObject,
    keywords: Option<&PyDictObject>,
) -> PyResult {
    match object::lookup_attr(metaclass, id!("__prepare__"))? {
        None => Ok(dict::new()?.upcast()),
        Some(method) => match keywords {
            None => call::call(&method, &[name, bases.as_object()]),
            Some(_) => {
                let arguments = tuple::pack(&[name, bases.as_object()])?;
                call::call_tuple(&method, &arguments, keywords)
            }
        },
    }
}

/// Runs the class body in its namespace; gives the cell of `__class__`, or None.
fn run_body(body: &PyFunctionObject, namespace: &PyObject) -> PyResult {
    // SAFETY: no arguments; the frame is run at once.
    unsafe {
        let frame = crate::binding::push_call_frame(
            Own::new(body),
            Some(Own::new(namespace)),
            std::ptr::null(),
            0,
            None,
        )?;
        twinheap_objects::errors::from_c(crate::eval::run(frame, false))
    }
}

/// The class must have reached the cell that its methods read.
fn check_class_cell(class: &PyObject, cell: &PyObject, name: &PyObject) -> PyResult<()> {
    let Some(cell) = cell.downcast_ref::<PyCellObject>() else {
        return Ok(());
    };
    if !object::is_type(class) {
        return Ok(());
    }
    match cell.ob_ref.own() {
        Some(content) if std::ptr::eq(&*content, class) => Ok(()),
        Some(content) => Err(type_error(format_args!(
            "__class__ set to {} defining {} as {}",
            content.repr_lossy(),
            name.repr_lossy(),
            class.repr_lossy()
        ))),
        None => Err(twinheap_objects::errors::runtime_error(format_args!(
            "__class__ not set defining {} as {}. Was __classcell__ propagated to type.__new__?",
            name.repr_lossy(),
            class.repr_lossy()
        ))),
    }
}

fn current_frame() -> PyResult<&'static _PyInterpreterFrame> {
    frames::innermost().ok_or_else(|| system_error("frame does not exist"))
}

fn globals(_: &Module) -> PyResult {
    Ok(current_frame()?.f_globals.own().unwrap_or_else(none))
}

fn locals(_: &Module) -> PyResult {
    frames::locals_mapping(current_frame()?)
}

fn vars(_: &Module, args: &PyTupleObject) -> PyResult {
    let args = tuple::items(args);
    call::check_positional("vars", args.len(), 0, 1)?;
    match args.first() {
        Some(value) => vars_of(value),
        None => frames::locals_mapping(current_frame()?),
    }
}

fn dir(_: &Module, args: &PyTupleObject) -> PyResult {
    let args = tuple::items(args);
    call::check_positional("dir", args.len(), 0, 1)?;
    match args.first() {
        Some(value) => dir_of(value),
        None => {
            let namespace = frames::locals_mapping(current_frame()?)?;
            let names = list::from_iterable(&*call::call_method(&namespace, id!("keys"), &[])?)?;
            list::sort(&names)?;
            Ok(names.upcast())
        }
    }
}

/// What is to be compiled, of a source that is a str or shows bytes.
fn input_of<'a>(source: &PyObject, bytes: &'a [u8]) -> Input<'a> {
    let text = source.downcast_ref::<PyASCIIObject>();
    match text.and_then(|_| str::from_utf8(bytes).ok()) {
        Some(text) => Input::Text(text),
        None => Input::Bytes(bytes),
    }
}

/// `PyEval_MergeCompilerFlags`: the features of the code that is running.
fn inherited_features() -> i32 {
    let code = frames::innermost().and_then(|frame| frame.f_code.own());
    code.map_or(0, |code| code.co_flags.get() & flag::FEATURES)
}

/// The static str that names a source without a file.
fn no_file() -> PyResult<Own<PyASCIIObject>> {
    crate::marshal::anonymous("<string>").map_or_else(|| unicode::from_str("<string>"), Ok)
}

/// The bytes of a source: a str in UTF-8, which it keeps, or what a bytes-like object holds.
fn source_bytes(source: &PyObject, function: &str, what: &str) -> PyResult<Vec<u8>> {
    let bytes = if let Some(text) = source.downcast_ref::<PyASCIIObject>() {
        unicode::as_utf8(text)?.to_vec()
    } else if buffer::is_exporter(source) {
        buffer::Buffer::of(source)?.data().to_vec()
    } else {
        return Err(type_error(format_args!(
            "{function}() arg 1 must be a {what} object"
        )));
    };
    if bytes.contains(&0) {
        return Err(errors::raise(
            &PyExc_SyntaxError,
            "source code string cannot contain null bytes",
        ));
    }
    Ok(bytes)
}

fn compile(_: &Module, args: Args<'_>) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "compile",
        parameters: &[
            "source",
            "filename",
            "mode",
            "flags",
            "dont_inherit",
            "optimize",
            "_feature_version",
        ],
        required: 3,
        positional: 6,
    };
    let [source, filename, mode, flags, alone, optimize, version] = args.bind::<7>(&SIGNATURE)?;
    let (Some(source), Some(filename), Some(mode)) = (source, filename, mode) else {
        return Err(type_error("compile() needs source, filename and mode"));
    };
    let filename = paths::path_text(filename)?;
    let mode = unicode::expect_text(mode, "compile", "argument 'mode'")?;
    let mode = unicode::to_string_lossy(mode);
    let mut flags = flags.map_or(Ok(0), long::as_int)?;
    let is_alone = alone.map_or(Ok(false), object::is_true)?;
    let optimize = optimize.map_or(Ok(-1), long::as_int)?;
    let version = version.map_or(Ok(-1), long::as_int)?;
    if flags & !(flag::FEATURES | flag::OBSOLETE | flag::COMPILE) != 0 {
        return Err(value_error("compile(): unrecognised flags"));
    }
    if !(-1..=2).contains(&optimize) {
        return Err(value_error("compile(): invalid optimize value"));
    }
    let only_tree = flags & flag::ONLY_AST != 0;
    let mode = mode_of(&mode, only_tree)?;
    if !is_alone {
        flags |= inherited_features();
    }
    let is_tree = trees::is_node(source);
    if is_tree && only_tree {
        return Ok(Own::new(source));
    }
    let bytes = match is_tree {
        true => Vec::new(),
        false => source_bytes(source, "compile", "string, bytes or AST")?,
    };
    let shown = unicode::to_string_lossy(&filename);
    let job = Job {
        optimize: u32::try_from(optimize).unwrap_or_else(|_| crate::compiler::default_optimize()),
        flags,
        feature_version: u32::try_from(version).ok().filter(|_| only_tree),
        filename_object: Some(filename.as_object()),
        ..Job::new(input_of(source, &bytes), &shown, mode)
    };
    if is_tree {
        return job.code_of_tree(source);
    }
    match only_tree {
        true => job.tree(),
        false => job.code(),
    }
}

fn mode_of(mode: &str, only_tree: bool) -> PyResult<Mode> {
    match mode {
        "exec" => Ok(Mode::Exec),
        "eval" => Ok(Mode::Eval),
        "single" => Ok(Mode::Single),
        "func_type" if only_tree => Ok(Mode::FuncType),
        "func_type" => Err(value_error(
            "compile() mode 'func_type' requires flag PyCF_ONLY_AST",
        )),
        _ if only_tree => Err(value_error(
            "compile() mode must be 'exec', 'eval', 'single' or 'func_type'",
        )),
        _ => Err(value_error(
            "compile() mode must be 'exec', 'eval' or 'single'",
        )),
    }
}

/// The namespaces that `exec` and `eval` run in.
fn namespaces(
    name: &str,
    globals: Option<&PyObject>,
    locals: Option<&PyObject>,
) -> PyResult<(Own, Own)> {
    let globals = globals.filter(|value| !value.is_none());
    let locals = locals.filter(|value| !value.is_none());
    let (globals, locals) = match (globals, locals) {
        (None, locals) => {
            let frame = current_frame()?;
            let globals = frame.f_globals.own().unwrap_or_else(none);
            let locals = match locals {
                Some(locals) => Own::new(locals),
                None => frames::locals_mapping(frame)?,
            };
            (globals, locals)
        }
        (Some(globals), None) => (Own::new(globals), Own::new(globals)),
        (Some(globals), Some(locals)) => (Own::new(globals), Own::new(locals)),
    };
    if name == "eval" && !abstract_::is_mapping(&locals) && !std::ptr::eq(&*globals, &*locals) {
        return Err(type_error("locals must be a mapping"));
    }
    let Some(own) = globals.downcast_ref::<PyDictObject>() else {
        return Err(match (name, abstract_::is_mapping(&globals)) {
            ("eval", true) => {
                type_error("globals must be a real dict; try eval(expr, {}, mapping)")
            }
            ("eval", false) => type_error("globals must be a dict"),
            _ => type_error(format_args!(
                "{name}() globals must be a dict, not {:.100}",
                globals.type_().name()
            )),
        });
    };
    if !abstract_::is_mapping(&locals) {
        return Err(type_error(format_args!(
            "locals must be a mapping or None, not {:.100}",
            locals.type_().name()
        )));
    }
    if dict::get_str(own, id!("__builtins__")).is_none() {
        let builtins = current_frame()?.f_builtins.own().unwrap_or_else(none);
        dict::set_item(own, id!("__builtins__").as_object(), &builtins)?;
    }
    Ok((globals, locals))
}

/// Compiles what `exec` and `eval` were given as text.
fn compile_inheriting(input: Input<'_>, mode: Mode) -> PyResult {
    let filename = no_file()?;
    let job = Job {
        flags: inherited_features(),
        filename_object: Some(filename.as_object()),
        ..Job::new(input, "<string>", mode)
    };
    job.code()
}

fn exec(_: &Module, args: Args<'_>) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "exec",
        parameters: &["", "", "", "closure"],
        required: 1,
        positional: 3,
    };
    let [source, globals, locals, _] = args.bind::<4>(&SIGNATURE)?;
    let Some(source) = source else {
        return Err(type_error("exec expected at least 1 argument, got 0"));
    };
    let (globals, locals) = namespaces("exec", globals, locals)?;
    let code = match source.downcast_ref::<PyCodeObject>() {
        Some(_) => Own::new(source),
        None => {
            let bytes = source_bytes(source, "exec", "string, bytes or code")?;
            compile_inheriting(input_of(source, &bytes), Mode::Exec)?
        }
    };
    run_object("exec", &code, &globals, &locals)?;
    Ok(none())
}

fn eval(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("eval", args.len(), 1, 3)?;
    let (globals, locals) = namespaces("eval", args.get(1).copied(), args.get(2).copied())?;
    let code = match args[0].downcast_ref::<PyCodeObject>() {
        Some(_) => Own::new(args[0]),
        None => {
            let bytes = source_bytes(args[0], "eval", "string, bytes or code")?;
            let start = bytes
                .iter()
                .position(|byte| !b" \t".contains(byte))
                .unwrap_or(bytes.len());
            compile_inheriting(input_of(args[0], &bytes[start..]), Mode::Eval)?
        }
    };
    run_object("eval", &code, &globals, &locals)
}

fn run_object(name: &str, code: &PyObject, globals: &PyObject, locals: &PyObject) -> PyResult {
    let Some(code) = code.downcast_ref::<PyCodeObject>() else {
        return Err(system_error("the compiler made no code object"));
    };
    if code.co_nfreevars.get() > 0 {
        let count = code.co_nfreevars.get();
        return Err(match name {
            "exec" => type_error(format_args!(
                "code object requires a closure of exactly length {count}"
            )),
            _ => type_error("code object passed to eval() may not contain free variables"),
        });
    }
    run_code(code, globals, locals)
}

methods! {
    pub(super) static TABLE:
    "__build_class__" => keywords(build_class);
    "compile" => keywords(compile);
    "dir" => varargs(dir);
    "eval" => fast(eval);
    "exec" => keywords(exec);
    "globals" => noargs(globals, "($module, /)");
    "locals" => noargs(locals, "($module, /)");
    "vars" => varargs(vars);
}
