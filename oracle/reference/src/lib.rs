//! The reference VM as a subject worker.
//!
//! Unsafe code: handing the decoder addresses of the VM's objects.

mod machine;
mod runtime;

pub use runtime::Reference;

/// Has the program that this thread runs end with `KeyboardInterrupt`; may be called by a signal handler.
pub fn interrupt() {
    twinheap_python::interrupt();
}

/// Takes an interrupt back that came too late.
pub fn forget_interrupt() {
    twinheap_python::forget_interrupt();
}
