//! Message digests against expressions that CPython 3.11 has evaluated (`digests/generate.py` prints the table).

#[path = "../../objects/tests/evaluator/mod.rs"]
mod evaluator;

use evaluator::{check_facts, start};
use twinheap_modules_data::MODULES;
use twinheap_objects::dict;
use twinheap_objects::own::Layout;
use twinheap_objects::unicode;

#[test]
fn expressions_of_cpython() {
    start();
    let modules = dict::new().expect("memory");
    for (name, new_module) in MODULES {
        if name.starts_with("_md5") || name.starts_with("_sha") {
            let module = new_module().expect("the module");
            let name = unicode::from_str(name).expect("memory");
            dict::set_item(&modules, name.as_object(), module.as_object()).expect("memory");
        }
    }
    check_facts(
        include_str!("digests/facts.txt"),
        600,
        ("modules", modules.as_object()),
    );
}
