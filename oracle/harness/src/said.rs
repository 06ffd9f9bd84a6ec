//! What two lines of output, or two messages, differ in, said in words that many programs share: the exception
//! and the reference's wording of it name the operation, whatever the other side says; of values only the kinds stay.

use crate::signature::generalised;

/// Words of a message that tell operations apart.
const WORDS: usize = 7;
const ENDINGS: [&str; 7] = [
    "Error",
    "Exception",
    "Warning",
    "Exit",
    "Interrupt",
    "Iteration",
    "ExceptionGroup",
];

/// An exception that a line speaks of.
struct Mention<'a> {
    name: &'a str,
    message: String,
}

/// What differs between a line of the reference and the one in its place; none where there is no such line. Where
/// nothing but values differ, the operation that made them is named.
pub fn between(place: &str, left: Option<&str>, right: Option<&str>) -> String {
    let mention = |line: Option<&'_ str>| line.and_then(mention_in).map(owned);
    match (mention(left), mention(right)) {
        (Some((one, said)), Some((other, _))) if one == other => {
            with_words(&one, &operation(&one, &said))
        }
        (Some((one, said)), Some((other, _))) => {
            with_words(&format!("{one} / {other}"), &operation(&one, &said))
        }
        (Some((one, said)), None) => {
            with_words(&format!("{one} / no exception"), &operation(&one, &said))
        }
        (None, Some((other, said))) => with_words(
            &format!("no exception / {other}"),
            &operation(&other, &said),
        ),
        (None, None) if place.is_empty() => values(left, right),
        (None, None) => format!("{place}: {}", values(left, right)),
    }
}

fn owned(mention: Mention<'_>) -> (String, String) {
    (mention.name.to_owned(), mention.message)
}

/// What shows or names values, and is hardly ever what a line is about.
const WRAPPERS: [&str; 12] = [
    "print",
    "repr",
    "show",
    "list",
    "str",
    "len",
    "sorted",
    "type",
    "report",
    "tuple",
    "isinstance",
    "ascii",
];

/// The operation that a line of a program is about: the first method that it calls, or the first function, the first
/// operator, the first keyword.
pub fn operation_of_line(line: &str) -> String {
    let found = tokens(line);
    let is_name = |token: &str| {
        token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
            && !token.ends_with(['\'', '"'])
    };
    let next = |at: usize| found.get(at + 1).map(String::as_str);
    let calls = |at: usize| is_name(&found[at]) && next(at) == Some("(");
    let is_method = |at: usize| at > 0 && found[at - 1] == ".";
    let method = (1..found.len()).find(|at| is_method(*at) && calls(*at));
    if let Some(at) = method {
        return format!(".{}", found[at]);
    }
    let is_plain = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let function = (0..found.len())
        .find(|at| calls(*at) && is_plain(&found[*at]) && !WRAPPERS.contains(&found[*at].as_str()));
    if let Some(at) = function {
        return format!("{}()", found[at]);
    }
    const OPERATORS: &str = "+-*/%&|^<>@~";
    let is_operator = |token: &&String| token.len() == 1 && OPERATORS.contains(token.as_str());
    if let Some(operator) = found.iter().find(is_operator) {
        return operator.clone();
    }
    const WORDS: [&str; 14] = [
        "in", "is", "not", "del", "for", "while", "with", "raise", "import", "yield", "await",
        "class", "def", "return",
    ];
    if let Some(word) = found.iter().find(|token| WORDS.contains(&token.as_str())) {
        return word.clone();
    }
    match found.iter().position(|token| token == "[") {
        Some(at) if found[at..].iter().any(|token| token == ":") => "[:]".to_owned(),
        Some(_) => "[]".to_owned(),
        None => String::new(),
    }
}

/// A head with the words of a message behind it, where there are any.
pub fn with_words(head: &str, words: &str) -> String {
    if words.is_empty() {
        head.to_owned()
    } else {
        format!("{head}: {words}")
    }
}

/// The words of a message; of what is looked for by name, the name belongs to the operation.
pub fn operation(exception: &str, message: &str) -> String {
    let words = words(message);
    let by_name = [
        "AttributeError",
        "ImportError",
        "ModuleNotFoundError",
        "NameError",
    ];
    match last_quoted(message) {
        Some(name) if by_name.contains(&exception) && is_telling_name(name) => {
            format!("{words} {name}").trim_start().to_owned()
        }
        _ => words,
    }
}

/// A name that a program is unlikely to have made up: some small letters, no number.
fn is_telling_name(name: &str) -> bool {
    const SHORTEST: usize = 4;
    name.len() >= SHORTEST
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter == '_')
}

fn last_quoted(message: &str) -> Option<&str> {
    let end = message.rfind('\'')?;
    let begin = message[..end].rfind('\'')?;
    Some(&message[begin + 1..end])
}

/// The words of a message without its values: quoted text, numbers, names that a program made up.
pub fn words(message: &str) -> String {
    let plain = without_quoted(message);
    // What was given instead is a value too.
    let plain = plain.split(", not ").next().unwrap_or_default();
    plain
        .split_whitespace()
        .enumerate()
        .filter(|(at, token)| *at == 0 || !is_made_up(token))
        .filter_map(|(_, token)| word(token))
        .take(WORDS)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A class that a program made, or a text of its own.
fn is_made_up(token: &str) -> bool {
    const LONGEST: usize = 24;
    token.len() > LONGEST || token.starts_with(|letter: char| letter.is_ascii_uppercase())
}

/// One word of a message; a call such as `int()` is one, a name that has a number or a dot in it is none.
fn word(token: &str) -> Option<&str> {
    let trimmed = token.trim_matches(|letter: char| !(letter.is_ascii_alphanumeric()));
    let is_plain = |text: &str| {
        let belongs =
            |letter: char| letter.is_ascii_alphabetic() || matches!(letter, '-' | '_' | '\'');
        !text.is_empty() && text.chars().all(belongs)
    };
    if token.contains("()") {
        let end = token.find("()")?;
        let name = token[..end].trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let begin = end - name.len();
        return is_plain(name).then(|| &token[begin..end + 2]);
    }
    is_plain(trimmed).then_some(trimmed)
}

/// The text with quoted parts taken out; an apostrophe inside a word quotes nothing.
fn without_quoted(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_word = |at: Option<&char>| at.is_some_and(|letter| letter.is_alphanumeric());
    let mut result = String::new();
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let opens =
            matches!(letter, '\'' | '"' | '`') && (at == 0 || !is_word(letters.get(at - 1)));
        let close = (at + 1..letters.len())
            .find(|end| letters[*end] == letter && !is_word(letters.get(end + 1)));
        match close {
            Some(end) if opens => {
                result.push(' ');
                at = end + 1;
            }
            _ => {
                result.push(letter);
                at += 1;
            }
        }
    }
    result
}

/// The first exception named in a line, and what is said behind its name.
fn mention_in(line: &str) -> Option<Mention<'_>> {
    let belongs = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
    let mut from = 0;
    while from < line.len() {
        let rest = &line[from..];
        let start = from + rest.find(belongs)?;
        let length = line[start..]
            .find(|letter| !belongs(letter))
            .unwrap_or(line.len() - start);
        let name = line[start..start + length].trim_matches('.');
        if is_exception(name, start == 0) {
            let behind = &line[start + length..];
            return Some(Mention {
                name,
                message: message_of(behind),
            });
        }
        from = start + length;
    }
    None
}

/// Whether a name is an exception's, by its ending; a bare `error` is one only where it begins a line.
pub fn is_exception(name: &str, begins_line: bool) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    if last == "error" {
        return begins_line || name.len() > last.len();
    }
    let upper = last.chars().next().is_some_and(char::is_uppercase);
    upper && ENDINGS.iter().any(|ending| last.ends_with(ending))
}

/// What is said behind an exception's name: `('text',)`, `: text`, ` text`.
fn message_of(behind: &str) -> String {
    let text = behind.trim_start_matches([' ', ':']);
    let Some(inner) = text.strip_prefix('(') else {
        return text.to_owned();
    };
    match inner.chars().next() {
        Some(quote @ ('\'' | '"')) => {
            let end = inner.rfind(quote).unwrap_or(inner.len());
            unescaped(inner.get(1..end).unwrap_or(""))
        }
        _ => inner.to_owned(),
    }
}

/// The rendering of an argument, opened where it is a str.
pub fn opened(rendered: &str) -> String {
    let inner = rendered
        .strip_prefix('\'')
        .and_then(|rest| rest.trim_end_matches("...").strip_suffix('\''));
    inner.map_or_else(|| rendered.to_owned(), unescaped)
}

fn unescaped(text: &str) -> String {
    text.replace("\\'", "'").replace("\\\"", "\"")
}

/// The kinds of the first things that differ, behind the word that the line begins with.
fn values(left: Option<&str>, right: Option<&str>) -> String {
    let (Some(left), Some(right)) = (left, right) else {
        let line = left.or(right).unwrap_or("");
        let kind = tokens(line)
            .first()
            .map_or("an empty line", |token| kind(token))
            .to_owned();
        return if left.is_some() {
            format!("{kind} / no line")
        } else {
            format!("no line / {kind}")
        };
    };
    let (left, right) = (tokens(left), tokens(right));
    let before = left
        .iter()
        .zip(&right)
        .take_while(|(one, other)| one == other)
        .count();
    let shorter = left.len().min(right.len()) - before;
    let behind = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take(shorter)
        .take_while(|(one, other)| one == other)
        .count();
    let middle = |tokens: &'_ [String]| tokens[before..tokens.len() - behind].to_vec();
    let (one, other) = (middle(&left), middle(&right));
    let label = match left.first() {
        Some(first) if before > 0 && is_type(first) => format!("{first} "),
        _ => String::new(),
    };
    let sorted = |tokens: &[String]| {
        let mut sorted = tokens.to_vec();
        sorted.sort();
        sorted
    };
    if one.len() > 1 && sorted(&one) == sorted(&other) {
        return format!("{label}order");
    }
    let first = |tokens: &[String]| {
        let token = tokens.first().map_or("nothing", |token| kind(token));
        generalised(token)
    };
    format!("{label}{} / {}", first(&one), first(&other))
}

/// Whether a word is the name of a type rather than a text that a program printed.
fn is_type(word: &str) -> bool {
    const TYPES: [&str; 26] = [
        "bool",
        "builtin",
        "bytearray",
        "bytes",
        "cell",
        "classmethod",
        "code",
        "complex",
        "dict",
        "float",
        "frame",
        "frozenset",
        "function",
        "generator",
        "int",
        "list",
        "memoryview",
        "method",
        "module",
        "property",
        "range",
        "set",
        "slice",
        "str",
        "tuple",
        "type",
    ];
    let begins_upper = word.starts_with(|letter: char| letter.is_ascii_uppercase());
    let is_constant = matches!(word, "True" | "False" | "None");
    TYPES.contains(&word)
        || ((begins_upper || word.contains('_')) && !is_constant)
        || word.ends_with("iterator")
        || word == "object"
}

/// What a token is, without its value; the name of a type is its own kind.
fn kind(token: &str) -> &str {
    let first = token.chars().next().unwrap_or(' ');
    if first.is_ascii_digit() {
        let is_whole = token.chars().all(|letter| letter.is_ascii_digit());
        return if is_whole || token.starts_with("0x") {
            "int"
        } else {
            "float"
        };
    }
    if matches!(first, '\'' | '"') {
        return "str";
    }
    if first == 'b' && token[1..].starts_with(['\'', '"']) {
        return "bytes";
    }
    match token {
        "True" | "False" => "bool",
        "None" => "None",
        other if first.is_alphanumeric() && !is_type(other) => "text",
        other => other,
    }
}

/// Names, numbers, quoted texts and single signs.
fn tokens(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let begin = at;
        let letter = letters[at];
        let prefix = letter == 'b' && matches!(letters.get(at + 1), Some('\'' | '"'));
        at += 1;
        if matches!(letter, '\'' | '"') || prefix {
            let quote = letters[begin + usize::from(prefix)];
            at += usize::from(prefix);
            while at < letters.len() && letters[at] != quote {
                at += 1 + usize::from(letters[at] == '\\');
            }
            at = (at + 1).min(letters.len());
        } else if letter.is_alphanumeric() || letter == '_' {
            let is_number = letter.is_ascii_digit();
            while letters.get(at).is_some_and(|next| {
                next.is_alphanumeric() || *next == '_' || (is_number && *next == '.')
            }) {
                at += 1;
            }
        } else if letter.is_whitespace() {
            continue;
        }
        found.push(letters[begin..at].iter().collect());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str, expected: &str) {
        assert_eq!(between("t", Some(left), Some(right)), expected);
    }

    #[test]
    fn the_wording_of_the_reference_names_the_operation() {
        let expected = "TypeError: cannot convert dictionary update sequence element to";
        let left = "cannot convert dictionary update sequence element #0 to a sequence";
        check(
            &format!("TypeError('{left}')"),
            "TypeError(\"'int' object is not iterable\")",
            expected,
        );
        check(
            &format!("caught TypeError {left}"),
            "caught TypeError object is not iterable",
            expected,
        );
        check(
            &format!("TypeError ('{left}',)"),
            "TypeError ('other',)",
            expected,
        );
    }

    #[test]
    fn names_and_values_in_a_message_do_not_count() {
        let shown = "TypeError: keywords must be strings";
        check(
            "TypeError <lambda>() keywords must be strings",
            "TypeError",
            shown,
        );
        check(
            "TypeError func12() keywords must be strings, not 'int'",
            "TypeError x",
            shown,
        );
        check(
            "TypeError int() can't convert",
            "TypeError x",
            "TypeError: int() can't convert",
        );
    }

    #[test]
    fn classes_of_the_program_do_not_count() {
        check(
            "TypeError can't pickle class Reduced on it",
            "TypeError x",
            "TypeError: can't pickle class on it",
        );
    }

    #[test]
    fn types_that_differ_are_both_named() {
        check("KeyError 'a'", "IndexError 7", "KeyError / IndexError");
        check(
            "fine",
            "ValueError: too large",
            "no exception / ValueError: too large",
        );
        check(
            "struct.error pack it",
            "4",
            "struct.error / no exception: pack it",
        );
    }

    #[test]
    fn a_line_is_about_its_first_operation() {
        for (line, expected) in [
            ("print(list(map(str, list2))[:3])", "map()"),
            ("list1.sort(key=len)", ".sort"),
            ("    print(sorted(int1 + 7))", "+"),
            ("x = y[2:3]", "[:]"),
            ("for item in x:", "for"),
            ("text = 'a.b(c)'", ""),
        ] {
            assert_eq!(operation_of_line(line), expected, "{line}");
        }
    }

    #[test]
    fn values_are_told_by_kind_and_label() {
        check("dict 5 {1: 2}", "dict 5 {1: 3}", "t: dict int / int");
        check("['a', 'b']", "['b', 'a']", "t: order");
        check("1.5", "2", "t: float / int");
        check("True", "7", "t: bool / int");
        check("last", "7", "t: text / int");
        check("[1]", "[1, b'x']", "t: nothing / ,");
        assert_eq!(between("t", Some("x 5"), None), "t: text / no line");
        assert_eq!(between("t", None, Some("")), "t: no line / an empty line");
    }
}
