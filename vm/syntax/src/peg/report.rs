//! Raising errors: which place, which line of text, which of several errors wins.

use std::rc::Rc;

use super::{Action, Kind, Node, Part, Peg, Start, Targets, Tok, Value, flatten, known};
use crate::Mode;
use crate::ast::Span;
use crate::encodings::{decode_line, decoding_warning};
use crate::error::{ErrorKind, Finder, SyntaxError, Warning};
use crate::names::Name;
use crate::source::bytes_of_line;
use crate::tokenizer::Done;

const FIELD_PREFIX: &str = "f-string: ";

/// How many characters the first `offset` bytes of a line are; a cut character counts as one.
fn character_offset(line: &[u8], offset: i32) -> i32 {
    let mut text = line.to_vec();
    text.push(0);
    let end = usize::try_from(offset).unwrap_or(0).min(text.len());
    String::from_utf8_lossy(&text[..end]).chars().count() as i32
}

/// A line as CPython shows it and counts in it: what is not UTF-8 is replaced.
fn readable(line: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(line).into_owned().into_bytes()
}

fn expression_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Attribute => "attribute",
        Kind::Subscript => "subscript",
        Kind::Starred => "starred",
        Kind::Name => "name",
        Kind::List => "list",
        Kind::Tuple => "tuple",
        Kind::Lambda => "lambda",
        Kind::Call => "function call",
        Kind::BoolOp | Kind::BinOp | Kind::UnaryOp => "expression",
        Kind::GeneratorExp => "generator expression",
        Kind::Yield | Kind::YieldFrom => "yield expression",
        Kind::Await => "await expression",
        Kind::ListComp => "list comprehension",
        Kind::SetComp => "set comprehension",
        Kind::DictComp => "dict comprehension",
        Kind::Dict => "dict literal",
        Kind::Set => "set display",
        Kind::JoinedStr => "f-string expression",
        Kind::None => "None",
        Kind::False => "False",
        Kind::True => "True",
        Kind::Ellipsis => "ellipsis",
        Kind::Compare => "comparison",
        Kind::IfExp => "conditional expression",
        Kind::NamedExpr => "named expression",
        _ => "literal",
    }
}

/// The part of an expression that cannot be a target.
fn invalid_target(node: &Rc<Node>, targets: Targets) -> Option<Rc<Node>> {
    match node.kind {
        Kind::List | Kind::Tuple => node
            .items
            .iter()
            .find_map(|item| invalid_target(item, targets)),
        Kind::Starred if targets != Targets::Del => invalid_target(node.items.first()?, targets),
        Kind::Compare if targets == Targets::For => {
            let is_in = node.items.get(1).is_some_and(|pair| pair.kind == Kind::In);
            if is_in {
                invalid_target(node.items.first()?, targets)
            } else {
                None
            }
        }
        Kind::Name | Kind::Subscript | Kind::Attribute => None,
        _ => Some(node.clone()),
    }
}

impl Peg<'_> {
    /// The text that an error on this line shows.
    fn error_line(&mut self, lineno: i32) -> Vec<u8> {
        if let Some((file, encoding)) = self.file
            && self.start == Start::Mode(Mode::Exec)
            && let Some(line) = bytes_of_line(file, lineno)
            && let Some(decoded) = decode_line(encoding, &line)
        {
            // The line is decoded anew, so the codec warns anew.
            self.warnings.extend(decoding_warning(encoding, &line));
            return decoded.into_bytes();
        }
        let tokenizer = &self.tokenizer;
        if tokenizer.lineno <= lineno && tokenizer.inp > tokenizer.buf {
            return readable(&self.source[tokenizer.buf..tokenizer.inp]);
        }
        let first = if self.origin.starting_lineno != 0 {
            self.origin.starting_lineno
        } else {
            1
        };
        let skipped = usize::try_from(lineno - first).unwrap_or(0);
        let mut line = self.raw.unwrap_or(self.source);
        for _ in 0..skipped {
            match memchr::memchr(b'\n', line) {
                Some(end) => line = &line[end + 1..],
                None => break,
            }
        }
        let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
        readable(line)
    }

    /// Raises with columns from 1, 0 being none; without an end it is where the tokenizer stands.
    pub(super) fn raise_at(
        &mut self,
        kind: ErrorKind,
        (lineno, mut offset): (i32, i32),
        end: Option<(i32, i32)>,
        message: String,
    ) {
        if self.error.is_some() {
            return;
        }
        let tokenizer = &self.tokenizer;
        let (end_lineno, mut end_offset) = end.unwrap_or((
            tokenizer.lineno,
            tokenizer.cur as i32 - tokenizer.line_start as i32,
        ));
        let line = self.error_line(lineno);
        let mut message = message;
        if self.start == Start::Field {
            message.insert_str(0, FIELD_PREFIX);
            offset -= self.origin.starting_col_offset;
            end_offset -= self.origin.starting_col_offset;
        }
        if self.has_encoding {
            offset = character_offset(&line, offset);
            if end_offset > 0 {
                end_offset = character_offset(&line, end_offset);
            }
        }
        self.error = Some(Box::new(SyntaxError {
            kind,
            finder: Finder::Parser,
            message,
            lineno: Some(lineno),
            offset: Some(offset),
            text: Some(String::from_utf8_lossy(&line).into_owned()),
            end_lineno: Some(end_lineno),
            end_offset: Some(end_offset),
            warnings: Vec::new(),
        }));
    }

    /// Raises at the last token that has been read.
    pub(super) fn raise_here(&mut self, kind: ErrorKind, message: String) {
        let Some(token) = self.tokens.last().copied() else {
            return self.raise_at(kind, (0, 0), Some((0, -1)), message);
        };
        let tokenizer = &self.tokenizer;
        let offset = if token.col_offset != -1 {
            token.col_offset + 1
        } else if tokenizer.cur == tokenizer.buf {
            0
        } else {
            tokenizer.cur as i32 - tokenizer.line_start as i32
        };
        let end_offset = if token.end_col_offset == -1 {
            -1
        } else {
            token.end_col_offset + 1
        };
        self.raise_at(
            kind,
            (token.lineno, offset),
            Some((token.end_lineno, end_offset)),
            message,
        );
    }

    pub(super) fn raise_span(&mut self, span: Span, message: String) {
        let end = Some((span.end_lineno, span.end_col_offset + 1));
        self.raise_at(
            ErrorKind::SyntaxError,
            (span.lineno, span.col_offset + 1),
            end,
            message,
        );
    }

    fn raise_unclosed_bracket(&mut self) {
        let Some((bracket, lineno, column)) = self.tokenizer.paren_stack.last().copied() else {
            return;
        };
        let message = format!("'{}' was never closed", bracket as char);
        self.raise_at(
            ErrorKind::SyntaxError,
            (lineno, column + 1),
            Some((lineno, 0)),
            message,
        );
    }

    /// The error that the tokenizer raises in place of its warning about a number: where the number ends.
    pub(super) fn number_error(&self, warning: &Warning) -> Box<SyntaxError> {
        let end = warning.position.saturating_sub(1).min(self.source.len());
        let start = memchr::memrchr(b'\n', &self.source[..end]).map_or(0, |at| at + 1);
        let rest = &self.source[start..];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        let offset = String::from_utf8_lossy(&self.source[start..end])
            .chars()
            .count() as i32;
        Box::new(SyntaxError {
            lineno: Some(warning.lineno),
            offset: Some(offset),
            text: Some(String::from_utf8_lossy(line).into_owned()),
            end_lineno: Some(warning.lineno),
            end_offset: Some(offset),
            ..SyntaxError::bare(ErrorKind::SyntaxError, &warning.message)
        })
    }

    /// The error that the tokenizer recorded with its own place.
    fn recorded_error(&self) -> Option<Box<SyntaxError>> {
        let error = self.tokenizer.error.clone()?;
        let line = &self.source[error.line_start..];
        let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
        Some(Box::new(SyntaxError {
            kind: ErrorKind::SyntaxError,
            finder: Finder::Parser,
            message: error.message,
            lineno: Some(error.lineno),
            offset: Some(error.offset),
            text: Some(String::from_utf8_lossy(line).into_owned()),
            end_lineno: Some(error.lineno),
            end_offset: Some(error.end_offset),
            warnings: Vec::new(),
        }))
    }

    /// Turns the state of a tokenizer that stopped into an error.
    pub(super) fn tokenizer_error(&mut self) {
        if let Some(error) = self.recorded_error() {
            self.error = Some(error);
            return;
        }
        if let Some(text) = &self.tokenizer.decode_error {
            let message = format!("(unicode error) {text}");
            return self.raise_here(ErrorKind::SyntaxError, message);
        }
        let lineno = self.tokenizer.lineno;
        let (kind, message, column) = match self.tokenizer.done {
            Done::Eof => {
                if self.tokenizer.level() > 0 {
                    return self.raise_unclosed_bracket();
                }
                return self.raise_here(
                    ErrorKind::SyntaxError,
                    "unexpected EOF while parsing".into(),
                );
            }
            Done::Dedent => {
                let message = "unindent does not match any outer indentation level";
                return self.raise_here(ErrorKind::IndentationError, message.into());
            }
            Done::TabSpace => (
                ErrorKind::TabError,
                "inconsistent use of tabs and spaces in indentation",
                0,
            ),
            Done::TooDeep => (
                ErrorKind::IndentationError,
                "too many levels of indentation",
                0,
            ),
            Done::LineCont => {
                let column = self.tokenizer.cur as i32 - self.tokenizer.buf as i32 - 1;
                (
                    ErrorKind::SyntaxError,
                    "unexpected character after line continuation character",
                    column.max(0),
                )
            }
            _ => (ErrorKind::SyntaxError, "unknown parsing error", 0),
        };
        self.raise_at(
            kind,
            (lineno, column + 1),
            Some((lineno, 0)),
            message.into(),
        );
    }

    /// Decides on the error after both passes.
    pub(super) fn conclude(&mut self, last_token: Option<usize>) {
        if let Some(error) = &self.error {
            let from_parser = self.tokenizer.done == Done::Ok;
            let is_syntax_error = matches!(
                error.kind,
                ErrorKind::SyntaxError | ErrorKind::IndentationError | ErrorKind::TabError
            );
            if from_parser && is_syntax_error {
                self.check_rest_of_source();
            }
            return;
        }
        let Some(last) = last_token else {
            return self.raise_here(
                ErrorKind::SyntaxError,
                "error at start before reading any input".into(),
            );
        };
        match self.tokens[last].kind {
            Tok::Error if self.tokenizer.done == Done::Eof => {
                if self.tokenizer.level() > 0 {
                    return self.raise_unclosed_bracket();
                }
                self.raise_here(
                    ErrorKind::SyntaxError,
                    "unexpected EOF while parsing".into(),
                );
            }
            Tok::Indent => self.raise_here(ErrorKind::IndentationError, "unexpected indent".into()),
            Tok::Dedent => {
                self.raise_here(ErrorKind::IndentationError, "unexpected unindent".into())
            }
            _ => {
                let span = self.token_span(last);
                self.raise_span(span, "invalid syntax".into());
                self.check_rest_of_source();
            }
        }
    }

    /// An error of the tokenizer further on, such as a bracket never closed, wins over the parser's.
    fn check_rest_of_source(&mut self) {
        let Some(error_line) = self.tokens.last().map(|token| token.lineno) else {
            return;
        };
        loop {
            match self.tokenizer.next(&mut self.names).kind {
                Tok::Error => break,
                Tok::EndMarker => return,
                _ => {}
            }
        }
        if let Some(error) = self.recorded_error() {
            self.error = Some(error);
            return;
        }
        if let Some(text) = self.tokenizer.decode_error.take() {
            // Nobody turns this one into a syntax error.
            self.error = Some(Box::new(SyntaxError::bare(
                ErrorKind::UnicodeDecodeError,
                text,
            )));
            return;
        }
        if let Some((_, lineno, _)) = self.tokenizer.paren_stack.last().copied()
            && error_line > lineno
        {
            let parser_error = self.error.take();
            self.raise_unclosed_bracket();
            if self.error.is_none() {
                self.error = parser_error;
            }
        }
    }

    fn span_of(&self, value: &Value) -> Span {
        match value {
            Value::Token(at) => self.token_span(*at),
            Value::Node(node) => node.span,
            Value::List(values) => match (values.first(), values.last()) {
                (Some(first), Some(last)) => {
                    let (first, last) = (self.span_of(first), self.span_of(last));
                    Span {
                        end_lineno: last.end_lineno,
                        end_col_offset: last.end_col_offset,
                        ..first
                    }
                }
                _ => Span::default(),
            },
            Value::Nothing => Span::default(),
        }
    }

    fn span_of_part(&self, part: Part, get: &dyn Fn(&u8) -> Value) -> Span {
        let nodes = |label: &u8| {
            let mut nodes = Vec::new();
            flatten(&get(label), &mut nodes);
            nodes
        };
        match part {
            Part::Whole(label) => self.span_of(&get(&label)),
            Part::First(label) => nodes(&label)
                .first()
                .map_or_else(Span::default, |node| node.span),
            Part::Last(label) => nodes(&label)
                .last()
                .map_or_else(Span::default, |node| node.span),
            Part::LastClause(label) => {
                let clause = nodes(&label)
                    .last()
                    .and_then(|node| node.items.last().cloned());
                clause.map_or_else(Span::default, |node| node.span)
            }
        }
    }

    fn raise_range(&mut self, from: Span, to: Span, message: String) {
        let span = Span {
            end_lineno: to.end_lineno,
            end_col_offset: to.end_col_offset,
            ..from
        };
        self.raise_span(span, message);
    }

    /// Fills in the name of an expression (`%s`) or the text of a token (`%t`).
    fn filled(&self, message: &str, value: &Value) -> String {
        match value {
            Value::Node(node) => message.replace("%s", expression_name(node.kind)),
            Value::Token(at) => {
                message.replace("%t", &String::from_utf8_lossy(self.token_text(*at)))
            }
            _ => message.to_string(),
        }
    }

    fn is_legacy_statement(&self, value: &Value) -> bool {
        match value {
            Value::Node(node) if node.kind == Kind::Name => {
                matches!(
                    Name(self.tokens[node.token as usize].name),
                    known::PRINT | known::EXEC
                )
            }
            _ => false,
        }
    }

    pub(super) fn raise_for(&mut self, action: &Action, get: &dyn Fn(&u8) -> Value) {
        match action {
            Action::ErrorRange(from, to, message) => {
                let (start, end) = (self.span_of_part(*from, get), self.span_of_part(*to, get));
                let message = match from {
                    Part::Whole(label) => self.filled(message, &get(label)),
                    _ => message.clone(),
                };
                self.raise_range(start, end, message);
            }
            Action::ErrorAt(part, message) => {
                let message = match part {
                    Part::Whole(label) => self.filled(message, &get(label)),
                    _ => message.clone(),
                };
                let span = self.span_of_part(*part, get);
                self.raise_span(span, message);
            }
            Action::ErrorFrom(label, message) => {
                let span = self.span_of(&get(label));
                let start = (span.lineno, span.col_offset + 1);
                self.raise_at(ErrorKind::SyntaxError, start, None, message.clone());
            }
            Action::ErrorHere(message) => self.raise_here(ErrorKind::SyntaxError, message.clone()),
            Action::ErrorIndent(label, message) => {
                let line = label.map_or(0, |label| self.span_of(&get(&label)).lineno);
                self.raise_here(
                    ErrorKind::IndentationError,
                    message.replace("%d", &line.to_string()),
                );
            }
            Action::ErrorColon(label, message) => {
                let span = self.span_of(&get(label));
                let start = (span.lineno, span.end_col_offset);
                self.raise_at(
                    ErrorKind::SyntaxError,
                    start,
                    Some((span.end_lineno, 0)),
                    message.clone(),
                );
            }
            Action::ErrorTarget(targets, label) => self.raise_for_target(*targets, &get(label)),
            Action::ErrorLegacy(name, rest) => self.raise_for_legacy(&get(name), &get(rest)),
            Action::ErrorComma(from, to) => {
                let value = get(from);
                let in_brackets = self.mark > 0 && self.tokens[self.mark - 1].level > 0;
                if !self.is_legacy_statement(&value) && in_brackets {
                    let (start, end) = (self.span_of(&value), self.span_of(&get(to)));
                    self.raise_range(
                        start,
                        end,
                        "invalid syntax. Perhaps you forgot a comma?".into(),
                    );
                }
            }
            Action::ErrorArguments(label) => {
                let Value::Node(args) = get(label) else {
                    return;
                };
                let unpacked = args
                    .items
                    .iter()
                    .any(|item| item.kind == Kind::KeywordUnpacked);
                let suffix = if unpacked { " unpacking" } else { "" };
                let message = format!("positional argument follows keyword argument{suffix}");
                self.raise_here(ErrorKind::SyntaxError, message);
            }
            Action::ErrorNonparenthesized(args, clauses) => {
                let Value::Node(args) = get(args) else { return };
                let is_keyword =
                    |node: &&Rc<Node>| matches!(node.kind, Kind::Keyword | Kind::KeywordUnpacked);
                let positional: Vec<&Rc<Node>> =
                    args.items.iter().filter(|node| !is_keyword(node)).collect();
                if let [_, .., last] = positional[..] {
                    let end = self.span_of_part(Part::LastClause(*clauses), get);
                    self.raise_range(
                        last.span,
                        end,
                        "Generator expression must be parenthesized".into(),
                    );
                }
            }
            _ => {}
        }
    }

    fn raise_for_target(&mut self, targets: Targets, value: &Value) {
        let Value::Node(node) = value else { return };
        let Some(invalid) = invalid_target(node, targets) else {
            return;
        };
        let verb = if targets == Targets::Del {
            "delete"
        } else {
            "assign to"
        };
        let message = format!("cannot {verb} {}", expression_name(invalid.kind));
        self.raise_span(invalid.span, message);
    }

    fn raise_for_legacy(&mut self, name: &Value, rest: &Value) {
        if !self.is_legacy_statement(name) {
            return;
        }
        let Value::Node(node) = name else { return };
        let text = String::from_utf8_lossy(self.token_text(node.token as usize)).into_owned();
        let message = format!("Missing parentheses in call to '{text}'. Did you mean {text}(...)?");
        let (start, end) = (node.span, self.span_of(rest));
        self.raise_range(start, end, message);
    }
}
