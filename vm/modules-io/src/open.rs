//! `_io`: `open`, and the module (`Modules/_io/_iomodule.c`).

use crate::base::{self, call0};
use crate::prelude::*;
use crate::{buffered, bytesio, fileio, newlines, stringio, textio};

/// A mode of `open`, letter by letter.
#[derive(Default)]
struct Mode {
    creating: bool,
    reading: bool,
    writing: bool,
    appending: bool,
    updating: bool,
    text: bool,
    binary: bool,
}

impl Mode {
    fn parse(mode: &str) -> PyResult<Mode> {
        let invalid = || value_error(format_args!("invalid mode: '{mode}'"));
        let mut parsed = Mode::default();
        for (index, letter) in mode.char_indices() {
            let flag = match letter {
                'x' => &mut parsed.creating,
                'r' => &mut parsed.reading,
                'w' => &mut parsed.writing,
                'a' => &mut parsed.appending,
                '+' => &mut parsed.updating,
                't' => &mut parsed.text,
                'b' => &mut parsed.binary,
                _ => return Err(invalid()),
            };
            if std::mem::replace(flag, true) || mode[..index].contains(letter) {
                return Err(invalid());
            }
        }
        if parsed.text && parsed.binary {
            return Err(value_error("can't have text and binary mode at once"));
        }
        let main = [
            parsed.creating,
            parsed.reading,
            parsed.writing,
            parsed.appending,
        ];
        if main.iter().filter(|flag| **flag).count() > 1 {
            return Err(value_error(
                "must have exactly one of create/read/write/append mode",
            ));
        }
        Ok(parsed)
    }

    fn raw(&self) -> String {
        let mut raw = String::new();
        for (flag, letter) in [
            (self.creating, 'x'),
            (self.reading, 'r'),
            (self.writing, 'w'),
            (self.appending, 'a'),
            (self.updating, '+'),
        ] {
            if flag {
                raw.push(letter);
            }
        }
        raw
    }
}

fn open(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "open",
        parameters: &[
            "file",
            "mode",
            "buffering",
            "encoding",
            "errors",
            "newline",
            "closefd",
            "opener",
        ],
        required: 1,
        positional: 8,
    };
    let [
        file,
        mode,
        buffering,
        encoding,
        handler,
        newline,
        closefd,
        opener,
    ] = args.bind::<8>(&SIGNATURE)?;
    let file = file.expect("required");
    let mode_text = match mode.map(|mode| (mode, mode.downcast_ref::<PyASCIIObject>())) {
        None => "r".to_owned(),
        Some((_, Some(mode))) => unicode::to_string_lossy(mode),
        Some((mode, None)) => {
            return Err(type_error(format_args!(
                "open() argument 'mode' must be str, not {}",
                mode.type_().name()
            )));
        }
    };
    let buffering = buffering.map_or(Ok(-1), long::as_int)?;
    let given = |value: Option<&PyObject>| value.is_some_and(|value| !value.is_none());
    let mut file = Own::new(file);
    if file.downcast_ref::<PyLongObject>().is_none() && !abstract_::has_index(&file) {
        file = twinheap_objects::paths::fs_path(&file)?;
    }
    let mode = Mode::parse(&mode_text)?;
    if mode.binary {
        for (value, what) in [
            (encoding, "an encoding"),
            (handler, "an errors"),
            (newline, "a newline"),
        ] {
            if given(value) {
                return Err(value_error(format_args!(
                    "binary mode doesn't take {what} argument"
                )));
            }
        }
    }
    if mode.binary && buffering == 1 {
        twinheap_objects::warnings::warn_runtime(
            "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used",
        )?;
    }
    let raw_mode = unicode::from_str(&mode.raw())?;
    let closefd = closefd.map_or_else(|| bool_object(true), Own::new);
    let opener = opener.map_or_else(none, Own::new);
    let raw = call::call(
        fileio::PyFileIO_Type.as_object(),
        &[&file, raw_mode.as_object(), &closefd, &opener],
    )?;
    let wrapped = wrap(
        &raw,
        &mode,
        buffering,
        &mode_text,
        [encoding, handler, newline],
    );
    if wrapped.is_err() {
        let saved = errors::fetch();
        if call0(&raw, id!("close")).is_err() {
            errors::clear();
        }
        return Err(errors::restore(saved));
    }
    wrapped
}

fn wrap(
    raw: &Own,
    mode: &Mode,
    buffering: i32,
    mode_text: &str,
    [encoding, handler, newline]: [Option<&PyObject>; 3],
) -> PyResult {
    let is_terminal = object::is_true(&*call0(raw, id!("isatty"))?)?;
    let line_buffering = buffering == 1 && !mode.binary || buffering < 0 && is_terminal;
    let size = if buffering < 0 || line_buffering || buffering == 1 {
        let size = object::get_attr(raw, id!("_blksize"))?;
        unicode::ssize(&size)?
    } else {
        buffering as isize
    };
    if size == 0 {
        if !mode.binary {
            return Err(value_error("can't have unbuffered text I/O"));
        }
        return Ok(raw.clone());
    }
    let type_ = if mode.updating {
        &buffered::PyBufferedRandom_Type
    } else if mode.creating || mode.writing || mode.appending {
        &buffered::PyBufferedWriter_Type
    } else {
        &buffered::PyBufferedReader_Type
    };
    let buffer = call::call(type_.as_object(), &[raw, &*long::from_isize(size)?])?;
    if mode.binary {
        return Ok(buffer);
    }
    let or_none = |value: Option<&PyObject>| value.map_or_else(none, Own::new);
    let text = call::call(
        textio::PyTextIOWrapper_Type.as_object(),
        &[
            &buffer,
            &or_none(encoding),
            &or_none(handler),
            &or_none(newline),
            &bool_object(line_buffering),
        ],
    )?;
    let mode_object = unicode::from_str(mode_text)?;
    object::set_attr(
        &text,
        id!("mode").as_object(),
        Some(mode_object.as_object()),
    )?;
    Ok(text)
}

fn open_code(module: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "open_code",
        parameters: &["path"],
        required: 1,
        positional: 1,
    };
    let [path] = args.bind::<1>(&SIGNATURE)?;
    let mode = unicode::from_str("rb")?;
    open(
        module,
        Args::positional(&[path.expect("required"), mode.as_object()]),
    )
}

fn text_encoding(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("text_encoding", args.len(), 1, 2)?;
    if args[0].is_none() {
        return Ok(unicode::from_str("locale")?.upcast());
    }
    Ok(Own::new(args[0]))
}

methods! {
    pub static FUNCTIONS:
    "open" => keywords(open, "($module, /, file, mode=\'r\', buffering=-1, encoding=None,\n     errors=None, newline=None, closefd=True, opener=None)");
    "text_encoding" => fast(text_encoding, "($module, encoding, stacklevel=2, /)");
    "open_code" => keywords(open_code, "($module, /, path)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    types::ready(&bytesio::bytesiobuf_type)?;
    let made = module::build(
        "_io",
        FUNCTIONS,
        &[
            &base::PyIOBase_Type,
            &newlines::PyIncrementalNewlineDecoder_Type,
            &base::PyBufferedIOBase_Type,
            &base::PyRawIOBase_Type,
            &base::PyTextIOBase_Type,
            &bytesio::PyBytesIO_Type,
            &buffered::PyBufferedReader_Type,
            &buffered::PyBufferedWriter_Type,
            &buffered::PyBufferedRWPair_Type,
            &buffered::PyBufferedRandom_Type,
            &fileio::PyFileIO_Type,
            &stringio::PyStringIO_Type,
            &textio::PyTextIOWrapper_Type,
        ],
    )?;
    module::add_int(&made, "DEFAULT_BUFFER_SIZE", 8192)?;
    module::add(
        &made,
        "UnsupportedOperation",
        base::unsupported_type()?.as_object(),
    )?;
    let blocking = twinheap_objects::exceptions::PyExc_BlockingIOError.as_object();
    module::add(&made, "BlockingIOError", blocking)?;
    Ok(made)
}
