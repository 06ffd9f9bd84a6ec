//! The standard streams of the command line: those of the `io` module, as CPython opens them.

use twinheap_interp::sys;
use twinheap_objects::errors::{self, PyResult};
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::Layout;
use twinheap_objects::{call, id, import_hook, long, singletons, unicode};

/// What a stream does with what its encoding cannot show: names of the system survive in a locale that says nothing.
fn error_handler(fd: i32) -> &'static str {
    if fd == 2 {
        return "backslashreplace";
    }
    let told = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    match told.as_deref() {
        None | Some("C" | "POSIX" | "C.UTF-8") => "surrogateescape",
        Some(_) => "strict",
    }
}

/// `create_stdio`: None where the descriptor is not open.
fn create(fd: i32, name: &str, unbuffered: bool) -> PyResult {
    let unbuffered = unbuffered && fd != 0;
    let text = |value: &str| -> PyResult { Ok(unicode::from_str(value)?.upcast()) };
    let io = import_hook::import_module("_io")?;
    let open = object::get_attr(&io, id!("open"))?;
    let mode = if fd == 0 { "r" } else { "w" };
    let none = singletons::none();
    let number = long::from_i64(i64::from(fd))?;
    let buffering = long::from_i64(if unbuffered { 0 } else { -1 })?;
    let opened = call::call(
        &open,
        &[
            number.as_object(),
            &*text(&format!("{mode}b"))?,
            buffering.as_object(),
            &none,
            &none,
            &none,
            &singletons::bool_object(false),
        ],
    );
    let buffer = match opened {
        Ok(buffer) => buffer,
        Err(raised) => {
            errors::discard(raised);
            return Ok(none);
        }
    };
    let raw = if unbuffered {
        buffer.clone()
    } else {
        object::get_attr(&buffer, id!("raw"))?
    };
    object::set_attr(&raw, id!("name").as_object(), Some(&*text(name)?))?;
    let terminal = object::is_true(&*call::call_method(&raw, id!("isatty"), &[])?)?;
    let wrapper = object::get_attr(&io, id!("TextIOWrapper"))?;
    let stream = call::call(
        &wrapper,
        &[
            &buffer,
            &*text("utf-8")?,
            &*text(error_handler(fd))?,
            &*text("\n")?,
            &singletons::bool_object(!unbuffered && (terminal || fd == 2)),
            &singletons::bool_object(unbuffered),
        ],
    )?;
    object::set_attr(&stream, id!("mode").as_object(), Some(&*text(mode)?))?;
    Ok(stream)
}

/// Opens the three streams, under both of their names; those for output without buffers if that is asked for (`-u`).
pub fn open_all(unbuffered: bool) -> PyResult<()> {
    for (fd, name) in [(0, "stdin"), (1, "stdout"), (2, "stderr")] {
        let stream = create(fd, &format!("<{name}>"), unbuffered)?;
        sys::set_object(name, &stream)?;
        sys::set_object(&format!("__{name}__"), &stream)?;
    }
    Ok(())
}

fn flush(name: &'static str) -> PyResult<()> {
    let Some(stream) = sys::get_object(name).filter(|stream| !stream.is_none()) else {
        return Ok(());
    };
    let closed = object::lookup_attr(&stream, id!("closed"))?;
    if closed.is_some_and(|closed| object::is_true(&closed).unwrap_or(false)) {
        return Ok(());
    }
    call::call_method(&stream, id!("flush"), &[])?;
    Ok(())
}

/// `flush_std_files`; false where output was lost.
pub fn flush_all() -> bool {
    let mut complete = true;
    for name in ["stdout", "stderr"] {
        if let Err(raised) = flush(name) {
            complete &= name != "stdout";
            if name == "stdout" {
                twinheap_objects::unraisable::report(raised, None);
            } else {
                errors::discard(raised);
            }
        }
    }
    complete
}
