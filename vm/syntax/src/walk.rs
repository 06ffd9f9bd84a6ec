//! The walk over a tree that shows every node and field in the order of the grammar of `ast`, for whoever makes
//! something else of it: text to compare, or objects.

use crate::ast::*;
use crate::names::{Name, Names};

/// What takes in a tree, node by node: the fields of a node come between `open` and `close`.
pub trait Sink {
    /// A node begins; some kinds have no place of their own.
    fn open(&mut self, name: &'static str, span: Option<Span>);
    fn close(&mut self);
    fn begin_list(&mut self, length: usize);
    fn end_list(&mut self);
    /// A field that is left out.
    fn absent(&mut self);
    fn identifier(&mut self, text: &str);
    /// A type comment.
    fn comment(&mut self, text: &[u8]);
    fn constant(&mut self, value: &Constant);
    /// The kind of a str that is written with `u`.
    fn unicode_kind(&mut self);
    fn number(&mut self, value: i32);
    /// An operator or a context.
    fn symbol(&mut self, name: &'static str);
    fn type_ignore(&mut self, ignore: &TypeIgnore);
}

struct Walker<'a, S> {
    names: &'a Names,
    sink: &'a mut S,
}

/// Shows a whole tree to a sink.
pub fn walk_module(module: &Mod, names: &Names, sink: &mut impl Sink) {
    Walker { names, sink }.module(module);
}

impl<S: Sink> Walker<'_, S> {
    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.sink.begin_list(items.len());
        for item in items {
            each(self, item);
        }
        self.sink.end_list();
    }

    fn option<T>(&mut self, item: Option<&T>, mut each: impl FnMut(&mut Self, &T)) {
        match item {
            Some(item) => each(self, item),
            None => self.sink.absent(),
        }
    }

    fn name(&mut self, name: Name) {
        self.sink.identifier(self.names.text(name));
    }

    fn opt_name(&mut self, name: Option<Name>) {
        match name {
            Some(name) => self.name(name),
            None => self.sink.absent(),
        }
    }

    fn comment(&mut self, comment: Option<&[u8]>) {
        match comment {
            Some(text) => self.sink.comment(text),
            None => self.sink.absent(),
        }
    }

    fn exprs(&mut self, items: &[Expr]) {
        self.list(items, Self::expr);
    }

    fn stmts(&mut self, items: &[Stmt]) {
        self.list(items, Self::stmt);
    }

    fn module(&mut self, module: &Mod) {
        match module {
            Mod::Module { body, type_ignores } => {
                self.sink.open("Module", None);
                self.stmts(body);
                self.list(type_ignores, |this, ignore| {
                    this.sink.type_ignore(ignore);
                });
            }
            Mod::Interactive { body } => {
                self.sink.open("Interactive", None);
                self.stmts(body);
            }
            Mod::Expression { body } => {
                self.sink.open("Expression", None);
                self.expr(body);
            }
            Mod::FunctionType { argtypes, returns } => {
                self.sink.open("FunctionType", None);
                self.exprs(argtypes);
                self.expr(returns);
            }
        }
        self.sink.close();
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let name = stmt_name(&stmt.kind);
        self.sink.open(name, Some(stmt.span));
        match &stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                self.name(def.name);
                self.arguments(&def.args);
                self.stmts(&def.body);
                self.exprs(&def.decorator_list);
                self.option(def.returns.as_ref(), Self::expr);
                self.comment(def.type_comment.as_deref());
            }
            StmtKind::ClassDef(def) => {
                self.name(def.name);
                self.exprs(&def.bases);
                self.list(&def.keywords, Self::keyword);
                self.stmts(&def.body);
                self.exprs(&def.decorator_list);
            }
            StmtKind::Return(value) => self.option(value.as_deref(), Self::expr),
            StmtKind::Delete(targets) => self.exprs(targets),
            StmtKind::Assign(assign) => {
                self.exprs(&assign.targets);
                self.expr(&assign.value);
                self.comment(assign.type_comment.as_deref());
            }
            StmtKind::AugAssign(assign) => {
                self.expr(&assign.target);
                self.sink.symbol(assign.op.name());
                self.expr(&assign.value);
            }
            StmtKind::AnnAssign(assign) => {
                self.expr(&assign.target);
                self.expr(&assign.annotation);
                self.option(assign.value.as_ref(), Self::expr);
                self.sink.number(i32::from(assign.simple));
            }
            StmtKind::For(data) | StmtKind::AsyncFor(data) => {
                self.expr(&data.target);
                self.expr(&data.iter);
                self.stmts(&data.body);
                self.stmts(&data.orelse);
                self.comment(data.type_comment.as_deref());
            }
            StmtKind::While(data) => {
                self.expr(&data.test);
                self.stmts(&data.body);
                self.stmts(&data.orelse);
            }
            StmtKind::If(data) => {
                self.expr(&data.test);
                self.stmts(&data.body);
                self.stmts(&data.orelse);
            }
            StmtKind::With(data) | StmtKind::AsyncWith(data) => {
                self.list(&data.items, |this, item| {
                    this.sink.open("withitem", None);
                    this.expr(&item.context_expr);
                    this.option(item.optional_vars.as_ref(), Self::expr);
                    this.sink.close();
                });
                self.stmts(&data.body);
                self.comment(data.type_comment.as_deref());
            }
            StmtKind::Match(data) => {
                self.expr(&data.subject);
                self.list(&data.cases, |this, case| {
                    this.sink.open("match_case", None);
                    this.pattern(&case.pattern);
                    this.option(case.guard.as_ref(), Self::expr);
                    this.stmts(&case.body);
                    this.sink.close();
                });
            }
            StmtKind::Raise { exc, cause } => {
                self.option(exc.as_deref(), Self::expr);
                self.option(cause.as_deref(), Self::expr);
            }
            StmtKind::Try(data) | StmtKind::TryStar(data) => {
                self.stmts(&data.body);
                self.list(&data.handlers, |this, handler| {
                    this.sink.open("ExceptHandler", Some(handler.span));
                    this.option(handler.typ.as_ref(), Self::expr);
                    this.opt_name(handler.name);
                    this.stmts(&handler.body);
                    this.sink.close();
                });
                self.stmts(&data.orelse);
                self.stmts(&data.finalbody);
            }
            StmtKind::Assert { test, msg } => {
                self.expr(test);
                self.option(msg.as_deref(), Self::expr);
            }
            StmtKind::Import(names) => self.list(names, Self::alias),
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => {
                self.opt_name(*module);
                self.list(names, Self::alias);
                self.sink.number(*level);
            }
            StmtKind::Global(names) | StmtKind::Nonlocal(names) => {
                self.list(names, |this, name| this.name(*name))
            }
            StmtKind::Expr(value) => self.expr(value),
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => {}
        }
        self.sink.close();
    }

    fn alias(&mut self, alias: &Alias) {
        self.sink.open("alias", Some(alias.span));
        self.name(alias.name);
        self.opt_name(alias.asname);
        self.sink.close();
    }

    fn keyword(&mut self, keyword: &Keyword) {
        self.sink.open("keyword", Some(keyword.span));
        self.opt_name(keyword.arg);
        self.expr(&keyword.value);
        self.sink.close();
    }

    fn arg(&mut self, arg: &Arg) {
        self.sink.open("arg", Some(arg.span));
        self.name(arg.arg);
        self.option(arg.annotation.as_deref(), Self::expr);
        self.comment(arg.type_comment.as_deref());
        self.sink.close();
    }

    fn arguments(&mut self, arguments: &Arguments) {
        self.sink.open("arguments", None);
        self.list(&arguments.posonlyargs, Self::arg);
        self.list(&arguments.args, Self::arg);
        self.option(arguments.vararg.as_deref(), Self::arg);
        self.list(&arguments.kwonlyargs, Self::arg);
        self.list(&arguments.kw_defaults, |this, default| {
            this.option(default.as_ref(), Self::expr)
        });
        self.option(arguments.kwarg.as_deref(), Self::arg);
        self.exprs(&arguments.defaults);
        self.sink.close();
    }

    fn generators(&mut self, generators: &[Comprehension]) {
        self.list(generators, |this, generator| {
            this.sink.open("comprehension", None);
            this.expr(&generator.target);
            this.expr(&generator.iter);
            this.exprs(&generator.ifs);
            this.sink.number(i32::from(generator.is_async));
            this.sink.close();
        });
    }

    fn ctx(&mut self, ctx: ExprContext) {
        self.sink.symbol(ctx.name());
    }

    fn expr(&mut self, expr: &Expr) {
        self.sink.open(expr_name(&expr.kind), Some(expr.span));
        match &expr.kind {
            ExprKind::BoolOp { op, values } => {
                self.sink.symbol(op.name());
                self.exprs(values);
            }
            ExprKind::NamedExpr { target, value } => {
                self.expr(target);
                self.expr(value);
            }
            ExprKind::BinOp { left, op, right } => {
                self.expr(left);
                self.sink.symbol(op.name());
                self.expr(right);
            }
            ExprKind::UnaryOp { op, operand } => {
                self.sink.symbol(op.name());
                self.expr(operand);
            }
            ExprKind::Lambda(lambda) => {
                self.arguments(&lambda.args);
                self.expr(&lambda.body);
            }
            ExprKind::IfExp(data) => {
                self.expr(&data.test);
                self.expr(&data.body);
                self.expr(&data.orelse);
            }
            ExprKind::Dict(dict) => {
                self.list(&dict.keys, |this, key| {
                    this.option(key.as_ref(), Self::expr)
                });
                self.exprs(&dict.values);
            }
            ExprKind::Set(elts) | ExprKind::JoinedStr(elts) => self.exprs(elts),
            ExprKind::ListComp(comp) | ExprKind::SetComp(comp) | ExprKind::GeneratorExp(comp) => {
                self.expr(&comp.elt);
                self.generators(&comp.generators);
            }
            ExprKind::DictComp(comp) => {
                self.expr(&comp.key);
                self.expr(&comp.value);
                self.generators(&comp.generators);
            }
            ExprKind::Await(value) | ExprKind::YieldFrom(value) => self.expr(value),
            ExprKind::Yield(value) => self.option(value.as_deref(), Self::expr),
            ExprKind::Compare(data) => {
                self.expr(&data.left);
                self.list(&data.ops, |this, op| this.sink.symbol(op.name()));
                self.exprs(&data.comparators);
            }
            ExprKind::Call(call) => {
                self.expr(&call.func);
                self.exprs(&call.args);
                self.list(&call.keywords, Self::keyword);
            }
            ExprKind::FormattedValue(data) => {
                self.expr(&data.value);
                self.sink.number(data.conversion);
                self.option(data.format_spec.as_ref(), Self::expr);
            }
            ExprKind::Constant { value, kind } => {
                self.sink.constant(value);
                match kind {
                    true => self.sink.unicode_kind(),
                    false => self.sink.absent(),
                }
            }
            ExprKind::Attribute { value, attr, ctx } => {
                self.expr(value);
                self.name(*attr);
                self.ctx(*ctx);
            }
            ExprKind::Subscript { value, slice, ctx } => {
                self.expr(value);
                self.expr(slice);
                self.ctx(*ctx);
            }
            ExprKind::Starred { value, ctx } => {
                self.expr(value);
                self.ctx(*ctx);
            }
            ExprKind::Name { id, ctx } => {
                self.name(*id);
                self.ctx(*ctx);
            }
            ExprKind::List { elts, ctx } | ExprKind::Tuple { elts, ctx } => {
                self.exprs(elts);
                self.ctx(*ctx);
            }
            ExprKind::Slice { lower, upper, step } => {
                for bound in [lower, upper, step] {
                    self.option(bound.as_deref(), Self::expr);
                }
            }
        }
        self.sink.close();
    }

    fn patterns(&mut self, patterns: &[Pattern]) {
        self.list(patterns, Self::pattern);
    }

    fn pattern(&mut self, pattern: &Pattern) {
        self.sink
            .open(pattern_name(&pattern.kind), Some(pattern.span));
        match &pattern.kind {
            PatternKind::MatchValue(value) => self.expr(value),
            PatternKind::MatchSingleton(value) => self.sink.constant(value),
            PatternKind::MatchSequence(patterns) | PatternKind::MatchOr(patterns) => {
                self.patterns(patterns)
            }
            PatternKind::MatchMapping(data) => {
                self.exprs(&data.keys);
                self.patterns(&data.patterns);
                self.opt_name(data.rest);
            }
            PatternKind::MatchClass(data) => {
                self.expr(&data.cls);
                self.patterns(&data.patterns);
                self.list(&data.kwd_attrs, |this, name| this.name(*name));
                self.patterns(&data.kwd_patterns);
            }
            PatternKind::MatchStar(name) => self.opt_name(*name),
            PatternKind::MatchAs { pattern, name } => {
                self.option(pattern.as_deref(), Self::pattern);
                self.opt_name(*name);
            }
        }
        self.sink.close();
    }
}

fn stmt_name(kind: &StmtKind) -> &'static str {
    match kind {
        StmtKind::FunctionDef(_) => "FunctionDef",
        StmtKind::AsyncFunctionDef(_) => "AsyncFunctionDef",
        StmtKind::ClassDef(_) => "ClassDef",
        StmtKind::Return(_) => "Return",
        StmtKind::Delete(_) => "Delete",
        StmtKind::Assign(_) => "Assign",
        StmtKind::AugAssign(_) => "AugAssign",
        StmtKind::AnnAssign(_) => "AnnAssign",
        StmtKind::For(_) => "For",
        StmtKind::AsyncFor(_) => "AsyncFor",
        StmtKind::While(_) => "While",
        StmtKind::If(_) => "If",
        StmtKind::With(_) => "With",
        StmtKind::AsyncWith(_) => "AsyncWith",
        StmtKind::Match(_) => "Match",
        StmtKind::Raise { .. } => "Raise",
        StmtKind::Try(_) => "Try",
        StmtKind::TryStar(_) => "TryStar",
        StmtKind::Assert { .. } => "Assert",
        StmtKind::Import(_) => "Import",
        StmtKind::ImportFrom { .. } => "ImportFrom",
        StmtKind::Global(_) => "Global",
        StmtKind::Nonlocal(_) => "Nonlocal",
        StmtKind::Expr(_) => "Expr",
        StmtKind::Pass => "Pass",
        StmtKind::Break => "Break",
        StmtKind::Continue => "Continue",
    }
}

fn expr_name(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::BoolOp { .. } => "BoolOp",
        ExprKind::NamedExpr { .. } => "NamedExpr",
        ExprKind::BinOp { .. } => "BinOp",
        ExprKind::UnaryOp { .. } => "UnaryOp",
        ExprKind::Lambda(_) => "Lambda",
        ExprKind::IfExp(_) => "IfExp",
        ExprKind::Dict(_) => "Dict",
        ExprKind::Set(_) => "Set",
        ExprKind::ListComp(_) => "ListComp",
        ExprKind::SetComp(_) => "SetComp",
        ExprKind::DictComp(_) => "DictComp",
        ExprKind::GeneratorExp(_) => "GeneratorExp",
        ExprKind::Await(_) => "Await",
        ExprKind::Yield(_) => "Yield",
        ExprKind::YieldFrom(_) => "YieldFrom",
        ExprKind::Compare(_) => "Compare",
        ExprKind::Call(_) => "Call",
        ExprKind::FormattedValue(_) => "FormattedValue",
        ExprKind::JoinedStr(_) => "JoinedStr",
        ExprKind::Constant { .. } => "Constant",
        ExprKind::Attribute { .. } => "Attribute",
        ExprKind::Subscript { .. } => "Subscript",
        ExprKind::Starred { .. } => "Starred",
        ExprKind::Name { .. } => "Name",
        ExprKind::List { .. } => "List",
        ExprKind::Tuple { .. } => "Tuple",
        ExprKind::Slice { .. } => "Slice",
    }
}

fn pattern_name(kind: &PatternKind) -> &'static str {
    match kind {
        PatternKind::MatchValue(_) => "MatchValue",
        PatternKind::MatchSingleton(_) => "MatchSingleton",
        PatternKind::MatchSequence(_) => "MatchSequence",
        PatternKind::MatchMapping(_) => "MatchMapping",
        PatternKind::MatchClass(_) => "MatchClass",
        PatternKind::MatchStar(_) => "MatchStar",
        PatternKind::MatchAs { .. } => "MatchAs",
        PatternKind::MatchOr(_) => "MatchOr",
    }
}
