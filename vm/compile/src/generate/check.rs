//! Warnings about expressions that cannot do what they seem to.

use twinheap_syntax::ast::*;

use super::Compiler;

/// The name of the type that an expression certainly has.
fn type_name(expr: &Expr) -> Option<&'static str> {
    Some(match &expr.kind {
        ExprKind::Tuple { .. } => "tuple",
        ExprKind::List { .. } | ExprKind::ListComp(_) => "list",
        ExprKind::Dict(_) | ExprKind::DictComp(_) => "dict",
        ExprKind::Set(_) | ExprKind::SetComp(_) => "set",
        ExprKind::GeneratorExp(_) => "generator",
        ExprKind::Lambda(_) => "function",
        ExprKind::JoinedStr(_) | ExprKind::FormattedValue(_) => "str",
        ExprKind::Constant { value, .. } => match value {
            Constant::None => "NoneType",
            Constant::False | Constant::True => "bool",
            Constant::Ellipsis => "ellipsis",
            Constant::Int(_) => "int",
            Constant::Float(_) => "float",
            Constant::Complex(..) => "complex",
            Constant::Str(_) => "str",
            Constant::Bytes(_) => "bytes",
            Constant::Tuple(_) => "tuple",
            Constant::FrozenSet(_) => "frozenset",
        },
        _ => return None,
    })
}

/// A constant that is no singleton.
fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Constant { value, .. } => !matches!(
            value,
            Constant::None | Constant::False | Constant::True | Constant::Ellipsis
        ),
        _ => false,
    }
}

impl Compiler<'_> {
    pub(super) fn check_compare(&mut self, compare: &Compare) {
        let mut left = is_literal(&compare.left);
        for (op, value) in compare.ops.iter().zip(&compare.comparators) {
            let right = is_literal(value);
            if left || right {
                let message = match op {
                    CmpOp::Is => "\"is\" with a literal. Did you mean \"==\"?",
                    CmpOp::IsNot => "\"is not\" with a literal. Did you mean \"!=\"?",
                    _ => "",
                };
                if !message.is_empty() {
                    return self.warn(message.into());
                }
            }
            left = right;
        }
    }

    pub(super) fn check_caller(&mut self, func: &Expr) {
        if matches!(func.kind, ExprKind::Lambda(_)) {
            return;
        }
        if let Some(name) = type_name(func) {
            self.warn(format!(
                "'{name}' object is not callable; perhaps you missed a comma?"
            ));
        }
    }

    pub(super) fn check_subscripter(&mut self, value: &Expr) {
        let suspicious = match &value.kind {
            ExprKind::Constant { value, .. } => matches!(
                value,
                Constant::None
                    | Constant::Ellipsis
                    | Constant::Int(_)
                    | Constant::False
                    | Constant::True
                    | Constant::Float(_)
                    | Constant::Complex(..)
                    | Constant::FrozenSet(_)
            ),
            ExprKind::Set(_)
            | ExprKind::SetComp(_)
            | ExprKind::GeneratorExp(_)
            | ExprKind::Lambda(_) => true,
            _ => false,
        };
        if suspicious && let Some(name) = type_name(value) {
            self.warn(format!(
                "'{name}' object is not subscriptable; perhaps you missed a comma?"
            ));
        }
    }

    pub(super) fn check_index(&mut self, value: &Expr, index: &Expr) {
        let Some(index_name) = type_name(index).filter(|name| !matches!(*name, "int" | "bool"))
        else {
            return;
        };
        let suspicious = match &value.kind {
            ExprKind::Constant { value, .. } => {
                matches!(
                    value,
                    Constant::Str(_) | Constant::Bytes(_) | Constant::Tuple(_)
                )
            }
            ExprKind::Tuple { .. }
            | ExprKind::List { .. }
            | ExprKind::ListComp(_)
            | ExprKind::JoinedStr(_)
            | ExprKind::FormattedValue(_) => true,
            _ => false,
        };
        if suspicious && let Some(name) = type_name(value) {
            self.warn(format!(
                "{name} indices must be integers or slices, not {index_name}; perhaps you missed a comma?"
            ));
        }
    }
}
