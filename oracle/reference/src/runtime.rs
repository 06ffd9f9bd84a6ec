//! Runs programs in a VM and observes them as the oracle's worker does.

use std::cell::RefCell;

use twinheap_abi::{_PyInterpreterFrame, PyObject};
use twinheap_decode::boundary::Boundary;
use twinheap_decode::watch::LineWatcher;
use twinheap_decode::{Address, Decoder, LeftBehind, Surroundings};
use twinheap_observation::wire::{Hello, Limits, ReportBuilder, RunRequest};
use twinheap_observation::{FieldSpec, MaskRule, Stage, StageSet};
use twinheap_python::Vm;
use twinheap_subject::worker::not_run;
use twinheap_subject::{Finished, Runtime};

use crate::machine;

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
            let namespace = watcher.namespace_or(address(frame.f_globals.get()));
            watcher.line(code, namespace, frame, line as u32);
        }
    });
}

/// A worker around the VM.
pub struct Reference {
    vm: Vm,
    decoder: Decoder,
}

impl Reference {
    /// Starts the VM and learns what is there before any program.
    pub fn start() -> Result<Reference, String> {
        let vm = machine::start()?;
        vm.freeze();
        let mut boundary = Boundary::new();
        boundary.share_singletons(|singleton| machine::singleton(singleton).map(address));
        boundary.share_empty_keys(address(std::ptr::from_ref(vm.empty_dict()).cast()));
        boundary.share(address(vm.modules_dict()), "<sys.modules>");
        // Each program has a `__main__` of its own.
        let of_library = |(name, _): &(String, _)| name != "__main__";
        for (name, namespace) in vm.module_namespaces().into_iter().filter(of_library) {
            boundary.share(address(namespace), &format!("<dict of module {name}>"));
        }
        Ok(Reference {
            vm,
            decoder: Decoder::new(boundary),
        })
    }

    /// Runs what the VM's own compiler makes of the program, or the code that came with it.
    fn compile_and_run(
        &mut self,
        request: &RunRequest,
        report: &mut ReportBuilder,
    ) -> Result<Finished, String> {
        let program = &request.program;
        let path = program.path();
        if report.wants(Stage::Tokens) {
            report.add_tokens(self.vm.tokens(&program.source));
        }
        if report.wants(Stage::Ast) {
            report.add_ast(self.vm.tree(program.source.as_bytes()));
        }
        let mut marshal = None;
        // The code goes through marshal, as the oracle's does and as an import would have it.
        let compiled = match &request.code {
            Some(foreign) => Ok(self.vm.load(foreign)?),
            None => match self.vm.compile_to_marshal(program.source.as_bytes(), &path) {
                Ok(own) => {
                    let code = self.vm.load(&own)?;
                    marshal = request.wanted.marshal.then_some(own);
                    Ok(code)
                }
                Err(exception) => Err(exception),
            },
        };
        let code = match compiled {
            Ok(code) => code,
            Err(exception) => {
                let left = LeftBehind {
                    namespace: address(std::ptr::from_ref(self.vm.empty_dict()).cast()),
                    exception: address(std::ptr::from_ref(&*exception)),
                    modules: address(std::ptr::null()),
                    before: None,
                };
                return Ok(Finished {
                    outcome: self.decoder.observe(&left, report),
                    marshal: None,
                    retire: false,
                });
            }
        };
        if report.wants(Stage::Code) {
            let address = address(std::ptr::from_ref(&*code).cast());
            report.add_code(twinheap_decode::code::dump(address));
        }
        let wanted = report.wants(Stage::Steps);
        if wanted {
            let mut watcher = LineWatcher::new(&path, report);
            watcher.code(address(std::ptr::from_ref(&*code).cast()));
            WATCHER.set(Some(watcher));
        }
        let directory = (!program.folder.is_empty()).then(|| program.directory());
        let namespace = self.vm.prepare(&path, directory.as_deref())?;
        let modules = address(self.vm.modules_dict());
        let before = report
            .wants(Stage::Heap)
            .then(|| Surroundings::take(modules));
        let run = self.vm.run(
            &code,
            namespace,
            wanted.then_some(note_line as fn(&_PyInterpreterFrame, i32)),
        );
        if let Some(watcher) = WATCHER.take() {
            watcher.finish(report);
        }
        drop(code);
        let namespace = address(std::ptr::from_ref(&*run.namespace).cast());
        let exception = run
            .exception
            .as_deref()
            .map_or(std::ptr::null(), std::ptr::from_ref);
        if report.wants(Stage::Heap) {
            self.vm.clear_type_cache();
        }
        let left = LeftBehind {
            namespace,
            exception: address(exception),
            modules: address(self.vm.modules_dict()),
            before: before.as_ref(),
        };
        let outcome = self.decoder.observe(&left, report);
        self.vm.release(run);
        let beside = directory.is_some() && self.vm.has_imported_from(&program.folder);
        Ok(Finished {
            outcome,
            marshal,
            retire: self.vm.is_disturbed() || beside,
        })
    }
}

impl Runtime for Reference {
    fn hello(&self) -> Hello {
        Hello {
            implementation: self.vm.version(),
            stages: StageSet::ALL,
            needs_code: false,
            unsupported_fields: Vec::new(),
            confinement: String::new(),
            layout_fingerprint: twinheap_decode::fields::fingerprint(),
        }
    }

    fn configure(&mut self, limits: &Limits, masks: &[MaskRule], unsupported: &[FieldSpec]) {
        self.decoder
            .configure(masks, unsupported, limits.image_nodes);
    }

    fn run(&mut self, request: &RunRequest, report: &mut ReportBuilder) -> Finished {
        match self.compile_and_run(request, report) {
            Ok(finished) => finished,
            Err(reason) => not_run(report, &format!("the VM cannot run the program: {reason}")),
        }
    }
}
