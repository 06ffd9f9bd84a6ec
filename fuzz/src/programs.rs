//! The targets that are small programs with an input inside.

use arbitrary::{Result, Unstructured};
use twinheap_generate::Model;
use twinheap_observation::Stage;

use crate::case::Kind;

use crate::inputs::{bytes_literal, float_literal, int_literal, text_literal};

/// What a program whose text is always the same can differ in.
const RESULTS: &[Stage] = &[Stage::Output, Stage::Outcome, Stage::Heap];
/// Steps are left out: what is watched at each line of a large program costs too much here. Tokens and trees cost as
/// much as the rest together, and what is wrong with them shows in the code.
const RUN: &[Stage] = &[Stage::Code, Stage::Output, Stage::Outcome, Stage::Heap];

macro_rules! kinds {
    ($($(#[$about:meta])* $name:ident $target:literal $needs:literal $stages:ident $source:path;)*) => {$(
        $(#[$about])*
        pub struct $name;

        impl Kind for $name {
            const TARGET: &'static str = $target;
            const NEEDS: &'static str = $needs;
            const STAGES: &'static [Stage] = $stages;

            fn source(data: &[u8]) -> Result<String> {
                $source(data)
            }
        }
    )*};
}

kinds! {
    /// Arithmetic on long ints, results compared down to their digits.
    LongArith "long_arith" "" RESULTS long_arithmetic;
    /// Formatting by specification, template and percent.
    StrFormat "str_format" "" RESULTS text_formatting;
    /// A pattern and a subject: spans, groups and errors.
    ReMatch "re_match" "import re, warnings; re.compile('a').match('a')" RESULTS pattern_match;
    /// Bytes as a pickle: the value or the error.
    PickleLoads "pickle_loads" "import pickle, io; pickle.Unpickler(io.BytesIO(b'N.')).load()" RESULTS pickle_loading;
    /// Bytes as marshal data: the value or the error.
    MarshalLoads "marshal_loads" "import marshal; marshal.loads(b'N')" RESULTS marshal_loading;
    /// A program of the generator's model: code, output, outcome and heap.
    ProgramSameOutcome "program_same_outcome" "" RUN generated;
}

/// Runs something and keeps what comes of it, an exception included.
const ATTEMPT: &str = "\
def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, error.args
";

/// Arithmetic on long ints.
fn long_arithmetic(data: &[u8]) -> Result<String> {
    let mut input = Unstructured::new(data);
    let (a, b) = (int_literal(&mut input)?, int_literal(&mut input)?);
    let modulus = int_literal(&mut input)?;
    let shift = input.int_in_range(0..=200)?;
    let exponent = input.int_in_range(-3..=40)?;
    let base = input.int_in_range(2..=36)?;
    let mut source = format!("{ATTEMPT}a = {a}\nb = {b}\nc = {modulus}\n");
    for (number, expression) in [
        "a + b",
        "a - b",
        "a * b",
        "a // b",
        "a % b",
        "divmod(a, b)",
        "a & b",
        "a | b",
        "a ^ b",
        "~a",
        "-a",
        "abs(b)",
        "a == b",
        "a < b",
        "a <= b",
        "hash(a)",
        "a.bit_length()",
        "a.bit_count()",
        "a / b",
        "float(a)",
        "str(a)",
        "hex(b)",
        "oct(a)",
        "bin(b)",
        "repr(c)",
        "pow(a, b & 0xffff, c)",
        "pow(a, -1, c)",
        "a * a",
        "int(str(b))",
        "a.to_bytes((a.bit_length() + 8) // 8 or 1, 'little', signed=True)",
    ]
    .iter()
    .enumerate()
    {
        source += &format!("r{number} = attempt(lambda: {expression})\n");
    }
    source += &format!("s1 = attempt(lambda: a << {shift})\ns2 = attempt(lambda: a >> {shift})\n");
    source += &format!("s3 = attempt(lambda: (a & 0xffffffff) ** {exponent})\n");
    source += &format!(
        "s4 = attempt(lambda: int('%x' % abs(a), 16), )\ns5 = attempt(int, '1{base}', {base})\n"
    );
    Ok(source)
}

/// Whether a specification asks for more characters than are worth making.
fn is_wide(text: &str) -> bool {
    let mut digits = 0;
    text.chars().any(|character| {
        digits = if character.is_ascii_digit() {
            digits + 1
        } else {
            0
        };
        digits > 4
    })
}

/// A text of characters that mean something in it.
fn text_of(input: &mut Unstructured<'_>, alphabet: &[&str], most: usize) -> Result<String> {
    let mut text = String::new();
    for _ in 0..input.int_in_range(0..=most)? {
        match input.int_in_range(0..=9)? {
            0 => text.push(input.arbitrary()?),
            _ => text.push_str(input.choose(alphabet)?),
        }
    }
    Ok(text)
}

/// `format`, `%` and `str.format` with specifications of all sorts.
fn text_formatting(data: &[u8]) -> Result<String> {
    const SPECIFICATION: [&str; 34] = [
        "<", ">", "^", "=", "+", "-", " ", "#", "0", "1", "5", "12", "_", ",", ".", ".0", ".3",
        ".17", "z", "b", "c", "d", "e", "E", "f", "F", "g", "G", "n", "o", "s", "x", "X", "%",
    ];
    const TEMPLATE: [&str; 26] = [
        "{",
        "}",
        "{}",
        "{0}",
        "{1}",
        "{k}",
        "{0!r}",
        "{!s:>5}",
        "{0.real}",
        "{k[0]}",
        "{:{}}",
        "{{",
        "}}",
        ":",
        "!",
        "!a",
        "[",
        "]",
        ".",
        "text",
        "\u{e9}",
        "\u{1f600}",
        "{0:",
        "{:>{1}}",
        "{2}",
        " ",
    ];
    const PERCENT: [&str; 24] = [
        "%", "%%", "%s", "%r", "%a", "%d", "%i", "%5d", "%-5d|", "%05.2f", "%+g", "%e", "%x",
        "%#o", "%c", "%.3s", "%(k)s", "%*d", "%.*f", "%10r", "% d", "%u", "%F", "text",
    ];
    let mut input = Unstructured::new(data);
    let value = match input.int_in_range(0..=5)? {
        0 => int_literal(&mut input)?,
        1 | 2 => float_literal(&mut input)?,
        3 => format!(
            "complex({}, {})",
            float_literal(&mut input)?,
            float_literal(&mut input)?
        ),
        4 => text_literal(&text_of(
            &mut input,
            &["a", "bc", "\u{e9}", "\u{4e00}", "'"],
            6,
        )?),
        _ => (*input.choose(&["True", "None", "[1, 2]", "(1, 2)", "{'k': 3}", "b'x'"])?).to_owned(),
    };
    let specification = text_of(&mut input, &SPECIFICATION, 6)?;
    let template = text_of(&mut input, &TEMPLATE, 6)?;
    let percent = text_of(&mut input, &PERCENT, 5)?;
    if [&specification, &template, &percent]
        .iter()
        .any(|text| is_wide(text))
    {
        return Err(arbitrary::Error::IncorrectFormat);
    }
    let (specification, template, percent) = (
        text_literal(&specification),
        text_literal(&template),
        text_literal(&percent),
    );
    Ok(format!(
        "{ATTEMPT}v = {value}\nr1 = attempt(format, v, {specification})\n\
         r2 = attempt(lambda: {template}.format(v, 7, k=v))\n\
         w = 7 if isinstance(v, int) and 5000 < abs(v) < 1 << 45 else v\n\
         r3 = attempt(lambda: {percent} % v)\nr4 = attempt(lambda: {percent} % (w, 3))\n\
         r5 = attempt(lambda: {percent} % {{'k': v}})\nr6 = attempt(lambda: f'{{v!r:>12}}{{v}}')\n"
    ))
}

/// A pattern and a subject.
fn pattern_match(data: &[u8]) -> Result<String> {
    const PIECES: [&str; 44] = [
        "a",
        "b",
        "ab",
        ".",
        "\\d",
        "\\w",
        "\\s",
        "\\W",
        "\\b",
        "\\B",
        "^",
        "$",
        "\\A",
        "\\Z",
        "[ab]",
        "[^a]",
        "[a-c]",
        "[\\d_]",
        "(a)",
        "(?:b)",
        "(a|b)",
        "(?P<n>a)",
        "(?P=n)",
        "\\1",
        "(?=a)",
        "(?!b)",
        "(?<=a)",
        "(?<!b)",
        "(?i:A)",
        "(?(1)a|b)",
        "|",
        "*",
        "+",
        "?",
        "{2}",
        "{1,2}",
        "*?",
        "+?",
        "??",
        "*+",
        "(?>a)",
        "(",
        ")",
        "\u{e9}",
    ];
    const SUBJECT: [&str; 10] = ["a", "b", "ab", "A", "1", "_", " ", "\n", "\u{e9}", "c"];
    let mut input = Unstructured::new(data);
    let pattern = text_of(&mut input, &PIECES, 9)?;
    let subject = text_of(&mut input, &SUBJECT, 14)?;
    // Nested repeats take time that grows without bounds.
    if is_wide(&pattern) || pattern.matches(['*', '+']).count() > 4 {
        return Err(arbitrary::Error::IncorrectFormat);
    }
    let flags = input.int_in_range(0..=15)? << 1;
    let (pattern, subject) = (text_literal(&pattern), text_literal(&subject));
    let mut source = format!(
        "import re, warnings\nwarnings.simplefilter('ignore')\n{ATTEMPT}s = {subject}\n\
         p = attempt(re.compile, {pattern}, {flags} & ~4)\nr = []\nif isinstance(p, re.Pattern):\n"
    );
    for call in ["match", "search", "fullmatch"] {
        source += &format!(
            "    m = p.{call}(s)\n    r.append(m and (m.span(), m.groups(), m.regs, m.lastindex, m.lastgroup))\n"
        );
    }
    source +=
        "    r.append(p.findall(s))\n    r.append(p.split(s, 3))\n    r.append(p.subn('<>', s))\n";
    source += "    r.append([m.span() for m in p.finditer(s)])\n    m = None\n";
    // Pattern objects are cached by the module, and their memory is the engine's own business.
    source += "    p = (p.pattern, p.flags, p.groups, p.groupindex.copy())\n    re.purge()\n";
    Ok(source)
}

/// Bytes as a pickle; nothing but a few harmless names can be found by it.
fn pickle_loading(data: &[u8]) -> Result<String> {
    if data.len() > 400 || asks_for_much(data) {
        return Err(arbitrary::Error::IncorrectFormat);
    }
    Ok(format!(
        "import io, pickle\n{ATTEMPT}\
         class Reader(pickle.Unpickler):\n    def find_class(self, module, name):\n        \
         if (module, name) in (('builtins', 'complex'), ('builtins', 'range'), ('builtins', 'bytearray'), ('collections', 'OrderedDict')):\n            \
         return super().find_class(module, name)\n        raise pickle.UnpicklingError('not allowed', module, name)\n\
         r = attempt(Reader(io.BytesIO({})).load)\n",
        bytes_literal(data)
    ))
}

/// Whether some four bytes could be a length or an index that makes both sides take a lot of memory.
fn asks_for_much(data: &[u8]) -> bool {
    data.windows(5).any(|window| {
        let number = u32::from_le_bytes([window[1], window[2], window[3], window[4]]);
        matches!(window[0], b'r' | 0x8b | b'B' | b'X' | b'T' | 0x96) && number > 1 << 16
    })
}

/// Bytes as marshal data.
fn marshal_loading(data: &[u8]) -> Result<String> {
    // Lengths beyond the data are errors, but a tuple is made before its items are read.
    let is_large = data.windows(5).any(|window| {
        let number = u32::from_le_bytes([window[1], window[2], window[3], window[4]]);
        matches!(window[0] & 0x7f, b'(' | b'[' | b'<' | b'>')
            && (1 << 16..1 << 31).contains(&number)
    });
    if data.len() > 600 || is_large {
        return Err(arbitrary::Error::IncorrectFormat);
    }
    Ok(format!(
        "import marshal\n{ATTEMPT}r = attempt(marshal.loads, {})\n",
        bytes_literal(data)
    ))
}

/// What a program would wait for without end, as nobody else is there; and what would end this process or change it
/// for good.
const UNFIT: [&str; 11] = [
    "acquire(",
    "_thread",
    "threading",
    "input(",
    "sleep(",
    "_exit",
    "abort(",
    "closerange",
    "setrlimit",
    "faulthandler",
    "signal.",
];

/// An input that begins like this is the program itself, so that a finding's can be run again.
const AS_IT_IS: &[u8] = b"# program\n";
/// Set to anything, it has programs run that are unfit, to see what is said of how they end the process.
const ANY_PROGRAM: &str = "TWINHEAP_ANY_PROGRAM";

/// A program of the generator's model.
fn generated(data: &[u8]) -> Result<String> {
    let source = if data.starts_with(AS_IT_IS) {
        String::from_utf8_lossy(data).into_owned()
    } else {
        Model::from_bytes(data).source()
    };
    let is_unfit = UNFIT.iter().any(|word| source.contains(word));
    if is_unfit && std::env::var_os(ANY_PROGRAM).is_none() {
        return Err(arbitrary::Error::IncorrectFormat);
    }
    Ok(source)
}
