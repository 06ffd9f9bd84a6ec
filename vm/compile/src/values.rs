//! Arithmetic on constants, as far as the optimiser folds it; `None` wherever Python would raise.

use std::hash::Hasher;
use std::rc::Rc;

use twinheap_syntax::ast::{Constant, Operator, UnaryOp};
use twinheap_syntax::int::Int;

use crate::code::{FastHasher, FastMap};

const MAX_INT_SIZE: u64 = 128;
const MAX_COLLECTION_SIZE: i64 = 256;
const MAX_STR_SIZE: i64 = 4096;
const MAX_TOTAL_ITEMS: i64 = 1024;

pub fn is_true(value: &Constant) -> bool {
    match value {
        Constant::None | Constant::False => false,
        Constant::True | Constant::Ellipsis => true,
        Constant::Int(value) => !value.is_zero(),
        Constant::Float(value) => *value != 0.0,
        Constant::Complex(real, imag) => *real != 0.0 || *imag != 0.0,
        Constant::Str(text) | Constant::Bytes(text) => !text.is_empty(),
        Constant::Tuple(items) | Constant::FrozenSet(items) => !items.is_empty(),
    }
}

fn bool_value(value: bool) -> Constant {
    if value {
        Constant::True
    } else {
        Constant::False
    }
}

/// An integer or a boolean.
fn as_int(value: &Constant) -> Option<Int> {
    match value {
        Constant::Int(value) => Some(value.clone()),
        Constant::True => Some(Int::Small(1)),
        Constant::False => Some(Int::Small(0)),
        _ => None,
    }
}

fn as_float(value: &Constant) -> Option<f64> {
    match value {
        Constant::Float(value) => Some(*value),
        _ => as_int(value)?.to_f64(),
    }
}

fn as_complex(value: &Constant) -> Option<(f64, f64)> {
    match value {
        Constant::Complex(real, imag) => Some((*real, *imag)),
        _ => Some((as_float(value)?, 0.0)),
    }
}

/// Python's `==` between constants.
pub fn equal(a: &Constant, b: &Constant) -> bool {
    if let (Some(a), Some(b)) = (as_int(a), as_int(b)) {
        return a == b;
    }
    let is_number = |x: &Constant| {
        matches!(x, Constant::Float(_) | Constant::Complex(..)) || as_int(x).is_some()
    };
    if is_number(a) && is_number(b) {
        return match (as_complex(a), as_complex(b)) {
            (Some(x), Some(y)) => x == y && exact(a, x.0) && exact(b, y.0),
            _ => false,
        };
    }
    match (a, b) {
        (Constant::Tuple(a), Constant::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Constant::FrozenSet(a), Constant::FrozenSet(b)) => {
            a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| equal(x, y)))
        }
        _ => crate::code::same_constant(a, b),
    }
}

/// A number that is the same for constants that are equal.
fn equality_hash(value: &Constant) -> u64 {
    let mut state = FastHasher::default();
    match value {
        Constant::Str(text) | Constant::Bytes(text) => state.write(text),
        Constant::Tuple(items) => items
            .iter()
            .for_each(|item| state.write_u64(equality_hash(item))),
        Constant::FrozenSet(items) => state.write_usize(items.len()),
        Constant::None | Constant::Ellipsis => {}
        _ => {
            // Zeros of either sign are one key.
            let real = as_complex(value).map_or(0.0, |(real, _)| real + 0.0);
            state.write_u64(real.to_bits());
        }
    }
    state.finish()
}

/// The members of a set display: of equal ones the first.
pub fn unique(items: &[Constant]) -> Vec<Constant> {
    let mut known: FastMap<u64, Vec<usize>> = FastMap::default();
    let mut unique: Vec<Constant> = Vec::with_capacity(items.len());
    for item in items {
        let places = known.entry(equality_hash(item)).or_default();
        if !places.iter().any(|at| equal(&unique[*at], item)) {
            places.push(unique.len());
            unique.push(item.clone());
        }
    }
    unique
}

/// Whether a big integer became a float without rounding.
fn exact(value: &Constant, float: f64) -> bool {
    match value {
        Constant::Int(value) if value.bit_length() > 53 => {
            let back = float.to_bits();
            let exponent = (back >> 52 & 0x7ff) as i64 - 1075;
            let mantissa = Int::Small((back & 0xf_ffff_ffff_ffff | 0x10_0000_0000_0000) as i64);
            let magnitude = mantissa.shl(exponent.unsigned_abs());
            let truth = if value.is_negative() {
                value.neg()
            } else {
                value.clone()
            };
            exponent >= 0 && magnitude == truth
        }
        _ => true,
    }
}

pub fn unary(op: UnaryOp, value: &Constant) -> Option<Constant> {
    if op == UnaryOp::Not {
        return Some(bool_value(!is_true(value)));
    }
    match (op, value) {
        (UnaryOp::UAdd, Constant::Float(_) | Constant::Complex(..)) => Some(value.clone()),
        (UnaryOp::USub, Constant::Float(value)) => Some(Constant::Float(-value)),
        (UnaryOp::USub, Constant::Complex(real, imag)) => Some(Constant::Complex(-real, -imag)),
        _ => {
            let value = as_int(value)?;
            Some(Constant::Int(match op {
                UnaryOp::Invert => value.invert(),
                UnaryOp::USub => value.neg(),
                _ => value,
            }))
        }
    }
}

pub fn binary(op: Operator, left: &Constant, right: &Constant) -> Option<Constant> {
    match op {
        Operator::Mod if matches!(left, Constant::Str(_) | Constant::Bytes(_)) => return None,
        Operator::Mult => {
            if let Some(result) = repeat(left, right) {
                return result;
            }
        }
        Operator::Add => {
            if let Some(result) = concatenate(left, right) {
                return Some(result);
            }
        }
        _ => {}
    }
    if let (Some(a), Some(b)) = (as_int(left), as_int(right)) {
        let both_bool = !matches!(left, Constant::Int(_)) && !matches!(right, Constant::Int(_));
        return int_binary(op, &a, &b, both_bool);
    }
    if matches!(left, Constant::Complex(..)) || matches!(right, Constant::Complex(..)) {
        let (a, b) = (as_complex(left)?, as_complex(right)?);
        return complex_binary(op, a, b).map(|(real, imag)| Constant::Complex(real, imag));
    }
    float_binary(op, as_float(left)?, as_float(right)?)
}

fn concatenate(left: &Constant, right: &Constant) -> Option<Constant> {
    let join = |a: &[u8], b: &[u8]| -> Rc<[u8]> { Rc::from([a, b].concat()) };
    Some(match (left, right) {
        (Constant::Str(a), Constant::Str(b)) => Constant::Str(join_text(a, b)),
        (Constant::Bytes(a), Constant::Bytes(b)) => Constant::Bytes(join(a, b)),
        (Constant::Tuple(a), Constant::Tuple(b)) => {
            Constant::Tuple(a.iter().chain(b.iter()).cloned().collect())
        }
        _ => return None,
    })
}

fn join_text(a: &[u8], b: &[u8]) -> Rc<[u8]> {
    Rc::from([a, b].concat())
}

fn text_len(text: &[u8]) -> i64 {
    text.iter().filter(|c| **c & 0xc0 != 0x80).count() as i64
}

fn check_complexity(value: &Constant, mut limit: i64) -> i64 {
    if let Constant::Tuple(items) | Constant::FrozenSet(items) = value {
        limit -= items.len() as i64;
        for item in items.iter() {
            if limit < 0 {
                break;
            }
            limit = check_complexity(item, limit);
        }
    }
    limit
}

/// A sequence times a number; the outer `None` says that neither side is a sequence.
fn repeat(left: &Constant, right: &Constant) -> Option<Option<Constant>> {
    let is_sequence = |x: &Constant| {
        matches!(
            x,
            Constant::Str(_) | Constant::Bytes(_) | Constant::Tuple(_)
        )
    };
    let (sequence, count) = if is_sequence(left) {
        (left, right)
    } else {
        (right, left)
    };
    if !is_sequence(sequence) {
        return None;
    }
    let Some(count) = as_int(count) else {
        return Some(None);
    };
    let (size, limit) = match sequence {
        Constant::Str(text) => (text_len(text), MAX_STR_SIZE),
        Constant::Bytes(bytes) => (bytes.len() as i64, MAX_STR_SIZE),
        Constant::Tuple(items) => (items.len() as i64, MAX_COLLECTION_SIZE),
        _ => return Some(None),
    };
    if size == 0 {
        return Some(if count.to_i64().is_some() {
            Some(sequence.clone())
        } else {
            None
        });
    }
    let Some(count) = count
        .to_i64()
        .filter(|count| (0..=limit / size).contains(count))
    else {
        return Some(None);
    };
    Some(match sequence {
        Constant::Str(text) => Some(Constant::Str(Rc::from(text.repeat(count as usize)))),
        Constant::Bytes(bytes) => Some(Constant::Bytes(Rc::from(bytes.repeat(count as usize)))),
        Constant::Tuple(items) => {
            if count > 0 && check_complexity(sequence, MAX_TOTAL_ITEMS / count) < 0 {
                return Some(None);
            }
            Some(Constant::Tuple(
                (0..count).flat_map(|_| items.iter().cloned()).collect(),
            ))
        }
        _ => None,
    })
}

fn int_binary(op: Operator, a: &Int, b: &Int, both_bool: bool) -> Option<Constant> {
    let bitwise = |operation: fn(u32, u32) -> u32| {
        let value = a.bitwise(b, operation);
        if both_bool {
            bool_value(!value.is_zero())
        } else {
            Constant::Int(value)
        }
    };
    Some(Constant::Int(match op {
        Operator::Add => a.add(b),
        Operator::Sub => a.sub(b),
        Operator::Mult => {
            if !a.is_zero() && !b.is_zero() && a.bit_length() + b.bit_length() > MAX_INT_SIZE {
                return None;
            }
            a.mul(b)
        }
        Operator::FloorDiv => a.divmod(b)?.0,
        Operator::Mod => a.divmod(b)?.1,
        Operator::Div => return a.true_divide(b).map(Constant::Float),
        Operator::Pow => return int_power(a, b),
        Operator::LShift => {
            let bits = u64::try_from(b.to_i64()?).ok()?;
            if !a.is_zero()
                && bits != 0
                && (bits > MAX_INT_SIZE || a.bit_length() > MAX_INT_SIZE - bits)
            {
                return None;
            }
            if a.is_zero() {
                Int::Small(0)
            } else {
                a.shl(bits)
            }
        }
        Operator::RShift => {
            if b.is_negative() {
                return None;
            }
            match b.to_i64() {
                Some(bits) => a.shr(bits as u64),
                None if a.is_negative() => Int::Small(-1),
                None => Int::Small(0),
            }
        }
        Operator::BitOr => return Some(bitwise(|x, y| x | y)),
        Operator::BitXor => return Some(bitwise(|x, y| x ^ y)),
        Operator::BitAnd => return Some(bitwise(|x, y| x & y)),
        Operator::MatMult => return None,
    }))
}

fn int_power(a: &Int, b: &Int) -> Option<Constant> {
    if b.is_negative() {
        return float_power(a.to_f64()?, b.to_f64()?);
    }
    if !a.is_zero() && !b.is_zero() {
        let exponent = u64::try_from(b.to_i64()?).ok()?;
        if a.bit_length() > MAX_INT_SIZE / exponent {
            return None;
        }
    }
    Some(Constant::Int(match b.to_i64() {
        Some(exponent) => a.pow(exponent as u64),
        None => Int::Small(0),
    }))
}

/// Floor division and remainder of floats.
fn float_divmod(a: f64, b: f64) -> Option<(f64, f64)> {
    if b == 0.0 {
        return None;
    }
    let mut remainder = a % b;
    let mut quotient = (a - remainder) / b;
    if remainder != 0.0 {
        if (b < 0.0) != (remainder < 0.0) {
            remainder += b;
            quotient -= 1.0;
        }
    } else {
        remainder = 0.0_f64.copysign(b);
    }
    let floor = if quotient != 0.0 {
        let floor = quotient.floor();
        if quotient - floor > 0.5 {
            floor + 1.0
        } else {
            floor
        }
    } else {
        0.0_f64.copysign(a / b)
    };
    Some((floor, remainder))
}

fn float_binary(op: Operator, a: f64, b: f64) -> Option<Constant> {
    Some(Constant::Float(match op {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult => a * b,
        Operator::Div if b != 0.0 => a / b,
        Operator::FloorDiv => float_divmod(a, b)?.0,
        Operator::Mod => float_divmod(a, b)?.1,
        Operator::Pow => return float_power(a, b),
        _ => return None,
    }))
}

fn float_power(a: f64, b: f64) -> Option<Constant> {
    if b == 0.0 {
        return Some(Constant::Float(1.0));
    }
    if a.is_nan() {
        return Some(Constant::Float(a));
    }
    if b.is_nan() {
        return Some(Constant::Float(if a == 1.0 { 1.0 } else { b }));
    }
    if a == 0.0 && b < 0.0 {
        return None;
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b != b.floor() {
        let (real, imag) = complex_power((a, 0.0), (b, 0.0))?;
        return Some(Constant::Complex(real, imag));
    }
    let value = a.powf(b);
    if value.is_infinite() && a.is_finite() && b.is_finite() {
        None
    } else {
        Some(Constant::Float(value))
    }
}

fn complex_multiply(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn complex_divide(a: (f64, f64), b: (f64, f64)) -> Option<(f64, f64)> {
    let (abs_real, abs_imag) = (b.0.abs(), b.1.abs());
    if abs_real >= abs_imag {
        if abs_real == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        return Some((
            (a.0 + a.1 * ratio) / denominator,
            (a.1 - a.0 * ratio) / denominator,
        ));
    }
    if abs_imag >= abs_real {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        return Some((
            (a.0 * ratio + a.1) / denominator,
            (a.1 * ratio - a.0) / denominator,
        ));
    }
    Some((f64::NAN, f64::NAN))
}

fn complex_power(a: (f64, f64), b: (f64, f64)) -> Option<(f64, f64)> {
    let result = if b.1 == 0.0 && b.0 == b.0.floor() && b.0.abs() <= 100.0 {
        complex_int_power(a, b.0 as i64)?
    } else if b.0 == 0.0 && b.1 == 0.0 {
        (1.0, 0.0)
    } else if a.0 == 0.0 && a.1 == 0.0 {
        if b.1 != 0.0 || b.0 < 0.0 {
            return None;
        }
        (0.0, 0.0)
    } else {
        let absolute = a.0.hypot(a.1);
        let mut length = absolute.powf(b.0);
        let angle = a.1.atan2(a.0);
        let mut phase = angle * b.0;
        if b.1 != 0.0 {
            length /= (angle * b.1).exp();
            phase += b.1 * absolute.ln();
        }
        (length * phase.cos(), length * phase.sin())
    };
    if result.0.is_infinite() || result.1.is_infinite() {
        None
    } else {
        Some(result)
    }
}

fn complex_int_power(a: (f64, f64), exponent: i64) -> Option<(f64, f64)> {
    let mut result = (1.0, 0.0);
    let mut base = a;
    let magnitude = exponent.unsigned_abs();
    let mut mask = 1;
    while mask <= magnitude {
        if magnitude & mask != 0 {
            result = complex_multiply(result, base);
        }
        mask <<= 1;
        base = complex_multiply(base, base);
    }
    if exponent > 0 {
        Some(result)
    } else {
        complex_divide((1.0, 0.0), result)
    }
}

fn complex_binary(op: Operator, a: (f64, f64), b: (f64, f64)) -> Option<(f64, f64)> {
    match op {
        Operator::Add => Some((a.0 + b.0, a.1 + b.1)),
        Operator::Sub => Some((a.0 - b.0, a.1 - b.1)),
        Operator::Mult => Some(complex_multiply(a, b)),
        Operator::Div => complex_divide(a, b),
        Operator::Pow => complex_power(a, b),
        _ => None,
    }
}

/// `value[index]`.
pub fn subscript(value: &Constant, index: &Constant) -> Option<Constant> {
    let index = as_int(index)?.to_i64()?;
    let place = |len: usize| {
        let index = if index < 0 { index + len as i64 } else { index };
        usize::try_from(index).ok().filter(|index| *index < len)
    };
    match value {
        Constant::Tuple(items) => Some(items[place(items.len())?].clone()),
        Constant::Bytes(bytes) => Some(Constant::Int(Int::Small(i64::from(
            bytes[place(bytes.len())?],
        )))),
        Constant::Str(text) => {
            let starts: Vec<usize> = (0..text.len())
                .filter(|at| text[*at] & 0xc0 != 0x80)
                .collect();
            let at = place(starts.len())?;
            let end = starts.get(at + 1).copied().unwrap_or(text.len());
            Some(Constant::Str(Rc::from(&text[starts[at]..end])))
        }
        _ => None,
    }
}
