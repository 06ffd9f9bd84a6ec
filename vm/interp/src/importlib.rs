//! The import system written in Python (`importlib._bootstrap` and its external half), run from the
//! installed library as CPython runs its frozen copy; and `_imp`, on which it stands.
//!
//! It is brought up when a program asks for it (`import importlib`); from then on every import goes
//! through it.

use crate::eval::calls::run_code;
use crate::{import, sys};
use std::cell::Cell;
use std::path::PathBuf;
use twinheap_abi::*;
use twinheap_arith::hash::{HashSecret, siphash13};
use twinheap_objects::buffer::Buffer;
use twinheap_objects::call::{self, Args, Signature};
use twinheap_objects::errors::{self, PyResult, type_error};
use twinheap_objects::exceptions::{PyExc_ImportError, PyExc_ModuleNotFoundError};
use twinheap_objects::fork;
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::{bool_object, none};
use twinheap_objects::state::Global;
use twinheap_objects::{
    abstract_, bytes, dict, id, import_hook, list, long, methods, module, tuple, unicode,
};
use twinheap_syntax::Mode;

type Module = PyObject;

/// Where the pure library lies: the directory on `sys.path` that holds `importlib`.
fn library_file(name: &str) -> PyResult<PathBuf> {
    let path = sys::get_object("path").unwrap_or_else(none);
    for entry in abstract_::fast_items(&path) {
        if let Some(text) = entry.downcast_ref::<PyASCIIObject>() {
            let file = PathBuf::from(unicode::to_string_lossy(text))
                .join("importlib")
                .join(name);
            if file.is_file() {
                return Ok(file);
            }
        }
    }
    Err(errors::raise(
        &PyExc_ImportError,
        format_args!("no importlib/{name} along sys.path"),
    ))
}

/// Gives a code object and those inside it another file name (`update_code_filenames`).
fn rename(code: &PyCodeObject, filename: &PyObject) {
    code.co_filename.put(Some(Own::new(filename)));
    if let Some(consts) = code.co_consts.expect_ref().downcast_ref::<PyTupleObject>() {
        for constant in tuple::items(consts) {
            if let Some(inner) = constant.downcast_ref::<PyCodeObject>() {
                rename(inner, filename);
            }
        }
    }
}

/// Gives the texts among a code object's constants the reference count that CPython's frozen code has them with, as they
/// lie in static memory there.
fn make_static(code: &PyCodeObject) {
    if let Some(consts) = code.co_consts.expect_ref().downcast_ref::<PyTupleObject>() {
        make_items_static(consts);
    }
}

fn make_items_static(items: &PyTupleObject) {
    for item in tuple::items(items) {
        if let Some(inner) = item.downcast_ref::<PyCodeObject>() {
            make_static(inner);
        } else if let Some(inner) = item.downcast_ref::<PyTupleObject>() {
            make_items_static(inner);
        } else if let Some(text) = item.downcast_ref::<PyASCIIObject>()
            && text.interned() == SSTATE_NOT_INTERNED
            && text.length.get() > 1
        {
            text.ob_refcnt
                .set(twinheap_objects::boolean::IMMORTAL_REFCNT);
        }
    }
}

/// Runs a file of the library as the frozen module of a name.
fn run_frozen(name: &str, file: &str, shown: &str) -> PyResult<Own<PyModuleObject>> {
    let path = library_file(file)?;
    let source = std::fs::read(&path).map_err(|error| {
        errors::raise(
            &PyExc_ImportError,
            format_args!("{}: {error}", path.display()),
        )
    })?;
    let code = match import::cached_code(&source, &path) {
        Some(code) => code?,
        None => crate::compiler::compile(&source, shown, Mode::Exec)?,
    };
    let Some(code) = code.downcast_ref::<PyCodeObject>() else {
        return Err(errors::system_error("the compiler made no code object"));
    };
    rename(code, unicode::from_str(shown)?.as_object());
    make_static(code);
    let made = module::new(name)?;
    let own = module::dict_of(&made);
    dict::set_literal(
        own,
        "__builtins__",
        import_hook::builtins_dict()?.as_object(),
    )?;
    dict::set_literal(own, "__package__", unicode::from_str("")?.as_object())?;
    run_code(code, own.as_object(), own.as_object())?;
    dict::set_literal(&*sys::modules()?, name, made.as_object())?;
    Ok(made)
}

/// The import system once it is up, whatever a program makes of its entry in `sys.modules` (`interp->importlib`).
static MACHINERY: Global<Pointer<PyModuleObject>> = Global(Cell::new(std::ptr::null_mut()));

/// The import system, if it is up.
pub fn machinery() -> Option<Own<PyModuleObject>> {
    Field::own(&*MACHINERY)
}

/// `_frozen_importlib`, installed on `sys.meta_path`.
pub fn new_bootstrap() -> PyResult<Own<PyModuleObject>> {
    let modules = sys::modules()?;
    // What it sets up must be there already: from now on imports go through it.
    for name in [
        "_frozen_importlib_external",
        "_imp",
        "_thread",
        "_warnings",
        "_weakref",
        "marshal",
        "posix",
        "_io",
    ] {
        import_hook::import_module(name)?;
    }
    let made = run_frozen(
        "_frozen_importlib",
        "_bootstrap.py",
        "<frozen importlib._bootstrap>",
    )?;
    let Some(imp) = dict::get_literal(&modules, "_imp")? else {
        return Err(errors::system_error("_imp is not there"));
    };
    let Some(system) = dict::get_literal(&modules, "sys")? else {
        return Err(errors::system_error("sys is not there"));
    };
    let install = object::get_attr(made.as_object(), id!("_install"))?;
    call::call(&install, &[&system, &imp])?;
    let external = object::get_attr(made.as_object(), id!("_install_external_importers"))?;
    call::call(&external, &[])?;
    dict::set_literal(&modules, "importlib._bootstrap", made.as_object())?;
    install_zip_importer()?;
    MACHINERY.put(Some(made.clone()));
    Ok(made)
}

/// `init_zipimport`: archives on the path are looked at before folders.
fn install_zip_importer() -> PyResult<()> {
    let zipimport = run_frozen("zipimport", "../zipimport.py", "<frozen zipimport>")?;
    let importer = object::get_attr(zipimport.as_object(), id!("zipimporter"))?;
    let hooks = sys::get_object("path_hooks").unwrap_or_else(none);
    match hooks.downcast_ref::<PyListObject>() {
        Some(hooks) => list::insert(hooks, 0, &importer),
        None => Err(errors::system_error("sys.path_hooks is no list")),
    }
}

/// `_frozen_importlib_external`; the bootstrap installs it.
pub fn new_external() -> PyResult<Own<PyModuleObject>> {
    run_frozen(
        "_frozen_importlib_external",
        "_bootstrap_external.py",
        "<frozen importlib._bootstrap_external>",
    )
}

/// `import_find_and_load`.
pub fn find_and_load(machinery: &PyObject, name: &str) -> PyResult {
    let find = object::get_attr(machinery, id!("_find_and_load"))?;
    let gcd = object::get_attr(machinery, id!("_gcd_import"))?;
    // The name in an import statement is interned with the code; one that was put together is not.
    let name = unicode::from_str(name)?;
    let name = unicode::interned_as(&name).unwrap_or(name);
    let found = call::call(&find, &[name.as_object(), &gcd]);
    if found.is_err() {
        remove_own_frames();
    }
    found
}

/// `remove_importlib_frames`: a traceback does not show how the import system went about it.
fn remove_own_frames() {
    let fetched = errors::fetch();
    let always = fetched
        .type_
        .as_ref()
        .and_then(|type_| type_.downcast_ref::<PyTypeObject>())
        .is_some_and(|type_| twinheap_objects::types::is_subtype(type_, &PyExc_ImportError));
    let traceback = fetched.traceback.clone();
    let first = traceback.and_then(|tb| tb.downcast::<PyTracebackObject>().ok());
    let mut kept: Vec<Own<PyTracebackObject>> = Vec::new();
    let mut chunk: Vec<Own<PyTracebackObject>> = Vec::new();
    let mut next = first;
    while let Some(entry) = next {
        next = entry.tb_next.own();
        let (own, remover) = described(&entry);
        if !own {
            kept.append(&mut chunk);
            kept.push(entry);
            continue;
        }
        chunk.push(entry);
        if always || remover {
            chunk.clear();
        }
    }
    kept.append(&mut chunk);
    let mut rest: Option<Own<PyTracebackObject>> = None;
    for entry in kept.into_iter().rev() {
        entry.tb_next.put(rest.take());
        rest = Some(entry);
    }
    errors::restore(errors::Fetched {
        traceback: rest.map(Own::upcast),
        ..fetched
    });
}

/// Whether an entry is the import system's, and whether it is the function that hides its callers.
fn described(entry: &PyTracebackObject) -> (bool, bool) {
    let Some(frame) = Field::as_ref(&entry.tb_frame) else {
        return (false, false);
    };
    let code = crate::frames::frame_of(frame).f_code.expect_ref();
    let text = |object: &PyObject| {
        object
            .downcast_ref::<PyASCIIObject>()
            .map(unicode::to_string_lossy)
            .unwrap_or_default()
    };
    let file = text(code.co_filename.expect_ref());
    let own =
        file == "<frozen importlib._bootstrap>" || file == "<frozen importlib._bootstrap_external>";
    (
        own,
        own && text(code.co_name.expect_ref()) == "_call_with_frames_removed",
    )
}

fn name_of(object: &PyObject) -> PyResult<String> {
    match object.downcast_ref::<PyASCIIObject>() {
        Some(name) => Ok(unicode::to_string_lossy(name)),
        None => Err(type_error("the name of a module must be a str")),
    }
}

fn lock_held(_: &Module) -> PyResult {
    Ok(bool_object(fork::is_import_lock_held()))
}

fn acquire_lock(_: &Module) -> PyResult {
    fork::acquire_import_lock()?;
    Ok(none())
}

fn release_lock(_: &Module) -> PyResult {
    if !fork::release_import_lock() {
        return Err(errors::runtime_error("not holding the import lock"));
    }
    Ok(none())
}

fn is_builtin(_: &Module, name: &PyObject) -> PyResult {
    let name = name_of(name)?;
    let inside = import_hook::BUILTIN_MODULE_NAMES.contains(&name.as_str());
    let known = inside && import::native(&name).is_some() || name == "sys" || name == "builtins";
    long::from_isize(match (known, name.as_str()) {
        (true, "sys" | "builtins") => -1,
        (known, _) => isize::from(known),
    })
}

fn no_frozen(_: &Module, _: &PyObject) -> PyResult {
    Ok(bool_object(false))
}

fn find_frozen(_: &Module, _: Args<'_>) -> PyResult {
    Ok(none())
}

fn create_builtin(_: &Module, spec: &PyObject) -> PyResult {
    let name = name_of(&*object::get_attr(spec, id!("name"))?)?;
    match import::native(&name) {
        Some(make) => import::load_native(&name, make),
        None => Ok(none()),
    }
}

fn exec_builtin(_: &Module, _: &PyObject) -> PyResult {
    long::from_isize(0)
}

fn extension_suffixes(_: &Module) -> PyResult {
    let suffixes = [".cpython-311-x86_64-linux-gnu.so", ".abi3.so", ".so"];
    let suffixes: PyResult<Vec<Own>> = suffixes
        .iter()
        .map(|suffix| Ok(unicode::from_str(suffix)?.upcast()))
        .collect();
    Ok(list::from_vec(suffixes?)?.upcast())
}

/// An extension module of CPython's is found by its file; what is loaded is this VM's own.
fn create_dynamic(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("create_dynamic", args.len(), 1, 2)?;
    let name = name_of(&*object::get_attr(args[0], id!("name"))?)?;
    match import::native(&name) {
        Some(make) => Ok(make()?.upcast()),
        None => Err(missing_native(&name)),
    }
}

/// A module whose file is there, but which this VM lacks, is not found.
fn missing_native(name: &str) -> errors::Raised {
    let make = || -> PyResult {
        let message = unicode::from_str(&format!("this VM has no native module '{name}' yet"))?;
        let kwargs = dict::new()?;
        dict::set_literal(&kwargs, "name", unicode::from_str(name)?.as_object())?;
        let args = tuple::pack(&[message.as_object()])?;
        call::call_tuple(PyExc_ModuleNotFoundError.as_object(), &args, Some(&kwargs))
    };
    match make() {
        Ok(error) => errors::raise_object(&PyExc_ModuleNotFoundError, Some(error)),
        Err(raised) => raised,
    }
}

fn fix_co_filename(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("_fix_co_filename", args.len(), 2, 2)?;
    if let Some(code) = args[0].downcast_ref::<PyCodeObject>()
        && !object::equal(code.co_filename.expect_ref(), args[1])?
    {
        rename(code, args[1]);
    }
    Ok(none())
}

/// There are no frozen modules whose use could be overridden.
fn override_frozen(_: &Module, _: &PyObject) -> PyResult {
    Ok(none())
}

fn frozen_names(_: &Module) -> PyResult {
    Ok(list::new(0)?.upcast())
}

/// The hash of a source, keyed by the magic number, that a `.pyc` file without a time has.
fn source_hash(_: &Module, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "source_hash",
        parameters: &["key", "source"],
        required: 2,
        positional: 2,
    };
    let [key, source] = args.bind::<2>(&SIGNATURE)?;
    let key = long::as_long(key.expect("required"))?;
    let source = Buffer::of(source.expect("required"))?;
    let secret = HashSecret {
        k0: key as u64,
        k1: 0,
    };
    let hash = siphash13(secret, source.data());
    Ok(bytes::from_slice(&hash.to_le_bytes())?.upcast())
}

methods! {
    static IMP:
    "extension_suffixes" => noargs(extension_suffixes, "($module, /)");
    "lock_held" => noargs(lock_held, "($module, /)");
    "acquire_lock" => noargs(acquire_lock, "($module, /)");
    "release_lock" => noargs(release_lock, "($module, /)");
    "find_frozen" => keywords(find_frozen);
    "is_frozen_package" => o(no_frozen, "($module, name, /)");
    "create_builtin" => o(create_builtin, "($module, spec, /)");
    "is_builtin" => o(is_builtin, "($module, name, /)");
    "is_frozen" => o(no_frozen, "($module, name, /)");
    "create_dynamic" => fast(create_dynamic, "($module, spec, file=<unrepresentable>, /)");
    "exec_dynamic" => o(exec_builtin, "($module, mod, /)");
    "exec_builtin" => o(exec_builtin, "($module, mod, /)");
    "_fix_co_filename" => fast(fix_co_filename, "($module, code, path, /)");
    "_frozen_module_names" => noargs(frozen_names, "($module, /)");
    "_override_frozen_modules_for_tests" => o(override_frozen, "($module, override, /)");
    "_override_multi_interp_extensions_check" => o(override_frozen);
    "source_hash" => keywords(source_hash, "($module, /, key, source)");
}

/// `_imp`.
pub fn new_imp() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_imp", IMP, &[])?;
    module::add_str(&made, "check_hash_based_pycs", "default")?;
    Ok(made)
}
