//! The real programs that mutations begin with: the chapters, and the methods of CPython's own tests.

use std::fs;
use std::path::Path;

use twinheap_generate::unbound_names;
use twinheap_syntax::ast::{Mod, Span, StmtKind};
use twinheap_syntax::{Flags, Mode, parse_str};

use crate::installation::Installation;

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
/// Modules that a method may name.
const MODULES: [&str; 14] = [
    "collections",
    "copy",
    "functools",
    "gc",
    "itertools",
    "math",
    "operator",
    "pickle",
    "random",
    "re",
    "string",
    "sys",
    "types",
    "weakref",
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
pub fn collect(installation: &Installation) -> Result<Vec<String>, String> {
    let mut seeds: Vec<String> = installation
        .corpus()?
        .into_iter()
        .map(|program| program.source)
        .collect();
    let folder = Path::new(&installation.workers.standard_library()?).join("test");
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
    let mut found = Vec::new();
    for statement in body {
        let StmtKind::ClassDef(class) = &statement.kind else {
            continue;
        };
        let attributes: Vec<String> = class
            .body
            .iter()
            .filter(|statement| matches!(statement.kind, StmtKind::Assign(_)))
            .filter_map(|statement| dedented(&lines, &statement.span, &statement.span))
            .collect();
        for statement in &class.body {
            if let StmtKind::FunctionDef(function) = &statement.kind
                && let [first, .., last] | [first @ last] = function.body.as_slice()
                && let Some(body) = dedented(&lines, &first.span, &last.span)
            {
                found.extend(program_of(&body, &attributes));
            }
        }
    }
    found
}

/// The lines of some statements, moved to the margin; none where there are too many of them.
fn dedented(lines: &[&str], first: &Span, last: &Span) -> Option<String> {
    let range = first.lineno as usize - 1..last.end_lineno as usize;
    if range.len() > MAXIMUM_LINES {
        return None;
    }
    let indent = first.col_offset as usize;
    let moved = lines
        .get(range)?
        .iter()
        .map(|line| line.get(indent..).unwrap_or("\n"));
    Some(moved.collect())
}

/// A method's body with what it needs around it: a stand-in for `self`, the attributes of its class that it uses,
/// and the modules that it names. None where it needs more than that.
fn program_of(body: &str, attributes: &[String]) -> Option<String> {
    if !body.contains("self.assert") {
        return None;
    }
    let mut text = prelude(body);
    for name in attributes_of(body) {
        if is_assertion(name) {
            continue;
        }
        let start = format!("{name} = ");
        let assignment = attributes.iter().find(|text| text.starts_with(&start))?;
        text.push_str(&format!("self.{assignment}"));
    }
    text.push_str(body);
    let mut imports = String::new();
    for name in unbound_names(&text)? {
        if !MODULES.contains(&name.as_str()) {
            return None;
        }
        imports.push_str(&format!("import {name}\n"));
    }
    Some(imports + &text)
}

/// What a body reads of `self`, each once.
fn attributes_of(body: &str) -> Vec<&str> {
    let mut names: Vec<&str> = body
        .match_indices("self.")
        .map(|(at, _)| {
            let rest = &body[at + "self.".len()..];
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn is_assertion(name: &str) -> bool {
    name.starts_with("assert") || name == "fail"
}

/// The stand-in for `self` with the assertions that the method uses.
fn prelude(body: &str) -> String {
    let mut text = PRELUDE.to_owned();
    for name in attributes_of(body)
        .into_iter()
        .filter(|name| is_assertion(name))
    {
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
