//! `math` (`Modules/mathmodule.c`).

use crate::prelude::*;
use std::f64::consts::PI;
use twinheap_arith::digits;
use twinheap_objects::exceptions::{PyExc_OverflowError, PyExc_ValueError};
use twinheap_objects::float;

unsafe extern "C" {
    safe fn erf(x: f64) -> f64;
    safe fn erfc(x: f64) -> f64;
    safe fn nextafter(x: f64, y: f64) -> f64;
    safe fn remainder(x: f64, y: f64) -> f64;
    safe fn ldexp(x: f64, exponent: c_int) -> f64;
    safe fn exp2(x: f64) -> f64;
    /// glibc's other name for it: under the plain one this compiler's runtime has a function that
    /// rounds differently.
    #[link_name = "cbrtf64"]
    safe fn cbrt(x: f64) -> f64;
}

fn domain_error() -> errors::Raised {
    value_error("math domain error")
}

fn range_error() -> errors::Raised {
    overflow_error("math range error")
}

/// The result of a function of one number, by the rules of C's annex F.
fn checked(x: f64, result: f64, can_overflow: bool) -> PyResult {
    if result.is_nan() && !x.is_nan() {
        return Err(domain_error());
    }
    if result.is_infinite() && x.is_finite() {
        return Err(if can_overflow {
            range_error()
        } else {
            domain_error()
        });
    }
    float::from_f64(result)
}

macro_rules! functions_of_one {
    ($($name:ident($x:ident, $overflow:literal) $body:expr;)+) => {
        $(fn $name(_: &PyObject, value: &PyObject) -> PyResult {
            let $x = float::as_double(value)?;
            checked($x, $body, $overflow)
        })+
    };
}

functions_of_one! {
    acos(x, false) x.acos();
    acosh(x, false) m_acosh(x);
    asin(x, false) x.asin();
    asinh(x, false) m_asinh(x);
    atan(x, false) x.atan();
    atanh(x, false) m_atanh(x);
    m_cbrt(x, false) cbrt(x);
    cos(x, false) x.cos();
    cosh(x, true) x.cosh();
    m_erf(x, false) erf(x);
    m_erfc(x, false) erfc(x);
    exp(x, true) x.exp();
    m_exp2(x, true) exp2(x);
    expm1(x, true) x.exp_m1();
    fabs(x, false) x.abs();
    log1p(x, false) x.ln_1p();
    sin(x, false) x.sin();
    sinh(x, true) x.sinh();
    sqrt(x, false) x.sqrt();
    tan(x, false) x.tan();
    tanh(x, false) x.tanh();
}

unsafe extern "C" {
    #[link_name = "acosh"]
    safe fn m_acosh(x: f64) -> f64;
    #[link_name = "asinh"]
    safe fn m_asinh(x: f64) -> f64;
    #[link_name = "atanh"]
    safe fn m_atanh(x: f64) -> f64;
}

const LANCZOS_G: f64 = 6.024_680_040_776_73;
const LANCZOS_G_MINUS_HALF: f64 = 5.524_680_040_776_73;
#[expect(
    clippy::excessive_precision,
    reason = "the coefficients as they were computed"
)]
const NUMERATOR: [f64; 13] = [
    23531376880.410759688572007674451636754734846804940,
    42919803642.649098768957899047001988850926355848959,
    35711959237.355668049440185451547166705960488635843,
    17921034426.037209699919755754458931112671403265390,
    6039542586.3520280050642916443072979210699388420708,
    1439720407.3117216736632230727949123939715485786772,
    248874557.86205415651146038641322942321632125127801,
    31426415.585400194380614231628318205362874684987640,
    2876370.6289353724412254090516208496135991145378768,
    186056.26539522349504029498971604569928220784236328,
    8071.6720023658162106380029022722506138218516325024,
    210.82427775157934587250973392071336271166969580291,
    2.5066282746310002701649081771338373386264310793408,
];
const DENOMINATOR: [f64; 13] = [
    0.0,
    39916800.0,
    120543840.0,
    150917976.0,
    105258076.0,
    45995730.0,
    13339535.0,
    2637558.0,
    357423.0,
    32670.0,
    1925.0,
    66.0,
    1.0,
];

fn lanczos_sum(x: f64) -> f64 {
    let (mut above, mut below) = (0.0, 0.0);
    let pairs = NUMERATOR.iter().zip(&DENOMINATOR);
    if x < 5.0 {
        for (n, d) in pairs.rev() {
            above = above * x + n;
            below = below * x + d;
        }
    } else {
        for (n, d) in pairs {
            above = above / x + n;
            below = below / x + d;
        }
    }
    above / below
}

/// `sin(pi * x)`, with care for where it is 0.
fn sinpi(x: f64) -> f64 {
    let y = x.abs() % 2.0;
    let value = match (2.0 * y).round() as i32 {
        0 => (PI * y).sin(),
        1 => (PI * (y - 0.5)).cos(),
        2 => (PI * (1.0 - y)).sin(),
        3 => -(PI * (y - 1.5)).cos(),
        _ => (PI * (y - 2.0)).sin(),
    };
    value * 1f64.copysign(x)
}

fn gamma(_: &PyObject, value: &PyObject) -> PyResult {
    let x = float::as_double(value)?;
    if x.is_nan() || x == f64::INFINITY {
        return float::from_f64(x);
    }
    if x == f64::NEG_INFINITY || x == 0.0 || x == x.floor() && x < 0.0 {
        return Err(domain_error());
    }
    if x == x.floor() && x <= 23.0 {
        return float::from_f64((1..x as u64).map(|n| n as f64).product());
    }
    let result = tgamma(x);
    if result.is_infinite() {
        return Err(range_error());
    }
    float::from_f64(result)
}

fn tgamma(x: f64) -> f64 {
    let size = x.abs();
    if size < 1e-20 {
        return 1.0 / x;
    }
    if size > 200.0 {
        return if x < 0.0 {
            0.0 / sinpi(x)
        } else {
            f64::INFINITY
        };
    }
    let y = size + LANCZOS_G_MINUS_HALF;
    let lost = if size > LANCZOS_G_MINUS_HALF {
        (y - size) - LANCZOS_G_MINUS_HALF
    } else {
        (y - LANCZOS_G_MINUS_HALF) - size
    };
    let z = lost * LANCZOS_G / y;
    if x < 0.0 {
        let mut r = -PI / sinpi(size) / size * y.exp() / lanczos_sum(size);
        r -= z * r;
        if size < 140.0 {
            return r / y.powf(size - 0.5);
        }
        let root = y.powf(size / 2.0 - 0.25);
        return r / root / root;
    }
    let mut r = lanczos_sum(size) / y.exp();
    r += z * r;
    if size < 140.0 {
        return r * y.powf(size - 0.5);
    }
    let root = y.powf(size / 2.0 - 0.25);
    r * root * root
}

fn lgamma(_: &PyObject, value: &PyObject) -> PyResult {
    let x = float::as_double(value)?;
    if x.is_nan() {
        return float::from_f64(x);
    }
    if x.is_infinite() {
        return float::from_f64(f64::INFINITY);
    }
    if x == x.floor() && x <= 2.0 {
        return if x <= 0.0 {
            Err(domain_error())
        } else {
            float::from_f64(0.0)
        };
    }
    let size = x.abs();
    if size < 1e-20 {
        return float::from_f64(-size.ln());
    }
    let mut r = lanczos_sum(size).ln() - LANCZOS_G;
    r += (size - 0.5) * ((size + LANCZOS_G - 0.5).ln() - 1.0);
    if x < 0.0 {
        r = PI.ln() - sinpi(size).abs().ln() - size.ln() - r;
    }
    if r.is_infinite() {
        return Err(range_error());
    }
    float::from_f64(r)
}

fn two(args: &[&PyObject], name: &str) -> PyResult<(f64, f64)> {
    call::check_positional(name, args.len(), 2, 2)?;
    Ok((float::as_double(args[0])?, float::as_double(args[1])?))
}

fn atan2(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (y, x) = two(args, "atan2")?;
    if y.is_nan() || x.is_nan() {
        return float::from_f64(f64::NAN);
    }
    float::from_f64(y.atan2(x))
}

fn copysign(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (x, y) = two(args, "copysign")?;
    float::from_f64(x.copysign(y))
}

fn fmod(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (x, y) = two(args, "fmod")?;
    if y.is_infinite() && x.is_finite() {
        return float::from_f64(x);
    }
    let r = x % y;
    if r.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain_error());
    }
    float::from_f64(r)
}

fn pow(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (x, y) = two(args, "pow")?;
    if x.is_nan() || y.is_nan() {
        return float::from_f64(match (x.is_nan(), y.is_nan()) {
            (true, _) if y == 0.0 => 1.0,
            (true, _) => x,
            _ if x == 1.0 => 1.0,
            _ => y,
        });
    }
    let r = x.powf(y);
    if x.is_finite() && y.is_finite() {
        if r.is_nan() || r.is_infinite() && x == 0.0 {
            return Err(domain_error());
        }
        if r.is_infinite() {
            return Err(range_error());
        }
    }
    float::from_f64(r)
}

fn math_remainder(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (x, y) = two(args, "remainder")?;
    if x.is_nan() || y.is_nan() {
        return float::from_f64(if x.is_nan() { x } else { y });
    }
    let r = remainder(x, y);
    if r.is_nan() {
        return Err(domain_error());
    }
    float::from_f64(r)
}

fn math_nextafter(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (x, y) = two(args, "nextafter")?;
    float::from_f64(nextafter(x, y))
}

fn ulp(_: &PyObject, value: &PyObject) -> PyResult {
    let x = float::as_double(value)?;
    if x.is_nan() {
        return float::from_f64(x);
    }
    let x = x.abs();
    if !x.is_finite() {
        return float::from_f64(x);
    }
    let above = nextafter(x, f64::INFINITY);
    float::from_f64(if above.is_infinite() {
        x - nextafter(x, f64::NEG_INFINITY)
    } else {
        above - x
    })
}

fn degrees(_: &PyObject, value: &PyObject) -> PyResult {
    float::from_f64(float::as_double(value)? * (180.0 / PI))
}

fn radians(_: &PyObject, value: &PyObject) -> PyResult {
    float::from_f64(float::as_double(value)? * (PI / 180.0))
}

fn isfinite(_: &PyObject, value: &PyObject) -> PyResult {
    Ok(bool_object(float::as_double(value)?.is_finite()))
}

fn isnan(_: &PyObject, value: &PyObject) -> PyResult {
    Ok(bool_object(float::as_double(value)?.is_nan()))
}

fn isinf(_: &PyObject, value: &PyObject) -> PyResult {
    Ok(bool_object(float::as_double(value)?.is_infinite()))
}

fn isclose(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "isclose",
        parameters: &["a", "b", "rel_tol", "abs_tol"],
        required: 2,
        positional: 2,
    };
    let [a, b, relative, absolute] = args.bind::<4>(&SIGNATURE)?;
    let (a, b) = (
        float::as_double(a.expect("required"))?,
        float::as_double(b.expect("required"))?,
    );
    let relative = relative.map_or(Ok(1e-9), float::as_double)?;
    let absolute = absolute.map_or(Ok(0.0), float::as_double)?;
    if relative < 0.0 || absolute < 0.0 {
        return Err(value_error("tolerances must be non-negative"));
    }
    if a == b {
        return Ok(bool_object(true));
    }
    if a.is_infinite() || b.is_infinite() {
        return Ok(bool_object(false));
    }
    let apart = (b - a).abs();
    let close = apart <= (relative * b).abs() || apart <= (relative * a).abs() || apart <= absolute;
    Ok(bool_object(close))
}

/// Rounds by a special method, or through a float.
fn rounded(value: &PyObject, method: &PyASCIIObject, round: fn(f64) -> f64) -> PyResult {
    if !value.is_exactly(&float::PyFloat_Type)
        && let Some(answer) = types::call_special(value, method, &[])?
    {
        return Ok(answer);
    }
    long::from_f64(round(float::as_double(value)?))
}

fn ceil(_: &PyObject, value: &PyObject) -> PyResult {
    rounded(value, id!("__ceil__"), f64::ceil)
}

fn floor(_: &PyObject, value: &PyObject) -> PyResult {
    rounded(value, id!("__floor__"), f64::floor)
}

fn trunc(_: &PyObject, value: &PyObject) -> PyResult {
    if value.is_exactly(&float::PyFloat_Type) {
        return long::from_f64(float::as_double(value)?.trunc());
    }
    match types::call_special(value, id!("__trunc__"), &[])? {
        Some(answer) => Ok(answer),
        None => Err(type_error(format_args!(
            "type {} doesn't define __trunc__ method",
            value.type_().name()
        ))),
    }
}

fn frexp_of(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32;
    if exponent == 0 {
        let (mantissa, exponent) = frexp_of(x * 18014398509481984.0);
        return (mantissa, exponent - 54);
    }
    (
        f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52),
        exponent - 1022,
    )
}

fn frexp(_: &PyObject, value: &PyObject) -> PyResult {
    let (mantissa, exponent) = frexp_of(float::as_double(value)?);
    let pair = vec![
        float::from_f64(mantissa)?,
        long::from_isize(exponent as isize)?,
    ];
    Ok(tuple::from_vec(pair)?.upcast())
}

fn math_ldexp(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("ldexp", args.len(), 2, 2)?;
    let x = float::as_double(args[0])?;
    let Some(exponent) = args[1].downcast_ref::<PyLongObject>() else {
        return Err(type_error("Expected an int as second argument to ldexp."));
    };
    let huge = if exponent.ob_base.ob_size.get() < 0 {
        -100_000
    } else {
        100_000
    };
    let exponent = long::to_i64(exponent)
        .unwrap_or(huge)
        .clamp(-100_000, 100_000);
    if x == 0.0 || !x.is_finite() {
        return float::from_f64(x);
    }
    let r = ldexp(x, exponent as c_int);
    if r.is_infinite() {
        return Err(range_error());
    }
    float::from_f64(r)
}

fn modf(_: &PyObject, value: &PyObject) -> PyResult {
    let x = float::as_double(value)?;
    let (fraction, whole) = if x.is_infinite() {
        (0f64.copysign(x), x)
    } else if x.is_nan() {
        (x, x)
    } else {
        ((x - x.trunc()).copysign(x), x.trunc())
    };
    Ok(tuple::from_vec(vec![float::from_f64(fraction)?, float::from_f64(whole)?])?.upcast())
}

/// Adds floats without losing anything on the way.
fn fsum(_: &PyObject, values: &PyObject) -> PyResult {
    let mut partials: Vec<f64> = Vec::new();
    let (mut special, mut infinite) = (0.0, 0.0);
    let iterator = abstract_::get_iter(values)?;
    while let Some(item) = abstract_::next(&iterator)? {
        let given = float::as_double(&item)?;
        let mut x = given;
        let mut kept = 0;
        for index in 0..partials.len() {
            let mut y = partials[index];
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                partials[kept] = low;
                kept += 1;
            }
            x = high;
        }
        partials.truncate(kept);
        if x != 0.0 {
            if !x.is_finite() {
                if given.is_finite() {
                    return Err(overflow_error("intermediate overflow in fsum"));
                }
                if given.is_infinite() {
                    infinite += given;
                }
                special = twinheap_arith::float::add_keeping_second(special, given);
                partials.clear();
            } else {
                partials.push(x);
            }
        }
    }
    if special != 0.0 {
        if infinite.is_nan() {
            return Err(value_error("-inf + inf in fsum"));
        }
        return float::from_f64(special);
    }
    float::from_f64(sum_partials(&mut partials))
}

fn sum_partials(partials: &mut Vec<f64>) -> f64 {
    let Some(mut high) = partials.pop() else {
        return 0.0;
    };
    let mut low = 0.0;
    while let Some(y) = partials.pop() {
        let x = high;
        high = x + y;
        low = y - (high - x);
        if low != 0.0 {
            break;
        }
    }
    // Half-way cases are rounded by what is left.
    if let Some(&next) = partials.last()
        && (low < 0.0 && next < 0.0 || low > 0.0 && next > 0.0)
    {
        let y = low * 2.0;
        let x = high + y;
        if y == x - high {
            high = x;
        }
    }
    high
}

fn vector_norm(values: &[f64]) -> f64 {
    let largest = values
        .iter()
        .fold(0.0f64, |most, value| most.max(value.abs()));
    if values.iter().any(|value| value.is_infinite()) {
        return f64::INFINITY;
    }
    if values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    if largest == 0.0 || values.len() <= 1 {
        return largest;
    }
    let (_, exponent) = frexp_of(largest);
    if exponent < -1023 {
        let scaled: Vec<f64> = values
            .iter()
            .map(|value| value / f64::MIN_POSITIVE)
            .collect();
        return f64::MIN_POSITIVE * vector_norm(&scaled);
    }
    scaled_norm(values, ldexp(1.0, -exponent))
}

/// The norm with sums in several parts, and one correction of the root.
fn scaled_norm(values: &[f64], scale: f64) -> f64 {
    const SPLIT: f64 = 134217729.0;
    let halves = |x: f64| {
        let t = x * SPLIT;
        let high = t - (t - x);
        (high, x - high)
    };
    let (mut sum, mut first, mut second, mut third) = (1.0f64, 0.0, 0.0, 0.0);
    let add = |sum: &mut f64, lost: &mut f64, x: f64| {
        let old = *sum;
        *sum += x;
        *lost += (old - *sum) + x;
    };
    for value in values {
        let (high, low) = halves(value.abs() * scale);
        add(&mut sum, &mut first, high * high);
        add(&mut sum, &mut second, 2.0 * high * low);
        third += low * low;
    }
    let h = (sum - 1.0 + (first + second + third)).sqrt();
    let (high, low) = halves(h);
    add(&mut sum, &mut first, -high * high);
    add(&mut sum, &mut second, -2.0 * high * low);
    add(&mut sum, &mut third, -low * low);
    let x = sum - 1.0 + (first + second + third);
    (h + x / (2.0 * h)) / scale
}

fn hypot(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let values: Vec<f64> = args
        .iter()
        .map(|arg| float::as_double(arg).map(f64::abs))
        .collect::<PyResult<_>>()?;
    float::from_f64(vector_norm(&values))
}

fn dist(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("dist", args.len(), 2, 2)?;
    let (p, q) = (
        tuple::from_iterable(args[0])?,
        tuple::from_iterable(args[1])?,
    );
    let (p, q) = (tuple::items(&p), tuple::items(&q));
    if p.len() != q.len() {
        return Err(value_error(
            "both points must have the same number of dimensions",
        ));
    }
    let mut values = Vec::new();
    for (a, b) in p.iter().zip(q) {
        values.push((float::as_double(a)? - float::as_double(b)?).abs());
    }
    float::from_f64(vector_norm(&values))
}

/// A logarithm of any number, ints of every size included.
fn log_with(value: &PyObject, log: fn(f64) -> f64) -> PyResult<f64> {
    if let Some(number) = value.downcast_ref::<PyLongObject>() {
        if number.ob_base.ob_size.get() <= 0 {
            return Err(domain_error());
        }
        return match long::as_double(number) {
            Ok(x) => Ok(log(x)),
            Err(raised) => {
                if !errors::matches(&PyExc_OverflowError) {
                    return Err(raised);
                }
                errors::discard(raised);
                let (mantissa, exponent) = digits::frexp(long::signed(number));
                Ok(log(mantissa) + log(2.0) * exponent as f64)
            }
        };
    }
    let x = float::as_double(value)?;
    if x <= 0.0 {
        return Err(domain_error());
    }
    Ok(if x.is_finite() { log(x) } else { x })
}

fn log(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let args = tuple::items(args);
    if !matches!(args.len(), 1 | 2) {
        return Err(type_error("math.log requires 1 to 2 arguments"));
    }
    let top = log_with(args[0], f64::ln)?;
    let Some(base) = args.get(1) else {
        return float::from_f64(top);
    };
    let bottom = log_with(base, f64::ln)?;
    if bottom == 0.0 {
        return Err(errors::zero_division_error("float division by zero"));
    }
    float::from_f64(top / bottom)
}

fn log2(_: &PyObject, value: &PyObject) -> PyResult {
    float::from_f64(log_with(value, f64::log2)?)
}

fn log10(_: &PyObject, value: &PyObject) -> PyResult {
    float::from_f64(log_with(value, f64::log10)?)
}

fn gcd_of(a: &PyObject, b: &PyObject) -> PyResult {
    let (mut a, mut b) = (abstract_::absolute(a)?, abstract_::absolute(b)?);
    while object::is_true(&b)? {
        let rest = abstract_::remainder(&a, &b)?;
        a = std::mem::replace(&mut b, rest);
    }
    Ok(a)
}

fn gcd(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let mut result = long::from_isize(0)?;
    for arg in args {
        let arg = long::text::to_exact(abstract_::index(arg)?)?;
        result = gcd_of(&result, &arg)?;
    }
    Ok(result)
}

fn lcm(_: &PyObject, args: &[&PyObject]) -> PyResult {
    if let [single] = args {
        return abstract_::absolute(&*long::text::to_exact(abstract_::index(single)?)?);
    }
    let mut result = long::from_isize(1)?;
    for arg in args {
        let next = long::text::to_exact(abstract_::index(arg)?)?;
        if !object::is_true(&result)? || !object::is_true(&next)? {
            result = long::from_isize(0)?;
            continue;
        }
        let common = gcd_of(&result, &next)?;
        let part = abstract_::floor_divide(&result, &common)?;
        result = abstract_::absolute(&*abstract_::multiply(&part, &next)?)?;
    }
    Ok(result)
}

fn isqrt(_: &PyObject, value: &PyObject) -> PyResult {
    let n = abstract_::index(value)?;
    if n.ob_base.ob_size.get() < 0 {
        return Err(value_error("isqrt() argument must be nonnegative"));
    }
    if n.ob_base.ob_size.get() == 0 {
        return long::from_isize(0);
    }
    let bits = unicode::ssize(&*call::call_method(n.as_object(), id!("bit_length"), &[])?)?;
    let one = long::from_isize(1)?;
    // Newton's method from above.
    let mut guess = abstract_::lshift(&one, &*long::from_isize((bits + 1) / 2)?)?;
    loop {
        let quotient = abstract_::floor_divide(n.as_object(), &guess)?;
        let next = abstract_::rshift(&*abstract_::add(&guess, &quotient)?, &one)?;
        if object::is_true(&*object::rich_compare(&next, &guess, Py_GE)?)? {
            return Ok(guess);
        }
        guess = next;
    }
}

/// The product of a range of ints, halved so that the factors stay alike in size.
fn range_product(from: i64, to: i64) -> PyResult {
    if to - from <= 8 {
        let mut product: Own = long::from_i64(1)?.upcast();
        for n in from..to {
            product = abstract_::multiply(&product, long::from_i64(n)?.as_object())?;
        }
        return Ok(product);
    }
    let middle = from + (to - from) / 2;
    abstract_::multiply(&*range_product(from, middle)?, &*range_product(middle, to)?)
}

fn factorial(_: &PyObject, value: &PyObject) -> PyResult {
    let n = abstract_::index(value)?;
    match long::to_i64(&n) {
        Some(n) if n < 0 => Err(value_error("factorial() not defined for negative values")),
        Some(n) => range_product(1, n + 1),
        None if n.ob_base.ob_size.get() < 0 => {
            Err(value_error("factorial() not defined for negative values"))
        }
        None => Err(overflow_error(format_args!(
            "factorial() argument should not exceed {}",
            i64::MAX
        ))),
    }
}

fn not_negative(value: &PyObject, name: &str) -> PyResult<Own<PyLongObject>> {
    let value = abstract_::index(value)?;
    if value.ob_base.ob_size.get() < 0 {
        return Err(value_error(format_args!(
            "{name} must be a non-negative integer"
        )));
    }
    Ok(value)
}

/// `n * (n - 1) * ...`, with `k` factors.
fn falling(n: &PyLongObject, k: i64) -> PyResult {
    if let Some(n) = long::to_i64(n) {
        return range_product(n - k + 1, n + 1);
    }
    let mut product: Own = long::from_i64(1)?.upcast();
    for step in 0..k {
        let factor = abstract_::subtract(n.as_object(), long::from_i64(step)?.as_object())?;
        product = abstract_::multiply(&product, &factor)?;
    }
    Ok(product)
}

fn perm(this: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("perm", args.len(), 1, 2)?;
    let Some(k) = args.get(1).filter(|k| !k.is_none()) else {
        return factorial(this, args[0]);
    };
    let (n, k) = (not_negative(args[0], "n")?, not_negative(k, "k")?);
    if object::is_true(&*object::rich_compare(n.as_object(), k.as_object(), Py_LT)?)? {
        return long::from_isize(0);
    }
    match long::to_i64(&k) {
        Some(k) => falling(&n, k),
        None => Err(overflow_error(format_args!(
            "k must not exceed {}",
            i64::MAX
        ))),
    }
}

fn comb(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("comb", args.len(), 2, 2)?;
    let (n, k) = (not_negative(args[0], "n")?, not_negative(args[1], "k")?);
    let rest = abstract_::subtract(n.as_object(), k.as_object())?;
    let Some(rest_long) = rest.downcast_ref::<PyLongObject>() else {
        return Err(type_error("an int is required"));
    };
    if rest_long.ob_base.ob_size.get() < 0 {
        return long::from_isize(0);
    }
    let fewer = match (long::to_i64(&k), long::to_i64(rest_long)) {
        (Some(a), Some(b)) => a.min(b),
        (Some(a), None) => a,
        (None, Some(b)) => b,
        (None, None) => {
            return Err(overflow_error(format_args!(
                "min(n - k, k) must not exceed {}",
                i64::MAX
            )));
        }
    };
    abstract_::floor_divide(&*falling(&n, fewer)?, &*range_product(1, fewer + 1)?)
}

fn prod(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "prod",
        parameters: &["", "start"],
        required: 1,
        positional: 1,
    };
    let [values, start] = args.bind::<2>(&SIGNATURE)?;
    let mut result = start.map_or_else(|| long::from_isize(1), |start| Ok(Own::new(start)))?;
    let iterator = abstract_::get_iter(values.expect("required"))?;
    while let Some(item) = abstract_::next(&iterator)? {
        result = abstract_::multiply(&result, &item)?;
    }
    Ok(result)
}

methods! {
    static FUNCTIONS:
    "acos" => o(acos, "($module, x, /)");
    "acosh" => o(acosh, "($module, x, /)");
    "asin" => o(asin, "($module, x, /)");
    "asinh" => o(asinh, "($module, x, /)");
    "atan" => o(atan, "($module, x, /)");
    "atan2" => fast(atan2, "($module, y, x, /)");
    "atanh" => o(atanh, "($module, x, /)");
    "cbrt" => o(m_cbrt, "($module, x, /)");
    "ceil" => o(ceil, "($module, x, /)");
    "copysign" => fast(copysign, "($module, x, y, /)");
    "cos" => o(cos, "($module, x, /)");
    "cosh" => o(cosh, "($module, x, /)");
    "degrees" => o(degrees, "($module, x, /)");
    "dist" => fast(dist, "($module, p, q, /)");
    "erf" => o(m_erf, "($module, x, /)");
    "erfc" => o(m_erfc, "($module, x, /)");
    "exp" => o(exp, "($module, x, /)");
    "exp2" => o(m_exp2, "($module, x, /)");
    "expm1" => o(expm1, "($module, x, /)");
    "fabs" => o(fabs, "($module, x, /)");
    "factorial" => o(factorial, "($module, x, /)");
    "floor" => o(floor, "($module, x, /)");
    "fmod" => fast(fmod, "($module, x, y, /)");
    "frexp" => o(frexp, "($module, x, /)");
    "fsum" => o(fsum, "($module, seq, /)");
    "gamma" => o(gamma, "($module, x, /)");
    "gcd" => fast(gcd);
    "hypot" => fast(hypot);
    "isclose" => keywords(isclose, "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)");
    "isfinite" => o(isfinite, "($module, x, /)");
    "isinf" => o(isinf, "($module, x, /)");
    "isnan" => o(isnan, "($module, x, /)");
    "isqrt" => o(isqrt, "($module, n, /)");
    "lcm" => fast(lcm);
    "ldexp" => fast(math_ldexp, "($module, x, i, /)");
    "lgamma" => o(lgamma, "($module, x, /)");
    "log" => varargs(log);
    "log1p" => o(log1p, "($module, x, /)");
    "log10" => o(log10, "($module, x, /)");
    "log2" => o(log2, "($module, x, /)");
    "modf" => o(modf, "($module, x, /)");
    "pow" => fast(pow, "($module, x, y, /)");
    "radians" => o(radians, "($module, x, /)");
    "remainder" => fast(math_remainder, "($module, x, y, /)");
    "sin" => o(sin, "($module, x, /)");
    "sinh" => o(sinh, "($module, x, /)");
    "sqrt" => o(sqrt, "($module, x, /)");
    "tan" => o(tan, "($module, x, /)");
    "tanh" => o(tanh, "($module, x, /)");
    "trunc" => o(trunc, "($module, x, /)");
    "prod" => keywords(prod, "($module, iterable, /, *, start=1)");
    "perm" => fast(perm, "($module, n, k=None, /)");
    "comb" => fast(comb, "($module, n, k, /)");
    "nextafter" => fast(math_nextafter, "($module, x, y, /)");
    "ulp" => o(ulp, "($module, x, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("math", FUNCTIONS, &[])?;
    let constants = [
        ("pi", PI),
        ("e", std::f64::consts::E),
        ("tau", std::f64::consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ];
    for (name, value) in constants {
        module::add(&made, name, &*float::from_f64(value)?)?;
    }
    let _ = &PyExc_ValueError;
    Ok(made)
}
