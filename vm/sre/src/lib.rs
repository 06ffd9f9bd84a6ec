//! The regex matching engine over code words and 8/16/32-bit text: no objects.
//!
//! Code words are those that CPython 3.11's `re._compiler` emits. [`Engine::run`] matches or
//! searches and gives the spans of the groups; nothing here allocates per position or recurses for
//! a nested group: what is still to be tried stands on an explicit stack of frames.

#![deny(unsafe_code)]

pub mod codes;
mod engine;
mod sets;
mod text;
mod validate;

pub use engine::{Engine, EngineError, Mode, Outcome, Request};
pub use sets::Characters;
pub use text::Unit;
pub use validate::is_valid;
