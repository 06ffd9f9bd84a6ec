//! `unicodedata` against expressions that CPython 3.11 has evaluated (`unicodedata/generate.py` prints the table).

#[path = "../../objects/tests/evaluator/mod.rs"]
mod evaluator;

use evaluator::{evaluate, show, start};
use twinheap_modules_text::unicodedata;
use twinheap_objects::own::Layout;

#[test]
fn expressions_of_cpython() {
    start();
    let module = unicodedata::new_module().expect("the module");
    let mut failures = Vec::new();
    let mut count = 0;
    for line in include_str!("unicodedata/facts.txt").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        count += 1;
        let found = show(evaluate(
            fields[0],
            Some(("unicodedata", module.as_object())),
        ));
        if !found.iter().eq(fields[1..].iter()) {
            let expression = fields[0];
            failures.push(format!(
                "{expression}\n  expected {:?}\n  found    {found:?}",
                &fields[1..]
            ));
        }
    }
    assert!(count > 2_000, "the table of facts is there");
    let shown = failures.len().min(30);
    assert!(
        failures.is_empty(),
        "{} of {count} differ:\n{}",
        failures.len(),
        failures[..shown].join("\n")
    );
}
