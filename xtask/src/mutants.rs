//! Sources for `parity` beside whole files: mutated files, and the program texts that files hold as strings.

use std::path::{Path, PathBuf};

use twinheap_compile::code::{CodeObject, Const};
use twinheap_compile::{Options, compile};
use twinheap_syntax::ast::Constant;
use twinheap_syntax::token::Tok;
use twinheap_syntax::tokenizer::Tokenizer;
use twinheap_syntax::{Flags, Mode, new_names, parse};

/// Larger files cost the oracle too much for each mutant.
const MAXIMUM_FILE: usize = 24 << 10;
/// What is inserted now and then.
const ODDITIES: [&str; 32] = [
    "(", ")", "[", "]", "{", "}", ":", ",", ";", "=", ":=", "*", "**", "@", ".", "...", "->", "\\",
    "\n", "\n    ", "\t", "'", "\"\"\"", "f'{x!", "0x", "1_", "yield ", "await ", "lambda:",
    " for ", "\u{e9}", "\0",
];

/// A source that is no file of its own.
pub struct Text {
    pub label: String,
    pub bytes: Vec<u8>,
}

/// Numbers that look random and are the same for the same seed everywhere (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Where the tokens of a source are; those before its first error, if it has one.
fn token_ranges(source: &[u8]) -> Vec<(usize, usize)> {
    let mut names = new_names();
    let mut tokenizer = Tokenizer::new(source);
    let mut ranges = Vec::new();
    loop {
        let raw = tokenizer.next(&mut names);
        if matches!(raw.kind, Tok::EndMarker | Tok::Error) {
            return ranges;
        }
        if let (Some(start), Some(end)) = (raw.start, raw.end)
            && start < end
        {
            ranges.push((start, end));
        }
    }
}

/// A source with one to three tokens deleted, doubled, swapped, replaced, or joined by something odd.
fn mutate(source: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut text = source.to_vec();
    for _ in 0..=numbers.below(3) {
        let tokens = token_ranges(&text);
        if tokens.is_empty() {
            return text;
        }
        let at = numbers.below(tokens.len());
        let (start, end) = tokens[at];
        let other = if numbers.below(2) == 0 {
            tokens[(at + 1).min(tokens.len() - 1)]
        } else {
            tokens[numbers.below(tokens.len())]
        };
        let (one, two) = (text[start..end].to_vec(), text[other.0..other.1].to_vec());
        match numbers.below(6) {
            0 => drop(text.splice(start..end, [])),
            1 => drop(text.splice(end..end, [b" ", &one[..]].concat())),
            2 if other.0 >= end => {
                text.splice(other.0..other.1, one);
                text.splice(start..end, two);
            }
            2 | 3 => drop(text.splice(start..end, two)),
            4 => {
                let odd = ODDITIES[numbers.below(ODDITIES.len())];
                text.splice(start..start, odd.bytes());
            }
            _ => text.truncate(end),
        }
    }
    text
}

/// So many mutants of the files, spread over all of them.
pub fn mutants(files: &[PathBuf], count: usize, seed: u64) -> Vec<Text> {
    let sources: Vec<(&Path, Vec<u8>)> = files
        .iter()
        .filter_map(|path| Some((path.as_path(), std::fs::read(path).ok()?)))
        .filter(|(_, source)| !source.is_empty() && source.len() <= MAXIMUM_FILE)
        .collect();
    if sources.is_empty() {
        return Vec::new();
    }
    (0..count)
        .map(|number| {
            let mut numbers = Numbers(seed ^ (number as u64).wrapping_mul(0x2545_f491_4f6c_dd1d));
            let (path, source) = &sources[number * sources.len() / count];
            Text {
                label: format!("mutant {number} of seed {seed}, from {}", path.display()),
                bytes: mutate(source, &mut numbers),
            }
        })
        .collect()
}

/// The texts that a file holds as constants, and the examples in those.
pub fn snippets(files: &[PathBuf]) -> Vec<Text> {
    let mut found = Vec::new();
    for path in files {
        let Ok(source) = std::fs::read(path) else {
            continue;
        };
        let compiled = parse(&source, Mode::Exec, &Flags::default(), None)
            .map_err(Box::new)
            .and_then(|ast| compile(ast, &Options::new("<snippets>", 0)));
        let Ok(compiled) = compiled else {
            continue;
        };
        let mut texts = Vec::new();
        gather(&compiled.code, &mut texts);
        texts.sort();
        texts.dedup();
        for (number, bytes) in texts.into_iter().enumerate() {
            let label = format!("text {number} of {}", path.display());
            found.extend(examples(&bytes).into_iter().map(|bytes| Text {
                label: format!("example in {label}"),
                bytes,
            }));
            found.push(Text { label, bytes });
        }
    }
    found
}

fn gather(code: &CodeObject, texts: &mut Vec<Vec<u8>>) {
    for value in &code.consts {
        match value {
            Const::Value(value) => gather_constant(value, texts),
            Const::Code(inner) => gather(inner, texts),
        }
    }
}

fn gather_constant(value: &Constant, texts: &mut Vec<Vec<u8>>) {
    match value {
        Constant::Str(text) | Constant::Bytes(text) => texts.push(text.to_vec()),
        Constant::Tuple(items) | Constant::FrozenSet(items) => {
            items.iter().for_each(|item| gather_constant(item, texts));
        }
        _ => {}
    }
}

/// What stands after `>>>` and `...` in a text.
fn examples(text: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut is_open = false;
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii_start();
        let continued = line.strip_prefix(b"...").filter(|_| is_open);
        let begun = line.strip_prefix(b">>> ");
        let Some(rest) = begun.or(continued) else {
            is_open = false;
            continue;
        };
        let rest = match begun {
            Some(rest) => {
                found.push(Vec::new());
                rest
            }
            None => rest.strip_prefix(b" ").unwrap_or(rest),
        };
        is_open = true;
        if let Some(example) = found.last_mut() {
            example.extend_from_slice(rest);
            example.push(b'\n');
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = examples(text.as_bytes())
            .into_iter()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn examples_are_read_with_their_continuations() {
        check("no example", &[]);
        check(
            "  >>> if 1:\n  ...     x\n  1\n  >>> y\n",
            &["if 1:\n    x\n", "y\n"],
        );
    }

    #[test]
    fn a_seed_always_gives_the_same_mutants() {
        let source = b"def f(a, b):\n    return a + b\n";
        let made = |seed| mutate(source, &mut Numbers(seed));
        assert_eq!(made(7), made(7));
        assert!((0..20).any(|seed| made(seed) != source));
    }
}
