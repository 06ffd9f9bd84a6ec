//! `match` statements.
//!
//! Every pattern consumes the subject on top of the stack and jumps to a failure block otherwise; what it
//! captures lies below whatever else is kept on the stack, and is stored once the whole pattern matches.

use twinheap_syntax::ast::*;
use twinheap_syntax::names::Name;

use super::{Compiler, Generated};
use crate::flow::BlockId;
use crate::opcode::*;
use crate::repr;
use crate::values::equal;

#[derive(Clone, Default)]
struct Context {
    stores: Vec<Name>,
    allow_irrefutable: bool,
    /// Where to go on failure with so many items to pop.
    fail_pop: Vec<BlockId>,
    on_top: usize,
}

fn is_wildcard(pattern: &Pattern) -> bool {
    matches!(pattern.kind, PatternKind::MatchAs { name: None, .. })
}

fn is_wildcard_star(pattern: &Pattern) -> bool {
    matches!(pattern.kind, PatternKind::MatchStar(None))
}

impl<'t> Compiler<'t> {
    pub(super) fn match_stmt(&mut self, data: &'t Match) -> Generated {
        self.expr(&data.subject)?;
        let end = self.new_block();
        let count = data.cases.len();
        let last = &data.cases[count - 1];
        let has_default = is_wildcard(&last.pattern) && count > 1;
        let tested = count - usize::from(has_default);
        for (at, case) in data.cases[..tested].iter().enumerate() {
            self.case(case, at + 1 < tested, at + 1 == count, end)?;
        }
        if has_default {
            self.set_loc(last.pattern.span);
            self.op(NOP);
            if let Some(guard) = &last.guard {
                self.jump_if(guard, end, false)?;
            }
            self.stmts(&last.body)?;
        }
        self.use_next_block(end);
        Ok(())
    }

    fn case(
        &mut self,
        case: &'t MatchCase,
        keeps_subject: bool,
        is_last: bool,
        end: BlockId,
    ) -> Generated {
        self.set_loc(case.pattern.span);
        if keeps_subject {
            self.op_i(COPY, 1);
        }
        let mut context = Context {
            allow_irrefutable: case.guard.is_some() || is_last,
            ..Context::default()
        };
        self.pattern(&case.pattern, &mut context)?;
        for name in std::mem::take(&mut context.stores) {
            self.name_op(name, ExprContext::Store)?;
        }
        if let Some(guard) = &case.guard {
            self.ensure_fail_pop(&mut context, 0);
            self.jump_if(guard, context.fail_pop[0], false)?;
        }
        if keeps_subject {
            self.op(POP_TOP);
        }
        self.stmts(&case.body)?;
        self.unset_loc();
        self.jump(JUMP, end);
        self.set_loc(case.pattern.span);
        self.emit_fail_pop(&mut context);
        Ok(())
    }

    fn ensure_fail_pop(&mut self, context: &mut Context, count: usize) {
        while context.fail_pop.len() <= count {
            let block = self.new_block();
            context.fail_pop.push(block);
        }
    }

    fn jump_to_fail_pop(&mut self, context: &mut Context, opcode: Opcode) {
        let pops = context.on_top + context.stores.len();
        self.ensure_fail_pop(context, pops);
        self.jump(opcode, context.fail_pop[pops]);
    }

    fn emit_fail_pop(&mut self, context: &mut Context) {
        let blocks = std::mem::take(&mut context.fail_pop);
        for at in (0..blocks.len()).rev() {
            self.use_next_block(blocks[at]);
            if at > 0 {
                self.op(POP_TOP);
            }
        }
    }

    fn rotate(&mut self, mut count: usize) {
        while count > 1 {
            self.op_i(SWAP, count);
            count -= 1;
        }
    }

    fn repr_of_name(&self, name: Name) -> String {
        String::from_utf8_lossy(&repr::str_repr(self.names.text(name).as_bytes())).into_owned()
    }

    fn duplicate_store(&self, name: Name) -> Generated {
        self.error(format!(
            "multiple assignments to name {} in pattern",
            self.repr_of_name(name)
        ))
    }

    fn store_capture(&mut self, name: Option<Name>, context: &mut Context) -> Generated {
        let Some(name) = name else {
            self.op(POP_TOP);
            return Ok(());
        };
        self.check_forbidden(name, ExprContext::Store)?;
        if context.stores.contains(&name) {
            return self.duplicate_store(name);
        }
        self.rotate(context.on_top + context.stores.len() + 1);
        context.stores.push(name);
        Ok(())
    }

    fn pattern(&mut self, pattern: &'t Pattern, context: &mut Context) -> Generated {
        self.set_loc(pattern.span);
        match &pattern.kind {
            PatternKind::MatchValue(value) => {
                if !matches!(
                    value.kind,
                    ExprKind::Constant { .. } | ExprKind::Attribute { .. }
                ) {
                    return self.error("patterns may only match literals and attribute lookups");
                }
                self.expr(value)?;
                self.compare_op(CmpOp::Eq);
                self.jump_to_fail_pop(context, POP_JUMP_IF_FALSE);
                Ok(())
            }
            PatternKind::MatchSingleton(value) => {
                self.load_const(value.clone());
                self.compare_op(CmpOp::Is);
                self.jump_to_fail_pop(context, POP_JUMP_IF_FALSE);
                Ok(())
            }
            PatternKind::MatchSequence(patterns) => self.sequence_pattern(patterns, context),
            PatternKind::MatchMapping(data) => self.mapping_pattern(data, context),
            PatternKind::MatchClass(data) => self.class_pattern(pattern, data, context),
            PatternKind::MatchStar(name) => self.store_capture(*name, context),
            PatternKind::MatchAs {
                pattern: inner,
                name,
            } => self.as_pattern(inner.as_deref(), *name, context),
            PatternKind::MatchOr(patterns) => self.or_pattern(patterns, context),
        }
    }

    fn subpattern(&mut self, pattern: &'t Pattern, context: &mut Context) -> Generated {
        let outer = std::mem::replace(&mut context.allow_irrefutable, true);
        self.pattern(pattern, context)?;
        context.allow_irrefutable = outer;
        Ok(())
    }

    fn as_pattern(
        &mut self,
        inner: Option<&'t Pattern>,
        name: Option<Name>,
        context: &mut Context,
    ) -> Generated {
        let Some(inner) = inner else {
            if !context.allow_irrefutable {
                return match name {
                    Some(name) => {
                        let name = self.repr_of_name(name);
                        self.error(format!(
                            "name capture {name} makes remaining patterns unreachable"
                        ))
                    }
                    None => self.error("wildcard makes remaining patterns unreachable"),
                };
            }
            return self.store_capture(name, context);
        };
        context.on_top += 1;
        self.op_i(COPY, 1);
        self.pattern(inner, context)?;
        context.on_top -= 1;
        self.store_capture(name, context)
    }

    fn check_length(&mut self, size: usize, op: CmpOp, context: &mut Context) {
        self.op(GET_LEN);
        self.load_const(Compiler::int_constant(size));
        self.compare_op(op);
        self.jump_to_fail_pop(context, POP_JUMP_IF_FALSE);
    }

    fn sequence_pattern(&mut self, patterns: &'t [Pattern], context: &mut Context) -> Generated {
        let is_star = |pattern: &Pattern| matches!(pattern.kind, PatternKind::MatchStar(_));
        let star = patterns.iter().position(is_star);
        if patterns.iter().filter(|pattern| is_star(pattern)).count() > 1 {
            return self.error("multiple starred names in sequence pattern");
        }
        let only_wildcards = patterns
            .iter()
            .all(|pattern| is_wildcard(pattern) || is_wildcard_star(pattern));
        let star_is_wildcard = star.is_some_and(|star| is_wildcard_star(&patterns[star]));
        context.on_top += 1;
        self.op(MATCH_SEQUENCE);
        self.jump_to_fail_pop(context, POP_JUMP_IF_FALSE);
        if star.is_none() {
            self.check_length(patterns.len(), CmpOp::Eq, context);
        } else if patterns.len() > 1 {
            self.check_length(patterns.len() - 1, CmpOp::GtE, context);
        }
        context.on_top -= 1;
        match star {
            _ if only_wildcards => {
                self.op(POP_TOP);
                Ok(())
            }
            Some(star) if star_is_wildcard => self.sequence_by_index(patterns, star, context),
            _ => {
                self.unpack_op(patterns.iter().map(is_star), "sequence pattern")?;
                self.unpacked(patterns.iter(), patterns.len(), context)
            }
        }
    }

    /// Matches items that have just been spread on the stack.
    fn unpacked(
        &mut self,
        patterns: impl Iterator<Item = &'t Pattern>,
        count: usize,
        context: &mut Context,
    ) -> Generated {
        context.on_top += count;
        for pattern in patterns {
            context.on_top -= 1;
            self.subpattern(pattern, context)?;
        }
        Ok(())
    }

    /// Fetches only the items that matter, for sequences with a nameless star.
    fn sequence_by_index(
        &mut self,
        patterns: &'t [Pattern],
        star: usize,
        context: &mut Context,
    ) -> Generated {
        context.on_top += 1;
        let size = patterns.len();
        for (at, pattern) in patterns.iter().enumerate() {
            if is_wildcard(pattern) || at == star {
                continue;
            }
            self.op_i(COPY, 1);
            if at < star {
                self.load_const(Compiler::int_constant(at));
            } else {
                self.op(GET_LEN);
                self.load_const(Compiler::int_constant(size - at));
                self.binary_op(Operator::Sub, false);
            }
            self.op(BINARY_SUBSCR);
            self.subpattern(pattern, context)?;
        }
        context.on_top -= 1;
        self.op(POP_TOP);
        Ok(())
    }

    fn check_attributes(&mut self, data: &MatchClass) -> Generated {
        for (at, attr) in data.kwd_attrs.iter().enumerate() {
            self.set_loc(data.kwd_patterns[at].span);
            self.check_forbidden(*attr, ExprContext::Store)?;
            if let Some(other) = data.kwd_attrs[at + 1..]
                .iter()
                .position(|other| other == attr)
            {
                self.set_loc(data.kwd_patterns[at + 1 + other].span);
                let name = self.names.text(*attr);
                return self.error(format!("attribute name repeated in class pattern: {name}"));
            }
        }
        Ok(())
    }

    /// Fails unless the value on top, which is kept, is something else than `None`.
    fn fail_on_none(&mut self) {
        self.op_i(COPY, 1);
        self.load_const(Constant::None);
        self.op_i(IS_OP, 1);
    }

    fn class_pattern(
        &mut self,
        pattern: &Pattern,
        data: &'t MatchClass,
        context: &mut Context,
    ) -> Generated {
        if !data.kwd_attrs.is_empty() {
            self.check_attributes(data)?;
            self.set_loc(pattern.span);
        }
        self.expr(&data.cls)?;
        let attrs = self.names_constant(&data.kwd_attrs);
        self.load_const(attrs);
        self.op_i(MATCH_CLASS, data.patterns.len());
        self.fail_on_none();
        context.on_top += 1;
        self.jump_to_fail_pop(context, POP_JUMP_IF_FALSE);
        let count = data.patterns.len() + data.kwd_attrs.len();
        self.op_i(UNPACK_SEQUENCE, count);
        context.on_top = context.on_top + count - 1;
        for inner in data.patterns.iter().chain(&data.kwd_patterns) {
            context.on_top -= 1;
            if is_wildcard(inner) {
                self.op(POP_TOP);
            } else {
                self.subpattern(inner, context)?;
            }
        }
        Ok(())
    }

    fn mapping_keys(&mut self, data: &'t MatchMapping) -> Generated {
        let mut seen: Vec<&Constant> = Vec::new();
        for key in &data.keys {
            match &key.kind {
                ExprKind::Constant { value, .. } => {
                    if seen.iter().any(|other| equal(other, value)) {
                        let text = String::from_utf8_lossy(&repr::repr(value)).into_owned();
                        return self
                            .error(format!("mapping pattern checks duplicate key ({text})"));
                    }
                    seen.push(value);
                }
                ExprKind::Attribute { .. } => {}
                _ => {
                    return self.error(
                        "mapping pattern keys may only match literals and attribute lookups",
                    );
                }
            }
            self.expr(key)?;
        }
        Ok(())
    }

    fn mapping_pattern(&mut self, data: &'t MatchMapping, context: &mut Context) -> Generated {
        let size = data.keys.len();
        context.on_top += 1;
        self.op(MATCH_MAPPING);
        self.jump_to_fail_pop(context, POP_JUMP_IF_FALSE);
        if size == 0 && data.rest.is_none() {
            context.on_top -= 1;
            self.op(POP_TOP);
            return Ok(());
        }
        if size > 0 {
            self.check_length(size, CmpOp::GtE, context);
        }
        self.mapping_keys(data)?;
        self.op_i(BUILD_TUPLE, size);
        self.op(MATCH_KEYS);
        context.on_top += 2;
        self.fail_on_none();
        self.jump_to_fail_pop(context, POP_JUMP_IF_FALSE);
        self.op_i(UNPACK_SEQUENCE, size);
        context.on_top -= 1;
        self.unpacked(data.patterns.iter(), size, context)?;
        context.on_top -= 2;
        let Some(rest) = data.rest else {
            self.op(POP_TOP);
            self.op(POP_TOP);
            return Ok(());
        };
        self.op_i(BUILD_MAP, 0);
        self.op_i(SWAP, 3);
        self.op_i(DICT_UPDATE, 2);
        self.op_i(UNPACK_SEQUENCE, size);
        for left in (1..=size).rev() {
            self.op_i(COPY, 1 + left);
            self.op_i(SWAP, 2);
            self.op(DELETE_SUBSCR);
        }
        self.store_capture(Some(rest), context)
    }

    /// Brings the captures of an alternative into the order of the first one's.
    fn reorder_stores(&mut self, control: &[Name], stores: &mut Vec<Name>) -> Generated {
        for wanted in (0..control.len()).rev() {
            let Some(found) = stores.iter().position(|name| *name == control[wanted]) else {
                return self.error("alternative patterns bind different names");
            };
            if wanted == found {
                continue;
            }
            let rotations = found + 1;
            let rotated: Vec<Name> = stores.drain(..rotations).collect();
            stores.splice(wanted - found..wanted - found, rotated);
            for _ in 0..rotations {
                self.rotate(wanted + 1);
            }
        }
        Ok(())
    }

    fn or_pattern(&mut self, patterns: &'t [Pattern], context: &mut Context) -> Generated {
        let end = self.new_block();
        let mut control: Vec<Name> = Vec::new();
        for (at, alternative) in patterns.iter().enumerate() {
            self.set_loc(alternative.span);
            let allow_irrefutable = at + 1 == patterns.len() && context.allow_irrefutable;
            let mut inner = Context {
                allow_irrefutable,
                ..Context::default()
            };
            self.op_i(COPY, 1);
            self.pattern(alternative, &mut inner)?;
            if at == 0 {
                control.clone_from(&inner.stores);
            } else if inner.stores.len() != control.len() {
                return self.error("alternative patterns bind different names");
            } else {
                self.reorder_stores(&control, &mut inner.stores)?;
            }
            self.jump(JUMP, end);
            self.emit_fail_pop(&mut inner);
        }
        self.op(POP_TOP);
        self.jump_to_fail_pop(context, JUMP);
        self.use_next_block(end);
        let rotations = control.len() + 1 + context.on_top + context.stores.len();
        for name in control {
            self.rotate(rotations);
            if context.stores.contains(&name) {
                return self.duplicate_store(name);
            }
            context.stores.push(name);
        }
        self.op(POP_TOP);
        Ok(())
    }
}
