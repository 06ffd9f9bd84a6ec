//! A model as Python source.

use crate::model::{Model, Part, Statement, Variable};

impl Model {
    /// The program as Python source; the same model always gives the same text.
    pub fn source(&self) -> String {
        let mut out = String::new();
        write_body(&self.body, &self.variables, 0, &mut out);
        out
    }
}

fn write_body(body: &[Statement], variables: &[Variable], depth: usize, out: &mut String) {
    if body.is_empty() {
        indent(depth, out);
        out.push_str("pass\n");
    }
    for statement in body {
        for clause in &statement.clauses {
            indent(depth, out);
            write_parts(&clause.head, variables, out);
            out.push('\n');
            if let Some(body) = &clause.body {
                write_body(body, variables, depth + 1, out);
            }
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("    ");
    }
}

pub fn write_parts(parts: &[Part], variables: &[Variable], out: &mut String) {
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Use(variable) | Part::Define(variable) | Part::Rebind(variable) => {
                out.push_str(&variables[*variable as usize].name);
            }
            Part::Expression(expression) => {
                let mut inner = String::new();
                write_parts(&expression.parts, variables, &mut inner);
                write_operand(&inner, parts.get(index + 1), out);
            }
            Part::Constant(constant) => {
                let inner = constant.source();
                write_operand(&inner, parts.get(index + 1), out);
            }
        }
    }
}

/// Writes an expression where it stands, in parentheses unless nothing around it could bind tighter.
fn write_operand(inner: &str, next: Option<&Part>, out: &mut String) {
    let before = out.trim_end_matches(' ').chars().next_back();
    let after = match next {
        None => None,
        Some(Part::Text(text)) => text.trim_start_matches(' ').chars().next(),
        Some(_) => Some('?'),
    };
    let opens = match before {
        None => true,
        Some('=') => !out.trim_end_matches(' ').ends_with(['!', '<', '>']) && is_assignment(out),
        Some(letter) => matches!(letter, '(' | '[' | '{' | ',' | ':' | '\n'),
    };
    let closes = matches!(after, None | Some(')' | ']' | '}' | ',' | '\n'));
    let number_before_dot = after == Some('.') && inner.bytes().all(|byte| byte.is_ascii_digit());
    if (opens && closes) || (is_atom(inner) && !number_before_dot) {
        out.push_str(inner);
    } else {
        out.push('(');
        out.push_str(inner);
        out.push(')');
    }
}

/// Whether the text ends with a single `=`, not with `==`, `!=`, `<=` or `>=`.
fn is_assignment(out: &str) -> bool {
    let text = out.trim_end_matches(' ');
    let mut backwards = text.chars().rev().skip(1);
    !matches!(backwards.next(), Some('=' | '!' | '<' | '>'))
}

/// Whether an expression needs no parentheses anywhere: names, calls, displays and literals.
fn is_atom(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for letter in text.chars() {
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if letter == '\\' {
                escaped = true;
            } else if letter == open {
                quote = None;
            }
            continue;
        }
        match letter {
            '\'' | '"' => quote = Some(letter),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '.' | '_' => {}
            _ if letter.is_alphanumeric() => {}
            _ => return false,
        }
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{Constant, int};

    fn check(parts: &[Part], expected: &str) {
        let mut out = String::new();
        write_parts(parts, &[], &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn operands_are_parenthesised_where_it_matters() {
        let minus = || Part::Constant(int(-5));
        let sum = || Part::Constant(Constant::Code("a + b".into()));
        check(&[minus(), Part::Text(".real".into())], "(-5).real");
        check(
            &[Part::Constant(int(5)), Part::Text(".real".into())],
            "(5).real",
        );
        check(
            &[Part::Text("f(".into()), sum(), Part::Text(", 2)".into())],
            "f(a + b, 2)",
        );
        check(&[Part::Text("x = ".into()), sum()], "x = a + b");
        check(&[Part::Text("x == ".into()), sum()], "x == (a + b)");
        check(&[sum(), Part::Text(" * 2".into())], "(a + b) * 2");
        check(
            &[
                Part::Constant(Constant::Code("f(a)[0]".into())),
                Part::Text(".x".into()),
            ],
            "f(a)[0].x",
        );
    }
}
