//! Line events: a C trace function that notes each line of the program with the watched objects.

use std::cell::RefCell;
use std::ffi::c_int;

use pyo3::ffi;
use twinheap_observation::wire::ReportBuilder;

thread_local! {
    static WATCHER: RefCell<Option<Watcher>> = const { RefCell::new(None) };
}

/// Begins to note the lines of a program.
pub fn begin(
    filename: &str,
    namespace: *mut ffi::PyObject,
    code: *mut ffi::PyObject,
    report: &ReportBuilder,
) {
    WATCHER.set(Some(Watcher::new(filename, namespace, code, report)));
    // SAFETY: the trace function has the signature that CPython calls.
    unsafe { ffi::PyEval_SetTrace(Some(trace), std::ptr::null_mut()) };
}

/// Ends the noting and adds the trail to the report.
pub fn end(report: &mut ReportBuilder) {
    // SAFETY: the GIL is held.
    unsafe { ffi::PyEval_SetTrace(None, std::ptr::null_mut()) };
    let watcher = WATCHER.take().expect("begin was called before");
    watcher.finish(report);
}

unsafe extern "C" fn trace(
    _: *mut ffi::PyObject,
    frame: *mut ffi::PyFrameObject,
    what: c_int,
    _: *mut ffi::PyObject,
) -> c_int {
    if what == ffi::PyTrace_CALL || what == ffi::PyTrace_LINE {
        if crate::interpreter::raise_if_interrupted() < 0 {
            return -1;
        }
        WATCHER.with_borrow_mut(|watcher| {
            if let Some(watcher) = watcher {
                watcher.event(frame, what);
            }
        });
    }
    0
}

#[cfg(twinheap_raw_layout)]
struct Watcher {
    lines: twinheap_decode::watch::LineWatcher,
    namespace: *mut ffi::PyObject,
}

#[cfg(twinheap_raw_layout)]
impl Watcher {
    fn new(
        filename: &str,
        namespace: *mut ffi::PyObject,
        code: *mut ffi::PyObject,
        report: &ReportBuilder,
    ) -> Watcher {
        let mut lines = twinheap_decode::watch::LineWatcher::new(filename, report);
        // SAFETY: the caller's code object is alive and of 3.11's layout.
        lines.code(unsafe { twinheap_decode::Address::new(code.cast()) });
        lines.ask_printed(twinheap_subject::system::printed);
        Watcher { lines, namespace }
    }

    fn event(&mut self, frame: *mut ffi::PyFrameObject, what: c_int) {
        use twinheap_decode::Address;
        // SAFETY: CPython passes a live frame of 3.11's layout.
        let object = unsafe { &*frame.cast::<twinheap_abi::PyFrameObject>() };
        // SAFETY: the frame's code and the namespace are alive, and nothing runs while they are read.
        let (inner, code, namespace) = unsafe {
            let inner = &*object.f_frame.get();
            (
                inner,
                Address::new(inner.f_code.get().cast()),
                Address::new(self.namespace.cast()),
            )
        };
        if !self.lines.is_of_program(code) {
            if what == ffi::PyTrace_CALL {
                object.f_trace_lines.set(false);
            }
            return;
        }
        if what == ffi::PyTrace_LINE {
            // SAFETY: the frame is alive.
            let line = unsafe { ffi::PyFrame_GetLineNumber(frame) };
            self.lines.line(code, namespace, inner, line as u32);
        }
    }

    fn finish(self, report: &mut ReportBuilder) {
        self.lines.finish(report);
    }
}

#[cfg(not(twinheap_raw_layout))]
struct Watcher {
    recorder: twinheap_observation::steps::StepRecorder,
    filename: Vec<u8>,
}

#[cfg(not(twinheap_raw_layout))]
impl Watcher {
    fn new(
        filename: &str,
        _: *mut ffi::PyObject,
        _: *mut ffi::PyObject,
        report: &ReportBuilder,
    ) -> Watcher {
        let keep = report.wants_details();
        let mut recorder = twinheap_observation::steps::StepRecorder::new(keep);
        recorder.ask_printed(twinheap_subject::system::printed);
        Watcher {
            recorder,
            filename: filename.as_bytes().to_vec(),
        }
    }

    fn event(&mut self, frame: *mut ffi::PyFrameObject, what: c_int) {
        use crate::object::Object;
        if what != ffi::PyTrace_LINE {
            return;
        }
        // SAFETY: CPython passes a live frame.
        let Some(code) = Object::take(unsafe { ffi::PyFrame_GetCode(frame) }.cast()) else {
            return;
        };
        let text = |name| code.attribute(name).and_then(|value| value.text());
        if text(c"co_filename").is_none_or(|filename| filename.as_bytes() != self.filename) {
            return;
        }
        let name = text(c"co_qualname")
            .or_else(|| text(c"co_name"))
            .unwrap_or_default();
        // SAFETY: the frame is alive.
        let line = unsafe { ffi::PyFrame_GetLineNumber(frame) };
        self.recorder.record(name.as_bytes(), line as u32, 0);
    }

    fn finish(self, report: &mut ReportBuilder) {
        report.add_steps(self.recorder.finish());
    }
}
