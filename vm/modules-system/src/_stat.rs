//! `_stat` (`Modules/_stat.c`): what the bits of a file's mode mean.

use crate::prelude::*;

/// `_PyLong_AsMode_t`.
fn mode_of(object: &PyObject) -> PyResult<u32> {
    let Some(number) = object.downcast_ref::<PyLongObject>() else {
        return Err(type_error("an integer is required"));
    };
    let value = match long::to_i64(number) {
        Some(value) if value >= 0 => value,
        Some(_) => {
            return Err(overflow_error(
                "can't convert negative value to unsigned int",
            ));
        }
        None => {
            return Err(overflow_error(
                "Python int too large to convert to C unsigned long",
            ));
        }
    };
    u32::try_from(value).map_err(|_| overflow_error("mode out of range"))
}

/// The kinds of file: the constant's name, its bits, its letter in a listing.
const KINDS: [(&str, u32, u8); 7] = [
    ("S_IFREG", libc::S_IFREG, b'-'),
    ("S_IFDIR", libc::S_IFDIR, b'd'),
    ("S_IFLNK", libc::S_IFLNK, b'l'),
    ("S_IFBLK", libc::S_IFBLK, b'b'),
    ("S_IFCHR", libc::S_IFCHR, b'c'),
    ("S_IFIFO", libc::S_IFIFO, b'p'),
    ("S_IFSOCK", libc::S_IFSOCK, b's'),
];

macro_rules! questions {
    ($($name:ident => $bits:expr;)+) => {
        $(#[allow(non_snake_case, reason = "CPython's own name")]
        fn $name(_: &PyObject, mode: &PyObject) -> PyResult {
            let mode = mode_of(mode)?;
            let wanted: Option<u32> = $bits;
            Ok(bool_object(wanted.is_some_and(|bits| mode & libc::S_IFMT == bits)))
        })+
    };
}

questions! {
    S_ISDIR => Some(libc::S_IFDIR);
    S_ISCHR => Some(libc::S_IFCHR);
    S_ISBLK => Some(libc::S_IFBLK);
    S_ISREG => Some(libc::S_IFREG);
    S_ISFIFO => Some(libc::S_IFIFO);
    S_ISLNK => Some(libc::S_IFLNK);
    S_ISSOCK => Some(libc::S_IFSOCK);
    S_ISDOOR => None;
    S_ISPORT => None;
    S_ISWHT => None;
}

fn imode(_: &PyObject, mode: &PyObject) -> PyResult {
    Ok(long::from_u64(u64::from(mode_of(mode)? & 0o7777))?.upcast())
}

fn ifmt(_: &PyObject, mode: &PyObject) -> PyResult {
    Ok(long::from_u64(u64::from(mode_of(mode)? & libc::S_IFMT))?.upcast())
}

fn filemode(_: &PyObject, mode: &PyObject) -> PyResult {
    let mode = mode_of(mode)?;
    let kind = KINDS
        .iter()
        .find(|(_, bits, _)| mode & libc::S_IFMT == *bits);
    let mut shown = vec![kind.map_or(b'?', |(_, _, letter)| *letter)];
    for (shift, special, letter) in [(6, 0o4000, b's'), (3, 0o2000, b's'), (0, 0o1000, b't')] {
        let bits = mode >> shift;
        shown.push(if bits & 4 != 0 { b'r' } else { b'-' });
        shown.push(if bits & 2 != 0 { b'w' } else { b'-' });
        shown.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => b'x',
            (false, false) => b'-',
        });
    }
    Ok(unicode::from_ucs1(&shown)?.upcast())
}

methods! {
    static FUNCTIONS:
    "S_ISDIR" => o(S_ISDIR);
    "S_ISCHR" => o(S_ISCHR);
    "S_ISBLK" => o(S_ISBLK);
    "S_ISREG" => o(S_ISREG);
    "S_ISFIFO" => o(S_ISFIFO);
    "S_ISLNK" => o(S_ISLNK);
    "S_ISSOCK" => o(S_ISSOCK);
    "S_ISDOOR" => o(S_ISDOOR);
    "S_ISPORT" => o(S_ISPORT);
    "S_ISWHT" => o(S_ISWHT);
    "S_IMODE" => o(imode);
    "S_IFMT" => o(ifmt);
    "filemode" => o(filemode);
}

const NUMBERS: [(&str, i64); 51] = [
    ("S_IFDIR", 0o40000),
    ("S_IFCHR", 0o20000),
    ("S_IFBLK", 0o60000),
    ("S_IFREG", 0o100000),
    ("S_IFIFO", 0o10000),
    ("S_IFLNK", 0o120000),
    ("S_IFSOCK", 0o140000),
    ("S_IFDOOR", 0o0),
    ("S_IFPORT", 0o0),
    ("S_IFWHT", 0o0),
    ("S_ISUID", 0o4000),
    ("S_ISGID", 0o2000),
    ("S_ISVTX", 0o1000),
    ("S_ENFMT", 0o2000),
    ("S_IREAD", 0o400),
    ("S_IWRITE", 0o200),
    ("S_IEXEC", 0o100),
    ("S_IRWXU", 0o700),
    ("S_IRUSR", 0o400),
    ("S_IWUSR", 0o200),
    ("S_IXUSR", 0o100),
    ("S_IRWXG", 0o70),
    ("S_IRGRP", 0o40),
    ("S_IWGRP", 0o20),
    ("S_IXGRP", 0o10),
    ("S_IRWXO", 0o7),
    ("S_IROTH", 0o4),
    ("S_IWOTH", 0o2),
    ("S_IXOTH", 0o1),
    ("UF_NODUMP", 0x1),
    ("UF_IMMUTABLE", 0x2),
    ("UF_APPEND", 0x4),
    ("UF_OPAQUE", 0x8),
    ("UF_NOUNLINK", 0x10),
    ("UF_COMPRESSED", 0x20),
    ("UF_HIDDEN", 0x8000),
    ("SF_ARCHIVED", 0x10000),
    ("SF_IMMUTABLE", 0x20000),
    ("SF_APPEND", 0x40000),
    ("SF_NOUNLINK", 0x100000),
    ("SF_SNAPSHOT", 0x200000),
    ("ST_MODE", 0),
    ("ST_INO", 1),
    ("ST_DEV", 2),
    ("ST_NLINK", 3),
    ("ST_UID", 4),
    ("ST_GID", 5),
    ("ST_SIZE", 6),
    ("ST_ATIME", 7),
    ("ST_MTIME", 8),
    ("ST_CTIME", 9),
];

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_stat", FUNCTIONS, &[])?;
    for (name, value) in NUMBERS {
        module::add_int(&made, name, value)?;
    }
    Ok(made)
}
