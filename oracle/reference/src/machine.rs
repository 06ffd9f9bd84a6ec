//! The VM as the worker uses it: started with a pinned configuration, its shared objects by kind, its runs.

use twinheap_abi::PyObject;
use twinheap_decode::boundary::Singleton;
use twinheap_python::{Config, Vm, shared};

/// Starts the VM.
pub fn start() -> Result<Vm, String> {
    let vm = Vm::initialize(&Config {
        argv: vec![String::new()],
        path: twinheap_python::library_path(),
    })?;
    vm.import_start_modules()?;
    for name in twinheap_observation::LOADED_MODULES {
        vm.preload(name);
    }
    Ok(vm)
}

/// The shared object of this kind.
pub fn singleton(singleton: Singleton) -> Option<*const PyObject> {
    match singleton {
        Singleton::SmallInt(number) => Some(shared::small_int(number.into())),
        Singleton::Character(character) => Some(shared::character(character)),
        Singleton::Byte(byte) => shared::byte(byte),
        Singleton::EmptyStr => Some(shared::empty_str()),
        Singleton::EmptyBytes => shared::empty_bytes(),
        Singleton::EmptyTuple => Some(shared::empty_tuple()),
        Singleton::None => Some(shared::none()),
        Singleton::True => Some(shared::truth(true)),
        Singleton::False => Some(shared::truth(false)),
        Singleton::Ellipsis => Some(shared::ellipsis()),
        Singleton::NotImplemented => Some(shared::not_implemented()),
        Singleton::SetDummy => Some(shared::set_dummy()),
    }
}
