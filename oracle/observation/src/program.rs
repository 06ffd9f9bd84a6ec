//! A program: the source text that both sides run, and where it comes from.

use serde::{Deserialize, Serialize};

/// A program with its name. The filename is what tracebacks show, so it holds no directory of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Unique within a run: `dict/insert`.
    pub name: String,
    /// The internals topic it drives: `dict`.
    pub topic: String,
    /// The file name that the code objects carry.
    pub filename: String,
    /// The source text, in UTF-8.
    pub source: String,
}

impl Program {
    /// A program that belongs to a topic's chapter.
    pub fn new(topic: &str, stem: &str, source: &str) -> Program {
        Program {
            name: format!("{topic}/{stem}"),
            topic: topic.to_owned(),
            filename: format!("{topic}/{stem}.py"),
            source: source.to_owned(),
        }
    }
}
