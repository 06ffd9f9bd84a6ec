//! What built-in types show of themselves against CPython 3.11 (`surface/generate.py` prints the
//! table): sizes, the names in the type's dict, what kind of object each is, text signatures.

use std::collections::{BTreeMap, BTreeSet};
use twinheap_objects::abi::*;
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::Field;
use twinheap_objects::{builtin_types, dict, errors, id, types, unicode};

type Surface = BTreeMap<String, BTreeSet<String>>;

fn text_of(object: &PyObject) -> String {
    object::str(object).map_or_else(|_| "?".to_owned(), |text| unicode::to_string_lossy(&text))
}

fn signature_of(value: &PyObject) -> String {
    match object::lookup_attr(value, id!("__text_signature__")) {
        Ok(Some(signature)) => text_of(&signature),
        Ok(None) => "None".to_owned(),
        Err(raised) => {
            errors::discard(raised);
            "?".to_owned()
        }
    }
}

fn surface_of(type_: &PyTypeObject) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    rows.insert(format!(
        "__sizes__\t{}\t{}",
        type_.tp_basicsize.get(),
        type_.tp_itemsize.get()
    ));
    let namespace = type_.tp_dict.expect_ref();
    let Some(namespace) = namespace.downcast_ref::<PyDictObject>() else {
        return rows;
    };
    for (name, value) in dict::entries(namespace) {
        if text_of(name) == "__doc__" {
            continue;
        }
        rows.insert(format!(
            "{}\t{}\t{}",
            text_of(name),
            value.type_().name(),
            signature_of(value)
        ));
    }
    rows
}

#[test]
fn surface_of_built_in_types() {
    types::ready_all().expect("the types become ready");
    let mut expected: Surface = Surface::new();
    for line in include_str!("surface/facts.txt").lines() {
        let (type_name, row) = line.split_once('\t').expect("a type and the rest");
        expected
            .entry(type_name.to_owned())
            .or_default()
            .insert(row.to_owned());
    }
    let mut differences = Vec::new();
    for (type_name, wanted) in &expected {
        let Some(type_) = builtin_types()
            .into_iter()
            .find(|type_| type_.name() == type_name)
        else {
            differences.push(format!("{type_name}: no such type"));
            continue;
        };
        let found = surface_of(type_);
        differences.extend(
            wanted
                .difference(&found)
                .map(|row| format!("{type_name} lacks   {row}")),
        );
        differences.extend(
            found
                .difference(wanted)
                .map(|row| format!("{type_name} has too {row}")),
        );
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
