//! Line events: a C trace function that notes each line of the program with the watched objects.

use std::cell::RefCell;
use std::ffi::c_int;

use pyo3::ffi;
use twinheap_observation::StepTrail;
use twinheap_observation::steps::StepRecorder;

/// What is noted while a program runs.
struct Tracing {
    recorder: StepRecorder,
    filename: Vec<u8>,
    #[cfg(twinheap_raw_layout)]
    namespace: *mut ffi::PyObject,
    /// The file name object seen last, and whether it is the program's.
    #[cfg(twinheap_raw_layout)]
    last_filename: (usize, bool),
}

thread_local! {
    static TRACING: RefCell<Option<Tracing>> = const { RefCell::new(None) };
}

/// Begins to note the lines of a program.
pub fn begin(filename: &str, namespace: *mut ffi::PyObject, keep: bool) {
    let tracing = Tracing {
        recorder: StepRecorder::new(keep),
        filename: filename.as_bytes().to_vec(),
        #[cfg(twinheap_raw_layout)]
        namespace,
        #[cfg(twinheap_raw_layout)]
        last_filename: (0, false),
    };
    #[cfg(not(twinheap_raw_layout))]
    let _ = namespace;
    TRACING.set(Some(tracing));
    // SAFETY: the trace function has the signature that CPython calls.
    unsafe { ffi::PyEval_SetTrace(Some(trace), std::ptr::null_mut()) };
}

/// Ends the noting and gives the trail.
pub fn end() -> StepTrail {
    // SAFETY: the GIL is held.
    unsafe { ffi::PyEval_SetTrace(None, std::ptr::null_mut()) };
    TRACING
        .take()
        .map(|tracing| tracing.recorder.finish())
        .unwrap_or_else(|| StepRecorder::default().finish())
}

unsafe extern "C" fn trace(
    _: *mut ffi::PyObject,
    frame: *mut ffi::PyFrameObject,
    what: c_int,
    _: *mut ffi::PyObject,
) -> c_int {
    if what == ffi::PyTrace_CALL || what == ffi::PyTrace_LINE {
        TRACING.with_borrow_mut(|tracing| {
            if let Some(tracing) = tracing {
                tracing.event(frame, what);
            }
        });
    }
    0
}

#[cfg(twinheap_raw_layout)]
impl Tracing {
    fn event(&mut self, frame: *mut ffi::PyFrameObject, what: c_int) {
        // SAFETY: CPython passes a live frame of 3.11's layout, whose code and names are alive.
        let object = unsafe { &*frame.cast::<twinheap_abi::PyFrameObject>() };
        // SAFETY: as above.
        let code = unsafe { &*(*object.f_frame.get()).f_code.get() };
        let filename = code.co_filename.get();
        if self.last_filename.0 != filename as usize {
            // SAFETY: as above; nothing runs while the text is read.
            let text =
                twinheap_decode::text::str_text(unsafe { twinheap_decode::Address::new(filename) });
            self.last_filename = (filename as usize, text.as_bytes() == self.filename);
        }
        if !self.last_filename.1 {
            if what == ffi::PyTrace_CALL {
                object.f_trace_lines.set(false);
            }
            return;
        }
        if what != ffi::PyTrace_LINE {
            return;
        }
        // SAFETY: the frame is alive.
        let line = unsafe { ffi::PyFrame_GetLineNumber(frame) };
        // SAFETY: the name is a live str and the namespace a live dict; nothing runs while they are read.
        let (name, namespace) = unsafe {
            (
                twinheap_decode::Address::new(code.co_qualname.get()),
                twinheap_decode::Address::new(self.namespace.cast()),
            )
        };
        let watched = if self.recorder.wants_watch() {
            twinheap_decode::watch::namespace_digest(namespace)
        } else {
            0
        };
        self.recorder
            .record(twinheap_decode::text::str_bytes(name), line as u32, watched);
    }
}

#[cfg(not(twinheap_raw_layout))]
impl Tracing {
    fn event(&mut self, frame: *mut ffi::PyFrameObject, what: c_int) {
        use crate::object::Object;
        if what != ffi::PyTrace_LINE {
            return;
        }
        // SAFETY: CPython passes a live frame.
        let Some(code) = Object::take(unsafe { ffi::PyFrame_GetCode(frame) }.cast()) else {
            return;
        };
        let filename = code
            .attribute(c"co_filename")
            .and_then(|name| name.text())
            .unwrap_or_default();
        if filename.as_bytes() != self.filename {
            return;
        }
        let name = code
            .attribute(c"co_name")
            .and_then(|name| name.text())
            .unwrap_or_default();
        // SAFETY: the frame is alive.
        let line = unsafe { ffi::PyFrame_GetLineNumber(frame) };
        self.recorder.record(name.as_bytes(), line as u32, 0);
    }
}
