//! Real CPython as an oracle worker, embedded through PyO3 or as a module that an interpreter imports; the only crate
//! that names PyO3.
//!
//! Unsafe code: calls of CPython's C API.

mod boundary;
mod foreign;
pub mod interpreter;
mod object;
mod observer;
mod quote;
mod runner;
#[cfg(not(twinheap_raw_layout))]
mod script;
mod tokens;
mod tracing;
mod tree;

use twinheap_subject::Sabotage;

pub use interpreter::{Interpreter, Variation, forget_interrupt, interrupt};

/// Serves programs as the arguments say, with the interpreter that `start` brings up.
pub fn serve(
    mut arguments: Vec<String>,
    start: impl FnOnce(&Variation) -> Result<Interpreter, String>,
) -> std::io::Result<()> {
    let planted = arguments
        .iter()
        .position(|argument| argument == "--sabotage");
    let sabotage = planted.map(|at| {
        arguments.remove(at);
        let text = if at < arguments.len() {
            arguments.remove(at)
        } else {
            String::new()
        };
        Sabotage::parse(&text)
    });
    let variation = Variation::from_arguments(arguments.into_iter());
    match sabotage.transpose() {
        Ok(sabotage) => twinheap_subject::worker::serve_with(|| start(&variation?), sabotage),
        Err(reason) => twinheap_subject::serve(|| Err::<Interpreter, _>(reason)),
    }
}
