//! The reference VM as a subject worker.

use twinheap_observation::wire::{Hello, Limits, ReportBuilder, RunRequest};
use twinheap_observation::{FieldSpec, MaskRule};
use twinheap_subject::{Finished, Runtime};

/// The VM in this process. It has no instance until `vm/python` offers an embedding interface.
pub enum Reference {}

/// Starts the VM, or says why it cannot be started.
pub fn start() -> Result<Reference, String> {
    Err(
        "the reference VM is not built yet: vm/python offers no embedding interface to this worker"
            .to_owned(),
    )
}

impl Runtime for Reference {
    fn hello(&self) -> Hello {
        match *self {}
    }

    fn configure(&mut self, _: &Limits, _: &[MaskRule], _: &[FieldSpec]) {
        match *self {}
    }

    fn run(&mut self, _: &RunRequest, _: &mut ReportBuilder) -> Finished {
        match *self {}
    }
}
