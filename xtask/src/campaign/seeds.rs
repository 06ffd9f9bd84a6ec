//! The real programs that mutations begin with: the chapters, and the methods of CPython's own tests.

use std::fs;
use std::path::Path;

use twinheap_syntax::ast::{Mod, Span, Stmt, StmtKind};
use twinheap_syntax::{Flags, Mode, parse_str};

use crate::programs::corpus;
use crate::workers::standard_library;

/// Files of CPython's tests whose methods need little around them.
const TESTS: [&str; 22] = [
    "test_dict",
    "test_list",
    "test_set",
    "test_tuple",
    "test_int",
    "test_long",
    "test_float",
    "test_complex",
    "test_unicode",
    "test_bytes",
    "test_slice",
    "test_range",
    "test_enumerate",
    "test_iter",
    "test_generators",
    "test_scope",
    "test_raise",
    "test_exceptions",
    "test_class",
    "test_super",
    "test_sort",
    "test_augassign",
];
/// Methods longer than this are left out.
const MAXIMUM_LINES: usize = 40;

/// Stands for the test case that a method expects as `self`: its assertions print what they were given.
const PRELUDE: &str = "\
class self:
    def said(name):
        def method(*values, **options):
            print(name, *[repr(value)[:80] for value in values if not callable(value)])
            if name.startswith('assertRaises') and len(values) > 1 and callable(values[1]):
                try:
                    values[1](*values[2:], **options)
                except values[0] as error:
                    print(type(error).__name__)
            return expected(*values[:1])
        return staticmethod(method)
    class Meta(type):
        pass
class expected:
    def __init__(self, *kinds):
        self.kinds = kinds
        self.exception = None
    def __enter__(self):
        return self
    def __exit__(self, kind, error, trace):
        self.exception = error
        print(kind and kind.__name__)
        return kind is not None and issubclass(kind, Exception)
";

/// Every seed, in a fixed order.
pub fn collect() -> Result<Vec<String>, String> {
    let mut seeds: Vec<String> = corpus()?
        .into_iter()
        .map(|program| program.source)
        .collect();
    let folder = Path::new(&standard_library()?).join("test");
    for name in TESTS {
        let path = folder.join(format!("{name}.py"));
        // An installation without its tests has fewer seeds, and that is no error.
        let Ok(source) = fs::read_to_string(&path) else {
            continue;
        };
        seeds.extend(methods(&source));
    }
    Ok(seeds)
}

/// The bodies of the test methods of a file, each as a program of its own.
fn methods(source: &str) -> Vec<String> {
    let Ok(ast) = parse_str(source, Mode::Exec, &Flags::default()) else {
        return Vec::new();
    };
    let Mod::Module { body, .. } = &ast.module else {
        return Vec::new();
    };
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let classes = body.iter().filter_map(|statement| match &statement.kind {
        StmtKind::ClassDef(class) => Some(&class.body),
        _ => None,
    });
    classes
        .flatten()
        .filter_map(|statement| match &statement.kind {
            StmtKind::FunctionDef(function) => program_of(&lines, &function.body),
            _ => None,
        })
        .collect()
}

fn program_of(lines: &[&str], body: &[Stmt]) -> Option<String> {
    let (first, last): (&Span, &Span) = (&body.first()?.span, &body.last()?.span);
    let range = first.lineno as usize - 1..last.end_lineno as usize;
    if range.len() > MAXIMUM_LINES
        || !lines
            .get(range.clone())?
            .iter()
            .any(|line| line.contains("self.assert"))
    {
        return None;
    }
    let indent = first.col_offset as usize;
    let dedented: String = lines[range]
        .iter()
        .map(|line| line.get(indent..).unwrap_or("\n"))
        .collect();
    Some(format!("{}{dedented}", prelude(&dedented)))
}

/// The stand-in for `self` with the assertions that the method uses.
fn prelude(body: &str) -> String {
    let mut names: Vec<&str> = body
        .match_indices("self.")
        .map(|(at, _)| {
            let rest = &body[at + "self.".len()..];
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .filter(|name| name.starts_with("assert") || *name == "fail")
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut text = PRELUDE.to_owned();
    for name in names {
        text.push_str(&format!("self.{name} = self.__dict__['said']('{name}')\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_become_programs_that_parse() {
        let source = "class T(unittest.TestCase):\n    def test_a(self):\n        x = 1\n        self.assertEqual(x, 1)\n";
        let programs = methods(source);
        assert_eq!(programs.len(), 1);
        assert!(
            programs[0].ends_with("x = 1\nself.assertEqual(x, 1)\n"),
            "{}",
            programs[0]
        );
        assert!(parse_str(&programs[0], Mode::Exec, &Flags::default()).is_ok());
    }
}
