//! Comprehensions and generator expressions: a function of their own that is called at once.

use twinheap_syntax::ast::*;

use super::{Compiler, Generated};
use crate::flow::NO_BLOCK;
use crate::opcode::*;
use crate::symtable::node_key;
use crate::unit::{FrameBlock, ScopeType};

/// A comprehension of any kind, with what it collects.
#[derive(Clone, Copy)]
struct Parts<'t> {
    name: &'static str,
    /// The instruction that makes the collection and the one that adds to it; none for generators.
    collect: Option<(Opcode, Opcode)>,
    generators: &'t [Comprehension],
    elt: &'t Expr,
    value: Option<&'t Expr>,
}

fn parts(expr: &Expr) -> Option<Parts<'_>> {
    match &expr.kind {
        ExprKind::GeneratorExp(comp) => Some(Parts {
            name: "<genexpr>",
            collect: None,
            generators: &comp.generators,
            elt: &comp.elt,
            value: None,
        }),
        ExprKind::ListComp(comp) => Some(Parts {
            name: "<listcomp>",
            collect: Some((BUILD_LIST, LIST_APPEND)),
            generators: &comp.generators,
            elt: &comp.elt,
            value: None,
        }),
        ExprKind::SetComp(comp) => Some(Parts {
            name: "<setcomp>",
            collect: Some((BUILD_SET, SET_ADD)),
            generators: &comp.generators,
            elt: &comp.elt,
            value: None,
        }),
        ExprKind::DictComp(comp) => Some(Parts {
            name: "<dictcomp>",
            collect: Some((BUILD_MAP, MAP_ADD)),
            generators: &comp.generators,
            elt: &comp.key,
            value: Some(&comp.value),
        }),
        _ => None,
    }
}

impl<'t> Compiler<'t> {
    pub(super) fn comprehension(&mut self, expr: &'t Expr) -> Generated {
        let Some(parts) = parts(expr) else {
            return Ok(());
        };
        let outer_scope = self.unit.scope_type;
        let is_top_level_await = self.is_top_level_await();
        let outermost = &parts.generators[0];
        let name = self.names.intern(parts.name);
        self.enter_scope(
            name,
            ScopeType::Comprehension,
            node_key(expr),
            expr.span.lineno,
        );
        self.set_loc(expr.span);
        let is_async = self.scopes.entries[self.unit.entry].coroutine;
        let may_be_async = matches!(
            outer_scope,
            ScopeType::AsyncFunction | ScopeType::Comprehension
        ) || is_top_level_await;
        if is_async && parts.collect.is_some() && !may_be_async {
            return self.error("asynchronous comprehension outside of an asynchronous function");
        }
        if let Some((build, _)) = parts.collect {
            self.op_i(build, 0);
        }
        self.generator(&parts, 0, 0)?;
        if parts.collect.is_some() {
            self.op(RETURN_VALUE);
        }
        let inner = self.exit_scope(true)?;
        if is_top_level_await && is_async {
            self.scopes.entries[self.unit.entry].coroutine = true;
        }
        self.make_closure(inner, 0)?;
        self.expr(&outermost.iter)?;
        self.op(if outermost.is_async {
            GET_AITER
        } else {
            GET_ITER
        });
        self.call_op(0);
        if is_async && parts.collect.is_some() {
            self.await_value(0);
        }
        Ok(())
    }

    fn generator(&mut self, parts: &Parts<'t>, at: usize, depth: usize) -> Generated {
        if parts.generators[at].is_async {
            self.async_generator(parts, at, depth)
        } else {
            self.sync_generator(parts, at, depth)
        }
    }

    /// What is done with each element, or the next `for`.
    fn inside(&mut self, parts: &Parts<'t>, at: usize, depth: usize) -> Generated {
        if at + 1 < parts.generators.len() {
            return self.generator(parts, at + 1, depth);
        }
        self.expr(parts.elt)?;
        if let Some(value) = parts.value {
            self.expr(value)?;
        }
        match parts.collect {
            Some((_, add)) => self.op_i(add, depth + 1),
            None => {
                self.yield_op();
                self.op(POP_TOP);
            }
        }
        Ok(())
    }

    fn sync_generator(&mut self, parts: &Parts<'t>, at: usize, mut depth: usize) -> Generated {
        let generator = &parts.generators[at];
        let start = self.new_block();
        let if_cleanup = self.new_block();
        let anchor = self.new_block();
        let mut is_loop = true;
        if at == 0 {
            self.unit.argcount = 1;
            self.op_i(LOAD_FAST, 0);
        } else {
            match &generator.iter.kind {
                // `for y in [f(x)]` is an assignment.
                ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. }
                    if elts.len() == 1 && !matches!(elts[0].kind, ExprKind::Starred { .. }) =>
                {
                    self.expr(&elts[0])?;
                    is_loop = false;
                }
                _ => {
                    self.expr(&generator.iter)?;
                    self.op(GET_ITER);
                }
            }
        }
        if is_loop {
            depth += 1;
            self.use_next_block(start);
            self.jump(FOR_ITER, anchor);
        }
        self.expr(&generator.target)?;
        for test in &generator.ifs {
            self.jump_if(test, if_cleanup, false)?;
        }
        self.inside(parts, at, depth)?;
        self.use_next_block(if_cleanup);
        if is_loop {
            self.jump(JUMP, start);
            self.use_next_block(anchor);
        }
        Ok(())
    }

    fn async_generator(&mut self, parts: &Parts<'t>, at: usize, depth: usize) -> Generated {
        let generator = &parts.generators[at];
        let start = self.new_block();
        let except = self.new_block();
        let if_cleanup = self.new_block();
        if at == 0 {
            self.unit.argcount = 1;
            self.op_i(LOAD_FAST, 0);
        } else {
            self.expr(&generator.iter)?;
            self.op(GET_AITER);
        }
        self.use_next_block(start);
        self.push_frame_block(FrameBlock::AsyncComprehensionGenerator, start, NO_BLOCK)?;
        self.jump(SETUP_FINALLY, except);
        self.op(GET_ANEXT);
        self.load_const(Constant::None);
        self.yield_from(true);
        self.op(POP_BLOCK);
        self.expr(&generator.target)?;
        for test in &generator.ifs {
            self.jump_if(test, if_cleanup, false)?;
        }
        self.inside(parts, at, depth + 1)?;
        self.use_next_block(if_cleanup);
        self.jump(JUMP, start);
        self.pop_frame_block();
        self.use_next_block(except);
        self.op(END_ASYNC_FOR);
        Ok(())
    }
}
