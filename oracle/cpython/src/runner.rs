//! Runs one program after another in the embedded interpreter, and leaves it as good as new.

use std::ffi::{CStr, CString};

use pyo3::ffi;
use twinheap_observation::outcome::Outcome;
use twinheap_observation::wire::{Limits, ReportBuilder, RunRequest};
use twinheap_observation::{FieldSpec, MaskRule, Program, Stage};
use twinheap_subject::Finished;

use crate::object::{self, Object, clear_error, take_exception};
#[cfg(not(twinheap_raw_layout))]
use crate::script::Script;
use crate::tracing;
use crate::tree::{self, TreeWriter};

/// The recursion limit of every program.
const RECURSION_LIMIT: i32 = 1_000;
/// Marshal's format of 3.4 and later.
const MARSHAL_VERSION: i32 = 4;
/// A worker that has grown beyond this is replaced.
const RETIREMENT_BYTES: u64 = 512 << 20;

/// What a worker keeps between programs.
pub struct Runner {
    sys: Object,
    builtins: Object,
    open: Object,
    /// Describes exceptions where no decoder knows this version's layout.
    #[cfg(not(twinheap_raw_layout))]
    script: Script,
    trees: TreeWriter,
    direct: bool,
    programs: u32,
    builtins_length: isize,
    /// `_thread._count`, which tells whether a program has left threads behind.
    thread_count: Object,
    /// Whether threads of a program were waited for.
    has_waited: bool,
    /// Runs what programs have registered with `atexit`.
    exit_functions: Object,
    /// `gc.get_threshold`, and what it said at the start.
    collector_thresholds: (Object, Vec<i64>),
    modules: Object,
    modules_length: isize,
    /// The class of `__main__.__loader__` for a program in a file.
    loader: Object,
    /// `sys.path` without a program's own folder.
    path: Vec<Object>,
    /// Set by the self-test: the next heap gets a wrong byte.
    faulty: bool,
    #[cfg(twinheap_raw_layout)]
    decoder: twinheap_decode::Decoder,
}

/// What a run left behind.
struct Left {
    namespace: Object,
    exception: Option<Object>,
    #[cfg(twinheap_raw_layout)]
    before: Option<twinheap_decode::Surroundings>,
}

impl Runner {
    pub fn new(direct: bool) -> Result<Runner, String> {
        let sys = object::import("sys")?;
        let builtins = object::import("builtins")?;
        let open = object::import("io")?
            .attribute(c"open")
            .ok_or("io has no open")?;
        // A module that every program's first traceback or codec look-up would import otherwise.
        object::import("encodings.latin_1")?;
        let exit_functions = object::import("atexit")?
            .attribute(c"_run_exitfuncs")
            .ok_or("atexit has no _run_exitfuncs")?;
        let modules = sys.attribute(c"modules").ok_or("sys has no modules")?;
        let thread_count = object::import("_thread")?
            .attribute(c"_count")
            .ok_or("_thread has no _count")?;
        let thresholds = object::import("gc")?
            .attribute(c"get_threshold")
            .ok_or("gc has no get_threshold")?;
        let at_start = integers(thresholds.call(&[]));
        let loader = object::import("_frozen_importlib_external")?
            .attribute(c"SourceFileLoader")
            .ok_or("importlib has no SourceFileLoader")?;
        let path = sys.attribute(c"path").ok_or("sys has no path")?.items();
        let mut runner = Runner {
            loader,
            path,
            sys,
            thread_count,
            has_waited: false,
            exit_functions,
            collector_thresholds: (thresholds, at_start),
            modules,
            modules_length: 0,
            builtins,
            open,
            #[cfg(not(twinheap_raw_layout))]
            script: Script::exceptions()?,
            trees: TreeWriter::new()?,
            direct,
            programs: 0,
            builtins_length: 0,
            faulty: false,
            #[cfg(twinheap_raw_layout)]
            decoder: twinheap_decode::Decoder::new(crate::boundary::find()?),
        };
        runner.builtins_length = runner.count_builtins();
        runner.freeze()?;
        runner.modules_length = runner.count_modules();
        Ok(runner)
    }

    pub fn configure(&mut self, limits: &Limits, masks: &[MaskRule], unsupported: &[FieldSpec]) {
        #[cfg(twinheap_raw_layout)]
        self.decoder
            .configure(masks, unsupported, limits.image_nodes);
        #[cfg(not(twinheap_raw_layout))]
        let _ = (limits, masks, unsupported);
    }

    /// Moves everything that is there now out of the collector's sight, so that collecting after a
    /// program costs only what the program made.
    fn freeze(&self) -> Result<(), String> {
        let gc = object::import("gc")?;
        // SAFETY: the GIL is held.
        unsafe { ffi::PyGC_Collect() };
        gc.attribute(c"freeze")
            .and_then(|freeze| freeze.call(&[]))
            .ok_or("gc.freeze failed")?;
        // SAFETY: the GIL is held.
        unsafe { ffi::PyGC_Collect() };
        Ok(())
    }

    fn count_modules(&self) -> isize {
        // SAFETY: sys.modules is a dict; whatever a program made of it, a wrong type gives -1 and an error.
        let length = unsafe { ffi::PyDict_Size(self.modules.pointer()) };
        if length < 0 {
            clear_error();
        }
        length
    }

    fn count_builtins(&self) -> isize {
        // SAFETY: a module has a dict.
        unsafe { ffi::PyDict_Size(ffi::PyModule_GetDict(self.builtins.pointer())) }
    }

    /// For the self-test.
    pub fn plant_layout_fault(&mut self) {
        self.faulty = true;
    }

    pub fn run(&mut self, request: &RunRequest, report: &mut ReportBuilder) -> Finished {
        self.programs += 1;
        // SAFETY: the GIL is held.
        unsafe { ffi::Py_SetRecursionLimit(RECURSION_LIMIT) };
        let traced = report.wants(Stage::Steps);
        self.fresh_streams(traced && report.wants_details());
        let program = &request.program;
        if report.wants(Stage::Tokens) {
            self.trees.add_tokens(&program.source, report);
        }
        if report.wants(Stage::Ast) {
            self.trees
                .add_tree(&program.source, &program.path(), report);
        }
        let mut marshal = None;
        let outcome = match self.compile(request, &mut marshal) {
            Ok(code) => {
                if request.wanted.marshal {
                    self.forget_compiler_warnings();
                }
                self.run_code(code, request, report)
            }
            Err(exception) => self.not_compiled(&exception, report),
        };
        let retire = self.clean_up() || self.has_imported_from(&program.folder);
        let marshal = if request.wanted.marshal {
            marshal
        } else {
            None
        };
        Finished {
            outcome,
            marshal,
            retire,
        }
    }

    /// Compiles, or gives the exception. The code goes through marshal, as an import would have it, so that
    /// a subject without a compiler runs exactly the same objects.
    fn compile(
        &self,
        request: &RunRequest,
        marshal: &mut Option<Vec<u8>>,
    ) -> Result<Object, Object> {
        let raised = || take_exception().expect("a failed call leaves an exception");
        let program = &request.program;
        if let Some(foreign) = &request.code {
            return load(foreign).ok_or_else(raised);
        }
        let code = match CString::new(program.source.as_str()) {
            Ok(source) => {
                let filename = object::text(&program.path()).ok_or_else(raised)?;
                // SAFETY: source and file name are alive; no flags are passed.
                Object::take(unsafe {
                    ffi::Py_CompileStringObject(
                        source.as_ptr(),
                        filename.pointer(),
                        ffi::Py_file_input,
                        std::ptr::null_mut(),
                        -1,
                    )
                })
                .ok_or_else(raised)?
            }
            Err(_) => {
                let filename = object::text(&program.path()).ok_or_else(raised)?;
                tree::compile_with_nulls(&program.source, &filename).ok_or_else(raised)?
            }
        };
        if self.direct && !request.wanted.marshal {
            return Ok(code);
        }
        // SAFETY: the code object is alive.
        let bytes = Object::take(unsafe {
            ffi::PyMarshal_WriteObjectToString(code.pointer(), MARSHAL_VERSION)
        })
        .ok_or_else(raised)?;
        let data = bytes.bytes().unwrap_or_default();
        let code = if self.direct {
            code
        } else {
            drop(code);
            load(&data).ok_or_else(raised)?
        };
        *marshal = Some(data);
        Ok(code)
    }

    fn run_code(
        &mut self,
        code: Object,
        request: &RunRequest,
        report: &mut ReportBuilder,
    ) -> Outcome {
        if report.wants(Stage::Code) {
            self.add_code(&code, report);
        }
        let Some(namespace) = self.fresh_main(&request.program) else {
            clear_error();
            report.add_unsupported(Stage::Heap, "no memory for a namespace");
            return Outcome::Finished;
        };
        // The collector's counts begin anew with the program, whatever was made to look at its source.
        // SAFETY: the GIL is held.
        unsafe { ffi::PyGC_Collect() };
        #[cfg(twinheap_raw_layout)]
        let before = report
            .wants(Stage::Heap)
            .then(|| twinheap_decode::Surroundings::take(Self::address(Some(&self.modules))));
        // Only a traced run meets a program at every line; transitions are seen there or not at all.
        let traced = report.wants(Stage::Steps);
        if traced {
            tracing::begin(
                &request.program.path(),
                namespace.pointer(),
                code.pointer(),
                report,
            );
        }
        // SAFETY: code and namespace are alive; the GIL is held.
        let result = Object::take(unsafe {
            ffi::PyEval_EvalCode(code.pointer(), namespace.pointer(), namespace.pointer())
        });
        if traced {
            tracing::end(report);
        }
        let exception = if result.is_none() {
            take_exception()
        } else {
            None
        };
        drop(result);
        drop(code);
        self.wait_for_threads();
        self.flush_streams();
        let left = Left {
            namespace,
            exception,
            #[cfg(twinheap_raw_layout)]
            before,
        };
        let outcome = self.observe(&left, report);
        let Left {
            namespace,
            exception,
            ..
        } = left;
        // What a program wants done at its exit is done before it is taken down.
        if self.exit_functions.call(&[]).is_none() {
            clear_error();
        }
        drop(exception);
        // SAFETY: the namespace is a live dict.
        unsafe { ffi::PyDict_Clear(namespace.pointer()) };
        drop(namespace);
        self.drop_main();
        // What dies last may still print.
        self.flush_streams();
        outcome
    }

    /// The other side gets compiled code, so it cannot print what the compiler warned of.
    fn forget_compiler_warnings(&self) {
        self.flush_streams();
        // SAFETY: ftruncate takes no pointers; descriptor 2 is the file that standard error is captured in.
        unsafe { libc::ftruncate(2, 0) };
    }

    fn not_compiled(&mut self, exception: &Object, report: &mut ReportBuilder) -> Outcome {
        const REASON: &str = "the program does not compile";
        report.add_unsupported(Stage::Code, REASON);
        report.add_unsupported(Stage::Steps, REASON);
        report.add_unsupported(Stage::Heap, REASON);
        self.outcome_of(Some(exception))
    }

    /// The namespace of a new module `__main__`, as it stands in `sys.modules` while the program runs, with what
    /// `python3 FILE` puts into it and into `sys`, in its order.
    fn fresh_main(&self, program: &Program) -> Option<Object> {
        self.drop_main();
        let path = program.path();
        let name = object::text("__main__")?;
        // SAFETY: plain constructors and insertions on live objects; the GIL is held.
        let namespace = unsafe {
            let module = Object::take(ffi::PyModule_NewObject(name.pointer()))?;
            let namespace = Object::borrow(ffi::PyModule_GetDict(module.pointer()))?;
            let annotations = Object::take(ffi::PyDict_New())?;
            let place = |key: &CStr, value: &Object| {
                ffi::PyDict_SetItemString(namespace.pointer(), key.as_ptr(), value.pointer())
            };
            place(c"__annotations__", &annotations);
            place(c"__builtins__", &self.builtins);
            if !program.folder.is_empty() {
                let file = object::text(&path)?;
                let loader = self.loader.call(&[&object::text("__main__")?, &file])?;
                place(c"__loader__", &loader);
                place(c"__file__", &file);
                place(c"__cached__", &Object::borrow(ffi::Py_None())?);
            }
            ffi::PyDict_SetItem(self.modules.pointer(), name.pointer(), module.pointer());
            namespace
        };
        let argv = object::list(&[object::text(&path)?])?;
        self.sys.set_attribute(c"argv", &argv);
        let mut entries = Vec::with_capacity(self.path.len() + 1);
        if !program.folder.is_empty() {
            entries.push(object::text(&program.directory())?);
        }
        entries.extend(self.path.iter().cloned());
        self.sys.set_attribute(c"path", &object::list(&entries)?);
        Some(namespace)
    }

    /// Whether the program imported a module that lies beside it: the next program's may have the same name.
    fn has_imported_from(&self, folder: &str) -> bool {
        if folder.is_empty() {
            return false;
        }
        // SAFETY: sys.modules is a dict; whatever a program made of it, another type gives null and an error.
        let Some(values) = Object::take(unsafe { ffi::PyDict_Values(self.modules.pointer()) })
        else {
            clear_error();
            return true;
        };
        let is_beside = |module: &Object| {
            let namespace = module.attribute(c"__dict__");
            let file = namespace.and_then(|namespace| namespace.item(c"__file__"));
            file.and_then(|file| file.text())
                .is_some_and(|file| file.starts_with(folder))
        };
        let found = values.items().iter().any(is_beside);
        clear_error();
        found
    }

    /// Takes `__main__` out of `sys.modules`, as it goes with the program.
    fn drop_main(&self) {
        // SAFETY: the dict is alive, the key a C string.
        if unsafe { ffi::PyDict_DelItemString(self.modules.pointer(), c"__main__".as_ptr()) } < 0 {
            clear_error();
        }
    }

    /// New stream objects over descriptors 1 and 2, as the program before may have replaced or closed them.
    /// Where steps are shown in full, each line is written at once, so that a step can tell what was printed by then.
    fn fresh_streams(&self, by_line: bool) {
        for (descriptor, name, errors) in
            [(1, c"stdout", "strict"), (2, c"stderr", "backslashreplace")]
        {
            if let Some(stream) = self.stream(descriptor, errors, by_line) {
                self.sys.set_attribute(name, &stream);
            }
        }
    }

    fn stream(&self, descriptor: i32, errors: &str, by_line: bool) -> Option<Object> {
        // SAFETY: a plain constructor.
        let number = Object::take(unsafe { ffi::PyLong_FromLong(descriptor.into()) })?;
        // SAFETY: a plain constructor.
        let buffering =
            Object::take(unsafe { ffi::PyLong_FromLong(if by_line { 1 } else { -1 }) })?;
        // SAFETY: the singletons are immortal.
        let (none, closefd) = unsafe {
            (
                Object::borrow(ffi::Py_None())?,
                Object::borrow(ffi::Py_False())?,
            )
        };
        let mode = object::text("w")?;
        let encoding = object::text("utf-8")?;
        let errors = object::text(errors)?;
        let newline = object::text("\n")?;
        drop(none);
        self.open.call(&[
            &number, &mode, &buffering, &encoding, &errors, &newline, &closefd,
        ])
    }

    /// Flushes what the program may have left in buffers; a closed stream is no trouble.
    fn flush_streams(&self) {
        for name in [c"stdout", c"stderr"] {
            if let Some(flush) = self
                .sys
                .attribute(name)
                .and_then(|stream| stream.attribute(c"flush"))
            {
                drop(flush.call(&[]));
            }
        }
    }

    /// How many threads run beside the main one.
    fn count_threads(&self) -> Option<i64> {
        self.thread_count
            .call(&[])
            .and_then(|count| count.integer())
    }

    /// Joins the threads that are no daemons, as the interpreter does at its end. `threading` has ended then, and a
    /// new worker is due.
    fn wait_for_threads(&mut self) {
        if self.count_threads() == Some(0) {
            return;
        }
        self.has_waited = true;
        // SAFETY: sys.modules is a dict, and the key a C string; a program may have taken the module out.
        let threading = unsafe {
            Object::borrow(ffi::PyDict_GetItemString(
                self.modules.pointer(),
                c"threading".as_ptr(),
            ))
        };
        if let Some(shutdown) = threading.and_then(|module| module.attribute(c"_shutdown"))
            && shutdown.call(&[]).is_none()
        {
            clear_error();
        }
    }

    /// Whether the program left threads behind, had to be waited for, or changed how the collector works.
    fn is_disturbed(&self) -> bool {
        let (thresholds, at_start) = &self.collector_thresholds;
        #[cfg(Py_3_10)]
        // SAFETY: the GIL is held.
        let disabled = unsafe { ffi::PyGC_IsEnabled() } == 0;
        #[cfg(not(Py_3_10))]
        let disabled = false;
        let by_threads = self.has_waited || self.count_threads() != Some(0);
        by_threads || disabled || integers(thresholds.call(&[])) != *at_start
    }

    /// Collects what the program left in cycles; says whether the worker should be replaced.
    fn clean_up(&mut self) -> bool {
        clear_error();
        // SAFETY: the GIL is held.
        unsafe { ffi::PyGC_Collect() };
        self.flush_streams();
        // What a program imported stays, and must not cost every later collection its traversal.
        let modules = self.count_modules();
        if modules != self.modules_length {
            self.modules_length = modules;
            drop(self.freeze());
        }
        let changed = self.count_builtins() != self.builtins_length;
        let grown = self.programs.is_multiple_of(64)
            && twinheap_subject::system::resident_bytes() > RETIREMENT_BYTES;
        changed || grown || self.is_disturbed()
    }
}

/// A code object out of marshal bytes.
fn load(marshal: &[u8]) -> Option<Object> {
    // SAFETY: the bytes are alive and as long as said.
    let loaded = unsafe {
        ffi::PyMarshal_ReadObjectFromString(
            marshal.as_ptr().cast(),
            marshal.len() as ffi::Py_ssize_t,
        )
    };
    Object::take(loaded)
}

/// The items of a tuple of ints.
fn integers(tuple: Option<Object>) -> Vec<i64> {
    let items = tuple.map(|tuple| tuple.items()).unwrap_or_default();
    items.iter().filter_map(Object::integer).collect()
}

#[cfg(twinheap_raw_layout)]
impl Runner {
    fn address(object: Option<&Object>) -> twinheap_decode::Address {
        let pointer = object.map_or(std::ptr::null_mut(), Object::pointer);
        // SAFETY: the object is alive and laid out as 3.11 does, which build.rs checked; no Python code
        // runs while addresses are read.
        unsafe { twinheap_decode::Address::new(pointer.cast()) }
    }

    fn add_code(&self, code: &Object, report: &mut ReportBuilder) {
        report.add_code(twinheap_decode::code::dump(Self::address(Some(code))));
    }

    fn outcome_of(&self, exception: Option<&Object>) -> Outcome {
        twinheap_decode::outcome::outcome(Self::address(exception))
    }

    fn observe(&mut self, left: &Left, report: &mut ReportBuilder) -> Outcome {
        let planted = if std::mem::take(&mut self.faulty) {
            plant(&left.namespace)
        } else {
            None
        };
        if report.wants(Stage::Heap) {
            // The cache of type attributes holds the names it was asked for, each until another falls on its
            // place, which depends on addresses; so it must not count as their holder.
            // SAFETY: the GIL is held; only names die, which runs no Python code.
            unsafe { ffi::PyType_ClearCache() };
        }
        let behind = twinheap_decode::LeftBehind {
            namespace: Self::address(Some(&left.namespace)),
            exception: Self::address(left.exception.as_ref()),
            modules: Self::address(Some(&self.modules)),
            before: left.before.as_ref(),
        };
        let outcome = self.decoder.observe(&behind, report);
        if let Some(list) = planted {
            list.allocated.set(list.allocated.get() - 1);
        }
        outcome
    }
}

/// Makes the `allocated` field of the namespace's first list wrong by one, and gives the list.
#[cfg(twinheap_raw_layout)]
fn plant(namespace: &Object) -> Option<&twinheap_abi::PyListObject> {
    let (mut position, mut value) = (0, std::ptr::null_mut());
    // SAFETY: the namespace is a live dict; keys are not asked for; what is found stays alive in it.
    while unsafe {
        ffi::PyDict_Next(
            namespace.pointer(),
            &mut position,
            std::ptr::null_mut(),
            &mut value,
        )
    } != 0
    {
        // SAFETY: the value is alive.
        if unsafe { ffi::PyList_CheckExact(value) } != 0 {
            // SAFETY: a list of 3.11's layout, which lives as long as the namespace holds it.
            let list = unsafe { &*value.cast::<twinheap_abi::PyListObject>() };
            list.allocated.set(list.allocated.get() + 1);
            return Some(list);
        }
    }
    None
}

#[cfg(not(twinheap_raw_layout))]
impl Runner {
    fn add_code(&self, code: &Object, report: &mut ReportBuilder) {
        match crate::foreign::code(code) {
            Some(dump) => report.add_code(dump),
            None => report.add_unsupported(
                Stage::Code,
                "its code objects lack a field that 3.11's have",
            ),
        }
    }

    fn outcome_of(&self, exception: Option<&Object>) -> Outcome {
        match exception {
            Some(exception) => self.script.outcome(exception),
            None => Outcome::Finished,
        }
    }

    fn observe(&mut self, left: &Left, report: &mut ReportBuilder) -> Outcome {
        report.add_unsupported(Stage::Heap, "the decoder knows the layout of 3.11 only");
        let _ = (&left.namespace, self.faulty);
        self.outcome_of(left.exception.as_ref())
    }
}
