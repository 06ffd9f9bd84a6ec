//! `_functools` (`Modules/_functoolsmodule.c`): partial, reduce, cmp_to_key and the cache of calls.

mod lru_cache;
mod partial;

use crate::prelude::*;

object_struct! {
    /// `keyobject`: orders objects by a comparison function.
    pub struct KeyObject {
        cmp: Pointer<PyObject>,
        object: Pointer<PyObject>,
    }
}

typed!(KeyObject, keyobject_type);

fn new_key(cmp: &PyObject, value: Option<&PyObject>) -> PyResult {
    let object: *mut KeyObject = memory::new_gc_object(&keyobject_type, size_of::<KeyObject>())?;
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        (*object).cmp.set(Own::new(cmp).into_raw());
        (*object)
            .object
            .set(value.map_or(std::ptr::null_mut(), |value| Own::new(value).into_raw()));
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn key_call(this: &KeyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "K",
        parameters: &["obj"],
        required: 1,
        positional: 1,
    };
    let [value] = call::bind_tuple::<1>(&SIGNATURE, args, kwargs)?;
    new_key(this.cmp.expect_ref(), value)
}

fn key_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(left), Some(right)) = (a.downcast_ref::<KeyObject>(), b.downcast_ref::<KeyObject>())
    else {
        return Err(type_error("other argument must be K instance"));
    };
    let (Some(x), Some(y)) = (left.object.own(), right.object.own()) else {
        return Err(errors::attribute_error("object"));
    };
    let answer = call::call(left.cmp.expect_ref(), &[&x, &y])?;
    object::rich_compare(&answer, long::small_int(0).as_object(), op)
}

members! {
    static KEY_MEMBERS:
    "obj" => T_OBJECT, offset_of!(KeyObject, object), 0;
}

static_type! {
    /// `functools.KeyWrapper`.
    keyobject_type = "functools.KeyWrapper", size size_of::<KeyObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE;
    tp_dealloc: slot!(dealloc KeyObject::dealloc),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_call: slot!(call key_call),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse KeyObject::traverse),
    tp_clear: slot!(clear KeyObject::clear),
    tp_richcompare: slot!(richcmp key_richcompare),
    tp_members: KEY_MEMBERS.as_ptr(),
}

fn cmp_to_key(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "cmp_to_key",
        parameters: &["mycmp"],
        required: 1,
        positional: 1,
    };
    let [cmp] = call::bind_tuple::<1>(&SIGNATURE, args, kwargs)?;
    new_key(cmp.expect("required"), None)
}

fn reduce(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    call::check_positional("reduce", items.len(), 2, 3)?;
    let iterator = match abstract_::get_iter(items[1]) {
        Ok(iterator) => iterator,
        Err(raised) => {
            if errors::matches(&twinheap_objects::exceptions::PyExc_TypeError) {
                errors::discard(raised);
                return Err(type_error("reduce() arg 2 must support iteration"));
            }
            return Err(raised);
        }
    };
    let mut result = items.get(2).map(|initial| Own::new(*initial));
    while let Some(item) = abstract_::next(&iterator)? {
        result = Some(match result {
            None => item,
            Some(result) => call::call(items[0], &[&result, &item])?,
        });
    }
    result.ok_or_else(|| type_error("reduce() of empty iterable with no initial value"))
}

methods! {
    static FUNCTIONS:
    "reduce" => varargs(reduce);
    "cmp_to_key" => varargs_keywords(cmp_to_key, "($module, /, mycmp)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    types::ready(&keyobject_type)?;
    types::ready(&lru_cache::lru_list_elem_type)?;
    module::build(
        "_functools",
        FUNCTIONS,
        &[&partial::partial_type, &lru_cache::lru_cache_type],
    )
}
