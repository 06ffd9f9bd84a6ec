//! Integers of any size for literals and constant folding: sign and 32-bit limbs, least significant first.

use std::cmp::Ordering;
use std::rc::Rc;

/// An integer: a machine word where it fits, limbs otherwise; the form is canonical.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Int {
    Small(i64),
    Big(Rc<Big>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Big {
    pub negative: bool,
    pub limbs: Vec<u32>,
}

fn trim(limbs: &mut Vec<u32>) {
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
}

fn compare_limbs(a: &[u32], b: &[u32]) -> Ordering {
    a.len()
        .cmp(&b.len())
        .then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

fn add_limbs(a: &[u32], b: &[u32]) -> Vec<u32> {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut sum = Vec::with_capacity(long.len() + 1);
    let mut carry = 0_u64;
    for (index, limb) in long.iter().enumerate() {
        carry += u64::from(*limb) + u64::from(short.get(index).copied().unwrap_or(0));
        sum.push(carry as u32);
        carry >>= 32;
    }
    sum.push(carry as u32);
    trim(&mut sum);
    sum
}

/// `a - b`, where `a` is not the smaller one.
fn sub_limbs(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut difference = Vec::with_capacity(a.len());
    let mut borrow = 0_i64;
    for (index, limb) in a.iter().enumerate() {
        let value = i64::from(*limb) - i64::from(b.get(index).copied().unwrap_or(0)) + borrow;
        difference.push(value as u32);
        borrow = value >> 32;
    }
    trim(&mut difference);
    difference
}

fn mul_limbs(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut product = vec![0_u32; a.len() + b.len()];
    for (i, x) in a.iter().enumerate() {
        let mut carry = 0_u64;
        for (j, y) in b.iter().enumerate() {
            carry += u64::from(*x) * u64::from(*y) + u64::from(product[i + j]);
            product[i + j] = carry as u32;
            carry >>= 32;
        }
        product[i + b.len()] = carry as u32;
    }
    trim(&mut product);
    product
}

fn shl_limbs(a: &[u32], bits: u64) -> Vec<u32> {
    let whole = (bits / 32) as usize;
    let part = bits % 32;
    let mut shifted = vec![0_u32; whole];
    let mut carry = 0_u64;
    for limb in a {
        carry |= u64::from(*limb) << part;
        shifted.push(carry as u32);
        carry >>= 32;
    }
    shifted.push(carry as u32);
    trim(&mut shifted);
    shifted
}

fn shr_limbs(a: &[u32], bits: u64) -> Vec<u32> {
    let whole = (bits / 32) as usize;
    let part = bits % 32;
    let mut shifted = Vec::new();
    for index in whole..a.len() {
        let high = u64::from(a.get(index + 1).copied().unwrap_or(0)) << 32;
        shifted.push(((high | u64::from(a[index])) >> part) as u32);
    }
    trim(&mut shifted);
    shifted
}

fn small_divmod(a: &[u32], divisor: u32) -> (Vec<u32>, u32) {
    let mut quotient = vec![0_u32; a.len()];
    let mut remainder = 0_u64;
    for index in (0..a.len()).rev() {
        let value = remainder << 32 | u64::from(a[index]);
        quotient[index] = (value / u64::from(divisor)) as u32;
        remainder = value % u64::from(divisor);
    }
    trim(&mut quotient);
    (quotient, remainder as u32)
}

/// Quotient and remainder of magnitudes, by long division.
fn divmod_limbs(a: &[u32], b: &[u32]) -> (Vec<u32>, Vec<u32>) {
    if compare_limbs(a, b) == Ordering::Less {
        return (Vec::new(), a.to_vec());
    }
    if b.len() == 1 {
        let (quotient, remainder) = small_divmod(a, b[0]);
        let mut limbs = vec![remainder];
        trim(&mut limbs);
        return (quotient, limbs);
    }
    let shift = u64::from(b[b.len() - 1].leading_zeros());
    let divisor = shl_limbs(b, shift);
    let mut rest = shl_limbs(a, shift);
    rest.resize(a.len() + 1, 0);
    let n = divisor.len();
    let top = u64::from(divisor[n - 1]);
    let second = u64::from(divisor[n - 2]);
    let mut quotient = vec![0_u32; rest.len() - n];
    for j in (0..rest.len() - n).rev() {
        let high = u64::from(rest[j + n]) << 32 | u64::from(rest[j + n - 1]);
        let mut guess = high / top;
        let mut left = high % top;
        while guess >> 32 != 0 || guess * second > (left << 32 | u64::from(rest[j + n - 2])) {
            guess -= 1;
            left += top;
            if left >> 32 != 0 {
                break;
            }
        }
        let mut borrow = 0_i64;
        let mut carry = 0_u64;
        for i in 0..n {
            carry += guess * u64::from(divisor[i]);
            let value = i64::from(rest[i + j]) - i64::from(carry as u32) + borrow;
            rest[i + j] = value as u32;
            borrow = value >> 32;
            carry >>= 32;
        }
        let value = i64::from(rest[j + n]) - carry as i64 + borrow;
        rest[j + n] = value as u32;
        if value < 0 {
            guess -= 1;
            let mut carry = 0_u64;
            for i in 0..n {
                carry += u64::from(rest[i + j]) + u64::from(divisor[i]);
                rest[i + j] = carry as u32;
                carry >>= 32;
            }
            rest[j + n] = rest[j + n].wrapping_add(carry as u32);
        }
        quotient[j] = guess as u32;
    }
    trim(&mut quotient);
    trim(&mut rest);
    (quotient, shr_limbs(&rest, shift))
}

impl From<i64> for Int {
    fn from(value: i64) -> Int {
        Int::Small(value)
    }
}

impl Int {
    pub fn from_parts(negative: bool, mut limbs: Vec<u32>) -> Int {
        trim(&mut limbs);
        if limbs.len() <= 2 {
            let magnitude = u64::from(limbs.first().copied().unwrap_or(0))
                | u64::from(limbs.get(1).copied().unwrap_or(0)) << 32;
            if !negative && magnitude <= i64::MAX as u64 {
                return Int::Small(magnitude as i64);
            }
            if negative && magnitude <= 1 << 63 {
                return Int::Small((magnitude as i64).wrapping_neg());
            }
        }
        Int::Big(Rc::new(Big { negative, limbs }))
    }

    /// Sign and magnitude.
    pub fn parts(&self) -> (bool, Vec<u32>) {
        match self {
            Int::Small(value) => {
                let magnitude = value.unsigned_abs();
                let mut limbs = vec![magnitude as u32, (magnitude >> 32) as u32];
                trim(&mut limbs);
                (*value < 0, limbs)
            }
            Int::Big(big) => (big.negative, big.limbs.clone()),
        }
    }

    pub fn is_zero(&self) -> bool {
        matches!(self, Int::Small(0))
    }

    pub fn is_negative(&self) -> bool {
        match self {
            Int::Small(value) => *value < 0,
            Int::Big(big) => big.negative,
        }
    }

    /// The number of bits of the magnitude.
    pub fn bit_length(&self) -> u64 {
        match self {
            Int::Small(value) => 64 - u64::from(value.unsigned_abs().leading_zeros()),
            Int::Big(big) => {
                let top = big.limbs[big.limbs.len() - 1];
                big.limbs.len() as u64 * 32 - u64::from(top.leading_zeros())
            }
        }
    }

    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Int::Small(value) => Some(*value),
            Int::Big(_) => None,
        }
    }

    /// Reads digits of a radix that is a power of two (2, 8 or 16).
    pub fn from_power_of_two_digits(digits: &[u8], bits: u32) -> Int {
        let mut limbs = Vec::with_capacity(digits.len() * bits as usize / 32 + 1);
        let mut buffer = 0_u64;
        let mut filled = 0;
        for digit in digits.iter().rev() {
            let value = (*digit as char).to_digit(1 << bits).unwrap_or(0);
            buffer |= u64::from(value) << filled;
            filled += bits;
            if filled >= 32 {
                limbs.push(buffer as u32);
                buffer >>= 32;
                filled -= 32;
            }
        }
        limbs.push(buffer as u32);
        Int::from_parts(false, limbs)
    }

    pub fn from_decimal_digits(digits: &[u8]) -> Int {
        if digits.len() <= 18 {
            return Int::Small(
                digits
                    .iter()
                    .fold(0, |value, digit| value * 10 + i64::from(digit - b'0')),
            );
        }
        let mut limbs: Vec<u32> = Vec::new();
        for chunk in digits.chunks(9) {
            let scale = 10_u64.pow(chunk.len() as u32);
            let mut carry = chunk
                .iter()
                .fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
            for limb in &mut limbs {
                carry += u64::from(*limb) * scale;
                *limb = carry as u32;
                carry >>= 32;
            }
            if carry != 0 {
                limbs.push(carry as u32);
            }
        }
        Int::from_parts(false, limbs)
    }

    pub fn to_hex(&self) -> String {
        let (negative, limbs) = self.parts();
        let mut text = String::from(if negative { "-0x" } else { "0x" });
        match limbs.split_last() {
            None => text.push('0'),
            Some((top, rest)) => {
                text.push_str(&format!("{top:x}"));
                for limb in rest.iter().rev() {
                    text.push_str(&format!("{limb:08x}"));
                }
            }
        }
        text
    }

    /// The decimal text.
    pub fn to_decimal(&self) -> String {
        let (negative, mut limbs) = self.parts();
        let mut groups = Vec::new();
        while !limbs.is_empty() {
            let (quotient, remainder) = small_divmod(&limbs, 1_000_000_000);
            groups.push(remainder);
            limbs = quotient;
        }
        let mut text = String::from(if negative { "-" } else { "" });
        match groups.split_last() {
            None => text.push('0'),
            Some((top, rest)) => {
                text.push_str(&top.to_string());
                for group in rest.iter().rev() {
                    text.push_str(&format!("{group:09}"));
                }
            }
        }
        text
    }

    pub fn neg(&self) -> Int {
        let (negative, limbs) = self.parts();
        Int::from_parts(!negative, limbs)
    }

    /// `~x`, which is `-x - 1`.
    pub fn invert(&self) -> Int {
        self.neg().sub(&Int::Small(1))
    }

    pub fn add(&self, other: &Int) -> Int {
        if let (Int::Small(a), Int::Small(b)) = (self, other)
            && let Some(sum) = a.checked_add(*b)
        {
            return Int::Small(sum);
        }
        let (a_negative, a) = self.parts();
        let (b_negative, b) = other.parts();
        if a_negative == b_negative {
            return Int::from_parts(a_negative, add_limbs(&a, &b));
        }
        match compare_limbs(&a, &b) {
            Ordering::Less => Int::from_parts(b_negative, sub_limbs(&b, &a)),
            _ => Int::from_parts(a_negative, sub_limbs(&a, &b)),
        }
    }

    pub fn sub(&self, other: &Int) -> Int {
        self.add(&other.neg())
    }

    pub fn mul(&self, other: &Int) -> Int {
        if let (Int::Small(a), Int::Small(b)) = (self, other)
            && let Some(product) = a.checked_mul(*b)
        {
            return Int::Small(product);
        }
        let (a_negative, a) = self.parts();
        let (b_negative, b) = other.parts();
        Int::from_parts(a_negative != b_negative, mul_limbs(&a, &b))
    }

    /// Floor division and its remainder; `None` for a zero divisor.
    pub fn divmod(&self, other: &Int) -> Option<(Int, Int)> {
        if other.is_zero() {
            return None;
        }
        let (a_negative, a) = self.parts();
        let (b_negative, b) = other.parts();
        let (quotient, remainder) = divmod_limbs(&a, &b);
        let quotient = Int::from_parts(a_negative != b_negative, quotient);
        let remainder = Int::from_parts(a_negative, remainder);
        if !remainder.is_zero() && a_negative != b_negative {
            return Some((quotient.sub(&Int::Small(1)), remainder.add(other)));
        }
        Some((quotient, remainder))
    }

    pub fn pow(&self, mut exponent: u64) -> Int {
        let mut base = self.clone();
        let mut result = Int::Small(1);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result.mul(&base);
            }
            exponent >>= 1;
            if exponent > 0 {
                base = base.mul(&base);
            }
        }
        result
    }

    pub fn shl(&self, bits: u64) -> Int {
        let (negative, limbs) = self.parts();
        Int::from_parts(negative, shl_limbs(&limbs, bits))
    }

    /// Arithmetic shift, rounding down.
    pub fn shr(&self, bits: u64) -> Int {
        if self.is_negative() {
            return self.invert().shr(bits).invert();
        }
        let (_, limbs) = self.parts();
        if bits / 32 >= limbs.len() as u64 {
            return Int::Small(0);
        }
        Int::from_parts(false, shr_limbs(&limbs, bits))
    }

    /// Two's complement limbs, `len` of them.
    fn twos(&self, len: usize) -> Vec<u32> {
        let (negative, mut limbs) = self.parts();
        limbs.resize(len, 0);
        if negative {
            let mut carry = true;
            for limb in &mut limbs {
                let (value, overflow) = (!*limb).overflowing_add(u32::from(carry));
                *limb = value;
                carry = overflow;
            }
        }
        limbs
    }

    pub fn bitwise(&self, other: &Int, operation: fn(u32, u32) -> u32) -> Int {
        let len = (self.bit_length().max(other.bit_length()) / 32 + 2) as usize;
        let mut limbs: Vec<u32> = self
            .twos(len)
            .iter()
            .zip(other.twos(len))
            .map(|(a, b)| operation(*a, b))
            .collect();
        let negative = limbs[len - 1] >> 31 == 1;
        if negative {
            let mut carry = true;
            for limb in &mut limbs {
                let (value, overflow) = (!*limb).overflowing_add(u32::from(carry));
                *limb = value;
                carry = overflow;
            }
        }
        Int::from_parts(negative, limbs)
    }

    /// The nearest double, ties to even; `None` when it overflows.
    pub fn to_f64(&self) -> Option<f64> {
        match self {
            Int::Small(value) => Some(*value as f64),
            Int::Big(big) => scaled_to_f64(&big.limbs, false, 0)
                .map(|value| if big.negative { -value } else { value }),
        }
    }

    /// Correctly rounded `self / other`; `None` when the divisor is zero or the result overflows.
    pub fn true_divide(&self, other: &Int) -> Option<f64> {
        if other.is_zero() {
            return None;
        }
        if self.is_zero() {
            return Some(if other.is_negative() { -0.0 } else { 0.0 });
        }
        let (a_negative, a) = self.parts();
        let (b_negative, b) = other.parts();
        let shift = other.bit_length() as i64 - self.bit_length() as i64 + 66;
        let (a, b) = if shift >= 0 {
            (shl_limbs(&a, shift as u64), b)
        } else {
            (a, shl_limbs(&b, shift.unsigned_abs()))
        };
        let (quotient, remainder) = divmod_limbs(&a, &b);
        let value = scaled_to_f64(&quotient, !remainder.is_empty(), -shift)?;
        Some(if a_negative != b_negative {
            -value
        } else {
            value
        })
    }
}

/// `limbs * 2**exponent`, rounded once; `sticky` says that the true value is a little larger.
fn scaled_to_f64(limbs: &[u32], sticky: bool, exponent: i64) -> Option<f64> {
    let bits =
        limbs.len() as i64 * 32 - i64::from(limbs.last().copied().unwrap_or(0).leading_zeros());
    // The value lies in [2**(top-1), 2**top).
    let top = bits + exponent;
    if top > 1024 {
        return None;
    }
    // How many bits the result can hold: fewer below the normal range.
    let keep = if top >= -1021 { 53 } else { 53 - (-1021 - top) };
    if keep < 0 {
        return Some(0.0);
    }
    let drop = bits - keep;
    let (mut mantissa, round_up);
    if drop <= 0 {
        mantissa = limbs_to_u64(&shl_limbs(limbs, drop.unsigned_abs()));
        round_up = false;
    } else {
        mantissa = limbs_to_u64(&shr_limbs(limbs, drop as u64));
        let half = get_bit(limbs, drop as u64 - 1);
        let rest = sticky || (0..drop as u64 - 1).any(|bit| get_bit(limbs, bit));
        round_up = half && (rest || mantissa & 1 == 1);
    }
    if round_up {
        mantissa += 1;
    }
    let scale = exponent + drop;
    let value = multiply_by_power_of_two(mantissa as f64, scale);
    if value.is_infinite() {
        None
    } else {
        Some(value)
    }
}

fn multiply_by_power_of_two(mut value: f64, mut power: i64) -> f64 {
    while power > 1000 {
        value *= 2_f64.powi(1000);
        power -= 1000;
    }
    while power < -1000 {
        value *= 2_f64.powi(-1000);
        power += 1000;
    }
    value * 2_f64.powi(power as i32)
}

fn get_bit(limbs: &[u32], bit: u64) -> bool {
    limbs
        .get((bit / 32) as usize)
        .is_some_and(|limb| limb >> (bit % 32) & 1 == 1)
}

fn limbs_to_u64(limbs: &[u32]) -> u64 {
    u64::from(limbs.first().copied().unwrap_or(0))
        | u64::from(limbs.get(1).copied().unwrap_or(0)) << 32
}
