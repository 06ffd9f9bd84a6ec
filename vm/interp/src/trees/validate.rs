//! What a tree that a program has made must keep to before it is compiled (`_PyAST_Validate`).

use crate::compiler::nesting;
use twinheap_objects::errors::{self, PyResult, type_error, value_error};
use twinheap_objects::exceptions::PyExc_RecursionError;
use twinheap_objects::state::tstate;
use twinheap_syntax::Ast;
use twinheap_syntax::ast::*;
use twinheap_syntax::names::{Name, Names};

/// Raises what is wrong with a tree.
pub fn validate(ast: &Ast) -> PyResult<()> {
    let (depth, limit) = nesting();
    let mut validator = Validator {
        names: &ast.names,
        depth,
        limit,
    };
    match &ast.module {
        Mod::Module { body, .. } | Mod::Interactive { body } => validator.stmts(body),
        Mod::Expression { body } => validator.expr(body, ExprContext::Load),
        Mod::FunctionType { argtypes, returns } => {
            validator.exprs(argtypes, ExprContext::Load)?;
            validator.expr(returns, ExprContext::Load)
        }
    }
}

struct Validator<'a> {
    names: &'a Names,
    depth: i32,
    limit: i32,
}

/// A span in which a node can lie.
fn check_span(span: &Span) -> PyResult<()> {
    let Span {
        lineno,
        col_offset,
        end_lineno,
        end_col_offset,
    } = *span;
    if lineno > end_lineno {
        return Err(value_error(format_args!(
            "AST node line range ({lineno}, {end_lineno}) is not valid"
        )));
    }
    if (lineno < 0 && end_lineno != lineno) || (col_offset < 0 && col_offset != end_col_offset) {
        return Err(value_error(format_args!(
            "AST node column range ({col_offset}, {end_col_offset}) for line range \
             ({lineno}, {end_lineno}) is not valid"
        )));
    }
    if lineno == end_lineno && col_offset > end_col_offset {
        return Err(value_error(format_args!(
            "line {lineno}, column {col_offset}-{end_col_offset} is not a valid range"
        )));
    }
    Ok(())
}

fn not_empty<T>(items: &[T], what: &str, owner: &str) -> PyResult<()> {
    match items.is_empty() {
        true => Err(value_error(format_args!("empty {what} on {owner}"))),
        false => Ok(()),
    }
}

/// A number as a pattern may have it, with or without a sign.
fn is_number(expr: &Expr, real: bool, imaginary: bool) -> bool {
    match &expr.kind {
        ExprKind::Constant { value, .. } => match value {
            Constant::Int(_) | Constant::Float(_) => real,
            Constant::Complex(..) => imaginary,
            _ => false,
        },
        _ => false,
    }
}

fn is_negative_number(expr: &Expr, real: bool, imaginary: bool) -> bool {
    match &expr.kind {
        ExprKind::UnaryOp {
            op: UnaryOp::USub,
            operand,
        } => is_number(operand, real, imaginary),
        _ => false,
    }
}

fn is_complex_literal(left: &Expr, op: Operator, right: &Expr) -> bool {
    matches!(op, Operator::Add | Operator::Sub)
        && (is_number(left, true, false) || is_negative_number(left, true, false))
        && is_number(right, false, true)
}

impl Validator<'_> {
    /// Goes one node deeper while `act` runs.
    fn deeper(&mut self, act: impl FnOnce(&mut Self) -> PyResult<()>) -> PyResult<()> {
        self.depth += 1;
        if self.depth > self.limit || twinheap_objects::stack::is_low(tstate()) {
            let message = "maximum recursion depth exceeded during compilation";
            return Err(errors::raise(&PyExc_RecursionError, message));
        }
        act(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn name(&self, name: Name) -> PyResult<()> {
        match self.names.text(name) {
            constant @ ("None" | "True" | "False") => Err(value_error(format_args!(
                "identifier field can't represent '{constant}' constant"
            ))),
            _ => Ok(()),
        }
    }

    fn capture(&self, name: Name) -> PyResult<()> {
        match self.names.text(name) {
            "_" => Err(value_error("can't capture name '_' in patterns")),
            _ => self.name(name),
        }
    }

    fn stmts(&mut self, stmts: &[Stmt]) -> PyResult<()> {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn body(&mut self, body: &[Stmt], owner: &str) -> PyResult<()> {
        not_empty(body, "body", owner)?;
        self.stmts(body)
    }

    fn exprs(&mut self, exprs: &[Expr], context: ExprContext) -> PyResult<()> {
        exprs.iter().try_for_each(|expr| self.expr(expr, context))
    }

    fn loaded<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> PyResult<()> {
        let mut exprs = exprs.into_iter();
        exprs.try_for_each(|expr| self.expr(expr, ExprContext::Load))
    }

    fn stmt(&mut self, stmt: &Stmt) -> PyResult<()> {
        check_span(&stmt.span)?;
        self.deeper(|this| this.stmt_kind(&stmt.kind))
    }

    fn stmt_kind(&mut self, kind: &StmtKind) -> PyResult<()> {
        use ExprContext::{Del, Store};
        match kind {
            StmtKind::FunctionDef(function) => self.function(function, "FunctionDef"),
            StmtKind::AsyncFunctionDef(function) => self.function(function, "AsyncFunctionDef"),
            StmtKind::ClassDef(class) => {
                self.body(&class.body, "ClassDef")?;
                self.loaded(&class.bases)?;
                self.loaded(class.keywords.iter().map(|keyword| &keyword.value))?;
                self.loaded(&class.decorator_list)
            }
            StmtKind::Return(value) => self.loaded(value.as_deref()),
            StmtKind::Delete(targets) => {
                not_empty(targets, "targets", "Delete")?;
                self.exprs(targets, Del)
            }
            StmtKind::Assign(assign) => {
                not_empty(&assign.targets, "targets", "Assign")?;
                self.exprs(&assign.targets, Store)?;
                self.loaded([&assign.value])
            }
            StmtKind::AugAssign(assign) => {
                self.expr(&assign.target, Store)?;
                self.loaded([&assign.value])
            }
            StmtKind::AnnAssign(assign) => {
                if assign.simple && !matches!(assign.target.kind, ExprKind::Name { .. }) {
                    return Err(type_error("AnnAssign with simple non-Name target"));
                }
                self.expr(&assign.target, Store)?;
                self.loaded(&assign.value)?;
                self.loaded([&assign.annotation])
            }
            StmtKind::For(each) => self.for_(each, "For"),
            StmtKind::AsyncFor(each) => self.for_(each, "AsyncFor"),
            StmtKind::While(each) => {
                self.loaded([&each.test])?;
                self.body(&each.body, "While")?;
                self.stmts(&each.orelse)
            }
            StmtKind::If(branch) => {
                self.loaded([&branch.test])?;
                self.body(&branch.body, "If")?;
                self.stmts(&branch.orelse)
            }
            StmtKind::With(with) => self.with(with, "With"),
            StmtKind::AsyncWith(with) => self.with(with, "AsyncWith"),
            StmtKind::Match(choice) => self.match_(choice),
            StmtKind::Raise { exc, cause } => {
                if exc.is_none() && cause.is_some() {
                    return Err(value_error("Raise with cause but no exception"));
                }
                self.loaded(exc.as_deref().into_iter().chain(cause.as_deref()))
            }
            StmtKind::Try(block) => self.try_(block, "Try"),
            StmtKind::TryStar(block) => self.try_(block, "TryStar"),
            StmtKind::Assert { test, msg } => {
                self.loaded(std::iter::once(&**test).chain(msg.as_deref()))
            }
            StmtKind::Import(names) => not_empty(names, "names", "Import"),
            StmtKind::ImportFrom { names, level, .. } => {
                if *level < 0 {
                    return Err(value_error("Negative ImportFrom level"));
                }
                not_empty(names, "names", "ImportFrom")
            }
            StmtKind::Global(names) => not_empty(names, "names", "Global"),
            StmtKind::Nonlocal(names) => not_empty(names, "names", "Nonlocal"),
            StmtKind::Expr(value) => self.loaded([&**value]),
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => Ok(()),
        }
    }

    fn function(&mut self, function: &FunctionDef, owner: &str) -> PyResult<()> {
        self.body(&function.body, owner)?;
        self.arguments(&function.args)?;
        self.loaded(&function.decorator_list)?;
        self.loaded(&function.returns)
    }

    fn for_(&mut self, each: &For, owner: &str) -> PyResult<()> {
        self.expr(&each.target, ExprContext::Store)?;
        self.loaded([&each.iter])?;
        self.body(&each.body, owner)?;
        self.stmts(&each.orelse)
    }

    fn with(&mut self, with: &With, owner: &str) -> PyResult<()> {
        not_empty(&with.items, "items", owner)?;
        for item in &with.items {
            self.loaded([&item.context_expr])?;
            if let Some(target) = &item.optional_vars {
                self.expr(target, ExprContext::Store)?;
            }
        }
        self.body(&with.body, owner)
    }

    fn match_(&mut self, choice: &Match) -> PyResult<()> {
        self.loaded([&choice.subject])?;
        not_empty(&choice.cases, "cases", "Match")?;
        for case in &choice.cases {
            self.pattern(&case.pattern, false)?;
            self.loaded(&case.guard)?;
            self.body(&case.body, "match_case")?;
        }
        Ok(())
    }

    fn try_(&mut self, block: &Try, owner: &str) -> PyResult<()> {
        self.body(&block.body, owner)?;
        if block.handlers.is_empty() && block.finalbody.is_empty() {
            return Err(value_error(format_args!(
                "{owner} has neither except handlers nor finalbody"
            )));
        }
        if block.handlers.is_empty() && !block.orelse.is_empty() {
            return Err(value_error(format_args!(
                "{owner} has orelse but no except handlers"
            )));
        }
        for handler in &block.handlers {
            // CPython looks at the places of the handlers of the one kind only.
            if owner == "Try" {
                check_span(&handler.span)?;
            }
            self.loaded(&handler.typ)?;
            self.body(&handler.body, "ExceptHandler")?;
        }
        self.stmts(&block.finalbody)?;
        self.stmts(&block.orelse)
    }

    fn args(&mut self, args: &[Arg]) -> PyResult<()> {
        for arg in args {
            check_span(&arg.span)?;
            self.loaded(arg.annotation.as_deref())?;
        }
        Ok(())
    }

    fn arguments(&mut self, arguments: &Arguments) -> PyResult<()> {
        fn annotation(arg: &Option<Box<Arg>>) -> Option<&Expr> {
            arg.as_ref()?.annotation.as_deref()
        }
        self.args(&arguments.posonlyargs)?;
        self.args(&arguments.args)?;
        self.loaded(annotation(&arguments.vararg))?;
        self.args(&arguments.kwonlyargs)?;
        self.loaded(annotation(&arguments.kwarg))?;
        if arguments.defaults.len() > arguments.posonlyargs.len() + arguments.args.len() {
            return Err(value_error(
                "more positional defaults than args on arguments",
            ));
        }
        if arguments.kw_defaults.len() != arguments.kwonlyargs.len() {
            return Err(value_error(
                "length of kwonlyargs is not the same as kw_defaults on arguments",
            ));
        }
        self.loaded(&arguments.defaults)?;
        self.loaded(arguments.kw_defaults.iter().flatten())
    }

    fn expr(&mut self, expr: &Expr, context: ExprContext) -> PyResult<()> {
        check_span(&expr.span)?;
        self.deeper(|this| {
            this.context(&expr.kind, context)?;
            this.expr_kind(&expr.kind, context)
        })
    }

    /// Whether an expression may stand where it is read, bound or deleted.
    fn context(&self, kind: &ExprKind, wanted: ExprContext) -> PyResult<()> {
        let actual = match kind {
            ExprKind::Name { id, ctx } => {
                self.name(*id)?;
                *ctx
            }
            ExprKind::Attribute { ctx, .. }
            | ExprKind::Subscript { ctx, .. }
            | ExprKind::Starred { ctx, .. }
            | ExprKind::List { ctx, .. }
            | ExprKind::Tuple { ctx, .. } => *ctx,
            _ if wanted == ExprContext::Load => return Ok(()),
            _ => {
                return Err(value_error(format_args!(
                    "expression which can't be assigned to in {} context",
                    wanted.name()
                )));
            }
        };
        match actual == wanted {
            true => Ok(()),
            false => Err(value_error(format_args!(
                "expression must have {} context but has {} instead",
                wanted.name(),
                actual.name()
            ))),
        }
    }

    fn expr_kind(&mut self, kind: &ExprKind, context: ExprContext) -> PyResult<()> {
        match kind {
            ExprKind::BoolOp { values, .. } => {
                if values.len() < 2 {
                    return Err(value_error("BoolOp with less than 2 values"));
                }
                self.loaded(values)
            }
            ExprKind::NamedExpr { target, value } => {
                if !matches!(target.kind, ExprKind::Name { .. }) {
                    return Err(type_error("NamedExpr target must be a Name"));
                }
                self.loaded([&**value])
            }
            ExprKind::BinOp { left, right, .. } => self.loaded([&**left, right]),
            ExprKind::UnaryOp { operand, .. } => self.loaded([&**operand]),
            ExprKind::Lambda(lambda) => {
                self.arguments(&lambda.args)?;
                self.loaded([&lambda.body])
            }
            ExprKind::IfExp(choice) => self.loaded([&choice.test, &choice.body, &choice.orelse]),
            ExprKind::Dict(dict) => {
                if dict.keys.len() != dict.values.len() {
                    return Err(value_error(
                        "Dict doesn't have the same number of keys as values",
                    ));
                }
                self.loaded(dict.keys.iter().flatten())?;
                self.loaded(&dict.values)
            }
            ExprKind::Set(elts) | ExprKind::JoinedStr(elts) => self.loaded(elts),
            ExprKind::ListComp(comp) | ExprKind::SetComp(comp) | ExprKind::GeneratorExp(comp) => {
                self.generators(&comp.generators)?;
                self.loaded([&comp.elt])
            }
            ExprKind::DictComp(comp) => {
                self.generators(&comp.generators)?;
                self.loaded([&comp.key, &comp.value])
            }
            ExprKind::Await(value) | ExprKind::YieldFrom(value) => self.loaded([&**value]),
            ExprKind::Yield(value) => self.loaded(value.as_deref()),
            ExprKind::Compare(compare) => {
                if compare.comparators.is_empty() {
                    return Err(value_error("Compare with no comparators"));
                }
                if compare.comparators.len() != compare.ops.len() {
                    return Err(value_error(
                        "Compare has a different number of comparators and operands",
                    ));
                }
                self.loaded(&compare.comparators)?;
                self.loaded([&compare.left])
            }
            ExprKind::Call(call) => {
                self.loaded([&call.func])?;
                self.loaded(&call.args)?;
                self.loaded(call.keywords.iter().map(|keyword| &keyword.value))
            }
            ExprKind::FormattedValue(field) => {
                self.loaded([&field.value])?;
                self.loaded(&field.format_spec)
            }
            ExprKind::Attribute { value, .. } => self.loaded([&**value]),
            ExprKind::Subscript { value, slice, .. } => self.loaded([&**slice, value]),
            ExprKind::Starred { value, .. } => self.expr(value, context),
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => self.exprs(elts, context),
            ExprKind::Slice { lower, upper, step } => self.loaded(
                [lower, upper, step]
                    .into_iter()
                    .flatten()
                    .map(|part| &**part),
            ),
            ExprKind::Constant { .. } | ExprKind::Name { .. } => Ok(()),
        }
    }

    fn generators(&mut self, generators: &[Comprehension]) -> PyResult<()> {
        if generators.is_empty() {
            return Err(value_error("comprehension with no generators"));
        }
        for generator in generators {
            self.expr(&generator.target, ExprContext::Store)?;
            self.loaded([&generator.iter])?;
            self.loaded(&generator.ifs)?;
        }
        Ok(())
    }

    fn patterns(&mut self, patterns: &[Pattern], star: bool) -> PyResult<()> {
        let mut patterns = patterns.iter();
        patterns.try_for_each(|pattern| self.pattern(pattern, star))
    }

    fn pattern(&mut self, pattern: &Pattern, star: bool) -> PyResult<()> {
        check_span(&pattern.span)?;
        self.deeper(|this| this.pattern_kind(&pattern.kind, star))
    }

    fn pattern_kind(&mut self, kind: &PatternKind, star: bool) -> PyResult<()> {
        match kind {
            PatternKind::MatchValue(value) => self.literal(value),
            PatternKind::MatchSingleton(_) => Ok(()),
            PatternKind::MatchSequence(patterns) => self.patterns(patterns, true),
            PatternKind::MatchMapping(mapping) => self.mapping(mapping),
            PatternKind::MatchClass(class) => self.class_pattern(class),
            PatternKind::MatchStar(_) if !star => Err(value_error("can't use MatchStar here")),
            PatternKind::MatchStar(name) => name.map_or(Ok(()), |name| self.capture(name)),
            PatternKind::MatchAs { pattern, name } => {
                if let Some(name) = name {
                    self.capture(*name)?;
                }
                match (pattern, name) {
                    (None, _) => Ok(()),
                    (Some(_), None) => Err(value_error(
                        "MatchAs must specify a target name if a pattern is given",
                    )),
                    (Some(pattern), Some(_)) => self.pattern(pattern, false),
                }
            }
            PatternKind::MatchOr(patterns) => {
                if patterns.len() < 2 {
                    return Err(value_error("MatchOr requires at least 2 patterns"));
                }
                self.patterns(patterns, false)
            }
        }
    }

    fn mapping(&mut self, mapping: &MatchMapping) -> PyResult<()> {
        if mapping.keys.len() != mapping.patterns.len() {
            return Err(value_error(
                "MatchMapping doesn't have the same number of keys as patterns",
            ));
        }
        if let Some(rest) = mapping.rest {
            self.capture(rest)?;
        }
        for key in &mapping.keys {
            let is_singleton = matches!(
                &key.kind,
                ExprKind::Constant {
                    value: Constant::None | Constant::True | Constant::False,
                    ..
                }
            );
            if !is_singleton {
                self.literal(key)?;
            }
        }
        self.patterns(&mapping.patterns, false)
    }

    fn class_pattern(&mut self, class: &MatchClass) -> PyResult<()> {
        if class.kwd_attrs.len() != class.kwd_patterns.len() {
            return Err(value_error(
                "MatchClass doesn't have the same number of keyword attributes as patterns",
            ));
        }
        self.loaded([&class.cls])?;
        let mut part = &class.cls;
        while let ExprKind::Attribute { value, .. } = &part.kind {
            part = value;
        }
        if !matches!(part.kind, ExprKind::Name { .. }) {
            return Err(value_error(
                "MatchClass cls field can only contain Name or Attribute nodes.",
            ));
        }
        for attribute in &class.kwd_attrs {
            self.name(*attribute)?;
        }
        self.patterns(&class.patterns, false)?;
        self.patterns(&class.kwd_patterns, false)
    }

    /// A value that a pattern may be compared with.
    fn literal(&mut self, value: &Expr) -> PyResult<()> {
        self.loaded([value])?;
        let fits = match &value.kind {
            ExprKind::Constant { value, .. } => {
                return match value {
                    Constant::Int(_)
                    | Constant::Float(_)
                    | Constant::Complex(..)
                    | Constant::Str(_)
                    | Constant::Bytes(_) => Ok(()),
                    _ => Err(value_error(
                        "unexpected constant inside of a literal pattern",
                    )),
                };
            }
            ExprKind::Attribute { .. } | ExprKind::JoinedStr(_) => true,
            ExprKind::UnaryOp { .. } => is_negative_number(value, true, true),
            ExprKind::BinOp { left, op, right } => is_complex_literal(left, *op, right),
            _ => false,
        };
        match fits {
            true => Ok(()),
            false => Err(value_error(
                "patterns may only match literals and attribute lookups",
            )),
        }
    }
}
