//! `resource` (`Modules/resource.c`): what a process has used and may use.

use crate::arguments::{c_integer, failure, int, last_errno, pack};
use crate::prelude::*;
use std::mem::MaybeUninit;
use twinheap_objects::exceptions::PyExc_OSError;
use twinheap_objects::struct_sequence::{Description, StructSequenceType};

static RUSAGE: StructSequenceType = StructSequenceType::new(Description {
    name: "resource.struct_rusage",
    fields: &[
        "ru_utime",
        "ru_stime",
        "ru_maxrss",
        "ru_ixrss",
        "ru_idrss",
        "ru_isrss",
        "ru_minflt",
        "ru_majflt",
        "ru_nswap",
        "ru_inblock",
        "ru_oublock",
        "ru_msgsnd",
        "ru_msgrcv",
        "ru_nsignals",
        "ru_nvcsw",
        "ru_nivcsw",
    ],
    visible: 16,
    instantiable: true,
});

fn seconds(time: libc::timeval) -> PyResult {
    float::from_f64(time.tv_sec as f64 + time.tv_usec as f64 * 0.000001)
}

fn getrusage(_: &PyObject, who: &PyObject) -> PyResult {
    let who = long::as_int(who)?;
    // SAFETY: the system fills the struct.
    let used = unsafe {
        let mut used: libc::rusage = MaybeUninit::zeroed().assume_init();
        if libc::getrusage(who, &mut used) < 0 {
            if last_errno() == libc::EINVAL {
                return Err(value_error("invalid who parameter"));
            }
            return Err(failure());
        }
        used
    };
    let mut values = vec![seconds(used.ru_utime)?, seconds(used.ru_stime)?];
    for count in [
        used.ru_maxrss,
        used.ru_ixrss,
        used.ru_idrss,
        used.ru_isrss,
        used.ru_minflt,
        used.ru_majflt,
        used.ru_nswap,
        used.ru_inblock,
        used.ru_oublock,
        used.ru_msgsnd,
        used.ru_msgrcv,
        used.ru_nsignals,
        used.ru_nvcsw,
        used.ru_nivcsw,
    ] {
        values.push(int(count)?);
    }
    RUSAGE.make(values)
}

/// How many resources there are.
const RLIM_NLIMITS: c_int = 16;

fn resource(object: &PyObject) -> PyResult<c_int> {
    let number = long::as_int(object)?;
    if !(0..RLIM_NLIMITS).contains(&number) {
        return Err(value_error("invalid resource specified"));
    }
    Ok(number)
}

/// The limits as a program sees them.
fn shown(limit: &libc::rlimit) -> PyResult {
    pack(vec![
        int(limit.rlim_cur as i64)?,
        int(limit.rlim_max as i64)?,
    ])
}

fn one_limit(object: &PyObject) -> PyResult<u64> {
    let number = abstract_::index(object)?;
    match long::to_i64(&number) {
        Some(number) => Ok(number as u64),
        None => Err(overflow_error("Python int too large to convert to C long")),
    }
}

/// The limits that a program gives: two numbers.
fn given(limits: &PyObject) -> PyResult<libc::rlimit> {
    let limits = twinheap_objects::tuple::from_iterable(limits)?;
    let &[soft, hard] = tuple::items(&limits) else {
        return Err(value_error("expected a tuple of 2 integers"));
    };
    Ok(libc::rlimit {
        rlim_cur: one_limit(soft)?,
        rlim_max: one_limit(hard)?,
    })
}

fn limit_error() -> errors::Raised {
    match last_errno() {
        libc::EINVAL => value_error("current limit exceeds maximum limit"),
        libc::EPERM => value_error("not allowed to raise maximum limit"),
        _ => failure(),
    }
}

fn getrlimit(_: &PyObject, what: &PyObject) -> PyResult {
    let what = resource(what)?;
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the system fills the struct.
    if unsafe { libc::getrlimit(what as libc::__rlimit_resource_t, &mut limit) } < 0 {
        return Err(failure());
    }
    shown(&limit)
}

fn setrlimit(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("setrlimit", args.len(), 2, 2)?;
    let what = resource(args[0])?;
    let limit = given(args[1])?;
    // SAFETY: a struct of two numbers.
    if unsafe { libc::setrlimit(what as libc::__rlimit_resource_t, &limit) } < 0 {
        return Err(limit_error());
    }
    Ok(none())
}

fn prlimit(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    call::check_positional("prlimit", items.len(), 2, 3)?;
    let process = c_integer(items[0])?;
    let what = resource(items[1])?;
    let new = items.get(2).filter(|limits| !limits.is_none());
    let new = new.map(|limits| given(limits)).transpose()?;
    let mut old = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    let pointer = new.as_ref().map_or(std::ptr::null(), |new| new as *const _);
    // SAFETY: structs of two numbers, the first of which may be left out.
    let status = unsafe {
        libc::prlimit(
            process,
            what as libc::__rlimit_resource_t,
            pointer,
            &mut old,
        )
    };
    if status < 0 {
        return Err(if last_errno() == libc::EINVAL {
            limit_error()
        } else {
            failure()
        });
    }
    shown(&old)
}

fn getpagesize(_: &PyObject) -> PyResult {
    // SAFETY: asks for a number.
    int(unsafe { libc::sysconf(libc::_SC_PAGESIZE) })
}

methods! {
    static FUNCTIONS:
    "getrusage" => o(getrusage, "($module, who, /)");
    "getrlimit" => o(getrlimit, "($module, resource, /)");
    "prlimit" => varargs(prlimit);
    "setrlimit" => fast(setrlimit, "($module, resource, limits, /)");
    "getpagesize" => noargs(getpagesize, "($module, /)");
}

const NUMBERS: &[(&str, i64)] = &[
    ("RLIMIT_CPU", 0),
    ("RLIMIT_FSIZE", 1),
    ("RLIMIT_DATA", 2),
    ("RLIMIT_STACK", 3),
    ("RLIMIT_CORE", 4),
    ("RLIMIT_NOFILE", 7),
    ("RLIMIT_OFILE", 7),
    ("RLIMIT_AS", 9),
    ("RLIMIT_RSS", 5),
    ("RLIMIT_NPROC", 6),
    ("RLIMIT_MEMLOCK", 8),
    ("RLIMIT_MSGQUEUE", 12),
    ("RLIMIT_NICE", 13),
    ("RLIMIT_RTPRIO", 14),
    ("RLIMIT_RTTIME", 15),
    ("RLIMIT_SIGPENDING", 11),
    ("RUSAGE_SELF", 0),
    ("RUSAGE_CHILDREN", -1),
    ("RUSAGE_THREAD", 1),
    ("RLIM_INFINITY", -1),
];

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("resource", FUNCTIONS, &[])?;
    module::add(&made, "error", PyExc_OSError.as_object())?;
    module::add(&made, "struct_rusage", RUSAGE.get()?.as_object())?;
    for (name, value) in NUMBERS {
        module::add_int(&made, name, *value)?;
    }
    Ok(made)
}
