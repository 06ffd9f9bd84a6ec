//! The grammar of Python 3.11 as data: reads `grammar.txt` into rules once per process.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::first::{Pass, TokSet, find_first_sets};
use crate::token::{KEYWORDS, OPERATORS, Tok};

pub type RuleId = u16;

/// What a node is, as far as errors tell kinds apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Other,
    Name,
    Number,
    Imaginary,
    Text,
    True,
    False,
    None,
    Ellipsis,
    NamedExpr,
    BoolOp,
    BinOp,
    UnaryOp,
    Lambda,
    IfExp,
    Dict,
    Set,
    ListComp,
    SetComp,
    DictComp,
    GeneratorExp,
    Await,
    Yield,
    YieldFrom,
    Compare,
    In,
    CompareRest,
    Call,
    JoinedStr,
    Attribute,
    Subscript,
    Starred,
    List,
    Tuple,
    Slice,
    Comprehension,
    Arguments,
    Keyword,
    KeywordUnpacked,
}

/// Where an error takes a place from: a label, and perhaps a part of what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Whole(u8),
    First(u8),
    Last(u8),
    /// The last clause of the last `for`.
    LastClause(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    Star,
    Del,
    For,
}

/// What an alternative gives when it matches.
#[derive(Clone, Debug)]
pub enum Action {
    /// The value of its only item, or a value that nobody looks at.
    Default,
    Label(u8),
    Node(Kind),
    Fail,
    Barry(u8),
    Strings(u8),
    Real(u8),
    Imaginary(u8),
    ErrorRange(Part, Part, String),
    ErrorAt(Part, String),
    ErrorFrom(u8, String),
    ErrorHere(String),
    ErrorIndent(Option<u8>, String),
    ErrorColon(u8, String),
    ErrorTarget(Targets, u8),
    ErrorLegacy(u8, u8),
    ErrorComma(u8, u8),
    ErrorArguments(u8),
    ErrorNonparenthesized(u8, u8),
}

#[derive(Clone, Debug)]
pub enum Item {
    Rule(RuleId),
    Token(Tok),
    Soft(String),
    SoftKeyword,
    Name,
    Number,
    Group(Vec<Alternative>),
    Optional(Box<Item>),
    Star(Box<Item>),
    Plus(Box<Item>),
    /// Items with separators between them.
    Gather(Box<Item>, Box<Item>),
    And(Box<Item>),
    Not(Box<Item>),
    Cut,
    Forced(Tok, String),
}

#[derive(Clone, Debug)]
pub struct Alternative {
    pub items: Vec<(Option<u8>, Item)>,
    pub action: Action,
    /// The minor version that the construct needs, and what it is called.
    pub version: Option<(u32, String)>,
    /// Only tried when the reason of an error is looked for.
    pub invalid: bool,
    /// What it may start with.
    pub first: TokSet,
}

#[derive(Debug)]
pub struct Rule {
    #[cfg(test)]
    pub name: String,
    pub alternatives: Vec<Alternative>,
    pub memo: bool,
    pub left_recursive: bool,
    /// The rules that exist only for errors are off inside.
    pub without_invalid: bool,
    /// What it may start with, the alternatives for errors included.
    pub first: TokSet,
    /// What may make a match of it longer, for rules that start with themselves.
    pub continuations: TokSet,
    pub pass: Option<Pass>,
}

#[derive(Debug)]
pub struct Grammar {
    pub rules: Vec<Rule>,
    pub statement: RuleId,
    index: HashMap<String, RuleId>,
}

/// The rules that start with themselves.
const LEFT_RECURSIVE: [&str; 10] = [
    "dotted_name",
    "attr",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_and",
    "shift_expr",
    "sum",
    "term",
    "primary",
    "t_primary",
];

impl Grammar {
    pub fn rule(&self, name: &str) -> RuleId {
        self.index.get(name).copied().unwrap_or(0)
    }
}

/// The grammar, read on first use.
pub fn grammar() -> &'static Grammar {
    static GRAMMAR: OnceLock<Grammar> = OnceLock::new();
    GRAMMAR.get_or_init(|| read(include_str!("grammar.txt")))
}

fn read(text: &str) -> Grammar {
    let mut index = HashMap::new();
    for line in text.lines().filter(|line| !line.starts_with(' ')) {
        let name = line.split([' ', ':']).next().unwrap_or("");
        let id = index.len() as RuleId;
        index.insert(name.to_string(), id);
    }
    let mut rules: Vec<Rule> = Vec::with_capacity(index.len());
    for line in text.lines() {
        if let Some(alternative) = line.strip_prefix("    | ") {
            let mut reader = Reader {
                text: alternative.as_bytes(),
                at: 0,
                index: &index,
                labels: Vec::new(),
            };
            let alternative = reader.alternative();
            if let Some(rule) = rules.last_mut() {
                rule.alternatives.push(alternative);
            }
            continue;
        }
        let name = line.split([' ', ':']).next().unwrap_or("");
        rules.push(Rule {
            memo: line.contains("(memo)"),
            without_invalid: name.ends_with("without_invalid"),
            left_recursive: LEFT_RECURSIVE.contains(&name),
            first: TokSet::MAX,
            continuations: TokSet::MAX,
            pass: None,
            #[cfg(test)]
            name: name.to_string(),
            alternatives: Vec::new(),
        });
    }
    find_first_sets(&mut rules);
    let statement = index.get("statement").copied().unwrap_or(0);
    Grammar {
        rules,
        statement,
        index,
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    index: &'a HashMap<String, RuleId>,
    labels: Vec<String>,
}

/// Only an alternative that is nothing but such a rule is switched off in the first pass.
fn is_invalid_rule(item: &Item, index: &HashMap<String, RuleId>) -> bool {
    match item {
        Item::Rule(id) => index
            .iter()
            .any(|(name, rule)| rule == id && name.starts_with("invalid_")),
        _ => false,
    }
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn blanks(&mut self) {
        while self.peek() == b' ' {
            self.at += 1;
        }
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_ascii_alphanumeric() || self.peek() == b'_' {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }

    fn quoted(&mut self) -> String {
        let quote = self.peek();
        self.at += 1;
        let mut out = Vec::new();
        while self.peek() != quote && self.peek() != 0 {
            if self.peek() == b'\\' {
                self.at += 1;
            }
            out.push(self.peek());
            self.at += 1;
        }
        self.at += 1;
        String::from_utf8_lossy(&out).into_owned()
    }

    fn label(&mut self, name: &str) -> u8 {
        if let Some(at) = self.labels.iter().position(|label| label == name) {
            return at as u8;
        }
        self.labels.push(name.to_string());
        (self.labels.len() - 1) as u8
    }

    fn alternatives(&mut self, end: u8) -> Vec<Alternative> {
        let outer = std::mem::take(&mut self.labels);
        let mut all = Vec::new();
        loop {
            self.labels.clear();
            all.push(self.alternative());
            self.blanks();
            let c = self.peek();
            self.at += 1;
            if c == end || c == 0 {
                break;
            }
        }
        self.labels = outer;
        all
    }

    fn alternative(&mut self) -> Alternative {
        let mut items: Vec<(Option<u8>, Item)> = Vec::new();
        let mut action = Action::Default;
        let mut version = None;
        loop {
            self.blanks();
            match self.peek() {
                0 | b'|' | b')' | b']' => break,
                b'{' => {
                    (action, version) = self.action();
                    continue;
                }
                _ => {}
            }
            let start = self.at;
            let word = self.word();
            let mut label = None;
            if !word.is_empty() && self.peek() == b'=' {
                self.at += 1;
                let is_new = !self.labels.contains(&word);
                let id = self.label(&word);
                // A name that is given twice stands for the first.
                label = is_new.then_some(id);
            } else {
                self.at = start;
            }
            let item = self.item();
            items.push((label, item));
        }
        let invalid = items.len() == 1 && is_invalid_rule(&items[0].1, self.index);
        Alternative {
            items,
            action,
            version,
            invalid,
            first: TokSet::MAX,
        }
    }

    fn item(&mut self) -> Item {
        match self.peek() {
            b'~' => {
                self.at += 1;
                return Item::Cut;
            }
            b'&' => {
                self.at += 1;
                if self.peek() == b'&' {
                    self.at += 1;
                    let text = self.quoted();
                    return Item::Forced(token_of(&text), text);
                }
                return Item::And(Box::new(self.atom()));
            }
            b'!' => {
                self.at += 1;
                return Item::Not(Box::new(self.atom()));
            }
            _ => {}
        }
        let atom = self.atom();
        match self.peek() {
            b'?' => {
                self.at += 1;
                Item::Optional(Box::new(atom))
            }
            b'*' => {
                self.at += 1;
                Item::Star(Box::new(atom))
            }
            b'+' => {
                self.at += 1;
                Item::Plus(Box::new(atom))
            }
            b'.' => {
                self.at += 1;
                let item = self.atom();
                self.at += 1;
                Item::Gather(Box::new(atom), Box::new(item))
            }
            _ => atom,
        }
    }

    fn atom(&mut self) -> Item {
        match self.peek() {
            b'(' => {
                self.at += 1;
                Item::Group(self.alternatives(b')'))
            }
            b'[' => {
                self.at += 1;
                let mut alternatives = self.alternatives(b']');
                let plain = alternatives.len() == 1
                    && alternatives[0].items.len() == 1
                    && matches!(alternatives[0].action, Action::Default);
                let inner = match alternatives.pop() {
                    Some(mut only) if plain => only.items.pop().map_or(Item::Cut, |(_, item)| item),
                    Some(last) => {
                        alternatives.push(last);
                        Item::Group(alternatives)
                    }
                    None => Item::Cut,
                };
                Item::Optional(Box::new(inner))
            }
            quote @ (b'\'' | b'"') => {
                let text = self.quoted();
                let is_word = text.as_bytes()[0].is_ascii_alphabetic() || text == "_";
                if quote == b'"' && is_word {
                    Item::Soft(text)
                } else {
                    Item::Token(token_of(&text))
                }
            }
            _ => {
                let word = self.word();
                match word.as_str() {
                    "NAME" => Item::Name,
                    "NUMBER" => Item::Number,
                    "STRING" => Item::Token(Tok::String),
                    "NEWLINE" => Item::Token(Tok::Newline),
                    "INDENT" => Item::Token(Tok::Indent),
                    "DEDENT" => Item::Token(Tok::Dedent),
                    "ENDMARKER" => Item::Token(Tok::EndMarker),
                    "ASYNC" => Item::Token(Tok::Async),
                    "AWAIT" => Item::Token(Tok::Await),
                    "TYPE_COMMENT" => Item::Token(Tok::TypeComment),
                    "SOFT_KEYWORD" => Item::SoftKeyword,
                    _ => Item::Rule(self.index.get(&word).copied().unwrap_or(RuleId::MAX)),
                }
            }
        }
    }

    fn named_label(&mut self) -> u8 {
        self.blanks();
        let word = self.word();
        self.label(&word)
    }

    fn part(&mut self) -> Part {
        let label = self.named_label();
        if self.peek() != b'.' {
            return Part::Whole(label);
        }
        self.at += 1;
        match self.word().as_str() {
            "first" => Part::First(label),
            "last" => Part::Last(label),
            _ => Part::LastClause(label),
        }
    }

    fn message(&mut self) -> String {
        self.blanks();
        self.quoted()
    }

    fn action(&mut self) -> (Action, Option<(u32, String)>) {
        self.at += 1;
        let mut version = None;
        if self.peek() == b'>' {
            self.at += 2;
            let minor = self.word().parse().unwrap_or(0);
            version = Some((minor, self.message()));
            self.blanks();
        }
        let action = match self.peek() {
            b'=' => {
                self.at += 1;
                Action::Label(self.named_label())
            }
            b'!' => {
                self.at += 1;
                self.error_action()
            }
            _ => {
                let word = self.word();
                match word.as_str() {
                    "fail" => Action::Fail,
                    "barry" => Action::Barry(self.named_label()),
                    "strings" => Action::Strings(self.named_label()),
                    "real" => Action::Real(self.named_label()),
                    "imaginary" => Action::Imaginary(self.named_label()),
                    _ => Action::Node(kind_of(&word)),
                }
            }
        };
        self.blanks();
        self.at += 1;
        (action, version)
    }

    fn error_action(&mut self) -> Action {
        match self.word().as_str() {
            "range" => {
                let (from, to) = (self.part(), self.part());
                Action::ErrorRange(from, to, self.message())
            }
            "at" => {
                let part = self.part();
                Action::ErrorAt(part, self.message())
            }
            "from" => {
                let label = self.named_label();
                Action::ErrorFrom(label, self.message())
            }
            "colon" => {
                let label = self.named_label();
                Action::ErrorColon(label, self.message())
            }
            "indent" => {
                self.blanks();
                let label = if self.peek() == b'"' {
                    None
                } else {
                    Some(self.named_label())
                };
                Action::ErrorIndent(label, self.message())
            }
            "target" => {
                self.blanks();
                let targets = match self.word().as_str() {
                    "star" => Targets::Star,
                    "del" => Targets::Del,
                    _ => Targets::For,
                };
                Action::ErrorTarget(targets, self.named_label())
            }
            "legacy" => Action::ErrorLegacy(self.named_label(), self.named_label()),
            "comma" => Action::ErrorComma(self.named_label(), self.named_label()),
            "arguments" => Action::ErrorArguments(self.named_label()),
            "nonparen" => Action::ErrorNonparenthesized(self.named_label(), self.named_label()),
            _ => Action::ErrorHere(self.message()),
        }
    }
}

fn kind_of(word: &str) -> Kind {
    match word {
        "True" => Kind::True,
        "False" => Kind::False,
        "None" => Kind::None,
        "Ellipsis" => Kind::Ellipsis,
        "NamedExpr" => Kind::NamedExpr,
        "BoolOp" => Kind::BoolOp,
        "BinOp" => Kind::BinOp,
        "UnaryOp" => Kind::UnaryOp,
        "Lambda" => Kind::Lambda,
        "IfExp" => Kind::IfExp,
        "Dict" => Kind::Dict,
        "Set" => Kind::Set,
        "ListComp" => Kind::ListComp,
        "SetComp" => Kind::SetComp,
        "DictComp" => Kind::DictComp,
        "GeneratorExp" => Kind::GeneratorExp,
        "Await" => Kind::Await,
        "Yield" => Kind::Yield,
        "YieldFrom" => Kind::YieldFrom,
        "Compare" => Kind::Compare,
        "In" => Kind::In,
        "CompareRest" => Kind::CompareRest,
        "Call" => Kind::Call,
        "Attribute" => Kind::Attribute,
        "Subscript" => Kind::Subscript,
        "Starred" => Kind::Starred,
        "List" => Kind::List,
        "Tuple" => Kind::Tuple,
        "Slice" => Kind::Slice,
        "Comprehension" => Kind::Comprehension,
        "Arguments" => Kind::Arguments,
        "Keyword" => Kind::Keyword,
        "KeywordUnpacked" => Kind::KeywordUnpacked,
        _ => Kind::Other,
    }
}

fn token_of(text: &str) -> Tok {
    let mut known = KEYWORDS.iter().chain(&OPERATORS);
    known
        .find(|(known, _)| *known == text)
        .map_or(Tok::Error, |(_, tok)| *tok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_item(item: &Item, rule: &str) {
        match item {
            Item::Rule(id) => assert!(*id != RuleId::MAX, "{rule} names a rule that is not there"),
            Item::Token(tok) | Item::Forced(tok, _) => {
                assert!(*tok != Tok::Error, "{rule} has an unknown token")
            }
            Item::Group(alternatives) => {
                alternatives
                    .iter()
                    .flat_map(|alternative| &alternative.items)
                    .for_each(|(_, item)| check_item(item, rule));
            }
            Item::Optional(item)
            | Item::Star(item)
            | Item::Plus(item)
            | Item::And(item)
            | Item::Not(item) => {
                check_item(item, rule);
            }
            Item::Gather(separator, item) => {
                check_item(separator, rule);
                check_item(item, rule);
            }
            Item::Soft(_) | Item::SoftKeyword | Item::Name | Item::Number | Item::Cut => {}
        }
    }

    #[test]
    fn every_rule_and_token_of_the_grammar_is_known() {
        for rule in &grammar().rules {
            assert!(!rule.alternatives.is_empty(), "{} is empty", rule.name);
            for alternative in &rule.alternatives {
                alternative
                    .items
                    .iter()
                    .for_each(|(_, item)| check_item(item, &rule.name));
            }
        }
    }
}
