//! `pwd`, `grp` and `spwd`: the users and groups that the system knows.

use crate::arguments::{decoded, identity, int};
use crate::prelude::*;
use std::ffi::CString;
use twinheap_objects::exceptions::{PyExc_KeyError, PyExc_OverflowError, raise_os_error};
use twinheap_objects::struct_sequence::{Description, StructSequenceType};

static PASSWD: StructSequenceType = StructSequenceType::new(Description {
    name: "pwd.struct_passwd",
    fields: &[
        "pw_name",
        "pw_passwd",
        "pw_uid",
        "pw_gid",
        "pw_gecos",
        "pw_dir",
        "pw_shell",
    ],
    visible: 7,
    instantiable: true,
});

static GROUP: StructSequenceType = StructSequenceType::new(Description {
    name: "grp.struct_group",
    fields: &["gr_name", "gr_passwd", "gr_gid", "gr_mem"],
    visible: 4,
    instantiable: true,
});

static SHADOW: StructSequenceType = StructSequenceType::new(Description {
    name: "spwd.struct_spwd",
    fields: &[
        "sp_namp",
        "sp_pwdp",
        "sp_lstchg",
        "sp_min",
        "sp_max",
        "sp_warn",
        "sp_inact",
        "sp_expire",
        "sp_flag",
        "sp_nam",
        "sp_pwd",
    ],
    visible: 9,
    instantiable: true,
});

fn passwd(entry: &libc::passwd) -> PyResult {
    // SAFETY: the texts are null or end with NUL.
    unsafe {
        PASSWD.make(vec![
            decoded(entry.pw_name)?,
            decoded(entry.pw_passwd)?,
            int(entry.pw_uid)?,
            int(entry.pw_gid)?,
            decoded(entry.pw_gecos)?,
            decoded(entry.pw_dir)?,
            decoded(entry.pw_shell)?,
        ])
    }
}

fn group(entry: &libc::group) -> PyResult {
    let mut members = Vec::new();
    // SAFETY: the texts are null or end with NUL, the list with null.
    unsafe {
        let mut at = entry.gr_mem;
        while !at.is_null() && !(*at).is_null() {
            members.push(decoded(*at)?);
            at = at.add(1);
        }
        GROUP.make(vec![
            decoded(entry.gr_name)?,
            decoded(entry.gr_passwd)?,
            int(entry.gr_gid)?,
            list::from_vec(members)?.upcast(),
        ])
    }
}

fn not_found(message: String) -> errors::Raised {
    match unicode::from_str(&message) {
        Ok(text) => errors::raise_object(&PyExc_KeyError, Some(text.upcast())),
        Err(raised) => raised,
    }
}

fn name_argument(name: &PyObject, function: &str, what: &str) -> PyResult<CString> {
    let text = unicode::expect_str(name, function, what)?;
    let encoded =
        unicode::codecs::encode(text, unicode::codecs::Encoding::Utf8, "surrogateescape")?;
    CString::new(bytes::data_of(&encoded)).map_err(|_| value_error("embedded null byte"))
}

fn getpwuid(_: &PyObject, uid: &PyObject) -> PyResult {
    let id = identity(uid, "uid").map_err(|raised| {
        if !errors::matches(&PyExc_OverflowError) {
            return raised;
        }
        errors::discard(raised);
        not_found("getpwuid(): uid not found".to_owned())
    })?;
    // SAFETY: the entry is valid until the next call.
    match unsafe { libc::getpwuid(id).as_ref() } {
        Some(entry) => passwd(entry),
        None if id == u32::MAX => Err(not_found("getpwuid(): uid not found: -1".to_owned())),
        None => Err(not_found(format!("getpwuid(): uid not found: {id}"))),
    }
}

fn getpwnam(_: &PyObject, name: &PyObject) -> PyResult {
    let native = name_argument(name, "getpwnam", "argument")?;
    // SAFETY: the name ends with NUL; the entry is valid until the next call.
    match unsafe { libc::getpwnam(native.as_ptr()).as_ref() } {
        Some(entry) => passwd(entry),
        None => Err(not_found(format!(
            "getpwnam(): name not found: {}",
            name.repr_lossy()
        ))),
    }
}

fn getpwall(_: &PyObject) -> PyResult {
    let mut found = Vec::new();
    // SAFETY: one entry after the other, each valid until the next.
    unsafe {
        libc::setpwent();
        while let Some(entry) = libc::getpwent().as_ref() {
            found.push(passwd(entry));
        }
        libc::endpwent();
    }
    let found: PyResult<Vec<Own>> = found.into_iter().collect();
    Ok(list::from_vec(found?)?.upcast())
}

fn getgrgid(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "getgrgid",
        parameters: &["id"],
        required: 1,
        positional: 1,
    };
    let [id] = args.bind::<1>(&SIGNATURE)?;
    let id = identity(id.expect("required"), "gid")?;
    // SAFETY: the entry is valid until the next call.
    match unsafe { libc::getgrgid(id).as_ref() } {
        Some(entry) => group(entry),
        None if id == u32::MAX => Err(not_found("getgrgid(): gid not found: -1".to_owned())),
        None => Err(not_found(format!("getgrgid(): gid not found: {id}"))),
    }
}

fn getgrnam(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "getgrnam",
        parameters: &["name"],
        required: 1,
        positional: 1,
    };
    let [name] = args.bind::<1>(&SIGNATURE)?;
    let name = name.expect("required");
    let native = name_argument(name, "getgrnam", "argument 'name'")?;
    // SAFETY: the name ends with NUL; the entry is valid until the next call.
    match unsafe { libc::getgrnam(native.as_ptr()).as_ref() } {
        Some(entry) => group(entry),
        None => Err(not_found(format!(
            "getgrnam(): name not found: {}",
            name.repr_lossy()
        ))),
    }
}

fn getgrall(_: &PyObject) -> PyResult {
    let mut found = Vec::new();
    // SAFETY: one entry after the other, each valid until the next.
    unsafe {
        libc::setgrent();
        while let Some(entry) = libc::getgrent().as_ref() {
            found.push(group(entry));
        }
        libc::endgrent();
    }
    let found: PyResult<Vec<Own>> = found.into_iter().collect();
    Ok(list::from_vec(found?)?.upcast())
}

fn shadow(entry: &libc::spwd) -> PyResult {
    // SAFETY: the texts are null or end with NUL.
    let (name, password) = unsafe { (decoded(entry.sp_namp)?, decoded(entry.sp_pwdp)?) };
    SHADOW.make(vec![
        name.clone(),
        password.clone(),
        int(entry.sp_lstchg)?,
        int(entry.sp_min)?,
        int(entry.sp_max)?,
        int(entry.sp_warn)?,
        int(entry.sp_inact)?,
        int(entry.sp_expire)?,
        int(entry.sp_flag as i64)?,
        name,
        password,
    ])
}

unsafe extern "C" {
    fn setspent();
    fn endspent();
    fn getspent() -> *const libc::spwd;
}

fn getspnam(_: &PyObject, name: &PyObject) -> PyResult {
    let native = name_argument(name, "getspnam", "argument")?;
    // SAFETY: the name ends with NUL; the entry is valid until the next call.
    unsafe {
        *libc::__errno_location() = 0;
        match libc::getspnam(native.as_ptr()).as_ref() {
            Some(entry) => shadow(entry),
            None => match crate::arguments::last_errno() {
                0 => Err(not_found("getspnam(): name not found".to_owned())),
                code => Err(raise_os_error(code, None)),
            },
        }
    }
}

fn getspall(_: &PyObject) -> PyResult {
    let mut found = Vec::new();
    // SAFETY: one entry after the other, each valid until the next.
    unsafe {
        setspent();
        while let Some(entry) = getspent().as_ref() {
            found.push(shadow(entry));
        }
        endspent();
    }
    let found: PyResult<Vec<Own>> = found.into_iter().collect();
    Ok(list::from_vec(found?)?.upcast())
}

methods! {
    static PWD:
    "getpwuid" => o(getpwuid, "($module, uidobj, /)");
    "getpwnam" => o(getpwnam, "($module, name, /)");
    "getpwall" => noargs(getpwall, "($module, /)");
}

methods! {
    static GRP:
    "getgrgid" => keywords(getgrgid, "($module, /, id)");
    "getgrnam" => keywords(getgrnam, "($module, /, name)");
    "getgrall" => noargs(getgrall, "($module, /)");
}

methods! {
    static SPWD:
    "getspnam" => o(getspnam, "($module, arg, /)");
    "getspall" => noargs(getspall, "($module, /)");
}

/// `pwd`.
pub fn new_pwd() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("pwd", PWD, &[])?;
    module::add(&made, "struct_passwd", PASSWD.get()?.as_object())?;
    Ok(made)
}

/// `grp`.
pub fn new_grp() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("grp", GRP, &[])?;
    module::add(&made, "struct_group", GROUP.get()?.as_object())?;
    Ok(made)
}

/// `spwd`.
pub fn new_spwd() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("spwd", SPWD, &[])?;
    module::add(&made, "struct_spwd", SHADOW.get()?.as_object())?;
    Ok(made)
}
