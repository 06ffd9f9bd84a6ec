//! The tokenizer: bytes to tokens, one at a time, with CPython 3.11's positions and errors.

use crate::error::{Warning, WarningKind};
use crate::names::Names;
use crate::token::{KEYWORDS, Tok, one_char, three_chars, two_chars};

const TAB_SIZE: i32 = 8;
pub const MAX_LEVEL: usize = 200;
const MAX_INDENT: usize = 100;

/// Why the tokenizer stopped, in CPython's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Ok,
    Eof,
    /// An error with its own message has been recorded.
    Error,
    TabSpace,
    TooDeep,
    Dedent,
    LineCont,
    Decode,
}

/// An error that carries its message: raised as a `SyntaxError` on the current line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenError {
    pub message: String,
    pub lineno: i32,
    /// Character offsets; the line's text runs from `line_start` to its newline.
    pub offset: i32,
    pub end_offset: i32,
    pub line_start: usize,
}

/// A token as it comes from the source: `start` and `end` are absent for indents, dedents and the end.
#[derive(Clone, Copy, Debug)]
pub struct RawToken {
    pub kind: Tok,
    pub start: Option<usize>,
    pub end: Option<usize>,
    pub name: u32,
}

/// The state of the tokenizer; the fields mirror what error reporting needs to see.
#[derive(Clone)]
pub struct Tokenizer<'a> {
    pub source: &'a [u8],
    /// The next byte to read.
    pub cur: usize,
    /// The end of the line that has been read so far.
    pub inp: usize,
    /// The start of the oldest line still needed: where a multi-line token starts.
    pub buf: usize,
    pub start: Option<usize>,
    pub line_start: usize,
    pub multi_line_start: usize,
    pub lineno: i32,
    pub first_lineno: i32,
    pub done: Done,
    pub error: Option<TokenError>,
    /// What the codec says about an identifier that is not UTF-8.
    pub decode_error: Option<String>,
    at_bol: bool,
    pendin: i32,
    pub indent: usize,
    indent_stack: Vec<(i32, i32)>,
    pub paren_stack: Vec<(u8, i32, i32)>,
    pub type_comments: bool,
    pub async_hacks: bool,
    async_def: bool,
    async_def_indent: usize,
    async_def_nl: bool,
    pub warnings: Vec<Warning>,
}

fn is_identifier_start(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_' || c >= 128
}

fn is_identifier_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c >= 128
}

type Step<T> = Result<T, ()>;

impl<'a> Tokenizer<'a> {
    pub fn new(source: &'a [u8]) -> Tokenizer<'a> {
        Tokenizer {
            source,
            cur: 0,
            inp: 0,
            buf: 0,
            start: None,
            line_start: 0,
            multi_line_start: 0,
            lineno: 0,
            first_lineno: 0,
            done: Done::Ok,
            error: None,
            decode_error: None,
            at_bol: true,
            pendin: 0,
            indent: 0,
            indent_stack: vec![(0, 0)],
            paren_stack: Vec::new(),
            type_comments: false,
            async_hacks: false,
            async_def: false,
            async_def_indent: 0,
            async_def_nl: false,
            warnings: Vec::new(),
        }
    }

    pub fn level(&self) -> usize {
        self.paren_stack.len()
    }

    /// Queues the dedents that end an interactive statement at the end of the input.
    pub fn close_indents(&mut self) {
        self.pendin = -(self.indent as i32);
        self.indent = 0;
        self.indent_stack.truncate(1);
    }

    #[inline]
    fn nextc(&mut self) -> Option<u8> {
        if self.cur != self.inp {
            let c = self.source[self.cur];
            self.cur += 1;
            return Some(c);
        }
        self.underflow()
    }

    fn underflow(&mut self) -> Option<u8> {
        if self.done != Done::Ok {
            return None;
        }
        if self.inp >= self.source.len() {
            self.done = Done::Eof;
            return None;
        }
        if self.start.is_none() {
            self.buf = self.cur;
        }
        self.line_start = self.cur;
        self.lineno += 1;
        self.inp = match memchr::memchr(b'\n', &self.source[self.inp..]) {
            Some(offset) => self.inp + offset + 1,
            None => self.source.len(),
        };
        let c = self.source[self.cur];
        self.cur += 1;
        Some(c)
    }

    #[inline]
    fn backup(&mut self, c: Option<u8>) {
        if c.is_some() {
            self.cur -= 1;
        }
    }

    fn fail<T>(&mut self, done: Done) -> Step<T> {
        self.done = done;
        Err(())
    }

    /// Records a `SyntaxError` on the current line; without a range it points at the current column.
    fn syntax_error<T>(&mut self, message: String, range: Option<(i32, i32)>) -> Step<T> {
        let (offset, end_offset) = range.unwrap_or_else(|| {
            let column = String::from_utf8_lossy(&self.source[self.line_start..self.cur])
                .chars()
                .count() as i32;
            (column, column)
        });
        self.error = Some(TokenError {
            message,
            lineno: self.lineno,
            offset,
            end_offset,
            line_start: self.line_start,
        });
        self.fail(Done::Error)
    }

    fn message<T>(&mut self, message: impl Into<String>) -> Step<T> {
        self.syntax_error(message.into(), None)
    }

    fn indent_error<T>(&mut self, done: Done) -> Step<T> {
        self.cur = self.inp;
        self.fail(done)
    }

    fn continuation_line(&mut self) -> Step<Option<u8>> {
        if self.nextc() != Some(b'\n') {
            return self.fail(Done::LineCont);
        }
        let c = self.nextc();
        if c.is_none() {
            self.cur = self.inp;
            return self.fail(Done::Eof);
        }
        self.backup(c);
        Ok(c)
    }

    /// Measures the indentation at the start of a line; true means that the line is blank.
    fn indentation(&mut self) -> Step<bool> {
        let (mut col, mut altcol, mut cont_line_col) = (0, 0, 0);
        let mut c;
        loop {
            c = self.nextc();
            match c {
                Some(b' ') => {
                    col += 1;
                    altcol += 1;
                }
                Some(b'\t') => {
                    col = (col / TAB_SIZE + 1) * TAB_SIZE;
                    altcol += 1;
                }
                Some(0x0c) => {
                    col = 0;
                    altcol = 0;
                }
                Some(b'\\') => {
                    if cont_line_col == 0 {
                        cont_line_col = col;
                    }
                    self.continuation_line()?;
                }
                _ => break,
            }
        }
        self.backup(c);
        let blank = matches!(c, Some(b'#' | b'\n'));
        if blank || !self.paren_stack.is_empty() {
            return Ok(blank);
        }
        if cont_line_col != 0 {
            col = cont_line_col;
            altcol = cont_line_col;
        }
        let (top, alt_top) = self.indent_stack[self.indent];
        if col == top {
            if altcol != alt_top {
                return self.indent_error(Done::TabSpace);
            }
        } else if col > top {
            if self.indent + 1 >= MAX_INDENT {
                return self.indent_error(Done::TooDeep);
            }
            if altcol <= alt_top {
                return self.indent_error(Done::TabSpace);
            }
            self.pendin += 1;
            self.indent += 1;
            self.indent_stack.push((col, altcol));
        } else {
            while self.indent > 0 && col < self.indent_stack[self.indent].0 {
                self.pendin -= 1;
                self.indent -= 1;
                self.indent_stack.pop();
            }
            if col != self.indent_stack[self.indent].0 {
                return self.indent_error(Done::Dedent);
            }
            if altcol != self.indent_stack[self.indent].1 {
                return self.indent_error(Done::TabSpace);
            }
        }
        Ok(false)
    }

    /// The next token; after an error or the end, `done` says why.
    pub fn next(&mut self, names: &mut Names) -> RawToken {
        match self.get(names) {
            Ok(token) => token,
            Err(()) => RawToken {
                kind: Tok::Error,
                start: None,
                end: None,
                name: 0,
            },
        }
    }

    fn token(&self, kind: Tok) -> Step<RawToken> {
        Ok(RawToken {
            kind,
            start: self.start,
            end: Some(self.cur),
            name: 0,
        })
    }

    fn get(&mut self, names: &mut Names) -> Step<RawToken> {
        loop {
            self.start = None;
            let mut blank_line = false;
            if self.at_bol {
                self.at_bol = false;
                blank_line = self.indentation()?;
            }
            self.start = Some(self.cur);
            if self.pendin != 0 {
                let kind = if self.pendin < 0 {
                    Tok::Dedent
                } else {
                    Tok::Indent
                };
                self.pendin -= self.pendin.signum();
                return Ok(RawToken {
                    kind,
                    start: None,
                    end: None,
                    name: 0,
                });
            }
            let c = self.nextc();
            self.backup(c);
            if self.async_def
                && !blank_line
                && c != Some(b'\n')
                && self.paren_stack.is_empty()
                && self.async_def_nl
                && self.async_def_indent >= self.indent
            {
                self.async_def = false;
                self.async_def_indent = 0;
                self.async_def_nl = false;
            }
            match self.get_after_indentation(names, blank_line)? {
                Some(token) => return Ok(token),
                None => continue,
            }
        }
    }

    /// One token past the indentation; `None` asks for another line.
    fn get_after_indentation(
        &mut self,
        names: &mut Names,
        blank_line: bool,
    ) -> Step<Option<RawToken>> {
        loop {
            self.start = None;
            let mut c = self.nextc();
            while matches!(c, Some(b' ' | b'\t' | 0x0c)) {
                c = self.nextc();
            }
            // At the end of the input CPython points one byte before it; nothing reads that.
            self.start = Some(self.cur.saturating_sub(1));
            if c == Some(b'#') {
                while !matches!(c, None | Some(b'\n')) {
                    self.cur = self.inp - usize::from(self.source[self.inp - 1] == b'\n');
                    c = self.nextc();
                }
                if self.type_comments
                    && let Some(token) = self.type_comment(c, blank_line)
                {
                    return Ok(Some(token));
                }
            }
            let Some(byte) = c else {
                if !self.paren_stack.is_empty() || self.done != Done::Eof {
                    return Err(());
                }
                return Ok(Some(RawToken {
                    kind: Tok::EndMarker,
                    start: None,
                    end: None,
                    name: 0,
                }));
            };
            if is_identifier_start(byte) {
                return self.identifier_or_string(byte, names).map(Some);
            }
            if byte == b'\n' {
                self.at_bol = true;
                if blank_line || !self.paren_stack.is_empty() {
                    return Ok(None);
                }
                if self.async_def {
                    self.async_def_nl = true;
                }
                return Ok(Some(RawToken {
                    kind: Tok::Newline,
                    start: self.start,
                    end: Some(self.cur - 1),
                    name: 0,
                }));
            }
            if byte == b'.' {
                return self.dot().map(Some);
            }
            if byte.is_ascii_digit() {
                self.number(byte)?;
                return self.token(Tok::Number).map(Some);
            }
            if byte == b'\'' || byte == b'"' {
                return self.string(byte).map(Some);
            }
            if byte == b'\\' {
                self.continuation_line()?;
                continue;
            }
            return self.operator(byte).map(Some);
        }
    }

    fn type_comment(&mut self, c: Option<u8>, blank_line: bool) -> Option<RawToken> {
        let mut p = self.start?;
        for prefix in b"# type: " {
            if *prefix == b' ' {
                while p < self.cur && matches!(self.source[p], b' ' | b'\t') {
                    p += 1;
                }
            } else if p < self.cur && self.source[p] == *prefix {
                p += 1;
            } else {
                return None;
            }
        }
        self.backup(c);
        let ignore_end = p + 6;
        let is_ignore = self.cur >= ignore_end
            && &self.source[p..ignore_end] == b"ignore"
            && !(self.cur > ignore_end
                && (self.source[ignore_end] >= 128
                    || self.source[ignore_end].is_ascii_alphanumeric()));
        if !is_ignore {
            return Some(RawToken {
                kind: Tok::TypeComment,
                start: Some(p),
                end: Some(self.cur),
                name: 0,
            });
        }
        let end = self.cur;
        if blank_line {
            self.nextc();
            self.at_bol = true;
        }
        Some(RawToken {
            kind: Tok::TypeIgnore,
            start: Some(ignore_end),
            end: Some(end),
            name: 0,
        })
    }

    fn identifier_or_string(&mut self, first: u8, names: &mut Names) -> Step<RawToken> {
        let (mut saw_b, mut saw_r, mut saw_u, mut saw_f) = (false, false, false, false);
        let mut c = Some(first);
        while let Some(byte) = c {
            match byte {
                b'b' | b'B' if !(saw_b || saw_u || saw_f) => saw_b = true,
                b'u' | b'U' if !(saw_b || saw_u || saw_r || saw_f) => saw_u = true,
                b'r' | b'R' if !(saw_r || saw_u) => saw_r = true,
                b'f' | b'F' if !(saw_f || saw_b || saw_u) => saw_f = true,
                _ => break,
            }
            c = self.nextc();
            if let Some(quote @ (b'"' | b'\'')) = c {
                return self.string(quote);
            }
        }
        let start = self.start.unwrap_or(self.cur);
        let mut nonascii = false;
        while let Some(byte) = c
            && is_identifier_char(byte)
        {
            nonascii |= byte >= 128;
            c = self.nextc();
        }
        self.backup(c);
        let text = &self.source[start..self.cur];
        let mut kind = Tok::Name;
        if text.len() == 5 && text[0] == b'a' && !nonascii {
            kind = self.async_or_await(start, names);
        }
        let name = if nonascii {
            self.verify_identifier(start, names)?
        } else {
            intern_ascii(text, names)
        };
        if kind == Tok::Name && (name as usize) < KEYWORDS.len() {
            kind = KEYWORDS[name as usize].1;
        }
        Ok(RawToken {
            kind,
            start: self.start,
            end: Some(self.cur),
            name,
        })
    }

    fn async_or_await(&mut self, start: usize, names: &mut Names) -> Tok {
        let is_async = &self.source[start..self.cur] == b"async";
        let is_await = &self.source[start..self.cur] == b"await";
        if !self.async_hacks || self.async_def {
            return if is_async {
                Tok::Async
            } else if is_await {
                Tok::Await
            } else {
                Tok::Name
            };
        }
        if is_async {
            let mut ahead = self.clone();
            let token = ahead.next(names);
            if token.kind == Tok::Def {
                self.async_def_indent = self.indent;
                self.async_def = true;
                return Tok::Async;
            }
        }
        Tok::Name
    }

    fn verify_identifier(&mut self, start: usize, names: &mut Names) -> Step<u32> {
        let bytes = &self.source[start..self.cur];
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let (at, len) = (error.valid_up_to(), error.error_len());
                self.decode_error = Some(crate::source::utf8_error_text(bytes, at, len));
                return self.fail(Done::Decode);
            }
        };
        let bad = text.char_indices().find(|(index, c)| {
            if *index == 0 {
                !twinheap_ucd::is_xid_start(*c as u32) && *c != '_'
            } else {
                !twinheap_ucd::is_xid_continue(*c as u32)
            }
        });
        if let Some((index, c)) = bad {
            self.cur = start + index + c.len_utf8();
            let code = c as u32;
            if twinheap_ucd::is_printable(code) {
                return self.message(format!("invalid character '{c}' (U+{code:04X})"));
            }
            return self.message(format!("invalid non-printable character U+{code:04X}"));
        }
        Ok(names.intern(&twinheap_ucd::nfkc(text)).0)
    }

    fn dot(&mut self) -> Step<RawToken> {
        let c = self.nextc();
        match c {
            Some(b'0'..=b'9') => {
                let c = self.decimal_tail()?;
                self.exponent_and_suffix(c)?;
                return self.token(Tok::Number);
            }
            Some(b'.') => {
                let c = self.nextc();
                if c == Some(b'.') {
                    return self.token(Tok::Ellipsis);
                }
                self.backup(c);
                self.backup(Some(b'.'));
            }
            _ => self.backup(c),
        }
        self.token(Tok::Dot)
    }

    /// Reads on after a digit; gives the first character that is not part of the digits.
    fn decimal_tail(&mut self) -> Step<Option<u8>> {
        loop {
            let mut c = self.nextc();
            while matches!(c, Some(b'0'..=b'9')) {
                c = self.nextc();
            }
            if c != Some(b'_') {
                return Ok(c);
            }
            let c = self.nextc();
            if !matches!(c, Some(b'0'..=b'9')) {
                self.backup(c);
                return self.message("invalid decimal literal");
            }
        }
    }

    fn followed_by(&mut self, word: &[u8]) -> bool {
        let rest = &self.source[self.cur..];
        rest.starts_with(word) && !rest.get(word.len()).is_some_and(|c| is_identifier_char(*c))
    }

    /// After a number: a keyword right behind it is warned about, any other letter is an error.
    fn verify_end_of_number(&mut self, c: Option<u8>, kind: &str) -> Step<()> {
        let Some(byte) = c else { return Ok(()) };
        let keyword_follows = match byte {
            b'a' => self.followed_by(b"nd"),
            b'e' => self.followed_by(b"lse"),
            b'f' => self.followed_by(b"or"),
            b'i' => matches!(self.source.get(self.cur), Some(b'f' | b'n' | b's')),
            b'o' => self.followed_by(b"r"),
            b'n' => self.followed_by(b"ot"),
            _ => false,
        };
        if keyword_follows {
            self.warnings.push(Warning {
                kind: WarningKind::SyntaxWarning,
                message: format!("invalid {kind} literal"),
                lineno: self.lineno,
                position: self.cur,
                in_field: false,
                span: None,
            });
        } else if byte < 128 && is_identifier_char(byte) {
            self.backup(c);
            return self.message(format!("invalid {kind} literal"));
        }
        Ok(())
    }

    fn number(&mut self, first: u8) -> Step<()> {
        if first != b'0' {
            let c = self.decimal_tail()?;
            return self.fraction_and_suffix(c);
        }
        let c = self.nextc();
        match c {
            Some(b'x' | b'X') => self.radix_number(16, "hexadecimal"),
            Some(b'o' | b'O') => self.radix_number(8, "octal"),
            Some(b'b' | b'B') => self.radix_number(2, "binary"),
            _ => self.leading_zero(c),
        }
    }

    fn radix_number(&mut self, radix: u32, kind: &str) -> Step<()> {
        let is_digit = |c: Option<u8>| c.is_some_and(|c| (c as char).is_digit(radix));
        let mut c = self.nextc();
        loop {
            if c == Some(b'_') {
                c = self.nextc();
            }
            if !is_digit(c) {
                if let (Some(digit @ b'0'..=b'9'), true) = (c, radix != 16) {
                    return self.message(format!(
                        "invalid digit '{}' in {kind} literal",
                        digit as char
                    ));
                }
                self.backup(c);
                return self.message(format!("invalid {kind} literal"));
            }
            while is_digit(c) {
                c = self.nextc();
            }
            if c != Some(b'_') {
                break;
            }
        }
        if let (Some(digit @ b'0'..=b'9'), true) = (c, radix != 16) {
            return self.message(format!(
                "invalid digit '{}' in {kind} literal",
                digit as char
            ));
        }
        self.verify_end_of_number(c, kind)?;
        self.backup(c);
        Ok(())
    }

    fn leading_zero(&mut self, mut c: Option<u8>) -> Step<()> {
        loop {
            if c == Some(b'_') {
                c = self.nextc();
                if !matches!(c, Some(b'0'..=b'9')) {
                    self.backup(c);
                    return self.message("invalid decimal literal");
                }
            }
            if c != Some(b'0') {
                break;
            }
            c = self.nextc();
        }
        let zeros_end = self.cur;
        let mut nonzero = false;
        if matches!(c, Some(b'0'..=b'9')) {
            nonzero = true;
            c = self.decimal_tail()?;
        }
        if matches!(c, Some(b'.' | b'e' | b'E' | b'j' | b'J')) {
            return self.fraction_and_suffix(c);
        }
        if nonzero {
            self.backup(c);
            let start = self.start.unwrap_or(0);
            let range = (
                (start + 1 - self.line_start) as i32,
                (zeros_end - self.line_start) as i32,
            );
            let message = "leading zeros in decimal integer literals are not permitted; \
                           use an 0o prefix for octal integers";
            return self.syntax_error(message.to_string(), Some(range));
        }
        self.verify_end_of_number(c, "decimal")?;
        self.backup(c);
        Ok(())
    }

    fn fraction_and_suffix(&mut self, mut c: Option<u8>) -> Step<()> {
        if c == Some(b'.') {
            c = self.nextc();
            if matches!(c, Some(b'0'..=b'9')) {
                c = self.decimal_tail()?;
            }
        }
        self.exponent_and_suffix(c)
    }

    fn exponent_and_suffix(&mut self, mut c: Option<u8>) -> Step<()> {
        if matches!(c, Some(b'e' | b'E')) {
            let exponent = c;
            c = self.nextc();
            if matches!(c, Some(b'+' | b'-')) {
                c = self.nextc();
                if !matches!(c, Some(b'0'..=b'9')) {
                    self.backup(c);
                    return self.message("invalid decimal literal");
                }
            } else if !matches!(c, Some(b'0'..=b'9')) {
                self.backup(c);
                self.verify_end_of_number(exponent, "decimal")?;
                self.backup(exponent);
                return Ok(());
            }
            c = self.decimal_tail()?;
        }
        if matches!(c, Some(b'j' | b'J')) {
            c = self.nextc();
            self.verify_end_of_number(c, "imaginary")?;
        } else {
            self.verify_end_of_number(c, "decimal")?;
        }
        self.backup(c);
        Ok(())
    }

    fn string(&mut self, quote: u8) -> Step<RawToken> {
        self.first_lineno = self.lineno;
        self.multi_line_start = self.line_start;
        let mut quote_size = 1;
        let mut end_quote_size = 0;
        let mut c = self.nextc();
        if c == Some(quote) {
            c = self.nextc();
            if c == Some(quote) {
                quote_size = 3;
            } else {
                end_quote_size = 1;
            }
        }
        if c != Some(quote) {
            self.backup(c);
        }
        while end_quote_size != quote_size {
            let c = self.nextc();
            if c.is_none() || (quote_size == 1 && c == Some(b'\n')) {
                return self.unterminated_string(quote_size);
            }
            if c == Some(quote) {
                end_quote_size += 1;
            } else {
                end_quote_size = 0;
                if c == Some(b'\\') {
                    self.nextc();
                }
            }
        }
        self.token(Tok::String)
    }

    fn unterminated_string(&mut self, quote_size: u32) -> Step<RawToken> {
        self.cur = self.start.unwrap_or(0) + 1;
        self.line_start = self.multi_line_start;
        let detected = self.lineno;
        self.lineno = self.first_lineno;
        let what = if quote_size == 3 {
            "triple-quoted string"
        } else {
            "string"
        };
        self.message(format!(
            "unterminated {what} literal (detected at line {detected})"
        ))
    }

    fn operator(&mut self, c: u8) -> Step<RawToken> {
        let next = self.source.get(self.cur).copied().unwrap_or(0);
        let third = self.source.get(self.cur + 1).copied().unwrap_or(0);
        if let Some(kind) = three_chars(c, next, third) {
            self.cur += 2;
            return self.token(kind);
        }
        if let Some(kind) = two_chars(c, next) {
            self.cur += 1;
            return self.token(kind);
        }
        match c {
            b'(' | b'[' | b'{' => {
                if self.paren_stack.len() >= MAX_LEVEL {
                    return self.message("too many nested parentheses");
                }
                let column = self.start.unwrap_or(0) as i64 - self.line_start as i64;
                self.paren_stack.push((c, self.lineno, column as i32));
            }
            b')' | b']' | b'}' => self.close_bracket(c)?,
            _ => {}
        }
        if !(32..127).contains(&c) {
            return self.message(format!("invalid non-printable character U+{c:04X}"));
        }
        self.token(one_char(c))
    }

    fn close_bracket(&mut self, c: u8) -> Step<()> {
        let Some((opening, lineno, _)) = self.paren_stack.pop() else {
            return self.message(format!("unmatched '{}'", c as char));
        };
        if matches!((opening, c), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
            return Ok(());
        }
        let mut message = format!(
            "closing parenthesis '{}' does not match opening parenthesis '{}'",
            c as char, opening as char
        );
        if lineno != self.lineno {
            message.push_str(&format!(" on line {lineno}"));
        }
        self.message(message)
    }
}

fn intern_ascii(text: &[u8], names: &mut Names) -> u32 {
    // Only ASCII identifier bytes come here, so the text is UTF-8.
    names.intern(std::str::from_utf8(text).unwrap_or("")).0
}
