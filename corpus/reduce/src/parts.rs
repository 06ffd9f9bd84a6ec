//! The parts of a source that can go or be replaced, read off its syntax tree as ranges of bytes.

use std::ops::Range;

use twinheap_syntax::ast::*;
use twinheap_syntax::{Flags, Mode, parse_str};

/// A statement: the lines it takes, the suite it stands in, and the suites it owns.
#[derive(Clone, Debug)]
pub(crate) struct StatementPart {
    /// Lines, counted from 0, decorators included.
    pub lines: Range<usize>,
    pub depth: usize,
    /// The suite it stands in; two statements of one suite share the number.
    pub suite: usize,
    pub indent: usize,
    /// The lines of its own suites; empty for a simple statement.
    pub bodies: Vec<Range<usize>>,
    /// Set where it shares a line with another statement, so that its lines are not its own.
    pub shares_line: bool,
}

/// A replacement of a range of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub range: Range<usize>,
    pub text: String,
}

/// What a source consists of.
pub(crate) struct Parts {
    pub statements: Vec<StatementPart>,
    /// Replacements of expressions by something shorter, those of large expressions first.
    pub edits: Vec<Edit>,
}

struct Collector<'a> {
    source: &'a str,
    line_starts: Vec<usize>,
    parts: Parts,
    suites: usize,
}

/// The parts of a source; `None` where it does not parse.
pub(crate) fn parts_of(source: &str) -> Option<Parts> {
    let ast = parse_str(source, Mode::Exec, &Flags::default()).ok()?;
    let Mod::Module { body, .. } = &ast.module else {
        return None;
    };
    let mut line_starts = vec![0];
    line_starts.extend(source.match_indices('\n').map(|(at, _)| at + 1));
    let mut collector = Collector {
        source,
        line_starts,
        parts: Parts {
            statements: Vec::new(),
            edits: Vec::new(),
        },
        suites: 0,
    };
    collector.suite(body, 0);
    let mut parts = collector.parts;
    parts.edits.retain(|edit| {
        source
            .get(edit.range.clone())
            .is_some_and(|old| edit.text.len() < old.len())
    });
    parts
        .edits
        .sort_by_key(|edit| std::cmp::Reverse(edit.range.len() - edit.text.len()));
    parts.edits.dedup();
    Some(parts)
}

impl Collector<'_> {
    fn offset(&self, line: i32, column: i32) -> usize {
        let start = self
            .line_starts
            .get(line as usize - 1)
            .copied()
            .unwrap_or(self.source.len());
        start + column as usize
    }

    fn range(&self, span: &Span) -> Range<usize> {
        self.offset(span.lineno, span.col_offset)..self.offset(span.end_lineno, span.end_col_offset)
    }

    fn text(&self, expression: &Expr) -> &str {
        self.source.get(self.range(&expression.span)).unwrap_or("")
    }

    fn suite(&mut self, body: &[Stmt], depth: usize) -> Option<Range<usize>> {
        let suite = self.suites;
        self.suites += 1;
        let mut lines: Option<Range<usize>> = None;
        for (at, statement) in body.iter().enumerate() {
            let first = first_line(statement) as usize - 1;
            let last = statement.span.end_lineno as usize;
            lines = Some(lines.map_or(first, |found| found.start)..last);
            let shares = |other: Option<&Stmt>| {
                other.is_some_and(|other| {
                    other.span.lineno as usize == last
                        || other.span.end_lineno as usize == first + 1
                })
            };
            let before = at.checked_sub(1).and_then(|before| body.get(before));
            let index = self.parts.statements.len();
            let line_start = self.line_starts[statement.span.lineno as usize - 1];
            let column = statement.span.col_offset as usize;
            let head = self
                .source
                .get(line_start..line_start + column)
                .unwrap_or("x");
            self.parts.statements.push(StatementPart {
                lines: first..last,
                depth,
                suite,
                indent: column,
                bodies: Vec::new(),
                shares_line: shares(before) || shares(body.get(at + 1)) || !head.trim().is_empty(),
            });
            self.parts.statements[index].bodies = self.statement(statement, depth);
        }
        lines
    }

    /// Looks into a statement; gives the lines of its suites.
    fn statement(&mut self, statement: &Stmt, depth: usize) -> Vec<Range<usize>> {
        let mut suites: Vec<&[Stmt]> = Vec::new();
        match &statement.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                self.expressions(&def.decorator_list);
                self.expressions(&def.args.defaults);
                self.expressions(def.args.kw_defaults.iter().flatten());
                suites.push(&def.body);
            }
            StmtKind::ClassDef(class) => {
                self.expressions(&class.decorator_list);
                self.expressions(&class.bases);
                suites.push(&class.body);
            }
            StmtKind::Return(value) => self.expressions(value.as_deref()),
            StmtKind::Delete(targets) => self.elements(statement, "del ", targets),
            StmtKind::Assign(assign) => {
                self.replace_statement(statement, &assign.value);
                self.expression(&assign.value);
            }
            StmtKind::AugAssign(assign) => {
                self.replace_statement(statement, &assign.value);
                self.expression(&assign.value);
            }
            StmtKind::AnnAssign(assign) => self.expressions(assign.value.as_ref()),
            StmtKind::For(each) | StmtKind::AsyncFor(each) => {
                self.expression(&each.iter);
                suites.extend([&each.body[..], &each.orelse]);
            }
            StmtKind::While(repeated) => {
                self.expression(&repeated.test);
                suites.extend([&repeated.body[..], &repeated.orelse]);
            }
            StmtKind::If(choice) => {
                self.expression(&choice.test);
                suites.extend([&choice.body[..], &choice.orelse]);
            }
            StmtKind::With(with) | StmtKind::AsyncWith(with) => {
                self.expressions(with.items.iter().map(|item| &item.context_expr));
                suites.push(&with.body);
            }
            StmtKind::Match(choice) => {
                self.expression(&choice.subject);
                suites.extend(choice.cases.iter().map(|case| &case.body[..]));
            }
            StmtKind::Raise { exc, cause } => {
                self.expressions(exc.as_deref());
                self.expressions(cause.as_deref());
            }
            StmtKind::Try(attempt) | StmtKind::TryStar(attempt) => {
                suites.push(&attempt.body);
                suites.extend(attempt.handlers.iter().map(|handler| &handler.body[..]));
                suites.extend([&attempt.orelse[..], &attempt.finalbody]);
            }
            StmtKind::Assert { test, msg } => {
                self.expression(test);
                self.expressions(msg.as_deref());
            }
            StmtKind::Expr(value) => self.expression(value),
            _ => {}
        }
        suites
            .into_iter()
            .filter(|suite| !suite.is_empty())
            .filter_map(|suite| self.suite(suite, depth + 1))
            .collect()
    }

    fn replace_statement(&mut self, statement: &Stmt, value: &Expr) {
        let text = self.text(value).to_owned();
        self.edit(self.range(&statement.span), text);
    }

    fn edit(&mut self, range: Range<usize>, text: String) {
        self.parts.edits.push(Edit { range, text });
    }

    fn expressions<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>) {
        expressions
            .into_iter()
            .for_each(|expression| self.expression(expression));
    }

    /// The targets of a `del`, one fewer at a time.
    fn elements(&mut self, statement: &Stmt, head: &str, targets: &[Expr]) {
        for skipped in 0..targets.len() {
            if targets.len() > 1 {
                let text = format!("{head}{}", self.joined(targets.iter(), skipped));
                self.edit(self.range(&statement.span), text);
            }
        }
    }

    fn joined<'e>(&self, items: impl Iterator<Item = &'e Expr>, skipped: usize) -> String {
        let left = items.enumerate().filter(|(at, _)| *at != skipped);
        left.map(|(_, item)| self.text(item))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn expression(&mut self, expression: &Expr) {
        let range = self.range(&expression.span);
        let children = self.shorter_forms(expression, &range);
        for child in &children {
            let text = self.text(child).to_owned();
            self.edit(range.clone(), text);
        }
        for atom in ["0", "''", "[]", "None"] {
            self.edit(range.clone(), atom.to_owned());
        }
        for child in children {
            self.expression(child);
        }
    }

    /// The parts of an expression; on the way its forms with one element fewer are noted.
    fn shorter_forms<'e>(&mut self, expression: &'e Expr, range: &Range<usize>) -> Vec<&'e Expr> {
        match &expression.kind {
            ExprKind::BoolOp { values, .. } => values.iter().collect(),
            ExprKind::NamedExpr { value, .. }
            | ExprKind::Await(value)
            | ExprKind::YieldFrom(value)
            | ExprKind::Starred { value, .. }
            | ExprKind::Attribute { value, .. }
            | ExprKind::UnaryOp { operand: value, .. } => vec![value],
            ExprKind::BinOp { left, right, .. } => vec![left, right],
            ExprKind::IfExp(choice) => vec![&choice.test, &choice.body, &choice.orelse],
            ExprKind::Dict(dict) => {
                self.shorter_dict(dict, range);
                dict.keys.iter().flatten().chain(&dict.values).collect()
            }
            ExprKind::Set(items) => self.shorter_display(items, ("{", "}"), range),
            ExprKind::List { elts, .. } => self.shorter_display(elts, ("[", "]"), range),
            ExprKind::Tuple { elts, .. } => {
                self.shorter_display(elts, ("(", if elts.len() == 2 { ",)" } else { ")" }), range)
            }
            ExprKind::ListComp(comp) | ExprKind::SetComp(comp) | ExprKind::GeneratorExp(comp) => {
                comp.generators.iter().map(|part| &part.iter).collect()
            }
            ExprKind::DictComp(comp) => comp.generators.iter().map(|part| &part.iter).collect(),
            ExprKind::Yield(value) => value.as_deref().into_iter().collect(),
            ExprKind::Compare(compare) => std::iter::once(&compare.left)
                .chain(&compare.comparators)
                .collect(),
            ExprKind::Call(call) => {
                self.shorter_call(call, range);
                let values = call.keywords.iter().map(|keyword| &keyword.value);
                std::iter::once(&call.func)
                    .chain(&call.args)
                    .chain(values)
                    .collect()
            }
            ExprKind::Subscript { value, slice, .. } => vec![value, slice],
            ExprKind::Slice { lower, upper, step } => [lower, upper, step]
                .into_iter()
                .flatten()
                .map(|part| &**part)
                .collect(),
            ExprKind::Constant { value, .. } => {
                self.shorter_constant(value, range);
                Vec::new()
            }
            // What stands inside an f-string has positions of its own in this version.
            ExprKind::JoinedStr(_) | ExprKind::FormattedValue(_) => Vec::new(),
            ExprKind::Lambda(_) | ExprKind::Name { .. } => Vec::new(),
        }
    }

    fn shorter_display<'e>(
        &mut self,
        items: &'e [Expr],
        (open, close): (&str, &str),
        range: &Range<usize>,
    ) -> Vec<&'e Expr> {
        if items.len() > 1 {
            for skipped in 0..items.len() {
                let text = format!("{open}{}{close}", self.joined(items.iter(), skipped));
                self.edit(range.clone(), text);
            }
            let half = &items[..items.len() / 2];
            let text = format!("{open}{}{close}", self.joined(half.iter(), usize::MAX));
            self.edit(range.clone(), text);
        }
        items.iter().collect()
    }

    fn shorter_dict(&mut self, dict: &Dict, range: &Range<usize>) {
        let pairs: Vec<String> = dict
            .keys
            .iter()
            .zip(&dict.values)
            .map(|(key, value)| match key {
                Some(key) => format!("{}: {}", self.text(key), self.text(value)),
                None => format!("**{}", self.text(value)),
            })
            .collect();
        for skipped in 0..pairs.len() {
            let mut left = pairs.clone();
            left.remove(skipped);
            self.edit(range.clone(), format!("{{{}}}", left.join(", ")));
        }
    }

    fn shorter_call(&mut self, call: &Call, range: &Range<usize>) {
        let mut arguments: Vec<String> = call
            .args
            .iter()
            .map(|item| self.text(item).to_owned())
            .collect();
        for keyword in &call.keywords {
            let text = self.source.get(self.range(&keyword.span)).unwrap_or("");
            arguments.push(text.to_owned());
        }
        let function = self.text(&call.func).to_owned();
        for skipped in 0..arguments.len() {
            let mut left = arguments.clone();
            left.remove(skipped);
            self.edit(range.clone(), format!("{function}({})", left.join(", ")));
        }
    }

    fn shorter_constant(&mut self, value: &Constant, range: &Range<usize>) {
        let text = self.source.get(range.clone()).unwrap_or("").to_owned();
        match value {
            Constant::Int(_) => {
                self.edit(range.clone(), "1".to_owned());
                if let Ok(number) = text.parse::<u64>() {
                    self.edit(range.clone(), (number / 2).to_string());
                }
            }
            Constant::Str(_) | Constant::Bytes(_) => {
                let Some(open) = text.find(['\'', '"']) else {
                    return;
                };
                let quote = &text[open..=open];
                let inner = text.get(open + 1..text.len() - 1).unwrap_or("");
                self.edit(range.clone(), format!("{}{quote}", &text[..=open]));
                let middle = inner.len() / 2;
                if !inner.contains('\\') && inner.is_char_boundary(middle) {
                    for half in [&inner[..middle], &inner[middle..]] {
                        self.edit(range.clone(), format!("{}{half}{quote}", &text[..=open]));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The line on which a statement begins, decorators included.
fn first_line(statement: &Stmt) -> i32 {
    let decorators = match &statement.kind {
        StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => &def.decorator_list[..],
        StmtKind::ClassDef(class) => &class.decorator_list,
        _ => &[],
    };
    decorators
        .iter()
        .map(|decorator| decorator.span.lineno)
        .chain([statement.span.lineno])
        .min()
        .unwrap_or(1)
}
