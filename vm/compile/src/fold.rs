//! Constant folding on the tree, before any code is made.

use std::rc::Rc;

use twinheap_syntax::ast::*;
use twinheap_syntax::error::{ErrorKind, SyntaxError};
use twinheap_syntax::names::Names;
use twinheap_syntax::token::known;

use crate::code::CO_FUTURE_ANNOTATIONS;
use crate::values;

pub type Folded = Result<(), Box<SyntaxError>>;

/// Options and the depth so far.
pub struct Folder<'a> {
    pub names: &'a Names,
    pub optimize: u32,
    pub features: i32,
    pub depth: i32,
    pub limit: i32,
}

/// The error of the symbol table and the optimiser on trees that are too deep.
pub fn too_deep() -> Box<SyntaxError> {
    let message = "maximum recursion depth exceeded during compilation";
    Box::new(SyntaxError::bare(ErrorKind::RecursionError, message))
}

/// The docstring of a body, if its first statement is one.
pub fn docstring(body: &[Stmt]) -> Option<&Rc<[u8]>> {
    let StmtKind::Expr(value) = &body.first()?.kind else {
        return None;
    };
    match &value.kind {
        ExprKind::Constant {
            value: Constant::Str(text),
            ..
        } => Some(text),
        _ => None,
    }
}

fn constant(expr: &Expr) -> Option<&Constant> {
    match &expr.kind {
        ExprKind::Constant { value, .. } => Some(value),
        _ => None,
    }
}

fn set_constant(expr: &mut Expr, value: Option<Constant>) {
    if let Some(value) = value {
        expr.kind = ExprKind::Constant { value, kind: false };
    }
}

fn constant_items(elts: &[Expr]) -> Option<Rc<[Constant]>> {
    elts.iter().map(|elt| constant(elt).cloned()).collect()
}

fn has_starred(elts: &[Expr]) -> bool {
    elts.iter()
        .any(|elt| matches!(elt.kind, ExprKind::Starred { .. }))
}

/// A list or set that is only looked at becomes a tuple or a frozen set.
fn fold_iter(expr: &mut Expr) {
    match &mut expr.kind {
        ExprKind::List { elts, ctx } => {
            if has_starred(elts) {
                return;
            }
            let items = constant_items(elts);
            let (elts, ctx) = (std::mem::take(elts), *ctx);
            expr.kind = ExprKind::Tuple { elts, ctx };
            set_constant(expr, items.map(Constant::Tuple));
        }
        ExprKind::Set(elts) => {
            let Some(items) = constant_items(elts) else {
                return;
            };
            let unique = values::unique(&items);
            set_constant(expr, Some(Constant::FrozenSet(unique.into())));
        }
        _ => {}
    }
}

fn fold_unary(expr: &mut Expr) {
    let ExprKind::UnaryOp { op, operand } = &mut expr.kind else {
        return;
    };
    if let Some(value) = constant(operand) {
        let folded = values::unary(*op, value);
        set_constant(expr, folded);
        return;
    }
    let ExprKind::Compare(compare) = &mut operand.kind else {
        return;
    };
    if *op != UnaryOp::Not || compare.ops.len() != 1 {
        return;
    }
    compare.ops[0] = match compare.ops[0] {
        CmpOp::Is => CmpOp::IsNot,
        CmpOp::IsNot => CmpOp::Is,
        CmpOp::In => CmpOp::NotIn,
        CmpOp::NotIn => CmpOp::In,
        _ => return,
    };
    let inner = std::mem::replace(&mut operand.kind, ExprKind::Set(Vec::new()));
    let span = operand.span;
    *expr = Expr { span, kind: inner };
}

fn fold_binary(expr: &mut Expr, names: &Names) {
    let ExprKind::BinOp { left, op, right } = &mut expr.kind else {
        return;
    };
    let Some(left_value) = constant(left) else {
        return;
    };
    if *op == Operator::Mod
        && let Constant::Str(format) = left_value
        && let ExprKind::Tuple { elts, .. } = &mut right.kind
        && !has_starred(elts)
    {
        if let Some(values) = optimize_format(&format.clone(), elts, names) {
            expr.kind = ExprKind::JoinedStr(values);
        }
        return;
    }
    let Some(right_value) = constant(right) else {
        return;
    };
    let folded = values::binary(*op, left_value, right_value);
    set_constant(expr, folded);
}

const NOWHERE: Span = Span {
    lineno: -1,
    col_offset: -1,
    end_lineno: -1,
    end_col_offset: -1,
};

fn text_node(text: &[u8]) -> Expr {
    let value = Constant::Str(Rc::from(text));
    Expr {
        span: NOWHERE,
        kind: ExprKind::Constant { value, kind: false },
    }
}

/// The text that folding a format makes of `%%`. CPython makes a new object of it, unlike other texts of one
/// character; here it has the memory of the name that is interned for it, by which `marshal` knows it.
pub const PERCENT: &str = "%";

fn literal_node(text: &[u8], names: &Names) -> Expr {
    let mut node = text_node(text);
    if text == PERCENT.as_bytes()
        && let Some(name) = names.find(PERCENT)
        && let ExprKind::Constant { value, .. } = &mut node.kind
    {
        *value = Constant::Str(Rc::from(names.shared(name)));
    }
    node
}

/// One directive of a format: the conversion and its specification.
struct Directive {
    conversion: u8,
    spec: Option<String>,
}

const MAX_DIGITS: usize = 3;

fn read_number(format: &[u8], at: &mut usize) -> Option<Option<i32>> {
    let mut value = None;
    let mut digits = 0;
    while let digit @ b'0'..=b'9' = *format.get(*at)? {
        value = Some(value.unwrap_or(0) * 10 + i32::from(digit - b'0'));
        *at += 1;
        format.get(*at)?;
        digits += 1;
        if digits >= MAX_DIGITS {
            return None;
        }
    }
    Some(value)
}

fn read_directive(format: &[u8], at: &mut usize) -> Option<Directive> {
    let mut left = false;
    loop {
        match format.get(*at)? {
            b'-' => left = true,
            b'+' | b' ' | b'#' | b'0' | b'z' => {}
            _ => break,
        }
        *at += 1;
    }
    let width = read_number(format, at)?;
    let mut precision = None;
    if *format.get(*at)? == b'.' {
        *at += 1;
        format.get(*at)?;
        precision = Some(read_number(format, at)?.unwrap_or(0));
    }
    let conversion = *format.get(*at)?;
    *at += 1;
    if !matches!(conversion, b's' | b'r' | b'a') {
        return None;
    }
    let mut spec = String::new();
    if !left && width.is_some_and(|width| width > 0) {
        spec.push('>');
    }
    if let Some(width) = width {
        spec.push_str(&width.to_string());
    }
    if let Some(precision) = precision {
        spec.push_str(&format!(".{precision}"));
    }
    Some(Directive {
        conversion,
        spec: if spec.is_empty() { None } else { Some(spec) },
    })
}

/// `'...' % (...)` as the parts of an f-string, where that is possible.
fn optimize_format(format: &[u8], elts: &mut Vec<Expr>, names: &Names) -> Option<Vec<Expr>> {
    let mut parts: Vec<Result<Expr, Directive>> = Vec::new();
    let mut count = 0;
    let mut at = 0;
    loop {
        let start = at;
        while at < format.len() {
            if format[at] != b'%' {
                at += 1;
            } else if format.get(at + 1) == Some(&b'%') {
                at += 2;
            } else {
                break;
            }
        }
        if at > start {
            let mut text = Vec::new();
            let mut index = start;
            while index < at {
                text.push(format[index]);
                index += if format[index] == b'%' { 2 } else { 1 };
            }
            parts.push(Ok(literal_node(&text, names)));
        }
        if at >= format.len() {
            break;
        }
        if count >= elts.len() {
            return None;
        }
        at += 1;
        parts.push(Err(read_directive(format, &mut at)?));
        count += 1;
    }
    if count < elts.len() {
        return None;
    }
    let mut values = std::mem::take(elts).into_iter();
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Ok(text) => out.push(text),
            Err(directive) => {
                let value = values.next()?;
                let span = value.span;
                let format_spec = directive.spec.map(|spec| text_node(spec.as_bytes()));
                let data = FormattedValue {
                    value,
                    conversion: i32::from(directive.conversion),
                    format_spec,
                };
                out.push(Expr {
                    span,
                    kind: ExprKind::FormattedValue(Box::new(data)),
                });
            }
        }
    }
    Some(out)
}

impl Folder<'_> {
    fn enter(&mut self) -> Folded {
        self.depth += 1;
        if self.depth > self.limit {
            Err(too_deep())
        } else {
            Ok(())
        }
    }

    pub fn module(&mut self, module: &mut Mod) -> Folded {
        match module {
            Mod::Module { body, .. } => self.body(body),
            Mod::Interactive { body } => self.stmts(body),
            Mod::Expression { body } => self.expr(body),
            Mod::FunctionType { .. } => Ok(()),
        }
    }

    fn body(&mut self, body: &mut [Stmt]) -> Folded {
        let had_docstring = docstring(body).is_some();
        self.stmts(body)?;
        if !had_docstring && docstring(body).is_some() {
            // An expression that folded to a string must not become a docstring.
            let span = body[0].span;
            if let StmtKind::Expr(value) = &mut body[0].kind {
                let inner = std::mem::replace(
                    &mut **value,
                    Expr {
                        span,
                        kind: ExprKind::JoinedStr(Vec::new()),
                    },
                );
                value.kind = ExprKind::JoinedStr(vec![inner]);
            }
        }
        Ok(())
    }

    fn stmts(&mut self, stmts: &mut [Stmt]) -> Folded {
        stmts.iter_mut().try_for_each(|stmt| self.stmt(stmt))
    }

    fn exprs(&mut self, exprs: &mut [Expr]) -> Folded {
        exprs.iter_mut().try_for_each(|expr| self.expr(expr))
    }

    fn opt(&mut self, expr: Option<&mut Expr>) -> Folded {
        expr.map_or(Ok(()), |expr| self.expr(expr))
    }

    fn annotation(&mut self, expr: Option<&mut Expr>) -> Folded {
        if self.features & CO_FUTURE_ANNOTATIONS != 0 {
            Ok(())
        } else {
            self.opt(expr)
        }
    }

    fn arguments(&mut self, args: &mut Arguments) -> Folded {
        for arg in args.posonlyargs.iter_mut().chain(&mut args.args) {
            self.annotation(arg.annotation.as_deref_mut())?;
        }
        if let Some(arg) = &mut args.vararg {
            self.annotation(arg.annotation.as_deref_mut())?;
        }
        for arg in &mut args.kwonlyargs {
            self.annotation(arg.annotation.as_deref_mut())?;
        }
        for default in &mut args.kw_defaults {
            self.opt(default.as_mut())?;
        }
        if let Some(arg) = &mut args.kwarg {
            self.annotation(arg.annotation.as_deref_mut())?;
        }
        self.exprs(&mut args.defaults)
    }

    fn stmt(&mut self, stmt: &mut Stmt) -> Folded {
        self.enter()?;
        match &mut stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                self.arguments(&mut def.args)?;
                self.body(&mut def.body)?;
                self.exprs(&mut def.decorator_list)?;
                self.annotation(def.returns.as_mut())?;
            }
            StmtKind::ClassDef(def) => {
                self.exprs(&mut def.bases)?;
                self.keywords(&mut def.keywords)?;
                self.body(&mut def.body)?;
                self.exprs(&mut def.decorator_list)?;
            }
            StmtKind::Return(value) => self.opt(value.as_deref_mut())?,
            StmtKind::Delete(targets) => self.exprs(targets)?,
            StmtKind::Assign(assign) => {
                self.exprs(&mut assign.targets)?;
                self.expr(&mut assign.value)?;
            }
            StmtKind::AugAssign(assign) => {
                self.expr(&mut assign.target)?;
                self.expr(&mut assign.value)?;
            }
            StmtKind::AnnAssign(assign) => {
                self.expr(&mut assign.target)?;
                self.annotation(Some(&mut assign.annotation))?;
                self.opt(assign.value.as_mut())?;
            }
            StmtKind::For(data) => {
                self.for_stmt(data)?;
                fold_iter(&mut data.iter);
            }
            StmtKind::AsyncFor(data) => self.for_stmt(data)?,
            StmtKind::While(data) => {
                self.expr(&mut data.test)?;
                self.stmts(&mut data.body)?;
                self.stmts(&mut data.orelse)?;
            }
            StmtKind::If(data) => {
                self.expr(&mut data.test)?;
                self.stmts(&mut data.body)?;
                self.stmts(&mut data.orelse)?;
            }
            StmtKind::With(data) | StmtKind::AsyncWith(data) => {
                for item in &mut data.items {
                    self.expr(&mut item.context_expr)?;
                    self.opt(item.optional_vars.as_mut())?;
                }
                self.stmts(&mut data.body)?;
            }
            StmtKind::Match(data) => {
                self.expr(&mut data.subject)?;
                for case in &mut data.cases {
                    self.pattern(&mut case.pattern)?;
                    self.opt(case.guard.as_mut())?;
                    self.stmts(&mut case.body)?;
                }
            }
            StmtKind::Raise { exc, cause } => {
                self.opt(exc.as_deref_mut())?;
                self.opt(cause.as_deref_mut())?;
            }
            StmtKind::Try(data) | StmtKind::TryStar(data) => {
                self.stmts(&mut data.body)?;
                for handler in &mut data.handlers {
                    self.opt(handler.typ.as_mut())?;
                    self.stmts(&mut handler.body)?;
                }
                self.stmts(&mut data.orelse)?;
                self.stmts(&mut data.finalbody)?;
            }
            StmtKind::Assert { test, msg } => {
                self.expr(test)?;
                self.opt(msg.as_deref_mut())?;
            }
            StmtKind::Expr(value) => self.expr(value)?,
            StmtKind::Import(_)
            | StmtKind::ImportFrom { .. }
            | StmtKind::Global(_)
            | StmtKind::Nonlocal(_)
            | StmtKind::Pass
            | StmtKind::Break
            | StmtKind::Continue => {}
        }
        self.depth -= 1;
        Ok(())
    }

    fn for_stmt(&mut self, data: &mut For) -> Folded {
        self.expr(&mut data.target)?;
        self.expr(&mut data.iter)?;
        self.stmts(&mut data.body)?;
        self.stmts(&mut data.orelse)
    }

    fn keywords(&mut self, keywords: &mut [Keyword]) -> Folded {
        keywords
            .iter_mut()
            .try_for_each(|keyword| self.expr(&mut keyword.value))
    }

    fn generators(&mut self, generators: &mut [Comprehension]) -> Folded {
        for generator in generators {
            self.expr(&mut generator.target)?;
            self.expr(&mut generator.iter)?;
            self.exprs(&mut generator.ifs)?;
            fold_iter(&mut generator.iter);
        }
        Ok(())
    }

    fn expr(&mut self, expr: &mut Expr) -> Folded {
        self.enter()?;
        match &mut expr.kind {
            ExprKind::Constant { .. } => {}
            ExprKind::Name { id, ctx } => {
                if *ctx == ExprContext::Load && *id == known::DEBUG {
                    let value = if self.optimize == 0 {
                        Constant::True
                    } else {
                        Constant::False
                    };
                    set_constant(expr, Some(value));
                }
            }
            ExprKind::BoolOp { values, .. } => self.exprs(values)?,
            ExprKind::BinOp { left, right, .. } => {
                self.expr(left)?;
                self.expr(right)?;
                fold_binary(expr, self.names);
            }
            ExprKind::UnaryOp { operand, .. } => {
                self.expr(operand)?;
                fold_unary(expr);
            }
            ExprKind::Lambda(lambda) => {
                self.arguments(&mut lambda.args)?;
                self.expr(&mut lambda.body)?;
            }
            ExprKind::IfExp(data) => {
                self.expr(&mut data.test)?;
                self.expr(&mut data.body)?;
                self.expr(&mut data.orelse)?;
            }
            ExprKind::Dict(dict) => {
                for key in &mut dict.keys {
                    self.opt(key.as_mut())?;
                }
                self.exprs(&mut dict.values)?;
            }
            ExprKind::Set(elts) | ExprKind::JoinedStr(elts) | ExprKind::List { elts, .. } => {
                self.exprs(elts)?
            }
            ExprKind::Tuple { elts, ctx } => {
                let load = *ctx == ExprContext::Load;
                self.exprs(elts)?;
                if load && let Some(items) = constant_items(elts) {
                    set_constant(expr, Some(Constant::Tuple(items)));
                }
            }
            ExprKind::ListComp(comp) | ExprKind::SetComp(comp) | ExprKind::GeneratorExp(comp) => {
                self.expr(&mut comp.elt)?;
                self.generators(&mut comp.generators)?;
            }
            ExprKind::DictComp(comp) => {
                self.expr(&mut comp.key)?;
                self.expr(&mut comp.value)?;
                self.generators(&mut comp.generators)?;
            }
            ExprKind::Await(value) | ExprKind::YieldFrom(value) => self.expr(value)?,
            ExprKind::Yield(value) => self.opt(value.as_deref_mut())?,
            ExprKind::Compare(compare) => {
                self.expr(&mut compare.left)?;
                self.exprs(&mut compare.comparators)?;
                if let (Some(CmpOp::In | CmpOp::NotIn), Some(last)) =
                    (compare.ops.last(), compare.comparators.last_mut())
                {
                    fold_iter(last);
                }
            }
            ExprKind::Call(call) => {
                self.expr(&mut call.func)?;
                self.exprs(&mut call.args)?;
                self.keywords(&mut call.keywords)?;
            }
            ExprKind::FormattedValue(data) => {
                self.expr(&mut data.value)?;
                self.opt(data.format_spec.as_mut())?;
            }
            ExprKind::Attribute { value, .. }
            | ExprKind::Starred { value, .. }
            | ExprKind::NamedExpr { value, .. } => {
                self.expr(value)?;
            }
            ExprKind::Subscript { value, slice, ctx } => {
                let load = *ctx == ExprContext::Load;
                self.expr(value)?;
                self.expr(slice)?;
                if load && let (Some(value), Some(index)) = (constant(value), constant(slice)) {
                    let folded = values::subscript(value, index);
                    set_constant(expr, folded);
                }
            }
            ExprKind::Slice { lower, upper, step } => {
                for bound in [lower, upper, step] {
                    self.opt(bound.as_deref_mut())?;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn pattern(&mut self, pattern: &mut Pattern) -> Folded {
        self.enter()?;
        match &mut pattern.kind {
            PatternKind::MatchValue(value) => self.expr(value)?,
            PatternKind::MatchSequence(patterns) | PatternKind::MatchOr(patterns) => {
                self.patterns(patterns)?
            }
            PatternKind::MatchMapping(data) => {
                self.exprs(&mut data.keys)?;
                self.patterns(&mut data.patterns)?;
            }
            PatternKind::MatchClass(data) => {
                self.expr(&mut data.cls)?;
                self.patterns(&mut data.patterns)?;
                self.patterns(&mut data.kwd_patterns)?;
            }
            PatternKind::MatchAs {
                pattern: Some(inner),
                ..
            } => self.pattern(inner)?,
            PatternKind::MatchAs { .. }
            | PatternKind::MatchSingleton(_)
            | PatternKind::MatchStar(_) => {}
        }
        self.depth -= 1;
        Ok(())
    }

    fn patterns(&mut self, patterns: &mut [Pattern]) -> Folded {
        patterns
            .iter_mut()
            .try_for_each(|pattern| self.pattern(pattern))
    }
}
