//! The conversion specifiers of `%` formatting: `%(key)#0- +*.*lc`.

/// A width or a precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Not given.
    None,
    /// Written as digits.
    Given(usize),
    /// Written as `*`: taken from the arguments.
    FromArguments,
}

/// The flags of a specifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `-`
    pub left_adjust: bool,
    /// `+`
    pub sign: bool,
    /// a space
    pub blank: bool,
    /// `#`
    pub alternate: bool,
    /// `0`
    pub zero: bool,
}

/// One specifier, from behind its percent sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specifier {
    /// Where the key between the parentheses starts and ends.
    pub key: Option<(usize, usize)>,
    /// The flags.
    pub flags: Flags,
    /// The width.
    pub width: Amount,
    /// The precision.
    pub precision: Amount,
    /// The conversion character; none when the text ended before it.
    pub conversion: Option<u32>,
    /// Where the conversion character stands.
    pub conversion_index: usize,
    /// Where the text goes on.
    pub end: usize,
}

/// Why a specifier cannot be read, or where reading must stop to raise another error first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PercentError {
    /// "incomplete format key"
    IncompleteKey,
    /// "width too big"
    WidthTooBig,
    /// "precision too big"
    PrecisionTooBig,
}

/// The parts of a specifier are read one by one, because an error in the arguments of an earlier
/// part (a missing key, a `*` that is no int) is reported before one in the text of a later part.
#[derive(Clone, Copy, Debug)]
pub struct Reader<F> {
    length: usize,
    position: usize,
    at: F,
}

impl<F: Fn(usize) -> u32> Reader<F> {
    /// Starts behind a percent sign; `at` gives the code point at an index below `length`.
    pub fn new(length: usize, position: usize, at: F) -> Self {
        Reader {
            length,
            position,
            at,
        }
    }

    fn peek(&self) -> Option<u32> {
        (self.position < self.length).then(|| (self.at)(self.position))
    }

    fn eat(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character as u32);
        self.position += usize::from(found);
        found
    }

    /// Reads `(key)`, parentheses inside balanced.
    pub fn key(&mut self) -> Result<Option<(usize, usize)>, PercentError> {
        if !self.eat('(') {
            return Ok(None);
        }
        let start = self.position;
        let mut depth = 1;
        while let Some(character) = self.peek() {
            self.position += 1;
            depth += i32::from(character == '(' as u32) - i32::from(character == ')' as u32);
            if depth == 0 {
                return Ok(Some((start, self.position - 1)));
            }
        }
        Err(PercentError::IncompleteKey)
    }

    /// Reads the flags.
    pub fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(character) = self.peek().and_then(char::from_u32) {
            match character {
                '-' => flags.left_adjust = true,
                '+' => flags.sign = true,
                ' ' => flags.blank = true,
                '#' => flags.alternate = true,
                '0' => flags.zero = true,
                _ => break,
            }
            self.position += 1;
        }
        flags
    }

    /// Reads digits up to a limit; none when the number grows beyond it.
    fn number(&mut self, most: usize) -> Option<usize> {
        let mut value = 0usize;
        while let Some(character @ 0x30..=0x39) = self.peek() {
            let digit = (character - 0x30) as usize;
            if value > (most - digit) / 10 {
                return None;
            }
            value = value * 10 + digit;
            self.position += 1;
        }
        Some(value)
    }

    /// Reads the width.
    pub fn width(&mut self) -> Result<Amount, PercentError> {
        if self.eat('*') {
            return Ok(Amount::FromArguments);
        }
        match self.peek() {
            Some(0x30..=0x39) => match self.number(isize::MAX as usize) {
                Some(value) => Ok(Amount::Given(value)),
                None => Err(PercentError::WidthTooBig),
            },
            _ => Ok(Amount::None),
        }
    }

    /// Reads the point and the precision.
    pub fn precision(&mut self) -> Result<Amount, PercentError> {
        if !self.eat('.') {
            return Ok(Amount::None);
        }
        if self.eat('*') {
            return Ok(Amount::FromArguments);
        }
        match self.number(i32::MAX as usize) {
            Some(value) => Ok(Amount::Given(value)),
            None => Err(PercentError::PrecisionTooBig),
        }
    }

    /// Skips one length modifier and reads the conversion character with its index.
    pub fn conversion(&mut self) -> Option<(u32, usize)> {
        if matches!(self.peek().and_then(char::from_u32), Some('h' | 'l' | 'L')) {
            self.position += 1;
        }
        let character = self.peek()?;
        self.position += 1;
        Some((character, self.position - 1))
    }

    /// Where the text goes on.
    pub fn position(&self) -> usize {
        self.position
    }
}

/// Reads a whole specifier of a text whose arguments are not at hand.
pub fn parse_specifier(text: &[u32], position: usize) -> Result<Specifier, PercentError> {
    let mut reader = Reader::new(text.len(), position, |index| text[index]);
    let key = reader.key()?;
    let flags = reader.flags();
    let width = reader.width()?;
    let precision = reader.precision()?;
    let conversion = reader.conversion();
    Ok(Specifier {
        key,
        flags,
        width,
        precision,
        conversion: conversion.map(|found| found.0),
        conversion_index: conversion.map_or(reader.position(), |found| found.1),
        end: reader.position(),
    })
}
