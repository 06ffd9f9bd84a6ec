//! The structure-aware mutator: a model in, a model nearby out.

use std::collections::BTreeSet;

use crate::engine::Engine;
use crate::model::{Model, Part, Statement, visit, visit_statements};
use crate::profile::Profile;
use crate::random::Random;
use crate::reduce::sensible;
use crate::table::STATEMENT;

/// A model does not grow beyond so many statements.
const MOST_STATEMENTS: usize = 28;

/// Changes a model in place by one to three small steps.
pub fn mutate_model(model: &mut Model, seed: u64) {
    let mut random = Random::new(seed);
    for _ in 0..1 + random.below(3) {
        step(model, &mut random);
    }
    repair(model);
}

fn step(model: &mut Model, random: &mut Random) {
    match random.below(12) {
        0 | 1 => delete(model, random),
        2 => duplicate(model, random),
        3 => swap(model, random),
        4..=6 => change_constant(model, random),
        7 => exchange_expressions(model, random),
        8 => exchange_variables(model, random),
        _ => insert(model, random),
    }
}

fn delete(model: &mut Model, random: &mut Random) {
    let nodes = model.removable();
    let first = random.below(nodes.max(1));
    let many = 1 + random.below(3);
    // The marker stands last and stays.
    let chosen: BTreeSet<usize> = (first..first + many)
        .filter(|node| node + 2 < nodes)
        .collect();
    *model = model.without(&chosen);
}

/// A place among the program's outermost statements, before the marker.
fn place(model: &Model, random: &mut Random) -> usize {
    random.below(model.body.len().saturating_sub(1).max(1))
}

fn duplicate(model: &mut Model, random: &mut Random) {
    if model.body.is_empty() || model.statement_count() >= MOST_STATEMENTS {
        return;
    }
    let from = place(model, random);
    let copy = model.body[from].clone();
    let to = from + random.below(model.body.len() - from);
    model.body.insert(to, copy);
}

fn swap(model: &mut Model, random: &mut Random) {
    if model.body.len() < 3 {
        return;
    }
    let at = random.below(model.body.len() - 2);
    model.body.swap(at, at + 1);
}

fn spots(model: &Model, wanted: &dyn Fn(&Part) -> bool) -> Vec<(usize, Part)> {
    let mut found = Vec::new();
    let mut at = 0;
    for statement in &model.body {
        statement.visit_parts(&mut |part| {
            if wanted(part) {
                found.push((at, part.clone()));
            }
            at += 1;
        });
    }
    found
}

fn change_constant(model: &mut Model, random: &mut Random) {
    let constants = spots(model, &|part| matches!(part, Part::Constant(_)));
    if constants.is_empty() {
        return;
    }
    let (spot, part) = random.pick(&constants);
    if let Part::Constant(constant) = part {
        let changed = constant.neighbour(random);
        model.replace_spot(spot, Part::Constant(changed));
    }
}

fn exchange_expressions(model: &mut Model, random: &mut Random) {
    let all = spots(model, &|part| matches!(part, Part::Expression(_)));
    if all.is_empty() {
        return;
    }
    let (spot, part) = random.pick(&all);
    let Part::Expression(old) = &part else {
        return;
    };
    let same: Vec<&Part> = all
        .iter()
        .map(|(_, other)| other)
        .filter(|other| matches!(other, Part::Expression(other) if other.kind == old.kind))
        .filter(|other| **other != part)
        .collect();
    if !same.is_empty() {
        let replacement = random.pick(&same).clone();
        model.replace_spot(spot, replacement);
    }
}

fn exchange_variables(model: &mut Model, random: &mut Random) {
    let uses = spots(model, &|part| {
        matches!(part, Part::Use(_) | Part::Rebind(_))
    });
    if uses.is_empty() {
        return;
    }
    let (spot, part) = random.pick(&uses);
    let (Part::Use(old) | Part::Rebind(old)) = part else {
        return;
    };
    let kind = &model.variables[old as usize].kind;
    let same: Vec<u32> = (0..model.variables.len() as u32)
        .filter(|other| *other != old && model.variables[*other as usize].kind == *kind)
        .filter(|_| kind.0 != "prelude")
        .collect();
    if same.is_empty() {
        return;
    }
    let other = random.pick(&same);
    let replacement = match part {
        Part::Rebind(_) => Part::Rebind(other),
        _ => Part::Use(other),
    };
    model.replace_spot(spot, replacement);
}

/// Draws a new statement of the topic into the program, over the variables that exist there.
fn insert(model: &mut Model, random: &mut Random) {
    if model.statement_count() >= MOST_STATEMENTS {
        return;
    }
    let at = place(model, random);
    let mut defined = Vec::new();
    for statement in &model.body[..at] {
        defined.extend(statement.header_defines());
    }
    let profile = Profile::full();
    let topic = model.topic;
    let mut engine = Engine::new(random, topic, &profile);
    engine.adopt(model, &defined);
    let Some(drawn) = engine.statement(STATEMENT) else {
        return;
    };
    let preludes = engine.take_preludes();
    model.variables = engine.variables;
    model.body.splice(at..at, drawn);
    model.body.splice(0..0, preludes);
}

/// Drops what no longer makes sense, and imports and helpers that nothing uses.
fn repair(model: &mut Model) {
    let mut defined = vec![false; model.variables.len()];
    let body = std::mem::take(&mut model.body);
    model.body = drop_unused_preludes(sensible(body, &mut defined), model);
}

fn drop_unused_preludes(body: Vec<Statement>, model: &Model) -> Vec<Statement> {
    let mut used = vec![false; model.variables.len()];
    visit_statements(&body, &mut |statement| {
        for clause in &statement.clauses {
            visit(&clause.head, &mut |part| {
                if let Part::Use(variable) | Part::Rebind(variable) = part {
                    used[*variable as usize] = true;
                }
            });
        }
    });
    let unused = |statement: &Statement| {
        let defines = statement.header_defines();
        !defines.is_empty()
            && defines.iter().all(|variable| {
                model.variables[*variable as usize].kind.0 == "prelude" && !used[*variable as usize]
            })
    };
    body.into_iter()
        .filter(|statement| !unused(statement))
        .collect()
}
