//! Expressions: operators, displays, comparisons, jumps on conditions, f-strings.

use std::rc::Rc;

use twinheap_syntax::ast::*;
use twinheap_syntax::error::{ErrorKind, SyntaxError};
use twinheap_syntax::names::Name;

use super::{Compiler, Generated, STACK_USE_GUIDELINE};
use crate::flow::BlockId;
use crate::opcode::*;
use crate::symtable::BlockType;
use crate::unit::ScopeType;

const INPLACE: usize = 13;

fn binary_arg(op: Operator) -> usize {
    match op {
        Operator::Add => 0,
        Operator::BitAnd => 1,
        Operator::FloorDiv => 2,
        Operator::LShift => 3,
        Operator::MatMult => 4,
        Operator::Mult => 5,
        Operator::Mod => 6,
        Operator::BitOr => 7,
        Operator::Pow => 8,
        Operator::RShift => 9,
        Operator::Sub => 10,
        Operator::Div => 11,
        Operator::BitXor => 12,
    }
}

/// How a display is built.
#[derive(Clone, Copy)]
pub(super) struct Display {
    pub build: Opcode,
    pub add: Opcode,
    pub extend: Opcode,
    pub is_tuple: bool,
}

pub(super) const LIST: Display = Display {
    build: BUILD_LIST,
    add: LIST_APPEND,
    extend: LIST_EXTEND,
    is_tuple: false,
};
pub(super) const TUPLE: Display = Display {
    build: BUILD_LIST,
    add: LIST_APPEND,
    extend: LIST_EXTEND,
    is_tuple: true,
};
const SET: Display = Display {
    build: BUILD_SET,
    add: SET_ADD,
    extend: SET_UPDATE,
    is_tuple: false,
};

fn constant_items<'a>(exprs: impl Iterator<Item = &'a Expr>) -> Option<Rc<[Constant]>> {
    exprs
        .map(|expr| match &expr.kind {
            ExprKind::Constant { value, .. } => Some(value.clone()),
            _ => None,
        })
        .collect()
}

impl<'t> Compiler<'t> {
    pub(super) fn expr(&mut self, expr: &'t Expr) -> Generated {
        let outer = self.unit.loc;
        self.set_loc(expr.span);
        let result = self.expr_inner(expr);
        self.unit.loc = outer;
        result
    }

    fn expr_inner(&mut self, expr: &'t Expr) -> Generated {
        match &expr.kind {
            ExprKind::NamedExpr { target, value } => {
                self.expr(value)?;
                self.op_i(COPY, 1);
                self.expr(target)
            }
            ExprKind::BoolOp { op, values } => self.bool_op(*op, values),
            ExprKind::BinOp { left, op, right } => {
                self.expr(left)?;
                self.expr(right)?;
                self.binary_op(*op, false);
                Ok(())
            }
            ExprKind::UnaryOp { op, operand } => {
                self.expr(operand)?;
                self.op(match op {
                    UnaryOp::Invert => UNARY_INVERT,
                    UnaryOp::Not => UNARY_NOT,
                    UnaryOp::UAdd => UNARY_POSITIVE,
                    UnaryOp::USub => UNARY_NEGATIVE,
                });
                Ok(())
            }
            ExprKind::Lambda(lambda) => self.lambda(expr, lambda),
            ExprKind::IfExp(data) => self.if_exp(data),
            ExprKind::Dict(dict) => self.dict(dict),
            ExprKind::Set(elts) => self.display(elts, 0, SET),
            ExprKind::GeneratorExp(_)
            | ExprKind::ListComp(_)
            | ExprKind::SetComp(_)
            | ExprKind::DictComp(_) => self.comprehension(expr),
            ExprKind::Yield(value) => self.yield_expr(value.as_deref()),
            ExprKind::YieldFrom(value) => self.yield_from_expr(value),
            ExprKind::Await(value) => self.await_expr(value),
            ExprKind::Compare(compare) => self.compare(compare),
            ExprKind::Call(call) => self.call(expr, call),
            ExprKind::Constant { value, .. } => {
                self.load_const(value.clone());
                Ok(())
            }
            ExprKind::JoinedStr(values) => self.joined_str(values),
            ExprKind::FormattedValue(data) => self.formatted_value(data),
            ExprKind::Attribute { value, attr, ctx } => self.attribute(expr, value, *attr, *ctx),
            ExprKind::Subscript { value, slice, ctx } => self.subscript(value, slice, *ctx),
            ExprKind::Starred {
                ctx: ExprContext::Store,
                ..
            } => self.error("starred assignment target must be in a list or tuple"),
            ExprKind::Starred { .. } => self.error("can't use starred expression here"),
            ExprKind::Slice { lower, upper, step } => {
                for bound in [lower, upper] {
                    match bound {
                        Some(bound) => self.expr(bound)?,
                        None => self.load_const(Constant::None),
                    }
                }
                if let Some(step) = step {
                    self.expr(step)?;
                }
                self.op_i(BUILD_SLICE, 2 + usize::from(step.is_some()));
                Ok(())
            }
            ExprKind::Name { id, ctx } => self.name_op(*id, *ctx),
            ExprKind::List { elts, ctx } => match ctx {
                ExprContext::Store => self.unpack_into(elts),
                ExprContext::Load => self.display(elts, 0, LIST),
                ExprContext::Del => self.exprs(elts),
            },
            ExprKind::Tuple { elts, ctx } => match ctx {
                ExprContext::Store => self.unpack_into(elts),
                ExprContext::Load => self.display(elts, 0, TUPLE),
                ExprContext::Del => self.exprs(elts),
            },
        }
    }

    pub(super) fn binary_op(&mut self, op: Operator, in_place: bool) {
        let base = if in_place { INPLACE } else { 0 };
        self.op_i(BINARY_OP, base + binary_arg(op));
    }

    fn bool_op(&mut self, op: BoolOp, values: &'t [Expr]) -> Generated {
        let opcode = match op {
            BoolOp::And => JUMP_IF_FALSE_OR_POP,
            BoolOp::Or => JUMP_IF_TRUE_OR_POP,
        };
        let end = self.new_block();
        for (at, value) in values.iter().enumerate() {
            self.expr(value)?;
            if at + 1 < values.len() {
                self.jump(opcode, end);
                let next = self.new_block();
                self.use_next_block(next);
            }
        }
        self.use_next_block(end);
        Ok(())
    }

    fn if_exp(&mut self, data: &'t IfExp) -> Generated {
        let end = self.new_block();
        let next = self.new_block();
        self.jump_if(&data.test, next, false)?;
        self.expr(&data.body)?;
        self.jump_no_line(JUMP, end);
        self.use_next_block(next);
        self.expr(&data.orelse)?;
        self.use_next_block(end);
        Ok(())
    }

    /// Jumps to `next` if the truth of `expr` is `condition`.
    pub(super) fn jump_if(&mut self, expr: &'t Expr, next: BlockId, condition: bool) -> Generated {
        let opcode = if condition {
            POP_JUMP_IF_TRUE
        } else {
            POP_JUMP_IF_FALSE
        };
        match &expr.kind {
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            } => return self.jump_if(operand, next, !condition),
            ExprKind::BoolOp { op, values } => {
                let short = *op == BoolOp::Or;
                let inner = if short == condition {
                    next
                } else {
                    self.new_block()
                };
                if let Some((last, rest)) = values.split_last() {
                    for value in rest {
                        self.jump_if(value, inner, short)?;
                    }
                    self.jump_if(last, next, condition)?;
                }
                if inner != next {
                    self.use_next_block(inner);
                }
                return Ok(());
            }
            ExprKind::IfExp(data) => {
                let end = self.new_block();
                let orelse = self.new_block();
                self.jump_if(&data.test, orelse, false)?;
                self.jump_if(&data.body, next, condition)?;
                self.jump_no_line(JUMP, end);
                self.use_next_block(orelse);
                self.jump_if(&data.orelse, next, condition)?;
                self.use_next_block(end);
                return Ok(());
            }
            ExprKind::Compare(compare) => {
                self.set_loc(expr.span);
                if compare.ops.len() > 1 {
                    return self.jump_if_chain(compare, next, condition);
                }
            }
            _ => {}
        }
        self.expr(expr)?;
        self.jump(opcode, next);
        Ok(())
    }

    fn jump_if_chain(&mut self, compare: &'t Compare, next: BlockId, condition: bool) -> Generated {
        self.check_compare(compare);
        let cleanup = self.new_block();
        self.expr(&compare.left)?;
        let last = compare.ops.len() - 1;
        for (op, value) in compare.ops.iter().zip(&compare.comparators).take(last) {
            self.expr(value)?;
            self.op_i(SWAP, 2);
            self.op_i(COPY, 2);
            self.compare_op(*op);
            self.jump(POP_JUMP_IF_FALSE, cleanup);
        }
        self.expr(&compare.comparators[last])?;
        self.compare_op(compare.ops[last]);
        self.jump(
            if condition {
                POP_JUMP_IF_TRUE
            } else {
                POP_JUMP_IF_FALSE
            },
            next,
        );
        let end = self.new_block();
        self.jump_no_line(JUMP, end);
        self.use_next_block(cleanup);
        self.op(POP_TOP);
        if !condition {
            self.jump_no_line(JUMP, next);
        }
        self.use_next_block(end);
        Ok(())
    }

    pub(super) fn compare_op(&mut self, op: CmpOp) {
        let (opcode, oparg) = match op {
            CmpOp::Lt => (COMPARE_OP, 0),
            CmpOp::LtE => (COMPARE_OP, 1),
            CmpOp::Eq => (COMPARE_OP, 2),
            CmpOp::NotEq => (COMPARE_OP, 3),
            CmpOp::Gt => (COMPARE_OP, 4),
            CmpOp::GtE => (COMPARE_OP, 5),
            CmpOp::Is => (IS_OP, 0),
            CmpOp::IsNot => (IS_OP, 1),
            CmpOp::In => (CONTAINS_OP, 0),
            CmpOp::NotIn => (CONTAINS_OP, 1),
        };
        self.op_i(opcode, oparg);
    }

    fn compare(&mut self, compare: &'t Compare) -> Generated {
        self.check_compare(compare);
        self.expr(&compare.left)?;
        let last = compare.ops.len() - 1;
        if last == 0 {
            self.expr(&compare.comparators[0])?;
            self.compare_op(compare.ops[0]);
            return Ok(());
        }
        let cleanup = self.new_block();
        for (op, value) in compare.ops.iter().zip(&compare.comparators).take(last) {
            self.expr(value)?;
            self.op_i(SWAP, 2);
            self.op_i(COPY, 2);
            self.compare_op(*op);
            self.jump(JUMP_IF_FALSE_OR_POP, cleanup);
        }
        self.expr(&compare.comparators[last])?;
        self.compare_op(compare.ops[last]);
        let end = self.new_block();
        self.jump_no_line(JUMP, end);
        self.use_next_block(cleanup);
        self.op_i(SWAP, 2);
        self.op(POP_TOP);
        self.use_next_block(end);
        Ok(())
    }

    /// A tuple, list or set with `pushed` items already on the stack.
    pub(super) fn display(
        &mut self,
        elts: &'t [Expr],
        pushed: usize,
        display: Display,
    ) -> Generated {
        let count = elts.len();
        if count > 2
            && let Some(items) = constant_items(elts.iter())
        {
            self.constant_display(items, pushed, display);
            return Ok(());
        }
        let is_big = count + pushed > STACK_USE_GUIDELINE;
        let has_star = elts
            .iter()
            .any(|elt| matches!(elt.kind, ExprKind::Starred { .. }));
        if !has_star && !is_big {
            self.exprs(elts)?;
            self.op_i(
                if display.is_tuple {
                    BUILD_TUPLE
                } else {
                    display.build
                },
                count + pushed,
            );
            return Ok(());
        }
        let mut is_built = is_big;
        if is_big {
            self.op_i(display.build, pushed);
        }
        for (at, elt) in elts.iter().enumerate() {
            if let ExprKind::Starred { value, .. } = &elt.kind {
                if !is_built {
                    self.op_i(display.build, at + pushed);
                    is_built = true;
                }
                self.expr(value)?;
                self.op_i(display.extend, 1);
            } else {
                self.expr(elt)?;
                if is_built {
                    self.op_i(display.add, 1);
                }
            }
        }
        if display.is_tuple {
            self.op(LIST_TO_TUPLE);
        }
        Ok(())
    }

    fn constant_display(&mut self, items: Rc<[Constant]>, pushed: usize, display: Display) {
        if display.is_tuple && pushed == 0 {
            return self.load_const(Constant::Tuple(items));
        }
        let constant = if display.add == SET_ADD {
            Constant::FrozenSet(crate::values::unique(&items).into())
        } else {
            Constant::Tuple(items)
        };
        self.op_i(display.build, pushed);
        self.load_const(constant);
        self.op_i(display.extend, 1);
        if display.is_tuple {
            self.op(LIST_TO_TUPLE);
        }
    }

    fn part_of_dict(&mut self, dict: &'t Dict, begin: usize, end: usize) -> Generated {
        let count = end - begin;
        let is_big = count * 2 > STACK_USE_GUIDELINE;
        let keys = &dict.keys[begin..end];
        if count > 1
            && !is_big
            && let Some(keys) = constant_items(keys.iter().flatten())
        {
            self.exprs(&dict.values[begin..end])?;
            self.load_const(Constant::Tuple(keys));
            self.op_i(BUILD_CONST_KEY_MAP, count);
            return Ok(());
        }
        if is_big {
            self.op_i(BUILD_MAP, 0);
        }
        for (key, value) in keys.iter().flatten().zip(&dict.values[begin..end]) {
            self.expr(key)?;
            self.expr(value)?;
            if is_big {
                self.op_i(MAP_ADD, 1);
            }
        }
        if !is_big {
            self.op_i(BUILD_MAP, count);
        }
        Ok(())
    }

    fn dict(&mut self, dict: &'t Dict) -> Generated {
        let mut has_dict = false;
        let mut waiting = 0;
        for (at, key) in dict.keys.iter().enumerate() {
            if key.is_none() {
                if waiting > 0 {
                    self.part_of_dict(dict, at - waiting, at)?;
                    if has_dict {
                        self.op_i(DICT_UPDATE, 1);
                    }
                    has_dict = true;
                    waiting = 0;
                }
                if !has_dict {
                    self.op_i(BUILD_MAP, 0);
                    has_dict = true;
                }
                self.expr(&dict.values[at])?;
                self.op_i(DICT_UPDATE, 1);
            } else if waiting * 2 > STACK_USE_GUIDELINE {
                self.part_of_dict(dict, at - waiting, at + 1)?;
                if has_dict {
                    self.op_i(DICT_UPDATE, 1);
                }
                has_dict = true;
                waiting = 0;
            } else {
                waiting += 1;
            }
        }
        let count = dict.keys.len();
        if waiting > 0 {
            self.part_of_dict(dict, count - waiting, count)?;
            if has_dict {
                self.op_i(DICT_UPDATE, 1);
            }
            has_dict = true;
        }
        if !has_dict {
            self.op_i(BUILD_MAP, 0);
        }
        Ok(())
    }

    pub(super) fn yield_op(&mut self) {
        let entry = &self.scopes.entries[self.unit.entry];
        if entry.generator && entry.coroutine {
            self.op(ASYNC_GEN_WRAP);
        }
        self.op(YIELD_VALUE);
        self.op_i(RESUME, 1);
    }

    fn is_in_function(&self) -> bool {
        self.scopes.entries[self.unit.entry].block_type == BlockType::Function
    }

    fn yield_expr(&mut self, value: Option<&'t Expr>) -> Generated {
        if !self.is_in_function() {
            return self.error("'yield' outside function");
        }
        match value {
            Some(value) => self.expr(value)?,
            None => self.load_const(Constant::None),
        }
        self.yield_op();
        Ok(())
    }

    fn yield_from_expr(&mut self, value: &'t Expr) -> Generated {
        if !self.is_in_function() {
            return self.error("'yield' outside function");
        }
        if self.unit.scope_type == ScopeType::AsyncFunction {
            return self.error("'yield from' inside async function");
        }
        self.expr(value)?;
        self.op(GET_YIELD_FROM_ITER);
        self.load_const(Constant::None);
        self.yield_from(false);
        Ok(())
    }

    fn await_expr(&mut self, value: &'t Expr) -> Generated {
        if !self.is_top_level_await() {
            if !self.is_in_function() {
                return self.error("'await' outside function");
            }
            if !matches!(
                self.unit.scope_type,
                ScopeType::AsyncFunction | ScopeType::Comprehension
            ) {
                return self.error("'await' outside async function");
            }
        }
        self.expr(value)?;
        self.await_value(0);
        Ok(())
    }

    fn joined_str(&mut self, values: &'t [Expr]) -> Generated {
        if values.len() > STACK_USE_GUIDELINE {
            self.load_const(Constant::Str(Rc::from(&b""[..])));
            self.op_name(LOAD_METHOD, self.own.join);
            self.op_i(BUILD_LIST, 0);
            for value in values {
                self.expr(value)?;
                self.op_i(LIST_APPEND, 1);
            }
            self.call_op(1);
            return Ok(());
        }
        self.exprs(values)?;
        if values.len() != 1 {
            self.op_i(BUILD_STRING, values.len());
        }
        Ok(())
    }

    fn formatted_value(&mut self, data: &'t FormattedValue) -> Generated {
        self.expr(&data.value)?;
        let mut oparg = match u8::try_from(data.conversion) {
            Ok(b's') => 1,
            Ok(b'r') => 2,
            Ok(b'a') => 3,
            Err(_) if data.conversion == -1 => 0,
            // The parser makes no other one; a program that makes a tree can.
            _ => {
                let message = format!("Unrecognized conversion character {}", data.conversion);
                return Err(Box::new(SyntaxError::bare(ErrorKind::SystemError, message)));
            }
        };
        if let Some(spec) = &data.format_spec {
            self.expr(spec)?;
            oparg |= 4;
        }
        self.op_i(FORMAT_VALUE, oparg);
        Ok(())
    }

    /// An attribute on a later line than its object is located at its own name.
    pub(super) fn start_at_attribute(&mut self, expr: &Expr, attr: Name) {
        let loc = &mut self.unit.loc;
        if loc.lineno == expr.span.end_lineno {
            return;
        }
        loc.lineno = expr.span.end_lineno;
        let len = self.names.text(attr).chars().count() as i32;
        if len <= expr.span.end_col_offset {
            loc.col_offset = expr.span.end_col_offset - len;
        } else {
            loc.col_offset = -1;
            loc.end_col_offset = -1;
        }
        loc.end_lineno = loc.end_lineno.max(loc.lineno);
        if loc.lineno == loc.end_lineno {
            loc.end_col_offset = loc.end_col_offset.max(loc.col_offset);
        }
    }

    fn attribute(
        &mut self,
        expr: &Expr,
        value: &'t Expr,
        attr: Name,
        ctx: ExprContext,
    ) -> Generated {
        self.expr(value)?;
        self.start_at_attribute(expr, attr);
        let opcode = match ctx {
            ExprContext::Load => LOAD_ATTR,
            ExprContext::Store => {
                self.check_forbidden(attr, ctx)?;
                STORE_ATTR
            }
            ExprContext::Del => DELETE_ATTR,
        };
        self.op_name(opcode, attr);
        Ok(())
    }

    fn subscript(&mut self, value: &'t Expr, slice: &'t Expr, ctx: ExprContext) -> Generated {
        if ctx == ExprContext::Load {
            self.check_subscripter(value);
            self.check_index(value, slice);
        }
        self.expr(value)?;
        self.expr(slice)?;
        self.op(match ctx {
            ExprContext::Load => BINARY_SUBSCR,
            ExprContext::Store => STORE_SUBSCR,
            ExprContext::Del => DELETE_SUBSCR,
        });
        Ok(())
    }
}
