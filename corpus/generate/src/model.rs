//! The program model: typed statements and expressions as plain data.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::topics::Topic;
use crate::values::Constant;

/// What a program prints last.
pub const END_MARKER: &str = "#end";

/// What sort of value an expression or a variable holds, by the name that the tables give it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Kind(pub Cow<'static, str>);

/// A variable of the program; its index in [`Model::variables`] stands for it everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    pub name: Cow<'static, str>,
    pub kind: Kind,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Part {
    Text(Cow<'static, str>),
    /// The value of a variable.
    Use(u32),
    /// A variable that the line binds.
    Define(u32),
    /// A variable that was bound before and that the line binds again.
    Rebind(u32),
    Expression(Box<Expression>),
    Constant(Constant),
}

/// A typed expression: text with variables, constants and further expressions in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    pub kind: Kind,
    pub parts: Vec<Part>,
}

/// A line, and the block that belongs to it: `None` for a simple statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clause {
    pub head: Vec<Part>,
    pub body: Option<Vec<Statement>>,
}

/// A statement; the clauses after the first are its `except`, `else`, `elif` and `finally`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    pub clauses: Vec<Clause>,
}

/// A whole program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The generator's version: with topic and seed, the program's recipe.
    pub version: u32,
    pub topic: Topic,
    pub seed: u64,
    pub variables: Vec<Variable>,
    pub body: Vec<Statement>,
}

impl Clause {
    pub fn simple(head: Vec<Part>) -> Clause {
        Clause { head, body: None }
    }

    /// The clause's first word, such as `except`.
    pub fn keyword(&self) -> &str {
        let Some(Part::Text(text)) = self.head.first() else {
            return "";
        };
        text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .next()
            .unwrap_or("")
    }

    /// Whether the clause goes on with the statement before it.
    pub fn continues(&self) -> bool {
        self.body.is_some() && matches!(self.keyword(), "except" | "else" | "elif" | "finally")
    }
}

impl Statement {
    pub fn simple(head: Vec<Part>) -> Statement {
        Statement {
            clauses: vec![Clause::simple(head)],
        }
    }

    pub fn text(text: impl Into<Cow<'static, str>>) -> Statement {
        Statement::simple(vec![Part::Text(text.into())])
    }

    /// How many statements this is, itself included.
    pub fn count(&self) -> usize {
        1 + self
            .clauses
            .iter()
            .filter_map(|clause| clause.body.as_ref())
            .flatten()
            .map(Statement::count)
            .sum::<usize>()
    }

    /// Variables that the first lines of the statement bind, its blocks left out.
    pub fn header_defines(&self) -> Vec<u32> {
        let mut found = Vec::new();
        for clause in &self.clauses {
            visit(&clause.head, &mut |part| {
                if let Part::Define(variable) = part {
                    found.push(*variable);
                }
            });
        }
        found
    }
}

/// Calls `look` with every part, outer ones first.
pub fn visit(parts: &[Part], look: &mut dyn FnMut(&Part)) {
    for part in parts {
        look(part);
        if let Part::Expression(expression) = part {
            visit(&expression.parts, look);
        }
    }
}

/// Calls `look` with every statement of a body, outer ones first.
pub fn visit_statements<'a>(body: &'a [Statement], look: &mut dyn FnMut(&'a Statement)) {
    for statement in body {
        look(statement);
        for clause in &statement.clauses {
            visit_statements(clause.body.as_deref().unwrap_or(&[]), look);
        }
    }
}

impl Model {
    pub fn statement_count(&self) -> usize {
        self.body.iter().map(Statement::count).sum()
    }

    /// Whether a run did what the program meant to do: it reached its last line, or raised on purpose.
    pub fn reached_end(stdout: &str, raised_type: Option<&str>) -> bool {
        let deliberate = |name: &str| {
            name.rsplit('.')
                .next()
                .is_some_and(|last| last.starts_with("Deliberate"))
        };
        raised_type.is_some_and(deliberate) || stdout.lines().any(|line| line.ends_with(END_MARKER))
    }

    /// The form in which a model is stored in a fuzzer's corpus.
    pub fn to_bytes(&self) -> Vec<u8> {
        crate::bytes::encode(self)
    }

    /// Reads what [`Model::to_bytes`] wrote; any other bytes are read as the generator's choices.
    pub fn from_bytes(bytes: &[u8]) -> Model {
        crate::bytes::decode(bytes)
    }
}
