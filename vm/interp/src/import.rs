//! Import in its first form: modules that are loaded already, native modules, and source modules and
//! packages found along `sys.path`, whose code is taken from CPython's `.pyc` files where they are fresh.

use crate::eval::calls::run_code;
use crate::{compiler, sys};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use twinheap_abi::*;
use twinheap_objects::errors::{self, PyResult};
use twinheap_objects::exceptions::{
    PyExc_ImportError, PyExc_ImportWarning, PyExc_KeyError, PyExc_ModuleNotFoundError,
};
use twinheap_objects::import_hook::IMPORT_HOOK;
use twinheap_objects::module::NativeModule;
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::state::Global;
use twinheap_objects::{abstract_, call, dict, id, list, module, unicode, warnings};
use twinheap_syntax::Mode;

/// The native modules of this crate.
const OWN_MODULES: &[NativeModule] = &[
    ("_ast", crate::trees::new_module),
    ("_frozen_importlib", crate::importlib::new_bootstrap),
    ("_frozen_importlib_external", crate::importlib::new_external),
    ("_imp", crate::importlib::new_imp),
    ("_warnings", crate::warnings_module::new_module),
    ("marshal", crate::marshal_module::new_module),
];

/// The native modules, table by table.
static NATIVE: Global<Cell<Vec<&'static [NativeModule]>>> = Global(Cell::new(Vec::new()));

/// Adds a table of native modules.
pub fn register(table: &'static [NativeModule]) {
    let mut tables = NATIVE.take();
    tables.push(table);
    NATIVE.set(tables);
}

/// The constructor of a native module.
pub fn native(name: &str) -> Option<fn() -> PyResult<Own<PyModuleObject>>> {
    let tables = NATIVE.take();
    let found = tables
        .iter()
        .flat_map(|table| table.iter())
        .find(|(known, _)| *known == name)
        .map(|(_, make)| *make);
    NATIVE.set(tables);
    found
}

/// Makes a native module and puts it into `sys.modules`.
pub fn load_native(name: &str, make: fn() -> PyResult<Own<PyModuleObject>>) -> PyResult {
    let made = make()?.upcast();
    let modules = sys::modules()?;
    let key = unicode::from_str(name)?;
    // The constructor may have put itself there, or something else in its place.
    if let Some(known) = dict::get_item(&modules, key.as_object())? {
        return Ok(known);
    }
    dict::set_item(&modules, key.as_object(), &made)?;
    Ok(made)
}

/// Tells the kernel how modules are imported.
pub fn install() {
    register(OWN_MODULES);
    IMPORT_HOOK.set(Some(import_absolute));
}

/// Imports a module by its full name, its parents first.
pub fn import_absolute(name: &str) -> PyResult {
    let modules = sys::modules()?;
    let known = loaded(&modules, name)?;
    if let Some(found) = known.as_ref().filter(|found| !found.is_none()) {
        return Ok(found.clone());
    }
    if let Some(machinery) = crate::importlib::machinery() {
        return crate::importlib::find_and_load(&machinery, name);
    }
    if known.is_some() {
        let message = format!("import of {name} halted; None in sys.modules");
        return Err(module_not_found(name, &message));
    }
    let parent = match name.rsplit_once('.') {
        Some((parent, _)) => Some(import_absolute(parent)?),
        None => None,
    };
    if let Some(found) = loaded(&modules, name)? {
        return Ok(found);
    }
    let made = load(name, parent.as_deref())?;
    if let Some(parent) = &parent
        && let Some((_, last)) = name.rsplit_once('.')
    {
        object::set_attr(parent, unicode::from_str(last)?.as_object(), Some(&made))?;
    }
    Ok(made)
}

fn loaded(modules: &PyDictObject, name: &str) -> PyResult<Option<Own>> {
    dict::get_item(modules, unicode::from_str(name)?.as_object())
}

fn not_found(name: &str) -> errors::Raised {
    match unicode::from_str(name) {
        Ok(text) => {
            let shown = text.as_object().repr_lossy();
            module_not_found(name, &format!("No module named {shown}"))
        }
        Err(raised) => raised,
    }
}

fn module_not_found(name: &str, message: &str) -> errors::Raised {
    let outcome = || -> PyResult {
        let message = unicode::from_str(message)?;
        let error = call::call(
            PyExc_ModuleNotFoundError.as_object(),
            &[message.as_object()],
        )?;
        if let Some(details) = error.downcast_ref::<PyImportErrorObject>() {
            use twinheap_objects::own::Field;
            // The name comes from a constant of the program, which is interned.
            let name = unicode::intern(unicode::from_str(name)?);
            details.name.put(Some(name.upcast()));
        }
        Ok(error)
    };
    match outcome() {
        Ok(error) => errors::raise_object(&PyExc_ModuleNotFoundError, Some(error)),
        Err(raised) => raised,
    }
}

/// Where a module's source lies, and whether it is a package.
struct Found {
    file: PathBuf,
    is_package: bool,
}

fn search(name: &str, directories: &[PathBuf]) -> Option<Found> {
    let last = name.rsplit('.').next().unwrap_or(name);
    for directory in directories {
        let package = directory.join(last).join("__init__.py");
        if package.is_file() {
            return Some(Found {
                file: package,
                is_package: true,
            });
        }
        let file = directory.join(format!("{last}.py"));
        if file.is_file() {
            return Some(Found {
                file,
                is_package: false,
            });
        }
    }
    None
}

fn search_path(parent: Option<&PyObject>) -> PyResult<Vec<PathBuf>> {
    let path = match parent {
        Some(parent) => object::lookup_attr(parent, id!("__path__"))?,
        None => sys::get_object("path"),
    };
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    Ok(abstract_::fast_items(&path)
        .iter()
        .filter_map(|entry| entry.downcast_ref::<PyASCIIObject>())
        .map(|entry| PathBuf::from(unicode::to_string_lossy(entry)))
        .collect())
}

fn load(name: &str, parent: Option<&PyObject>) -> PyResult {
    if let Some(make) = native(name) {
        return load_native(name, make);
    }
    let Some(found) = search(name, &search_path(parent)?) else {
        return Err(not_found(name));
    };
    let source = std::fs::read(&found.file).map_err(|error| {
        errors::raise(
            &PyExc_ImportError,
            format_args!("cannot read {}: {error}", found.file.display()),
        )
    })?;
    let filename = found.file.display().to_string();
    let made = module::new(name)?;
    let own = module::dict_of(&made);
    dict::set_literal(own, "__file__", unicode::from_str(&filename)?.as_object())?;
    let package = if found.is_package {
        let directory = found
            .file
            .parent()
            .unwrap_or(Path::new(""))
            .display()
            .to_string();
        let path = list::from_vec(vec![unicode::from_str(&directory)?.upcast()])?;
        dict::set_literal(own, "__path__", path.as_object())?;
        name
    } else {
        name.rsplit_once('.').map_or("", |(package, _)| package)
    };
    dict::set_literal(own, "__package__", unicode::from_str(package)?.as_object())?;
    let builtins = twinheap_objects::import_hook::builtins_dict()?;
    dict::set_literal(own, "__builtins__", builtins.as_object())?;
    let modules = sys::modules()?;
    let key = unicode::from_str(name)?;
    dict::set_item(&modules, key.as_object(), made.as_object())?;
    if let Err(raised) = execute(&source, &found.file, &filename, own) {
        let error = errors::fetch();
        dict::remove(&modules, key.as_object())?;
        errors::restore(error);
        return Err(raised);
    }
    Ok(loaded(&modules, name)?.unwrap_or_else(|| made.upcast()))
}

/// The code of a `.pyc` file that belongs to this very source and the level of optimisation.
pub fn cached_code(source: &[u8], file: &Path) -> Option<PyResult> {
    const MAGIC: [u8; 4] = [0xa7, 0x0d, 0x0d, 0x0a];
    let stem = file.file_stem()?.to_str()?;
    let level = match compiler::default_optimize() {
        0 => String::new(),
        level => format!(".opt-{level}"),
    };
    let cache = file
        .parent()?
        .join("__pycache__")
        .join(format!("{stem}.cpython-311{level}.pyc"));
    let data = std::fs::read(cache).ok()?;
    let word = |at: usize| {
        data.get(at..at + 4)?
            .try_into()
            .ok()
            .map(u32::from_le_bytes)
    };
    let modified = std::fs::metadata(file).ok()?.modified().ok()?;
    let seconds = modified
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?
        .as_secs();
    let fresh = data.starts_with(&MAGIC)
        && word(4)? == 0
        && word(8)? == seconds as u32
        && word(12)? == source.len() as u32;
    fresh.then(|| crate::marshal::loads(&data[16..]))
}

fn execute(source: &[u8], file: &Path, filename: &str, namespace: &PyDictObject) -> PyResult<()> {
    let code = match cached_code(source, file) {
        Some(code) => code?,
        None => compiler::compile(source, filename, Mode::Exec)?,
    };
    let Some(code) = code.downcast_ref::<PyCodeObject>() else {
        return Err(errors::system_error("the compiler made no code object"));
    };
    run_code(code, namespace.as_object(), namespace.as_object()).map(drop)
}

/// `PyImport_ImportModuleLevelObject`.
pub fn import_level(
    name: &PyASCIIObject,
    globals: Option<&PyObject>,
    from_list: Option<&PyObject>,
    level: usize,
) -> PyResult {
    let short = unicode::to_string_lossy(name);
    let full = if level == 0 {
        short.clone()
    } else {
        resolve(&short, globals, level)?
    };
    if full.is_empty() {
        return Err(errors::value_error("Empty module name"));
    }
    let imported = import_absolute(&full)?;
    let wanted = match from_list {
        Some(list) if !list.is_none() => object::is_true(list)?,
        _ => false,
    };
    if wanted {
        if let Some(list) = from_list
            && object::lookup_attr(&imported, id!("__path__"))?.is_some()
        {
            import_submodules(&imported, &full, list)?;
        }
        return Ok(imported);
    }
    // Without a list of names, the first package of the name is what is bound.
    if level == 0 {
        let first = full.split('.').next().unwrap_or(&full);
        return import_absolute(first);
    }
    let extra = short.find('.').map_or(0, |at| short.len() - at);
    import_absolute(&full[..full.len() - extra])
}

fn import_submodules(package: &PyObject, full: &str, names: &PyObject) -> PyResult<()> {
    for name in abstract_::fast_items(names) {
        let Some(text) = name.downcast_ref::<PyASCIIObject>() else {
            continue;
        };
        if unicode::equals_str(text, "*") || object::lookup_attr(package, text)?.is_some() {
            continue;
        }
        if let Err(raised) = import_absolute(&format!("{full}.{}", unicode::to_string_lossy(text)))
        {
            if !errors::matches(&PyExc_ModuleNotFoundError) {
                return Err(raised);
            }
            errors::discard(raised);
        }
    }
    Ok(())
}

/// The package that relative imports of a module begin at.
fn package_of(globals: Option<&PyObject>) -> PyResult<String> {
    let no_name = || errors::raise(&PyExc_KeyError, "'__name__' not in globals");
    let Some(globals) = globals else {
        return Err(no_name());
    };
    let Some(globals) = globals.downcast_ref::<PyDictObject>() else {
        return Err(errors::type_error("globals must be a dict"));
    };
    let text = |object: &PyObject, what: &str| -> PyResult<String> {
        match object.downcast_ref::<PyASCIIObject>() {
            Some(text) => Ok(unicode::to_string_lossy(text)),
            None => Err(errors::type_error(format_args!("{what} must be a string"))),
        }
    };
    let given = |name| {
        dict::get_str(globals, name)
            .filter(|value| !value.is_none())
            .map(Own::new)
    };
    let (package, spec) = (given(id!("__package__")), given(id!("__spec__")));
    if let Some(package) = package {
        let name = text(&package, "package")?;
        if let Some(spec) = spec {
            let parent = object::get_attr(&spec, id!("parent"))?;
            if !object::equal(&package, &parent)? {
                let message = "__package__ != __spec__.parent";
                warnings::warn(&PyExc_ImportWarning, message, 1)?;
            }
        }
        return Ok(name);
    }
    if let Some(spec) = spec {
        return text(&*object::get_attr(&spec, id!("parent"))?, "__spec__.parent");
    }
    warnings::warn(
        &PyExc_ImportWarning,
        "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__",
        1,
    )?;
    let name = dict::get_str(globals, id!("__name__")).ok_or_else(no_name)?;
    let name = text(name, "__name__")?;
    if dict::get_str(globals, id!("__path__")).is_some() {
        return Ok(name);
    }
    Ok(name
        .rsplit_once('.')
        .map_or("", |(parent, _)| parent)
        .to_owned())
}

/// The full name of a relative import.
fn resolve(name: &str, globals: Option<&PyObject>, level: usize) -> PyResult<String> {
    let package = package_of(globals)?;
    if package.is_empty() {
        return Err(errors::raise(
            &PyExc_ImportError,
            "attempted relative import with no known parent package",
        ));
    }
    let mut base = package.as_str();
    for _ in 1..level {
        match base.rsplit_once('.') {
            Some((parent, _)) => base = parent,
            None => {
                return Err(errors::raise(
                    &PyExc_ImportError,
                    "attempted relative import beyond top-level package",
                ));
            }
        }
    }
    Ok(if name.is_empty() {
        base.to_string()
    } else {
        format!("{base}.{name}")
    })
}
