//! The tree as text, every field and position included, for comparison with the oracle's.

use std::fmt::Write;

use crate::ast::*;
use crate::names::{Name, Names};

/// Writes nodes as `Name@line:col-line:col(field field ...)`, each on a line of its own, indented by its
/// depth; absent fields are `-`.
pub struct Dumper<'a> {
    names: &'a Names,
    out: String,
    depth: usize,
}

pub fn dump_module(module: &Mod, names: &Names) -> String {
    let mut dumper = Dumper {
        names,
        out: String::new(),
        depth: 0,
    };
    dumper.module(module);
    dumper.out
}

pub fn constant_text(value: &Constant) -> String {
    match value {
        Constant::None => "None".into(),
        Constant::True => "True".into(),
        Constant::False => "False".into(),
        Constant::Ellipsis => "Ellipsis".into(),
        Constant::Int(value) => format!("int:{}", value.to_hex()),
        Constant::Float(value) => format!("float:{:016x}", value.to_bits()),
        Constant::Complex(real, imag) => {
            format!("complex:{:016x}{:016x}", real.to_bits(), imag.to_bits())
        }
        Constant::Str(text) => format!("str:{}", quoted(text)),
        Constant::Bytes(bytes) => format!("bytes:{}", quoted(bytes)),
        Constant::Tuple(items) => format!(
            "tuple:{:?}",
            items.iter().map(constant_text).collect::<Vec<_>>()
        ),
        Constant::FrozenSet(items) => format!(
            "frozenset:{:?}",
            items.iter().map(constant_text).collect::<Vec<_>>()
        ),
    }
}

/// Text between quotes: printable ASCII as it is, every other byte of its UTF-8 as `\xNN`.
pub fn quote_into(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push('\'');
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => out.extend(['\\', *byte as char]),
            0x20..=0x7e => out.push(*byte as char),
            _ => {
                out.push_str("\\x");
                out.push(DIGITS[usize::from(byte >> 4)] as char);
                out.push(DIGITS[usize::from(byte & 15)] as char);
            }
        }
    }
    out.push('\'');
}

pub fn quoted(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    quote_into(bytes, &mut out);
    out
}

impl Dumper<'_> {
    fn line(&mut self, name: &str) {
        const SPACES: &str = "                                ";
        self.out.push('\n');
        let mut left = self.depth;
        while left > 0 {
            let now = left.min(SPACES.len());
            self.out.push_str(&SPACES[..now]);
            left -= now;
        }
        self.depth += 1;
        self.out.push_str(name);
    }

    /// A node without a place of its own.
    fn head(&mut self, name: &str) {
        self.line(name);
        self.out.push('(');
    }

    fn open(&mut self, name: &str, span: Span) {
        self.line(name);
        let Span {
            lineno,
            col_offset,
            end_lineno,
            end_col_offset,
        } = span;
        let place = write!(
            self.out,
            "@{lineno}:{col_offset}-{end_lineno}:{end_col_offset}("
        );
        debug_assert!(place.is_ok(), "a String takes everything");
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.out.push(')');
    }

    fn plain(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push(' ');
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.out.push('[');
        for item in items {
            each(self, item);
        }
        self.out.push(']');
    }

    fn option<T>(&mut self, item: Option<&T>, mut each: impl FnMut(&mut Self, &T)) {
        match item {
            Some(item) => each(self, item),
            None => self.out.push('-'),
        }
    }

    fn name(&mut self, name: Name) {
        quote_into(self.names.text(name).as_bytes(), &mut self.out);
        self.out.push(' ');
    }

    fn opt_name(&mut self, name: Option<Name>) {
        match name {
            Some(name) => self.name(name),
            None => self.out.push('-'),
        }
    }

    fn comment(&mut self, comment: Option<&[u8]>) {
        match comment {
            Some(text) => {
                quote_into(text, &mut self.out);
                self.out.push(' ');
            }
            None => self.out.push('-'),
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
                self.head("Module");
                self.stmts(body);
                self.list(type_ignores, |this, ignore| {
                    this.plain(&format!(
                        "TypeIgnore({} {} )",
                        ignore.lineno,
                        quoted(&ignore.tag)
                    ));
                });
            }
            Mod::Interactive { body } => {
                self.head("Interactive");
                self.stmts(body);
            }
            Mod::Expression { body } => {
                self.head("Expression");
                self.expr(body);
            }
            Mod::FunctionType { argtypes, returns } => {
                self.head("FunctionType");
                self.exprs(argtypes);
                self.expr(returns);
            }
        }
        self.close();
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let name = stmt_name(&stmt.kind);
        self.open(name, stmt.span);
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
                self.plain(&format!("{:?}", assign.op));
                self.expr(&assign.value);
            }
            StmtKind::AnnAssign(assign) => {
                self.expr(&assign.target);
                self.expr(&assign.annotation);
                self.option(assign.value.as_ref(), Self::expr);
                self.plain(if assign.simple { "1" } else { "0" });
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
                    this.head("withitem");
                    this.expr(&item.context_expr);
                    this.option(item.optional_vars.as_ref(), Self::expr);
                    this.close();
                });
                self.stmts(&data.body);
                self.comment(data.type_comment.as_deref());
            }
            StmtKind::Match(data) => {
                self.expr(&data.subject);
                self.list(&data.cases, |this, case| {
                    this.head("match_case");
                    this.pattern(&case.pattern);
                    this.option(case.guard.as_ref(), Self::expr);
                    this.stmts(&case.body);
                    this.close();
                });
            }
            StmtKind::Raise { exc, cause } => {
                self.option(exc.as_deref(), Self::expr);
                self.option(cause.as_deref(), Self::expr);
            }
            StmtKind::Try(data) | StmtKind::TryStar(data) => {
                self.stmts(&data.body);
                self.list(&data.handlers, |this, handler| {
                    this.open("ExceptHandler", handler.span);
                    this.option(handler.typ.as_ref(), Self::expr);
                    this.opt_name(handler.name);
                    this.stmts(&handler.body);
                    this.close();
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
                self.plain(&level.to_string());
            }
            StmtKind::Global(names) | StmtKind::Nonlocal(names) => {
                self.list(names, |this, name| this.name(*name))
            }
            StmtKind::Expr(value) => self.expr(value),
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => {}
        }
        self.close();
    }

    fn alias(&mut self, alias: &Alias) {
        self.open("alias", alias.span);
        self.name(alias.name);
        self.opt_name(alias.asname);
        self.close();
    }

    fn keyword(&mut self, keyword: &Keyword) {
        self.open("keyword", keyword.span);
        self.opt_name(keyword.arg);
        self.expr(&keyword.value);
        self.close();
    }

    fn arg(&mut self, arg: &Arg) {
        self.open("arg", arg.span);
        self.name(arg.arg);
        self.option(arg.annotation.as_deref(), Self::expr);
        self.comment(arg.type_comment.as_deref());
        self.close();
    }

    fn arguments(&mut self, arguments: &Arguments) {
        self.head("arguments");
        self.list(&arguments.posonlyargs, Self::arg);
        self.list(&arguments.args, Self::arg);
        self.option(arguments.vararg.as_deref(), Self::arg);
        self.list(&arguments.kwonlyargs, Self::arg);
        self.list(&arguments.kw_defaults, |this, default| {
            this.option(default.as_ref(), Self::expr)
        });
        self.option(arguments.kwarg.as_deref(), Self::arg);
        self.exprs(&arguments.defaults);
        self.close();
    }

    fn generators(&mut self, generators: &[Comprehension]) {
        self.list(generators, |this, generator| {
            this.head("comprehension");
            this.expr(&generator.target);
            this.expr(&generator.iter);
            this.exprs(&generator.ifs);
            this.plain(if generator.is_async { "1" } else { "0" });
            this.close();
        });
    }

    fn ctx(&mut self, ctx: ExprContext) {
        self.plain(&format!("{ctx:?}"));
    }

    fn expr(&mut self, expr: &Expr) {
        self.open(expr_name(&expr.kind), expr.span);
        match &expr.kind {
            ExprKind::BoolOp { op, values } => {
                self.plain(&format!("{op:?}"));
                self.exprs(values);
            }
            ExprKind::NamedExpr { target, value } => {
                self.expr(target);
                self.expr(value);
            }
            ExprKind::BinOp { left, op, right } => {
                self.expr(left);
                self.plain(&format!("{op:?}"));
                self.expr(right);
            }
            ExprKind::UnaryOp { op, operand } => {
                self.plain(&format!("{op:?}"));
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
                self.list(&data.ops, |this, op| this.plain(&format!("{op:?}")));
                self.exprs(&data.comparators);
            }
            ExprKind::Call(call) => {
                self.expr(&call.func);
                self.exprs(&call.args);
                self.list(&call.keywords, Self::keyword);
            }
            ExprKind::FormattedValue(data) => {
                self.expr(&data.value);
                self.plain(&data.conversion.to_string());
                self.option(data.format_spec.as_ref(), Self::expr);
            }
            ExprKind::Constant { value, kind } => {
                self.plain(&constant_text(value));
                self.out.push(if *kind { 'u' } else { '-' });
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
        self.close();
    }

    fn patterns(&mut self, patterns: &[Pattern]) {
        self.list(patterns, Self::pattern);
    }

    fn pattern(&mut self, pattern: &Pattern) {
        self.open(pattern_name(&pattern.kind), pattern.span);
        match &pattern.kind {
            PatternKind::MatchValue(value) => self.expr(value),
            PatternKind::MatchSingleton(value) => self.plain(&constant_text(value)),
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
        self.close();
    }
}

pub fn stmt_name(kind: &StmtKind) -> &'static str {
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

pub fn expr_name(kind: &ExprKind) -> &'static str {
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

pub fn pattern_name(kind: &PatternKind) -> &'static str {
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
