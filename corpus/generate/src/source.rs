//! Mutation of real programs: any Python file's syntax tree is spliced, swapped, doubled and perturbed.

use std::ops::Range;
use std::rc::Rc;

use twinheap_syntax::{Flags, Mode, parse_str};

use crate::draws;
use crate::harvest::{Harvest, Place, Read, Reading, Shape, Surroundings};
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

/// Names that a source reads and never binds, and that are no built-in ones; None where it does not parse.
pub fn unbound_names(source: &str) -> Option<Vec<String>> {
    let harvest = harvest(source)?;
    let mut names: Vec<String> = harvest
        .reads
        .iter()
        .filter(|read| {
            !is_builtin(&read.name) && !harvest.binds.iter().any(|bind| bind.name == read.name)
        })
        .map(|read| read.name.to_string())
        .collect();
    names.sort_unstable();
    names.dedup();
    Some(names)
}

fn harvest(text: &str) -> Option<Harvest> {
    let tree = parse_str(text, Mode::Exec, &Flags::default()).ok()?;
    Some(Harvest::of(&tree.module, &tree.names, text))
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

    /// Whether a statement binds something that later ones may need.
    fn binds(place: &Place) -> bool {
        !place.binds.is_empty()
    }

    /// A name without which others fail is only taken away now and then.
    fn delete_statement(&self, random: &mut Random) -> Option<String> {
        let place = self.place(random)?;
        if place.fixed || (Self::binds(place) && !random.chance(1, 12)) {
            return None;
        }
        if place.alone {
            return Some(self.replaced(place.range.clone(), &format!("{}pass\n", spaces(place))));
        }
        Some(self.replaced(place.range.clone(), ""))
    }

    fn duplicate_statement(&self, random: &mut Random) -> Option<String> {
        let place = self.place(random)?;
        if place.fixed {
            return None;
        }
        let copy = self.text[place.range.clone()].to_owned();
        let copy = guarded(random, &copy, place.indent);
        Some(self.replaced(place.range.end..place.range.end, &copy))
    }

    fn swap_statements(&self, random: &mut Random) -> Option<String> {
        let first = self.place(random)?;
        let mut same = self.harvest.statements.iter();
        let second =
            same.find(|other| other.body == first.body && other.range.start >= first.range.end)?;
        let needed = self.harvest.reads[second.reads.clone()]
            .iter()
            .any(|read| self.is_bound_by(first, &read.name));
        if first.fixed || second.fixed || (needed && !random.chance(1, 12)) {
            return None;
        }
        let between = &self.text[first.range.end..second.range.start];
        let swapped = [
            &self.text[second.range.clone()],
            between,
            &self.text[first.range.clone()],
        ];
        Some(self.replaced(first.range.start..second.range.end, &swapped.concat()))
    }

    fn is_bound_by(&self, place: &Place, name: &str) -> bool {
        self.harvest.binds[place.binds.clone()]
            .iter()
            .any(|bind| &*bind.name == name)
    }

    /// A statement of this file or another, put before a statement here; names that mean nothing here become
    /// names that do.
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
        if given.fixed || target.fixed || !target.offers.allow(given.needs) {
            return None;
        }
        let own = &harvest.binds[given.binds.clone()];
        let known = self.harvest.known(target.scope, target.range.start);
        // What it binds anew may be of another type than later statements expect.
        if own.iter().any(|bind| known.contains(&bind.name)) && !random.chance(1, 6) {
            return None;
        }
        let mut known_here = known.clone();
        known_here.extend(own.iter().map(|bind| Rc::clone(&bind.name)));
        let reads = &harvest.reads[given.reads.clone()];
        let fitted = fitted(random, text, &given.range, reads, &known, &known_here)?;
        let moved = reindented(&fitted, given.indent, target.indent);
        let moved = guarded(random, &moved, target.indent);
        Some(self.replaced(target.range.start..target.range.start, &moved))
    }

    fn wrap_statement(&self, random: &mut Random) -> Option<String> {
        let place = self.place(random)?;
        if place.fixed {
            return None;
        }
        let indent = spaces(place);
        let inner = reindented(
            &self.text[place.range.clone()],
            place.indent,
            place.indent + 4,
        );
        let wrapped = match random.below(5) {
            0 => format!(
                "{indent}if {}:\n{inner}",
                random.pick(&["True", "not None", "1", "[0]", "'x'"])
            ),
            1 => format!("{indent}for _ in range({}):\n{inner}", 1 + random.below(3)),
            2 => format!("{indent}try:\n{inner}{indent}finally:\n{indent}    pass\n"),
            3 => caught(&inner, place.indent),
            _ => format!("{indent}if 0:\n{indent}    pass\n{indent}else:\n{inner}"),
        };
        Some(self.replaced(place.range.clone(), &wrapped))
    }

    fn expression(&self, random: &mut Random) -> Option<&Reading> {
        let all = &self.harvest.expressions;
        (!all.is_empty()).then(|| &all[random.below(all.len())])
    }

    /// The text with something else in a range; what may fail now is mostly caught around its statement.
    fn changed(&self, random: &mut Random, range: Range<usize>, replacement: &str) -> String {
        let around = self.harvest.statements.iter().filter(|place| {
            place.range.start <= range.start && range.end <= place.range.end && !place.fixed
        });
        let Some(place) = around.min_by_key(|place| place.range.len()) else {
            return self.replaced(range, replacement);
        };
        let statement = [
            &self.text[place.range.start..range.start],
            replacement,
            &self.text[range.end..place.range.end],
        ]
        .concat();
        let statement = guarded(random, &statement, place.indent);
        self.replaced(place.range.clone(), &statement)
    }

    /// Another expression of the same shape, whose names mean something here.
    fn replace_expression(&self, random: &mut Random) -> Option<String> {
        let target = self.expression(random)?;
        let (text, harvest) = match self.other {
            Some(other) if random.chance(1, 2) => other,
            _ => (self.text, self.harvest),
        };
        let any = random.chance(1, 10);
        let alike: Vec<&Reading> = harvest
            .expressions
            .iter()
            .filter(|given| {
                (any || given.shape == target.shape) && given.needs == Surroundings::default()
            })
            .collect();
        if alike.is_empty() || (target.shape == Shape::Unknown && random.chance(1, 2)) {
            return None;
        }
        let given = random.pick(&alike);
        let known = self.harvest.known(target.scope, target.range.start);
        let reads = &harvest.reads[given.reads.clone()];
        let fitted = fitted(random, text, &given.range, reads, &known, &known)?;
        Some(self.changed(random, target.range.clone(), &format!("({fitted})")))
    }

    fn swap_expressions(&self, random: &mut Random) -> Option<String> {
        let one = self.expression(random)?;
        let two = self.expression(random)?;
        if one.shape != two.shape || one.scope != two.scope {
            return None;
        }
        let (first, second) = if one.range.start <= two.range.start {
            (&one.range, &two.range)
        } else {
            (&two.range, &one.range)
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
        Some(self.changed(random, first.start..second.end, &swapped))
    }

    fn perturb_constant(&self, random: &mut Random) -> Option<String> {
        let all = &self.harvest.constants;
        if all.is_empty() {
            return None;
        }
        let (range, constant) = &all[random.below(all.len())];
        let changed = constant.neighbour(random).source();
        Some(self.changed(random, range.clone(), &format!("({changed})")))
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
        if target.needs != Surroundings::default() {
            return None;
        }
        let text = &self.text[target.range.clone()];
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
        Some(self.changed(random, target.range.clone(), &changed))
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
        Some(self.changed(random, range.clone(), &gap.replacen(old, new, 1)))
    }
}

/// A statement that what it raises does not end the program with, mostly.
fn guarded(random: &mut Random, statement: &str, indent: usize) -> String {
    if random.chance(1, 10) || statement.contains("\"\"\"") || statement.contains("'''") {
        return statement.to_owned();
    }
    caught(&reindented(statement, indent, indent + 4), indent)
}

/// Lines in a block that catches what they raise.
fn caught(inner: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    format!(
        "{indent}try:\n{inner}{indent}except Exception as caught:\n{indent}    print(type(caught).__name__)\n"
    )
}

/// A piece of text whose names all mean something at its new place: those that do not become known ones, each
/// the same everywhere. None where there is nothing that they could become.
fn fitted(
    random: &mut Random,
    text: &str,
    range: &Range<usize>,
    reads: &[Read],
    known: &[Rc<str>],
    known_here: &[Rc<str>],
) -> Option<String> {
    let mut out = String::with_capacity(range.len());
    let mut at = range.start;
    let mut renamed: Vec<(Rc<str>, Rc<str>)> = Vec::new();
    let mut sorted: Vec<&Read> = reads.iter().collect();
    sorted.sort_by_key(|read| read.range.start);
    for read in sorted {
        if is_builtin(&read.name) || known_here.contains(&read.name) {
            continue;
        }
        if read.range.start < at || read.range.end > range.end || known.is_empty() {
            return None;
        }
        let new = match renamed.iter().find(|(old, _)| *old == read.name) {
            Some((_, new)) => Rc::clone(new),
            None => {
                let new = Rc::clone(&known[random.below(known.len())]);
                renamed.push((Rc::clone(&read.name), Rc::clone(&new)));
                new
            }
        };
        out.push_str(&text[at..read.range.start]);
        out.push_str(&new);
        at = read.range.end;
    }
    out.push_str(&text[at..range.end]);
    Some(out)
}

/// Names that mean something everywhere.
pub fn is_builtin(name: &str) -> bool {
    const NAMES: [&str; 72] = [
        "abs",
        "all",
        "any",
        "ascii",
        "bin",
        "bool",
        "bytearray",
        "bytes",
        "callable",
        "chr",
        "classmethod",
        "complex",
        "delattr",
        "dict",
        "dir",
        "divmod",
        "enumerate",
        "eval",
        "exec",
        "filter",
        "float",
        "format",
        "frozenset",
        "getattr",
        "globals",
        "hasattr",
        "hash",
        "hex",
        "int",
        "isinstance",
        "issubclass",
        "iter",
        "len",
        "list",
        "locals",
        "map",
        "max",
        "memoryview",
        "min",
        "next",
        "object",
        "oct",
        "ord",
        "pow",
        "print",
        "property",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "setattr",
        "slice",
        "sorted",
        "staticmethod",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "vars",
        "zip",
        "None",
        "True",
        "False",
        "Ellipsis",
        "NotImplemented",
        "__name__",
        "__debug__",
        "aiter",
        "anext",
        "compile",
    ];
    NAMES.contains(&name)
        || name.ends_with("Error")
        || name.ends_with("Exception")
        || name.ends_with("Warning")
        || [
            "StopIteration",
            "StopAsyncIteration",
            "GeneratorExit",
            "ExceptionGroup",
        ]
        .contains(&name)
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
