//! The module: `dump`, `dumps`, `load`, `loads`, the types and the exceptions.

use crate::pickle_buffer::PyPickleBuffer_Type;
use crate::pickler::{Pickler_Type, PicklerMemoProxyType};
use crate::prelude::*;
use crate::unpickler::{Options, Unpickler_Type, UnpicklerMemoProxyType, text_argument};

fn flag(given: Option<&PyObject>) -> PyResult<bool> {
    given.map_or(Ok(true), object::is_true)
}

fn dump(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "dump",
        parameters: &["obj", "file", "protocol", "fix_imports", "buffer_callback"],
        required: 2,
        positional: 3,
    };
    let [object, file, protocol, fix_imports, callback] = args.bind::<5>(&SIGNATURE)?;
    let fix_imports = flag(fix_imports)?;
    let pickler = PicklerObject::new()?;
    pickler.set_protocol(protocol, fix_imports)?;
    pickler.set_output_stream(file.expect("required"))?;
    pickler.set_buffer_callback(callback)?;
    pickler.dump(object.expect("required"))?;
    pickler.flush_to_file()?;
    Ok(none())
}

fn dumps(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "dumps",
        parameters: &["obj", "protocol", "fix_imports", "buffer_callback"],
        required: 1,
        positional: 2,
    };
    let [object, protocol, fix_imports, callback] = args.bind::<4>(&SIGNATURE)?;
    let fix_imports = flag(fix_imports)?;
    let pickler = PicklerObject::new()?;
    pickler.set_protocol(protocol, fix_imports)?;
    pickler.set_buffer_callback(callback)?;
    pickler.dump(object.expect("required"))?;
    Ok(pickler.take_bytes()?.upcast())
}

fn load(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "load",
        parameters: &["file", "fix_imports", "encoding", "errors", "buffers"],
        required: 1,
        positional: 1,
    };
    let [file, fix_imports, encoding, codec_errors, buffers] = args.bind::<5>(&SIGNATURE)?;
    let options = Options {
        fix_imports: flag(fix_imports)?,
        encoding: text_argument(encoding, "load", "argument 'encoding'")?,
        errors: text_argument(codec_errors, "load", "argument 'errors'")?,
        buffers,
    };
    let unpickler = UnpicklerObject::new()?;
    unpickler.set_input_stream(file.expect("required"))?;
    unpickler.set_options(&options)?;
    unpickler.load()
}

fn loads(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "loads",
        parameters: &["", "fix_imports", "encoding", "errors", "buffers"],
        required: 1,
        positional: 1,
    };
    let [data, fix_imports, encoding, codec_errors, buffers] = args.bind::<5>(&SIGNATURE)?;
    let options = Options {
        fix_imports: flag(fix_imports)?,
        encoding: text_argument(encoding, "loads", "argument 'encoding'")?,
        errors: text_argument(codec_errors, "loads", "argument 'errors'")?,
        buffers,
    };
    let unpickler = UnpicklerObject::new()?;
    unpickler.set_string_input(data.expect("required"))?;
    unpickler.set_options(&options)?;
    unpickler.load()
}

methods! {
    static FUNCTIONS:
    "dump" => keywords(dump, "($module, /, obj, file, protocol=None, *, fix_imports=True,\n     buffer_callback=None)");
    "dumps" => keywords(dumps, "($module, /, obj, protocol=None, *, fix_imports=True,\n      buffer_callback=None)");
    "load" => keywords(load, "($module, /, file, *, fix_imports=True, encoding=\'ASCII\',\n     errors=\'strict\', buffers=())");
    "loads" => keywords(loads, "($module, data, /, *, fix_imports=True, encoding=\'ASCII\',\n      errors=\'strict\', buffers=())");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    types::ready(&PicklerMemoProxyType)?;
    types::ready(&UnpicklerMemoProxyType)?;
    let made = module::build(
        "_pickle",
        FUNCTIONS,
        &[&Pickler_Type, &Unpickler_Type, &PyPickleBuffer_Type],
    )?;
    state::fill()?;
    let kept = &*state::STATE;
    for (name, class) in [
        ("PickleError", &kept.pickle_error),
        ("PicklingError", &kept.pickling_error),
        ("UnpicklingError", &kept.unpickling_error),
    ] {
        module::add(&made, name, class.expect_ref().as_object())?;
    }
    Ok(made)
}
