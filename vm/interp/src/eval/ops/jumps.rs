//! Jumps, and the instructions that warm code up.

use super::super::Eval;
use super::super::regs::*;
use super::super::specialise;
use crate::interrupt;
use twinheap_abi::*;

/// The eval breaker is set; the registers stand behind the jump.
#[cold]
#[inline(never)]
fn look_up(_: &mut Eval, _: &mut Regs, _: usize) -> Act {
    match interrupt::handle() {
        Ok(()) => Act::Called,
        Err(_) => Act::Raise,
    }
}

/// Goes back, and looks up from the work where somebody asks for it (`CHECK_EVAL_BREAKER`).
#[inline(always)]
pub(super) fn go_back(e: &Eval, r: &mut Regs, oparg: usize) -> Act {
    let here = r.next;
    r.jump(-(oparg as isize));
    check_breaker(e, r, here)
}

#[inline(always)]
pub(super) fn check_breaker(e: &Eval, r: &Regs, here: *const _Py_CODEUNIT) -> Act {
    if e.state.is_interrupted() {
        r.mark_at(here);
        return Act::Cold(look_up);
    }
    Act::Next
}

#[inline(always)]
pub fn resume(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    if r.frame().f_code_ref().co_warmup.get() != 0 {
        return Act::Cold(resume_warming);
    }
    resume_quick(e, r, oparg)
}

#[inline(always)]
pub fn resume_quick(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    if oparg < 2 {
        return check_breaker(e, r, r.next);
    }
    Act::Next
}

#[inline(never)]
fn resume_warming(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    specialise::warm_up(r.frame().f_code_ref());
    resume_quick(e, r, oparg)
}

#[inline(always)]
pub fn jump_forward(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    r.jump(oparg as isize);
    Act::Next
}

#[inline(always)]
pub fn jump_backward(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    if r.frame().f_code_ref().co_warmup.get() != 0 {
        return Act::Cold(jump_backward_warming);
    }
    go_back(e, r, oparg)
}

#[inline(never)]
fn jump_backward_warming(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    specialise::warm_up(r.frame().f_code_ref());
    go_back(e, r, oparg)
}

#[inline(always)]
pub fn jump_backward_quick(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    go_back(e, r, oparg)
}

#[inline(always)]
pub fn jump_backward_no_interrupt(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    r.jump(-(oparg as isize));
    Act::Next
}

#[inline(always)]
fn pop_jump_if(e: &Eval, r: &mut Regs, wanted: bool, oparg: usize, back: bool) -> Act {
    let condition = r.peek(1);
    let Some(truth) = plain_truth(condition) else {
        return Act::General;
    };
    r.shrink(1);
    release(condition);
    if truth != wanted {
        return Act::Next;
    }
    if back {
        return go_back(e, r, oparg);
    }
    r.jump(oparg as isize);
    Act::Next
}

#[inline(always)]
pub fn pop_jump_forward_if_false(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    pop_jump_if(e, r, false, oparg, false)
}

#[inline(always)]
pub fn pop_jump_forward_if_true(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    pop_jump_if(e, r, true, oparg, false)
}

#[inline(always)]
pub fn pop_jump_backward_if_false(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    pop_jump_if(e, r, false, oparg, true)
}

#[inline(always)]
pub fn pop_jump_backward_if_true(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    pop_jump_if(e, r, true, oparg, true)
}

#[inline(always)]
fn pop_jump_forward(r: &mut Regs, wanted: bool, oparg: usize) -> Act {
    let here = r.next;
    let value = r.peek(1);
    r.shrink(1);
    if std::ptr::eq(value, none_ref()) == wanted {
        r.jump(oparg as isize);
    }
    r.done(here, value)
}

#[inline(always)]
pub fn pop_jump_forward_if_none(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    pop_jump_forward(r, true, oparg)
}

#[inline(always)]
pub fn pop_jump_forward_if_not_none(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    pop_jump_forward(r, false, oparg)
}

#[inline(always)]
fn jump_or_pop(r: &mut Regs, wanted: bool, oparg: usize) -> Act {
    let condition = r.peek(1);
    let Some(truth) = plain_truth(condition) else {
        return Act::General;
    };
    if truth == wanted {
        r.jump(oparg as isize);
    } else {
        r.shrink(1);
        release(condition);
    }
    Act::Next
}

#[inline(always)]
pub fn jump_if_false_or_pop(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    jump_or_pop(r, false, oparg)
}

#[inline(always)]
pub fn jump_if_true_or_pop(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    jump_or_pop(r, true, oparg)
}

/// The code of a frame, for as long as the frame runs.
pub(in super::super) trait FrameCode {
    fn f_code_ref(&self) -> &'static PyCodeObject;
}

impl FrameCode for _PyInterpreterFrame {
    #[inline(always)]
    fn f_code_ref(&self) -> &'static PyCodeObject {
        // SAFETY: a frame owns its code.
        unsafe { &*self.f_code.get() }
    }
}
