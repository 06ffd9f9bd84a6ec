//! `try` statements: `finally`, `except` and `except*`.

use twinheap_syntax::ast::*;

use super::{Compiler, Generated};
use crate::flow::{BlockId, NO_BLOCK};
use crate::opcode::*;
use crate::unit::FrameBlock;

impl<'t> Compiler<'t> {
    pub(super) fn try_finally(&mut self, data: &'t Try, is_star: bool) -> Generated {
        let body = self.new_block();
        let end = self.new_block();
        let exit = self.new_block();
        let cleanup = self.new_block();
        self.jump(SETUP_FINALLY, end);
        self.use_next_block(body);
        self.push_frame_block(FrameBlock::FinallyTry(&data.finalbody), body, end)?;
        if data.handlers.is_empty() {
            self.stmts(&data.body)?;
        } else if is_star {
            self.try_star_except(data)?;
        } else {
            self.try_except(data)?;
        }
        self.op_no_line(POP_BLOCK, 0);
        self.pop_frame_block();
        self.stmts(&data.finalbody)?;
        self.jump_no_line(JUMP, exit);
        self.use_next_block(end);
        self.unset_loc();
        self.jump(SETUP_CLEANUP, cleanup);
        self.op(PUSH_EXC_INFO);
        self.push_frame_block(FrameBlock::FinallyEnd, end, NO_BLOCK)?;
        self.stmts(&data.finalbody)?;
        self.pop_frame_block();
        self.op_i(RERAISE, 0);
        self.use_next_block(cleanup);
        self.pop_except_and_reraise();
        self.use_next_block(exit);
        Ok(())
    }

    /// The guarded body, with the frame block that its handlers need undone.
    fn guarded_body(&mut self, data: &'t Try, body: BlockId, except: BlockId) -> Generated {
        self.jump(SETUP_FINALLY, except);
        self.use_next_block(body);
        self.push_frame_block(FrameBlock::TryExcept, body, NO_BLOCK)?;
        self.stmts(&data.body)?;
        self.pop_frame_block();
        self.op_no_line(POP_BLOCK, 0);
        Ok(())
    }

    pub(super) fn try_except(&mut self, data: &'t Try) -> Generated {
        let body = self.new_block();
        let except = self.new_block();
        let end = self.new_block();
        let cleanup = self.new_block();
        self.guarded_body(data, body, except)?;
        self.stmts(&data.orelse)?;
        self.jump_no_line(JUMP, end);
        self.use_next_block(except);
        self.unset_loc();
        self.jump(SETUP_CLEANUP, cleanup);
        self.op(PUSH_EXC_INFO);
        self.push_frame_block(FrameBlock::ExceptionHandler, NO_BLOCK, NO_BLOCK)?;
        for (at, handler) in data.handlers.iter().enumerate() {
            self.set_loc(handler.span);
            if handler.typ.is_none() && at + 1 < data.handlers.len() {
                return self.error("default 'except:' must be last");
            }
            let next = self.new_block();
            if let Some(typ) = &handler.typ {
                self.expr(typ)?;
                self.op(CHECK_EXC_MATCH);
                self.jump(POP_JUMP_IF_FALSE, next);
            }
            self.handler_body(handler, end)?;
            self.use_next_block(next);
        }
        self.unset_loc();
        self.pop_frame_block();
        self.op_i(RERAISE, 0);
        self.use_next_block(cleanup);
        self.pop_except_and_reraise();
        self.use_next_block(end);
        Ok(())
    }

    fn handler_body(&mut self, handler: &'t ExceptHandler, end: BlockId) -> Generated {
        let Some(name) = handler.name else {
            let body = self.new_block();
            self.op(POP_TOP);
            self.use_next_block(body);
            self.push_frame_block(FrameBlock::HandlerCleanup(None), body, NO_BLOCK)?;
            self.stmts(&handler.body)?;
            self.pop_frame_block();
            self.unset_loc();
            self.op(POP_BLOCK);
            self.op(POP_EXCEPT);
            self.jump(JUMP, end);
            return Ok(());
        };
        let cleanup_end = self.new_block();
        let body = self.new_block();
        self.name_op(name, ExprContext::Store)?;
        self.jump(SETUP_CLEANUP, cleanup_end);
        self.use_next_block(body);
        self.push_frame_block(FrameBlock::HandlerCleanup(Some(name)), body, NO_BLOCK)?;
        self.stmts(&handler.body)?;
        self.pop_frame_block();
        self.unset_loc();
        self.op(POP_BLOCK);
        self.op(POP_BLOCK);
        self.op(POP_EXCEPT);
        self.clear_name(name)?;
        self.jump(JUMP, end);
        self.use_next_block(cleanup_end);
        self.unset_loc();
        self.clear_name(name)?;
        self.op_i(RERAISE, 1);
        Ok(())
    }

    pub(super) fn try_star_except(&mut self, data: &'t Try) -> Generated {
        let body = self.new_block();
        let mut except = self.new_block();
        let orelse = self.new_block();
        let end = self.new_block();
        let cleanup = self.new_block();
        let reraise_star = self.new_block();
        self.guarded_body(data, body, except)?;
        self.jump_no_line(JUMP, orelse);
        self.use_next_block(except);
        self.unset_loc();
        self.jump(SETUP_CLEANUP, cleanup);
        self.op(PUSH_EXC_INFO);
        self.push_frame_block(FrameBlock::ExceptionGroupHandler, NO_BLOCK, NO_BLOCK)?;
        for (at, handler) in data.handlers.iter().enumerate() {
            self.set_loc(handler.span);
            except = self.new_block();
            if at == 0 {
                self.op_i(COPY, 1);
                self.op_i(BUILD_LIST, 0);
                self.op_i(SWAP, 2);
            }
            self.star_handler(handler, except)?;
            self.unset_loc();
            if at + 1 == data.handlers.len() {
                self.op_i(LIST_APPEND, 1);
                self.jump(JUMP, reraise_star);
            }
        }
        self.unset_loc();
        self.pop_frame_block();
        let reraise = self.new_block();
        self.use_next_block(reraise_star);
        self.op(PREP_RERAISE_STAR);
        self.op_i(COPY, 1);
        self.jump(POP_JUMP_IF_NOT_NONE, reraise);
        self.op(POP_TOP);
        self.op(POP_BLOCK);
        self.op(POP_EXCEPT);
        self.jump(JUMP, end);
        self.use_next_block(reraise);
        self.op(POP_BLOCK);
        self.op_i(SWAP, 2);
        self.op(POP_EXCEPT);
        self.op_i(RERAISE, 0);
        self.use_next_block(cleanup);
        self.pop_except_and_reraise();
        self.use_next_block(orelse);
        self.stmts(&data.orelse)?;
        self.use_next_block(end);
        Ok(())
    }

    fn star_handler(&mut self, handler: &'t ExceptHandler, except: BlockId) -> Generated {
        let with_error = self.new_block();
        let no_match = self.new_block();
        if let Some(typ) = &handler.typ {
            self.expr(typ)?;
            self.op(CHECK_EG_MATCH);
            self.op_i(COPY, 1);
            self.jump(POP_JUMP_IF_NONE, no_match);
        }
        let cleanup_end = self.new_block();
        let body = self.new_block();
        match handler.name {
            Some(name) => self.name_op(name, ExprContext::Store)?,
            None => self.op(POP_TOP),
        }
        self.jump(SETUP_CLEANUP, cleanup_end);
        self.use_next_block(body);
        self.push_frame_block(FrameBlock::HandlerCleanup(handler.name), body, NO_BLOCK)?;
        self.stmts(&handler.body)?;
        self.pop_frame_block();
        self.unset_loc();
        self.op(POP_BLOCK);
        if let Some(name) = handler.name {
            self.clear_name(name)?;
        }
        self.jump(JUMP, except);
        self.use_next_block(cleanup_end);
        self.unset_loc();
        if let Some(name) = handler.name {
            self.clear_name(name)?;
        }
        self.op_i(LIST_APPEND, 3);
        self.op(POP_TOP);
        self.jump(JUMP, with_error);
        self.use_next_block(except);
        // Takes over the line of the body's end.
        self.op(NOP);
        self.jump(JUMP, with_error);
        self.use_next_block(no_match);
        self.set_loc(handler.span);
        self.op(POP_TOP);
        self.use_next_block(with_error);
        Ok(())
    }
}
