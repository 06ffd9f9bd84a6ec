//! The functions of a complex number, by C99's Annex G: branch cuts, signed zeros, and no overflow on the way to a
//! result that does not overflow.

use super::special::{self, look_up};
use super::{Outcome, Trouble};
use std::f64::consts::{E, LN_2, LN_10, PI};
use twinheap_abi::Py_complex;

unsafe extern "C" {
    #[link_name = "asinh"]
    safe fn m_asinh(x: f64) -> f64;
}

/// Above this, sums of squares would overflow.
const LARGE: f64 = f64::MAX / 4.0;
/// Its logarithm.
const LOG_LARGE: f64 = 708.396_418_532_264_1;
/// The power of two that takes a subnormal number to a normal one.
const SCALE_UP: i32 = 53;
const SCALE_DOWN: i32 = -27;

const fn complex(real: f64, imag: f64) -> Py_complex {
    Py_complex { real, imag }
}

fn is_large(z: Py_complex) -> bool {
    z.real.abs() > LARGE || z.imag.abs() > LARGE
}

fn is_finite(z: Py_complex) -> bool {
    z.real.is_finite() && z.imag.is_finite()
}

fn scaled(x: f64, power: i32) -> f64 {
    x * 2f64.powi(power)
}

/// The logarithm of the absolute value of a large number.
fn log_of_large(z: Py_complex) -> f64 {
    (z.real / 2.0).hypot(z.imag / 2.0).ln() + LN_2 * 2.0
}

/// `f(i z)`, turned back: what a circular function is to its hyperbolic one.
fn through_i(z: Py_complex, function: fn(Py_complex) -> Outcome) -> Outcome {
    let turned = function(complex(-z.imag, z.real))?;
    Ok(complex(turned.imag, -turned.real))
}

fn root(z: Py_complex) -> Py_complex {
    sqrt(z).unwrap_or(z)
}

pub fn acos(z: Py_complex) -> Outcome {
    if !is_finite(z)
        && let Some(known) = look_up(&special::ACOS, z)
    {
        return known;
    }
    if is_large(z) {
        let size = log_of_large(z);
        let imag = if z.real < 0.0 {
            -size.copysign(z.imag)
        } else {
            size.copysign(-z.imag)
        };
        return Ok(complex(z.imag.abs().atan2(z.real), imag));
    }
    let below = root(complex(1.0 - z.real, -z.imag));
    let above = root(complex(1.0 + z.real, z.imag));
    Ok(complex(
        2.0 * below.real.atan2(above.real),
        m_asinh(above.real * below.imag - above.imag * below.real),
    ))
}

pub fn acosh(z: Py_complex) -> Outcome {
    if !is_finite(z)
        && let Some(known) = look_up(&special::ACOSH, z)
    {
        return known;
    }
    if is_large(z) {
        return Ok(complex(log_of_large(z), z.imag.atan2(z.real)));
    }
    let below = root(complex(z.real - 1.0, z.imag));
    let above = root(complex(z.real + 1.0, z.imag));
    Ok(complex(
        m_asinh(below.real * above.real + below.imag * above.imag),
        2.0 * below.imag.atan2(above.real),
    ))
}

pub fn asin(z: Py_complex) -> Outcome {
    through_i(z, asinh)
}

pub fn asinh(z: Py_complex) -> Outcome {
    if !is_finite(z)
        && let Some(known) = look_up(&special::ASINH, z)
    {
        return known;
    }
    if is_large(z) {
        let size = log_of_large(z);
        let real = if z.imag >= 0.0 {
            size.copysign(z.real)
        } else {
            -size.copysign(-z.real)
        };
        return Ok(complex(real, z.imag.atan2(z.real.abs())));
    }
    let above = root(complex(1.0 + z.imag, -z.real));
    let below = root(complex(1.0 - z.imag, z.real));
    Ok(complex(
        m_asinh(above.real * below.imag - below.real * above.imag),
        z.imag
            .atan2(above.real * below.real - above.imag * below.imag),
    ))
}

pub fn atan(z: Py_complex) -> Outcome {
    through_i(z, atanh)
}

pub fn atanh(z: Py_complex) -> Outcome {
    if !is_finite(z)
        && let Some(known) = look_up(&special::ATANH, z)
    {
        return known;
    }
    if z.real < 0.0 {
        let mirrored = atanh(complex(-z.real, -z.imag))?;
        return Ok(complex(-mirrored.real, -mirrored.imag));
    }
    let height = z.imag.abs();
    if z.real > LARGE.sqrt() || height > LARGE.sqrt() {
        let size = (z.real / 2.0).hypot(z.imag / 2.0);
        let imag = -(PI / 2.0).copysign(-z.imag);
        return Ok(complex(z.real / 4.0 / size / size, imag));
    }
    if z.real == 1.0 && height < f64::MIN_POSITIVE.sqrt() {
        if height == 0.0 {
            return Err(Trouble::Domain);
        }
        let real = -(height.sqrt() / height.hypot(2.0).sqrt()).ln();
        let imag = (2f64.atan2(-height) / 2.0).copysign(z.imag);
        return Ok(complex(real, imag));
    }
    let gap = 1.0 - z.real;
    let square = height * height;
    Ok(complex(
        (4.0 * z.real / (gap * gap + square)).ln_1p() / 4.0,
        -(-2.0 * z.imag).atan2(gap * (1.0 + z.real) - square) / 2.0,
    ))
}

pub fn cos(z: Py_complex) -> Outcome {
    cosh(complex(-z.imag, z.real))
}

/// A result that has become infinite although its argument is not.
fn checked(z: Py_complex) -> Outcome {
    if z.real.is_infinite() || z.imag.is_infinite() {
        Err(Trouble::Range)
    } else {
        Ok(z)
    }
}

pub fn cosh(z: Py_complex) -> Outcome {
    let (cosine, sine) = (z.imag.cos(), z.imag.sin());
    if !is_finite(z) {
        return look_up(&special::COSH, z).unwrap_or_else(|| {
            let imag = f64::INFINITY.copysign(sine);
            let imag = if z.real > 0.0 { imag } else { -imag };
            Ok(complex(f64::INFINITY.copysign(cosine), imag))
        });
    }
    if z.real.abs() > LOG_LARGE {
        let nearer = z.real - 1f64.copysign(z.real);
        return checked(complex(
            cosine * nearer.cosh() * E,
            sine * nearer.sinh() * E,
        ));
    }
    checked(complex(cosine * z.real.cosh(), sine * z.real.sinh()))
}

pub fn exp(z: Py_complex) -> Outcome {
    let (cosine, sine) = (z.imag.cos(), z.imag.sin());
    if !is_finite(z) {
        return look_up(&special::EXP, z).unwrap_or_else(|| {
            let size = if z.real > 0.0 { f64::INFINITY } else { 0.0 };
            Ok(complex(size.copysign(cosine), size.copysign(sine)))
        });
    }
    if z.real > LOG_LARGE {
        let size = (z.real - 1.0).exp();
        return checked(complex(size * cosine * E, size * sine * E));
    }
    let size = z.real.exp();
    checked(complex(size * cosine, size * sine))
}

pub fn log(z: Py_complex) -> Outcome {
    if !is_finite(z)
        && let Some(known) = look_up(&special::LOG, z)
    {
        return known;
    }
    let (width, height) = (z.real.abs(), z.imag.abs());
    let real = if width > LARGE || height > LARGE {
        (width / 2.0).hypot(height / 2.0).ln() + LN_2
    } else if width < f64::MIN_POSITIVE && height < f64::MIN_POSITIVE {
        if width == 0.0 && height == 0.0 {
            return Err(Trouble::Domain);
        }
        scaled(width, 53).hypot(scaled(height, 53)).ln() - 53.0 * LN_2
    } else {
        let size = width.hypot(height);
        if (0.71..=1.73).contains(&size) {
            let (most, least) = (width.max(height), width.min(height));
            ((most - 1.0) * (most + 1.0) + least * least).ln_1p() / 2.0
        } else {
            size.ln()
        }
    };
    Ok(complex(real, z.imag.atan2(z.real)))
}

pub fn log10(z: Py_complex) -> Outcome {
    let natural = log(z)?;
    Ok(complex(natural.real / LN_10, natural.imag / LN_10))
}

pub fn sin(z: Py_complex) -> Outcome {
    through_i(z, sinh)
}

pub fn sinh(z: Py_complex) -> Outcome {
    let (cosine, sine) = (z.imag.cos(), z.imag.sin());
    if !is_finite(z) {
        return look_up(&special::SINH, z).unwrap_or_else(|| {
            let real = f64::INFINITY.copysign(cosine);
            let real = if z.real > 0.0 { real } else { -real };
            Ok(complex(real, f64::INFINITY.copysign(sine)))
        });
    }
    if z.real.abs() > LOG_LARGE {
        let nearer = z.real - 1f64.copysign(z.real);
        return checked(complex(
            cosine * nearer.sinh() * E,
            sine * nearer.cosh() * E,
        ));
    }
    checked(complex(cosine * z.real.sinh(), sine * z.real.cosh()))
}

pub fn sqrt(z: Py_complex) -> Outcome {
    if !is_finite(z)
        && let Some(known) = look_up(&special::SQRT, z)
    {
        return known;
    }
    if z.real == 0.0 && z.imag == 0.0 {
        return Ok(complex(0.0, z.imag));
    }
    let (width, height) = (z.real.abs(), z.imag.abs());
    let big = if width < f64::MIN_POSITIVE && height < f64::MIN_POSITIVE {
        let width = scaled(width, SCALE_UP);
        scaled(
            (width + width.hypot(scaled(height, SCALE_UP))).sqrt(),
            SCALE_DOWN,
        )
    } else {
        let width = width / 8.0;
        2.0 * (width + width.hypot(height / 8.0)).sqrt()
    };
    let small = height / (2.0 * big);
    Ok(if z.real >= 0.0 {
        complex(big, small.copysign(z.imag))
    } else {
        complex(small, big.copysign(z.imag))
    })
}

pub fn tan(z: Py_complex) -> Outcome {
    through_i(z, tanh)
}

pub fn tanh(z: Py_complex) -> Outcome {
    let turn = z.imag.sin() * z.imag.cos();
    if !is_finite(z) {
        return look_up(&special::TANH, z).unwrap_or_else(|| {
            let imag = 0f64.copysign(2.0 * z.imag.sin() * z.imag.cos());
            Ok(complex(1f64.copysign(z.real), imag))
        });
    }
    if z.real.abs() > LOG_LARGE {
        let imag = 4.0 * turn * (-2.0 * z.real.abs()).exp();
        return Ok(complex(1f64.copysign(z.real), imag));
    }
    let (along, across) = (z.real.tanh(), z.imag.tan());
    let narrow = 1.0 / z.real.cosh();
    let both = along * across;
    let below = 1.0 + both * both;
    Ok(complex(
        along * (1.0 + across * across) / below,
        across / below * narrow * narrow,
    ))
}

/// The angle of a number.
pub fn phase(z: Py_complex) -> f64 {
    z.imag.atan2(z.real)
}

/// Whether C's library complains of an angle that is too small to be told.
pub fn phase_underflows(z: Py_complex) -> bool {
    z.imag != 0.0 && z.real.is_finite() && phase(z) == 0.0
}
