//! Versions whose layout the decoder does not know are asked through attributes instead.

#![cfg(not(twinheap_raw_layout))]

use twinheap_observation::{CodeDump, Constant, ExceptionView, FrameSpan};

use crate::object::Object;

/// A code object through its attributes, or `None` where one is missing.
pub fn code(code: &Object) -> Option<CodeDump> {
    let text = |name| code.attribute(name).and_then(|value| value.text());
    let number = |name| {
        code.attribute(name)
            .and_then(|value| value.integer())
            .map(|value| value as i32)
    };
    let names = |name| Some(texts(&code.attribute(name)?));
    let bytes = |name| code.attribute(name).and_then(|value| value.bytes());
    let mut plus = names(c"co_varnames")?;
    plus.extend(names(c"co_cellvars")?);
    plus.extend(names(c"co_freevars")?);
    Some(CodeDump {
        co_name: text(c"co_name")?,
        co_qualname: text(c"co_qualname").or_else(|| text(c"co_name"))?,
        co_filename: text(c"co_filename")?,
        co_firstlineno: number(c"co_firstlineno")?,
        co_argcount: number(c"co_argcount")?,
        co_posonlyargcount: number(c"co_posonlyargcount")?,
        co_kwonlyargcount: number(c"co_kwonlyargcount")?,
        co_stacksize: number(c"co_stacksize")?,
        co_flags: number(c"co_flags")?,
        co_code: bytes(c"co_code")?,
        co_consts: code
            .attribute(c"co_consts")?
            .items()
            .iter()
            .map(constant)
            .collect(),
        co_names: names(c"co_names")?,
        co_localsplusnames: plus,
        co_localspluskinds: Vec::new(),
        co_linetable: bytes(c"co_linetable").or_else(|| bytes(c"co_lnotab"))?,
        co_exceptiontable: bytes(c"co_exceptiontable").unwrap_or_default(),
    })
}

fn texts(sequence: &Object) -> Vec<String> {
    sequence.items().iter().filter_map(Object::text).collect()
}

fn constant(value: &Object) -> Constant {
    if value.is_none() {
        return Constant::None;
    }
    if value.attribute(c"co_code").is_some() {
        return code(value).map_or(Constant::Other("code".to_owned()), |dump| {
            Constant::Code(Box::new(dump))
        });
    }
    // SAFETY: the object is alive and the GIL is held.
    let shown = Object::take(unsafe { pyo3::ffi::PyObject_Repr(value.pointer()) });
    Constant::Other(shown.and_then(|shown| shown.text()).unwrap_or_default())
}

/// An exception out of what the observing script says of it.
pub fn exception(described: &Object) -> Option<ExceptionView> {
    let parts = described.items();
    let truth = |index: usize| parts.get(index).and_then(Object::integer) == Some(1);
    let other = |index: usize| {
        let part = parts.get(index).filter(|part| !part.is_none())?;
        exception(part).map(Box::new)
    };
    let pairs = parts.get(2)?.items();
    Some(ExceptionView {
        type_name: parts.first()?.text()?,
        args: texts(parts.get(1)?),
        fields: pairs
            .iter()
            .filter_map(|pair| {
                let pair = pair.items();
                Some((pair.first()?.text()?, pair.get(1)?.text()?))
            })
            .collect(),
        notes: texts(parts.get(3)?),
        traceback: parts.get(4)?.items().iter().filter_map(frame).collect(),
        suppress_context: truth(5),
        cause: other(6),
        context: other(7),
        members: parts.get(8)?.items().iter().filter_map(exception).collect(),
        seen_before: truth(9),
    })
}

fn frame(described: &Object) -> Option<FrameSpan> {
    let parts = described.items();
    let span: Vec<i32> = parts
        .get(3)?
        .items()
        .iter()
        .filter_map(Object::integer)
        .map(|number| number as i32)
        .collect();
    Some(FrameSpan {
        filename: parts.first()?.text()?,
        qualname: parts.get(1)?.text()?,
        line: parts.get(2)?.integer()? as i32,
        span: (*span.first()?, *span.get(1)?, *span.get(2)?, *span.get(3)?),
    })
}
