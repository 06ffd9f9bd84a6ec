//! What is observed of a program: stages, memory images, digests, and the messages that carry them; pure data.

#![deny(unsafe_code)]

pub mod code;
pub mod codec;
pub mod digest;
pub mod image;
pub mod masks;
pub mod outcome;
pub mod program;
pub mod rules;
pub mod stage;
pub mod steps;
pub mod transitions;
pub mod wire;

/// Standard modules that workers of both sides load before the first program, where they can: a program's
/// collections must not depend on how many objects the import machinery makes on the way to a module.
pub const LOADED_MODULES: &[&str] = &[
    "abc",
    "collections",
    "contextlib",
    "copy",
    "copyreg",
    "enum",
    "functools",
    "io",
    "itertools",
    "math",
    "operator",
    "pickle",
    "pickletools",
    "re",
    "string",
    "struct",
    "threading",
    "traceback",
    "types",
    "weakref",
];

pub use code::{CodeDump, Constant};
pub use digest::Digest;
pub use image::{FieldValue, ImageField, ImageNode, MemoryImage};
pub use masks::{FieldSpec, MaskRule, Ownership};
pub use outcome::{ExceptionView, FrameSpan, Outcome, OutcomeClass};
pub use program::Program;
pub use stage::{Observation, Stage, StageSet, Supported};
pub use steps::{Step, StepTrail};
