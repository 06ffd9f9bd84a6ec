//! A topic's own table, the tables it borrows from and the common one, put together for drawing.

use std::collections::BTreeMap;

use crate::profile::Profile;
use crate::table::{GUARD, Hole, PRELUDE, Rule, STATEMENT, Table};
use crate::topics::{Topic, base};

/// A rule with its weight in this topic.
#[derive(Clone, Copy, Debug)]
pub struct Weighted {
    pub rule: &'static Rule,
    pub weight: u32,
    /// The index of the rule among all rules of the assembly; swarm sets are over it.
    pub id: usize,
    /// How deep expressions must nest below this rule; plain rules have none.
    pub cost: u32,
}

/// Everything that can be drawn for a topic.
#[derive(Debug)]
pub struct Assembly {
    /// Rules by section; sections of a kind hold its expressions.
    pub sections: BTreeMap<&'static str, Vec<Weighted>>,
    pub preludes: BTreeMap<&'static str, &'static Rule>,
    /// Statements that bind variables of a kind.
    pub makers: BTreeMap<&'static str, Vec<Weighted>>,
    pub rules: usize,
}

/// What a topic's own statements weigh, what borrowed ones do, and what common ones do.
const OWN: u32 = 12;
const BORROWED: u32 = 1;
const COMMON: u32 = 3;

impl Assembly {
    pub fn new(topic: Topic) -> Assembly {
        let mut assembly = Assembly {
            sections: BTreeMap::new(),
            preludes: BTreeMap::new(),
            makers: BTreeMap::new(),
            rules: 0,
        };
        let own = topic.table();
        assembly.add(own, OWN, true);
        assembly.add(base(), COMMON, true);
        let mut seen = vec![topic];
        let mut open: Vec<(&'static str, bool)> =
            own.also.iter().map(|name| (*name, true)).collect();
        while let Some((name, direct)) = open.pop() {
            let Some(other) = Topic::parse(name) else {
                panic!(
                    "topics/{}.ops borrows from {name}, which is no topic",
                    topic.name()
                );
            };
            if seen.contains(&other) {
                continue;
            }
            seen.push(other);
            assembly.add(other.table(), BORROWED, direct);
            // What a borrowed table needs must be there, but its neighbours' statements need not be.
            open.extend(other.table().also.iter().map(|name| (*name, false)));
        }
        assembly.reckon_costs();
        assembly
    }

    fn add(&mut self, table: &'static Table, scale: u32, statements: bool) {
        for (section, rules) in &table.sections {
            let is_statement = *section == STATEMENT || section.starts_with("body.");
            for rule in rules {
                let weighted = Weighted {
                    rule,
                    weight: rule.weight * scale,
                    id: self.rules,
                    cost: 0,
                };
                self.rules += 1;
                if *section == PRELUDE {
                    self.preludes.entry(rule.name).or_insert(rule);
                    continue;
                }
                if is_statement {
                    for kind in rule.defines() {
                        self.makers.entry(kind).or_default().push(weighted);
                    }
                    if !statements {
                        continue;
                    }
                }
                self.sections.entry(section).or_default().push(weighted);
            }
        }
    }

    /// Finds the least depth of every kind's expressions, by going over the rules until nothing changes.
    fn reckon_costs(&mut self) {
        let mut costs: BTreeMap<&'static str, u32> = BTreeMap::new();
        loop {
            let mut changed = false;
            for (section, rules) in &mut self.sections {
                for weighted in rules {
                    weighted.cost = cost(weighted.rule, &costs);
                    let least = costs.entry(section).or_insert(u32::MAX);
                    if weighted.cost < *least {
                        *least = weighted.cost;
                        changed = true;
                    }
                }
            }
            if !changed {
                return;
            }
        }
    }

    pub fn section(&self, name: &str) -> &[Weighted] {
        self.sections.get(name).map_or(&[], Vec::as_slice)
    }

    /// Which rules the profile allows, by their index.
    pub fn permitted(&self, profile: &Profile) -> Vec<bool> {
        let mut permitted = vec![true; self.rules];
        if profile.missing().next().is_none() {
            return permitted;
        }
        for weighted in self.sections.values().chain(self.makers.values()).flatten() {
            permitted[weighted.id] = self.allowed(weighted.rule, profile);
        }
        permitted
    }

    /// Whether a subject has what the rule and its preludes need.
    fn allowed(&self, rule: &Rule, profile: &Profile) -> bool {
        let mut allowed = rule.needs.iter().all(|feature| profile.allows(feature));
        rule.holes(&mut |hole| {
            if let Hole::Prelude(name) = hole {
                let prelude = self.preludes.get(name);
                allowed &= profile.allows(name);
                allowed &= prelude.is_none_or(|rule| self.allowed(rule, profile));
            }
        });
        allowed
    }

    pub fn guards(&self) -> &[Weighted] {
        self.section(GUARD)
    }
}

fn cost(rule: &Rule, costs: &BTreeMap<&'static str, u32>) -> u32 {
    let mut most = 0;
    rule.holes(&mut |hole| match hole {
        Hole::Expression(kind) | Hole::Literal(kind) => {
            let inner = costs.get(kind).copied().unwrap_or(u32::MAX);
            most = most.max(inner.saturating_add(1));
        }
        Hole::Variable(_) => most = most.max(2),
        _ => {}
    });
    most
}
