//! Runs programs in a VM and observes them as the oracle's worker does.

use std::cell::RefCell;

use twinheap_abi::{_PyInterpreterFrame, PyObject};
use twinheap_decode::boundary::Boundary;
use twinheap_decode::watch::LineWatcher;
use twinheap_decode::{Address, Decoder};
use twinheap_observation::wire::{Hello, Limits, ReportBuilder, RunRequest};
use twinheap_observation::{FieldSpec, MaskRule, Stage, StageSet};
use twinheap_subject::worker::not_run;
use twinheap_subject::{Finished, Runtime};

use crate::machine::{LineHook, Machine};

/// Takes up an object of the VM.
fn address(pointer: *const PyObject) -> Address {
    // SAFETY: the VM's objects are laid out as twinheap-abi says, alive while the worker holds the run's
    // remains or the module they belong to, and unchanging while the VM does not run.
    unsafe { Address::new(pointer) }
}

thread_local! {
    /// The watcher of the program that runs; the VM's hook is a plain function.
    static WATCHER: RefCell<Option<LineWatcher>> = const { RefCell::new(None) };
}

/// Notes a line of the program that is about to run.
fn note_line(frame: &_PyInterpreterFrame, line: i32) {
    WATCHER.with_borrow_mut(|watcher| {
        let Some(watcher) = watcher else {
            return;
        };
        let code = address(frame.f_code.get().cast());
        if watcher.is_of_program(code) {
            watcher.line(code, address(frame.f_globals.get()), line as u32);
        }
    });
}

/// A worker around a VM.
pub struct Reference<M> {
    machine: M,
    decoder: Decoder,
}

impl<M: Machine> Reference<M> {
    /// A worker around a VM that has just started.
    pub fn new(machine: M) -> Reference<M> {
        let mut boundary = Boundary::new();
        boundary.share_singletons(|singleton| machine.singleton(singleton).map(address));
        boundary.share_empty_keys(address(machine.empty_dict()));
        for (name, namespace) in machine.module_namespaces() {
            boundary.share(address(namespace), &format!("<dict of module {name}>"));
        }
        Reference {
            machine,
            decoder: Decoder::new(boundary),
        }
    }

    fn run_loaded(
        &mut self,
        code: *const PyObject,
        request: &RunRequest,
        report: &mut ReportBuilder,
    ) -> Finished {
        if report.wants(Stage::Code) {
            report.add_code(twinheap_decode::code::dump(address(code)));
        }
        let wanted = report.wants(Stage::Steps);
        if wanted {
            WATCHER.set(Some(LineWatcher::new(
                &request.program.filename,
                report.wants_details(),
            )));
        }
        let ended = self
            .machine
            .run(code, wanted.then_some(note_line as LineHook));
        if let Some(watcher) = WATCHER.take() {
            report.add_steps(watcher.finish());
        }
        let outcome =
            self.decoder
                .observe(address(ended.namespace), address(ended.exception), report);
        self.machine.release(ended);
        Finished {
            outcome,
            marshal: None,
            retire: false,
        }
    }
}

impl<M: Machine> Runtime for Reference<M> {
    fn hello(&self) -> Hello {
        Hello {
            implementation: self.machine.version(),
            stages: StageSet::of(&[
                Stage::Code,
                Stage::Steps,
                Stage::Output,
                Stage::Outcome,
                Stage::Heap,
            ]),
            needs_code: true,
            unsupported_fields: self.machine.unsupported_fields(),
            layout_fingerprint: twinheap_decode::fields::fingerprint(),
        }
    }

    fn configure(&mut self, limits: &Limits, masks: &[MaskRule], unsupported: &[FieldSpec]) {
        self.decoder
            .configure(masks, unsupported, limits.image_nodes);
    }

    fn run(&mut self, request: &RunRequest, report: &mut ReportBuilder) -> Finished {
        let Some(marshal) = &request.code else {
            return not_run(
                report,
                "the VM has no compiler yet and no compiled code came with the program",
            );
        };
        match self.machine.load(marshal) {
            Ok(code) => self.run_loaded(code, request, report),
            Err(reason) => not_run(
                report,
                &format!("the VM cannot load the compiled code: {reason}"),
            ),
        }
    }
}
