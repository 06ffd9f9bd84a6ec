//! Source text in: both compilers' code or errors compared, and nothing run.

use libfuzzer_sys::Corpus;
use twinheap_compile::{Options, compile, marshal};
use twinheap_observation::Stage;
use twinheap_syntax::{Flags, Mode, listing, parse};

use crate::case::Kind;
use crate::counters;
use crate::findings::Finding;
use crate::marshalled::canonical;
use crate::twins::{Twins, report};

const FILENAME: &str = "<fuzz>";
/// Longer sources are cut.
const MOST: usize = 4_096;

/// Source text, compiled and not run.
pub struct SourceSameCode;

impl Kind for SourceSameCode {
    const TARGET: &'static str = "source_same_code";
    const NEEDS: &'static str = "";
    const STAGES: &'static [Stage] = &[];

    fn source(data: &[u8]) -> arbitrary::Result<String> {
        Ok(String::from_utf8_lossy(data).into_owned())
    }

    fn compare(twins: &mut Twins, data: &[u8], _: &str) -> Corpus {
        compare_source(twins, Self::TARGET, data);
        Corpus::Keep
    }
}

/// Compiles bytes on both sides; equal code or the same error is agreement.
fn compare_source(twins: &mut Twins, target: &str, data: &[u8]) {
    let source = &data[..data.len().min(MOST)];
    let theirs = twins.oracle.compile(source, FILENAME);
    let ours = parse(source, Mode::Exec, &Flags::default(), None)
        .map_err(Box::new)
        .and_then(|ast| compile(ast, &Options::new(FILENAME, 0)))
        .map(|compiled| {
            counters::count_opcodes(&compiled.code);
            marshal::dumps(&compiled.code)
        })
        .map_err(|error| listing::rejection(&error));
    if theirs == ours {
        return;
    }
    let (signature, details) = match (&theirs, &ours) {
        (Ok(theirs), Ok(ours)) => {
            // A process that has interned many texts shares other sets of constants than a fresh one.
            if canonical(theirs) == canonical(ours) {
                return;
            }
            let signature = "code | differs".to_owned();
            (
                signature,
                format!("cpython  {theirs:02x?}\ntwinheap {ours:02x?}\n"),
            )
        }
        (Err(theirs), Err(ours)) => {
            // What is found in an unfinished line depends on no stage of ours: the whole text counts.
            let shape = |text: &str| words(text, 9);
            let signature = format!("errors | {} / {}", shape(theirs), shape(ours));
            (signature, format!("cpython  {theirs}\ntwinheap {ours}\n"))
        }
        (Err(theirs), Ok(_)) => (
            format!("accepted | {}", words(theirs, 9)),
            format!("cpython  {theirs}\ntwinheap accepts it\n"),
        ),
        (Ok(_), Err(ours)) => (
            format!("rejected | {}", words(ours, 9)),
            format!("cpython  accepts it\ntwinheap {ours}\n"),
        ),
    };
    report(&Finding {
        target,
        signature,
        input: data,
        source: &String::from_utf8_lossy(source),
        details,
    });
}

/// The first words of an error, without its values.
fn words(text: &str, count: usize) -> String {
    let words: Vec<&str> = text
        .split(|character: char| !character.is_ascii_alphabetic())
        .filter(|word| word.len() > 1)
        .take(count)
        .collect();
    words.join(" ")
}
