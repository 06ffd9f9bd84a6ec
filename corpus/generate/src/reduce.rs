//! Smaller and simpler versions of a model, for the minimiser and for shrinking.

use std::collections::BTreeSet;

use crate::model::{Clause, Expression, Model, Part, Statement, Variable, visit};
use crate::values::{Constant, float, int};

/// At most so many simplifications are offered at once.
const MOST_SIMPLIFICATIONS: usize = 400;

impl Model {
    /// How many nodes can be removed: statements and the clauses after a statement's first, in preorder.
    pub fn removable(&self) -> usize {
        fn count(body: &[Statement]) -> usize {
            let clauses = body.iter().flat_map(|statement| &statement.clauses);
            clauses
                .map(|clause| 1 + count(clause.body.as_deref().unwrap_or(&[])))
                .sum()
        }
        count(&self.body)
    }

    /// The model without some nodes, and without what depended on them.
    #[must_use]
    pub fn without(&self, nodes: &BTreeSet<usize>) -> Model {
        let mut at = 0;
        let body = remove(&self.body, nodes, &mut at);
        let mut defined = vec![false; self.variables.len()];
        Model {
            body: sensible(body, &mut defined),
            ..self.clone()
        }
    }

    /// Variants that are one step simpler, the cheapest first.
    pub fn simplifications(&self) -> Vec<Model> {
        let mut found = Vec::new();
        self.unwrapped(&mut found);
        let spots = self.spots();
        for stage in [inner_expressions, plain_values, simpler_constants] {
            for spot in 0..spots {
                if found.len() >= MOST_SIMPLIFICATIONS {
                    return found;
                }
                self.simplify_spot(spot, stage, &mut found);
            }
        }
        found
    }

    /// Each compound statement replaced by the body of its first clause.
    fn unwrapped(&self, found: &mut Vec<Model>) {
        for target in 0..self.removable() {
            if found.len() >= MOST_SIMPLIFICATIONS / 2 {
                return;
            }
            let mut at = 0;
            if let Some(body) = unwrap(&self.body, target, &mut at) {
                let mut defined = vec![false; self.variables.len()];
                found.push(Model {
                    body: sensible(body, &mut defined),
                    ..self.clone()
                });
            }
        }
    }

    /// How many parts there are that could be made simpler.
    fn spots(&self) -> usize {
        let mut count = 0;
        for statement in &self.body {
            statement.visit_parts(&mut |_| count += 1);
        }
        count
    }

    fn simplify_spot(&self, spot: usize, stage: Stage, found: &mut Vec<Model>) {
        let mut at = 0;
        let mut candidates = Vec::new();
        for statement in &self.body {
            statement.visit_parts(&mut |part| {
                if at == spot {
                    candidates = stage(part, &self.variables);
                }
                at += 1;
            });
        }
        for candidate in candidates {
            let mut changed = self.clone();
            changed.replace_spot(spot, candidate);
            let mut defined = vec![false; changed.variables.len()];
            changed.body = sensible(changed.body, &mut defined);
            found.push(changed);
        }
    }

    /// Puts another part where the `spot`-th one stands.
    pub(crate) fn replace_spot(&mut self, spot: usize, replacement: Part) {
        let mut at = 0;
        let mut replacement = Some(replacement);
        for statement in &mut self.body {
            statement.visit_parts_mut(&mut |part| {
                if at == spot
                    && let Some(replacement) = replacement.take()
                {
                    *part = replacement;
                }
                at += 1;
            });
        }
    }
}

type Stage = fn(&Part, &[Variable]) -> Vec<Part>;

/// Expressions of the same kind that stand inside an expression.
fn inner_expressions(part: &Part, variables: &[Variable]) -> Vec<Part> {
    let Part::Expression(expression) = part else {
        return Vec::new();
    };
    let mut found = Vec::new();
    visit(&expression.parts, &mut |inner| {
        let same = match inner {
            Part::Expression(inner) => inner.kind == expression.kind,
            Part::Use(variable) => variables[*variable as usize].kind == expression.kind,
            _ => false,
        };
        if same && found.len() < 4 {
            found.push(inner.clone());
        }
    });
    found
}

/// The plainest value of a kind, for an expression or a variable.
fn plain_values(part: &Part, variables: &[Variable]) -> Vec<Part> {
    let kind = match part {
        Part::Expression(expression) => &expression.kind,
        Part::Use(variable) => &variables[*variable as usize].kind,
        _ => return Vec::new(),
    };
    let Some(constant) = plain(&kind.0) else {
        return Vec::new();
    };
    if let Part::Expression(expression) = part
        && let [Part::Constant(present)] = expression.parts.as_slice()
        && present.weight() <= constant.weight().max(2)
    {
        return Vec::new();
    }
    vec![Part::Expression(Box::new(Expression {
        kind: kind.clone(),
        parts: vec![Part::Constant(constant)],
    }))]
}

/// The simplest value of a kind, for the kinds that have one.
pub(crate) fn plain(kind: &str) -> Option<Constant> {
    Some(match kind {
        "int" => int(0),
        "bool" => Constant::Bool(false),
        "any" | "key" => Constant::None,
        "str" => Constant::Str(Vec::new()),
        "bytes" => Constant::Bytes(Vec::new()),
        "float" => float(0.0),
        "list" => Constant::List(Vec::new()),
        "tuple" => Constant::Tuple(Vec::new()),
        "dict" => Constant::Dict(Vec::new()),
        "set" => Constant::Set(Vec::new()),
        _ => return None,
    })
}

fn simpler_constants(part: &Part, _: &[Variable]) -> Vec<Part> {
    let Part::Constant(constant) = part else {
        return Vec::new();
    };
    constant.simpler().into_iter().map(Part::Constant).collect()
}

impl Statement {
    /// Calls `look` with every part of the statement and of its blocks.
    pub fn visit_parts(&self, look: &mut dyn FnMut(&Part)) {
        for clause in &self.clauses {
            visit(&clause.head, look);
            for statement in clause.body.as_deref().unwrap_or(&[]) {
                statement.visit_parts(look);
            }
        }
    }

    /// The same with parts that may be changed; what is inside a part is visited as it was before the change.
    pub(crate) fn visit_parts_mut(&mut self, change: &mut dyn FnMut(&mut Part)) {
        fn walk(parts: &mut [Part], change: &mut dyn FnMut(&mut Part)) {
            for part in parts {
                change(part);
                if let Part::Expression(expression) = part {
                    walk(&mut expression.parts, change);
                }
            }
        }
        for clause in &mut self.clauses {
            walk(&mut clause.head, change);
            for statement in clause.body.as_deref_mut().unwrap_or(&mut []) {
                statement.visit_parts_mut(change);
            }
        }
    }
}

fn remove(body: &[Statement], nodes: &BTreeSet<usize>, at: &mut usize) -> Vec<Statement> {
    let mut kept = Vec::new();
    for statement in body {
        let gone = nodes.contains(at);
        let mut clauses = Vec::new();
        for (index, clause) in statement.clauses.iter().enumerate() {
            let dropped = index > 0 && nodes.contains(at);
            *at += 1;
            let body = clause.body.as_deref().map(|body| remove(body, nodes, at));
            if !dropped {
                clauses.push(Clause {
                    head: clause.head.clone(),
                    body,
                });
            }
        }
        if !gone {
            kept.extend(whole(clauses));
        }
    }
    kept
}

/// Makes one statement of the clauses that are left, or several where what is left needs no block any more.
fn whole(mut clauses: Vec<Clause>) -> Vec<Statement> {
    let is_decorator = |clause: &Clause| matches!(clause.head.first(), Some(Part::Text(text)) if text.starts_with('@'));
    if clauses.iter().all(is_decorator) {
        return Vec::new();
    }
    let keyword = clauses[0].keyword().to_owned();
    if keyword == "match" && clauses[0].body.as_ref().is_some_and(Vec::is_empty) {
        return Vec::new();
    }
    if keyword != "try" {
        return vec![Statement { clauses }];
    }
    let has =
        |clauses: &[Clause], word: &str| clauses.iter().any(|clause| clause.keyword() == word);
    if !has(&clauses, "except") {
        clauses.retain(|clause| clause.keyword() != "else");
    }
    if has(&clauses, "except") || has(&clauses, "finally") {
        return vec![Statement { clauses }];
    }
    clauses.remove(0).body.unwrap_or_default()
}

/// Drops what uses a variable that nothing before it binds.
pub(crate) fn sensible(body: Vec<Statement>, defined: &mut [bool]) -> Vec<Statement> {
    let mut kept = Vec::new();
    for statement in body {
        let mut clauses = Vec::new();
        for (index, clause) in statement.clauses.into_iter().enumerate() {
            if !all_defined(&clause.head, defined) {
                if index == 0 {
                    break;
                }
                continue;
            }
            visit(&clause.head, &mut |part| {
                if let Part::Define(variable) = part {
                    defined[*variable as usize] = true;
                }
            });
            clauses.push(Clause {
                head: clause.head,
                body: clause.body.map(|body| sensible(body, defined)),
            });
        }
        if !clauses.is_empty() {
            kept.extend(whole(clauses));
        }
    }
    kept
}

/// Whether every variable that a line reads is bound, by an earlier line or by the line itself.
fn all_defined(head: &[Part], defined: &[bool]) -> bool {
    let mut own = Vec::new();
    visit(head, &mut |part| {
        if let Part::Define(variable) = part {
            own.push(*variable);
        }
    });
    let mut all = true;
    visit(head, &mut |part| {
        if let Part::Use(variable) | Part::Rebind(variable) = part {
            all &= defined[*variable as usize] || own.contains(variable);
        }
    });
    all
}

/// The body with the statement at `target` replaced by the body of its first clause; none where that is no program.
fn unwrap(body: &[Statement], target: usize, at: &mut usize) -> Option<Vec<Statement>> {
    for (index, statement) in body.iter().enumerate() {
        let here = *at == target;
        for (number, clause) in statement.clauses.iter().enumerate() {
            *at += 1;
            let Some(inner) = &clause.body else {
                continue;
            };
            if here && number == 0 {
                if !stands_alone(inner) || matches!(clause.keyword(), "class" | "match") {
                    return None;
                }
                let mut changed = body.to_vec();
                changed.splice(index..=index, inner.iter().cloned());
                return Some(changed);
            }
            if let Some(inner) = unwrap(inner, target, at) {
                let mut changed = body.to_vec();
                changed[index].clauses[number].body = Some(inner);
                return Some(changed);
            }
        }
    }
    None
}

/// Whether a block means something outside of the function or loop that it stands in.
fn stands_alone(body: &[Statement]) -> bool {
    const BOUND: [&str; 8] = [
        "return", "yield", "await", "break", "continue", "nonlocal", "self", "async ",
    ];
    let mut alone = true;
    for statement in body {
        statement.visit_parts(&mut |part| {
            if let Part::Text(text) = part {
                alone &= !BOUND.iter().any(|word| text.contains(word));
            }
        });
    }
    alone
}
