//! Which tokens a rule may start with: what cannot start is not tried.
//!
//! Leaving out an attempt must not show. An attempt whose first token does not fit reads that token and no
//! other, raises nothing and remembers at most that it failed, so it can be left out.

use super::grammar::{Action, Alternative, Item, Rule, RuleId};
use crate::token::Tok;

/// A set of kinds of token, a bit for each.
pub type TokSet = u128;

pub fn set_of(kind: Tok) -> TokSet {
    1 << kind as u32
}

/// What an item may start with, and whether it may match nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct First {
    set: TokSet,
    nullable: bool,
}

impl First {
    fn of(set: TokSet) -> First {
        First {
            set,
            nullable: false,
        }
    }

    fn or_nothing(self) -> First {
        First {
            nullable: true,
            ..self
        }
    }
}

fn first_of_item(item: &Item, rules: &[First]) -> First {
    match item {
        Item::Rule(id) => rules[usize::from(*id)],
        Item::Token(kind) => First::of(set_of(*kind)),
        Item::Name | Item::Soft(_) | Item::SoftKeyword => First::of(set_of(Tok::Name)),
        Item::Number => First::of(set_of(Tok::Number)),
        Item::Group(alternatives) => first_of_any(alternatives, rules),
        Item::Optional(item) | Item::Star(item) => first_of_item(item, rules).or_nothing(),
        Item::Plus(item) | Item::Gather(_, item) => first_of_item(item, rules),
        // A look-ahead that does not hold ends the attempt; one that must not hold is tried in any case.
        Item::And(item) => first_of_item(item, rules),
        Item::Not(item) => first_of_item(item, rules).or_nothing(),
        Item::Cut => First::default().or_nothing(),
        Item::Forced(..) => First::of(TokSet::MAX),
    }
}

fn first_of_items<'a>(items: impl Iterator<Item = &'a Item>, rules: &[First]) -> First {
    let mut first = First::default();
    for item in items {
        let next = first_of_item(item, rules);
        first.set |= next.set;
        if !next.nullable {
            return first;
        }
    }
    // What may match nothing may start before any token.
    First::of(TokSet::MAX).or_nothing()
}

fn first_of_any(alternatives: &[Alternative], rules: &[First]) -> First {
    let mut any = First::default();
    for alternative in alternatives {
        let first = first_of_items(alternative.items.iter().map(|(_, item)| item), rules);
        any.set |= first.set;
        any.nullable |= first.nullable;
    }
    any
}

fn fill_in_item(item: &mut Item, rules: &[First]) {
    match item {
        Item::Group(alternatives) => fill_in(alternatives, rules),
        Item::Optional(item)
        | Item::Star(item)
        | Item::Plus(item)
        | Item::And(item)
        | Item::Not(item) => fill_in_item(item, rules),
        Item::Gather(separator, item) => {
            fill_in_item(separator, rules);
            fill_in_item(item, rules);
        }
        _ => {}
    }
}

fn fill_in(alternatives: &mut [Alternative], rules: &[First]) {
    for alternative in alternatives {
        alternative.first =
            first_of_items(alternative.items.iter().map(|(_, item)| item), rules).set;
        for (_, item) in &mut alternative.items {
            fill_in_item(item, rules);
        }
    }
}

/// What may follow a match of a rule that starts with itself; everything, where that is not so simple.
fn continuations(id: usize, rule: &Rule, rules: &[First]) -> TokSet {
    let mut set = 0;
    let mut is_direct = false;
    for alternative in &rule.alternatives {
        if alternative.invalid {
            return TokSet::MAX;
        }
        if let Some((_, Item::Rule(first))) = alternative.items.first()
            && usize::from(*first) == id
        {
            is_direct = true;
            let rest = alternative.items[1..].iter().map(|(_, item)| item);
            set |= first_of_items(rest, rules).set;
        }
    }
    if is_direct { set } else { TokSet::MAX }
}

/// A rule that mostly hands on what another one gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    pub inner: RuleId,
    /// It does not where the source goes on with one of these.
    pub unless_next: TokSet,
    /// Nor where it starts with one of these.
    pub unless_first: TokSet,
    /// How much deeper the other rule is tried.
    pub levels: u32,
}

/// How a rule hands on another one, if it does.
fn pass(id: usize, rule: &Rule, rules: &[Rule], firsts: &[First]) -> Option<Pass> {
    let inner = match &rule.alternatives.last()?.items[..] {
        [(_, Item::Rule(inner))] => *inner,
        _ => return None,
    };
    let mut pass = Pass {
        inner,
        unless_next: 0,
        unless_first: 0,
        levels: if rule.left_recursive { 2 } else { 1 },
    };
    for alternative in &rule.alternatives {
        if alternative.invalid || !matches!(alternative.action, Action::Default | Action::Node(_)) {
            return None;
        }
        let items = || alternative.items.iter().map(|(_, item)| item);
        match alternative.items.first()? {
            (_, Item::Rule(_)) if alternative.items.len() == 1 => {
                // What makes something of the value does not hand it on.
                if !matches!(alternative.action, Action::Default) {
                    return None;
                }
            }
            (_, Item::Rule(first)) if *first == inner || usize::from(*first) == id => {
                pass.unless_next |= first_of_items(items().skip(1), firsts).set;
            }
            _ => pass.unless_first |= first_of_items(items(), firsts).set,
        }
    }
    let is_single = |alternative: &&Alternative| alternative.items.len() == 1;
    let singles = rule.alternatives.iter().filter(is_single).count();
    let is_remembered = |rule: &Rule| rule.memo || rule.left_recursive;
    let can_be_asked_again = pass.unless_next == 0 || is_remembered(&rules[usize::from(inner)]);
    let is_plain = !rule.without_invalid && pass.unless_next != TokSet::MAX;
    (singles == 1 && can_be_asked_again && is_plain).then_some(pass)
}

/// Works out the sets of all rules and alternatives.
pub fn find_first_sets(rules: &mut [Rule]) {
    let mut firsts = vec![First::default(); rules.len()];
    loop {
        let next: Vec<First> = rules
            .iter()
            .map(|rule| first_of_any(&rule.alternatives, &firsts))
            .collect();
        if next == firsts {
            break;
        }
        firsts = next;
    }
    let passes: Vec<Option<Pass>> = rules
        .iter()
        .enumerate()
        .map(|(id, rule)| pass(id, rule, rules, &firsts))
        .collect();
    for (id, rule) in rules.iter_mut().enumerate() {
        rule.pass = passes[id];
        rule.first = firsts[id].set;
        rule.continuations = continuations(id, rule, &firsts);
        fill_in(&mut rule.alternatives, &firsts);
    }
}
