//! Doubles as text: the codes `e`, `f`, `g` and `r`, laid out as `PyOS_double_to_string` does.
//!
//! The digits are the correctly rounded ones (or the shortest that read back, for `r`) and come
//! from the formatter of the standard library; the layout (exponent or not, zeros, the point) is
//! decided here.

use std::fmt::Write;

/// Which digits and which layout are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatCode {
    /// An exponent always.
    Exponent,
    /// A fixed number of places.
    Fixed,
    /// A number of significant digits; an exponent when the number is very large or small.
    General,
    /// The shortest digits that read back; an exponent when the number is very large or small.
    Repr,
}

/// The flags of `PyOS_double_to_string`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormatFlags {
    /// Write a plus sign too.
    pub sign: bool,
    /// Write `.0` behind a whole number without exponent.
    pub add_dot_0: bool,
    /// Keep the point and, for `g`, the zeros at the end.
    pub alternate: bool,
    /// Drop the sign of a result that is zero.
    pub no_negative_zero: bool,
    /// Write `INF`, `NAN` and `E`.
    pub upper: bool,
}

/// No double has more decimal places than this, nor more significant digits.
const MOST_PLACES: usize = 1100;

/// Significant digits of a magnitude, and where the point stands relative to their start.
struct Decimal {
    digits: Vec<u8>,
    point: i64,
}

/// What `repr(value)` and `str(value)` give.
pub fn repr(value: f64) -> String {
    double_to_string(
        value,
        FormatCode::Repr,
        0,
        FormatFlags {
            add_dot_0: true,
            ..FormatFlags::default()
        },
    )
}

/// The text of a double.
pub fn double_to_string(
    value: f64,
    code: FormatCode,
    precision: usize,
    flags: FormatFlags,
) -> String {
    let precision = if code == FormatCode::General {
        precision.max(1)
    } else {
        precision
    };
    let precision = if code == FormatCode::Exponent {
        precision + 1
    } else {
        precision
    };
    if !value.is_finite() {
        return non_finite(value, flags);
    }
    let magnitude = value.abs();
    let decimal = match code {
        FormatCode::Exponent | FormatCode::General => significant_digits(magnitude, precision),
        FormatCode::Fixed => fixed_digits(magnitude, precision),
        FormatCode::Repr => shortest_digits(magnitude),
    };
    let is_zero = decimal.digits.is_empty() || decimal.digits == b"0";
    let negative = value.is_sign_negative() && !(flags.no_negative_zero && is_zero);
    let mut out = String::with_capacity(24);
    if negative {
        out.push('-');
    } else if flags.sign {
        out.push('+');
    }
    lay_out(&mut out, &decimal, code, precision as i64, flags);
    out
}

fn non_finite(value: f64, flags: FormatFlags) -> String {
    let mut out = String::new();
    if value == f64::NEG_INFINITY {
        out.push('-');
    } else if flags.sign {
        out.push('+');
    }
    out.push_str(match (value.is_nan(), flags.upper) {
        (true, false) => "nan",
        (true, true) => "NAN",
        (false, false) => "inf",
        (false, true) => "INF",
    });
    out
}

fn split_exponent(text: &str) -> Decimal {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let mut digits: Vec<u8> = mantissa.bytes().filter(|&byte| byte != b'.').collect();
    drop_zeros_at_end(&mut digits);
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let point = if digits.is_empty() { 1 } else { exponent + 1 };
    if digits.is_empty() {
        digits.push(b'0');
    }
    Decimal { digits, point }
}

fn drop_zeros_at_end(digits: &mut Vec<u8>) {
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
}

fn shortest_digits(magnitude: f64) -> Decimal {
    let mut text = ShortText {
        bytes: [0; 40],
        length: 0,
    };
    let written = write!(text, "{magnitude:e}");
    debug_assert!(written.is_ok(), "the shortest digits of a double fit");
    let shortest = split_exponent(str::from_utf8(&text.bytes[..text.length]).unwrap_or("0e0"));
    // Two digit strings of this length may be equally near; the even one is wanted, if it reads back too.
    // With fewer digits only one of them reads back.
    const TIES_FROM: usize = 16;
    let count = shortest.digits.len();
    if count < TIES_FROM || shortest.digits[count - 1].is_multiple_of(2) {
        return shortest;
    }
    let even = format!("{magnitude:.*e}", count - 1);
    if even.parse::<f64>() == Ok(magnitude) {
        return split_exponent(&even);
    }
    shortest
}

/// A text on the stack, long enough for the shortest digits of any double.
struct ShortText {
    bytes: [u8; 40],
    length: usize,
}

impl Write for ShortText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let room = self
            .bytes
            .get_mut(self.length..end)
            .ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

fn significant_digits(magnitude: f64, count: usize) -> Decimal {
    split_exponent(&format!("{magnitude:.*e}", count.min(MOST_PLACES) - 1))
}

fn fixed_digits(magnitude: f64, places: usize) -> Decimal {
    if magnitude == 0.0 {
        return Decimal {
            digits: vec![b'0'],
            point: 1,
        };
    }
    let text = format!("{magnitude:.*}", places.min(MOST_PLACES));
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    let point = whole.len() as i64 - zeros as i64;
    digits.drain(..zeros);
    drop_zeros_at_end(&mut digits);
    let point = if digits.is_empty() {
        -(places as i64)
    } else {
        point
    };
    Decimal { digits, point }
}

fn push_zeros(out: &mut String, count: i64) {
    out.extend(std::iter::repeat_n('0', count.max(0) as usize));
}

fn push_digits(out: &mut String, digits: &[u8]) {
    out.push_str(str::from_utf8(digits).unwrap_or_default());
}

fn lay_out(
    out: &mut String,
    decimal: &Decimal,
    code: FormatCode,
    precision: i64,
    flags: FormatFlags,
) {
    let length = decimal.digits.len() as i64;
    let mut point = decimal.point;
    let most = if flags.add_dot_0 {
        precision - 1
    } else {
        precision
    };
    let (use_exponent, wanted) = match code {
        FormatCode::Exponent => (true, precision),
        FormatCode::Fixed => (false, point + precision),
        FormatCode::General => (
            point <= -4 || point > most,
            if flags.alternate { precision } else { length },
        ),
        FormatCode::Repr => (point <= -4 || point > 16, length),
    };
    let exponent = point - 1;
    if use_exponent {
        point = 1;
    }
    let end = if !use_exponent && flags.add_dot_0 {
        wanted.max(point + 1)
    } else {
        wanted.max(point)
    };
    if point <= 0 {
        out.push_str("0.");
        push_zeros(out, -point);
        push_digits(out, &decimal.digits);
        push_zeros(out, end - length);
    } else if point <= length {
        push_digits(out, &decimal.digits[..point as usize]);
        out.push('.');
        push_digits(out, &decimal.digits[point as usize..]);
        push_zeros(out, end - length);
    } else {
        push_digits(out, &decimal.digits);
        push_zeros(out, point - length);
        out.push('.');
        push_zeros(out, end - point);
    }
    if out.ends_with('.') && !flags.alternate {
        out.pop();
    }
    if use_exponent {
        out.push(if flags.upper { 'E' } else { 'e' });
        out.push(if exponent < 0 { '-' } else { '+' });
        let magnitude = exponent.unsigned_abs();
        if magnitude < 10 {
            out.push('0');
        }
        out.push_str(&magnitude.to_string());
    }
}
