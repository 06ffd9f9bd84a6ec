//! The fast parser: recursive descent over all tokens of a file, for programs that are right.
//!
//! It says no without saying why; `crate::peg` then finds CPython's error for the same source.

mod expr;
mod pattern;
mod stmt;
mod target;

use std::rc::Rc;

use crate::ast::*;
use crate::error::Warning;
use crate::names::{Name, Names};
use crate::token::{Tok, Token, known};
use crate::tokenizer::Tokenizer;
use crate::{Flags, Mode};

/// The program is not accepted; the reason is found elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected;

pub type Parsed<T> = Result<T, Rejected>;

/// How deep expressions and statements may nest before the careful parser has to decide.
const MAX_DEPTH: u32 = 3200;

/// Where an f-string's replacement field lies in its file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin {
    pub lineno: i32,
    pub starting_lineno: i32,
    pub starting_col_offset: i32,
}

/// All tokens of a source, and what the tokenizer noticed on the way.
pub struct TokenStream {
    pub tokens: Vec<Token>,
    pub type_ignores: Vec<TypeIgnore>,
    pub warnings: Vec<Warning>,
}

/// Gives a raw token its place.
pub fn place_token(
    raw: crate::tokenizer::RawToken,
    tokenizer: &Tokenizer<'_>,
    origin: Origin,
) -> Token {
    let is_string = raw.kind == Tok::String;
    let line_start = if is_string {
        tokenizer.multi_line_start
    } else {
        tokenizer.line_start
    };
    let column = |at: Option<usize>, from: usize| match at {
        Some(at) if at >= from => (at - from) as i32,
        _ => -1,
    };
    let mut col_offset = column(raw.start, line_start);
    let mut end_col_offset = column(raw.end, tokenizer.line_start);
    if tokenizer.lineno == origin.starting_lineno {
        col_offset += origin.starting_col_offset;
        end_col_offset += origin.starting_col_offset;
    }
    Token {
        kind: raw.kind,
        level: tokenizer.level() as u16,
        name: raw.name,
        start: raw.start.unwrap_or(tokenizer.cur) as u32,
        end: raw.end.unwrap_or(tokenizer.cur) as u32,
        lineno: if is_string {
            tokenizer.first_lineno
        } else {
            tokenizer.lineno
        },
        col_offset,
        end_lineno: tokenizer.lineno,
        end_col_offset,
    }
}

/// All tokens, or none if one of them is an error.
pub fn tokenize(
    source: &[u8],
    names: &mut Names,
    mode: Mode,
    flags: &Flags,
    origin: Origin,
) -> Parsed<TokenStream> {
    let stream = tokenize_to_error(source, names, mode, flags, origin);
    match stream.tokens.last() {
        Some(last) if last.kind == Tok::Error => Err(Rejected),
        _ => Ok(stream),
    }
}

/// The tokens to the end, or to the first error, which is then the last of them.
pub fn tokenize_to_error(
    source: &[u8],
    names: &mut Names,
    mode: Mode,
    flags: &Flags,
    origin: Origin,
) -> TokenStream {
    let mut tokenizer = Tokenizer::new(source);
    tokenizer.lineno = origin.lineno;
    tokenizer.type_comments = flags.type_comments;
    tokenizer.async_hacks = flags.async_hacks();
    let mut stream = TokenStream {
        tokens: Vec::with_capacity(source.len() / 4 + 8),
        type_ignores: Vec::new(),
        warnings: Vec::new(),
    };
    let mut started = false;
    loop {
        let mut raw = tokenizer.next(names);
        match raw.kind {
            Tok::TypeIgnore => {
                let range = raw.start.unwrap_or(0)..raw.end.unwrap_or(0);
                stream.type_ignores.push(TypeIgnore {
                    lineno: tokenizer.lineno,
                    tag: Rc::from(&source[range]),
                });
                continue;
            }
            Tok::EndMarker if mode == Mode::Single && started => {
                raw.kind = Tok::Newline;
                started = false;
                if tokenizer.indent > 0 {
                    tokenizer.close_indents();
                }
            }
            _ => started = true,
        }
        stream.tokens.push(place_token(raw, &tokenizer, origin));
        if matches!(raw.kind, Tok::EndMarker | Tok::Error) {
            stream.warnings = tokenizer.warnings;
            return stream;
        }
    }
}

pub struct Parser<'a> {
    pub source: &'a [u8],
    pub tokens: Vec<Token>,
    pub names: &'a mut Names,
    pub flags: &'a Flags,
    pub warnings: Vec<Warning>,
    pos: usize,
    depth: u32,
    /// Whether the program was given up because of its depth alone.
    pub too_deep: bool,
    /// How deep it went.
    pub deepest: u32,
    /// The statements that were parsed: their first tokens, and those after them.
    sound: Vec<(u32, u32)>,
    /// The tokens `match` that start a statement of another kind, which CPython tries as a `match` without cases.
    suspects: Vec<u32>,
}

impl<'a> Parser<'a> {
    pub fn new(
        source: &'a [u8],
        stream: TokenStream,
        names: &'a mut Names,
        flags: &'a Flags,
    ) -> Parser<'a> {
        let TokenStream {
            tokens, warnings, ..
        } = stream;
        Parser {
            source,
            tokens,
            names,
            flags,
            warnings,
            pos: 0,
            depth: 0,
            too_deep: false,
            deepest: 0,
            sound: Vec::new(),
            suspects: Vec::new(),
        }
    }

    /// The statements that were parsed in which no rule for errors finds one: their first tokens, and those after
    /// them. In `match(x)`, `print -1` and the like, right as they are, such a rule does.
    pub fn beyond_doubt(&self) -> Vec<(u32, u32)> {
        let mut suspects = self.suspects.clone();
        for (at, pair) in self.tokens.windows(2).enumerate() {
            let is_legacy = matches!(Name(pair[0].name), known::PRINT | known::EXEC);
            let next = pair[1].kind;
            if pair[0].kind == Tok::Name
                && is_legacy
                && matches!(next, Tok::Plus | Tok::Minus | Tok::Star | Tok::Lsqb)
            {
                suspects.push(at as u32);
            }
        }
        suspects.sort_unstable();
        let is_free = |(start, end): &&(u32, u32)| {
            let first = suspects.partition_point(|suspect| suspect < start);
            suspects.get(first).is_none_or(|suspect| suspect >= end)
        };
        self.sound.iter().filter(is_free).copied().collect()
    }

    #[inline]
    fn peek(&self) -> Tok {
        self.tokens[self.pos].kind
    }

    #[inline]
    fn peek_at(&self, ahead: usize) -> Tok {
        self.tokens
            .get(self.pos + ahead)
            .map_or(Tok::EndMarker, |token| token.kind)
    }

    #[inline]
    fn at_name(&self, name: Name) -> bool {
        let token = &self.tokens[self.pos];
        token.kind == Tok::Name && token.name == name.0
    }

    #[inline]
    fn advance(&mut self) {
        if self.pos + 1 < self.tokens.len() {
            self.pos += 1;
        }
    }

    #[inline]
    fn eat(&mut self, kind: Tok) -> bool {
        let found = self.peek() == kind;
        if found {
            self.advance();
        }
        found
    }

    #[inline]
    fn expect(&mut self, kind: Tok) -> Parsed<()> {
        if self.eat(kind) {
            Ok(())
        } else {
            Err(Rejected)
        }
    }

    fn expect_name(&mut self) -> Parsed<Name> {
        let token = self.tokens[self.pos];
        self.expect(Tok::Name)?;
        Ok(Name(token.name))
    }

    /// Fails when the program may not use what a later minor version brought.
    fn require(&self, minor: u32) -> Parsed<()> {
        if self.flags.feature_version >= minor {
            Ok(())
        } else {
            Err(Rejected)
        }
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            self.too_deep = true;
            return Err(Rejected);
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// From the token at `start` to the last one read that is not white space.
    fn span_from(&self, start: usize) -> Span {
        let first = &self.tokens[start];
        let mut last = self.pos;
        loop {
            last = last.saturating_sub(1);
            let kind = self.tokens[last].kind;
            if last == 0
                || !matches!(
                    kind,
                    Tok::EndMarker | Tok::Newline | Tok::Indent | Tok::Dedent
                )
            {
                break;
            }
        }
        let last = &self.tokens[last];
        Span {
            lineno: first.lineno,
            col_offset: first.col_offset,
            end_lineno: last.end_lineno,
            end_col_offset: last.end_col_offset,
        }
    }

    fn expr(&self, start: usize, kind: ExprKind) -> Expr {
        Expr {
            span: self.span_from(start),
            kind,
        }
    }

    fn stmt(&self, start: usize, kind: StmtKind) -> Stmt {
        Stmt {
            span: self.span_from(start),
            kind,
        }
    }

    fn text(&self, token: &Token) -> &'a [u8] {
        &self.source[token.start as usize..token.end as usize]
    }

    fn type_comment(&mut self) -> Option<Rc<[u8]>> {
        if self.peek() != Tok::TypeComment {
            return None;
        }
        let comment = Rc::from(self.text(&self.tokens[self.pos]));
        self.advance();
        Some(comment)
    }

    pub fn parse(&mut self, mode: Mode, type_ignores: Vec<TypeIgnore>) -> Parsed<Mod> {
        match mode {
            Mode::Exec => {
                let mut body = Vec::new();
                while self.peek() != Tok::EndMarker {
                    self.statement_into(&mut body)?;
                }
                Ok(Mod::Module { body, type_ignores })
            }
            Mode::Eval => {
                let body = self.expressions()?;
                while self.eat(Tok::Newline) {}
                self.at_end()?;
                Ok(Mod::Expression {
                    body: Box::new(body),
                })
            }
            Mode::Single => self.interactive(),
            Mode::FuncType => self.function_type(),
        }
    }

    /// The inside of an f-string's replacement field.
    pub fn parse_field(&mut self) -> Parsed<Expr> {
        self.star_expressions()
    }

    fn at_end(&self) -> Parsed<()> {
        if self.peek() == Tok::EndMarker {
            Ok(())
        } else {
            Err(Rejected)
        }
    }

    fn interactive(&mut self) -> Parsed<Mod> {
        let mut body = Vec::new();
        if self.peek() == Tok::Newline {
            let start = self.pos;
            self.advance();
            let token = self.tokens[start];
            let span = Span {
                lineno: token.lineno,
                col_offset: token.col_offset,
                end_lineno: token.end_lineno,
                end_col_offset: token.end_col_offset,
            };
            body.push(Stmt {
                span,
                kind: StmtKind::Pass,
            });
        } else if self.peek() == Tok::EndMarker {
            return Err(Rejected);
        } else if self.at_compound_statement() {
            self.statement_into(&mut body)?;
            self.expect(Tok::Newline)?;
        } else {
            let matched = self.at_name(known::MATCH);
            self.statement_into(&mut body)?;
            if matched
                && matches!(
                    body.last(),
                    Some(Stmt {
                        kind: StmtKind::Match(_),
                        ..
                    })
                )
            {
                self.expect(Tok::Newline)?;
            }
        }
        if self.has_more_input() {
            Err(Rejected)
        } else {
            Ok(Mod::Interactive { body })
        }
    }

    /// Whether anything but blanks and comments follows the statement of an interactive input.
    fn has_more_input(&self) -> bool {
        let last = &self.tokens[self.pos.saturating_sub(1)];
        let mut rest = &self.source[last.end as usize..];
        loop {
            while let [b' ' | b'\t' | b'\n' | 0x0c, tail @ ..] = rest {
                rest = tail;
            }
            match rest {
                [] => return false,
                [b'#', ..] => {
                    rest = &rest[rest.iter().position(|c| *c == b'\n').unwrap_or(rest.len())..]
                }
                _ => return true,
            }
        }
    }

    fn function_type(&mut self) -> Parsed<Mod> {
        self.expect(Tok::Lpar)?;
        let mut argtypes = Vec::new();
        let (mut saw_star, mut saw_double_star) = (false, false);
        while self.peek() != Tok::Rpar {
            match self.peek() {
                Tok::Star if !saw_star => saw_star = true,
                Tok::DoubleStar if !saw_double_star => saw_double_star = true,
                _ if !saw_star && !saw_double_star => {
                    argtypes.push(self.expression()?);
                    if !self.eat(Tok::Comma) || self.peek() == Tok::Rpar {
                        self.trailing_comma_is_wrong()?;
                        break;
                    }
                    continue;
                }
                _ => return Err(Rejected),
            }
            self.advance();
            argtypes.push(self.expression()?);
            if saw_double_star || !self.eat(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::Rpar)?;
        self.expect(Tok::Rarrow)?;
        let returns = Box::new(self.expression()?);
        while self.eat(Tok::Newline) {}
        self.at_end()?;
        Ok(Mod::FunctionType { argtypes, returns })
    }

    fn trailing_comma_is_wrong(&self) -> Parsed<()> {
        if self.tokens[self.pos - 1].kind == Tok::Comma {
            Err(Rejected)
        } else {
            Ok(())
        }
    }
}
