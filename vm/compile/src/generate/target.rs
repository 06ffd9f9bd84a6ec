//! Unpacking into several targets.

use twinheap_syntax::ast::*;

use super::{Compiler, Generated};
use crate::opcode::*;

const MAX_BEFORE_STAR: usize = 1 << 8;
const MAX_AFTER_STAR: usize = i32::MAX as usize >> 8;

impl<'t> Compiler<'t> {
    /// The instruction that spreads a sequence over `count` places, some of which are starred.
    pub(super) fn unpack_op(
        &mut self,
        starred: impl Iterator<Item = bool>,
        what: &str,
    ) -> Generated {
        let stars: Vec<bool> = starred.collect();
        let count = stars.len();
        let mut seen = false;
        for at in (0..count).filter(|at| stars[*at]) {
            if seen {
                return self.error(format!("multiple starred expressions in {what}"));
            }
            let after = count - at - 1;
            if at >= MAX_BEFORE_STAR || after >= MAX_AFTER_STAR {
                return self.error(format!("too many expressions in star-unpacking {what}"));
            }
            self.op_i(UNPACK_EX, at + (after << 8));
            seen = true;
        }
        if !seen {
            self.op_i(UNPACK_SEQUENCE, count);
        }
        Ok(())
    }

    pub(super) fn unpack_into(&mut self, elts: &'t [Expr]) -> Generated {
        let stars = elts
            .iter()
            .map(|elt| matches!(elt.kind, ExprKind::Starred { .. }));
        self.unpack_op(stars, "assignment")?;
        elts.iter().try_for_each(|elt| match &elt.kind {
            ExprKind::Starred { value, .. } => self.expr(value),
            _ => self.expr(elt),
        })
    }
}
