//! The comparison on made-up observations: the first differing stage is named, masks and rules hold.

use twinheap_harness::compare::{Noise, compare};
use twinheap_harness::text::{TextRules, without_addresses};
use twinheap_observation::outcome::{ExceptionView, Outcome};
use twinheap_observation::stage::Output;
use twinheap_observation::{
    FieldValue, ImageField, ImageNode, MemoryImage, Observation, Stage, StageSet, Supported,
};

fn observation(stdout: &str, outcome: Outcome, allocated: FieldValue) -> Observation {
    let field = ImageField {
        owner: "PyListObject".to_owned(),
        name: "allocated".to_owned(),
        index: None,
        offset: 32,
        size: 8,
        value: allocated,
    };
    let node = ImageNode {
        layout: "list".to_owned(),
        type_name: "list".to_owned(),
        size: 40,
        fields: vec![field],
    };
    let image = MemoryImage {
        roots: vec![("x".to_owned(), FieldValue::Node(0))],
        nodes: vec![node],
        truncated: false,
    };
    Observation {
        output: Supported::Supported(Output {
            stdout: stdout.into(),
            stderr: Vec::new(),
            truncated: false,
        }),
        outcome: Supported::Supported(outcome),
        heap: Supported::Supported(image),
        ..Observation::empty()
    }
}

fn raised(message: &str) -> Outcome {
    let args = vec![message.to_owned()];
    Outcome::Raised(Box::new(ExceptionView {
        type_name: "ValueError".to_owned(),
        args,
        ..ExceptionView::default()
    }))
}

fn check(
    left: &Observation,
    right: &Observation,
    rules: &TextRules,
    expected: Option<(Stage, &str)>,
) {
    let comparison = compare(left, right, StageSet::ALL, rules, &Noise::default(), false);
    let found = comparison
        .found
        .first()
        .map(|(stage, differences)| (*stage, differences[0].kind.as_str()));
    assert_eq!(found, expected);
}

#[test]
fn equal_observations_agree() {
    let one = observation("a\n", Outcome::Finished, FieldValue::Signed(4));
    check(&one, &one.clone(), &TextRules::default(), None);
}

#[test]
fn the_first_differing_stage_is_named() {
    let left = observation("a\n", Outcome::Finished, FieldValue::Signed(4));
    let right = observation("b\n", raised("x"), FieldValue::Signed(8));
    check(
        &left,
        &right,
        &TextRules::default(),
        Some((Stage::Output, "stdout missing line")),
    );
}

#[test]
fn a_field_of_the_heap_is_named() {
    let left = observation("", Outcome::Finished, FieldValue::Signed(4));
    let right = observation("", Outcome::Finished, FieldValue::Signed(8));
    check(
        &left,
        &right,
        &TextRules::default(),
        Some((Stage::Heap, "list PyListObject.allocated")),
    );
}

#[test]
fn a_masked_field_hides_nothing_else() {
    let left = observation("", Outcome::Finished, FieldValue::Masked);
    let right = observation("", Outcome::Finished, FieldValue::Signed(8));
    check(&left, &right, &TextRules::default(), None);
    let other = observation("", raised("x"), FieldValue::Signed(8));
    check(
        &left,
        &other,
        &TextRules::default(),
        Some((Stage::Outcome, "how it ended")),
    );
}

#[test]
fn addresses_are_hidden_only_where_the_proof_says_so() {
    let left = observation(
        "<C object at 0x7f0011223340>\n",
        Outcome::Finished,
        FieldValue::Null,
    );
    let right = observation(
        "<C object at 0x7f55aabbccd0>\n",
        Outcome::Finished,
        FieldValue::Null,
    );
    check(
        &left,
        &right,
        &TextRules::default(),
        Some((Stage::Output, "stdout missing line")),
    );
    check(
        &left,
        &right,
        &TextRules {
            addresses_vary: vec![Stage::Output],
        },
        None,
    );
}

#[test]
fn short_hexadecimal_numbers_are_no_addresses() {
    assert_eq!(
        without_addresses("0xff at 0x7f0011223340."),
        "0xff at 0xADDRESS."
    );
}

#[test]
fn what_a_side_cannot_show_is_unsupported() {
    let left = observation("a\n", Outcome::Finished, FieldValue::Null);
    let mut right = left.clone();
    right.output = Supported::Unsupported("no output".to_owned());
    check(&left, &right, &TextRules::default(), None);
}
