//! Real CPython, embedded through PyO3, as an oracle worker; the only crate that names PyO3.

mod boundary;
mod foreign;
pub mod interpreter;
mod object;
mod runner;
mod script;
mod tracing;

pub use interpreter::{Interpreter, Variation};
