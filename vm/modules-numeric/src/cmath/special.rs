//! What the functions of a complex number say where a part is infinite or not a number.
//!
//! One row for each kind of real part, one column for each kind of imaginary part: minus infinity, negative, minus
//! zero, zero, positive, infinity, not a number. The values are those of C99's Annex G, printed from the oracle.

use super::{Outcome, Trouble};
use std::f64::consts::PI;
use twinheap_abi::Py_complex;

/// An entry: a result, or the trouble that it makes, or a place that is computed.
#[derive(Clone, Copy)]
pub enum Entry {
    Value(f64, f64),
    Domain,
    Computed,
}

/// The entries by the kinds of both parts.
pub type Table = [[Entry; 7]; 7];

const I: f64 = f64::INFINITY;
const N: f64 = f64::NAN;
const P14: f64 = 0.25 * PI;
const P12: f64 = 0.5 * PI;
const P34: f64 = 0.75 * PI;
const U: Entry = Entry::Computed;
const E: Entry = Entry::Domain;

fn kind(x: f64) -> usize {
    let negative = x.is_sign_negative();
    match x {
        _ if x.is_nan() => 6,
        _ if x.is_infinite() => {
            if negative {
                0
            } else {
                5
            }
        }
        _ if x == 0.0 => {
            if negative {
                2
            } else {
                3
            }
        }
        _ => {
            if negative {
                1
            } else {
                4
            }
        }
    }
}

/// The entry for a number of which a part is not finite; none where the function computes its value.
pub fn look_up(table: &Table, z: Py_complex) -> Option<Outcome> {
    match table[kind(z.real)][kind(z.imag)] {
        Entry::Computed => None,
        Entry::Domain => Some(Err(Trouble::Domain)),
        Entry::Value(real, imag) => Some(Ok(Py_complex { real, imag })),
    }
}

const fn v(real: f64, imag: f64) -> Entry {
    Entry::Value(real, imag)
}

/// `acos`.
pub static ACOS: Table = [
    [
        v(P34, I),
        v(PI, I),
        v(PI, I),
        v(PI, -I),
        v(PI, -I),
        v(P34, -I),
        v(N, I),
    ],
    [v(P12, I), U, U, U, U, v(P12, -I), v(N, N)],
    [v(P12, I), U, U, U, U, v(P12, -I), v(P12, N)],
    [v(P12, I), U, U, U, U, v(P12, -I), v(P12, N)],
    [v(P12, I), U, U, U, U, v(P12, -I), v(N, N)],
    [
        v(P14, I),
        v(0.0, I),
        v(0.0, I),
        v(0.0, -I),
        v(0.0, -I),
        v(P14, -I),
        v(N, I),
    ],
    [
        v(N, I),
        v(N, N),
        v(N, N),
        v(N, N),
        v(N, N),
        v(N, -I),
        v(N, N),
    ],
];

/// `acosh`.
pub static ACOSH: Table = [
    [
        v(I, -P34),
        v(I, -PI),
        v(I, -PI),
        v(I, PI),
        v(I, PI),
        v(I, P34),
        v(I, N),
    ],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [
        v(I, -P14),
        v(I, -0.0),
        v(I, -0.0),
        v(I, 0.0),
        v(I, 0.0),
        v(I, P14),
        v(I, N),
    ],
    [
        v(I, N),
        v(N, N),
        v(N, N),
        v(N, N),
        v(N, N),
        v(I, N),
        v(N, N),
    ],
];

/// `asinh`.
pub static ASINH: Table = [
    [
        v(-I, -P14),
        v(-I, -0.0),
        v(-I, -0.0),
        v(-I, 0.0),
        v(-I, 0.0),
        v(-I, P14),
        v(-I, N),
    ],
    [v(-I, -P12), U, U, U, U, v(-I, P12), v(N, N)],
    [v(-I, -P12), U, U, U, U, v(-I, P12), v(N, N)],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [
        v(I, -P14),
        v(I, -0.0),
        v(I, -0.0),
        v(I, 0.0),
        v(I, 0.0),
        v(I, P14),
        v(I, N),
    ],
    [
        v(I, N),
        v(N, N),
        v(N, -0.0),
        v(N, 0.0),
        v(N, N),
        v(I, N),
        v(N, N),
    ],
];

/// `atanh`.
pub static ATANH: Table = [
    [
        v(-0.0, -P12),
        v(-0.0, -P12),
        v(-0.0, -P12),
        v(-0.0, P12),
        v(-0.0, P12),
        v(-0.0, P12),
        v(-0.0, N),
    ],
    [v(-0.0, -P12), U, U, U, U, v(-0.0, P12), v(N, N)],
    [v(-0.0, -P12), U, U, U, U, v(-0.0, P12), v(-0.0, N)],
    [v(0.0, -P12), U, U, U, U, v(0.0, P12), v(0.0, N)],
    [v(0.0, -P12), U, U, U, U, v(0.0, P12), v(N, N)],
    [
        v(0.0, -P12),
        v(0.0, -P12),
        v(0.0, -P12),
        v(0.0, P12),
        v(0.0, P12),
        v(0.0, P12),
        v(0.0, N),
    ],
    [
        v(0.0, -P12),
        v(N, N),
        v(N, N),
        v(N, N),
        v(N, N),
        v(0.0, P12),
        v(N, N),
    ],
];

/// `cosh`.
pub static COSH: Table = [
    [E, U, v(I, 0.0), v(I, -0.0), U, E, v(I, N)],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, U, U, U, E, v(N, 0.0)],
    [E, U, U, U, U, E, v(N, 0.0)],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, v(I, -0.0), v(I, 0.0), U, E, v(I, N)],
    [
        v(N, N),
        v(N, N),
        v(N, 0.0),
        v(N, 0.0),
        v(N, N),
        v(N, N),
        v(N, N),
    ],
];

/// `exp`.
pub static EXP: Table = [
    [
        v(0.0, 0.0),
        U,
        v(0.0, -0.0),
        v(0.0, 0.0),
        U,
        v(0.0, 0.0),
        v(0.0, 0.0),
    ],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, v(I, -0.0), v(I, 0.0), U, E, v(I, N)],
    [
        v(N, N),
        v(N, N),
        v(N, -0.0),
        v(N, 0.0),
        v(N, N),
        v(N, N),
        v(N, N),
    ],
];

/// `log`.
pub static LOG: Table = [
    [
        v(I, -P34),
        v(I, -PI),
        v(I, -PI),
        v(I, PI),
        v(I, PI),
        v(I, P34),
        v(I, N),
    ],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [v(I, -P12), U, U, U, U, v(I, P12), v(N, N)],
    [
        v(I, -P14),
        v(I, -0.0),
        v(I, -0.0),
        v(I, 0.0),
        v(I, 0.0),
        v(I, P14),
        v(I, N),
    ],
    [
        v(I, N),
        v(N, N),
        v(N, N),
        v(N, N),
        v(N, N),
        v(I, N),
        v(N, N),
    ],
];

/// `sinh`.
pub static SINH: Table = [
    [E, U, v(-I, -0.0), v(-I, 0.0), U, E, v(I, N)],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, U, U, U, E, v(0.0, N)],
    [E, U, U, U, U, E, v(0.0, N)],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, v(I, -0.0), v(I, 0.0), U, E, v(I, N)],
    [
        v(N, N),
        v(N, N),
        v(N, -0.0),
        v(N, 0.0),
        v(N, N),
        v(N, N),
        v(N, N),
    ],
];

/// `sqrt`.
pub static SQRT: Table = [
    [
        v(I, -I),
        v(0.0, -I),
        v(0.0, -I),
        v(0.0, I),
        v(0.0, I),
        v(I, I),
        v(N, I),
    ],
    [v(I, -I), U, U, U, U, v(I, I), v(N, N)],
    [v(I, -I), U, U, U, U, v(I, I), v(N, N)],
    [v(I, -I), U, U, U, U, v(I, I), v(N, N)],
    [v(I, -I), U, U, U, U, v(I, I), v(N, N)],
    [
        v(I, -I),
        v(I, -0.0),
        v(I, -0.0),
        v(I, 0.0),
        v(I, 0.0),
        v(I, I),
        v(I, N),
    ],
    [
        v(I, -I),
        v(N, N),
        v(N, N),
        v(N, N),
        v(N, N),
        v(I, I),
        v(N, N),
    ],
];

/// `tanh`.
pub static TANH: Table = [
    [
        v(-1.0, 0.0),
        U,
        v(-1.0, -0.0),
        v(-1.0, 0.0),
        U,
        v(-1.0, 0.0),
        v(-1.0, 0.0),
    ],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, U, U, U, E, v(N, N)],
    [E, U, U, U, U, E, v(N, N)],
    [
        v(1.0, 0.0),
        U,
        v(1.0, -0.0),
        v(1.0, 0.0),
        U,
        v(1.0, 0.0),
        v(1.0, 0.0),
    ],
    [
        v(N, N),
        v(N, N),
        v(N, -0.0),
        v(N, 0.0),
        v(N, N),
        v(N, N),
        v(N, N),
    ],
];
