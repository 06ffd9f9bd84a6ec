//! The observations that are made by Python code inside the interpreter.

use crate::object::{Object, take_error_text};
use pyo3::ffi;

/// What describes an exception.
const EXCEPTIONS: &str = concat!(include_str!("script.py"), "\0");

/// What gives the tokens of a source.
const TOKENS: &str = concat!(include_str!("tokens.py"), "\0");

/// The namespace of an observing script.
pub struct Script {
    namespace: Object,
}

impl Script {
    /// The script that describes an exception.
    pub fn exceptions() -> Result<Script, String> {
        Script::run(EXCEPTIONS)
    }

    /// The script that gives the tokens of a source.
    pub fn tokens() -> Result<Script, String> {
        Script::run(TOKENS)
    }

    fn run(source: &'static str) -> Result<Script, String> {
        // SAFETY: the source is NUL-terminated and static; the namespace is a new dict.
        unsafe {
            let namespace = Object::take(ffi::PyDict_New()).ok_or("no memory for a dict")?;
            let result = ffi::PyRun_StringFlags(
                source.as_ptr().cast(),
                ffi::Py_file_input,
                namespace.pointer(),
                namespace.pointer(),
                std::ptr::null_mut(),
            );
            if Object::take(result).is_none() {
                return Err(format!("the observing script fails: {}", take_error_text()));
            }
            Ok(Script { namespace })
        }
    }

    /// A function of the script.
    pub fn function(&self, name: &std::ffi::CStr) -> Option<Object> {
        // SAFETY: the namespace is a live dict, the name a C string; the result is borrowed.
        Object::borrow(unsafe {
            ffi::PyDict_GetItemString(self.namespace.pointer(), name.as_ptr())
        })
    }

    /// The outcome of an exception, where no decoder knows this version's layout.
    pub fn outcome(&self, exception: &Object) -> twinheap_observation::Outcome {
        use twinheap_observation::{ExceptionView, Outcome};
        let described = self
            .function(c"describe")
            .and_then(|describe| describe.call(&[exception]));
        let Some(view) = described.as_ref().and_then(crate::foreign::exception) else {
            let type_name = format!("undescribed: {}", take_error_text());
            return Outcome::Raised(Box::new(ExceptionView {
                type_name,
                ..ExceptionView::default()
            }));
        };
        if view.type_name == "SystemExit" {
            let code = exception.attribute(c"code");
            let shown = code.and_then(|code| self.function(c"render")?.call(&[&code])?.text());
            return Outcome::Exited(shown.unwrap_or_default());
        }
        Outcome::Raised(Box::new(view))
    }
}
