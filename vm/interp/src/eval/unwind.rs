//! Raising, handling and unwinding.

use super::Eval;
use crate::tracing::{self, is_on};
use crate::{frames, generator};
use twinheap_abi::*;
use twinheap_objects::errors::{
    self, Fetched, PyResult, Raised, runtime_error, system_error, type_error,
};
use twinheap_objects::exceptions::{
    self, PyExc_BaseException, PyExc_BaseExceptionGroup, PyExc_SystemError,
};
use twinheap_objects::object::{ObjectExt, TypeExt};
use twinheap_objects::own::{Field, Layout, Own, xdecref};
use twinheap_objects::singletons::{bool_object, none};
use twinheap_objects::{bytes, call, list, long, traceback, tuple};

/// An instruction that this VM does not know.
#[cold]
pub(super) fn unknown_opcode(opcode: u8) -> Raised {
    let name = twinheap_abi::opcode::NAMES[usize::from(opcode)];
    errors::raise(
        &PyExc_SystemError,
        format_args!("this VM does not run the opcode {opcode} ({name}) yet"),
    )
}

/// `PyTraceBack_Here`: adds the frame to the traceback of the exception that is set.
pub fn add_traceback(frame: &_PyInterpreterFrame) {
    let fetched = errors::fetch();
    let lasti = 2 * frames::last_instruction(frame) as i32;
    // The line is found when somebody asks for it.
    let line = -1;
    let made = frames::frame_object(frame)
        .and_then(|object| traceback::new(fetched.traceback.clone(), object, lasti, line));
    match made {
        Ok(made) => {
            errors::restore(Fetched {
                traceback: Some(made.upcast()),
                ..fetched
            });
        }
        Err(_) => {
            errors::clear();
            errors::restore(fetched);
        }
    }
}

/// An entry of the exception table: the handler of a run of instructions.
pub struct Handler {
    pub start: usize,
    size: usize,
    pub target: usize,
    pub depth: usize,
    pub push_lasti: bool,
}

/// Reads a number of the exception table: six bits a byte, most significant first.
fn table_number(table: &[u8], at: &mut usize) -> usize {
    let mut value = usize::from(table[*at] & 63);
    while table[*at] & 64 != 0 {
        *at += 1;
        value = value << 6 | usize::from(table[*at] & 63);
    }
    *at += 1;
    value
}

/// The entry that begins at this byte of the table.
fn table_entry(table: &[u8], at: &mut usize) -> Handler {
    let start = table_number(table, at);
    let size = table_number(table, at);
    let target = table_number(table, at);
    let depth = table_number(table, at);
    Handler {
        start,
        size,
        target,
        depth: depth >> 1,
        push_lasti: depth & 1 != 0,
    }
}

fn table_of(code: &PyCodeObject) -> &[u8] {
    // SAFETY: the exception table of a code object is bytes.
    unsafe { bytes::data_of(&*code.co_exceptiontable.get().cast()) }
}

/// All entries of a code's exception table.
pub fn exception_table(code: &PyCodeObject) -> Vec<Handler> {
    let table = table_of(code);
    let mut at = 0;
    let mut all = Vec::new();
    while at < table.len() {
        all.push(table_entry(table, &mut at));
    }
    all
}

/// `get_exception_handler`.
fn find_handler(code: &PyCodeObject, instruction: usize) -> Option<Handler> {
    let table = table_of(code);
    let mut at = 0;
    while at < table.len() {
        let handler = table_entry(table, &mut at);
        if handler.start > instruction {
            return None;
        }
        if instruction < handler.start + handler.size {
            return Some(handler);
        }
    }
    None
}

impl Eval {
    /// An exception is set: goes to its handler, in this frame or in a caller's of the same loop.
    /// False where the loop must be left.
    #[inline(never)]
    pub(super) fn handle_exception(&mut self) -> bool {
        let reraising = std::mem::replace(&mut self.reraising, false);
        if !reraising {
            self.note_exception();
        }
        loop {
            if self.enter_handler() {
                return true;
            }
            self.drop_stack();
            if is_on(self.state) {
                // What a trace function raises takes the place of the exception.
                let _ = tracing::exit(self.frame(), None);
            }
            if !self.leave_raising() {
                return false;
            }
            self.note_exception();
        }
    }

    /// The frame is left with the exception that is set, whatever handlers it has; then as
    /// [`Eval::handle_exception`] in its caller.
    #[cold]
    pub(super) fn leave_with_exception(&mut self) -> bool {
        self.drop_stack();
        self.leave_raising() && self.handle_exception()
    }

    /// An exception is thrown into the frame, of which a trace function is told as of a call.
    pub(super) fn begin_throwing(&mut self) -> bool {
        if is_on(self.state) && tracing::entry(self.frame()).is_err() {
            return self.leave_with_exception();
        }
        self.handle_exception()
    }

    /// The exception has come to this frame: its traceback says so, and a trace function is told.
    fn note_exception(&mut self) {
        if !frames::is_incomplete(self.frame()) {
            add_traceback(self.frame());
        }
        if is_on(self.state) {
            self.save_stack();
            tracing::exception(self.frame());
        }
    }

    /// Empties the operand stack.
    fn drop_stack(&mut self) {
        self.save_stack();
        while self.stack_level() > 0 {
            let value = self.pop_raw();
            // SAFETY: the stack owned the value.
            unsafe { xdecref(value) };
        }
        self.save_stack();
    }

    /// Leaves the frame, whose stack is empty, for its caller. False where the loop must be left.
    fn leave_raising(&mut self) -> bool {
        let frame = self.frame();
        if frame.owner.get() == FRAME_OWNED_BY_GENERATOR && !frame.is_entry.get() {
            self.leave_generator();
            return true;
        }
        if frame.owner.get() == FRAME_OWNED_BY_GENERATOR {
            self.state.current_frame.set(frame.previous.get());
            generator::finish(frame);
            return false;
        }
        if frame.is_entry.get() {
            let previous = frame.previous.get();
            // SAFETY: the frame has ended; the caller of the loop gives its depth back.
            unsafe {
                frames::clear_frame(frame);
                frames::pop_frame(self.state, self.frame);
            }
            self.state.current_frame.set(previous);
            return false;
        }
        self.leave_frame();
        self.load_frame();
        true
    }

    /// A generator that this loop has resumed ends with an exception, which its caller gets.
    fn leave_generator(&mut self) {
        let frame = self.frame();
        let held = Own::new(generator::generator_of(frame));
        let previous = frame.previous.get();
        generator::finish(frame);
        generator::stop_iteration_inside(&held);
        self.frame = previous;
        twinheap_objects::object::leave_frame();
        self.load_frame();
        drop(held);
    }

    /// Goes to the handler of the instruction that raised, where there is one.
    fn enter_handler(&mut self) -> bool {
        // RERAISE moves the frame's last instruction; the one that runs is before the next.
        let first = frames::first_instruction(self.code());
        // SAFETY: both point into the code's instructions, or one before them.
        let here = unsafe { self.next.offset_from(first) } - 1;
        if here < 0 {
            return false;
        }
        let Some(handler) = find_handler(self.code(), here as usize) else {
            return false;
        };
        while self.stack_level() > handler.depth {
            let value = self.pop_raw();
            // SAFETY: the stack owned the value.
            unsafe { xdecref(value) };
        }
        if handler.push_lasti {
            match long::from_isize(frames::last_instruction(self.frame())) {
                Ok(lasti) => self.push(lasti),
                Err(_) => return false,
            }
        }
        let exception = errors::take_exception();
        self.push(exception);
        self.next = first.wrapping_add(handler.target);
        true
    }

    pub(super) fn push_exc_info(&mut self) {
        let value = self.pop();
        let item = self.state.exc_info();
        let old = item.exc_value.take_own().unwrap_or_else(none);
        self.push(old);
        item.exc_value.put(Some(value.clone()));
        self.push(value);
    }

    pub(super) fn pop_except(&mut self) {
        let value = self.pop();
        self.state.exc_info().exc_value.put(Some(value));
    }

    pub(super) fn check_exc_match(&mut self) -> PyResult<()> {
        let expected = self.pop();
        check_except_type(&expected)?;
        let answer = errors::given_matches(self.peek(1), &expected);
        self.push(bool_object(answer));
        Ok(())
    }

    pub(super) fn check_eg_match(&mut self) -> PyResult<()> {
        let expected = self.pop();
        check_star_type(&expected)?;
        let raised = Own::new(self.peek(1));
        let (matching, rest) = match_star(&raised, &expected)?;
        if matching.is_none() {
            self.push(none());
            return Ok(());
        }
        drop(self.pop());
        self.push(rest);
        if let Some(info) = Some(&matching).filter(|matching| !matching.is_none()) {
            self.state.exc_info().exc_value.put(Some((*info).clone()));
        }
        self.push(matching);
        Ok(())
    }

    pub(super) fn prep_reraise_star(&mut self) -> PyResult<()> {
        let raised = self.pop();
        let original = self.pop();
        let result = prep_reraise_star(&original, &raised)?;
        self.push(result);
        Ok(())
    }

    pub(super) fn reraise(&mut self, oparg: usize) -> PyResult<()> {
        if oparg != 0 {
            let lasti = Own::new(self.peek(oparg + 1));
            let Some(lasti) = lasti.downcast_ref::<PyLongObject>().and_then(long::to_i64) else {
                return Err(system_error("lasti is not an int"));
            };
            let first = frames::first_instruction(self.code());
            self.frame()
                .prev_instr
                .set(first.wrapping_offset(lasti as isize));
        }
        let value = self.pop();
        errors::restore_exception(value);
        // The traceback has this frame already: go straight to the handler.
        self.reraising = true;
        Err(Raised::already_set())
    }

    pub(super) fn raise_varargs(&mut self, count: usize) -> PyResult<()> {
        let cause = if count == 2 { Some(self.pop()) } else { None };
        let exception = if count >= 1 { Some(self.pop()) } else { None };
        match exception {
            Some(exception) => Err(do_raise(exception, cause)),
            None => {
                let Some(value) = errors::handled_exception() else {
                    return Err(runtime_error("No active exception to reraise"));
                };
                errors::restore_exception(value);
                self.reraising = true;
                Err(Raised::already_set())
            }
        }
    }
}

/// `do_raise` with an exception.
fn do_raise(exception: Own, cause: Option<Own>) -> Raised {
    match prepare_raise(exception, cause) {
        Ok((type_, value)) => errors::raise_object(&type_, Some(value)),
        Err(raised) => raised,
    }
}

fn prepare_raise(exception: Own, cause: Option<Own>) -> PyResult<(Own<PyTypeObject>, Own)> {
    let value = instantiate(exception, "exceptions must derive from BaseException")?;
    if let Some(cause) = cause {
        let cause = if cause.is_none() {
            None
        } else {
            Some(instantiate(
                cause,
                "exception causes must derive from BaseException",
            )?)
        };
        if let Some(exception) = value.downcast_ref::<PyBaseExceptionObject>() {
            exceptions::set_cause(exception, cause);
        }
    }
    Ok((Own::new(value.type_()), value))
}

/// An exception as it is, or an instance of an exception class.
fn instantiate(exception: Own, message: &str) -> PyResult {
    if let Some(class) = exception.downcast_ref::<PyTypeObject>()
        && class.has_feature(Py_TPFLAGS_BASE_EXC_SUBCLASS)
    {
        let made = call::call(&exception, &[])?;
        if !made.is_instance_of(&PyExc_BaseException) {
            return Err(type_error(format_args!(
                "calling {} should have returned an instance of BaseException, not {}",
                exception.repr_lossy(),
                made.type_().as_object().repr_lossy()
            )));
        }
        return Ok(made);
    }
    if exception.is_instance_of(&PyExc_BaseException) {
        return Ok(exception);
    }
    Err(type_error(message))
}

fn is_exception_class(value: &PyObject) -> bool {
    value
        .downcast_ref::<PyTypeObject>()
        .is_some_and(|class| class.has_feature(Py_TPFLAGS_BASE_EXC_SUBCLASS))
}

fn check_except_type(expected: &PyObject) -> PyResult<()> {
    let fits = match expected.downcast_ref::<PyTupleObject>() {
        Some(classes) => tuple::items(classes)
            .iter()
            .all(|class| is_exception_class(class)),
        None => is_exception_class(expected),
    };
    if fits {
        return Ok(());
    }
    Err(type_error(
        "catching classes that do not inherit from BaseException is not allowed",
    ))
}

fn check_star_type(expected: &PyObject) -> PyResult<()> {
    check_except_type(expected)?;
    let is_group = |class: &PyObject| {
        class.downcast_ref::<PyTypeObject>().is_some_and(|class| {
            twinheap_objects::types::is_subtype(class, &PyExc_BaseExceptionGroup)
        })
    };
    let grouped = match expected.downcast_ref::<PyTupleObject>() {
        Some(classes) => tuple::items(classes).iter().any(|class| is_group(class)),
        None => is_group(expected),
    };
    if grouped {
        return Err(type_error(
            "catching ExceptionGroup with except* is not allowed. Use except instead.",
        ));
    }
    Ok(())
}

/// `exception_group_match`: what `except*` catches, and the rest.
fn match_star(raised: &PyObject, expected: &PyObject) -> PyResult<(Own, Own)> {
    if raised.is_none() {
        return Ok((none(), none()));
    }
    if errors::given_matches(raised, expected) {
        if raised.is_instance_of(&PyExc_BaseExceptionGroup) {
            return Ok((Own::new(raised), none()));
        }
        let wrapped = exceptions::new_group("", &[Own::new(raised)])?;
        if let (Some(outer), Some(inner)) = (
            wrapped.downcast_ref::<PyBaseExceptionObject>(),
            raised.downcast_ref::<PyBaseExceptionObject>(),
        ) {
            outer.traceback.put(inner.traceback.own());
        }
        return Ok((wrapped, none()));
    }
    if raised.is_instance_of(&PyExc_BaseExceptionGroup) {
        return exceptions::split_exception(raised, expected);
    }
    Ok((none(), Own::new(raised)))
}

/// `_PyExc_PrepReraiseStar`: what is raised behind a `try` with `except*`.
fn prep_reraise_star(original: &PyObject, raised: &PyObject) -> PyResult {
    let Some(raised) = raised.downcast_ref::<PyListObject>() else {
        return Err(system_error("the exceptions of except* are no list"));
    };
    let items: Vec<Own> = list::items(raised)
        .iter()
        .filter(|item| !item.is_none())
        .map(|item| Own::new(*item))
        .collect();
    if items.is_empty() {
        return Ok(none());
    }
    if !original.is_instance_of(&PyExc_BaseExceptionGroup) {
        return Ok(items[0].clone());
    }
    let (mut fresh, mut reraised) = (Vec::new(), Vec::new());
    for item in items {
        if is_same_metadata(&item, original) {
            reraised.push(item)
        } else {
            fresh.push(item)
        }
    }
    let rest = project(original, &reraised)?;
    if fresh.is_empty() {
        return Ok(rest);
    }
    if !rest.is_none() {
        fresh.push(rest);
    }
    if let [single] = &fresh[..] {
        return Ok(single.clone());
    }
    exceptions::new_group("", &fresh)
}

fn is_same_metadata(a: &PyObject, b: &PyObject) -> bool {
    match (
        a.downcast_ref::<PyBaseExceptionObject>(),
        b.downcast_ref::<PyBaseExceptionObject>(),
    ) {
        (Some(a), Some(b)) => {
            a.notes.get() == b.notes.get()
                && a.traceback.get() == b.traceback.get()
                && a.cause.get() == b.cause.get()
                && a.context.get() == b.context.get()
        }
        _ => false,
    }
}

/// The part of the original group whose leaves are among the given exceptions.
fn project(original: &PyObject, kept: &[Own]) -> PyResult {
    fn leaves(exception: &PyObject, out: &mut Vec<*mut PyObject>) {
        match exception.downcast_ref::<PyBaseExceptionGroupObject>() {
            Some(group) => exceptions::members_of(group)
                .iter()
                .for_each(|member| leaves(member, out)),
            None => out.push(exception.as_raw()),
        }
    }
    fn filter(exception: &PyObject, wanted: &[*mut PyObject]) -> PyResult<Option<Own>> {
        let Some(group) = exception.downcast_ref::<PyBaseExceptionGroupObject>() else {
            let keep = wanted.contains(&exception.as_raw());
            return Ok(keep.then(|| Own::new(exception)));
        };
        let mut members = Vec::new();
        for member in exceptions::members_of(group) {
            members.extend(filter(member, wanted)?);
        }
        // A group is made anew even where all of its members stay.
        let made = exceptions::subset(group, &members)?;
        Ok(Some(made).filter(|made| !made.is_none()))
    }
    let mut wanted = Vec::new();
    for exception in kept {
        leaves(exception, &mut wanted);
    }
    Ok(filter(original, &wanted)?.unwrap_or_else(none))
}
