//! Built-in types against expressions that CPython 3.11 has evaluated (`expressions/generate.py`
//! prints the table): every outcome is the type and the repr of the value, or the exception.
//!
//! The expressions are read by the syntax crate's parser and walked here, node by node, over the
//! abstract object layer: no compiler and no evaluator is involved.

mod evaluator;

use evaluator::{evaluate, memory, run, show, start};
use twinheap_objects::object;
use twinheap_objects::{call, id};

fn check(line: &str) -> Result<(), String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [expression, expected @ ..] = &fields[..] else {
        return Err(format!("not a fact: {line}"));
    };
    let result = evaluate(expression, None);
    let memory = match (&result, expected) {
        (Ok(value), [_, _, _, dump]) if *dump != "-" => {
            memory(value).expect("an object has a size")
        }
        (Ok(_), _) => "-".to_owned(),
        (Err(_), _) => String::new(),
    };
    let mut found = show(result).to_vec();
    if found[0] == "value" {
        found.push(memory);
    }
    match found
        .iter()
        .map(String::as_str)
        .eq(expected.iter().copied())
    {
        true => Ok(()),
        false => Err(format!(
            "{expression}\n  expected {}\n  found    {}",
            expected.join(" "),
            found.join(" ")
        )),
    }
}

/// A sequence: the value of `b`, then steps that change it, each with its outcome and what `b` is
/// afterwards.
fn check_sequence(line: &str) -> Result<(), String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let variable = evaluate(fields[0], None).expect("the variable's value");
    for (index, step) in fields[1..].chunks(2).enumerate() {
        let [expression, expected] = *step else {
            return Err(format!("not a sequence: {line}"));
        };
        let outcome = show(evaluate(expression, Some(("b", &variable)))).join(" ");
        let after = show(Ok(variable.clone())).join(" ");
        let size = object::get_attr(&variable, id!("__sizeof__"))
            .and_then(|method| call::call(&method, &[]));
        let found = format!("{outcome} | {after} | {}", show(size)[2]);
        if found != expected {
            let at = format!(
                "{} after {index} steps of {:?}",
                expression,
                &fields[..1 + 2 * index]
            );
            return Err(format!("{at}\n  expected {expected}\n  found    {found}"));
        }
    }
    Ok(())
}

/// One test: there is one interpreter a process, and it runs under a lock that tests do not take.
#[test]
fn expressions_of_cpython() {
    start();
    run(include_str!("expressions/facts.txt"), 10_000, check);
    run(
        include_str!("expressions/sequences.txt"),
        200,
        check_sequence,
    );
}
