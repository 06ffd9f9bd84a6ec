//! Expressions back to text, as `from __future__ import annotations` stores them.

use twinheap_syntax::ast::*;
use twinheap_syntax::names::{Name, Names};

use crate::repr;

/// How tightly an expression binds; a child that binds less gets parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Tuple,
    Test,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Arith,
    Term,
    Factor,
    Power,
    Await,
    Atom,
}

impl Level {
    fn tighter(self) -> Level {
        match self {
            Level::Tuple => Level::Test,
            Level::Test => Level::Or,
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Not => Level::Compare,
            Level::Compare => Level::BitOr,
            Level::BitOr => Level::BitXor,
            Level::BitXor => Level::BitAnd,
            Level::BitAnd => Level::Shift,
            Level::Shift => Level::Arith,
            Level::Arith => Level::Term,
            Level::Term => Level::Factor,
            Level::Factor => Level::Power,
            Level::Power => Level::Await,
            Level::Await | Level::Atom => Level::Atom,
        }
    }
}

struct Writer<'a> {
    names: &'a Names,
    out: Vec<u8>,
}

/// The text of an annotation.
pub fn unparse(expr: &Expr, names: &Names) -> Vec<u8> {
    let mut writer = Writer {
        names,
        out: Vec::new(),
    };
    writer.expr(expr, Level::Test);
    writer.out
}

fn operator(op: Operator) -> (&'static str, Level) {
    match op {
        Operator::Add => (" + ", Level::Arith),
        Operator::Sub => (" - ", Level::Arith),
        Operator::Mult => (" * ", Level::Term),
        Operator::MatMult => (" @ ", Level::Term),
        Operator::Div => (" / ", Level::Term),
        Operator::Mod => (" % ", Level::Term),
        Operator::LShift => (" << ", Level::Shift),
        Operator::RShift => (" >> ", Level::Shift),
        Operator::BitOr => (" | ", Level::BitOr),
        Operator::BitXor => (" ^ ", Level::BitXor),
        Operator::BitAnd => (" & ", Level::BitAnd),
        Operator::FloorDiv => (" // ", Level::Term),
        Operator::Pow => (" ** ", Level::Power),
    }
}

fn comparison(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => " == ",
        CmpOp::NotEq => " != ",
        CmpOp::Lt => " < ",
        CmpOp::LtE => " <= ",
        CmpOp::Gt => " > ",
        CmpOp::GtE => " >= ",
        CmpOp::Is => " is ",
        CmpOp::IsNot => " is not ",
        CmpOp::In => " in ",
        CmpOp::NotIn => " not in ",
    }
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

impl Writer<'_> {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn name(&mut self, name: Name) {
        self.out.extend_from_slice(self.names.text(name).as_bytes());
    }

    /// Runs `write` between parentheses if the surroundings bind tighter than `own`.
    fn grouped(&mut self, surroundings: Level, own: Level, write: impl FnOnce(&mut Self)) {
        let group = surroundings > own;
        if group {
            self.text("(");
        }
        write(self);
        if group {
            self.text(")");
        }
    }

    fn listed(&mut self, exprs: &[Expr]) {
        for (at, expr) in exprs.iter().enumerate() {
            if at > 0 {
                self.text(", ");
            }
            self.expr(expr, Level::Test);
        }
    }

    fn constant(&mut self, value: &Constant) {
        match value {
            Constant::Tuple(items) => {
                self.text("(");
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.text(", ");
                    }
                    self.constant(item);
                }
                self.text(if items.len() == 1 { ",)" } else { ")" });
            }
            Constant::Float(_) | Constant::Complex(..) => {
                let text = replace(&repr::repr(value), b"inf", b"1e309");
                self.out.extend(text);
            }
            _ => self.out.extend(repr::repr(value)),
        }
    }

    fn arg(&mut self, arg: &Arg) {
        self.name(arg.arg);
        if let Some(annotation) = &arg.annotation {
            self.text(": ");
            self.expr(annotation, Level::Test);
        }
    }

    fn arguments(&mut self, args: &Arguments) {
        let mut first = true;
        let mut separate = |writer: &mut Self| {
            if !first {
                writer.text(", ");
            }
            first = false;
        };
        let positional = args.posonlyargs.len() + args.args.len();
        for (at, arg) in args.posonlyargs.iter().chain(&args.args).enumerate() {
            separate(self);
            self.arg(arg);
            if let Some(default) = (at + args.defaults.len()).checked_sub(positional) {
                self.text("=");
                self.expr(&args.defaults[default], Level::Test);
            }
            if !args.posonlyargs.is_empty() && at + 1 == args.posonlyargs.len() {
                self.text(", /");
            }
        }
        if args.vararg.is_some() || !args.kwonlyargs.is_empty() {
            separate(self);
            self.text("*");
            if let Some(arg) = &args.vararg {
                self.arg(arg);
            }
        }
        for (arg, default) in args.kwonlyargs.iter().zip(&args.kw_defaults) {
            separate(self);
            self.arg(arg);
            if let Some(default) = default {
                self.text("=");
                self.expr(default, Level::Test);
            }
        }
        if let Some(arg) = &args.kwarg {
            separate(self);
            self.text("**");
            self.arg(arg);
        }
    }

    fn comprehensions(&mut self, generators: &[Comprehension]) {
        for generator in generators {
            self.text(if generator.is_async {
                " async for "
            } else {
                " for "
            });
            self.expr(&generator.target, Level::Tuple);
            self.text(" in ");
            self.expr(&generator.iter, Level::Test.tighter());
            for test in &generator.ifs {
                self.text(" if ");
                self.expr(test, Level::Test.tighter());
            }
        }
    }

    fn comprehension(&mut self, open: &str, comp: &Comp, close: &str) {
        self.text(open);
        self.expr(&comp.elt, Level::Test);
        self.comprehensions(&comp.generators);
        self.text(close);
    }

    fn call(&mut self, call: &Call) {
        self.expr(&call.func, Level::Atom);
        if let (
            [
                Expr {
                    kind: ExprKind::GeneratorExp(comp),
                    ..
                },
            ],
            [],
        ) = (&call.args[..], &call.keywords[..])
        {
            return self.comprehension("(", comp, ")");
        }
        self.text("(");
        self.listed(&call.args);
        for (at, keyword) in call.keywords.iter().enumerate() {
            if at > 0 || !call.args.is_empty() {
                self.text(", ");
            }
            match keyword.arg {
                Some(name) => {
                    self.name(name);
                    self.text("=");
                }
                None => self.text("**"),
            }
            self.expr(&keyword.value, Level::Test);
        }
        self.text(")");
    }

    fn fstring_part(&mut self, expr: &Expr, is_format_spec: bool) {
        match &expr.kind {
            ExprKind::Constant {
                value: Constant::Str(text),
                ..
            } => {
                let escaped = replace(&replace(text, b"{", b"{{"), b"}", b"}}");
                self.out.extend(escaped);
            }
            ExprKind::JoinedStr(values) => self.joined_str(values, is_format_spec),
            ExprKind::FormattedValue(data) => self.formatted_value(data),
            _ => self.expr(expr, Level::Test),
        }
    }

    fn joined_str(&mut self, values: &[Expr], is_format_spec: bool) {
        let mut body = Writer {
            names: self.names,
            out: Vec::new(),
        };
        for value in values {
            body.fstring_part(value, is_format_spec);
        }
        if is_format_spec {
            self.out.extend(body.out);
        } else {
            self.text("f");
            self.out.extend(repr::str_repr(&body.out));
        }
    }

    fn formatted_value(&mut self, data: &FormattedValue) {
        let mut inner = Writer {
            names: self.names,
            out: Vec::new(),
        };
        inner.expr(&data.value, Level::Test.tighter());
        self.text(if inner.out.starts_with(b"{") {
            "{ "
        } else {
            "{"
        });
        self.out.extend(inner.out);
        if let Ok(c @ (b'a' | b'r' | b's')) = u8::try_from(data.conversion) {
            self.out.extend([b'!', c]);
        }
        if let Some(spec) = &data.format_spec {
            self.text(":");
            self.fstring_part(spec, true);
        }
        self.text("}");
    }

    fn dict(&mut self, dict: &Dict) {
        self.text("{");
        for (at, (key, value)) in dict.keys.iter().zip(&dict.values).enumerate() {
            if at > 0 {
                self.text(", ");
            }
            match key {
                Some(key) => {
                    self.expr(key, Level::Test);
                    self.text(": ");
                    self.expr(value, Level::Test);
                }
                None => {
                    self.text("**");
                    self.expr(value, Level::BitOr);
                }
            }
        }
        self.text("}");
    }

    fn tuple(&mut self, elts: &[Expr], level: Level) {
        if elts.is_empty() {
            return self.text("()");
        }
        self.grouped(level, Level::Tuple, |writer| {
            writer.listed(elts);
            if elts.len() == 1 {
                writer.text(",");
            }
        });
    }

    fn operation(&mut self, expr: &Expr, level: Level) {
        match &expr.kind {
            ExprKind::BoolOp { op, values } => {
                let (text, own) = match op {
                    BoolOp::And => (" and ", Level::And),
                    BoolOp::Or => (" or ", Level::Or),
                };
                self.grouped(level, own, |writer| {
                    for (at, value) in values.iter().enumerate() {
                        if at > 0 {
                            writer.text(text);
                        }
                        writer.expr(value, own.tighter());
                    }
                });
            }
            ExprKind::BinOp { left, op, right } => {
                let (text, own) = operator(*op);
                let (left_level, right_level) = if *op == Operator::Pow {
                    (own.tighter(), own)
                } else {
                    (own, own.tighter())
                };
                self.grouped(level, own, |writer| {
                    writer.expr(left, left_level);
                    writer.text(text);
                    writer.expr(right, right_level);
                });
            }
            ExprKind::UnaryOp { op, operand } => {
                let (text, own) = match op {
                    UnaryOp::Invert => ("~", Level::Factor),
                    UnaryOp::Not => ("not ", Level::Not),
                    UnaryOp::UAdd => ("+", Level::Factor),
                    UnaryOp::USub => ("-", Level::Factor),
                };
                self.grouped(level, own, |writer| {
                    writer.text(text);
                    writer.expr(operand, own);
                });
            }
            ExprKind::Compare(compare) => self.grouped(level, Level::Compare, |writer| {
                writer.expr(&compare.left, Level::BitOr);
                for (op, value) in compare.ops.iter().zip(&compare.comparators) {
                    writer.text(comparison(*op));
                    writer.expr(value, Level::BitOr);
                }
            }),
            _ => {}
        }
    }

    fn expr(&mut self, expr: &Expr, level: Level) {
        match &expr.kind {
            ExprKind::BoolOp { .. }
            | ExprKind::BinOp { .. }
            | ExprKind::UnaryOp { .. }
            | ExprKind::Compare(_) => {
                self.operation(expr, level);
            }
            ExprKind::Lambda(lambda) => self.grouped(level, Level::Test, |writer| {
                let positional =
                    !lambda.args.args.is_empty() || !lambda.args.posonlyargs.is_empty();
                writer.text(if positional { "lambda " } else { "lambda" });
                writer.arguments(&lambda.args);
                writer.text(": ");
                writer.expr(&lambda.body, Level::Test);
            }),
            ExprKind::IfExp(data) => self.grouped(level, Level::Test, |writer| {
                writer.expr(&data.body, Level::Test.tighter());
                writer.text(" if ");
                writer.expr(&data.test, Level::Test.tighter());
                writer.text(" else ");
                writer.expr(&data.orelse, Level::Test);
            }),
            ExprKind::Dict(dict) => self.dict(dict),
            ExprKind::Set(elts) => {
                self.text("{");
                self.listed(elts);
                self.text("}");
            }
            ExprKind::GeneratorExp(comp) => self.comprehension("(", comp, ")"),
            ExprKind::ListComp(comp) => self.comprehension("[", comp, "]"),
            ExprKind::SetComp(comp) => self.comprehension("{", comp, "}"),
            ExprKind::DictComp(comp) => {
                self.text("{");
                self.expr(&comp.key, Level::Test);
                self.text(": ");
                self.expr(&comp.value, Level::Test);
                self.comprehensions(&comp.generators);
                self.text("}");
            }
            ExprKind::Yield(None) => self.text("(yield)"),
            ExprKind::Yield(Some(value)) => {
                self.text("(yield ");
                self.expr(value, Level::Test);
                self.text(")");
            }
            ExprKind::YieldFrom(value) => {
                self.text("(yield from ");
                self.expr(value, Level::Test);
                self.text(")");
            }
            ExprKind::Await(value) => self.grouped(level, Level::Await, |writer| {
                writer.text("await ");
                writer.expr(value, Level::Atom);
            }),
            ExprKind::Call(call) => self.call(call),
            ExprKind::Constant {
                value: Constant::Ellipsis,
                ..
            } => self.text("..."),
            ExprKind::Constant { value, kind } => {
                if *kind {
                    self.text("u");
                }
                self.constant(value);
            }
            ExprKind::JoinedStr(values) => self.joined_str(values, false),
            ExprKind::FormattedValue(data) => self.formatted_value(data),
            ExprKind::Attribute { value, attr, .. } => {
                self.expr(value, Level::Atom);
                let is_int = matches!(
                    value.kind,
                    ExprKind::Constant {
                        value: Constant::Int(_),
                        ..
                    }
                );
                self.text(if is_int { " ." } else { "." });
                self.name(*attr);
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value, Level::Atom);
                self.text("[");
                self.expr(slice, Level::Tuple);
                self.text("]");
            }
            ExprKind::Starred { value, .. } => {
                self.text("*");
                self.expr(value, Level::BitOr);
            }
            ExprKind::Slice { lower, upper, step } => {
                if let Some(lower) = lower {
                    self.expr(lower, Level::Test);
                }
                self.text(":");
                if let Some(upper) = upper {
                    self.expr(upper, Level::Test);
                }
                if let Some(step) = step {
                    self.text(":");
                    self.expr(step, Level::Test);
                }
            }
            ExprKind::Name { id, .. } => self.name(*id),
            ExprKind::List { elts, .. } => {
                self.text("[");
                self.listed(elts);
                self.text("]");
            }
            ExprKind::Tuple { elts, .. } => self.tuple(elts, level),
            ExprKind::NamedExpr { target, value } => self.grouped(level, Level::Tuple, |writer| {
                writer.expr(target, Level::Atom);
                writer.text(" := ");
                writer.expr(value, Level::Atom);
            }),
        }
    }
}
