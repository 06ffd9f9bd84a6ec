//! Reads live objects of CPython through the twins of `vm/abi` and the decoder, against what CPython itself says.

#![cfg(twinheap_raw_layout)]

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::{Mutex, MutexGuard, OnceLock};

use twinheap_abi::*;
use twinheap_cpython::{Interpreter, Variation};
use twinheap_observation::outcome::Outcome;
use twinheap_observation::wire::{Limits, ReportBuilder, RunRequest, Wanted};
use twinheap_observation::{
    FieldValue, ImageNode, MemoryImage, Observation, OutcomeClass, Program, StageSet,
};
use twinheap_subject::Runtime;

struct Shared(Interpreter);

// SAFETY: the tests run one after another under the lock; CPython was started by whichever came first and
// is used without regard to the thread, as no other thread runs meanwhile.
unsafe impl Send for Shared {}

/// One interpreter for the process, one test at a time.
fn interpreter() -> MutexGuard<'static, Shared> {
    static INTERPRETER: OnceLock<Mutex<Shared>> = OnceLock::new();
    INTERPRETER
        .get_or_init(|| {
            let mut started =
                Interpreter::start(&Variation::default()).expect("CPython 3.11 starts");
            started.configure(&Limits::default(), &[], &[]);
            Mutex::new(Shared(started))
        })
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn observe(source: &str) -> Box<Observation> {
    let program = Program::new("test", "program", source);
    let wanted = Wanted {
        stages: StageSet::ALL,
        details: true,
        marshal: false,
        transitions: false,
    };
    let mut report = ReportBuilder::new(wanted);
    let request = RunRequest {
        change: None,
        index: 0,
        program,
        code: None,
        wanted,
    };
    let finished = interpreter().0.run(&request, &mut report);
    report.add_outcome(finished.outcome);
    report
        .finish(OutcomeClass::Finished)
        .details
        .expect("details were asked for")
}

fn image(source: &str) -> MemoryImage {
    let observation = observe(source);
    assert_eq!(
        observation.outcome.shown(),
        Some(&Outcome::Finished),
        "{source}"
    );
    observation
        .heap
        .shown()
        .cloned()
        .expect("3.11 shows its heap")
}

/// The node that a name of the namespace is bound to.
fn bound<'a>(image: &'a MemoryImage, name: &str) -> &'a ImageNode {
    let keys = image
        .nodes
        .iter()
        .find(|node| node.layout == "PyDictKeysObject")
        .expect("the namespace has keys");
    for field in keys.fields.iter().filter(|field| field.name == "me_key") {
        let is_it = match &field.value {
            FieldValue::Node(number) => {
                let data = value(&image.nodes[*number as usize], "data");
                data == FieldValue::Bytes(name.as_bytes().to_vec())
            }
            FieldValue::External(shown) => *shown == format!("<str '{name}'>"),
            _ => false,
        };
        if !is_it {
            continue;
        }
        let bound = keys
            .fields
            .iter()
            .find(|other| other.name == "me_value" && other.index == field.index);
        match bound.map(|field| &field.value) {
            Some(FieldValue::Node(number)) => return &image.nodes[*number as usize],
            other => panic!("{name} is bound to {other:?}"),
        }
    }
    panic!("{name} is not bound")
}

fn value(node: &ImageNode, field: &str) -> FieldValue {
    let found = node.fields.iter().find(|candidate| candidate.name == field);
    found
        .unwrap_or_else(|| panic!("{} has no field {field}", node.layout))
        .value
        .clone()
}

fn number(node: &ImageNode, field: &str) -> i64 {
    match value(node, field) {
        FieldValue::Signed(number) => number,
        FieldValue::Unsigned(number) => number as i64,
        other => panic!("{field} is {other:?}"),
    }
}

fn check(source: &str, name: &str, expected: &[(&str, i64)]) {
    let image = image(source);
    let node = bound(&image, name);
    for (field, expected) in expected {
        assert_eq!(number(node, field), *expected, "{source}: {field}");
    }
}

#[test]
fn an_int_shows_its_size_and_digits() {
    check(
        "x = -(2**65 + 3)",
        "x",
        &[("ob_size", -3), ("ob_digit", 3), ("ob_refcnt", 1)],
    );
}

#[test]
fn a_list_shows_its_growth() {
    check(
        "x = []\nfor i in range(17): x.append(i)",
        "x",
        &[("ob_size", 17), ("allocated", 24)],
    );
}

#[test]
fn a_str_shows_kind_and_hash() {
    check(
        "x = '\\u0416' * 3",
        "x",
        &[("length", 3), ("hash", -1), ("utf8_length", 0)],
    );
    let image = image("x = 'abc' * 2\nhash(x)");
    assert_ne!(number(bound(&image, "x"), "hash"), -1);
}

#[test]
fn a_dict_shows_its_counts() {
    check(
        "x = {'a': 1, 'b': 2}\ndel x['a']",
        "x",
        &[("ma_used", 1), ("ma_values", 0)],
    );
}

#[test]
fn a_set_shows_fill_and_used() {
    check(
        "x = {1, 2, 3}\nx.discard(2)",
        "x",
        &[("fill", 3), ("used", 2), ("mask", 7)],
    );
}

#[test]
fn a_float_shows_its_bits() {
    check("x = 1.5", "x", &[("ob_fval", 1.5_f64.to_bits() as i64)]);
}

#[test]
fn bytes_show_their_hash_cache() {
    check("x = b'ab' * 2", "x", &[("ob_size", 4), ("ob_shash", -1)]);
}

#[test]
fn instances_share_a_key_table() {
    let image = image("class C: pass\na = C()\na.x = 1\nb = C()\nb.x = 2");
    let keys = |name| value(bound(&image, name), "ht_cached_keys");
    assert_eq!(keys("a"), keys("b"));
    assert_eq!(number(bound(&image, "a"), "managed_values"), 1);
}

#[test]
fn slots_show_their_values() {
    let image = image("class P:\n    __slots__ = ('x', 'y')\np = P()\np.x = 5");
    let node = bound(&image, "p");
    let slots: Vec<&FieldValue> = node
        .fields
        .iter()
        .filter(|field| field.name == "slot")
        .map(|field| &field.value)
        .collect();
    assert_eq!(
        slots,
        [
            &FieldValue::External("<int 5>".to_owned()),
            &FieldValue::Null
        ]
    );
}

#[test]
fn an_exception_shows_its_traceback_with_columns() {
    let observation = observe("def f():\n    return 1 // 0\n\nx = f()\n");
    let Some(Outcome::Raised(exception)) = observation.outcome.shown() else {
        panic!("nothing was raised");
    };
    assert_eq!(exception.type_name, "ZeroDivisionError");
    let spans: Vec<_> = exception
        .traceback
        .iter()
        .map(|frame| (frame.qualname.as_str(), frame.line, frame.span))
        .collect();
    assert_eq!(
        spans,
        [("<module>", 4, (4, 4, 4, 7)), ("f", 2, (2, 2, 11, 17))]
    );
}

#[test]
fn steps_name_functions_and_lines() {
    let observation = observe("def f():\n    return 1\nx = f()\n");
    let trail = observation.steps.shown().expect("steps are shown");
    let lines: Vec<_> = trail
        .steps
        .iter()
        .map(|step| (step.qualname.as_str(), step.line))
        .collect();
    assert_eq!(lines, [("<module>", 1), ("<module>", 3), ("f", 2)]);
}

#[test]
fn no_address_occurs_in_an_image() {
    let source = "class C:\n    def m(self): return self\nc = C()\nf = c.m\ng = (i for i in [c])\nnext(g)\nd = {c: f, C: 1}\ns = {c}\n";
    let (first, second) = (image(source), image(source));
    let differing: Vec<_> = twinheap_differences(&first, &second);
    assert!(differing.is_empty(), "{differing:?}");
}

/// Fields that differ, apart from the counters that the proof of the reference masks.
fn twinheap_differences(left: &MemoryImage, right: &MemoryImage) -> Vec<String> {
    let counters = [
        "ma_version_tag",
        "tp_version_tag",
        "func_version",
        "dk_version",
        "version_tag_valid",
    ];
    assert_eq!(left.nodes.len(), right.nodes.len());
    let pairs = left.nodes.iter().zip(&right.nodes);
    pairs
        .flat_map(|(left, right)| left.fields.iter().zip(&right.fields))
        .filter(|(left, right)| left != right && !counters.contains(&left.name.as_str()))
        .map(|(left, _)| left.path())
        .collect()
}

/// Structs that no header declares are checked by the basic sizes that their types give.
#[test]
fn private_structs_have_the_sizes_that_types_give() {
    let expected = BTreeMap::from([
        ("range", size_of::<rangeobject>()),
        ("enumerate", size_of::<enumobject>()),
        ("reversed", size_of::<reversedobject>()),
        ("property", size_of::<propertyobject>()),
        ("classmethod", size_of::<classmethodobject>()),
        ("staticmethod", size_of::<classmethodobject>()),
        ("super", size_of::<superobject>()),
        ("type({}.keys())", size_of::<_PyDictViewObject>()),
        ("type(iter({}))", size_of::<dictiterobject>()),
        ("type(iter(set()))", size_of::<setiterobject>()),
        ("type(iter([]))", size_of::<_PyListIterObject>()),
        ("type(iter(int, 1))", size_of::<calliterobject>()),
        ("type(iter(range(1)))", size_of::<_PyRangeIterObject>()),
        ("type(iter(range(2**70)))", size_of::<longrangeiterobject>()),
        ("type(type.__dict__)", size_of::<mappingproxyobject>()),
        ("type([].__len__)", size_of::<wrapperobject>()),
        ("set", size_of::<PySetObject>()),
        ("OSError", size_of::<PyOSErrorObject>()),
        ("type", size_of::<PyHeapTypeObject>()),
    ]);
    let checks: Vec<String> = expected
        .iter()
        .map(|(name, size)| {
            format!("assert ({name}).__basicsize__ == {size}, ({name}).__basicsize__")
        })
        .collect();
    let observation = observe(&checks.join("\n"));
    assert_eq!(
        observation.outcome.shown(),
        Some(&Outcome::Finished),
        "{:?}",
        observation.outcome
    );
}
