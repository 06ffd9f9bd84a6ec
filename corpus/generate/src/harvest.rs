//! What there is to change in a syntax tree: where statements, expressions, constants and operators stand in the text.

use std::ops::Range;
use std::rc::Rc;

use twinheap_syntax::ast::{
    Arguments, Comprehension, Constant as Value, Expr, ExprContext, ExprKind, FunctionDef, Mod,
    Pattern, PatternKind, Span, Stmt, StmtKind, Try, UnaryOp,
};
use twinheap_syntax::names::{Name, Names};

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
    /// The namespace that it stands in.
    pub scope: usize,
    /// What surrounds it, and what it must be surrounded by: a loop, a function, an asynchronous function.
    pub offers: Surroundings,
    pub needs: Surroundings,
    /// It belongs where it is: `global`, `nonlocal`, imports of everything and from the future.
    pub fixed: bool,
    /// What it reads, by the log of names, and what it binds, by the log of bindings.
    pub reads: Range<usize>,
    pub binds: Range<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    pub in_loop: bool,
    pub in_function: bool,
    pub in_async: bool,
}

impl Surroundings {
    pub fn allow(self, needs: Surroundings) -> bool {
        (self.in_loop || !needs.in_loop)
            && (self.in_function || !needs.in_function)
            && (self.in_async || !needs.in_async)
    }
}

/// What the text of an expression tells about its value's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Unknown,
    Number,
    Bool,
    Text,
    Bytes,
    List,
    Tuple,
    Dict,
    Set,
    Function,
}

/// An expression that is read.
#[derive(Clone, Debug)]
pub struct Reading {
    pub range: Range<usize>,
    pub shape: Shape,
    pub scope: usize,
    pub needs: Surroundings,
    /// What it reads, by the log of names.
    pub reads: Range<usize>,
}

/// A name that is read; nothing stands for its place where that lies in an f-string.
#[derive(Clone, Debug)]
pub struct Read {
    pub range: Range<usize>,
    pub name: Rc<str>,
}

/// A name that is bound.
#[derive(Clone, Debug)]
pub struct Bind {
    pub at: usize,
    pub name: Rc<str>,
    pub scope: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Scope {
    parent: Option<usize>,
    is_class: bool,
}

#[derive(Debug, Default)]
pub struct Harvest {
    pub statements: Vec<Place>,
    /// Expressions that are read.
    pub expressions: Vec<Reading>,
    pub constants: Vec<(Range<usize>, Constant)>,
    /// What lies between the operands of an operator, and whether it compares.
    pub operators: Vec<(Range<usize>, bool)>,
    /// Every name that is read and is not bound by the comprehension or lambda around it, in order.
    pub reads: Vec<Read>,
    pub binds: Vec<Bind>,
    scopes: Vec<Scope>,
}

struct Walker<'a> {
    text: &'a str,
    names: &'a Names,
    lines: Vec<usize>,
    found: Harvest,
    bodies: usize,
    scope: usize,
    offers: Surroundings,
    /// How often something was met that needs a loop, a function, an asynchronous function.
    needs: [usize; 3],
    /// Names of comprehensions and lambdas around the place.
    inner: Vec<Name>,
    /// How many f-strings are around the place.
    quoted: usize,
}

impl Harvest {
    pub fn of(module: &Mod, names: &Names, text: &str) -> Harvest {
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let mut walker = Walker {
            text,
            names,
            lines,
            found: Harvest {
                scopes: vec![Scope::default()],
                ..Harvest::default()
            },
            bodies: 0,
            scope: 0,
            offers: Surroundings::default(),
            needs: [0; 3],
            inner: Vec::new(),
            quoted: 0,
        };
        if let Mod::Module { body, .. } = module {
            walker.body(body);
        }
        walker.found
    }

    /// The names that are bound at a place, as far as the text tells; each once, in order.
    pub fn known(&self, scope: usize, at: usize) -> Vec<Rc<str>> {
        let mut chain = Vec::new();
        let mut next = Some(scope);
        while let Some(scope) = next {
            chain.push(scope);
            next = self.scopes[scope].parent;
        }
        let visible = |bind: &&Bind| {
            chain.contains(&bind.scope)
                && if bind.scope == scope {
                    bind.at < at
                } else {
                    !self.scopes[bind.scope].is_class
                }
        };
        let mut known: Vec<Rc<str>> = self
            .binds
            .iter()
            .filter(visible)
            .map(|bind| Rc::clone(&bind.name))
            .collect();
        known.sort_unstable();
        known.dedup();
        known
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
            let place = self.place(statement, number, body.len() == 1);
            let (reads, binds, needs) =
                (self.found.reads.len(), self.found.binds.len(), self.needs);
            let at = place.is_some().then(|| {
                self.found.statements.extend(place);
                self.found.statements.len() - 1
            });
            self.statement(statement);
            let needed = self.needed_since(needs);
            let (reads_end, binds_end) = (self.found.reads.len(), self.found.binds.len());
            if let Some(at) = at {
                let place = &mut self.found.statements[at];
                place.reads = reads..reads_end;
                place.binds = binds..binds_end;
                place.needs = needed;
            }
        }
    }

    fn needed_since(&self, before: [usize; 3]) -> Surroundings {
        Surroundings {
            in_loop: self.needs[0] > before[0],
            in_function: self.needs[1] > before[1],
            in_async: self.needs[2] > before[2],
        }
    }

    fn bind(&mut self, name: Name, at: usize) {
        self.found.binds.push(Bind {
            at,
            name: self.names.shared(name),
            scope: self.scope,
        });
    }

    /// Where a statement or expression begins, roughly.
    fn start(&self, span: Span) -> usize {
        self.offset(span.lineno, span.col_offset).unwrap_or(0)
    }

    /// Binds the names of a target.
    fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name { id, .. } => self.bind(*id, self.start(target.span)),
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                elts.iter().for_each(|target| self.target(target));
            }
            ExprKind::Starred { value, .. } => self.target(value),
            _ => {}
        }
    }

    /// Walks what has a namespace and surroundings of its own.
    fn inside(&mut self, is_class: bool, offers: Surroundings, walk: &mut dyn FnMut(&mut Self)) {
        let outer = (self.scope, self.offers, self.needs);
        self.found.scopes.push(Scope {
            parent: Some(self.scope),
            is_class,
        });
        self.scope = self.found.scopes.len() - 1;
        self.offers = offers;
        walk(self);
        (self.scope, self.offers, self.needs) = outer;
    }

    fn function(&mut self, function: &FunctionDef, span: Span, is_async: bool) {
        self.arguments(&function.args);
        self.all(&function.decorator_list);
        let at = self.start(span);
        self.bind(function.name, at);
        let offers = Surroundings {
            in_loop: false,
            in_function: true,
            in_async: is_async,
        };
        self.inside(false, offers, &mut |walker| {
            for name in parameters(&function.args) {
                walker.bind(name, at);
            }
            walker.body(&function.body);
        });
    }

    /// Walks the body of a loop.
    fn looped(&mut self, body: &[Stmt]) {
        let outer = (self.offers.in_loop, self.needs[0]);
        self.offers.in_loop = true;
        self.body(body);
        (self.offers.in_loop, self.needs[0]) = outer;
    }

    fn pattern(&mut self, pattern: &Pattern) {
        let at = self.start(pattern.span);
        match &pattern.kind {
            PatternKind::MatchValue(_) | PatternKind::MatchSingleton(_) => {}
            PatternKind::MatchSequence(patterns) | PatternKind::MatchOr(patterns) => {
                patterns.iter().for_each(|inner| self.pattern(inner));
            }
            PatternKind::MatchMapping(mapping) => {
                mapping
                    .patterns
                    .iter()
                    .for_each(|inner| self.pattern(inner));
                mapping
                    .rest
                    .into_iter()
                    .for_each(|name| self.bind(name, at));
            }
            PatternKind::MatchClass(class) => {
                class.patterns.iter().for_each(|inner| self.pattern(inner));
                let named = class.kwd_patterns.iter();
                named.for_each(|inner| self.pattern(inner));
            }
            PatternKind::MatchStar(name) => {
                name.iter().for_each(|name| self.bind(*name, at));
            }
            PatternKind::MatchAs { pattern, name } => {
                pattern.iter().for_each(|inner| self.pattern(inner));
                name.iter().for_each(|name| self.bind(*name, at));
            }
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
            scope: self.scope,
            offers: self.offers,
            needs: Surroundings::default(),
            fixed: is_fixed(&statement.kind, self.names),
            reads: 0..0,
            binds: 0..0,
        })
    }

    fn statement(&mut self, statement: &Stmt) {
        match &statement.kind {
            StmtKind::FunctionDef(function) => self.function(function, statement.span, false),
            StmtKind::AsyncFunctionDef(function) => {
                self.function(function, statement.span, true);
            }
            StmtKind::ClassDef(class) => {
                self.all(&class.bases);
                self.bind(class.name, self.start(statement.span));
                self.inside(true, Surroundings::default(), &mut |walker| {
                    walker.body(&class.body);
                });
            }
            StmtKind::Return(value) => {
                self.needs[1] += 1;
                self.option(value.as_deref());
            }
            StmtKind::Delete(targets) => self.all(targets),
            StmtKind::Assign(assign) => {
                self.all(&assign.targets);
                self.expression(&assign.value);
                assign.targets.iter().for_each(|target| self.target(target));
            }
            StmtKind::AugAssign(assign) => {
                self.expression(&assign.target);
                self.expression(&assign.value);
            }
            StmtKind::AnnAssign(assign) => {
                self.option(assign.value.as_ref());
                self.target(&assign.target);
            }
            StmtKind::For(each) | StmtKind::AsyncFor(each) => {
                if matches!(statement.kind, StmtKind::AsyncFor(_)) {
                    self.needs[2] += 1;
                }
                self.expression(&each.iter);
                self.target(&each.target);
                self.looped(&each.body);
                self.body(&each.orelse);
            }
            StmtKind::While(each) => {
                self.expression(&each.test);
                self.looped(&each.body);
                self.body(&each.orelse);
            }
            StmtKind::If(choice) => {
                self.expression(&choice.test);
                self.body(&choice.body);
                self.body(&choice.orelse);
            }
            StmtKind::With(with) | StmtKind::AsyncWith(with) => {
                if matches!(statement.kind, StmtKind::AsyncWith(_)) {
                    self.needs[2] += 1;
                }
                for item in &with.items {
                    self.expression(&item.context_expr);
                    item.optional_vars
                        .iter()
                        .for_each(|target| self.target(target));
                }
                self.body(&with.body);
            }
            StmtKind::Match(matching) => {
                self.expression(&matching.subject);
                for case in &matching.cases {
                    self.pattern(&case.pattern);
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
            StmtKind::Import(aliases) | StmtKind::ImportFrom { names: aliases, .. } => {
                let at = self.start(statement.span);
                for alias in aliases {
                    self.imported(alias.asname.unwrap_or(alias.name), at);
                }
            }
            StmtKind::Break | StmtKind::Continue => self.needs[0] += 1,
            StmtKind::Global(_) | StmtKind::Nonlocal(_) | StmtKind::Pass => {}
        }
    }

    /// `import a.b` binds `a`.
    fn imported(&mut self, name: Name, at: usize) {
        let name = self.names.text(name);
        let first = name.split('.').next().unwrap_or(name);
        self.found.binds.push(Bind {
            at,
            name: first.into(),
            scope: self.scope,
        });
    }

    fn attempt(&mut self, attempt: &Try) {
        self.body(&attempt.body);
        for handler in &attempt.handlers {
            self.option(handler.typ.as_ref());
            if let Some(name) = handler.name {
                self.bind(name, self.start(handler.span));
            }
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

    /// Walks the clauses of a comprehension and what stands before them.
    fn comprehension(&mut self, generators: &[Comprehension], parts: &[&Expr]) {
        let outer = self.inner.len();
        for generator in generators {
            names_of(&generator.target, &mut self.inner);
            self.needs[2] += usize::from(generator.is_async);
        }
        parts.iter().for_each(|part| self.expression(part));
        for generator in generators {
            self.expression(&generator.iter);
            self.all(&generator.ifs);
        }
        self.inner.truncate(outer);
    }

    fn operator(&mut self, left: &Expr, right: &Expr, comparing: bool) {
        let (left, right) = (self.range(left.span), self.range(right.span));
        if let (Some(left), Some(right)) = (left, right)
            && left.end <= right.start
            && self.quoted == 0
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
        let range = self.range(expression.span).filter(|_| self.quoted == 0);
        let (reads, needs) = (self.found.reads.len(), self.needs);
        let at = match (Self::is_read(expression), range.clone()) {
            (true, Some(range)) => {
                self.found.expressions.push(Reading {
                    range,
                    shape: shape_of(expression, self.names),
                    scope: self.scope,
                    needs: Surroundings::default(),
                    reads: 0..0,
                });
                Some(self.found.expressions.len() - 1)
            }
            _ => None,
        };
        self.parts(expression, range);
        let needed = self.needed_since(needs);
        let reads_end = self.found.reads.len();
        if let Some(at) = at {
            self.found.expressions[at].reads = reads..reads_end;
            self.found.expressions[at].needs = needed;
        }
    }

    fn parts(&mut self, expression: &Expr, range: Option<Range<usize>>) {
        match &expression.kind {
            ExprKind::BoolOp { values, .. } => self.all(values),
            ExprKind::NamedExpr { target, value } => {
                self.expression(value);
                self.target(target);
            }
            ExprKind::BinOp { left, right, .. } => {
                self.operator(left, right, false);
                self.expression(left);
                self.expression(right);
            }
            ExprKind::UnaryOp { operand, .. } => self.expression(operand),
            ExprKind::Lambda(lambda) => {
                self.arguments(&lambda.args);
                let (outer, needs) = (self.inner.len(), self.needs);
                self.inner.extend(parameters(&lambda.args));
                self.expression(&lambda.body);
                self.inner.truncate(outer);
                self.needs = needs;
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
                self.comprehension(&comp.generators, &[&comp.elt]);
            }
            ExprKind::DictComp(comp) => {
                self.comprehension(&comp.generators, &[&comp.key, &comp.value]);
            }
            ExprKind::Await(value) => {
                self.needs[2] += 1;
                self.expression(value);
            }
            ExprKind::YieldFrom(value) => {
                self.needs[1] += 1;
                self.expression(value);
            }
            ExprKind::Yield(value) => {
                self.needs[1] += 1;
                self.option(value.as_deref());
            }
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
            ExprKind::JoinedStr(parts) => {
                self.quoted += 1;
                self.all(parts);
                self.quoted -= 1;
            }
            ExprKind::FormattedValue(formatted) => {
                self.quoted += 1;
                self.expression(&formatted.value);
                self.option(formatted.format_spec.as_ref());
                self.quoted -= 1;
            }
            ExprKind::Name { id, ctx } => {
                if *ctx == ExprContext::Load && !self.inner.contains(id) {
                    self.found.reads.push(Read {
                        range: range.unwrap_or(0..0),
                        name: self.names.shared(*id),
                    });
                }
            }
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

/// The names of a function's parameters.
fn parameters(arguments: &Arguments) -> Vec<Name> {
    let plain = arguments.posonlyargs.iter().chain(&arguments.args);
    let plain = plain.chain(&arguments.kwonlyargs);
    let rest = arguments.vararg.iter().chain(&arguments.kwarg);
    plain
        .chain(rest.map(AsRef::as_ref))
        .map(|argument| argument.arg)
        .collect()
}

/// The names that a target binds.
fn names_of(target: &Expr, out: &mut Vec<Name>) {
    match &target.kind {
        ExprKind::Name { id, .. } => out.push(*id),
        ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
            elts.iter().for_each(|target| names_of(target, out));
        }
        ExprKind::Starred { value, .. } => names_of(value, out),
        _ => {}
    }
}

fn is_fixed(statement: &StmtKind, names: &Names) -> bool {
    match statement {
        StmtKind::Global(_) | StmtKind::Nonlocal(_) => true,
        StmtKind::ImportFrom {
            module,
            names: aliases,
            level,
        } => {
            *level > 0
                || module.is_some_and(|module| names.text(module) == "__future__")
                || aliases.iter().any(|alias| names.text(alias.name) == "*")
        }
        _ => false,
    }
}

/// The type of an expression's value, where the text tells it.
fn shape_of(expression: &Expr, names: &Names) -> Shape {
    match &expression.kind {
        ExprKind::Constant { value, .. } => match value {
            Value::Int(_) | Value::Float(_) | Value::Complex(..) => Shape::Number,
            Value::False | Value::True => Shape::Bool,
            Value::Str(_) => Shape::Text,
            Value::Bytes(_) => Shape::Bytes,
            _ => Shape::Unknown,
        },
        ExprKind::JoinedStr(_) => Shape::Text,
        ExprKind::List { .. } | ExprKind::ListComp(_) => Shape::List,
        ExprKind::Tuple { .. } => Shape::Tuple,
        ExprKind::Dict(_) | ExprKind::DictComp(_) => Shape::Dict,
        ExprKind::Set(_) | ExprKind::SetComp(_) => Shape::Set,
        ExprKind::Lambda(_) => Shape::Function,
        ExprKind::Compare(_) => Shape::Bool,
        ExprKind::UnaryOp { op, operand } => match op {
            UnaryOp::Not => Shape::Bool,
            _ => shape_of(operand, names),
        },
        ExprKind::BinOp { left, right, .. } => {
            let (left, right) = (shape_of(left, names), shape_of(right, names));
            if left == right || left == Shape::Text {
                left
            } else {
                Shape::Unknown
            }
        }
        ExprKind::Call(call) => match &call.func.kind {
            ExprKind::Name { id, .. } => shape_of_call(names.text(*id)),
            _ => Shape::Unknown,
        },
        _ => Shape::Unknown,
    }
}

fn shape_of_call(function: &str) -> Shape {
    match function {
        "len" | "int" | "float" | "complex" | "abs" | "sum" | "ord" | "hash" | "round" => {
            Shape::Number
        }
        "str" | "repr" | "chr" | "format" | "ascii" | "hex" | "bin" | "oct" => Shape::Text,
        "bytes" | "bytearray" => Shape::Bytes,
        "list" | "sorted" | "range" | "dir" => Shape::List,
        "tuple" => Shape::Tuple,
        "dict" | "globals" | "vars" => Shape::Dict,
        "set" | "frozenset" => Shape::Set,
        "bool" | "isinstance" | "issubclass" | "hasattr" | "callable" | "any" | "all" => {
            Shape::Bool
        }
        _ => Shape::Unknown,
    }
}
