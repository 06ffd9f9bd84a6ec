//! Real CPython, embedded through PyO3, as an oracle worker; the only crate that names PyO3.

mod boundary;
mod foreign;
pub mod interpreter;
mod object;
mod quote;
mod runner;
#[cfg(not(twinheap_raw_layout))]
mod script;
mod tokens;
mod tracing;
mod tree;

pub use interpreter::{Interpreter, Variation, forget_interrupt, interrupt};
