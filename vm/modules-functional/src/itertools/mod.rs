//! `itertools` (`Modules/itertoolsmodule.c`).

mod combinatorics;
mod combining;
mod filters;
mod grouping;
mod infinite;

use crate::prelude::*;

/// The result of the items: the tuple of the last result, where only the iterator has it.
fn reuse_result(last: &Pointer<PyTupleObject>, items: Vec<Own>) -> PyResult {
    let result = match last.own() {
        // One reference is the field's, one is this function's.
        Some(result) if result.as_object().ob_refcnt.get() == 2 && !items.is_empty() => {
            let slots = tuple::items_pointer(&result);
            for (index, item) in items.into_iter().enumerate() {
                // SAFETY: as many items as the last result had.
                let slot = unsafe { &*slots.add(index).cast::<Pointer<PyObject>>() };
                slot.put(Some(item));
            }
            if !memory::is_tracked(result.as_object()) {
                // SAFETY: the tuple is complete.
                unsafe { memory::track(result.as_raw()) };
            }
            return Ok(result.upcast());
        }
        _ => tuple::from_vec(items)?,
    };
    last.put(Some(result.clone()));
    Ok(result.upcast())
}

methods! {
    static FUNCTIONS:
    "tee" => fast(grouping::tee, "($module, iterable, n=2, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build(
        "itertools",
        FUNCTIONS,
        &[
            &combining::accumulate_type,
            &combinatorics::combinations_type,
            &combinatorics::cwr_type,
            &infinite::cycle_type,
            &filters::dropwhile_type,
            &filters::takewhile_type,
            &filters::islice_type,
            &filters::starmap_type,
            &combining::chain_type,
            &filters::compress_type,
            &filters::filterfalse_type,
            &infinite::count_type,
            &combining::ziplongest_type,
            &combining::pairwise_type,
            &combinatorics::permutations_type,
            &combinatorics::product_type,
            &infinite::repeat_type,
            &grouping::groupby_type,
            &grouping::_grouper_type,
            &grouping::tee_type,
            &grouping::teedataobject_type,
        ],
    )
}
