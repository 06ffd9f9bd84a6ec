//! Statements, except functions, classes, `try` and `match`.

use twinheap_syntax::ast::*;
use twinheap_syntax::names::Name;
use twinheap_syntax::token::known;

use super::{Compiler, Generated};
use crate::code::CO_FUTURE_ANNOTATIONS;
use crate::flow::{BlockId, NO_BLOCK};
use crate::future::LATE;
use crate::opcode::*;
use crate::symtable::BlockType;
use crate::unit::{FrameBlock, FrameBlockInfo, ScopeType};

impl<'t> Compiler<'t> {
    pub(super) fn stmt(&mut self, stmt: &'t Stmt) -> Generated {
        self.set_loc(stmt.span);
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(stmt, def, false),
            StmtKind::AsyncFunctionDef(def) => self.function(stmt, def, true),
            StmtKind::ClassDef(def) => self.class(stmt, def),
            StmtKind::Return(value) => self.return_stmt(stmt, value.as_deref()),
            StmtKind::Delete(targets) => self.exprs(targets),
            StmtKind::Assign(assign) => self.assign(assign),
            StmtKind::AugAssign(assign) => self.augmented_assign(assign),
            StmtKind::AnnAssign(assign) => self.annotated_assign(assign),
            StmtKind::For(data) => self.for_stmt(data),
            StmtKind::AsyncFor(data) => self.async_for(data),
            StmtKind::While(data) => self.while_stmt(stmt, data),
            StmtKind::If(data) => self.if_stmt(data),
            StmtKind::With(data) => self.with_stmt(stmt, data, 0),
            StmtKind::AsyncWith(data) => self.async_with(stmt, data, 0),
            StmtKind::Match(data) => self.match_stmt(data),
            StmtKind::Raise { exc, cause } => {
                let mut count = 0;
                if let Some(exc) = exc {
                    self.expr(exc)?;
                    count += 1;
                    if let Some(cause) = cause {
                        self.expr(cause)?;
                        count += 1;
                    }
                }
                self.op_i(RAISE_VARARGS, count);
                Ok(())
            }
            StmtKind::Try(data) if data.finalbody.is_empty() => self.try_except(data),
            StmtKind::Try(data) => self.try_finally(data, false),
            StmtKind::TryStar(data) if data.finalbody.is_empty() => self.try_star_except(data),
            StmtKind::TryStar(data) => self.try_finally(data, true),
            StmtKind::Assert { test, msg } => self.assert_stmt(test, msg.as_deref()),
            StmtKind::Import(names) => self.import(names),
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => self.import_from(stmt, *module, names, *level),
            StmtKind::Global(_) | StmtKind::Nonlocal(_) => Ok(()),
            StmtKind::Expr(value) => self.expr_stmt(value),
            StmtKind::Pass => {
                self.op(NOP);
                Ok(())
            }
            StmtKind::Break => self.break_stmt(),
            StmtKind::Continue => self.continue_stmt(),
        }
    }

    fn expr_stmt(&mut self, value: &'t Expr) -> Generated {
        if self.interactive && self.outer.is_empty() {
            self.expr(value)?;
            self.op(PRINT_EXPR);
            return Ok(());
        }
        if matches!(value.kind, ExprKind::Constant { .. }) {
            self.op(NOP);
            return Ok(());
        }
        self.expr(value)?;
        self.unset_loc();
        self.op(POP_TOP);
        Ok(())
    }

    fn assign(&mut self, assign: &'t Assign) -> Generated {
        self.expr(&assign.value)?;
        for (at, target) in assign.targets.iter().enumerate() {
            if at + 1 < assign.targets.len() {
                self.op_i(COPY, 1);
            }
            self.expr(target)?;
        }
        Ok(())
    }

    fn augmented_assign(&mut self, assign: &'t AugAssign) -> Generated {
        let target = &assign.target;
        let outer = self.unit.loc;
        self.set_loc(target.span);
        match &target.kind {
            ExprKind::Attribute { value, attr, .. } => {
                self.expr(value)?;
                self.op_i(COPY, 1);
                self.start_at_attribute(target, *attr);
                self.op_name(LOAD_ATTR, *attr);
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value)?;
                self.expr(slice)?;
                self.op_i(COPY, 2);
                self.op_i(COPY, 2);
                self.op(BINARY_SUBSCR);
            }
            ExprKind::Name { id, .. } => self.name_op(*id, ExprContext::Load)?,
            _ => return self.error("invalid node type for augmented assignment"),
        }
        self.unit.loc = outer;
        self.expr(&assign.value)?;
        self.binary_op(assign.op, true);
        self.set_loc(target.span);
        match &target.kind {
            ExprKind::Attribute { attr, .. } => {
                self.start_at_attribute(target, *attr);
                self.op_i(SWAP, 2);
                self.op_name(STORE_ATTR, *attr);
            }
            ExprKind::Subscript { .. } => {
                self.op_i(SWAP, 3);
                self.op_i(SWAP, 2);
                self.op(STORE_SUBSCR);
            }
            ExprKind::Name { id, .. } => self.name_op(*id, ExprContext::Store)?,
            _ => {}
        }
        Ok(())
    }

    /// Evaluates part of an annotation for its effects.
    fn evaluate_and_drop(&mut self, expr: &'t Expr) -> Generated {
        self.expr(expr)?;
        self.op(POP_TOP);
        Ok(())
    }

    fn evaluate_subscript(&mut self, slice: &'t Expr) -> Generated {
        match &slice.kind {
            ExprKind::Slice { lower, upper, step } => {
                for bound in [lower, upper, step].into_iter().flatten() {
                    self.evaluate_and_drop(bound)?;
                }
                Ok(())
            }
            ExprKind::Tuple { elts, .. } => {
                elts.iter().try_for_each(|elt| self.evaluate_subscript(elt))
            }
            _ => self.evaluate_and_drop(slice),
        }
    }

    fn annotated_assign(&mut self, assign: &'t AnnAssign) -> Generated {
        if let Some(value) = &assign.value {
            self.expr(value)?;
            self.expr(&assign.target)?;
        }
        let stores_annotations =
            matches!(self.unit.scope_type, ScopeType::Module | ScopeType::Class);
        let future = self.flags & CO_FUTURE_ANNOTATIONS != 0;
        match &assign.target.kind {
            ExprKind::Name { id, .. } => {
                self.check_forbidden(*id, ExprContext::Store)?;
                if assign.simple && stores_annotations {
                    self.annotation_value(&assign.annotation)?;
                    self.op_name(LOAD_NAME, self.own.annotations);
                    let mangled = self.mangled(*id);
                    let key = self.name_constant(mangled);
                    self.load_const(key);
                    self.op(STORE_SUBSCR);
                }
            }
            ExprKind::Attribute { value, attr, .. } => {
                self.check_forbidden(*attr, ExprContext::Store)?;
                if assign.value.is_none() {
                    self.evaluate_and_drop(value)?;
                }
            }
            ExprKind::Subscript { value, slice, .. } => {
                if assign.value.is_none() {
                    self.evaluate_and_drop(value)?;
                    self.evaluate_subscript(slice)?;
                }
            }
            _ => return self.error("invalid node type for annotated assignment"),
        }
        if !assign.simple && !future && stores_annotations {
            self.evaluate_and_drop(&assign.annotation)?;
        }
        Ok(())
    }

    fn if_stmt(&mut self, data: &'t If) -> Generated {
        let end = self.new_block();
        let next = if data.orelse.is_empty() {
            end
        } else {
            self.new_block()
        };
        self.jump_if(&data.test, next, false)?;
        self.stmts(&data.body)?;
        if !data.orelse.is_empty() {
            self.jump_no_line(JUMP, end);
            self.use_next_block(next);
            self.stmts(&data.orelse)?;
        }
        self.use_next_block(end);
        Ok(())
    }

    fn for_stmt(&mut self, data: &'t For) -> Generated {
        let start = self.new_block();
        let body = self.new_block();
        let cleanup = self.new_block();
        let end = self.new_block();
        self.push_frame_block(FrameBlock::ForLoop, start, end)?;
        self.expr(&data.iter)?;
        self.op(GET_ITER);
        self.use_next_block(start);
        self.jump(FOR_ITER, cleanup);
        self.use_next_block(body);
        self.expr(&data.target)?;
        self.stmts(&data.body)?;
        self.unset_loc();
        self.jump(JUMP, start);
        self.use_next_block(cleanup);
        self.pop_frame_block();
        self.stmts(&data.orelse)?;
        self.use_next_block(end);
        Ok(())
    }

    fn async_for(&mut self, data: &'t For) -> Generated {
        if self.is_top_level_await() {
            self.scopes.entries[self.unit.entry].coroutine = true;
        } else if self.unit.scope_type != ScopeType::AsyncFunction {
            return self.error("'async for' outside async function");
        }
        let start = self.new_block();
        let except = self.new_block();
        let end = self.new_block();
        self.expr(&data.iter)?;
        self.op(GET_AITER);
        self.use_next_block(start);
        self.push_frame_block(FrameBlock::ForLoop, start, end)?;
        self.jump(SETUP_FINALLY, except);
        self.op(GET_ANEXT);
        self.load_const(Constant::None);
        self.yield_from(true);
        self.op(POP_BLOCK);
        self.expr(&data.target)?;
        self.stmts(&data.body)?;
        self.unset_loc();
        self.jump(JUMP, start);
        self.pop_frame_block();
        self.use_next_block(except);
        self.set_loc(data.iter.span);
        self.op(END_ASYNC_FOR);
        self.stmts(&data.orelse)?;
        self.use_next_block(end);
        Ok(())
    }

    fn while_stmt(&mut self, stmt: &Stmt, data: &'t While) -> Generated {
        let start = self.new_block();
        let body = self.new_block();
        let anchor = self.new_block();
        let end = self.new_block();
        self.use_next_block(start);
        self.push_frame_block(FrameBlock::WhileLoop, start, end)?;
        self.jump_if(&data.test, anchor, false)?;
        self.use_next_block(body);
        self.stmts(&data.body)?;
        self.set_loc(stmt.span);
        self.jump_if(&data.test, body, true)?;
        self.pop_frame_block();
        self.use_next_block(anchor);
        self.stmts(&data.orelse)?;
        self.use_next_block(end);
        Ok(())
    }

    fn return_stmt(&mut self, stmt: &Stmt, value: Option<&'t Expr>) -> Generated {
        let constant = value.and_then(|value| match &value.kind {
            ExprKind::Constant { value, .. } => Some(value),
            _ => None,
        });
        let preserve_top = value.is_some() && constant.is_none();
        let entry = &self.scopes.entries[self.unit.entry];
        if entry.block_type != BlockType::Function {
            return self.error("'return' outside function");
        }
        if value.is_some() && entry.coroutine && entry.generator {
            return self.error("'return' with value in async generator");
        }
        if let Some(value) = value {
            if preserve_top {
                self.expr(value)?;
            } else {
                self.set_loc(value.span);
                self.op(NOP);
            }
        }
        if value.is_none_or(|value| value.span.lineno != stmt.span.lineno) {
            self.set_loc(stmt.span);
            self.op(NOP);
        }
        self.unwind_all(preserve_top, false)?;
        if !preserve_top {
            self.load_const(constant.cloned().unwrap_or(Constant::None));
        }
        self.op(RETURN_VALUE);
        Ok(())
    }

    fn break_stmt(&mut self) -> Generated {
        let loc = self.unit.loc;
        self.op(NOP);
        let Some(found) = self.unwind_all(false, true)? else {
            self.unit.loc = loc;
            return self.error("'break' outside loop");
        };
        self.unwind(found, false)?;
        self.jump(JUMP, found.exit);
        Ok(())
    }

    fn continue_stmt(&mut self) -> Generated {
        let loc = self.unit.loc;
        self.op(NOP);
        let Some(found) = self.unwind_all(false, true)? else {
            self.unit.loc = loc;
            return self.error("'continue' not properly in loop");
        };
        self.jump(JUMP, found.block);
        Ok(())
    }

    /// Undoes the frame blocks from the innermost on, up to a loop if one is looked for.
    fn unwind_all(
        &mut self,
        preserve_top: bool,
        to_loop: bool,
    ) -> Generated<Option<FrameBlockInfo<'t>>> {
        let Some(top) = self.unit.frame_blocks.last().copied() else {
            return Ok(None);
        };
        match top.kind {
            FrameBlock::ExceptionGroupHandler => {
                return self
                    .error("'break', 'continue' and 'return' cannot appear in an except* block");
            }
            FrameBlock::WhileLoop | FrameBlock::ForLoop if to_loop => return Ok(Some(top)),
            _ => {}
        }
        self.unit.frame_blocks.pop();
        self.unwind(top, preserve_top)?;
        let found = self.unwind_all(preserve_top, to_loop)?;
        self.unit.frame_blocks.push(top);
        Ok(found)
    }

    fn swap_if(&mut self, preserve_top: bool) {
        if preserve_top {
            self.op_i(SWAP, 2);
        }
    }

    fn unwind(&mut self, info: FrameBlockInfo<'t>, preserve_top: bool) -> Generated {
        match info.kind {
            FrameBlock::WhileLoop
            | FrameBlock::ExceptionHandler
            | FrameBlock::ExceptionGroupHandler
            | FrameBlock::AsyncComprehensionGenerator => {}
            FrameBlock::ForLoop | FrameBlock::PopValue => {
                self.swap_if(preserve_top);
                self.op(POP_TOP);
            }
            FrameBlock::TryExcept => self.op(POP_BLOCK),
            FrameBlock::FinallyTry(body) => {
                self.op(POP_BLOCK);
                if preserve_top {
                    self.push_frame_block(FrameBlock::PopValue, NO_BLOCK, NO_BLOCK)?;
                }
                self.stmts(body)?;
                if preserve_top {
                    self.pop_frame_block();
                }
                self.unset_loc();
            }
            FrameBlock::FinallyEnd => {
                self.swap_if(preserve_top);
                self.op(POP_TOP);
                self.swap_if(preserve_top);
                self.op(POP_BLOCK);
                self.op(POP_EXCEPT);
            }
            FrameBlock::With(stmt) | FrameBlock::AsyncWith(stmt) => {
                self.set_loc(stmt.span);
                self.op(POP_BLOCK);
                self.swap_if(preserve_top);
                self.call_exit_with_nones();
                if matches!(info.kind, FrameBlock::AsyncWith(_)) {
                    self.await_value(2);
                }
                self.op(POP_TOP);
                self.unset_loc();
            }
            FrameBlock::HandlerCleanup(name) => {
                if name.is_some() {
                    self.op(POP_BLOCK);
                }
                self.swap_if(preserve_top);
                self.op(POP_BLOCK);
                self.op(POP_EXCEPT);
                if let Some(name) = name {
                    self.clear_name(name)?;
                }
            }
        }
        Ok(())
    }

    /// `name = None; del name`
    pub(super) fn clear_name(&mut self, name: Name) -> Generated {
        self.load_const(Constant::None);
        self.name_op(name, ExprContext::Store)?;
        self.name_op(name, ExprContext::Del)
    }

    fn call_exit_with_nones(&mut self) {
        self.load_const(Constant::None);
        self.load_const(Constant::None);
        self.load_const(Constant::None);
        self.call_op(2);
    }

    pub(super) fn call_op(&mut self, count: usize) {
        self.op_i(PRECALL, count);
        self.op_i(CALL, count);
    }

    pub(super) fn yield_from(&mut self, is_await: bool) {
        let start = self.new_block();
        let resume = self.new_block();
        let exit = self.new_block();
        self.use_next_block(start);
        self.jump(SEND, exit);
        self.use_next_block(resume);
        self.op(YIELD_VALUE);
        self.op_i(RESUME, if is_await { 3 } else { 2 });
        self.jump(JUMP_NO_INTERRUPT, start);
        self.use_next_block(exit);
    }

    pub(super) fn await_value(&mut self, kind: usize) {
        self.op_i(GET_AWAITABLE, kind);
        self.load_const(Constant::None);
        self.yield_from(true);
    }

    pub(super) fn pop_except_and_reraise(&mut self) {
        self.op_i(COPY, 3);
        self.op(POP_EXCEPT);
        self.op_i(RERAISE, 1);
    }

    fn with_except_finish(&mut self, cleanup: BlockId) {
        self.unset_loc();
        let exit = self.new_block();
        self.jump(POP_JUMP_IF_TRUE, exit);
        self.op_i(RERAISE, 2);
        self.use_next_block(cleanup);
        self.pop_except_and_reraise();
        self.use_next_block(exit);
        self.op(POP_TOP);
        self.op(POP_BLOCK);
        self.op(POP_EXCEPT);
        self.op(POP_TOP);
        self.op(POP_TOP);
    }

    fn with_stmt(&mut self, stmt: &'t Stmt, data: &'t With, at: usize) -> Generated {
        let item = &data.items[at];
        let block = self.new_block();
        let on_error = self.new_block();
        let exit = self.new_block();
        let cleanup = self.new_block();
        self.expr(&item.context_expr)?;
        self.op(BEFORE_WITH);
        self.jump(SETUP_WITH, on_error);
        self.use_next_block(block);
        self.push_frame_block(FrameBlock::With(stmt), block, on_error)?;
        match &item.optional_vars {
            Some(target) => self.expr(target)?,
            None => self.op(POP_TOP),
        }
        if at + 1 == data.items.len() {
            self.stmts(&data.body)?;
        } else {
            self.with_stmt(stmt, data, at + 1)?;
        }
        self.unset_loc();
        self.op(POP_BLOCK);
        self.pop_frame_block();
        self.set_loc(stmt.span);
        self.call_exit_with_nones();
        self.op(POP_TOP);
        self.jump(JUMP, exit);
        self.use_next_block(on_error);
        self.jump(SETUP_CLEANUP, cleanup);
        self.op(PUSH_EXC_INFO);
        self.op(WITH_EXCEPT_START);
        self.with_except_finish(cleanup);
        self.use_next_block(exit);
        Ok(())
    }

    fn async_with(&mut self, stmt: &'t Stmt, data: &'t With, at: usize) -> Generated {
        if self.is_top_level_await() {
            self.scopes.entries[self.unit.entry].coroutine = true;
        } else if self.unit.scope_type != ScopeType::AsyncFunction {
            return self.error("'async with' outside async function");
        }
        let item = &data.items[at];
        let block = self.new_block();
        let on_error = self.new_block();
        let exit = self.new_block();
        let cleanup = self.new_block();
        self.expr(&item.context_expr)?;
        self.op(BEFORE_ASYNC_WITH);
        self.await_value(1);
        self.jump(SETUP_WITH, on_error);
        self.use_next_block(block);
        self.push_frame_block(FrameBlock::AsyncWith(stmt), block, on_error)?;
        match &item.optional_vars {
            Some(target) => self.expr(target)?,
            None => self.op(POP_TOP),
        }
        if at + 1 == data.items.len() {
            self.stmts(&data.body)?;
        } else {
            self.async_with(stmt, data, at + 1)?;
        }
        self.pop_frame_block();
        self.op(POP_BLOCK);
        self.set_loc(stmt.span);
        self.call_exit_with_nones();
        self.await_value(2);
        self.op(POP_TOP);
        self.jump(JUMP, exit);
        self.use_next_block(on_error);
        self.jump(SETUP_CLEANUP, cleanup);
        self.op(PUSH_EXC_INFO);
        self.op(WITH_EXCEPT_START);
        self.await_value(2);
        self.with_except_finish(cleanup);
        self.use_next_block(exit);
        Ok(())
    }

    fn assert_stmt(&mut self, test: &'t Expr, msg: Option<&'t Expr>) -> Generated {
        let always_true = match &test.kind {
            ExprKind::Tuple { elts, .. } => !elts.is_empty(),
            ExprKind::Constant {
                value: Constant::Tuple(items),
                ..
            } => !items.is_empty(),
            _ => false,
        };
        if always_true {
            self.warn("assertion is always true, perhaps remove parentheses?".into());
        }
        if self.optimize > 0 {
            return Ok(());
        }
        let end = self.new_block();
        self.jump_if(test, end, true)?;
        self.op(LOAD_ASSERTION_ERROR);
        if let Some(msg) = msg {
            self.expr(msg)?;
            self.call_op(0);
        }
        self.op_i(RAISE_VARARGS, 1);
        self.use_next_block(end);
        Ok(())
    }

    fn import_as(&mut self, name: Name, asname: Name) -> Generated {
        let text = self.names.shared(name);
        let mut parts = text.split('.').skip(1).peekable();
        if parts.peek().is_none() {
            return self.name_op(asname, ExprContext::Store);
        }
        while let Some(part) = parts.next() {
            let part = self.names.intern(part);
            let at = self.unit.names.add(part);
            self.op_i(IMPORT_FROM, at);
            if parts.peek().is_some() {
                self.op_i(SWAP, 2);
                self.op(POP_TOP);
            }
        }
        self.name_op(asname, ExprContext::Store)?;
        self.op(POP_TOP);
        Ok(())
    }

    fn import(&mut self, names: &'t [Alias]) -> Generated {
        for alias in names {
            self.load_const(Compiler::int_constant(0));
            self.load_const(Constant::None);
            self.op_name(IMPORT_NAME, alias.name);
            if let Some(asname) = alias.asname {
                self.import_as(alias.name, asname)?;
                continue;
            }
            let text = self.names.shared(alias.name);
            let first = match text.split_once('.') {
                Some((first, _)) => self.names.intern(first),
                None => alias.name,
            };
            self.name_op(first, ExprContext::Store)?;
        }
        Ok(())
    }

    fn import_from(
        &mut self,
        stmt: &Stmt,
        module: Option<Name>,
        names: &'t [Alias],
        level: i32,
    ) -> Generated {
        self.load_const(Compiler::int_constant(level as usize));
        let listed: Vec<Name> = names.iter().map(|alias| alias.name).collect();
        if stmt.span.lineno > self.future_line
            && module.is_some_and(|name| self.names.text(name) == "__future__")
        {
            return self.error(LATE);
        }
        let listed = self.names_constant(&listed);
        self.load_const(listed);
        self.op_name(IMPORT_NAME, module.unwrap_or(known::EMPTY));
        for (at, alias) in names.iter().enumerate() {
            if at == 0 && alias.name == known::STAR {
                self.op(IMPORT_STAR);
                return Ok(());
            }
            self.op_name(IMPORT_FROM, alias.name);
            self.name_op(alias.asname.unwrap_or(alias.name), ExprContext::Store)?;
        }
        self.op(POP_TOP);
        Ok(())
    }
}
