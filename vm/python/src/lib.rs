//! The embedding interface of the VM and twinpy, its command line.
//!
//! One interpreter a process: [`Vm::initialize`] brings it up, [`Vm::run`] runs a code object as
//! `__main__`, and what it leaves (namespace, exception) stays alive until [`Vm::release`].
//!
//! Unsafe code: the C library's locale, and the cast of a module's namespace to a dict.

pub mod command_line;
pub mod locale;
pub mod shared;
mod streams;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use twinheap_abi::*;
use twinheap_interp::eval::calls::run_code;
use twinheap_interp::tracing::{self, LineHook};
use twinheap_interp::{compiler, import, marshal, report, start, stdio, sys, sys_data};
use twinheap_modules_runtime::_thread;
use twinheap_objects::errors::{self, PyResult};
use twinheap_objects::exceptions::PyExc_SystemExit;
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::state::tstate;
use twinheap_objects::{
    call, dict, gil, id, import_hook, list, long, module, singletons, tuple, unicode, unraisable,
    weakref,
};
use twinheap_syntax::source::Source;
use twinheap_syntax::{Flags, Mode, dump, listing};

/// The modules of `vm/modules-text`.
const TEXT_MODULES: &[module::NativeModule] = &[
    ("_sre", twinheap_modules_text::_sre::new_module),
    (
        "unicodedata",
        twinheap_modules_text::unicodedata::new_module,
    ),
];

/// What `sys.modules` holds when CPython, isolated and without `site`, begins a program; and what its
/// worker needs itself.
const START_MODULES: &[&str] = &[
    "_frozen_importlib",
    "_imp",
    "_thread",
    "_warnings",
    "_weakref",
    "_io",
    "marshal",
    "posix",
    "time",
    "_codecs",
    "codecs",
    "encodings.aliases",
    "encodings",
    "encodings.utf_8",
    "encodings.latin_1",
    "_abc",
    "abc",
    "io",
    "atexit",
    "gc",
    "token",
];

static TAKEN: AtomicBool = AtomicBool::new(false);

/// How the interpreter is set up.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `sys.argv`.
    pub argv: Vec<String>,
    /// `sys.path`.
    pub path: Vec<String>,
}

/// The interpreter of this process.
pub struct Vm {
    /// A dict that was just made and never filled; inspection reads the shared empty keys off it.
    empty_dict: Own<PyDictObject>,
    /// What was there when everything was first frozen, and how many modules when it last was.
    start: Cell<Option<Start>>,
    modules: Cell<usize>,
    /// Whether threads of a program were waited for.
    has_waited: Cell<bool>,
    /// `sys.path` without a program's own folder.
    path: Vec<Own>,
}

/// What a program may change for those after it.
#[derive(Clone, Copy, PartialEq)]
struct Start {
    built_in_names: usize,
    collector: (bool, [i32; 3]),
}

/// What a run has left.
pub struct Run {
    /// The namespace of `__main__`.
    pub namespace: Own<PyDictObject>,
    /// The exception that left the program.
    pub exception: Option<Own>,
}

impl Vm {
    /// Brings the interpreter up; fails where this process has one already.
    pub fn initialize(config: &Config) -> Result<Vm, String> {
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Err("this process has an interpreter already".to_string());
        }
        twinheap_objects::memory::spare::keep_aside();
        if twinheap_objects::memory::debug::is_asked_for() {
            twinheap_objects::memory::debug::enable();
        }
        match prepare(config) {
            Ok((empty_dict, path)) => Ok(Vm {
                empty_dict,
                start: Cell::new(None),
                modules: Cell::new(0),
                has_waited: Cell::new(false),
                path,
            }),
            Err(_) => Err(format!("the VM could not start: {}", shown_exception())),
        }
    }

    /// The VM's name and version.
    pub fn version(&self) -> String {
        format!("Twinheap VM {} (3.11)", env!("CARGO_PKG_VERSION"))
    }

    /// A dict that was just made and never filled.
    pub fn empty_dict(&self) -> &PyDictObject {
        &self.empty_dict
    }

    /// Tells programs which file to start for another interpreter (`sys.executable`).
    pub fn set_executable(&self, path: &str) {
        let set =
            |text: PyResult<Own<PyASCIIObject>>| sys::set_object("executable", text?.as_object());
        if set(unicode::from_str(path)).is_err() {
            errors::clear();
        }
    }

    /// The words by which the interpreter was started (`sys.orig_argv`).
    pub fn set_original_arguments(&self, words: &[String]) {
        let set = || -> PyResult<()> {
            let words: PyResult<Vec<Own>> = words
                .iter()
                .map(|word| Ok(unicode::from_str(word)?.upcast()))
                .collect();
            sys::set_object("orig_argv", list::from_vec(words?)?.as_object())
        };
        if set().is_err() {
            errors::clear();
        }
    }

    /// Opens the standard streams as those of the `io` module, which the command line has from its beginning;
    /// those for output without buffers if that is asked for.
    pub fn open_standard_streams(&self, unbuffered: bool) {
        if streams::open_all(unbuffered).is_err() {
            errors::clear();
        }
    }

    /// Has Ctrl-C raise `KeyboardInterrupt` in the program, as the command line has it.
    pub fn handle_interrupts(&self) {
        if import_hook::import_module("_signal").is_err() {
            errors::clear();
        }
        twinheap_modules_runtime::_signal::handle_interrupts();
    }

    /// Does what the command line and the environment ask for, and shows it in `sys`.
    pub fn apply(&self, options: &command_line::Options) -> Result<(), String> {
        compiler::set_default_optimize(options.flags.optimize);
        apply_options(options).map_err(|_| shown_exception())
    }

    /// Imports the modules that CPython has loaded once it is up.
    pub fn import_start_modules(&self) -> Result<(), String> {
        main_module().map_err(|_| shown_exception())?;
        for name in START_MODULES {
            if import_hook::import_module(name).is_err() {
                return Err(format!("{name} cannot be imported: {}", shown_exception()));
            }
        }
        // CPython looks its streams' encoding up as it comes up.
        match look_up_codec("utf-8") {
            Ok(()) => Ok(()),
            Err(_) => Err(format!("no codec for utf-8: {}", shown_exception())),
        }
    }

    /// Imports a module ahead of any program; one that cannot be imported yet is left out.
    pub fn preload(&self, name: &str) {
        if import_hook::import_module(name).is_err() {
            errors::clear();
        }
    }

    /// The namespaces of the modules that are loaded, with their names.
    pub fn module_namespaces(&self) -> Vec<(String, *const PyObject)> {
        let Ok(modules) = sys::modules() else {
            errors::clear();
            return Vec::new();
        };
        dict::entries(&modules)
            .filter_map(|(name, value)| {
                let name = name
                    .downcast_ref::<PyASCIIObject>()
                    .map(unicode::to_string_lossy)?;
                let value = value.downcast_ref::<PyModuleObject>()?;
                Some((name, module::dict_of(value).as_raw().cast_const()))
            })
            .collect()
    }

    /// `sys.modules`, or null where a program has taken it away.
    pub fn modules_dict(&self) -> *const PyObject {
        match sys::modules() {
            // `sys` keeps it alive.
            Ok(modules) => std::ptr::from_ref(modules.as_object()),
            Err(_) => {
                errors::clear();
                std::ptr::null()
            }
        }
    }

    /// A code object out of marshal bytes; the reason as text where they are bad.
    pub fn load(&self, marshalled: &[u8]) -> Result<Own<PyCodeObject>, String> {
        let code = as_code(marshal::loads(marshalled))?;
        hash_characters(&[code.co_consts.expect_ref()]);
        Ok(code)
    }

    /// A code object out of source; the exception where it is rejected.
    pub fn compile(&self, source: &[u8], filename: &str) -> Result<Own<PyCodeObject>, Own> {
        match compiler::compile(source, filename, Mode::Exec) {
            Ok(code) => code.downcast::<PyCodeObject>(),
            Err(_) => Err(errors::take_exception()),
        }
    }

    /// The same as marshal bytes, from which an import would make it.
    pub fn compile_to_marshal(&self, source: &[u8], filename: &str) -> Result<Vec<u8>, Own> {
        compiler::compile_to_marshal(source, filename, Mode::Exec, 0)
            .map_err(|_| errors::take_exception())
    }

    /// The tokens of a source, one on a line; those before the first error, where it has one.
    pub fn tokens(&self, source: &str) -> String {
        match Source::from_text(source, true) {
            Ok(source) => listing::list_tokens(&source),
            Err(error) => {
                let message = dump::quoted(error.message.as_bytes());
                format!("{} {message}\n", error.kind.name())
            }
        }
    }

    /// The tree of a source, a line for each node; or one line that tells the error.
    pub fn tree(&self, source: &[u8]) -> String {
        match twinheap_syntax::parse(source, Mode::Exec, &Flags::default(), None) {
            Ok(ast) => dump::dump_module(&ast.module, &ast.names),
            Err(error) => listing::rejection(&error),
        }
    }

    /// Makes ready for a program of a file, or of no file where there is no directory: a new `__main__` stands in
    /// `sys.modules`, `sys.argv` and `sys.path[0]` are the program's own. Gives its namespace.
    pub fn prepare(
        &self,
        path: &str,
        directory: Option<&str>,
    ) -> Result<Own<PyDictObject>, String> {
        self.prepare_main(path, directory)
            .map_err(|_| shown_exception())
    }

    /// Runs a code object in the namespace of the program that was made ready. A hook hears of each line. The streams
    /// are flushed at the end.
    pub fn run(
        &self,
        code: &PyCodeObject,
        namespace: Own<PyDictObject>,
        hook: Option<LineHook>,
    ) -> Run {
        self.run_in(namespace, code, hook)
    }

    fn prepare_main(&self, path: &str, directory: Option<&str>) -> PyResult<Own<PyDictObject>> {
        drop_main()?;
        let made = main_module()?;
        if directory.is_some() {
            add_file(&made, path)?;
        }
        sys::set_object(
            "argv",
            list::from_vec(vec![unicode::from_str(path)?.upcast()])?.as_object(),
        )?;
        let mut entries: Vec<Own> = Vec::new();
        if let Some(directory) = directory {
            entries.push(unicode::from_str(directory)?.upcast());
        }
        entries.extend(self.path.iter().cloned());
        sys::set_object("path", list::from_vec(entries)?.as_object())?;
        Ok(Own::new(module::dict_of(&made)))
    }

    /// Whether a module was imported from this folder, so that the next program must not meet it.
    pub fn has_imported_from(&self, folder: &str) -> bool {
        self.module_namespaces().iter().any(|(_, namespace)| {
            // SAFETY: the namespaces of loaded modules are live dicts.
            let namespace = unsafe { &*namespace.cast::<PyDictObject>() };
            let file = dict::get_literal(namespace, "__file__").ok().flatten();
            file.and_then(|file| {
                file.downcast_ref::<PyASCIIObject>()
                    .map(unicode::to_string_lossy)
            })
            .is_some_and(|file| file.starts_with(folder))
        })
    }

    /// Runs a code object in the dict of the `__main__` module, as the command line does.
    pub fn run_as_main(&self, code: &PyCodeObject, filename: &str) -> Result<Run, String> {
        let namespace = || -> PyResult<Own<PyDictObject>> {
            let made = main_module()?;
            if !filename.starts_with('<') {
                add_file(&made, filename)?;
            }
            Ok(Own::new(module::dict_of(&made)))
        };
        match namespace() {
            Ok(namespace) => Ok(self.run_in(namespace, code, None)),
            Err(_) => Err(shown_exception()),
        }
    }

    fn run_in(
        &self,
        namespace: Own<PyDictObject>,
        code: &PyCodeObject,
        hook: Option<LineHook>,
    ) -> Run {
        // The counts of the collector begin anew with the program.
        twinheap_objects::memory::collect::collect(2);
        tracing::set_line_hook(hook);
        let outcome = run_code(code, namespace.as_object(), namespace.as_object());
        tracing::reset();
        let exception = match outcome {
            Ok(_) => None,
            Err(_) => Some(errors::take_exception()),
        };
        if _thread::count() > 0 {
            wait_for_threads();
            self.has_waited.set(true);
        }
        stdio::flush_all();
        Run {
            namespace,
            exception,
        }
    }

    /// Whether a program has changed what the next one would find: the built-in names, how the collector works,
    /// the `threading` module, which has ended, or threads that still run.
    pub fn is_disturbed(&self) -> bool {
        let by_threads = self.has_waited.get() || _thread::count() > 0;
        by_threads
            || self
                .start
                .get()
                .is_some_and(|start| start != Start::observed())
    }

    /// Takes everything that is there now out of the collector's sight, so that collecting for a program costs
    /// only what the program made.
    pub fn freeze(&self) {
        twinheap_objects::memory::collect::collect(2);
        twinheap_objects::memory::collect::freeze();
        self.modules.set(count_modules());
        if self.start.get().is_none() {
            self.start.set(Some(Start::observed()));
        }
    }

    /// Lets the cache of type attributes go of the names it holds, each until another falls on its place, which
    /// depends on addresses.
    pub fn clear_type_cache(&self) {
        twinheap_objects::types::clear_cache();
    }

    /// Gives up what a run has left: the exception goes, the namespace is emptied, what it left in cycles is
    /// collected, the streams are made anew. What it imported stays, as it would in an interpreter that goes on,
    /// and is taken out of the collector's sight.
    pub fn release(&self, run: Run) {
        twinheap_modules_runtime::atexit::run_all();
        drop(run.exception);
        let main = leave_main(&run.namespace).unwrap_or_else(|_| {
            errors::clear();
            None
        });
        if main.is_none() && run.namespace.ob_refcnt.get() > 1 {
            clear_namespace(&run.namespace);
        }
        drop(run.namespace);
        if drop_main().is_err() {
            errors::clear();
        }
        errors::clear();
        twinheap_objects::memory::collect::collect(2);
        // A main module that somebody still holds is emptied, name by name.
        if let Some(module) = main.and_then(|main| weakref::target(&main))
            && let Some(module) = module.downcast_ref::<PyModuleObject>()
        {
            clear_namespace(module::dict_of(module));
        }
        if sys::new_streams().is_err() {
            errors::clear();
        }
        let state = tstate();
        state.recursion_limit.set(1000);
        state.recursion_remaining.set(1000);
        stdio::flush_all();
        if self.start.get().is_some() && self.modules.get() != count_modules() {
            self.freeze();
        }
    }
}

/// Has the program that this thread runs end with `KeyboardInterrupt` at its next backward jump; a signal handler may
/// call it.
pub fn interrupt() {
    twinheap_interp::interrupt::request();
}

/// Keeps signals from the thread that calls, so that they go to the one that runs the program.
pub fn leave_signals_to_others() {
    twinheap_modules_runtime::_signal::block_all();
}

/// Takes an interrupt back that came too late.
pub fn forget_interrupt() {
    twinheap_interp::interrupt::forget();
}

/// Where the pure modules of the standard library are read from: what the keeper says, or what an
/// interpreter on the path says of itself.
pub fn library_path() -> Vec<String> {
    match library() {
        // The archive first, whether it is there or not; extension modules are found by their files in lib-dynload.
        Some(library) => {
            let folder = library.rsplit_once('/').map_or("", |(folder, _)| folder);
            vec![
                format!("{folder}/python311.zip"),
                library.clone(),
                format!("{library}/lib-dynload"),
            ]
        }
        None => Vec::new(),
    }
}

fn library() -> Option<String> {
    if let Some(path) = std::env::var_os("TWINHEAP_LIBRARY") {
        return Some(path.to_string_lossy().into_owned());
    }
    let script = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let output = std::process::Command::new("python3.11")
        .args(["-I", "-S", "-c", script])
        .output();
    match output {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => None,
    }
}

fn as_code(loaded: PyResult) -> Result<Own<PyCodeObject>, String> {
    match loaded {
        Ok(object) => object
            .downcast::<PyCodeObject>()
            .map_err(|_| "the marshal bytes hold no code object".to_string()),
        Err(_) => Err(shown_exception()),
    }
}

/// `_PyImport_FixupBuiltin`: the import system keeps a copy of what `sys` and `builtins` have before the command line is
/// looked at, and with it a reference to each of their objects.
fn keep_first_names() -> PyResult<()> {
    const LATER: [&str; 5] = ["argv", "orig_argv", "path", "warnoptions", "_xoptions"];
    for name in ["sys", "builtins"] {
        let module = import_hook::import_module(name)?;
        let Some(module) = module.downcast_ref::<PyModuleObject>() else {
            continue;
        };
        let copy = dict::copy(module::dict_of(module))?;
        for name in LATER {
            dict::remove(&copy, unicode::from_str(name)?.as_object())?;
        }
        std::mem::forget(copy);
    }
    Ok(())
}

fn apply_options(options: &command_line::Options) -> PyResult<()> {
    let flags = sys_data::flags(options.flags)?;
    sys::set_object("flags", &flags)?;
    let named = dict::new()?;
    for (name, value) in &options.x_options {
        let value = match value {
            Some(value) => unicode::from_str(value)?.upcast(),
            None => singletons::bool_object(true),
        };
        dict::set_item(&named, unicode::from_str(name)?.as_object(), &value)?;
    }
    sys::set_object("_xoptions", named.as_object())?;
    let filters: PyResult<Vec<Own>> = options
        .warnings
        .iter()
        .map(|filter| Ok(unicode::from_str(filter)?.upcast()))
        .collect();
    sys::set_object("warnoptions", list::from_vec(filters?)?.as_object())?;
    if options.flags.optimize > 0 {
        let builtins = import_hook::import_module("builtins")?;
        let name = unicode::from_str("__debug__")?;
        object::set_attr(
            &builtins,
            name.as_object(),
            Some(&*singletons::bool_object(false)),
        )?;
    }
    if !options.warnings.is_empty() {
        // It makes filters of them as it is imported.
        import_hook::import_module("warnings")?;
    }
    Ok(())
}

fn prepare(config: &Config) -> PyResult<(Own<PyDictObject>, Vec<Own>)> {
    for table in [
        TEXT_MODULES,
        twinheap_modules_functional::MODULES,
        twinheap_modules_runtime::MODULES,
        twinheap_modules_data::MODULES,
        twinheap_modules_io::MODULES,
        twinheap_modules_pickle::MODULES,
        twinheap_modules_numeric::MODULES,
        twinheap_modules_time::MODULES,
        twinheap_modules_hash::MODULES,
        twinheap_modules_language::MODULES,
        twinheap_modules_system::MODULES,
        twinheap_modules_formats::MODULES,
    ] {
        import::register(table);
    }
    gil::start_main_thread();
    twinheap_modules_runtime::_signal::ignore_at_start();
    twinheap_modules_runtime::_codecs::install();
    start::initialize()?;
    let texts = |values: &[String]| -> PyResult<Own<PyListObject>> {
        let values: PyResult<Vec<Own>> = values
            .iter()
            .map(|value| Ok(unicode::from_str(value)?.upcast()))
            .collect();
        list::from_vec(values?)
    };
    let io = twinheap_objects::import_hook::import_module("_io")?;
    let open = object::get_attr(&io, id!("open"))?;
    let builtins = import_hook::builtins_dict()?;
    dict::set_item(&builtins, id!("open").as_object(), &open)?;
    sys::set_object("argv", texts(&config.argv)?.as_object())?;
    let path = texts(&config.path)?;
    sys::set_object("path", path.as_object())?;
    sys::arrange()?;
    keep_first_names()?;
    let entries = list::iter_owned(&path).collect();
    Ok((dict::new()?, entries))
}

/// The module `__main__`; made where it is not there.
fn main_module() -> PyResult<Own<PyModuleObject>> {
    let modules = sys::modules()?;
    if let Some(existing) = dict::get_literal(&modules, "__main__")?
        && let Some(module) = existing.downcast_ref::<PyModuleObject>()
    {
        return Ok(Own::new(module));
    }
    let made = module::new("__main__")?;
    let own = module::dict_of(&made);
    // Its name is a str of its own, as that of a module that was not imported, and the key in sys.modules.
    let name = unicode::from_str("__main__")?;
    dict::set_item(own, id!("__name__").as_object(), name.as_object())?;
    made.md_name.put(Some(name.clone().upcast()));
    dict::set_literal(own, "__annotations__", dict::new()?.as_object())?;
    if let Some(builtins) = dict::get_literal(&modules, "builtins")? {
        dict::set_item(own, id!("__builtins__").as_object(), &builtins)?;
    }
    dict::set_item(&modules, name.as_object(), made.as_object())?;
    Ok(made)
}

fn look_up_codec(name: &str) -> PyResult<()> {
    let codecs = import_hook::import_module("_codecs")?;
    let lookup = object::get_attr(&codecs, id!("lookup"))?;
    let name = unicode::from_str(name)?;
    twinheap_objects::call::call(&lookup, &[name.as_object()]).map(drop)
}

/// Takes `__main__` out of `sys.modules`, as it goes with its program.
fn drop_main() -> PyResult<()> {
    let name = unicode::from_str("__main__")?;
    let modules = sys::modules()?;
    dict::remove(&modules, name.as_object()).map(drop)
}

/// What a program in a file has in its namespace.
fn add_file(made: &PyModuleObject, path: &str) -> PyResult<()> {
    let external = import_hook::import_module("_frozen_importlib_external")?;
    let loader = object::get_attr(&external, id!("SourceFileLoader"))?;
    let name = unicode::from_str("__main__")?;
    let file = unicode::from_str(path)?;
    let loader = twinheap_objects::call::call(&loader, &[name.as_object(), file.as_object()])?;
    module::add(made, "__loader__", &loader)?;
    module::add(made, "__file__", file.as_object())?;
    module::add(made, "__cached__", &singletons::none())
}

/// Takes the main module out of `sys.modules` where the namespace is its own, so that it dies with the
/// last reference as CPython's does (`finalize_modules`); gives a weak reference to it.
fn leave_main(namespace: &PyDictObject) -> PyResult<Option<Own>> {
    let modules = sys::modules()?;
    let Some(main) = dict::get_literal(&modules, "__main__")? else {
        return Ok(None);
    };
    let is_its_own = main
        .downcast_ref::<PyModuleObject>()
        .is_some_and(|module| std::ptr::eq(module::dict_of(module), namespace));
    if !is_its_own {
        return Ok(None);
    }
    let watch = weakref::new_reference(&main)?;
    dict::delete_item(&modules, id!("__main__").as_object())?;
    Ok(Some(watch))
}

/// Empties a namespace as `_PyModule_Clear` does: names with one underscore first, `__builtins__`
/// never before the rest.
fn clear_namespace(namespace: &PyDictObject) {
    let keys: Vec<Own> = dict::entries(namespace)
        .map(|(key, _)| Own::new(key))
        .collect();
    for private in [true, false] {
        for key in &keys {
            let Some(text) = key
                .downcast_ref::<PyASCIIObject>()
                .map(unicode::to_string_lossy)
            else {
                continue;
            };
            let is_private = text.starts_with('_') && !text.starts_with("__");
            let due = if private {
                is_private
            } else {
                !is_private && text != "__builtins__"
            };
            if due && dict::set_item(namespace, key, &singletons::none()).is_err() {
                errors::clear();
            }
        }
    }
    dict::clear(namespace);
}

impl Start {
    fn observed() -> Start {
        Start {
            built_in_names: count(import_hook::builtins_dict()),
            collector: twinheap_objects::memory::collect::settings(),
        }
    }
}

fn count_modules() -> usize {
    count(sys::modules())
}

/// How many entries a dict has; none if there is no such dict.
fn count(entries: PyResult<Own<PyDictObject>>) -> usize {
    match entries {
        Ok(entries) => entries.ma_used.get() as usize,
        Err(_) => {
            errors::clear();
            0
        }
    }
}

/// The compiler looks constants up in a dict, which leaves the hash in those that are shared with all code.
fn hash_characters(constants: &[&PyObject]) {
    for constant in constants {
        if let Some(text) = constant.downcast_ref::<PyASCIIObject>() {
            // Other characters are objects of their own.
            let is_shared = text.length.get() == 1 && text.kind() == 1;
            if is_shared && object::hash(constant).is_err() {
                errors::clear();
            }
        } else if let Some(code) = constant.downcast_ref::<PyCodeObject>() {
            hash_characters(&[code.co_consts.expect_ref()]);
        } else if let Some(items) = constant.downcast_ref::<PyTupleObject>() {
            hash_characters(tuple::items(items));
        }
    }
}

/// The exception that is set, as text; it is taken.
fn shown_exception() -> String {
    if !errors::occurred() {
        return "no reason given".to_string();
    }
    let exception = errors::take_exception();
    report::format_exception(&exception).trim_end().to_string()
}

/// `wait_for_thread_shutdown`: `threading` joins the threads that are no daemons.
fn wait_for_threads() {
    let shutdown = || -> PyResult<()> {
        let Some(threading) = dict::get_literal(&*sys::modules()?, "threading")? else {
            return Ok(());
        };
        if let Err(raised) = call::call_method(&threading, id!("_shutdown"), &[]) {
            unraisable::report(raised, Some(&threading));
        }
        Ok(())
    };
    if shutdown().is_err() {
        errors::clear();
    }
}

/// Runs a program as the command line does: its exit status.
pub fn run_main(vm: &Vm, source: &[u8], filename: &str) -> i32 {
    let code = match vm.compile(source, filename) {
        Ok(code) => code,
        Err(exception) => {
            report::print_exception(&exception);
            return 1;
        }
    };
    match vm.run_as_main(&code, filename) {
        Ok(mut run) => {
            let mut status = match run.exception.take() {
                Some(exception) => exit_status(&exception),
                None => 0,
            };
            wait_for_threads();
            twinheap_modules_runtime::atexit::run_all();
            if !streams::flush_all() && status == 0 {
                status = 120;
            }
            gil::finalize();
            vm.release(run);
            stdio::flush_all();
            status
        }
        Err(reason) => {
            eprintln!("twinpy: {reason}");
            1
        }
    }
}

/// `handle_system_exit`: SystemExit tells the status, any other exception is shown.
fn exit_status(exception: &PyObject) -> i32 {
    if !exception.is_instance_of(&PyExc_SystemExit) {
        report::print_exception(exception);
        return 1;
    }
    let code = exception
        .downcast_ref::<PySystemExitObject>()
        .and_then(|exit| exit.code.own())
        .unwrap_or_else(singletons::none);
    if code.is_none() {
        return 0;
    }
    if let Some(number) = code.downcast_ref::<PyLongObject>() {
        return long::to_i64(number).map_or(-1, |number| number as i32);
    }
    let text = object::str(&code).map(|text| unicode::to_string_lossy(&text));
    stdio::flush_fd(1);
    eprintln!("{}", text.unwrap_or_default());
    1
}

/// How many bytes of address space this process may use, if that is limited.
pub fn address_space() -> Option<usize> {
    twinheap_objects::stack::address_space()
}

/// Has the debug heap check every block, as `-X dev` does; to be called before [`Vm::initialize`].
pub fn enable_debug_heap() {
    twinheap_objects::memory::debug::enable();
}
