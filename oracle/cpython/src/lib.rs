//! Real CPython, embedded through PyO3, as an oracle worker; the only crate that names PyO3.

mod boundary;
mod foreign;
mod helper;
pub mod interpreter;
mod object;
mod session;
mod tracing;

pub use interpreter::{Interpreter, Variation};
