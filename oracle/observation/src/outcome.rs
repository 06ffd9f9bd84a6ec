//! How a program ended: finished, raised (with the whole exception), exited, or took the subject with it.

use serde::{Deserialize, Serialize};

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Finished,
    /// An exception left the program.
    Raised(Box<ExceptionView>),
    /// `SystemExit` left the program, with this value rendered.
    Exited(String),
    /// The subject died: a signal, an abort, a panic; with what it said last.
    Crashed {
        cause: String,
        message: String,
    },
    TimedOut {
        limit_milliseconds: u64,
    },
    OutOfMemory {
        limit_bytes: u64,
    },
}

/// The outcome without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OutcomeClass {
    Finished,
    Raised,
    Exited,
    Crashed,
    TimedOut,
    OutOfMemory,
}

impl OutcomeClass {
    pub fn name(self) -> &'static str {
        match self {
            OutcomeClass::Finished => "finished",
            OutcomeClass::Raised => "raised",
            OutcomeClass::Exited => "exited",
            OutcomeClass::Crashed => "crashed",
            OutcomeClass::TimedOut => "timed out",
            OutcomeClass::OutOfMemory => "out of memory",
        }
    }

    /// Whether the subject itself did not survive the program.
    pub fn is_death(self) -> bool {
        matches!(
            self,
            OutcomeClass::Crashed | OutcomeClass::TimedOut | OutcomeClass::OutOfMemory
        )
    }
}

impl Outcome {
    pub fn class(&self) -> OutcomeClass {
        match self {
            Outcome::Finished => OutcomeClass::Finished,
            Outcome::Raised(_) => OutcomeClass::Raised,
            Outcome::Exited(_) => OutcomeClass::Exited,
            Outcome::Crashed { .. } => OutcomeClass::Crashed,
            Outcome::TimedOut { .. } => OutcomeClass::TimedOut,
            Outcome::OutOfMemory { .. } => OutcomeClass::OutOfMemory,
        }
    }

    /// What a signature says of it: the class, the exception's type or the kind of death.
    pub fn label(&self) -> String {
        match self {
            Outcome::Raised(exception) => format!("raised {}", exception.type_name),
            Outcome::Crashed { cause, .. } => format!("crashed ({cause})"),
            other => other.class().name().to_owned(),
        }
    }

    /// The outcome as lines, for a reader and for a line-by-line diff.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Outcome::Raised(exception) => exception.lines(),
            Outcome::Exited(value) => vec![format!("exited with {value}")],
            Outcome::Crashed { cause, message } => {
                let mut lines = vec![format!("crashed: {cause}")];
                lines.extend(message.lines().map(|line| format!("  {line}")));
                lines
            }
            Outcome::TimedOut { limit_milliseconds } => {
                vec![format!("timed out after {limit_milliseconds} ms")]
            }
            Outcome::OutOfMemory { limit_bytes } => {
                vec![format!("out of memory at {limit_bytes} bytes")]
            }
            Outcome::Finished => vec!["finished".to_owned()],
        }
    }
}

/// One traceback entry: the frame's code, the line, and the columns that the code's position table gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameSpan {
    pub filename: String,
    pub qualname: String,
    pub line: i32,
    /// The line, end line, column and end column of the instruction, -1 where the table says nothing.
    pub span: (i32, i32, i32, i32),
}

/// An exception with everything that hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ExceptionView {
    /// Module and qualified name; built-in exceptions go without the module.
    pub type_name: String,
    /// The rendered items of `args`.
    pub args: Vec<String>,
    /// The rendered fields that only this family of exceptions has (`errno`, `value`, `lineno` ...).
    pub fields: Vec<(String, String)>,
    pub notes: Vec<String>,
    /// Outermost frame first.
    pub traceback: Vec<FrameSpan>,
    pub suppress_context: bool,
    pub cause: Option<Box<ExceptionView>>,
    pub context: Option<Box<ExceptionView>>,
    /// The members of an exception group.
    pub members: Vec<ExceptionView>,
    /// Set where the chain led back to an exception that is already shown above.
    pub seen_before: bool,
}

impl ExceptionView {
    /// The exception as lines.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.write_lines(&mut lines, "", "raised");
        lines
    }

    fn write_lines(&self, lines: &mut Vec<String>, indent: &str, role: &str) {
        let again = if self.seen_before {
            " (shown above)"
        } else {
            ""
        };
        lines.push(format!(
            "{indent}{role} {}({}){again}",
            self.type_name,
            self.args.join(", ")
        ));
        let inner = format!("{indent}  ");
        for (name, value) in &self.fields {
            lines.push(format!("{inner}{name} = {value}"));
        }
        for note in &self.notes {
            lines.push(format!("{inner}note {note}"));
        }
        for frame in &self.traceback {
            let (line, end_line, column, end_column) = frame.span;
            lines.push(format!(
                "{inner}at {}:{} in {} [{line}:{column} - {end_line}:{end_column}]",
                frame.filename, frame.line, frame.qualname
            ));
        }
        if self.suppress_context {
            lines.push(format!("{inner}suppresses its context"));
        }
        for (role, other) in [
            ("caused by", &self.cause),
            ("in the context of", &self.context),
        ] {
            if let Some(other) = other {
                other.write_lines(lines, &inner, role);
            }
        }
        for member in &self.members {
            member.write_lines(lines, &inner, "member");
        }
    }
}
