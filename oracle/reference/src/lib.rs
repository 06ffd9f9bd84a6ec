//! The reference VM as a subject worker: everything but the VM itself, which comes in through [`Machine`].

pub mod machine;
mod runtime;

pub use machine::{Ended, Machine};
pub use runtime::Reference;

/// The VM that this worker runs. It has no instance until `vm/python` offers an embedding interface.
pub enum NoMachine {}

/// Starts the VM, or says why it cannot be started.
pub fn start() -> Result<Reference<NoMachine>, String> {
    Err(
        "the reference VM is not built yet: vm/python offers no embedding interface to this worker"
            .to_owned(),
    )
}
