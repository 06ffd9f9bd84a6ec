//! Assignment targets: parsed as expressions, then turned around.

use super::{Parsed, Parser, Rejected};
use crate::ast::*;
use crate::token::Tok;

/// Gives `expr` and what it is made of the context `ctx`; fails if it is not a target.
pub fn set_context(expr: &mut Expr, wanted: ExprContext, star_allowed: bool) -> Parsed<()> {
    match &mut expr.kind {
        ExprKind::Name { ctx, .. }
        | ExprKind::Attribute { ctx, .. }
        | ExprKind::Subscript { ctx, .. } => *ctx = wanted,
        ExprKind::Tuple { elts, ctx } | ExprKind::List { elts, ctx } => {
            *ctx = wanted;
            for elt in elts {
                set_context(elt, wanted, wanted == ExprContext::Store)?;
            }
        }
        ExprKind::Starred { value, ctx } if star_allowed => {
            *ctx = wanted;
            set_context(value, wanted, false)?;
        }
        _ => return Err(Rejected),
    }
    Ok(())
}

impl Parser<'_> {
    /// `star_targets`, as after `for`: what an `in` ends.
    pub(super) fn star_targets(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let first = self.star_target()?;
        if self.peek() != Tok::Comma {
            return Ok(first);
        }
        let mut elts = vec![first];
        while self.eat(Tok::Comma) {
            if self.peek() == Tok::In {
                break;
            }
            elts.push(self.star_target()?);
        }
        Ok(self.expr(
            start,
            ExprKind::Tuple {
                elts,
                ctx: ExprContext::Store,
            },
        ))
    }

    pub(super) fn star_target(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        if self.eat(Tok::Star) {
            if self.peek() == Tok::Star {
                return Err(Rejected);
            }
            let value = Box::new(self.star_target()?);
            return Ok(self.expr(
                start,
                ExprKind::Starred {
                    value,
                    ctx: ExprContext::Store,
                },
            ));
        }
        let mut target = self.primary()?;
        set_context(&mut target, ExprContext::Store, false)?;
        Ok(target)
    }

    pub(super) fn del_targets(&mut self) -> Parsed<Vec<Expr>> {
        let mut targets = Vec::new();
        loop {
            let mut target = self.primary()?;
            set_context(&mut target, ExprContext::Del, false)?;
            targets.push(target);
            if !self.eat(Tok::Comma) || matches!(self.peek(), Tok::Semi | Tok::Newline) {
                return Ok(targets);
            }
        }
    }
}
