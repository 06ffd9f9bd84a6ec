//! Showing exceptions (`Python/pythonrun.c`, `Python/traceback.c`): the traceback with source lines
//! and carets, causes and contexts, groups in brief, notes.

use crate::{frames, stdio, sys};
use twinheap_abi::*;
use twinheap_objects::errors;
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::{abstract_, call, code, exceptions, id, list, traceback, types, unicode};
use twinheap_syntax::ast::{Expr, ExprKind, Mod, StmtKind};
use twinheap_syntax::{Flags, Mode};

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";

/// Shows an exception on `sys.stderr`.
pub fn print_exception(exception: &PyObject) {
    let text = format_exception(exception);
    write_error(&text);
}

/// `PyErr_Print` of an exception: `sys` remembers it, and `sys.excepthook` shows it.
pub fn print_uncaught(exception: &PyObject) {
    let none = twinheap_objects::singletons::none();
    let traceback = exceptions::base_exception(exception).and_then(|base| base.traceback.own());
    let traceback: &PyObject = traceback.as_deref().unwrap_or(&none);
    let kind = exception.type_().as_object();
    for (name, value) in [
        ("last_type", kind),
        ("last_value", exception),
        ("last_traceback", traceback),
    ] {
        if sys::set_object(name, value).is_err() {
            errors::clear();
        }
    }
    let shown = sys::get_object("excepthook")
        .map(|hook| call::call(&hook, &[kind, exception, traceback]).is_ok());
    if shown != Some(true) {
        errors::clear();
        print_exception(exception);
    }
}

/// Writes to `sys.stderr`, or to the descriptor where there is no such stream.
fn write_error(text: &str) {
    stdio::flush_fd(1);
    let written = sys::get_object("stderr")
        .filter(|stream| !stream.is_none())
        .and_then(|stream| {
            let text = unicode::from_str(text).ok()?;
            call::call_method(&stream, id!("write"), &[text.as_object()]).ok()
        });
    if written.is_none() {
        errors::clear();
        stdio::write_bytes(2, text.as_bytes());
    }
    stdio::flush_fd(2);
}

/// The whole text, as the default hook shows it.
pub fn format_exception(exception: &PyObject) -> String {
    let mut out = String::new();
    let mut seen = Vec::new();
    format_chain(&mut out, exception, &mut seen);
    out
}

fn format_chain(out: &mut String, exception: &PyObject, seen: &mut Vec<*mut PyObject>) {
    seen.push(exception.as_raw());
    if let Some(base) = exceptions::base_exception(exception) {
        let cause = base.cause.own();
        let context = base.context.own();
        let fresh = |other: &Own, seen: &[*mut PyObject]| !seen.contains(&other.as_ptr());
        if let Some(cause) = cause.filter(|cause| fresh(cause, seen)) {
            format_chain(out, &cause, seen);
            out.push_str(CAUSE);
        } else if let Some(context) = context.filter(|context| fresh(context, seen))
            && !base.suppress_context.get()
        {
            format_chain(out, &context, seen);
            out.push_str(CONTEXT);
        }
        if let Some(traceback) = base.traceback.own() {
            out.push_str("Traceback (most recent call last):\n");
            format_traceback(out, &traceback);
        }
    }
    format_message(out, exception);
}

/// How many entries are shown at most: the last ones (`PyTraceBack_LIMIT`).
const TRACEBACK_LIMIT: usize = 1000;
/// How often one entry is shown before it is only counted (`TB_RECURSIVE_CUTOFF`).
const RECURSIVE_CUTOFF: usize = 3;

/// The entries of a traceback in turn.
fn entries_of(traceback: &PyObject) -> impl Iterator<Item = Own<PyTracebackObject>> {
    let mut next = traceback.downcast_ref::<PyTracebackObject>().map(Own::new);
    std::iter::from_fn(move || {
        let current = next.take()?;
        next = current.tb_next.own();
        Some(current)
    })
}

fn format_traceback(out: &mut String, traceback: &PyObject) {
    let too_many = entries_of(traceback)
        .count()
        .saturating_sub(TRACEBACK_LIMIT);
    let (mut last, mut count) = (None, 0);
    for entry in entries_of(traceback).skip(too_many) {
        let Some(frame) = entry.tb_frame.own() else {
            continue;
        };
        let code = frames::frame_of(&frame).f_code.expect_ref();
        let line = twinheap_objects::traceback::line_of(&entry);
        let this = Some((code.co_filename.get(), code.co_name.get(), line));
        if this != last {
            say_repeated(out, count);
            (last, count) = (this, 0);
        }
        count += 1;
        if count <= RECURSIVE_CUTOFF {
            format_entry(out, &entry, &frame);
        }
    }
    say_repeated(out, count);
}

fn say_repeated(out: &mut String, count: usize) {
    if let Some(more) = count.checked_sub(RECURSIVE_CUTOFF).filter(|more| *more > 0) {
        let plural = if more > 1 { "s" } else { "" };
        out.push_str(&format!(
            "  [Previous line repeated {more} more time{plural}]\n"
        ));
    }
}

fn text_of(object: &PyObject) -> String {
    object
        .downcast_ref::<PyASCIIObject>()
        .map(unicode::to_string_lossy)
        .unwrap_or_default()
}

fn format_entry(out: &mut String, entry: &PyTracebackObject, frame: &PyFrameObject) {
    let running = frames::frame_of(frame);
    let code_object = running.f_code.expect_ref();
    let filename = text_of(code_object.co_filename.expect_ref());
    let line = twinheap_objects::traceback::line_of(entry);
    let name = text_of(code_object.co_name.expect_ref());
    out.push_str(&format!("  File \"{filename}\", line {line}, in {name}\n"));
    let Some(source) = source_line(&filename, line) else {
        return;
    };
    let trimmed = source.trim_start_matches([' ', '\t', '\x0c']).trim_end();
    out.push_str(&format!("    {trimmed}\n"));
    let position = code::position_of(code_object, entry.tb_lasti.get());
    if let Some(carets) = carets(&source, trimmed, position, line) {
        out.push_str(&format!("    {carets}\n"));
    }
}

/// The line under the source that marks what went wrong; none where it would mark all of it alike.
fn carets(source: &str, trimmed: &str, position: code::Position, line: i32) -> Option<String> {
    let (column, mut end) = (position.column?, position.end_column?);
    if position.line != Some(line) {
        return None;
    }
    if position.end_line != Some(line) {
        end = source.trim_end().len() as i32;
    }
    let indent = source.len() - source.trim_start_matches([' ', '\t', '\x0c']).len();
    let characters = |bytes: i32| {
        source
            .get(..bytes as usize)
            .map(|part| part.chars().count())
    };
    let start = characters(column)?.checked_sub(indent)?;
    let stop = characters(end.min(source.len() as i32))?.checked_sub(indent)?;
    if stop <= start {
        return None;
    }
    let is_one_line = position.end_line == Some(line);
    let segment: String = trimmed.chars().skip(start).take(stop - start).collect();
    let operator = anchors(&segment).filter(|_| is_one_line);
    if start == 0 && stop >= trimmed.chars().count() && operator.is_none() {
        return None;
    }
    let mut marks: Vec<char> = vec!['^'; stop - start];
    if let Some((from, to)) = operator {
        for (index, mark) in marks.iter_mut().enumerate() {
            *mark = if (from..to).contains(&index) {
                '^'
            } else {
                '~'
            };
        }
    }
    Some(format!(
        "{}{}",
        " ".repeat(start),
        marks.into_iter().collect::<String>()
    ))
}

/// Where the operator of a binary operation or the brackets of a subscript lie in the segment, in
/// characters (`extract_anchors_from_line`).
fn anchors(segment: &str) -> Option<(usize, usize)> {
    let ast = twinheap_syntax::parse_str(segment, Mode::Exec, &Flags::default()).ok()?;
    let Mod::Module { body, .. } = &ast.module else {
        return None;
    };
    let [statement] = &body[..] else {
        return None;
    };
    let StmtKind::Expr(value) = &statement.kind else {
        return None;
    };
    let (from, to) = match &value.kind {
        ExprKind::BinOp { left, right, .. } => operator_span(segment, left, right)?,
        ExprKind::Subscript {
            value: container, ..
        } => {
            let behind = container.span.end_col_offset as usize;
            let bracket = segment.get(behind..)?.find('[')?;
            (behind + bracket, value.span.end_col_offset as usize)
        }
        _ => return None,
    };
    let characters = |bytes: usize| segment.get(..bytes).map(|part| part.chars().count());
    Some((characters(from)?, characters(to)?))
}

/// The operator between two operands, one or two characters wide.
fn operator_span(segment: &str, left: &Expr, right: &Expr) -> Option<(usize, usize)> {
    let (start, stop) = (
        left.span.end_col_offset as usize,
        right.span.col_offset as usize,
    );
    let between = segment.get(start..stop)?;
    let at = between.find(|c: char| !c.is_whitespace() && c != ')')?;
    let wide = between[at + 1..]
        .chars()
        .next()
        .is_some_and(|c| !c.is_whitespace() && c != '\\');
    Some((start + at, start + at + if wide { 2 } else { 1 }))
}

pub fn source_line(filename: &str, line: i32) -> Option<String> {
    let text = std::fs::read_to_string(filename).ok()?;
    text.lines()
        .nth(usize::try_from(line - 1).ok()?)
        .map(str::to_string)
}

fn format_message(out: &mut String, exception: &PyObject) {
    if exception.is_instance_of(&exceptions::PyExc_SyntaxError)
        && let Some(error) = exception.downcast_ref::<PySyntaxErrorObject>()
    {
        format_syntax_location(out, error);
    }
    let type_ = exception.type_();
    let module = object::lookup_attr(type_.as_object(), id!("__module__"))
        .ok()
        .flatten();
    let module = module.as_deref().map(text_of).unwrap_or_default();
    let qualname = types::qualname_object(type_)
        .map(|name| text_of(&name))
        .unwrap_or_default();
    if !module.is_empty() && module != "builtins" && module != "__main__" {
        out.push_str(&module);
        out.push('.');
    }
    out.push_str(&qualname);
    let text = if let Some(error) = exception.downcast_ref::<PySyntaxErrorObject>() {
        error.msg.own().and_then(|msg| object::str(&msg).ok())
    } else {
        object::str(exception).ok()
    };
    match text {
        Some(text) if text.length.get() > 0 => {
            out.push_str(": ");
            out.push_str(&unicode::to_string_lossy(&text));
        }
        Some(_) => {}
        None => {
            errors::clear();
            out.push_str(": <exception str() failed>");
        }
    }
    out.push('\n');
    format_notes(out, exception);
    if let Some(group) = exception.downcast_ref::<PyBaseExceptionGroupObject>() {
        format_members(out, group);
    }
}

fn format_notes(out: &mut String, exception: &PyObject) {
    let notes = object::lookup_attr(exception, id!("__notes__"))
        .ok()
        .flatten();
    let Some(notes) = notes else {
        errors::clear();
        return;
    };
    if !abstract_::is_sequence(&notes) {
        return;
    }
    if let Ok(notes) = list::from_iterable(&notes) {
        for note in list::iter_owned(&notes) {
            if let Ok(text) = object::str(&note) {
                out.push_str(&unicode::to_string_lossy(&text));
                out.push('\n');
            }
        }
    }
}

fn format_members(out: &mut String, group: &PyBaseExceptionGroupObject) {
    let members = exceptions::members_of(group);
    for (index, member) in members.iter().enumerate() {
        let mut text = String::new();
        let mut seen = Vec::new();
        format_chain(&mut text, member, &mut seen);
        let lead = if index == 0 { "  +-+" } else { "    +" };
        out.push_str(&format!(
            "{lead}---------------- {} ----------------\n",
            index + 1
        ));
        for line in text.lines() {
            out.push_str(&format!("    | {line}\n"));
        }
    }
    out.push_str("    +------------------------------------\n");
}

fn format_syntax_location(out: &mut String, error: &PySyntaxErrorObject) {
    let number = |field: &Pointer<PyObject>| {
        field
            .as_ref()
            .and_then(|value| value.downcast_ref::<PyLongObject>())
            .and_then(twinheap_objects::long::to_i64)
    };
    let Some(line) = number(&error.lineno) else {
        return;
    };
    let filename = error
        .filename
        .own()
        .map_or("<string>".to_string(), |name| text_of(&name));
    out.push_str(&format!("  File \"{filename}\", line {line}\n"));
    let Some(text) = error
        .text
        .own()
        .filter(|text| !text.is_none())
        .map(|text| text_of(&text))
    else {
        return;
    };
    let trimmed = text.trim_start_matches([' ', '\t', '\x0c']);
    let indent = text.chars().count() - trimmed.chars().count();
    let shown = trimmed.trim_end_matches('\n');
    out.push_str(&format!("    {shown}\n"));
    let Some(offset) = number(&error.offset).filter(|&offset| offset >= 1) else {
        return;
    };
    let end = match number(&error.end_offset) {
        Some(end) if end > offset && number(&error.end_lineno) == Some(line) => end,
        _ => offset + 1,
    };
    let start = (offset as usize - 1).saturating_sub(indent);
    let width = (end - offset).max(1) as usize;
    out.push_str(&format!("    {}{}\n", " ".repeat(start), "^".repeat(width)));
}

/// An exception without a traceback is placed where the program is.
fn place(exception: &PyObject) {
    let Some(base) = exceptions::base_exception(exception) else {
        return;
    };
    if base.traceback.as_ref().is_some() {
        return;
    }
    let Some(frame) = frames::innermost() else {
        return;
    };
    let lasti = 2 * frames::last_instruction(frame) as i32;
    let made = frames::frame_object(frame)
        .and_then(|object| traceback::new(None, object, lasti, frames::current_line(frame)));
    match made {
        Ok(made) => base.traceback.put(Some(made.upcast())),
        Err(raised) => errors::discard(raised),
    }
}

/// `_PyErr_WriteUnraisableMsg`: by the program's own hook, where it has set one.
pub fn report_unraisable(exception: Own, how: Option<&str>, source: Option<&PyObject>) {
    place(&exception);
    let message = how.map(|how| format!("Exception ignored {how}"));
    let (own, default) = (
        sys::get_object("unraisablehook"),
        sys::get_object("__unraisablehook__"),
    );
    if let (Some(own), Some(default)) = (own, default)
        && own.as_ptr() != default.as_ptr()
        && !own.is_none()
    {
        let none = twinheap_objects::singletons::none;
        let traceback =
            exceptions::base_exception(&exception).and_then(|base| base.traceback.own());
        let args = crate::sys_data::UNRAISABLE_ARGS.make(vec![
            Own::new(exception.type_()).upcast(),
            exception.clone(),
            traceback.unwrap_or_else(none),
            message
                .as_deref()
                .and_then(|message| unicode::from_str(message).ok())
                .map_or_else(none, Own::upcast),
            source.map_or_else(none, Own::new),
        ]);
        match args.and_then(|args| call::call(&own, &[&args])) {
            Ok(_) => return,
            Err(_) => {
                return show_unraisable(&errors::take_exception(), None, Some(&own));
            }
        }
    }
    show_unraisable(&exception, message.as_deref(), source);
}

/// Shows an exception that nobody can catch, in the words of the default hook.
pub fn show_unraisable(exception: &PyObject, message: Option<&str>, source: Option<&PyObject>) {
    let mut out = String::new();
    match (message, source) {
        (message, Some(source)) => {
            let message = message.unwrap_or("Exception ignored in");
            out.push_str(&format!("{message}: {}\n", source.repr_lossy()));
        }
        (Some(message), None) => out.push_str(&format!("{message}:\n")),
        (None, None) => {}
    }
    if let Some(base) = exceptions::base_exception(exception)
        && let Some(traceback) = base.traceback.own()
    {
        out.push_str("Traceback (most recent call last):\n");
        format_traceback(&mut out, &traceback);
    }
    format_message(&mut out, exception);
    write_error(&out);
}
