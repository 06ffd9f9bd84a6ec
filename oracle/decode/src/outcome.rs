//! How a run ended, out of raw memory: the exception with its chain, notes, traceback and columns.

use twinheap_abi::*;
use twinheap_observation::{ExceptionView, FrameSpan, Outcome};

use crate::code::tuple_items;
use crate::layouts::{ExceptionFamily, exception_family};
use crate::memory::Address;
use crate::positions::span_at;
use crate::text::{bytes_data, qualified_name, render, str_text};

/// How far a chain of causes and contexts, and the members of groups, are followed.
const MAXIMUM_CHAIN: usize = 64;
/// How many traceback entries are shown from each end.
const MAXIMUM_FRAMES: usize = 100;

/// The outcome of a run that ended with this exception, or with none.
pub fn outcome(exception: Address) -> Outcome {
    if exception.is_null() {
        return Outcome::Finished;
    }
    if exception_family(exception.type_of()) == ExceptionFamily::Exit {
        let code = Address::of(exception.view::<PySystemExitObject>().code.get());
        return Outcome::Exited(render(code));
    }
    let mut seen = Vec::new();
    Outcome::Raised(Box::new(view(exception, &mut seen)))
}

fn view(exception: Address, seen: &mut Vec<Address>) -> ExceptionView {
    let object = exception.view::<PyBaseExceptionObject>();
    let type_address = Address::of(exception.view::<PyObject>().ob_type.get());
    let args = Address::of(object.args.get());
    let mut result = ExceptionView {
        type_name: qualified_name(type_address),
        args: if args.is_null() {
            Vec::new()
        } else {
            tuple_items(args).map(render).collect()
        },
        ..ExceptionView::default()
    };
    if seen.contains(&exception) || seen.len() >= MAXIMUM_CHAIN {
        result.seen_before = true;
        return result;
    }
    seen.push(exception);
    result.fields = family_fields(exception);
    result.notes = notes(
        Address::of(object.notes.get()),
        Address::of(object.dict.get()),
    );
    result.traceback = traceback(Address::of(object.traceback.get()));
    result.suppress_context = object.suppress_context.get();
    result.cause = follow(Address::of(object.cause.get()), seen);
    result.context = follow(Address::of(object.context.get()), seen);
    if exception_family(exception.type_of()) == ExceptionFamily::Group {
        let members = Address::of(exception.view::<PyBaseExceptionGroupObject>().excs.get());
        if !members.is_null() {
            result.members = tuple_items(members)
                .map(|member| view(member, seen))
                .collect();
        }
    }
    result
}

fn follow(exception: Address, seen: &mut Vec<Address>) -> Option<Box<ExceptionView>> {
    (!exception.is_null()).then(|| Box::new(view(exception, seen)))
}

/// Notes are kept under `__notes__` in the exception's dict.
fn notes(field: Address, dict: Address) -> Vec<String> {
    let held = if field.is_null() {
        crate::containers::find_in_dict(dict, "__notes__")
    } else {
        Some(field)
    };
    let Some(list) =
        held.filter(|list| list.type_of().tp_flags.get() & Py_TPFLAGS_LIST_SUBCLASS != 0)
    else {
        return Vec::new();
    };
    let list = list.view::<PyListObject>();
    let items =
        Address::of(list.ob_item.get()).table::<*const PyObject>(list.ob_size.get() as usize);
    items
        .iter()
        .map(|item| render(Address::of(*item)))
        .collect()
}

fn traceback(mut entry: Address) -> Vec<FrameSpan> {
    let mut entries = Vec::new();
    while !entry.is_null() {
        entries.push(entry);
        entry = Address::of(entry.view::<PyTracebackObject>().tb_next.get());
    }
    let middle = MAXIMUM_FRAMES..entries.len().saturating_sub(MAXIMUM_FRAMES);
    entries
        .iter()
        .enumerate()
        .filter(|(index, _)| !middle.contains(index))
        .map(|(_, entry)| frame_span(*entry))
        .collect()
}

fn frame_span(entry: Address) -> FrameSpan {
    let entry = entry.view::<PyTracebackObject>();
    let frame = Address::of(entry.tb_frame.get()).view::<PyFrameObject>();
    let inner = Address::of(frame.f_frame.get()).view::<_PyInterpreterFrame>();
    let code = Address::of(inner.f_code.get()).view::<PyCodeObject>();
    let table = bytes_data(Address::of(code.co_linetable.get()));
    let span = span_at(table, code.co_firstlineno.get(), entry.tb_lasti.get());
    // A line of -1 has not been worked out yet; the position table knows it.
    let known = entry.tb_lineno.get();
    FrameSpan {
        filename: str_text(Address::of(code.co_filename.get())),
        qualname: str_text(Address::of(code.co_qualname.get())),
        line: if known < 0 { span.0 } else { known },
        span,
    }
}

/// The fields that only this family of exceptions has.
fn family_fields(exception: Address) -> Vec<(String, String)> {
    let field =
        |name: &str, pointer: *mut PyObject| (name.to_owned(), render(Address::of(pointer)));
    match exception_family(exception.type_of()) {
        ExceptionFamily::Plain | ExceptionFamily::Group | ExceptionFamily::Exit => Vec::new(),
        ExceptionFamily::Syntax => {
            let error = exception.view::<PySyntaxErrorObject>();
            vec![
                field("msg", error.msg.get()),
                field("lineno", error.lineno.get()),
                field("offset", error.offset.get()),
                field("end_lineno", error.end_lineno.get()),
                field("end_offset", error.end_offset.get()),
                field("text", error.text.get()),
            ]
        }
        ExceptionFamily::Import => {
            let error = exception.view::<PyImportErrorObject>();
            vec![
                field("msg", error.msg.get()),
                field("name", error.name.get()),
            ]
        }
        ExceptionFamily::Unicode => {
            let error = exception.view::<PyUnicodeErrorObject>();
            vec![
                field("encoding", error.encoding.get()),
                ("start".to_owned(), error.start.get().to_string()),
                ("end".to_owned(), error.end.get().to_string()),
                field("reason", error.reason.get()),
            ]
        }
        ExceptionFamily::Os => {
            let error = exception.view::<PyOSErrorObject>();
            vec![
                field("errno", error.myerrno.get()),
                field("strerror", error.strerror.get()),
                field("filename", error.filename.get()),
                field("filename2", error.filename2.get()),
            ]
        }
        ExceptionFamily::Stop => vec![field(
            "value",
            exception.view::<PyStopIterationObject>().value.get(),
        )],
        ExceptionFamily::Name => vec![field(
            "name",
            exception.view::<PyNameErrorObject>().name.get(),
        )],
        ExceptionFamily::Attribute => {
            let error = exception.view::<PyAttributeErrorObject>();
            vec![
                field("name", error.name.get()),
                field("obj", error.obj.get()),
            ]
        }
    }
}
