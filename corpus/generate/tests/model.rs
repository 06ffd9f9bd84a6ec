//! What holds for every model: the same seed gives the same program, parts can be taken away, forms can be read back.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use twinheap_generate::strategy::models;
use twinheap_generate::{
    END_MARKER, Model, Profile, Topic, VERSION, generate, is_feature, mutate_model, probes,
};
use twinheap_syntax::{Flags, Mode, parse_str};

/// FNV-1a, so that the digest depends on nothing but the text.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Ten programs of each topic, digested. A change of what a seed gives must raise `VERSION`: then these change too.
#[test]
fn a_seed_gives_the_same_program_on_every_machine() {
    let mut lines = vec![format!("version {VERSION}")];
    for topic in Topic::ALL {
        let text: String = (0..10)
            .map(|seed| generate(seed, *topic, &Profile::full()).source())
            .collect();
        lines.push(format!("{} {:016x}", topic.name(), digest(&text)));
    }
    expect_test::expect_file!["digests.txt"].assert_eq(&(lines.join("\n") + "\n"));
}

/// The programs on which the properties below are checked.
fn samples() -> impl Iterator<Item = Model> {
    Topic::ALL
        .iter()
        .flat_map(|topic| (0..20).map(|seed| generate(seed, *topic, &Profile::full())))
}

fn parses(source: &str) -> bool {
    parse_str(source, Mode::Exec, &Flags::default()).is_ok()
}

#[test]
fn every_program_parses_and_ends_with_the_marker() {
    for model in samples() {
        let source = model.source();
        assert!(parses(&source), "{source}");
        assert!(source.contains(END_MARKER));
        assert!(model.statement_count() >= 5, "{source}");
    }
}

#[test]
fn a_program_lacks_what_the_profile_lacks() {
    for feature in [
        "walrus",
        "memoryview",
        "async",
        "str.casefold",
        "re",
        "pickle",
        "exceptstar",
        "gc",
        "itertools",
        "enum",
        "asyncio",
    ] {
        let profile = Profile::full().without(feature);
        let word = match feature {
            "exceptstar" => "except*".to_owned(),
            "walrus" => "(x := ".to_owned(),
            "memoryview" => "memoryview(".to_owned(),
            "async" => "async def".to_owned(),
            "str.casefold" => ".casefold()".to_owned(),
            _ => format!("import {feature}\n"),
        };
        for topic in Topic::ALL {
            for seed in 0..8 {
                let source = generate(seed, *topic, &profile).source();
                assert!(!source.contains(&word), "{feature}: {source}");
            }
        }
    }
}

#[test]
fn every_needed_feature_has_a_probe_that_parses() {
    for feature in twinheap_generate::needed_features() {
        assert!(is_feature(feature), "{feature} has no probe");
    }
    for probe in probes() {
        assert!(parses(probe.source), "{}", probe.feature);
    }
}

#[test]
fn nodes_can_be_taken_away_one_by_one() {
    for model in samples() {
        let nodes = model.removable();
        for node in (0..nodes).step_by(3) {
            let smaller = model.without(&BTreeSet::from([node]));
            assert!(smaller.removable() < nodes);
            assert!(parses(&smaller.source()), "{}", smaller.source());
        }
        let all: BTreeSet<usize> = (0..nodes).collect();
        assert_eq!(model.without(&all).statement_count(), 0);
        assert_eq!(model.without(&BTreeSet::new()), model);
    }
}

#[test]
fn what_used_a_removed_variable_goes_too() {
    let model = generate(3, Topic::Dict, &Profile::full());
    for node in 0..model.removable() {
        let smaller = model.without(&BTreeSet::from([node]));
        assert_eq!(smaller.without(&BTreeSet::new()), smaller);
    }
}

#[test]
fn simplifications_are_other_programs_that_parse() {
    for model in samples().step_by(7) {
        let simpler = model.simplifications();
        assert!(!simpler.is_empty());
        let parsing = simpler.iter().filter(|model| parses(&model.source()));
        assert!(parsing.count() * 10 >= simpler.len() * 9);
        assert!(simpler.iter().all(|one| *one != model));
    }
}

/// Greedy shrinking against a plain predicate ends with a few lines.
#[test]
fn shrinking_keeps_only_what_matters() {
    let wanted = |model: &Model| model.source().contains(".popitem()");
    let mut model = (0..)
        .map(|seed| generate(seed, Topic::Dict, &Profile::full()))
        .find(|model| wanted(model) && model.statement_count() > 20)
        .expect("some program pops an item");
    let mut at = 0;
    while at < model.removable() {
        let smaller = model.without(&BTreeSet::from([at]));
        if wanted(&smaller) {
            model = smaller;
        } else {
            at += 1;
        }
    }
    while let Some(simpler) = model.simplifications().into_iter().find(|one| wanted(one)) {
        model = simpler;
    }
    assert!(model.statement_count() <= 3, "{}", model.source());
}

#[test]
fn models_survive_being_stored() {
    for model in samples() {
        assert_eq!(Model::from_bytes(&model.to_bytes()), model);
        let text = serde_json::to_string(&model).expect("a model is plain data");
        let read: Model = serde_json::from_str(&text).expect("a model can be read back");
        assert_eq!(read, model);
    }
}

#[test]
fn damaged_bytes_are_read_as_choices() {
    let mut bytes = generate(1, Topic::Int, &Profile::full()).to_bytes();
    bytes[20] ^= 1;
    assert!(parses(&Model::from_bytes(&bytes).source()));
}

#[test]
fn mutants_are_programs_and_mostly_others() {
    let mut changed = 0;
    let mut total = 0;
    for model in samples() {
        for seed in 0..4 {
            let mut mutant = model.clone();
            mutate_model(&mut mutant, seed);
            assert!(parses(&mutant.source()), "{}", mutant.source());
            changed += usize::from(mutant != model);
            total += 1;
        }
    }
    assert!(changed * 10 > total * 8, "{changed} of {total}");
}

#[test]
fn the_strategy_shrinks() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let mut tree = models(&[Topic::List], Profile::full())
        .new_tree(&mut runner)
        .expect("a model can always be drawn");
    let fails = |model: &Model| model.source().contains("print(");
    assert!(fails(&tree.current()));
    for _ in 0..3000 {
        if !tree.simplify() {
            break;
        }
        if !fails(&tree.current()) {
            tree.complicate();
        }
    }
    assert!(fails(&tree.current()));
    assert!(
        tree.current().statement_count() <= 2,
        "{}",
        tree.current().source()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_a_program(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let model = Model::from_bytes(&bytes);
        prop_assert!(parses(&model.source()), "{}", model.source());
        prop_assert_eq!(Model::from_bytes(&bytes), model);
    }
}
