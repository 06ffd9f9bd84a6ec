//! What is observed of a program: stages, memory images, digests, and the messages that carry them; pure data.

pub mod code;
pub mod codec;
pub mod digest;
pub mod image;
pub mod masks;
pub mod outcome;
pub mod program;
pub mod stage;
pub mod steps;
pub mod transitions;
pub mod wire;

pub use code::{CodeDump, Constant};
pub use digest::Digest;
pub use image::{FieldValue, ImageField, ImageNode, MemoryImage};
pub use masks::{FieldSpec, MaskRule, Ownership};
pub use outcome::{ExceptionView, FrameSpan, Outcome, OutcomeClass};
pub use program::Program;
pub use stage::{Observation, Stage, StageSet, Supported};
pub use steps::{Step, StepTrail};
