//! `cmath` (`Modules/cmathmodule.c`): functions of complex numbers.

mod functions;
mod special;

use crate::prelude::*;
use std::f64::consts::{E, PI, TAU};

/// Why a function has no value: `errno` of C's functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// `EDOM`.
    Domain,
    /// `ERANGE`.
    Range,
}

/// What a function of a complex number gives.
pub type Outcome = Result<Py_complex, Trouble>;

fn told(trouble: Trouble) -> errors::Raised {
    match trouble {
        Trouble::Domain => value_error("math domain error"),
        Trouble::Range => overflow_error("math range error"),
    }
}

fn apply(function: fn(Py_complex) -> Outcome, value: &PyObject) -> PyResult {
    let z = complex::as_complex(value)?;
    let result = function(z).map_err(told)?;
    complex::new(result.real, result.imag)
}

macro_rules! functions {
    ($($name:ident)+) => {
        $(fn $name(_: &PyObject, value: &PyObject) -> PyResult {
            apply(functions::$name, value)
        })+
    };
}

functions! { acos acosh asin asinh atan atanh cos cosh exp log10 sin sinh sqrt tan tanh }

fn log(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("log", args.len(), 1, 2)?;
    let number = functions::log(complex::as_complex(args[0])?);
    let Some(base) = args.get(1) else {
        let number = number.map_err(told)?;
        return complex::new(number.real, number.imag);
    };
    let base = functions::log(complex::as_complex(base)?);
    let (number, base) = (number.map_err(told)?, base.map_err(told)?);
    if base.real == 0.0 && base.imag == 0.0 {
        return Err(told(Trouble::Domain));
    }
    let number = complex::new(number.real, number.imag)?;
    let base = complex::new(base.real, base.imag)?;
    abstract_::true_divide(&number, &base)
}

fn isclose(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "isclose",
        parameters: &["a", "b", "rel_tol", "abs_tol"],
        required: 2,
        positional: 2,
    };
    let [a, b, relative, absolute] = args.bind::<4>(&SIGNATURE)?;
    let a = complex::as_complex(a.expect("required"))?;
    let b = complex::as_complex(b.expect("required"))?;
    let relative = relative.map_or(Ok(1e-9), float::as_double)?;
    let absolute = absolute.map_or(Ok(0.0), float::as_double)?;
    if relative < 0.0 || absolute < 0.0 {
        return Err(value_error("tolerances must be non-negative"));
    }
    if a.real == b.real && a.imag == b.imag {
        return Ok(bool_object(true));
    }
    if [a.real, a.imag, b.real, b.imag]
        .iter()
        .any(|part| part.is_infinite())
    {
        return Ok(bool_object(false));
    }
    let size = |z: Py_complex| z.real.hypot(z.imag);
    let apart = (a.real - b.real).hypot(a.imag - b.imag);
    let close = apart <= relative * size(b) || apart <= relative * size(a) || apart <= absolute;
    Ok(bool_object(close))
}

fn isfinite(_: &PyObject, value: &PyObject) -> PyResult {
    let z = complex::as_complex(value)?;
    Ok(bool_object(z.real.is_finite() && z.imag.is_finite()))
}

fn isinf(_: &PyObject, value: &PyObject) -> PyResult {
    let z = complex::as_complex(value)?;
    Ok(bool_object(z.real.is_infinite() || z.imag.is_infinite()))
}

fn isnan(_: &PyObject, value: &PyObject) -> PyResult {
    let z = complex::as_complex(value)?;
    Ok(bool_object(z.real.is_nan() || z.imag.is_nan()))
}

fn phase(_: &PyObject, value: &PyObject) -> PyResult {
    let z = complex::as_complex(value)?;
    if functions::phase_underflows(z) {
        return Err(told(Trouble::Range));
    }
    float::from_f64(functions::phase(z))
}

fn polar(_: &PyObject, value: &PyObject) -> PyResult {
    let z = complex::as_complex(value)?;
    let length = z.real.hypot(z.imag);
    if length.is_infinite() && z.real.is_finite() && z.imag.is_finite() {
        return Err(told(Trouble::Range));
    }
    let parts = vec![
        float::from_f64(length)?,
        float::from_f64(functions::phase(z))?,
    ];
    Ok(tuple::from_vec(parts)?.upcast())
}

fn rect(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("rect", args.len(), 2, 2)?;
    let (length, angle) = (float::as_double(args[0])?, float::as_double(args[1])?);
    if !length.is_finite() || !angle.is_finite() {
        if angle.is_infinite() && !length.is_nan() && length != 0.0 {
            return Err(told(Trouble::Domain));
        }
        if length.is_infinite() && angle.is_finite() && angle != 0.0 {
            let (cosine, sine) = (angle.cos(), angle.sin());
            let sign = 1f64.copysign(length);
            return complex::new(
                sign * f64::INFINITY.copysign(cosine),
                sign * f64::INFINITY.copysign(sine),
            );
        }
        let (real, imag) = special_rect(length, angle);
        return complex::new(real, imag);
    }
    if angle == 0.0 {
        // A zero angle keeps its sign, whatever the sign of the length.
        return complex::new(length, length * angle);
    }
    complex::new(length * angle.cos(), length * angle.sin())
}

/// `rect` of a length or an angle that is not finite.
fn special_rect(length: f64, angle: f64) -> (f64, f64) {
    if length == 0.0 {
        return (0.0, 0.0);
    }
    if length.is_nan() && angle == 0.0 {
        return (f64::NAN, 0.0);
    }
    if length.is_infinite() {
        return if angle.is_nan() {
            (f64::INFINITY, f64::NAN)
        } else {
            (length, 0f64.copysign(length) * 1f64.copysign(angle))
        };
    }
    (f64::NAN, f64::NAN)
}

methods! {
    static FUNCTIONS:
    "acos" => o(acos, "($module, z, /)");
    "acosh" => o(acosh, "($module, z, /)");
    "asin" => o(asin, "($module, z, /)");
    "asinh" => o(asinh, "($module, z, /)");
    "atan" => o(atan, "($module, z, /)");
    "atanh" => o(atanh, "($module, z, /)");
    "cos" => o(cos, "($module, z, /)");
    "cosh" => o(cosh, "($module, z, /)");
    "exp" => o(exp, "($module, z, /)");
    "isclose" => keywords(isclose, "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)");
    "isfinite" => o(isfinite, "($module, z, /)");
    "isinf" => o(isinf, "($module, z, /)");
    "isnan" => o(isnan, "($module, z, /)");
    "log" => fast(log, "($module, z, base=<unrepresentable>, /)");
    "log10" => o(log10, "($module, z, /)");
    "phase" => o(phase, "($module, z, /)");
    "polar" => o(polar, "($module, z, /)");
    "rect" => fast(rect, "($module, r, phi, /)");
    "sin" => o(sin, "($module, z, /)");
    "sinh" => o(sinh, "($module, z, /)");
    "sqrt" => o(sqrt, "($module, z, /)");
    "tan" => o(tan, "($module, z, /)");
    "tanh" => o(tanh, "($module, z, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("cmath", FUNCTIONS, &[])?;
    for (name, value) in [("pi", PI), ("e", E), ("tau", TAU), ("inf", f64::INFINITY)] {
        module::add(&made, name, &*float::from_f64(value)?)?;
    }
    module::add(&made, "infj", &*complex::new(0.0, f64::INFINITY)?)?;
    module::add(&made, "nan", &*float::from_f64(f64::NAN)?)?;
    module::add(&made, "nanj", &*complex::new(0.0, f64::NAN)?)?;
    Ok(made)
}
