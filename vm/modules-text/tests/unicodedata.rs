//! `unicodedata` against expressions that CPython 3.11 has evaluated (`unicodedata/generate.py` prints the table).

#[path = "../../objects/tests/evaluator/mod.rs"]
mod evaluator;

use evaluator::{check_facts, start};
use twinheap_modules_text::unicodedata;
use twinheap_objects::own::Layout;

#[test]
fn expressions_of_cpython() {
    start();
    let module = unicodedata::new_module().expect("the module");
    check_facts(
        include_str!("unicodedata/facts.txt"),
        2_000,
        ("unicodedata", module.as_object()),
    );
}
