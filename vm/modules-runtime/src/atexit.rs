//! `atexit` (`Modules/atexitmodule.c`).

use crate::prelude::*;
use twinheap_objects::state::Global;

/// A function with the arguments that it will be called with.
type Callback = (Own, Own<PyTupleObject>, Option<Own<PyDictObject>>);

static CALLBACKS: Global<Cell<Vec<Option<Callback>>>> = Global(Cell::new(Vec::new()));

fn register(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let Some((&function, rest)) = tuple::items(args).split_first() else {
        return Err(type_error("register() takes at least 1 argument (0 given)"));
    };
    if !call::is_callable(function) {
        return Err(type_error("the first argument must be callable"));
    }
    let mut callbacks = CALLBACKS.take();
    callbacks.push(Some((
        Own::new(function),
        tuple::pack(rest)?,
        kwargs.map(Own::new),
    )));
    CALLBACKS.set(callbacks);
    Ok(Own::new(function))
}

/// Runs the callbacks, the last one first; errors are shown and dropped.
pub fn run_all() {
    loop {
        let mut callbacks = CALLBACKS.take();
        let next = callbacks.pop();
        CALLBACKS.set(callbacks);
        match next {
            None => return,
            Some(None) => {}
            Some(Some((function, args, kwargs))) => {
                if let Err(raised) = call::call_tuple(&function, &args, kwargs.as_deref()) {
                    twinheap_objects::unraisable::report(raised, Some(&function));
                }
            }
        }
    }
}

fn run_exitfuncs(_: &PyObject) -> PyResult {
    run_all();
    Ok(none())
}

fn clear(_: &PyObject) -> PyResult {
    drop(CALLBACKS.take());
    Ok(none())
}

fn ncallbacks(_: &PyObject) -> PyResult {
    let callbacks = CALLBACKS.take();
    let count = callbacks.len();
    CALLBACKS.set(callbacks);
    long::from_usize(count)
}

fn unregister(_: &PyObject, function: &PyObject) -> PyResult {
    let mut callbacks = CALLBACKS.take();
    let mut outcome = Ok(());
    for slot in &mut callbacks {
        let same = match slot {
            Some((known, ..)) => object::equal(known, function),
            None => Ok(false),
        };
        match same {
            Ok(true) => *slot = None,
            Ok(false) => {}
            Err(raised) => {
                outcome = Err(raised);
                break;
            }
        }
    }
    CALLBACKS.set(callbacks);
    outcome.map(|()| none())
}

methods! {
    static FUNCTIONS:
    "register" => varargs_keywords(register);
    "_clear" => noargs(clear);
    "unregister" => o(unregister);
    "_run_exitfuncs" => noargs(run_exitfuncs);
    "_ncallbacks" => noargs(ncallbacks);
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build("atexit", FUNCTIONS, &[])
}
