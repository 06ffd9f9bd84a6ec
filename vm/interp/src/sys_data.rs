//! The data of `sys`: versions, limits and flags, as struct sequences.

use twinheap_abi::*;
use twinheap_objects::errors::PyResult;
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::singletons::{bool_object, none};
use twinheap_objects::struct_sequence::{Description, StructSequenceType};
use twinheap_objects::{dict, float, list, long, namespace, set, tuple, unicode};

static VERSION_INFO: StructSequenceType = StructSequenceType::new(Description {
    name: "sys.version_info",
    fields: &["major", "minor", "micro", "releaselevel", "serial"],
    visible: 5,
    instantiable: false,
});

static FLAGS: StructSequenceType = StructSequenceType::new(Description {
    name: "sys.flags",
    fields: &[
        "debug",
        "inspect",
        "interactive",
        "optimize",
        "dont_write_bytecode",
        "no_user_site",
        "no_site",
        "ignore_environment",
        "verbose",
        "bytes_warning",
        "quiet",
        "hash_randomization",
        "isolated",
        "dev_mode",
        "utf8_mode",
        "warn_default_encoding",
        "safe_path",
        "int_max_str_digits",
    ],
    visible: 18,
    instantiable: false,
});

static FLOAT_INFO: StructSequenceType = StructSequenceType::new(Description {
    name: "sys.float_info",
    fields: &[
        "max",
        "max_exp",
        "max_10_exp",
        "min",
        "min_exp",
        "min_10_exp",
        "dig",
        "mant_dig",
        "epsilon",
        "radix",
        "rounds",
    ],
    visible: 11,
    instantiable: true,
});

static INT_INFO: StructSequenceType = StructSequenceType::new(Description {
    name: "sys.int_info",
    fields: &[
        "bits_per_digit",
        "sizeof_digit",
        "default_max_str_digits",
        "str_digits_check_threshold",
    ],
    visible: 4,
    instantiable: true,
});

static HASH_INFO: StructSequenceType = StructSequenceType::new(Description {
    name: "sys.hash_info",
    fields: &[
        "width",
        "modulus",
        "inf",
        "nan",
        "imag",
        "algorithm",
        "hash_bits",
        "seed_bits",
        "cutoff",
    ],
    visible: 9,
    instantiable: true,
});

static THREAD_INFO: StructSequenceType = StructSequenceType::new(Description {
    name: "sys.thread_info",
    fields: &["name", "lock", "version"],
    visible: 3,
    instantiable: true,
});

/// What `sys.unraisablehook` is called with.
pub static UNRAISABLE_ARGS: StructSequenceType = StructSequenceType::new(Description {
    name: "UnraisableHookArgs",
    fields: &[
        "exc_type",
        "exc_value",
        "exc_traceback",
        "err_msg",
        "object",
    ],
    visible: 5,
    instantiable: false,
});

/// The type of `sys.get_asyncgen_hooks`' answer.
pub static ASYNCGEN_HOOKS: StructSequenceType = StructSequenceType::new(Description {
    name: "asyncgen_hooks",
    fields: &["firstiter", "finalizer"],
    visible: 2,
    instantiable: false,
});

fn text(value: &str) -> PyResult {
    Ok(unicode::from_str(value)?.upcast())
}

fn numbers(values: &[i64]) -> PyResult<Vec<Own>> {
    values
        .iter()
        .map(|&value| Ok(long::from_i64(value)?.upcast()))
        .collect()
}

fn version_info() -> PyResult {
    let mut version = numbers(&[3, 11, 7])?;
    version.extend([text("final")?, long::from_isize(0)?]);
    VERSION_INFO.make(version)
}

/// What the command line asks for, as far as `sys.flags` shows it. The VM writes no bytecode, runs no site
/// and has UTF-8 mode on, whatever is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `-O` and `-OO`: 1 and 2.
    pub optimize: u32,
    /// `-s`.
    pub no_user_site: bool,
    /// `-E`.
    pub ignore_environment: bool,
    /// `-q`.
    pub quiet: bool,
    /// `-I`: neither the environment nor the user's site, nor an unsafe path.
    pub isolated: bool,
    /// `-X dev`.
    pub dev_mode: bool,
    /// `-X warn_default_encoding`.
    pub warn_default_encoding: bool,
    /// `-P`: no folder of the program in `sys.path`.
    pub safe_path: bool,
}

/// `sys.flags`.
pub fn flags(asked: Flags) -> PyResult {
    let number = |asked: bool| i64::from(asked);
    let mut values = numbers(&[
        0,
        0,
        0,
        i64::from(asked.optimize),
        1,
        number(asked.no_user_site),
        1,
        number(asked.ignore_environment),
        0,
        0,
        number(asked.quiet),
        0,
        number(asked.isolated),
    ])?;
    values.push(bool_object(asked.dev_mode));
    values.extend(numbers(&[1, number(asked.warn_default_encoding)])?);
    values.push(bool_object(asked.safe_path));
    values.push(long::from_isize(4300)?);
    FLAGS.make(values)
}

fn float_info() -> PyResult {
    let whole = |value: i64| -> PyResult { Ok(long::from_i64(value)?.upcast()) };
    FLOAT_INFO.make(vec![
        float::from_f64(f64::MAX)?,
        whole(1024)?,
        whole(308)?,
        float::from_f64(f64::MIN_POSITIVE)?,
        whole(-1021)?,
        whole(-307)?,
        whole(15)?,
        whole(53)?,
        float::from_f64(f64::EPSILON)?,
        whole(2)?,
        whole(1)?,
    ])
}

fn hash_info() -> PyResult {
    let mut values = numbers(&[64, (1 << 61) - 1, 314_159, 0, 1_000_003])?;
    values.push(text("siphash13")?);
    values.extend(numbers(&[64, 128, 0])?);
    HASH_INFO.make(values)
}

fn implementation(version: &PyObject) -> PyResult {
    let parts = dict::new()?;
    let entries = [
        ("name", text("cpython")?),
        ("cache_tag", text("cpython-311")?),
        ("version", Own::new(version)),
        ("hexversion", long::from_isize(0x030b_07f0)?),
        ("_multiarch", text("x86_64-linux-gnu")?),
    ];
    for (name, value) in &entries {
        dict::set_literal(&parts, name, value)?;
    }
    namespace::from_dict(&parts)
}

/// Adds the data to the module's dict.
pub fn add_to(own: &PyDictObject) -> PyResult<()> {
    let version = version_info()?;
    let names = [
        "__future__",
        "_abc",
        "abc",
        "collections",
        "enum",
        "functools",
        "io",
        "os",
        "re",
        "sys",
        "types",
        "typing",
        "unittest",
    ];
    let names: PyResult<Vec<Own>> = names.iter().map(|name| text(name)).collect();
    let known = list::from_vec(names?)?;
    let entries = [
        ("implementation", implementation(&version)?),
        ("version_info", version),
        ("flags", flags(Flags::default())?),
        ("float_info", float_info()?),
        ("int_info", INT_INFO.make(numbers(&[30, 4, 4300, 640])?)?),
        ("hash_info", hash_info()?),
        (
            "thread_info",
            THREAD_INFO.make(vec![
                text("pthread")?,
                text("semaphore")?,
                text("NPTL 2.36")?,
            ])?,
        ),
        ("float_repr_style", text("short")?),
        ("api_version", long::from_isize(1013)?),
        ("abiflags", text("")?),
        ("base_prefix", text("")?),
        ("base_exec_prefix", text("")?),
        ("platlibdir", text("lib")?),
        ("pycache_prefix", none()),
        ("warnoptions", list::new(0)?.upcast()),
        ("_xoptions", dict::new()?.upcast()),
        ("meta_path", list::new(0)?.upcast()),
        ("path_hooks", list::new(0)?.upcast()),
        ("path_importer_cache", dict::new()?.upcast()),
        (
            "stdlib_module_names",
            set::frozen_from_iterable(known.as_object())?.upcast(),
        ),
        (
            "_git",
            tuple::from_vec(vec![text("CPython")?, text("")?, text("")?])?.upcast(),
        ),
        ("_framework", text("")?),
    ];
    for (name, value) in &entries {
        dict::set_literal(own, name, value)?;
    }
    Ok(())
}
