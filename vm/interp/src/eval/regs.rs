//! The registers of the evaluator, and what an operation asks of whoever drives it.
//!
//! CPython keeps frame, next instruction and stack pointer in locals of one large function. Here they
//! are passed from operation to operation ([`Regs`]), so that they stay in machine registers. An
//! operation is a leaf wherever it can be: what may run the program's code (a destructor, a general
//! form, an error) is named in the [`Act`] that it returns, and the driver goes there with a jump.
//!
//! Invariants: the compiler's stack depth bounds every push and every peek; a borrowed [`Ref`] lives
//! as long as the stack, a local or the code holds it; `prev_instr` of the frame is written only
//! where somebody may look (see [`Regs::mark`]).

use super::Eval;
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_objects::object::ObjectExt;
use twinheap_objects::singletons::{_Py_FalseStruct, _Py_NoneStruct, _Py_TrueStruct};

/// An object that the stack, a local variable or the code holds while the instruction runs.
pub(super) type Ref = &'static PyObject;

/// An operation that is not inlined into its handler.
pub(super) type ColdOp = fn(&mut Eval, &mut Regs, usize) -> Act;

/// What an operation asks of the driver.
pub(super) enum Act {
    /// Go on with the next instruction.
    Next,
    /// The same, but foreign code has run: a hook may have been set.
    Called,
    /// This object is dead; release it, then go on.
    Dead(Ref),
    /// These objects are dead; release them in this order, then go on.
    Dead2(Ref, Ref),
    /// Go on with an operation that is not a leaf, with the registers as they are.
    Cold(ColdOp),
    /// Go on with the general form of the instruction. Nothing has changed.
    General,
    /// A specialised instruction met something else. Nothing has changed.
    Miss,
    /// The same instruction under another opcode, with this argument.
    Again(u8, usize),
    /// An exception is set.
    Raise,
    /// The registers are in `Eval`; foreign code has run.
    Reload,
    /// Leave the loop with this result.
    Exit(*mut PyObject),
}

/// The registers: the running frame, the instruction behind the one that runs, the stack pointer.
#[derive(Clone, Copy)]
pub(super) struct Regs {
    pub frame: *mut _PyInterpreterFrame,
    pub next: *const _Py_CODEUNIT,
    pub sp: *mut *mut PyObject,
}

impl Regs {
    #[inline(always)]
    pub fn frame(&self) -> &'static _PyInterpreterFrame {
        // SAFETY: the loop's frame is valid while it runs.
        unsafe { &*self.frame }
    }

    /// The n-th value from the top, the top itself being 1.
    #[inline(always)]
    pub fn peek(&self, depth: usize) -> Ref {
        // SAFETY: the compiler's stack depth says that there is a value.
        unsafe { &**self.sp.sub(depth) }
    }

    /// As [`Regs::peek`], where the slot may be empty.
    #[inline(always)]
    pub fn peek_nullable(&self, depth: usize) -> Option<Ref> {
        // SAFETY: the compiler's stack depth says that there is a slot.
        unsafe { (*self.sp.sub(depth)).as_ref() }
    }

    /// Overwrites the n-th slot from the top; what was there has been taken.
    #[inline(always)]
    pub fn put(&self, depth: usize, value: *mut PyObject) {
        // SAFETY: the compiler's stack depth says that there is a slot.
        unsafe { *self.sp.sub(depth) = value }
    }

    /// Pushes a reference that the stack owns from now on, or null.
    #[inline(always)]
    pub fn push(&mut self, value: *mut PyObject) {
        // SAFETY: the compiler's stack depth leaves room.
        unsafe {
            *self.sp = value;
            self.sp = self.sp.add(1);
        }
    }

    /// Takes the top, whose reference belongs to the caller from now on.
    #[inline(always)]
    pub fn pop(&mut self) -> *mut PyObject {
        self.shrink(1);
        // SAFETY: the slot lies inside the frame.
        unsafe { *self.sp }
    }

    /// Gives up slots whose references have been taken.
    #[inline(always)]
    pub fn shrink(&mut self, count: usize) {
        // SAFETY: the compiler's stack depth says that there are as many.
        self.sp = unsafe { self.sp.sub(count) };
    }

    /// A local variable's slot.
    #[inline(always)]
    pub fn slot(&self, index: usize) -> *mut *mut PyObject {
        // SAFETY: the compiler's indices lie inside the locals.
        unsafe {
            (*self.frame)
                .localsplus
                .as_ptr()
                .cast_mut()
                .cast::<*mut PyObject>()
                .add(index)
        }
    }

    #[inline(always)]
    pub fn local(&self, index: usize) -> Option<Ref> {
        // SAFETY: a slot holds an object or null.
        unsafe { (*self.slot(index)).as_ref() }
    }

    /// Sets a local variable, and hands over what it held.
    #[inline(always)]
    pub fn set_local(&self, index: usize, value: *mut PyObject) -> Option<Ref> {
        // SAFETY: a slot holds an object or null.
        unsafe { std::ptr::replace(self.slot(index), value).as_ref() }
    }

    /// How deep the stack pointer stands above the first local.
    #[inline(always)]
    pub fn depth(&self) -> i32 {
        // SAFETY: both point into the frame.
        (unsafe { self.sp.offset_from(self.slot(0)) }) as i32
    }

    /// Takes the stack pointer from the frame, where somebody may have changed it.
    #[inline(always)]
    pub fn reload_stack(&mut self) {
        self.sp = self.slot(self.frame().stacktop.get() as usize);
    }

    /// Says in the frame which instruction runs: the one before `next`.
    #[inline(always)]
    pub fn mark(&self) {
        self.frame()
            .prev_instr
            .set(self.next.wrapping_sub(1).cast_mut());
    }

    #[inline(always)]
    pub fn jump(&mut self, offset: isize) {
        // SAFETY: the compiler's jumps stay inside the code.
        self.next = unsafe { self.next.offset(offset) };
    }

    /// A unit of the inline cache behind the instruction.
    #[inline(always)]
    pub fn cache(&self, unit: usize) -> u16 {
        // SAFETY: the instruction has as many units.
        unsafe { *self.next.add(unit) }
    }

    /// A version in the inline cache.
    #[inline(always)]
    pub fn cached_version(&self, unit: usize) -> u32 {
        // SAFETY: the instruction has as many units; they are aligned to two bytes only.
        unsafe { self.next.add(unit).cast::<u32>().read_unaligned() }
    }

    /// An object in the inline cache, held by the type whose version was checked.
    #[inline(always)]
    pub fn cached_object(&self, unit: usize) -> Ref {
        // SAFETY: as above; the specialiser has put a live object there, and the version says that
        // its owner still holds it.
        unsafe { &*self.next.add(unit).cast::<*mut PyObject>().read_unaligned() }
    }

    /// The instruction units from here, as the running code's.
    #[inline(always)]
    pub fn word(&self, unit: usize) -> _Py_CODEUNIT {
        self.cache(unit)
    }

    /// Goes on with this instruction being over: drops an operand that the stack gave up.
    #[inline(always)]
    pub fn done(&self, here: *const _Py_CODEUNIT, operand: Ref) -> Act {
        if release(operand) {
            self.mark_at(here);
            return Act::Dead(operand);
        }
        Act::Next
    }

    /// As [`Regs::done`], with two operands.
    #[inline(always)]
    pub fn done2(&self, here: *const _Py_CODEUNIT, first: Ref, second: Ref) -> Act {
        let dead = (release(first), release(second));
        if dead == (false, false) {
            return Act::Next;
        }
        self.mark_at(here);
        match dead {
            (true, true) => Act::Dead2(first, second),
            (true, false) => Act::Dead(first),
            _ => Act::Dead(second),
        }
    }

    /// Says in the frame that the instruction before `here` runs.
    #[inline(always)]
    pub fn mark_at(&self, here: *const _Py_CODEUNIT) {
        self.frame().prev_instr.set(here.wrapping_sub(1).cast_mut());
    }
}

/// Takes another reference.
#[inline(always)]
pub(super) fn hold(object: Ref) -> *mut PyObject {
    object.ob_refcnt.set(object.ob_refcnt.get() + 1);
    raw(object)
}

#[inline(always)]
pub(super) fn raw(object: Ref) -> *mut PyObject {
    (object as *const PyObject).cast_mut()
}

/// Gives a reference back; true where it was the last, and the object is dead.
#[inline(always)]
pub(super) fn release(object: Ref) -> bool {
    let left = object.ob_refcnt.get() - 1;
    object.ob_refcnt.set(left);
    left == 0
}

/// Gives a reference back, and lets the object die.
#[inline(always)]
pub(super) fn drop_ref(object: Ref) {
    if release(object) {
        // SAFETY: that was the last reference.
        unsafe { twinheap_objects::own::dealloc(raw(object)) }
    }
}

/// The object of a truth value, borrowed.
#[inline(always)]
pub(super) fn bool_ref(value: bool) -> Ref {
    let object = if value {
        &raw const _Py_TrueStruct
    } else {
        &raw const _Py_FalseStruct
    };
    // SAFETY: the singletons live for ever.
    unsafe { &*object.cast() }
}

#[inline(always)]
pub(super) fn none_ref() -> Ref {
    // SAFETY: the singleton lives for ever.
    unsafe { &*(&raw const _Py_NoneStruct).cast() }
}

/// The truth of the three objects that need no call; none for any other.
#[inline(always)]
pub(super) fn plain_truth(object: Ref) -> Option<bool> {
    if std::ptr::eq(object, bool_ref(true)) {
        Some(true)
    } else if std::ptr::eq(object, bool_ref(false)) || std::ptr::eq(object, none_ref()) {
        Some(false)
    } else {
        None
    }
}

/// The object behind a `&T`, for as long as the instruction runs.
#[inline(always)]
pub(super) fn of<T>(object: &T) -> Ref {
    // SAFETY: every object begins with the head; callers hold it while the instruction runs.
    unsafe { &*(object as *const T).cast() }
}

/// The object as a `T`, without a check.
///
/// # Safety
/// The object's layout is T's.
#[inline(always)]
pub(super) unsafe fn as_a<T>(object: Ref) -> &'static T {
    // SAFETY: by contract.
    unsafe { &*(object as *const PyObject).cast() }
}

/// Whether the object's type is exactly this one.
#[inline(always)]
pub(super) fn is(object: Ref, type_: &PyTypeObject) -> bool {
    object.is_exactly(type_)
}

impl Eval {
    /// Writes the registers back, for an operation that works on `Eval`.
    #[inline(always)]
    pub(super) fn spill(&mut self, r: &Regs) {
        self.frame = r.frame;
        self.next = r.next;
        self.sp = r.sp;
    }

    /// The registers as `Eval` has them.
    #[inline(always)]
    pub(super) fn registers(&self) -> Regs {
        Regs {
            frame: self.frame,
            next: self.next,
            sp: self.sp,
        }
    }

    /// Constants and names of another code.
    #[inline(always)]
    pub(super) fn set_code(&mut self, code: &PyCodeObject) {
        // SAFETY: constants and names are tuples.
        unsafe {
            self.consts = (*code.co_consts.get().cast::<PyTupleObject>())
                .ob_item
                .as_ptr()
                .cast();
            self.names = (*code.co_names.get().cast::<PyTupleObject>())
                .ob_item
                .as_ptr()
                .cast();
        }
    }

    #[inline(always)]
    pub(super) fn constant_ref(&self, index: usize) -> Ref {
        // SAFETY: the compiler's indices lie inside the constants, which the running code holds.
        unsafe { &**self.consts.add(index) }
    }
}

/// The general form of the instruction that runs: everything that the quick forms leave aside.
#[inline(never)]
pub(super) fn general(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    r.mark();
    e.spill(r);
    let opcode = twinheap_abi::opcode::DEOPT[usize::from(r.next.wrapping_sub(1).opcode())];
    match e.general(opcode, oparg) {
        Ok(super::Flow::Next) => Act::Reload,
        Ok(super::Flow::Exit) => Act::Exit(e.pop_raw()),
        Err(_) => unwind(e),
    }
}

/// Goes to the handler of the exception that is set; `Eval` has the registers.
#[inline(never)]
pub(super) fn unwind(e: &mut Eval) -> Act {
    e.kwnames = null_mut();
    if e.handle_exception() {
        Act::Reload
    } else {
        Act::Exit(null_mut())
    }
}

/// Reading an instruction behind a pointer.
pub(super) trait Instruction {
    fn opcode(self) -> u8;
    fn set_opcode(self, opcode: u8);
}

impl Instruction for *const _Py_CODEUNIT {
    #[inline(always)]
    fn opcode(self) -> u8 {
        // SAFETY: callers point into the instructions of a live code object.
        (unsafe { *self }) as u8
    }

    #[inline(always)]
    fn set_opcode(self, opcode: u8) {
        // SAFETY: as above; the instructions are written in place as CPython does.
        unsafe { *self.cast_mut() = *self & 0xff00 | u16::from(opcode) }
    }
}
