//! Mutation of real programs: any Python file's syntax tree is spliced, swapped, doubled and perturbed.

use std::ops::Range;

use twinheap_syntax::{Flags, Mode, parse_str};

use crate::draws;
use crate::harvest::{Harvest, Place};
use crate::random::Random;
use crate::values::Constant;

/// Files beyond this size are not mutated.
const LONGEST: usize = 400_000;

/// A mutant of a Python file: one to four changes to its syntax tree, some with material from other files. None
/// where the file does not parse, or where no change left it parsing.
pub fn mutate_source(source: &str, others: &[&str], seed: u64) -> Option<String> {
    let mut text = source.replace("\r\n", "\n");
    if text.len() > LONGEST {
        return None;
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let mut random = Random::new(seed);
    let mut harvest = harvest(&text)?;
    let other = if others.is_empty() {
        None
    } else {
        let other = random.pick(others).replace("\r\n", "\n");
        self::harvest(&other).map(|harvest| (other, harvest))
    };
    let wanted = 1 + random.below(4);
    let mut changes = 0;
    for _ in 0..wanted * 6 {
        let change = Change {
            text: &text,
            harvest: &harvest,
            other: other
                .as_ref()
                .map(|(text, harvest)| (text.as_str(), harvest)),
        };
        let Some(mutant) = change.draw(&mut random) else {
            continue;
        };
        if mutant == text {
            continue;
        }
        let Some(next) = self::harvest(&mutant) else {
            continue;
        };
        (text, harvest) = (mutant, next);
        changes += 1;
        if changes == wanted {
            break;
        }
    }
    (changes > 0).then_some(text)
}

fn harvest(text: &str) -> Option<Harvest> {
    let tree = parse_str(text, Mode::Exec, &Flags::default()).ok()?;
    Some(Harvest::of(&tree.module, text))
}

/// What a change is drawn from.
struct Change<'a> {
    text: &'a str,
    harvest: &'a Harvest,
    other: Option<(&'a str, &'a Harvest)>,
}

impl Change<'_> {
    fn draw(&self, random: &mut Random) -> Option<String> {
        match random.below(20) {
            0 | 1 => self.delete_statement(random),
            2 | 3 => self.duplicate_statement(random),
            4 | 5 => self.swap_statements(random),
            6 | 7 => self.splice_statement(random),
            8 => self.wrap_statement(random),
            9..=11 => self.replace_expression(random),
            12 => self.swap_expressions(random),
            13..=15 => self.perturb_constant(random),
            16 | 17 => self.change_type(random),
            _ => self.change_operator(random),
        }
    }

    fn place(&self, random: &mut Random) -> Option<&Place> {
        let places = &self.harvest.statements;
        (!places.is_empty()).then(|| &places[random.below(places.len())])
    }

    fn replaced(&self, range: Range<usize>, replacement: &str) -> String {
        let (before, after) = (&self.text[..range.start], &self.text[range.end..]);
        [before, replacement, after].concat()
    }

    fn delete_statement(&self, random: &mut Random) -> Option<String> {
        let place = self.place(random)?;
        if place.alone {
            return Some(self.replaced(place.range.clone(), &format!("{}pass\n", spaces(place))));
        }
        Some(self.replaced(place.range.clone(), ""))
    }

    fn duplicate_statement(&self, random: &mut Random) -> Option<String> {
        let place = self.place(random)?;
        let copy = &self.text[place.range.clone()];
        Some(self.replaced(place.range.end..place.range.end, copy))
    }

    fn swap_statements(&self, random: &mut Random) -> Option<String> {
        let first = self.place(random)?;
        let mut same = self.harvest.statements.iter();
        let second =
            same.find(|other| other.body == first.body && other.range.start >= first.range.end)?;
        let between = &self.text[first.range.end..second.range.start];
        let swapped = [
            &self.text[second.range.clone()],
            between,
            &self.text[first.range.clone()],
        ];
        Some(self.replaced(first.range.start..second.range.end, &swapped.concat()))
    }

    /// A statement of this file or another, put before a statement here.
    fn splice_statement(&self, random: &mut Random) -> Option<String> {
        let target = self.place(random)?;
        let (text, harvest) = match self.other {
            Some(other) if random.chance(2, 3) => other,
            _ => (self.text, self.harvest),
        };
        if harvest.statements.is_empty() {
            return None;
        }
        let given = &harvest.statements[random.below(harvest.statements.len())];
        let moved = reindented(&text[given.range.clone()], given.indent, target.indent);
        Some(self.replaced(target.range.start..target.range.start, &moved))
    }

    fn wrap_statement(&self, random: &mut Random) -> Option<String> {
        let place = self.place(random)?;
        let indent = spaces(place);
        let inner = reindented(
            &self.text[place.range.clone()],
            place.indent,
            place.indent + 4,
        );
        let wrapped = match random.below(5) {
            0 => format!(
                "{indent}if {}:\n{inner}",
                random.pick(&["True", "not None", "1", "[]", "0"])
            ),
            1 => format!("{indent}for _ in range({}):\n{inner}", random.below(4)),
            2 => format!("{indent}try:\n{inner}{indent}finally:\n{indent}    pass\n"),
            3 => format!(
                "{indent}try:\n{inner}{indent}except Exception as caught:\n{indent}    print(type(caught).__name__)\n"
            ),
            _ => format!("{indent}if 0:\n{indent}    pass\n{indent}else:\n{inner}"),
        };
        Some(self.replaced(place.range.clone(), &wrapped))
    }

    fn expression(&self, random: &mut Random) -> Option<Range<usize>> {
        let all = &self.harvest.expressions;
        (!all.is_empty()).then(|| all[random.below(all.len())].clone())
    }

    fn replace_expression(&self, random: &mut Random) -> Option<String> {
        let target = self.expression(random)?;
        let (text, harvest) = match self.other {
            Some(other) if random.chance(1, 2) => other,
            _ => (self.text, self.harvest),
        };
        if harvest.expressions.is_empty() {
            return None;
        }
        let given = harvest.expressions[random.below(harvest.expressions.len())].clone();
        Some(self.replaced(target, &format!("({})", &text[given])))
    }

    fn swap_expressions(&self, random: &mut Random) -> Option<String> {
        let one = self.expression(random)?;
        let two = self.expression(random)?;
        let (first, second) = if one.start <= two.start {
            (one, two)
        } else {
            (two, one)
        };
        if second.start < first.end {
            return None;
        }
        let swapped = format!(
            "({}){}({})",
            &self.text[second.clone()],
            &self.text[first.end..second.start],
            &self.text[first.clone()]
        );
        Some(self.replaced(first.start..second.end, &swapped))
    }

    fn perturb_constant(&self, random: &mut Random) -> Option<String> {
        let all = &self.harvest.constants;
        if all.is_empty() {
            return None;
        }
        let (range, constant) = &all[random.below(all.len())];
        let changed = constant.neighbour(random).source();
        Some(self.replaced(range.clone(), &format!("({changed})")))
    }

    /// An expression put into something that makes another type of it, or a constant of another type in its place.
    fn change_type(&self, random: &mut Random) -> Option<String> {
        const WRAPPERS: [(&str, &str); 16] = [
            ("str(", ")"),
            ("[", "]"),
            ("(", ",)"),
            ("list(", ")"),
            ("int(", ")"),
            ("{0: ", "}"),
            ("not (", ")"),
            ("-(", ")"),
            ("(", ") or None"),
            ("(lambda: ", ")"),
            ("iter(", ")"),
            ("bytes(", ")"),
            ("float(", ")"),
            ("(", ") == 0"),
            ("tuple(", ")"),
            ("repr(", ")"),
        ];
        let target = self.expression(random)?;
        let text = &self.text[target.clone()];
        let changed = if random.chance(1, 4) {
            let drawn: Constant = match random.below(4) {
                0 => draws::any_int(random),
                1 => draws::any_str(random),
                2 => draws::any_float(random),
                _ => draws::any_bytes(random),
            };
            format!("({})", drawn.source())
        } else {
            let (open, close) = random.pick(&WRAPPERS);
            format!("({open}{text}{close})")
        };
        Some(self.replaced(target, &changed))
    }

    fn change_operator(&self, random: &mut Random) -> Option<String> {
        const BINARY: [&str; 13] = [
            "+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "@",
        ];
        const COMPARING: [&str; 10] = [
            "<", "<=", "==", "!=", ">", ">=", "in", "not in", "is", "is not",
        ];
        let all = &self.harvest.operators;
        if all.is_empty() {
            return None;
        }
        let (range, comparing) = &all[random.below(all.len())];
        let gap = &self.text[range.clone()];
        let old =
            gap.trim_matches(|letter: char| letter.is_whitespace() || "()\\".contains(letter));
        let new = if *comparing {
            random.pick(&COMPARING)
        } else {
            random.pick(&BINARY)
        };
        if old.is_empty() || old.contains('#') {
            return None;
        }
        Some(self.replaced(range.clone(), &gap.replacen(old, new, 1)))
    }
}

fn spaces(place: &Place) -> String {
    " ".repeat(place.indent)
}

/// Lines moved from one depth to another; blank lines stay blank.
fn reindented(text: &str, from: usize, to: usize) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for line in text.split_inclusive('\n') {
        let margin = line.len() - line.trim_start_matches([' ', '\t']).len();
        if line.trim().is_empty() {
            out.push('\n');
        } else {
            out.push_str(&" ".repeat((margin + to).saturating_sub(from)));
            out.push_str(&line[margin..]);
        }
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: &str = "import sys\n\ndef f(a, b=1):\n    if a < b:\n        return [a + 1, 'x']\n    for i in range(3):\n        print(i * 2)\n    return f'{a}'\n\nclass C:\n    x = f(2)\n    y = {'k': (1, 2.5)}\n\nprint(f(1), C.y['k'])\n";
    const OTHER: &str = "try:\n    z = [i for i in (1, 2)]\nexcept KeyError as e:\n    raise\nwhile z:\n    z.pop()\n";

    #[test]
    fn mutants_differ_and_parse() {
        let mut different = std::collections::BTreeSet::new();
        for seed in 0..300 {
            let mutant = mutate_source(PROGRAM, &[OTHER], seed).expect("there is much to change");
            assert_ne!(mutant, PROGRAM);
            assert!(harvest(&mutant).is_some(), "{mutant}");
            different.insert(mutant);
        }
        assert!(different.len() > 250, "{}", different.len());
    }

    #[test]
    fn what_does_not_parse_has_no_mutants() {
        assert_eq!(mutate_source("def (:\n", &[], 1), None);
    }

    #[test]
    fn a_seed_gives_the_same_mutant() {
        let once = mutate_source(PROGRAM, &[OTHER], 7);
        assert_eq!(once, mutate_source(PROGRAM, &[OTHER], 7));
    }
}
