//! The careful parser: walks CPython's grammar as CPython's parser does, to find the error of a source.
//!
//! It reads tokens in the same order and tries the same alternatives, first without and then with the
//! rules that exist only for errors. It makes no tree, only what those rules look at.

mod first;
mod grammar;
mod report;

use std::rc::Rc;

use crate::ast::{Constant, ExprKind, Span};
use crate::error::{ErrorKind, SyntaxError, Warning, WarningKind};
use crate::names::Names;
use crate::number::parse_number;
use crate::parser::{Origin, place_token};
use crate::source::Source;
use crate::strings::{StringError, concatenate_strings};
use crate::token::{SOFT_KEYWORDS, Tok, Token, known};
use crate::tokenizer::{Done, Tokenizer};
use crate::{Flags, Mode, new_names};
use first::{TokSet, set_of};
use grammar::{Action, Alternative, Grammar, Item, Kind, Part, Rule, RuleId, Targets, grammar};

/// CPython's limit on nested rules.
const MAX_LEVEL: u32 = 6000;
/// Below this depth no attempt that fails at its first token can reach the limit.
const MAX_LEVEL_TO_FILTER: u32 = MAX_LEVEL - 500;
const STACK_SIZE: usize = 256 << 20;

#[derive(Clone, Debug)]
enum Value {
    Nothing,
    Token(usize),
    Node(Rc<Node>),
    List(Rc<Vec<Value>>),
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    span: Span,
    /// The token, for names.
    token: u32,
    items: Box<[Rc<Node>]>,
}

impl Drop for Node {
    /// A chain of operators is as deep as it is long: freeing it by recursion would overflow the stack.
    fn drop(&mut self) {
        if self.items.is_empty() {
            return;
        }
        let mut rest = std::mem::take(&mut self.items).into_vec();
        while let Some(node) = rest.pop() {
            if let Some(mut node) = Rc::into_inner(node) {
                rest.append(&mut std::mem::take(&mut node.items).into_vec());
            }
        }
    }
}

/// What a source is parsed as, fields of f-strings included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Mode(Mode),
    Field,
}

/// What a rule gave at a token; all of a token are a chain.
struct Memo {
    rule: RuleId,
    value: Option<Value>,
    end: u32,
    /// The number of the next one, plus one.
    next: u32,
}

struct Peg<'a> {
    grammar: &'static Grammar,
    source: &'a [u8],
    /// The source before it was decoded, where it had to be.
    raw: Option<&'a [u8]>,
    /// The file of that name, and the encoding of its lines.
    file: Option<(&'a [u8], &'a str)>,
    has_encoding: bool,
    start: Start,
    origin: Origin,
    flags: &'a Flags,
    names: Names,
    tokenizer: Tokenizer<'a>,
    tokens: Vec<Token>,
    memos: Vec<Memo>,
    /// For each token, the number of its last memo, plus one.
    memo_heads: Vec<u32>,
    /// The values of the items matched so far, of all alternatives that are being tried.
    values: Vec<Value>,
    mark: usize,
    /// By first token, where a statement that is known to be right ends; 0 for none.
    sound: Vec<u32>,
    level: u32,
    call_invalid_rules: bool,
    parsing_started: bool,
    error: Option<Box<SyntaxError>>,
    /// What has been warned about: what is in strings in each pass, what is in numbers as they are read.
    warnings: Vec<Warning>,
    /// What the strings of the sound statements are warned for, by position.
    sound_warnings: &'a [Warning],
    /// The number of the warning that is an error.
    fatal: Option<usize>,
}

/// Why `source` is no Python program; `None` if it is one after all. The `sound` statements, from a token to
/// another, are known to be right; no rule finds an error in those, so they are only read. `tokens` is memory that
/// tokens may be put into.
pub fn find_error(
    source: &Source,
    mode: Mode,
    flags: &Flags,
    sound: &[(u32, u32)],
    sound_warnings: &[Warning],
    tokens: Vec<Token>,
) -> Option<SyntaxError> {
    find(source, mode, flags, (sound, sound_warnings), tokens, None)
}

/// The error that a source has whose warning of this number is one.
pub fn find_fatal_warning(
    source: &Source,
    mode: Mode,
    flags: &Flags,
    number: usize,
) -> Option<SyntaxError> {
    find(source, mode, flags, (&[], &[]), Vec::new(), Some(number))
}

fn find(
    source: &Source,
    mode: Mode,
    flags: &Flags,
    (sound, sound_warnings): (&[(u32, u32)], &[Warning]),
    mut tokens: Vec<Token>,
    fatal: Option<usize>,
) -> Option<SyntaxError> {
    tokens.clear();
    let run = || {
        let origin = Origin::default();
        let has_encoding = source.encoding.is_some();
        let mut peg = Peg::new(&source.text, Start::Mode(mode), origin, flags, has_encoding);
        peg.tokens = tokens;
        peg.raw = source.raw.as_deref();
        peg.sound_warnings = sound_warnings;
        peg.fatal = fatal;
        let encoding = source.encoding.as_deref().unwrap_or("utf-8");
        peg.file = source.file.as_deref().map(|file| (file, encoding));
        peg.sound = vec![0; sound.iter().map(|(start, _)| start + 1).max().unwrap_or(0) as usize];
        for (start, end) in sound {
            peg.sound[*start as usize] = *end;
        }
        let mut error = peg.run()?;
        let known = peg.warnings.len();
        peg.take_tokenizer_warnings();
        if let Some(warning) = peg.fatal_warning(known) {
            // It arose in the rest of the source, which is read once the parser has failed.
            error = peg.number_error(&warning);
        }
        error.warnings = peg.warnings;
        Some(error)
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK_SIZE)
            .spawn_scoped(scope, run);
        match thread {
            Ok(thread) => thread.join().ok()?.map(|error| *error),
            // There is no room for the parser's stack.
            Err(_) => Some(SyntaxError::bare(ErrorKind::MemoryError, "")),
        }
    })
}

fn span_of(token: &Token) -> Span {
    Span {
        lineno: token.lineno,
        col_offset: token.col_offset,
        end_lineno: token.end_lineno,
        end_col_offset: token.end_col_offset,
    }
}

impl<'a> Peg<'a> {
    fn new(
        source: &'a [u8],
        start: Start,
        origin: Origin,
        flags: &'a Flags,
        has_encoding: bool,
    ) -> Peg<'a> {
        let mut tokenizer = Tokenizer::new(source);
        tokenizer.lineno = origin.lineno;
        tokenizer.type_comments = flags.type_comments;
        tokenizer.async_hacks = flags.async_hacks();
        Peg {
            grammar: grammar(),
            source,
            raw: None,
            file: None,
            has_encoding,
            start,
            origin,
            flags,
            names: new_names(),
            tokenizer,
            tokens: Vec::new(),
            memos: Vec::new(),
            memo_heads: Vec::new(),
            values: Vec::new(),
            mark: 0,
            sound: Vec::new(),
            level: 0,
            call_invalid_rules: false,
            parsing_started: false,
            error: None,
            warnings: Vec::new(),
            sound_warnings: &[],
            fatal: None,
        }
    }

    fn start_rule(&self) -> RuleId {
        self.grammar.rule(match self.start {
            Start::Mode(Mode::Exec) => "file",
            Start::Mode(Mode::Single) => "interactive",
            Start::Mode(Mode::Eval) => "eval",
            Start::Mode(Mode::FuncType) => "func_type",
            Start::Field => "fstring",
        })
    }

    /// The error of the source, if there is one.
    fn run(&mut self) -> Option<Box<SyntaxError>> {
        let rule = self.start_rule();
        let result = self.rule(rule);
        if result.is_some() && self.error.is_none() {
            if self.start == Start::Mode(Mode::Single) && self.has_more_statements() {
                self.raise_here(
                    ErrorKind::SyntaxError,
                    "multiple statements found while compiling a single statement".into(),
                );
            }
            return self.error.take();
        }
        if self.flags.allow_incomplete_input && self.tokenizer.done == Done::Eof {
            self.error = None;
            self.raise_here(ErrorKind::SyntaxError, "incomplete input".into());
            return self.error.take();
        }
        let last_token = self.tokens.len().checked_sub(1);
        if self.error.is_none() {
            self.memos.clear();
            self.memo_heads.fill(0);
            self.mark = 0;
            self.level = 0;
            self.call_invalid_rules = true;
            self.rule(rule);
        }
        self.conclude(last_token);
        self.error.take()
    }

    fn has_more_statements(&self) -> bool {
        let mut rest = self.source[self.tokenizer.cur..].iter();
        while let Some(c) = rest.next() {
            match c {
                b' ' | b'\t' | b'\n' | 0x0c => {}
                b'#' => while rest.next().is_some_and(|c| *c != b'\n') {},
                _ => return true,
            }
        }
        false
    }

    /// Makes sure that there is a token at the mark; false after an error.
    fn fill(&mut self) -> bool {
        if self.mark < self.tokens.len() {
            return true;
        }
        if self.error.is_some() {
            return false;
        }
        let mut raw = self.tokenizer.next(&mut self.names);
        while raw.kind == Tok::TypeIgnore {
            raw = self.tokenizer.next(&mut self.names);
        }
        if self.start == Start::Mode(Mode::Single)
            && raw.kind == Tok::EndMarker
            && self.parsing_started
        {
            raw.kind = Tok::Newline;
            self.parsing_started = false;
            if self.tokenizer.indent > 0 && !self.flags.dont_imply_dedent {
                self.tokenizer.close_indents();
            }
        } else {
            self.parsing_started = true;
        }
        let known = self.warnings.len();
        self.take_tokenizer_warnings();
        if let Some(warning) = self.fatal_warning(known) {
            self.error = Some(self.number_error(&warning));
            self.tokenizer.done = Done::Error;
            return false;
        }
        let token = place_token(raw, &self.tokenizer, self.origin);
        self.tokens.push(token);
        self.memo_heads.push(0);
        if raw.kind == Tok::Error {
            self.tokenizer_error();
            return false;
        }
        true
    }

    fn token(&mut self, kind: Tok) -> Option<usize> {
        if !self.fill() || self.tokens[self.mark].kind != kind {
            return None;
        }
        self.mark += 1;
        Some(self.mark - 1)
    }

    fn token_text(&self, at: usize) -> &'a [u8] {
        let token = &self.tokens[at];
        &self.source[token.start as usize..token.end as usize]
    }

    fn token_span(&self, at: usize) -> Span {
        span_of(&self.tokens[at])
    }

    fn leaf(&self, kind: Kind, at: usize) -> Value {
        Value::Node(Rc::new(Node {
            kind,
            span: self.token_span(at),
            token: at as u32,
            items: Box::default(),
        }))
    }

    fn enter(&mut self) -> bool {
        self.level += 1;
        if self.level > MAX_LEVEL && self.error.is_none() {
            self.error = Some(Box::new(SyntaxError::bare(ErrorKind::MemoryError, "")));
        }
        self.error.is_none()
    }

    /// The kind of the token at the mark as a set; all kinds where every attempt has to be made.
    fn possible(&mut self) -> TokSet {
        if self.level >= MAX_LEVEL_TO_FILTER {
            return TokSet::MAX;
        }
        if self.fill() {
            set_of(self.tokens[self.mark].kind)
        } else {
            0
        }
    }

    fn rule(&mut self, id: RuleId) -> Option<Value> {
        let rule = &self.grammar.rules[id as usize];
        let possible = self.possible();
        if rule.first & possible == 0 {
            return None;
        }
        if let Some(pass) = &rule.pass
            && possible != TokSet::MAX
            && pass.unless_first & possible == 0
        {
            return self.passing_rule(id, possible);
        }
        self.full_rule(id)
    }

    /// Tries a rule in all its alternatives.
    fn full_rule(&mut self, id: RuleId) -> Option<Value> {
        let rule = &self.grammar.rules[id as usize];
        let outer = self.call_invalid_rules;
        self.call_invalid_rules &= !rule.without_invalid;
        let value = if !self.enter() {
            None
        } else if id == self.grammar.statement && self.skip_sound() {
            Some(Value::Nothing)
        } else if rule.left_recursive {
            self.left_recursive_rule(id, rule)
        } else if rule.memo {
            self.memoized_rule(id, &rule.alternatives)
        } else {
            self.alternatives(&rule.alternatives)
        };
        self.call_invalid_rules = outer;
        self.level -= 1;
        value
    }

    fn remember(&mut self, start: usize, id: RuleId, value: &Option<Value>) {
        let rule = &self.grammar.rules[id as usize];
        if rule.memo || rule.left_recursive {
            self.set_memo(start, id, value.clone(), self.mark);
        }
    }

    /// Tries a rule that hands on another one, and so on: first what the innermost gives, then, going out again,
    /// only those rules for which the source goes on in a way that they know.
    fn passing_rule(&mut self, id: RuleId, possible: TokSet) -> Option<Value> {
        const LONGEST: usize = 24;
        let (start, level) = (self.mark, self.level);
        let mut chain: [RuleId; LONGEST] = [0; LONGEST];
        let (mut count, mut inner) = (0, id);
        while let Some(pass) = &self.grammar.rules[inner as usize].pass
            && pass.unless_first & possible == 0
            && count < LONGEST
        {
            if let Some(memo) = self.find_memo(start, inner) {
                if count == 0 {
                    let memo = &self.memos[memo];
                    self.mark = memo.end as usize;
                    return memo.value.clone();
                }
                break;
            }
            chain[count] = inner;
            count += 1;
            self.level += pass.levels;
            inner = pass.inner;
        }
        let mut value = self.rule(inner);
        for outer in chain[..count].iter().rev() {
            let Some(pass) = &self.grammar.rules[*outer as usize].pass else {
                continue;
            };
            self.level -= pass.levels;
            if self.error.is_some() || value.is_none() {
                continue;
            }
            if pass.unless_next & self.possible() != 0 {
                self.remember(start, pass.inner, &value);
                self.mark = start;
                value = self.full_rule(*outer);
            }
        }
        self.level = level;
        if self.error.is_some() {
            return None;
        }
        if value.is_none() {
            self.mark = start;
        }
        self.remember(start, id, &value);
        value
    }

    /// Reads over a statement that is known to be right.
    fn skip_sound(&mut self) -> bool {
        let end = self.sound.get(self.mark).copied().unwrap_or(0) as usize;
        if end == 0 {
            return false;
        }
        let (first, known) = (self.mark, self.warnings.len());
        while self.mark < end && self.fill() {
            self.mark += 1;
        }
        self.repeat_warnings(first, known);
        true
    }

    /// Warns about the strings of a statement that has been read over, from a token to the mark, in between what its
    /// numbers are warned for; those warnings begin at `known`. The second pass warns about fields only.
    fn repeat_warnings(&mut self, first: usize, known: usize) {
        let tokens = &self.tokens[first..self.mark];
        let (Some(start), Some(end)) = (tokens.first(), tokens.last()) else {
            return;
        };
        let (all, second_pass) = (self.sound_warnings, self.call_invalid_rules);
        let from = all.partition_point(|warning| warning.position < start.start as usize);
        let own = all[from..]
            .iter()
            .take_while(|warning| warning.position < end.end as usize)
            .filter(|warning| {
                let is_escape = warning.kind == WarningKind::DeprecationWarning;
                warning.in_field || is_escape && !second_pass
            });
        self.warnings.extend(own.cloned());
        self.warnings[known..].sort_by_key(|warning| warning.position);
    }

    /// The warning that is an error, if it is one of those after the `known` ones.
    fn fatal_warning(&self, known: usize) -> Option<Warning> {
        let number = self.fatal.filter(|number| *number >= known)?;
        self.warnings.get(number).cloned()
    }

    fn take_tokenizer_warnings(&mut self) {
        self.warnings.append(&mut self.tokenizer.warnings);
    }

    /// The number of what is remembered of a rule at a token.
    fn find_memo(&self, at: usize, id: RuleId) -> Option<usize> {
        let mut number = *self.memo_heads.get(at)?;
        while number != 0 {
            let memo = &self.memos[number as usize - 1];
            if memo.rule == id {
                return Some(number as usize - 1);
            }
            number = memo.next;
        }
        None
    }

    fn memo(&mut self, id: RuleId) -> Option<Option<Value>> {
        if !self.fill() {
            return Some(None);
        }
        let memo = &self.memos[self.find_memo(self.mark, id)?];
        let (value, end) = (memo.value.clone(), memo.end as usize);
        self.mark = end;
        Some(value)
    }

    fn set_memo(&mut self, start: usize, rule: RuleId, value: Option<Value>, end: usize) {
        let end = end as u32;
        if let Some(number) = self.find_memo(start, rule) {
            let memo = &mut self.memos[number];
            memo.value = value;
            memo.end = end;
        } else if let Some(head) = self.memo_heads.get_mut(start) {
            let next = std::mem::replace(head, self.memos.len() as u32 + 1);
            self.memos.push(Memo {
                rule,
                value,
                end,
                next,
            });
        }
    }

    fn memoized_rule(&mut self, id: RuleId, alternatives: &'static [Alternative]) -> Option<Value> {
        if let Some(known) = self.memo(id) {
            return known;
        }
        let start = self.mark;
        let value = self.alternatives(alternatives);
        self.set_memo(start, id, value.clone(), self.mark);
        value
    }

    /// Grows a match of a rule that starts with itself, until it grows no more.
    fn left_recursive_rule(&mut self, id: RuleId, rule: &'static Rule) -> Option<Value> {
        if let Some(known) = self.memo(id) {
            return known;
        }
        let start = self.mark;
        let mut end = start;
        let mut best = None;
        loop {
            self.set_memo(start, id, best.clone(), end);
            self.mark = start;
            let value = self.group(&rule.alternatives);
            if self.error.is_some() {
                return None;
            }
            if value.is_none() || self.mark <= end {
                break;
            }
            end = self.mark;
            best = value;
            if rule.continuations & self.possible() == 0 {
                if self.error.is_some() {
                    return None;
                }
                // The next round would find the same again.
                self.set_memo(start, id, best.clone(), end);
                break;
            }
        }
        self.mark = end;
        best
    }

    fn alternatives(&mut self, alternatives: &'static [Alternative]) -> Option<Value> {
        let start = self.mark;
        let possible = self.possible();
        for alternative in alternatives {
            if alternative.first & possible == 0 || alternative.invalid && !self.call_invalid_rules
            {
                continue;
            }
            let base = self.values.len();
            let mut cut = false;
            let mut matches = true;
            for (_, item) in &alternative.items {
                if matches!(item, Item::Cut) {
                    cut = true;
                    continue;
                }
                let Some(value) = self.item(item) else {
                    matches = false;
                    break;
                };
                self.values.push(value);
            }
            let is_error = self.error.is_some();
            let value = if matches && !is_error {
                self.act(alternative, start, base)
            } else {
                None
            };
            self.values.truncate(base);
            if matches || is_error {
                return value;
            }
            self.mark = start;
            if cut {
                return None;
            }
        }
        None
    }

    fn group(&mut self, alternatives: &'static [Alternative]) -> Option<Value> {
        let value = if self.enter() {
            self.alternatives(alternatives)
        } else {
            None
        };
        self.level -= 1;
        value
    }

    fn item(&mut self, item: &'static Item) -> Option<Value> {
        if self.error.is_some() {
            return None;
        }
        match item {
            Item::Rule(id) => self.rule(*id),
            Item::Token(kind) => self.token(*kind).map(Value::Token),
            Item::Name => self.token(Tok::Name).map(|at| self.leaf(Kind::Name, at)),
            Item::Soft(text) => {
                if !self.fill() || self.tokens[self.mark].kind != Tok::Name {
                    return None;
                }
                let at = self.mark;
                if self.token_text(at) != text.as_bytes() {
                    return None;
                }
                self.mark += 1;
                Some(self.leaf(Kind::Name, at))
            }
            Item::SoftKeyword => {
                let at = self.token(Tok::Name)?;
                let text = self.token_text(at);
                let is_prefix = SOFT_KEYWORDS
                    .iter()
                    .any(|word| word.as_bytes().starts_with(text));
                is_prefix.then(|| self.leaf(Kind::Name, at))
            }
            Item::Number => self.number(),
            Item::Group(alternatives) => self.group(alternatives),
            Item::Optional(item) => {
                let start = self.mark;
                let value = self.item(item);
                if self.error.is_some() {
                    return None;
                }
                if value.is_none() {
                    self.mark = start;
                }
                Some(value.unwrap_or(Value::Nothing))
            }
            Item::Star(item) => self.repeat(item, 0),
            Item::Plus(item) => self.repeat(item, 1),
            Item::Gather(separator, item) => self.gather(separator, item),
            Item::And(item) => self.look(item).then_some(Value::Nothing),
            Item::Not(item) => (!self.look(item)).then_some(Value::Nothing),
            Item::Cut => Some(Value::Nothing),
            Item::Forced(kind, text) => {
                if !self.fill() {
                    return None;
                }
                if let Some(at) = self.token(*kind) {
                    return Some(Value::Token(at));
                }
                let span = self.token_span(self.mark);
                self.raise_span(span, format!("expected '{text}'"));
                None
            }
        }
    }

    fn look(&mut self, item: &'static Item) -> bool {
        let start = self.mark;
        let found = self.item(item).is_some();
        self.mark = start;
        found
    }

    fn repeat(&mut self, item: &'static Item, at_least: usize) -> Option<Value> {
        let mut values = Vec::new();
        if self.enter() {
            loop {
                let start = self.mark;
                let Some(value) = self.item(item) else {
                    self.mark = start;
                    break;
                };
                values.push(value);
            }
        }
        self.level -= 1;
        (self.error.is_none() && values.len() >= at_least).then(|| Value::List(Rc::new(values)))
    }

    fn gather(&mut self, separator: &'static Item, item: &'static Item) -> Option<Value> {
        let mut values = Vec::new();
        if self.enter()
            && let Some(first) = self.item(item)
        {
            values.push(first);
            if self.enter() {
                loop {
                    let start = self.mark;
                    let next = self.item(separator).and_then(|_| self.item(item));
                    let Some(value) = next else {
                        self.mark = start;
                        break;
                    };
                    values.push(value);
                }
            }
            self.level -= 1;
        }
        self.level -= 1;
        (self.error.is_none() && !values.is_empty()).then(|| Value::List(Rc::new(values)))
    }

    fn number(&mut self) -> Option<Value> {
        let at = self.token(Tok::Number)?;
        let text = self.token_text(at);
        if self.flags.feature_version < 6 && text.contains(&b'_') {
            let message =
                "Underscores in numeric literals are only supported in Python 3.6 and greater";
            self.raise_here(ErrorKind::SyntaxError, message.into());
            return None;
        }
        match parse_number(text) {
            Ok(Constant::Complex(..)) => Some(self.leaf(Kind::Imaginary, at)),
            Ok(_) => Some(self.leaf(Kind::Number, at)),
            Err(too_many) => {
                let message = format!(
                    "Exceeds the limit (4300 digits) for integer string conversion: value has {} digits; \
                     use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge \
                     integer literals to avoid decimal conversion limits.",
                    too_many.0
                );
                let span = self.token_span(at);
                self.raise_at(
                    ErrorKind::SyntaxError,
                    (span.lineno, 0),
                    Some((span.end_lineno, 0)),
                    message,
                );
                None
            }
        }
    }

    /// From the token at `start` to the last one before the mark that is not white space.
    fn span_from(&self, start: usize) -> Span {
        let first = self.token_span(start);
        let mut last = self.mark;
        while last > 0 {
            last -= 1;
            if !matches!(
                self.tokens[last].kind,
                Tok::EndMarker | Tok::Newline | Tok::Indent | Tok::Dedent
            ) {
                break;
            }
        }
        let last = self.token_span(last);
        Span {
            end_lineno: last.end_lineno,
            end_col_offset: last.end_col_offset,
            ..first
        }
    }

    /// What an alternative gives whose items' values lie above `base`.
    fn act(
        &mut self,
        alternative: &'static Alternative,
        start: usize,
        base: usize,
    ) -> Option<Value> {
        let value = match &alternative.action {
            Action::Default => Some(self.default_value(alternative, base)),
            Action::Label(label) => Some(labelled(alternative, &self.values[base..], *label)),
            Action::Node(kind) => {
                let mut items = Vec::with_capacity(2);
                let values = &self.values[base..];
                values.iter().for_each(|value| flatten(value, &mut items));
                let span = if start < self.tokens.len() {
                    self.span_from(start)
                } else {
                    Span::default()
                };
                Some(Value::Node(Rc::new(Node {
                    kind: *kind,
                    span,
                    token: start as u32,
                    items: items.into_boxed_slice(),
                })))
            }
            Action::Fail => None,
            checked => {
                let values = self.values.split_off(base);
                let get = |label: &u8| labelled(alternative, &values, *label);
                match checked {
                    Action::Barry(label) => self.check_barry(get(label)),
                    Action::Strings(label) => self.strings(&get(label)),
                    Action::Real(label) => self.check_number(get(label), Kind::Number, "real"),
                    Action::Imaginary(label) => {
                        self.check_number(get(label), Kind::Imaginary, "imaginary")
                    }
                    error => {
                        self.raise_for(error, &get);
                        None
                    }
                }
            }
        };
        if let (Some(_), Some((minor, what))) = (&value, &alternative.version)
            && self.flags.feature_version < *minor
        {
            let message = format!("{what} only supported in Python 3.{minor} and greater");
            self.raise_here(ErrorKind::SyntaxError, message);
            return None;
        }
        if self.error.is_some() { None } else { value }
    }

    fn default_value(&mut self, alternative: &Alternative, base: usize) -> Value {
        if self.values.len() == base + 1 {
            return self.values.pop().unwrap_or(Value::Nothing);
        }
        // Look-aheads leave nothing behind; what is left alone is the value.
        let looks = alternative
            .items
            .iter()
            .filter(|(_, item)| !matches!(item, Item::And(_) | Item::Not(_) | Item::Cut));
        if looks.count() == 1 {
            let mut values = self.values.drain(base..);
            let found = values.find(|value| !matches!(value, Value::Nothing));
            found.unwrap_or(Value::Nothing)
        } else {
            Value::List(Rc::new(self.values.split_off(base)))
        }
    }

    fn check_barry(&mut self, value: Value) -> Option<Value> {
        let Value::Token(at) = value else { return None };
        let text = self.token_text(at);
        if self.flags.barry_as_bdfl {
            if text != b"<>" {
                let message = "with Barry as BDFL, use '<>' instead of '!='";
                self.raise_here(ErrorKind::SyntaxError, message.into());
                return None;
            }
            return Some(value);
        }
        (text == b"!=").then_some(value)
    }

    fn check_number(&mut self, value: Value, kind: Kind, what: &str) -> Option<Value> {
        if let Value::Node(node) = &value
            && node.kind != kind
        {
            let span = node.span;
            self.raise_span(span, format!("{what} number required in complex literal"));
            return None;
        }
        Some(value)
    }

    fn strings(&mut self, value: &Value) -> Option<Value> {
        let Value::List(list) = value else {
            return None;
        };
        let tokens: Vec<Token> = list
            .iter()
            .filter_map(|value| match value {
                Value::Token(at) => Some(self.tokens[*at]),
                _ => None,
            })
            .collect();
        let (source, flags) = (self.source, self.flags);
        let known = self.warnings.len();
        let (names, warnings) = (&mut self.names, &mut self.warnings);
        let quiet = self.call_invalid_rules;
        let concatenated = concatenate_strings(source, &tokens, names, flags, warnings, quiet, 0);
        if let Some(warning) = self.fatal_warning(known) {
            let token = tokens
                .iter()
                .find(|token| token.start as usize == warning.position)?;
            self.raise_span(span_of(token), warning.message);
            return None;
        }
        match concatenated {
            Ok(expr) => {
                let kind = if matches!(expr.kind, ExprKind::JoinedStr(_)) {
                    Kind::JoinedStr
                } else {
                    Kind::Text
                };
                Some(Value::Node(Rc::new(Node {
                    kind,
                    span: expr.span,
                    token: 0,
                    items: Box::default(),
                })))
            }
            Err(error) => {
                self.string_error(error);
                None
            }
        }
    }

    fn string_error(&mut self, error: StringError) {
        match error {
            StringError::Message(message) => self.raise_here(ErrorKind::SyntaxError, message),
            StringError::At { message, span } => self.raise_span(span, message),
            StringError::TooDeep => {
                self.error = Some(Box::new(SyntaxError::bare(ErrorKind::MemoryError, "")));
            }
            StringError::Field { source, origin } => {
                let origin = Origin {
                    lineno: origin.lineno,
                    starting_lineno: origin.starting_lineno,
                    starting_col_offset: origin.starting_col_offset,
                };
                let mut field = Peg::new(&source, Start::Field, origin, self.flags, false);
                field.level = self.level;
                let error = field.run().unwrap_or_else(|| {
                    let message = "the two parsers disagree whether this is an expression";
                    Box::new(SyntaxError::bare(ErrorKind::SystemError, message))
                });
                field.take_tokenizer_warnings();
                self.warnings.append(&mut field.warnings);
                if error.kind == ErrorKind::UnicodeDecodeError {
                    // The literal that holds the field takes this for its own text being no UTF-8.
                    let message = format!("(unicode error) {}", error.message);
                    return self.raise_here(ErrorKind::SyntaxError, message);
                }
                self.error = Some(error);
            }
        }
    }
}

/// The value of the item with a label.
fn labelled(alternative: &Alternative, values: &[Value], label: u8) -> Value {
    let items = alternative.items.iter();
    let mut items = items.filter(|(_, item)| !matches!(item, Item::Cut));
    let index = items.position(|(known, _)| *known == Some(label));
    index.map_or(Value::Nothing, |index| values[index].clone())
}

/// The nodes in a value, lists taken apart.
fn flatten(value: &Value, out: &mut Vec<Rc<Node>>) {
    match value {
        Value::Node(node) => out.push(node.clone()),
        Value::List(values) => values.iter().for_each(|value| flatten(value, out)),
        Value::Nothing | Value::Token(_) => {}
    }
}
