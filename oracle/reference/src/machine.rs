//! What the worker asks of the VM's embedding interface; an adapter of a few lines fulfils it.

use twinheap_abi::{_PyInterpreterFrame, PyObject};
use twinheap_decode::boundary::Singleton;
use twinheap_observation::FieldSpec;

use crate::NoMachine;

/// Hears of each line that begins: the frame and the line.
pub type LineHook = fn(&_PyInterpreterFrame, i32);

/// How a run ended. The worker hands it back with [`Machine::release`] when it has looked at it.
#[derive(Clone, Copy)]
pub struct Ended {
    /// The namespace, a dict, owned by the worker until it is released.
    pub namespace: *const PyObject,
    /// The exception that left the program, or null.
    pub exception: *const PyObject,
}

/// A VM in this process.
pub trait Machine {
    /// `Twinheap VM 0.1 (3.11)`.
    fn version(&self) -> String;

    /// The shared object of this kind, or `None` where the VM has none.
    fn singleton(&self, singleton: Singleton) -> Option<*const PyObject>;

    /// A dict that was just made and never filled.
    fn empty_dict(&self) -> *const PyObject;

    /// The namespaces of the modules that are there before any program, with the modules' names.
    fn module_namespaces(&self) -> Vec<(String, *const PyObject)>;

    /// Fields of the memory image that the VM declares it does not keep.
    fn unsupported_fields(&self) -> Vec<FieldSpec>;

    /// A new code object out of marshal bytes, or a null pointer with the reason as text.
    fn load(&mut self, marshal: &[u8]) -> Result<*const PyObject, String>;

    /// Runs a code object, taking over the reference, in a new namespace that holds `__name__` ('__main__')
    /// and `__builtins__` (the module), inserted in this order; flushes the streams at the end.
    fn run(&mut self, code: *const PyObject, lines: Option<LineHook>) -> Ended;

    /// Gives up what a run left: drops the exception, clears the namespace, collects.
    fn release(&mut self, ended: Ended);
}

impl Machine for NoMachine {
    fn version(&self) -> String {
        match *self {}
    }

    fn singleton(&self, _: Singleton) -> Option<*const PyObject> {
        match *self {}
    }

    fn empty_dict(&self) -> *const PyObject {
        match *self {}
    }

    fn module_namespaces(&self) -> Vec<(String, *const PyObject)> {
        match *self {}
    }

    fn unsupported_fields(&self) -> Vec<FieldSpec> {
        match *self {}
    }

    fn load(&mut self, _: &[u8]) -> Result<*const PyObject, String> {
        match *self {}
    }

    fn run(&mut self, _: *const PyObject, _: Option<LineHook>) -> Ended {
        match *self {}
    }

    fn release(&mut self, _: Ended) {
        match *self {}
    }
}
