//! Transitions: how an object's inner shape changed between two lines of a program, and the goals a campaign has.
//!
//! A shape is what the memory of an object says of the mechanism at work, without its values: the kind of a key
//! table and its size, the width of a str, the digits of an int. A transition is a pair of shapes of what one name
//! is bound to, before and after a line. They are read from memory, so they guide a campaign on an interpreter
//! that was not instrumented.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The family of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Family {
    Other = 0,
    Int,
    Str,
    List,
    Dict,
    Set,
    Tuple,
    Bytes,
    Bytearray,
    Float,
    Function,
    Type,
    Instance,
    Generator,
    Exception,
    Unbound,
}

impl Family {
    const ALL: [Family; 16] = [
        Family::Other,
        Family::Int,
        Family::Str,
        Family::List,
        Family::Dict,
        Family::Set,
        Family::Tuple,
        Family::Bytes,
        Family::Bytearray,
        Family::Float,
        Family::Function,
        Family::Type,
        Family::Instance,
        Family::Generator,
        Family::Exception,
        Family::Unbound,
    ];
}

/// The order of the items of a list, as a sort would meet it.
pub const ORDERS: [&str; 6] = [
    "too short",
    "ascending",
    "descending",
    "few runs",
    "many runs",
    "not ints",
];
/// States of a generator.
pub const GENERATOR_STATES: [&str; 4] = ["created", "suspended", "running", "done"];
/// Classes of floats.
pub const FLOAT_CLASSES: [&str; 6] = ["zero", "-zero", "subnormal", "normal", "inf", "nan"];
/// Bounds of the buckets of digit counts; 70 digits is where Karatsuba begins.
pub const DIGIT_BOUNDS: [usize; 10] = [0, 1, 2, 3, 4, 8, 16, 34, 69, 139];
/// Capacities that a list grows through one item at a time.
pub const LIST_CAPACITIES: [usize; 14] = [0, 3, 4, 8, 16, 24, 32, 40, 52, 64, 76, 92, 108, 128];
/// Bounds of the buckets of lengths.
pub const LENGTH_BOUNDS: [usize; 7] = [0, 1, 15, 20, 255, 256, 65_535];

/// The index of the first bound that the value does not exceed, or the number of bounds.
pub fn bucket(value: usize, bounds: &[usize]) -> u16 {
    bounds.partition_point(|bound| *bound < value) as u16
}

/// What memory says of an object's mechanism: four bits of family, twelve of detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shape(u16);

impl Shape {
    pub const UNBOUND: Shape = Shape((Family::Unbound as u16) << 12);

    pub fn new(family: Family, detail: u16) -> Shape {
        Shape((family as u16) << 12 | detail & 0xfff)
    }

    pub fn family(self) -> Family {
        Family::ALL[usize::from(self.0 >> 12)]
    }

    /// Some bits of the detail.
    pub fn bits(self, shift: u32, count: u32) -> u16 {
        self.0 >> shift & ((1 << count) - 1)
    }

    fn flag(self, bit: u32, name: &'static str) -> &'static str {
        if self.bits(bit, 1) != 0 { name } else { "" }
    }

    pub fn int(digits: usize, negative: bool) -> Shape {
        let detail = bucket(digits, &DIGIT_BOUNDS) << 1 | u16::from(negative);
        Shape::new(Family::Int, detail)
    }

    /// `width`: 0 for ASCII, 1, 2 or 3 for one, two or four bytes a character.
    pub fn str(width: u16, interned: u16, length: usize) -> Shape {
        let detail = width | interned.min(3) << 2 | bucket(length, &LENGTH_BOUNDS) << 4;
        Shape::new(Family::Str, detail)
    }

    pub fn list(allocated: usize, length: usize, order: u16) -> Shape {
        let slack = u16::from(length * 2 < allocated);
        let detail = bucket(allocated, &LIST_CAPACITIES) | slack << 4 | order << 5;
        let long = u16::from(length >= 64);
        Shape::new(Family::List, detail | long << 8)
    }

    /// `kind`: 0 general, 1 unicode, 2 split as the key table says, 3 split with values of its own.
    pub fn dict(kind: u16, log2_size: u8, dummies: bool, full: bool) -> Shape {
        let size = u16::from(log2_size.min(31));
        let detail = kind | size << 2 | u16::from(dummies) << 7 | u16::from(full) << 8;
        Shape::new(Family::Dict, detail)
    }

    pub fn set(log2_size: u16, dummies: bool, frozen: bool) -> Shape {
        let detail = log2_size.min(31) | u16::from(dummies) << 5 | u16::from(frozen) << 6;
        Shape::new(Family::Set, detail)
    }

    /// The shape for a reader.
    pub fn name(self) -> String {
        let index = |shift, count, table: &[&'static str]| {
            let at = usize::from(self.bits(shift, count));
            table.get(at).copied().unwrap_or("?")
        };
        let text = match self.family() {
            Family::Int => format!(
                "int {}{}",
                self.flag(0, "-"),
                range_name(self.bits(1, 5), &DIGIT_BOUNDS, "digits")
            ),
            Family::Str => format!(
                "str {} {} {}",
                index(0, 2, &["ascii", "1 byte", "2 bytes", "4 bytes"]),
                index(2, 2, &["", "interned", "immortal", "immortal"]),
                range_name(self.bits(4, 4), &LENGTH_BOUNDS, "long"),
            ),
            Family::List => format!(
                "list {} {} {} {}",
                range_name(self.bits(0, 4), &LIST_CAPACITIES, "allocated"),
                self.flag(4, "slack"),
                index(5, 3, &ORDERS),
                self.flag(8, "from 64 on"),
            ),
            Family::Dict => format!(
                "dict {} 2^{} {} {}",
                index(
                    0,
                    2,
                    &["general", "unicode", "split", "split with own values"]
                ),
                self.bits(2, 5),
                self.flag(7, "dummies"),
                self.flag(8, "full"),
            ),
            Family::Set => format!(
                "{} 2^{} {}",
                if self.bits(6, 1) != 0 {
                    "frozenset"
                } else {
                    "set"
                },
                self.bits(0, 5),
                self.flag(5, "dummies")
            ),
            Family::Tuple => format!(
                "tuple {}",
                range_name(self.bits(0, 4), &LENGTH_BOUNDS, "long")
            ),
            Family::Bytes => format!(
                "bytes {} {}",
                range_name(self.bits(0, 4), &LENGTH_BOUNDS, "long"),
                self.flag(4, "hashed")
            ),
            Family::Bytearray => format!(
                "bytearray {} {} {}",
                range_name(self.bits(0, 4), &LENGTH_BOUNDS, "allocated"),
                self.flag(4, "start moved"),
                self.flag(5, "exported")
            ),
            Family::Float => format!("float {}", index(0, 3, &FLOAT_CLASSES)),
            Family::Function => format!(
                "function {} {} {} {}",
                self.flag(0, "closure"),
                self.flag(1, "defaults"),
                self.flag(2, "kwdefaults"),
                self.flag(3, "dict")
            ),
            Family::Instance => format!(
                "instance {}",
                index(0, 2, &["no dict", "inline values", "own dict"])
            ),
            Family::Generator => format!("generator {}", index(0, 2, &GENERATOR_STATES)),
            Family::Exception => format!(
                "exception {} {} {} {}",
                self.flag(0, "cause"),
                self.flag(1, "context"),
                self.flag(2, "traceback"),
                self.flag(3, "notes")
            ),
            Family::Type => "type".to_owned(),
            Family::Unbound => "unbound".to_owned(),
            Family::Other => "other".to_owned(),
        };
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn range_name(at: u16, bounds: &[usize], unit: &str) -> String {
    let at = usize::from(at);
    match (
        at.checked_sub(1).map(|before| bounds[before]),
        bounds.get(at),
    ) {
        (None, Some(bound)) => format!("{bound} {unit}"),
        (Some(before), Some(bound)) if before + 1 == *bound => format!("{bound} {unit}"),
        (Some(before), Some(bound)) => format!("{}..{bound} {unit}", before + 1),
        (before, None) => format!("over {} {unit}", before.unwrap_or(0)),
    }
}

/// A change of shape, or a pair of neighbouring opcodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Transition(pub u32);

/// Set in pairs of opcodes, where two shapes would have the family `Unbound` first and a detail.
const OPCODES: u32 = 0xffff_0000;

impl Transition {
    pub fn of_shapes(before: Shape, after: Shape) -> Transition {
        Transition(u32::from(before.0) << 16 | u32::from(after.0))
    }

    /// Two instructions that follow each other in a code object.
    pub fn of_opcodes(first: u8, second: u8) -> Transition {
        Transition(OPCODES | u32::from(first) << 8 | u32::from(second))
    }

    /// The shapes before and after, if it is a change of shape.
    pub fn shapes(self) -> Option<(Shape, Shape)> {
        (!self.is_of_opcodes()).then_some((Shape((self.0 >> 16) as u16), Shape(self.0 as u16)))
    }

    pub fn is_of_opcodes(self) -> bool {
        self.0 & OPCODES == OPCODES
    }

    /// The pair of opcodes, if it is one.
    pub fn opcodes(self) -> Option<(u8, u8)> {
        self.is_of_opcodes()
            .then_some(((self.0 >> 8) as u8, self.0 as u8))
    }
}

/// Something that a campaign should make happen.
pub struct Goal {
    pub topic: &'static str,
    pub name: String,
    is_reached: Box<dyn Fn(Shape, Shape) -> bool + Send + Sync>,
}

impl Goal {
    pub fn is_reached_by(&self, transition: Transition) -> bool {
        transition
            .shapes()
            .is_some_and(|(before, after)| (self.is_reached)(before, after))
    }
}

/// The goals that none of these transitions reaches, and how many there are in all.
pub fn unreached(reached: &BTreeSet<Transition>) -> (Vec<Goal>, usize) {
    let goals = goals();
    let all = goals.len();
    let missing = goals
        .into_iter()
        .filter(|goal| !reached.iter().any(|found| goal.is_reached_by(*found)))
        .collect();
    (missing, all)
}

struct Goals(Vec<Goal>);

impl Goals {
    fn add(
        &mut self,
        topic: &'static str,
        name: String,
        is_reached: impl Fn(Shape, Shape) -> bool + Send + Sync + 'static,
    ) {
        self.0.push(Goal {
            topic,
            name,
            is_reached: Box::new(is_reached),
        });
    }
}

/// Every goal: table growth and change of kind, widths of str, phases of lists before a sort, digit counts ...
pub fn goals() -> Vec<Goal> {
    let mut goals = Goals(Vec::new());
    dict_goals(&mut goals);
    set_goals(&mut goals);
    str_goals(&mut goals);
    int_goals(&mut goals);
    list_goals(&mut goals);
    object_goals(&mut goals);
    goals.0
}

fn both(before: Shape, after: Shape, family: Family) -> bool {
    before.family() == family && after.family() == family
}

fn dict_goals(goals: &mut Goals) {
    for (kind, name) in [(0, "general"), (1, "unicode")] {
        for size in 3..10_u16 {
            goals.add(
                "dict",
                format!("{name} table of 2^{size} slots grows"),
                move |before, after| {
                    both(before, after, Family::Dict)
                        && before.bits(0, 2) == kind
                        && before.bits(2, 5) == size
                        && after.bits(2, 5) > size
                },
            );
        }
        goals.add(
            "dict",
            format!("{name} table gets its first dummy"),
            move |before, after| {
                both(before, after, Family::Dict)
                    && after.bits(0, 2) == kind
                    && before.bits(7, 1) < after.bits(7, 1)
            },
        );
        goals.add(
            "dict",
            format!("{name} table loses its dummies"),
            move |before, after| {
                both(before, after, Family::Dict)
                    && before.bits(0, 2) == kind
                    && before.bits(7, 1) > after.bits(7, 1)
            },
        );
        goals.add(
            "dict",
            format!("{name} table becomes full"),
            move |_, after| {
                after.family() == Family::Dict && after.bits(0, 2) == kind && after.bits(8, 1) == 1
            },
        );
        goals.add(
            "dict",
            format!("{name} table shrinks"),
            move |before, after| {
                both(before, after, Family::Dict)
                    && before.bits(0, 2) == kind
                    && before.bits(2, 5) > after.bits(2, 5)
            },
        );
    }
    let changes = [(1, 0), (0, 1), (3, 1), (3, 0)];
    const NAMES: [&str; 4] = ["general", "unicode", "split", "split with own values"];
    for (from, to) in changes {
        goals.add(
            "dict",
            format!("{} becomes {}", NAMES[from], NAMES[to]),
            move |before, after| {
                both(before, after, Family::Dict)
                    && usize::from(before.bits(0, 2)) == from
                    && usize::from(after.bits(0, 2)) == to
            },
        );
    }
    goals.add("dict", "indices two bytes wide".to_owned(), |_, after| {
        after.family() == Family::Dict && (8..16).contains(&after.bits(2, 5))
    });
    goals.add("dict", "indices four bytes wide".to_owned(), |_, after| {
        after.family() == Family::Dict && after.bits(2, 5) >= 16
    });
}

fn set_goals(goals: &mut Goals) {
    for (from, to) in [(3, 5), (5, 7), (7, 9), (9, 11)] {
        goals.add(
            "set",
            format!("table of 2^{from} slots grows to 2^{to}"),
            move |before, after| {
                both(before, after, Family::Set)
                    && before.bits(0, 5) == from
                    && after.bits(0, 5) >= to
            },
        );
    }
    goals.add("set", "first dummy".to_owned(), |before, after| {
        both(before, after, Family::Set) && before.bits(5, 1) < after.bits(5, 1)
    });
    goals.add("set", "dummies go".to_owned(), |before, after| {
        both(before, after, Family::Set) && before.bits(5, 1) > after.bits(5, 1)
    });
    goals.add("set", "table shrinks".to_owned(), |before, after| {
        both(before, after, Family::Set) && before.bits(0, 5) > after.bits(0, 5)
    });
    goals.add(
        "set",
        "a frozenset of more than 8 slots".to_owned(),
        |_, after| after.family() == Family::Set && after.bits(6, 1) == 1 && after.bits(0, 5) > 3,
    );
}

fn str_goals(goals: &mut Goals) {
    const WIDTHS: [&str; 4] = ["ascii", "1 byte", "2 bytes", "4 bytes"];
    for from in 0..4_u16 {
        for to in (0..4_u16).filter(|to| *to != from) {
            goals.add(
                "str",
                format!(
                    "{} becomes {}",
                    WIDTHS[usize::from(from)],
                    WIDTHS[usize::from(to)]
                ),
                move |before, after| {
                    both(before, after, Family::Str)
                        && before.bits(0, 2) == from
                        && after.bits(0, 2) == to
                },
            );
        }
    }
    for (width, name) in (0..4_u16).zip(WIDTHS) {
        goals.add("str", format!("{name} interned"), move |_, after| {
            after.family() == Family::Str && after.bits(0, 2) == width && after.bits(2, 2) != 0
        });
        goals.add("str", format!("{name} longer than 255"), move |_, after| {
            after.family() == Family::Str && after.bits(0, 2) == width && after.bits(4, 4) > 4
        });
    }
    goals.add("str", "interned in place".to_owned(), |before, after| {
        both(before, after, Family::Str) && before.bits(2, 2) < after.bits(2, 2)
    });
}

fn int_goals(goals: &mut Goals) {
    for at in 0..DIGIT_BOUNDS.len() as u16 {
        let name = range_name(at, &DIGIT_BOUNDS, "digits");
        let next = range_name(at + 1, &DIGIT_BOUNDS, "digits");
        goals.add(
            "int",
            format!("{name} become {next} or more"),
            move |before, after| {
                both(before, after, Family::Int) && before.bits(1, 5) == at && after.bits(1, 5) > at
            },
        );
        goals.add(
            "int",
            format!("{next} become {name} or fewer"),
            move |before, after| {
                both(before, after, Family::Int)
                    && before.bits(1, 5) == at + 1
                    && after.bits(1, 5) <= at
            },
        );
    }
    goals.add("int", "sign change".to_owned(), |before, after| {
        both(before, after, Family::Int) && before.bits(0, 1) != after.bits(0, 1)
    });
}

fn list_goals(goals: &mut Goals) {
    for at in 0..LIST_CAPACITIES.len() as u16 {
        let name = range_name(at, &LIST_CAPACITIES, "allocated");
        goals.add("list", format!("{name}: grows"), move |before, after| {
            both(before, after, Family::List) && before.bits(0, 4) == at && after.bits(0, 4) > at
        });
        if at > 0 {
            goals.add("list", format!("{name}: shrinks"), move |before, after| {
                both(before, after, Family::List)
                    && before.bits(0, 4) == at
                    && after.bits(0, 4) < at
            });
        }
    }
    for (order, name) in (1..5_u16).zip(&ORDERS[1..5]) {
        for (long, length) in [(0, "below 64"), (1, "from 64 on")] {
            goals.add(
                "list",
                format!("{name}, {length}: becomes sorted"),
                move |before, after| {
                    both(before, after, Family::List)
                        && before.bits(5, 3) == order
                        && before.bits(8, 1) == long
                        && after.bits(5, 3) == 1
                        && (order != 1 || before == after)
                },
            );
        }
    }
    goals.add("list", "slack appears".to_owned(), |before, after| {
        both(before, after, Family::List) && before.bits(4, 1) < after.bits(4, 1)
    });
}

fn object_goals(goals: &mut Goals) {
    for (class, name) in (0..6_u16).zip(FLOAT_CLASSES) {
        goals.add("float", name.to_owned(), move |_, after| {
            after.family() == Family::Float && after.bits(0, 3) == class
        });
    }
    for (bit, name) in [(0, "cause"), (1, "context"), (2, "traceback"), (3, "notes")] {
        goals.add(
            "exception",
            format!("gains {name}"),
            move |before, after| {
                after.family() == Family::Exception
                    && after.bits(bit, 1) == 1
                    && (before.family() != Family::Exception || before.bits(bit, 1) == 0)
            },
        );
    }
    for (from, to) in [(0_u16, 1_u16), (0, 3), (1, 3)] {
        let name = format!(
            "{} becomes {}",
            GENERATOR_STATES[usize::from(from)],
            GENERATOR_STATES[usize::from(to)]
        );
        goals.add("gen", name, move |before, after| {
            both(before, after, Family::Generator)
                && before.bits(0, 2) == from
                && after.bits(0, 2) == to
        });
    }
    goals.add(
        "class",
        "inline values become a dict".to_owned(),
        |before, after| {
            both(before, after, Family::Instance) && before.bits(0, 2) == 1 && after.bits(0, 2) == 2
        },
    );
    for (bit, name) in [
        (0, "closure"),
        (1, "defaults"),
        (2, "kwdefaults"),
        (3, "dict"),
    ] {
        goals.add("func", format!("has {name}"), move |_, after| {
            after.family() == Family::Function && after.bits(bit, 1) == 1
        });
    }
    goals.add("bytearray", "start moved".to_owned(), |_, after| {
        after.family() == Family::Bytearray && after.bits(4, 1) == 1
    });
    goals.add("bytearray", "exported".to_owned(), |_, after| {
        after.family() == Family::Bytearray && after.bits(5, 1) == 1
    });
    goals.add("bytes", "hash cached".to_owned(), |_, after| {
        after.family() == Family::Bytes && after.bits(4, 1) == 1
    });
    for at in 0..3 {
        let name = range_name(at, &LENGTH_BOUNDS, "long");
        goals.add("tuple", name, move |_, after| {
            after.family() == Family::Tuple && after.bits(0, 4) == at
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: Shape, after: Shape, goal: &str) {
        let transition = Transition::of_shapes(before, after);
        let reached: Vec<String> = goals()
            .iter()
            .filter(|goal| goal.is_reached_by(transition))
            .map(|goal| format!("{}: {}", goal.topic, goal.name))
            .collect();
        assert!(reached.iter().any(|name| name == goal), "{reached:?}");
    }

    #[test]
    fn growth_reaches_its_goal() {
        let (before, after) = (
            Shape::dict(1, 3, false, true),
            Shape::dict(1, 4, false, false),
        );
        check(before, after, "dict: unicode table of 2^3 slots grows");
        check(
            Shape::list(4, 4, 1),
            Shape::list(8, 5, 1),
            "list: 4 allocated: grows",
        );
        check(
            Shape::int(1, false),
            Shape::int(2, true),
            "int: sign change",
        );
        check(
            Shape::str(0, 0, 3),
            Shape::str(3, 0, 3),
            "str: ascii becomes 4 bytes",
        );
    }

    #[test]
    fn names_tell_what_the_bits_say() {
        assert_eq!(
            Shape::dict(1, 3, true, false).name(),
            "dict unicode 2^3 dummies"
        );
        assert_eq!(Shape::int(70, true).name(), "int -70..139 digits");
        assert_eq!(
            Shape::list(4, 1, 1).name(),
            "list 4 allocated slack ascending"
        );
        assert_eq!(Shape::UNBOUND.name(), "unbound");
    }

    #[test]
    fn opcodes_and_shapes_are_told_apart() {
        let pair = Transition::of_opcodes(100, 83);
        assert_eq!((pair.opcodes(), pair.shapes()), (Some((100, 83)), None));
        let change = Transition::of_shapes(Shape::UNBOUND, Shape::int(1, false));
        assert!(change.opcodes().is_none());
    }

    #[test]
    fn what_is_not_reached_is_told() {
        let (missing, all) = unreached(&BTreeSet::new());
        assert_eq!(missing.len(), all);
        assert!(all > 100, "{all}");
    }
}
