//! Jumps of a trace function to another line: setting `f_lineno` (`frame_setlineno` of
//! `Objects/frameobject.c`).
//!
//! What kinds of values lie on the stack is worked out for every instruction; a jump is allowed where the
//! frame has at least what the target wants, and drops the rest. A stack of more than [`DEEPEST`] values
//! counts as unknown, as CPython keeps its kinds in one word.

use crate::eval::exception_table;
use crate::frames::{self, frame_of};
use crate::tracing::Event;
use twinheap_abi::opcode::*;
use twinheap_abi::*;
use twinheap_compile::opcode::stack_effect;
use twinheap_objects::code;
use twinheap_objects::errors::{PyResult, attribute_error, value_error};
use twinheap_objects::long::{self, PyLong_Type};
use twinheap_objects::memory;
use twinheap_objects::object::ObjectExt;
use twinheap_objects::own::{Field, xdecref};
use twinheap_objects::state::tstate;

/// What lies in a slot of the stack. The numbers order stacks of the same depth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Iterator = 1,
    Except = 2,
    Object = 3,
    Null = 4,
    Lasti = 5,
}

const DEEPEST: usize = 21;

/// A stack as far as it is known, ordered as CPython orders them: the deeper one is the greater.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stack {
    /// The instruction is not reached.
    Unreached,
    TooDeep,
    /// The depth, for the order, and the kinds from the bottom.
    Known(usize, Vec<Kind>),
}

impl Stack {
    fn empty() -> Stack {
        Stack::Known(0, Vec::new())
    }

    fn known(kinds: Vec<Kind>) -> Stack {
        Stack::Known(kinds.len(), kinds)
    }

    fn push(self, kind: Kind) -> Stack {
        match self {
            Stack::Known(depth, mut kinds) if depth < DEEPEST => {
                kinds.push(kind);
                Stack::known(kinds)
            }
            _ => Stack::TooDeep,
        }
    }

    fn pop(self) -> Stack {
        match self {
            Stack::Known(_, mut kinds) => {
                kinds.pop();
                Stack::known(kinds)
            }
            other => other,
        }
    }

    fn top(&self) -> Option<Kind> {
        match self {
            Stack::Known(_, kinds) => kinds.last().copied(),
            _ => None,
        }
    }

    /// Changes the kinds, where they are known.
    fn change(self, change: impl FnOnce(&mut Vec<Kind>)) -> Stack {
        match self {
            Stack::Known(_, mut kinds) => {
                change(&mut kinds);
                Stack::known(kinds)
            }
            other => other,
        }
    }
}

/// An instruction with its whole argument.
struct Instruction {
    opcode: u8,
    argument: usize,
}

fn instructions(code: &PyCodeObject) -> Vec<Instruction> {
    let words = code::base_instructions(code);
    let mut extended = 0;
    words
        .chunks_exact(2)
        .map(|word| {
            let argument = extended << 8 | usize::from(word[1]);
            extended = if word[0] == EXTENDED_ARG { argument } else { 0 };
            Instruction {
                opcode: word[0],
                argument,
            }
        })
        .collect()
}

/// Where an instruction jumps to, where it does.
fn target(instruction: &Instruction, at: usize) -> Option<usize> {
    let next = at + 1;
    match instruction.opcode {
        JUMP_IF_FALSE_OR_POP
        | JUMP_IF_TRUE_OR_POP
        | POP_JUMP_FORWARD_IF_FALSE
        | POP_JUMP_FORWARD_IF_TRUE
        | POP_JUMP_FORWARD_IF_NONE
        | POP_JUMP_FORWARD_IF_NOT_NONE
        | SEND
        | FOR_ITER
        | JUMP_FORWARD => Some(next + instruction.argument),
        POP_JUMP_BACKWARD_IF_FALSE
        | POP_JUMP_BACKWARD_IF_TRUE
        | POP_JUMP_BACKWARD_IF_NONE
        | POP_JUMP_BACKWARD_IF_NOT_NONE
        | JUMP_BACKWARD
        | JUMP_BACKWARD_NO_INTERRUPT => next.checked_sub(instruction.argument),
        _ => None,
    }
}

/// The stacks behind an instruction: of the one that follows, and of the one that it jumps to. None where
/// control does not go there.
fn effect(instruction: &Instruction, stack: Stack) -> (Option<Stack>, Option<Stack>) {
    let argument = instruction.argument;
    let on = |stack| (Some(stack), None);
    match instruction.opcode {
        JUMP_IF_FALSE_OR_POP | JUMP_IF_TRUE_OR_POP => (Some(stack.clone().pop()), Some(stack)),
        POP_JUMP_FORWARD_IF_FALSE
        | POP_JUMP_FORWARD_IF_TRUE
        | POP_JUMP_FORWARD_IF_NONE
        | POP_JUMP_FORWARD_IF_NOT_NONE
        | POP_JUMP_BACKWARD_IF_FALSE
        | POP_JUMP_BACKWARD_IF_TRUE
        | POP_JUMP_BACKWARD_IF_NONE
        | POP_JUMP_BACKWARD_IF_NOT_NONE => {
            let popped = stack.pop();
            (Some(popped.clone()), Some(popped))
        }
        SEND => (Some(stack.clone()), Some(stack.pop())),
        JUMP_FORWARD | JUMP_BACKWARD | JUMP_BACKWARD_NO_INTERRUPT => (None, Some(stack)),
        GET_ITER | GET_AITER => on(stack.pop().push(Kind::Iterator)),
        FOR_ITER => (Some(stack.clone().push(Kind::Object)), Some(stack.pop())),
        END_ASYNC_FOR => on(stack.pop().pop()),
        PUSH_EXC_INFO => on(stack.push(Kind::Except)),
        POP_EXCEPT => on(stack.pop()),
        RETURN_VALUE | RAISE_VARARGS | RERAISE => (None, None),
        PUSH_NULL => on(stack.push(Kind::Null)),
        LOAD_GLOBAL if argument & 1 != 0 => on(stack.push(Kind::Null).push(Kind::Object)),
        LOAD_METHOD => on(stack.pop().push(Kind::Null).push(Kind::Object)),
        CALL => on(stack.pop().pop().push(Kind::Object)),
        SWAP => on(stack.change(|kinds| {
            let last = kinds.len().wrapping_sub(1);
            if let Some(other) = kinds.len().checked_sub(argument)
                && argument > 0
            {
                kinds.swap(last, other);
            }
        })),
        COPY => {
            let copied = match &stack {
                Stack::Known(_, kinds) => kinds.len().checked_sub(argument).map(|at| kinds[at]),
                _ => None,
            };
            on(stack.push(copied.unwrap_or(Kind::Object)))
        }
        opcode => {
            let effect = |jump| stack_effect(opcode.into(), argument as i32, jump);
            let delta = effect(false).max(effect(true)).unwrap_or(0);
            let mut stack = stack;
            for _ in delta..0 {
                stack = stack.pop();
            }
            for _ in 0..delta {
                stack = stack.push(Kind::Object);
            }
            on(stack)
        }
    }
}

/// `mark_stacks`: the stack before every instruction, and behind the last.
fn mark_stacks(code: &PyCodeObject) -> PyResult<Vec<Stack>> {
    let all = instructions(code);
    let mut stacks = memory::filled(Stack::Unreached, all.len() + 1)?;
    let generators = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR;
    stacks[0] = Stack::empty();
    if code.co_flags.get() & generators != 0 {
        // A generator is sent None when it starts.
        stacks[0] = Stack::empty().push(Kind::Object);
    }
    let handlers = exception_table(code);
    let mut again = true;
    while again {
        again = false;
        for (at, instruction) in all.iter().enumerate() {
            if stacks[at] == Stack::Unreached {
                continue;
            }
            let (next, jumped) = effect(instruction, stacks[at].clone());
            if let (Some(stack), Some(to)) = (jumped, target(instruction, at))
                && to < all.len()
            {
                again |= stacks[to] == Stack::Unreached && to < at;
                stacks[to] = stack;
            }
            if let Some(stack) = next {
                stacks[at + 1] = stack;
            }
        }
        for handler in &handlers {
            let (from, to) = (handler.start, handler.target);
            if stacks[from] == Stack::Unreached || stacks[to] != Stack::Unreached {
                continue;
            }
            let mut stack = stacks[from]
                .clone()
                .change(|kinds| kinds.truncate(handler.depth));
            if handler.push_lasti {
                stack = stack.push(Kind::Lasti);
            }
            stacks[to] = stack.push(Kind::Except);
            again = true;
        }
    }
    Ok(stacks)
}

fn is_compatible_kind(from: Kind, to: Kind) -> bool {
    match to {
        Kind::Object => from != Kind::Null,
        Kind::Null => true,
        _ => from == to,
    }
}

/// Whether the frame can go from one stack to the other by dropping values.
fn is_compatible(from: &Stack, to: &Stack) -> bool {
    let (Stack::Known(_, to_kinds), Stack::Known(..)) = (to, from) else {
        return false;
    };
    let mut from = from.clone();
    while from > *to {
        from = from.pop();
    }
    let Stack::Known(_, from_kinds) = from else {
        return false;
    };
    from_kinds.len() == to_kinds.len()
        && from_kinds
            .iter()
            .zip(to_kinds)
            .all(|(from, to)| is_compatible_kind(*from, *to))
}

/// Why a jump there is not possible.
fn explain(to: &Stack) -> &'static str {
    match to {
        Stack::TooDeep => "stack is too deep to analyze",
        Stack::Unreached => "can't jump into an exception handler, or code may be unreachable",
        known => match known.top() {
            Some(Kind::Except) => "can't jump into an 'except' block as there's no exception",
            Some(Kind::Lasti) => "can't jump into a re-raising block as there's no location",
            Some(Kind::Iterator) => "can't jump into the body of a for loop",
            _ => "incompatible stacks",
        },
    }
}

/// `marklines`: the line that begins at each instruction, where one does.
fn line_starts(code: &PyCodeObject) -> PyResult<Vec<Option<i32>>> {
    let mut starts = memory::filled(None, code.ob_size.get() as usize)?;
    let mut last = None;
    for (start, _, position) in code::LineTable::new(code) {
        if position.line.is_some() && position.line != last {
            last = position.line;
            if let Some(place) = starts.get_mut(start) {
                *place = last;
            }
        }
    }
    Ok(starts)
}

/// Whether the event that a trace function was told of lets it jump.
fn check_event(object: &PyFrameObject, is_suspended: bool) -> PyResult<()> {
    let event = tstate().tracing_what.get();
    if event == Event::Call as i32 {
        return Err(value_error(
            "can't jump from the 'call' trace event of a new frame",
        ));
    }
    let may_jump = event == Event::Line as i32 || event == Event::Return as i32 && is_suspended;
    if !may_jump {
        return Err(value_error("can only jump from a 'line' trace event"));
    }
    if object.f_trace.get().is_null() {
        return Err(value_error("f_lineno can only be set by a trace function"));
    }
    Ok(())
}

/// The first line with code that is not before this one.
fn wanted_line(code: &PyCodeObject, starts: &[Option<i32>], value: &PyObject) -> PyResult<i32> {
    let wanted = value.downcast_ref::<PyLongObject>().and_then(long::to_i64);
    let Some(line) = wanted.and_then(|wanted| i32::try_from(wanted).ok()) else {
        return Err(value_error("lineno out of range"));
    };
    if line < code.co_firstlineno.get() {
        return Err(value_error(format_args!(
            "line {line} comes before the current code block"
        )));
    }
    let later = starts.iter().flatten().filter(|start| **start >= line);
    later.min().copied().ok_or_else(|| {
        value_error(format_args!(
            "line {line} comes after the current code block"
        ))
    })
}

/// The instruction of the line that keeps most of the stack.
fn best_target(
    stacks: &[Stack],
    starts: &[Option<i32>],
    line: i32,
    start: &Stack,
) -> PyResult<usize> {
    let mut best: Option<usize> = None;
    let mut reason = "cannot find bytecode for specified line";
    let mut is_explained = false;
    for (at, _) in starts
        .iter()
        .enumerate()
        .filter(|(_, begins)| **begins == Some(line))
    {
        if is_compatible(start, &stacks[at]) {
            if best.is_none_or(|best| stacks[at] > stacks[best]) {
                best = Some(at);
            }
        } else if !is_explained && best.is_none() {
            match start {
                Stack::TooDeep => reason = "stack to deep to analyze",
                Stack::Unreached => reason = "can't jump from unreachable code",
                Stack::Known(..) => {
                    reason = explain(&stacks[at]);
                    is_explained = true;
                }
            }
        }
    }
    best.ok_or_else(|| value_error(reason))
}

/// The setter of `f_lineno`.
pub fn set_lineno(object: &PyFrameObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(attribute_error("cannot delete attribute"));
    };
    if !value.is_exactly(&PyLong_Type) {
        return Err(value_error("lineno must be an integer"));
    }
    let frame = frame_of(object);
    let is_suspended = frames::is_suspended(frame);
    check_event(object, is_suspended)?;
    let code = frame.f_code.expect_ref();
    let starts = line_starts(code)?;
    let line = wanted_line(code, &starts, value)?;
    let stacks = mark_stacks(code)?;
    let Some(mut stack) = stacks
        .get(frames::last_instruction(frame) as usize)
        .cloned()
    else {
        return Err(value_error("can't jump from unreachable code"));
    };
    let to = best_target(&stacks, &starts, line, &stack)?;
    if is_suspended {
        // The value that was yielded is off the stack.
        stack = stack.pop();
    }
    while stack > stacks[to] {
        drop_top(frame, stack.top());
        stack = stack.pop();
    }
    object.f_lineno.set(0);
    frame
        .prev_instr
        .set(frames::first_instruction(code).wrapping_add(to));
    Ok(())
}

/// Drops the top of the frame's stack; an exception that was being handled is no longer.
fn drop_top(frame: &_PyInterpreterFrame, kind: Option<Kind>) {
    let depth = frame.stacktop.get() - 1;
    frame.stacktop.set(depth);
    // SAFETY: the slot lies inside the frame, which gives the value up.
    let mut value = unsafe { *frames::localsplus(frame).add(depth as usize) };
    if kind == Some(Kind::Except) {
        value = tstate().exc_info().exc_value.replace(value);
    }
    // SAFETY: as above.
    unsafe { xdecref(value) };
}
