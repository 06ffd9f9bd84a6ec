//! Brings CPython up in this process, isolated and pinned, and checks that it is the one that was built for.

use std::ffi::{CStr, CString, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;
use twinheap_observation::wire::{Hello, Limits, ReportBuilder, RunRequest};
use twinheap_observation::{FieldSpec, MaskRule, Stage, StageSet};
use twinheap_subject::{Finished, Runtime};

use crate::object;
use crate::runner::Runner;

const BUILT_FOR: &str = env!("TWINHEAP_PYTHON_VERSION");
const PREFIX: &str = env!("TWINHEAP_PYTHON_PREFIX");
const EXECUTABLE: &str = env!("TWINHEAP_PYTHON_EXECUTABLE");

/// How a worker's environment departs from the pinned one, for the proof of the reference.
#[derive(Clone, Debug, Default)]
pub struct Variation {
    pub hash_seed: u64,
    /// Whether the C library's allocator stands in for pymalloc.
    pub plain_allocator: bool,
    /// Modules imported before any program.
    pub preload: Vec<String>,
    /// Run what the compiler made as it is, instead of sending it through marshal first.
    pub direct: bool,
}

impl Variation {
    /// Reads `--hash-seed N`, `--plain-allocator`, `--preload a,b` and `--direct`.
    pub fn from_arguments(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Variation, String> {
        let mut variation = Variation::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--hash-seed" => {
                    let value = arguments.next().unwrap_or_default();
                    variation.hash_seed = value
                        .parse()
                        .map_err(|_| format!("no hash seed: {value:?}"))?;
                }
                "--plain-allocator" => variation.plain_allocator = true,
                "--direct" => variation.direct = true,
                "--preload" => {
                    let names = arguments.next().unwrap_or_default();
                    variation.preload = names.split(',').map(str::to_owned).collect();
                }
                other => return Err(format!("unknown argument {other}")),
            }
        }
        Ok(variation)
    }
}

/// CPython, up and running in this process.
pub struct Interpreter {
    runner: Runner,
}

impl Interpreter {
    /// Starts it, or says why it must not be used.
    pub fn start(variation: &Variation) -> Result<Interpreter, String> {
        check_version()?;
        initialize(variation)?;
        Interpreter::prepare(variation)
    }

    /// Takes up the interpreter that has imported this code, which is of the series that the code was built for.
    pub fn attach(variation: &Variation) -> Result<Interpreter, String> {
        check_series()?;
        crate::observer::take_over()?;
        Interpreter::prepare(variation)
    }

    fn prepare(variation: &Variation) -> Result<Interpreter, String> {
        for name in &variation.preload {
            object::import(name)?;
        }
        // What parses print's keywords keeps a tuple of their names from the first call on; it belongs to no
        // program.
        // SAFETY: the GIL is held, the code is a C string.
        unsafe { ffi::PyRun_SimpleString(c"print(end='')".as_ptr()) };
        for name in twinheap_observation::LOADED_MODULES {
            object::import(name)?;
        }
        Ok(Interpreter {
            runner: Runner::new(variation.direct)?,
        })
    }
}

impl Interpreter {
    /// Compiles the bytes of a source, without running anything: marshal bytes, or the error as one line.
    pub fn compile(&self, source: &[u8], filename: &str) -> Result<Vec<u8>, String> {
        crate::tree::compile_bytes(source, filename)
    }
}

impl Runtime for Interpreter {
    fn hello(&self) -> Hello {
        let mut stages = StageSet::of(&[
            Stage::Tokens,
            Stage::Ast,
            Stage::Code,
            Stage::Steps,
            Stage::Output,
            Stage::Outcome,
        ]);
        if cfg!(twinheap_raw_layout) {
            stages = stages.with(Stage::Heap);
        }
        Hello {
            implementation: format!(
                "CPython {}",
                running_version().split(' ').next().unwrap_or("")
            ),
            stages,
            needs_code: false,
            unsupported_fields: Vec::new(),
            confinement: String::new(),
            layout_fingerprint: twinheap_decode::fields::fingerprint(),
        }
    }

    fn configure(&mut self, limits: &Limits, masks: &[MaskRule], unsupported: &[FieldSpec]) {
        self.runner.configure(limits, masks, unsupported);
    }

    fn run(&mut self, request: &RunRequest, report: &mut ReportBuilder) -> Finished {
        self.runner.run(request, report)
    }

    fn plant_layout_fault(&mut self) {
        self.runner.plant_layout_fault();
    }
}

/// An interrupt is on its way to the main thread.
static INTERRUPT: AtomicBool = AtomicBool::new(false);

/// Has the program that this thread runs end with `KeyboardInterrupt`. A signal handler may call it, though not any
/// number of times at once: CPython takes a lock that its own thread holds for an instant.
pub fn interrupt() {
    INTERRUPT.store(true, Ordering::SeqCst);
    // From another thread CPython 3.11 would note the call and never look at it.
    // SAFETY: the call is allowed at any time; the function runs in the main thread, with the GIL held.
    unsafe { ffi::Py_AddPendingCall(Some(raise_interrupt), std::ptr::null_mut()) };
}

/// Takes an interrupt back that came too late.
pub fn forget_interrupt() {
    INTERRUPT.store(false, Ordering::SeqCst);
}

extern "C" fn raise_interrupt(_: *mut c_void) -> c_int {
    raise_if_interrupted()
}

/// Raises `KeyboardInterrupt` and gives -1 if an interrupt is due. A trace function asks as well: `while number: pass`
/// of CPython 3.11 never looks at pending calls.
pub(crate) fn raise_if_interrupted() -> c_int {
    if !INTERRUPT.load(Ordering::Relaxed) || !INTERRUPT.swap(false, Ordering::SeqCst) {
        return 0;
    }
    // SAFETY: CPython calls both callers with the GIL held.
    unsafe { ffi::PyErr_SetNone(ffi::PyExc_KeyboardInterrupt) };
    -1
}

/// The version text of the libpython that was loaded.
fn running_version() -> String {
    // SAFETY: the text is static, and the call is allowed before initialisation.
    let text = unsafe { CStr::from_ptr(ffi::Py_GetVersion()) };
    text.to_string_lossy().replace('\n', " ")
}

/// A binary built for one libpython can load another at run time; its headers would then lie.
fn check_version() -> Result<(), String> {
    let running = running_version();
    let first_word = |text: &str| text.split(' ').next().unwrap_or("").to_owned();
    if first_word(&running) == first_word(BUILT_FOR) {
        return Ok(());
    }
    Err(format!(
        "this worker was built for CPython {BUILT_FOR} but the dynamic linker loaded CPython {running}; \
         unset LD_LIBRARY_PATH and LD_PRELOAD, or build again"
    ))
}

/// The structs of a series are the same in all of its releases.
fn check_series() -> Result<(), String> {
    let series = |text: &str| {
        let number = text.split([' ', '+']).next().unwrap_or("");
        number
            .rsplit_once('.')
            .map_or("", |(series, _)| series)
            .to_owned()
    };
    let running = running_version();
    if series(&running) == series(BUILT_FOR) {
        return Ok(());
    }
    Err(format!(
        "this observer was built for CPython {} but is asked to watch CPython {running}",
        series(BUILT_FOR)
    ))
}

fn initialize(variation: &Variation) -> Result<(), String> {
    // SAFETY: the configuration structs are initialised by CPython's own functions before they are read,
    // and nothing else in this process uses the interpreter yet.
    unsafe {
        let mut preconfig: ffi::PyPreConfig = std::mem::zeroed();
        ffi::PyPreConfig_InitIsolatedConfig(&mut preconfig);
        preconfig.utf8_mode = 1;
        if variation.plain_allocator {
            preconfig.allocator = PYMEM_ALLOCATOR_MALLOC;
        }
        succeed(ffi::Py_PreInitialize(&preconfig))?;

        let mut config: ffi::PyConfig = std::mem::zeroed();
        ffi::PyConfig_InitIsolatedConfig(&mut config);
        config.use_hash_seed = 1;
        config.hash_seed = variation.hash_seed as _;
        config.site_import = 0;
        config.write_bytecode = 0;
        config.install_signal_handlers = 0;
        let config_pointer: *mut ffi::PyConfig = &mut config;
        for (place, value) in [
            (&raw mut (*config_pointer).home, PREFIX),
            (&raw mut (*config_pointer).program_name, EXECUTABLE),
        ] {
            let value = CString::new(value).map_err(|error| error.to_string())?;
            succeed(ffi::PyConfig_SetBytesString(
                config_pointer,
                place,
                value.as_ptr(),
            ))?;
        }
        let status = ffi::Py_InitializeFromConfig(&config);
        ffi::PyConfig_Clear(&mut config);
        succeed(status)
    }
}

/// `PYMEM_ALLOCATOR_MALLOC` of `cpython/initconfig.h`.
const PYMEM_ALLOCATOR_MALLOC: i32 = 3;

fn succeed(status: ffi::PyStatus) -> Result<(), String> {
    // SAFETY: the status is a plain struct; its message, if any, is a static text.
    unsafe {
        if ffi::PyStatus_Exception(status) == 0 {
            return Ok(());
        }
        if status.err_msg.is_null() {
            return Err("CPython does not start and gives no reason".to_owned());
        }
        Err(format!(
            "CPython does not start: {}",
            CStr::from_ptr(status.err_msg).to_string_lossy()
        ))
    }
}
