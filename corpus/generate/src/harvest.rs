//! What there is to change in a syntax tree: where statements, expressions, constants and operators stand in the text.

use std::ops::Range;

use twinheap_syntax::ast::{
    Arguments, Comprehension, Constant as Value, Expr, ExprContext, ExprKind, Mod, Span, Stmt,
    StmtKind, Try,
};

use crate::values::{Constant, power, text as string};

/// A statement that has its lines for itself.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whole lines, the last line's end included.
    pub range: Range<usize>,
    pub indent: usize,
    /// Which block it is in.
    pub body: usize,
    /// Whether it is the only statement of its block.
    pub alone: bool,
}

#[derive(Debug, Default)]
pub struct Harvest {
    pub statements: Vec<Place>,
    /// Expressions that are read.
    pub expressions: Vec<Range<usize>>,
    pub constants: Vec<(Range<usize>, Constant)>,
    /// What lies between the operands of an operator, and whether it compares.
    pub operators: Vec<(Range<usize>, bool)>,
}

struct Walker<'a> {
    text: &'a str,
    lines: Vec<usize>,
    found: Harvest,
    bodies: usize,
}

impl Harvest {
    pub fn of(module: &Mod, text: &str) -> Harvest {
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let mut walker = Walker {
            text,
            lines,
            found: Harvest::default(),
            bodies: 0,
        };
        if let Mod::Module { body, .. } = module {
            walker.body(body);
        }
        walker.found
    }
}

impl Walker<'_> {
    fn offset(&self, line: i32, column: i32) -> Option<usize> {
        let start = self.lines.get(usize::try_from(line - 1).ok()?)?;
        let offset = start + usize::try_from(column).ok()?;
        self.text.is_char_boundary(offset).then_some(offset)
    }

    fn range(&self, span: Span) -> Option<Range<usize>> {
        let start = self.offset(span.lineno, span.col_offset)?;
        let end = self.offset(span.end_lineno, span.end_col_offset)?;
        (start < end && end <= self.text.len()).then_some(start..end)
    }

    fn body(&mut self, body: &[Stmt]) {
        self.bodies += 1;
        let number = self.bodies;
        for statement in body {
            if let Some(place) = self.place(statement, number, body.len() == 1) {
                self.found.statements.push(place);
            }
            self.statement(statement);
        }
    }

    fn place(&self, statement: &Stmt, body: usize, alone: bool) -> Option<Place> {
        let mut first = statement.span.lineno;
        let decorators = match &statement.kind {
            StmtKind::FunctionDef(function) | StmtKind::AsyncFunctionDef(function) => {
                &function.decorator_list
            }
            StmtKind::ClassDef(class) => &class.decorator_list,
            _ => &Vec::new(),
        };
        for decorator in decorators {
            first = first.min(decorator.span.lineno);
        }
        let start = self.offset(first, 0)?;
        let last = usize::try_from(statement.span.end_lineno).ok()?;
        let end = self.lines.get(last).copied().unwrap_or(self.text.len());
        let range = start..end;
        let line = &self.text[start..];
        let indent = line.len() - line.trim_start_matches(' ').len();
        let own = first < statement.span.lineno
            || usize::try_from(statement.span.col_offset) == Ok(indent);
        let tail_start = self.offset(statement.span.end_lineno, statement.span.end_col_offset)?;
        let tail = self.text[tail_start..end.max(tail_start)].trim();
        let ends = tail.is_empty() || tail.starts_with('#');
        (own && ends && start < end).then_some(Place {
            range,
            indent,
            body,
            alone,
        })
    }

    fn statement(&mut self, statement: &Stmt) {
        match &statement.kind {
            StmtKind::FunctionDef(function) | StmtKind::AsyncFunctionDef(function) => {
                self.arguments(&function.args);
                self.all(&function.decorator_list);
                self.body(&function.body);
            }
            StmtKind::ClassDef(class) => {
                self.all(&class.bases);
                self.body(&class.body);
            }
            StmtKind::Return(value) => self.option(value.as_deref()),
            StmtKind::Delete(targets) => self.all(targets),
            StmtKind::Assign(assign) => {
                self.all(&assign.targets);
                self.expression(&assign.value);
            }
            StmtKind::AugAssign(assign) => {
                self.expression(&assign.target);
                self.expression(&assign.value);
            }
            StmtKind::AnnAssign(assign) => self.option(assign.value.as_ref()),
            StmtKind::For(each) | StmtKind::AsyncFor(each) => {
                self.expression(&each.iter);
                self.body(&each.body);
                self.body(&each.orelse);
            }
            StmtKind::While(each) => {
                self.expression(&each.test);
                self.body(&each.body);
                self.body(&each.orelse);
            }
            StmtKind::If(choice) => {
                self.expression(&choice.test);
                self.body(&choice.body);
                self.body(&choice.orelse);
            }
            StmtKind::With(with) | StmtKind::AsyncWith(with) => {
                for item in &with.items {
                    self.expression(&item.context_expr);
                }
                self.body(&with.body);
            }
            StmtKind::Match(matching) => {
                self.expression(&matching.subject);
                for case in &matching.cases {
                    self.option(case.guard.as_ref());
                    self.body(&case.body);
                }
            }
            StmtKind::Raise { exc, cause } => {
                self.option(exc.as_deref());
                self.option(cause.as_deref());
            }
            StmtKind::Try(attempt) | StmtKind::TryStar(attempt) => self.attempt(attempt),
            StmtKind::Assert { test, msg } => {
                self.expression(test);
                self.option(msg.as_deref());
            }
            StmtKind::Expr(value) => self.expression(value),
            StmtKind::Import(_)
            | StmtKind::ImportFrom { .. }
            | StmtKind::Global(_)
            | StmtKind::Nonlocal(_)
            | StmtKind::Pass
            | StmtKind::Break
            | StmtKind::Continue => {}
        }
    }

    fn attempt(&mut self, attempt: &Try) {
        self.body(&attempt.body);
        for handler in &attempt.handlers {
            self.option(handler.typ.as_ref());
            self.body(&handler.body);
        }
        self.body(&attempt.orelse);
        self.body(&attempt.finalbody);
    }

    fn all(&mut self, expressions: &[Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn option(&mut self, expression: Option<&Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    fn arguments(&mut self, arguments: &Arguments) {
        self.all(&arguments.defaults);
        for default in &arguments.kw_defaults {
            self.option(default.as_ref());
        }
    }

    fn comprehensions(&mut self, generators: &[Comprehension]) {
        for generator in generators {
            self.expression(&generator.iter);
            self.all(&generator.ifs);
        }
    }

    fn operator(&mut self, left: &Expr, right: &Expr, comparing: bool) {
        let (left, right) = (self.range(left.span), self.range(right.span));
        if let (Some(left), Some(right)) = (left, right)
            && left.end <= right.start
        {
            self.found
                .operators
                .push((left.end..right.start, comparing));
        }
    }

    /// Whether the expression is one that can be replaced by another.
    fn is_read(expression: &Expr) -> bool {
        match &expression.kind {
            ExprKind::Starred { .. } | ExprKind::Slice { .. } => false,
            ExprKind::Attribute { ctx, .. }
            | ExprKind::Subscript { ctx, .. }
            | ExprKind::Name { ctx, .. }
            | ExprKind::List { ctx, .. }
            | ExprKind::Tuple { ctx, .. } => *ctx == ExprContext::Load,
            _ => true,
        }
    }

    fn expression(&mut self, expression: &Expr) {
        let range = self.range(expression.span);
        if let (true, Some(range)) = (Self::is_read(expression), range.clone()) {
            self.found.expressions.push(range);
        }
        match &expression.kind {
            ExprKind::BoolOp { values, .. } => self.all(values),
            ExprKind::NamedExpr { value, .. } => self.expression(value),
            ExprKind::BinOp { left, right, .. } => {
                self.operator(left, right, false);
                self.expression(left);
                self.expression(right);
            }
            ExprKind::UnaryOp { operand, .. } => self.expression(operand),
            ExprKind::Lambda(lambda) => {
                self.arguments(&lambda.args);
                self.expression(&lambda.body);
            }
            ExprKind::IfExp(choice) => {
                self.expression(&choice.test);
                self.expression(&choice.body);
                self.expression(&choice.orelse);
            }
            ExprKind::Dict(dict) => {
                dict.keys
                    .iter()
                    .flatten()
                    .for_each(|key| self.expression(key));
                self.all(&dict.values);
            }
            ExprKind::Set(items) => self.all(items),
            ExprKind::ListComp(comp) | ExprKind::SetComp(comp) | ExprKind::GeneratorExp(comp) => {
                self.expression(&comp.elt);
                self.comprehensions(&comp.generators);
            }
            ExprKind::DictComp(comp) => {
                self.expression(&comp.key);
                self.expression(&comp.value);
                self.comprehensions(&comp.generators);
            }
            ExprKind::Await(value) | ExprKind::YieldFrom(value) => self.expression(value),
            ExprKind::Yield(value) => self.option(value.as_deref()),
            ExprKind::Compare(compare) => {
                let mut left = &compare.left;
                self.expression(left);
                for right in &compare.comparators {
                    self.operator(left, right, true);
                    self.expression(right);
                    left = right;
                }
            }
            ExprKind::Call(call) => {
                self.expression(&call.func);
                self.all(&call.args);
                call.keywords
                    .iter()
                    .for_each(|keyword| self.expression(&keyword.value));
            }
            ExprKind::Constant { value, .. } => self.constant(range, value),
            ExprKind::Attribute { value, .. } | ExprKind::Starred { value, .. } => {
                self.expression(value);
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expression(value);
                self.expression(slice);
            }
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => self.all(elts),
            ExprKind::Slice { lower, upper, step } => {
                self.option(lower.as_deref());
                self.option(upper.as_deref());
                self.option(step.as_deref());
            }
            // The positions inside an f-string are not those of the text.
            ExprKind::FormattedValue(_) | ExprKind::JoinedStr(_) | ExprKind::Name { .. } => {}
        }
    }

    fn constant(&mut self, range: Option<Range<usize>>, value: &Value) {
        let Some(range) = range else {
            return;
        };
        let constant = match value {
            Value::False | Value::True => Constant::Bool(matches!(value, Value::True)),
            Value::Int(_) => match self.text[range.clone()].parse() {
                Ok(number) => power(0, number, false),
                Err(_) => power(64, 1, false),
            },
            Value::Float(number) => Constant::Float(number.to_bits()),
            Value::Complex(real, imaginary) => {
                Constant::Complex(real.to_bits(), imaginary.to_bits())
            }
            Value::Str(bytes) => string(&String::from_utf8_lossy(bytes)),
            Value::Bytes(bytes) => Constant::Bytes(bytes.to_vec()),
            _ => return,
        };
        self.found.constants.push((range, constant));
    }
}
