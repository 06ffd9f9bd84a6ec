//! Constants of a program: how they are written down, and what is simpler than they are.

use std::borrow::Cow;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::draws;
use crate::random::Random;

/// An integer `±((1 << shift) + offset)`; a shift of zero stands for the offset alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Int {
    pub negative: bool,
    pub shift: u32,
    pub offset: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Constant {
    None,
    Bool(bool),
    Int(Int),
    /// The 64 bits.
    Float(u64),
    Complex(u64, u64),
    /// Code points, as surrogates may occur.
    Str(Vec<u32>),
    Bytes(Vec<u8>),
    List(Vec<Constant>),
    Tuple(Vec<Constant>),
    Set(Vec<Constant>),
    Dict(Vec<(Constant, Constant)>),
    /// A sequence times a number.
    Repeat(Box<Constant>, u32),
    /// Any other expression, as text.
    Code(Cow<'static, str>),
}

pub fn int(number: i64) -> Constant {
    Constant::Int(Int {
        negative: false,
        shift: 0,
        offset: number,
    })
}

pub fn power(shift: u32, offset: i64, negative: bool) -> Constant {
    Constant::Int(Int {
        negative,
        shift,
        offset,
    })
}

pub fn float(number: f64) -> Constant {
    Constant::Float(number.to_bits())
}

pub fn text(text: &str) -> Constant {
    Constant::Str(text.chars().map(u32::from).collect())
}

impl Int {
    fn write(&self, out: &mut String) {
        let sign = if self.negative { "-" } else { "" };
        if self.shift == 0 {
            let _ = match (self.negative, self.offset < 0) {
                (true, true) => write!(out, "-({})", self.offset),
                _ => write!(out, "{sign}{}", self.offset),
            };
            return;
        }
        if self.shift <= 100 {
            let value = (1_i128 << self.shift) + i128::from(self.offset);
            let _ = write!(out, "{sign}{value}");
            return;
        }
        let _ = match self.offset {
            0 => write!(out, "{sign}(1 << {})", self.shift),
            offset if offset < 0 => write!(out, "{sign}((1 << {}) - {})", self.shift, -offset),
            offset => write!(out, "{sign}((1 << {}) + {offset})", self.shift),
        };
    }

    fn simpler(self) -> Vec<Int> {
        let plain = |offset| Int {
            negative: false,
            shift: 0,
            offset,
        };
        let mut found = vec![plain(0), plain(1)];
        if self.negative {
            found.push(Int {
                negative: false,
                ..self
            });
        }
        if self.shift > 1 {
            found.push(Int {
                shift: self.shift / 2,
                ..self
            });
            found.push(Int {
                shift: self.shift - 1,
                ..self
            });
        }
        if self.offset != 0 {
            found.push(Int {
                offset: self.offset / 2,
                ..self
            });
            found.push(Int {
                offset: self.offset - self.offset.signum(),
                ..self
            });
        }
        found
    }

    fn weight(self) -> u64 {
        let negative = u64::from(self.negative || self.offset < 0);
        u64::from(self.shift) * 100_000_000
            + self.offset.unsigned_abs().min(10_000_000) * 2
            + negative
    }
}

fn write_float(out: &mut String, bits: u64) {
    let number = f64::from_bits(bits);
    let _ = if number.is_nan() {
        write!(out, "float('nan')")
    } else if number.is_infinite() {
        write!(out, "float('{}inf')", if number < 0.0 { "-" } else { "" })
    } else {
        write!(out, "{number:?}")
    };
}

fn write_str(out: &mut String, points: &[u32]) {
    out.push('\'');
    for point in points {
        let _ = match *point {
            0x5c => write!(out, "\\\\"),
            0x27 => write!(out, "\\'"),
            0x0a => write!(out, "\\n"),
            0x20..=0x7e => write!(out, "{}", *point as u8 as char),
            0..=0xff => write!(out, "\\x{point:02x}"),
            0x100..=0xffff => write!(out, "\\u{point:04x}"),
            _ => write!(out, "\\U{point:08x}"),
        };
    }
    out.push('\'');
}

fn write_bytes(out: &mut String, bytes: &[u8]) {
    out.push_str("b'");
    for byte in bytes {
        let _ = match *byte {
            b'\\' => write!(out, "\\\\"),
            b'\'' => write!(out, "\\'"),
            0x20..=0x7e => write!(out, "{}", *byte as char),
            _ => write!(out, "\\x{byte:02x}"),
        };
    }
    out.push('\'');
}

fn write_items(out: &mut String, open: &str, items: &[Constant], close: &str) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        item.write(out);
    }
    out.push_str(close);
}

impl Constant {
    /// The constant as Python source.
    pub fn source(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    pub fn write(&self, out: &mut String) {
        match self {
            Constant::None => out.push_str("None"),
            Constant::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
            Constant::Int(value) => value.write(out),
            Constant::Float(bits) => write_float(out, *bits),
            Constant::Complex(real, imaginary) => {
                out.push_str("complex(");
                write_float(out, *real);
                out.push_str(", ");
                write_float(out, *imaginary);
                out.push(')');
            }
            Constant::Str(points) => write_str(out, points),
            Constant::Bytes(bytes) => write_bytes(out, bytes),
            Constant::List(items) => write_items(out, "[", items, "]"),
            Constant::Tuple(items) if items.len() == 1 => write_items(out, "(", items, ",)"),
            Constant::Tuple(items) => write_items(out, "(", items, ")"),
            Constant::Set(items) if items.is_empty() => out.push_str("set()"),
            Constant::Set(items) => write_items(out, "{", items, "}"),
            Constant::Dict(pairs) => {
                out.push('{');
                for (index, (key, value)) in pairs.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    key.write(out);
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
            Constant::Repeat(inner, times) => {
                inner.write(out);
                let _ = write!(out, " * {times}");
            }
            Constant::Code(text) => out.push_str(text),
        }
    }

    /// A measure that every simpler constant lowers, so that shrinking ends.
    pub fn weight(&self) -> u64 {
        let items = |items: &[Constant]| items.iter().map(|item| 2 + item.weight()).sum::<u64>();
        match self {
            Constant::None => 0,
            Constant::Bool(value) => u64::from(*value),
            Constant::Int(value) => value.weight(),
            Constant::Float(bits) => float_weight(*bits),
            Constant::Complex(real, imaginary) => {
                1 + float_weight(*real) + float_weight(*imaginary)
            }
            Constant::Str(points) => points.iter().map(|point| 2 + point_weight(*point)).sum(),
            Constant::Bytes(bytes) => bytes
                .iter()
                .map(|byte| 2 + u64::from(*byte != b'a') * (1 + u64::from(*byte)))
                .sum(),
            Constant::List(list) | Constant::Tuple(list) | Constant::Set(list) => items(list),
            Constant::Dict(pairs) => pairs
                .iter()
                .map(|(key, value)| 3 + key.weight() + value.weight())
                .sum(),
            Constant::Repeat(inner, times) => 3 + u64::from(*times) * 3 + inner.weight(),
            Constant::Code(text) => 1 << 40 | text.len() as u64,
        }
    }

    /// Simpler constants of the same type, the simplest first.
    pub fn simpler(&self) -> Vec<Constant> {
        let found = match self {
            Constant::None | Constant::Code(_) => Vec::new(),
            Constant::Bool(_) => vec![Constant::Bool(false)],
            Constant::Int(value) => value.simpler().into_iter().map(Constant::Int).collect(),
            Constant::Float(bits) => simpler_floats(*bits)
                .into_iter()
                .map(Constant::Float)
                .collect(),
            Constant::Complex(real, imaginary) => {
                let zero = 0.0_f64.to_bits();
                vec![
                    Constant::Complex(zero, zero),
                    Constant::Complex(*real, zero),
                    Constant::Complex(zero, *imaginary),
                ]
            }
            Constant::Str(points) => shorter(points, u32::from(b'a'))
                .into_iter()
                .map(Constant::Str)
                .collect(),
            Constant::Bytes(bytes) => shorter(bytes, b'a')
                .into_iter()
                .map(Constant::Bytes)
                .collect(),
            Constant::List(items) => nested(items, Constant::List),
            Constant::Tuple(items) => nested(items, Constant::Tuple),
            Constant::Set(items) => nested(items, Constant::Set),
            Constant::Dict(pairs) => simpler_pairs(pairs),
            Constant::Repeat(inner, times) => simpler_repeat(inner, *times),
        };
        let weight = self.weight();
        found
            .into_iter()
            .filter(|simpler| simpler.weight() < weight)
            .collect()
    }
}

impl Constant {
    /// A constant a small step away, for mutation; now and then one of another type.
    pub fn neighbour(&self, random: &mut Random) -> Constant {
        if random.chance(1, 12) {
            return match random.below(5) {
                0 => Constant::None,
                1 => draws::edge_int(random),
                2 => draws::any_str(random),
                3 => draws::any_float(random),
                _ => draws::any_bytes(random),
            };
        }
        match self {
            Constant::Int(_) if random.chance(1, 2) => draws::edge_int(random),
            Constant::Int(value) => Constant::Int(Int {
                offset: value.offset.wrapping_add(random.between(-2, 2)),
                ..*value
            }),
            Constant::Bool(value) => Constant::Bool(!value),
            Constant::Float(_) => draws::any_float(random),
            Constant::Str(points) => Constant::Str(changed(points, random, |random| {
                random.pick(&[0x61, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x20, 0x5c])
            })),
            Constant::Bytes(bytes) => Constant::Bytes(changed(bytes, random, |random| {
                random.pick(&[0, 1, b'a', b'.', b'(', 0x7f, 0x80, 0xff])
            })),
            Constant::List(items) => Constant::List(changed(items, random, draws::any_int)),
            Constant::Tuple(items) => Constant::Tuple(changed(items, random, draws::any_int)),
            Constant::Repeat(inner, times) => {
                let step = random.between(-1, 1) as i32;
                Constant::Repeat(inner.clone(), times.saturating_add_signed(step))
            }
            other => other.clone(),
        }
    }
}

/// A sequence with an item replaced, put in or taken out.
fn changed<T: Clone>(items: &[T], random: &mut Random, item: fn(&mut Random) -> T) -> Vec<T> {
    let mut changed = items.to_vec();
    let at = random.below(items.len() + 1);
    match random.below(3) {
        0 if at < changed.len() => changed[at] = item(random),
        1 if at < changed.len() => {
            changed.remove(at);
        }
        _ => changed.insert(at, item(random)),
    }
    changed
}

fn point_weight(point: u32) -> u64 {
    u64::from(point != u32::from(b'a')) * (1 + u64::from(point))
}

fn float_weight(bits: u64) -> u64 {
    let number = f64::from_bits(bits);
    let sign = u64::from(number.is_sign_negative());
    if number.fract() == 0.0 && number.abs() < 1e6 {
        return number.abs() as u64 * 2 + sign;
    }
    10_000_000 + bits.count_ones() as u64 * 2 + sign
}

fn simpler_floats(bits: u64) -> Vec<u64> {
    let number = f64::from_bits(bits);
    [0.0, 1.0, 0.5, number.trunc(), number.abs()]
        .iter()
        .filter(|simpler| !simpler.is_nan())
        .map(|simpler| simpler.to_bits())
        .collect()
}

/// A sequence's halves, the sequence without one item each, and with one item made plain.
fn shorter<T: Copy + PartialEq>(items: &[T], plain: T) -> Vec<Vec<T>> {
    let mut found = cuts(items);
    if items.len() <= 12 {
        for index in 0..items.len() {
            if items[index] != plain {
                let mut changed = items.to_vec();
                changed[index] = plain;
                found.push(changed);
            }
        }
    } else {
        found.push(vec![plain; items.len()]);
    }
    found
}

fn cuts<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return Vec::new();
    }
    let mut found = vec![Vec::new()];
    if items.len() > 1 {
        let half = items.len() / 2;
        found.push(items[..half].to_vec());
        found.push(items[half..].to_vec());
    }
    if (3..=12).contains(&items.len()) {
        for index in 0..items.len() {
            let mut rest = items.to_vec();
            rest.remove(index);
            found.push(rest);
        }
    } else if items.len() > 12 {
        found.push(items[..items.len() - 1].to_vec());
        found.push(items[1..].to_vec());
    }
    found
}

fn nested(items: &[Constant], wrap: fn(Vec<Constant>) -> Constant) -> Vec<Constant> {
    let mut found = cuts(items);
    for (index, item) in items.iter().enumerate().take(12) {
        for simpler in item.simpler().into_iter().take(2) {
            let mut changed = items.to_vec();
            changed[index] = simpler;
            found.push(changed);
        }
    }
    found.into_iter().map(wrap).collect()
}

fn simpler_pairs(pairs: &[(Constant, Constant)]) -> Vec<Constant> {
    let mut found = cuts(pairs);
    for (index, (key, value)) in pairs.iter().enumerate().take(12) {
        for simpler in key.simpler().into_iter().take(1) {
            let mut changed = pairs.to_vec();
            changed[index].0 = simpler;
            found.push(changed);
        }
        for simpler in value.simpler().into_iter().take(1) {
            let mut changed = pairs.to_vec();
            changed[index].1 = simpler;
            found.push(changed);
        }
    }
    found.into_iter().map(Constant::Dict).collect()
}

fn simpler_repeat(inner: &Constant, times: u32) -> Vec<Constant> {
    let repeat = |inner: Constant, times| Constant::Repeat(Box::new(inner), times);
    let mut found = vec![inner.clone()];
    if times > 1 {
        found.push(repeat(inner.clone(), times / 2));
        found.push(repeat(inner.clone(), times - 1));
    }
    for simpler in inner.simpler().into_iter().take(3) {
        found.push(repeat(simpler, times));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(constant: &Constant, expected: &str) {
        assert_eq!(constant.source(), expected);
    }

    #[test]
    fn constants_are_written_as_python() {
        check(&power(30, -1, true), "-1073741823");
        check(&power(600, 3, false), "((1 << 600) + 3)");
        check(
            &Constant::Str(vec![0x27, 0xd800, 0x1f600]),
            r"'\'\ud800\U0001f600'",
        );
        check(&Constant::Bytes(vec![0, 65, 255]), r"b'\x00A\xff'");
        check(&Constant::Tuple(vec![int(1)]), "(1,)");
        check(&float(f64::INFINITY), "float('inf')");
        check(&float(1e300), "1e300");
    }

    #[test]
    fn simpler_constants_weigh_less() {
        let constant = Constant::List(vec![power(60, 1, true), text("xyz"), float(0.1)]);
        let simpler = constant.simpler();
        assert!(!simpler.is_empty());
        assert!(simpler.iter().all(|one| one.weight() < constant.weight()));
    }
}
