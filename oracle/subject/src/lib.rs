//! Subjects as worker processes: the loop inside a worker, and the harness's hold on it from outside.
//!
//! Unsafe code: system calls: pipes, limits, shared memory, the name of a signal.

pub mod capture;
pub mod command;
pub mod confinement;
pub mod death;
mod driver;
pub mod interpreter;
pub mod process;
pub mod sabotage;
pub mod system;
pub mod worker;

pub use process::{Answer, Lane, SubjectSpec};
pub use sabotage::{Fault, Sabotage};
pub use worker::{Finished, Runtime, serve};
