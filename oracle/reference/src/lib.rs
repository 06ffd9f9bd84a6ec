//! The reference VM as a subject worker.

mod machine;
mod runtime;

pub use runtime::Reference;
