//! `_sre` against expressions that CPython 3.11 has evaluated (`sre/generate.py` prints the table).

#[path = "../../objects/tests/evaluator/mod.rs"]
mod evaluator;

use evaluator::{check_facts, start};
use twinheap_modules_text::_sre;
use twinheap_objects::own::Layout;

#[test]
fn expressions_of_cpython() {
    start();
    let module = _sre::new_module().expect("the module");
    check_facts(
        include_str!("sre/facts.txt"),
        2_000,
        ("_sre", module.as_object()),
    );
}
