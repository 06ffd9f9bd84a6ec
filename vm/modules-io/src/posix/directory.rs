//! `listdir` and `scandir`.

use super::{bind, failure, like, path_argument, status};
use crate::prelude::*;
use std::os::unix::ffi::OsStrExt;
use twinheap_objects::own::Native;
use twinheap_objects::paths::fs_path;

/// The names in a directory, in the order of the system.
fn names(path: &PyObject, function: &str) -> PyResult<Vec<Vec<u8>>> {
    let native = path_argument(path, function, "path")?;
    let read = std::fs::read_dir(std::ffi::OsStr::from_bytes(native.as_bytes()));
    let Ok(entries) = read else {
        return Err(failure(Some(path)));
    };
    Ok(entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().as_bytes().to_vec())
        .collect())
}

fn here() -> PyResult {
    Ok(unicode::from_str(".")?.upcast())
}

pub fn listdir(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path] = bind!(args, "listdir", ["path"], 0, 1);
    let path = path
        .filter(|path| !path.is_none())
        .map_or_else(here, fs_path)?;
    let made = list::new(0)?;
    for name in names(&path, "listdir")? {
        list::append_take(&made, like(&path, &name)?)?;
    }
    Ok(made.upcast())
}

object_struct! {
    /// `DirEntry`.
    pub struct DirEntry {
        name: Pointer<PyObject>,
        path: Pointer<PyObject>,
        stat: Pointer<PyObject>,
        lstat: Pointer<PyObject>,
    }
}

object_struct! {
    /// `ScandirIterator`: the names are read when it is made.
    pub struct ScandirIterator {
        path: Pointer<PyObject>,
        names: Native<Vec<Vec<u8>>>,
    }
}

pub fn scandir(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path] = bind!(args, "scandir", ["path"], 0, 1);
    let path = path
        .filter(|path| !path.is_none())
        .map_or_else(here, fs_path)?;
    let mut found = names(&path, "scandir")?;
    found.reverse();
    let object: *mut ScandirIterator =
        memory::new_object(&ScandirIteratorType, size_of::<ScandirIterator>())?;
    // SAFETY: fresh memory: both fields are written without dropping what was there.
    unsafe {
        (*object).path.set(path.into_raw());
        std::ptr::write(
            (&raw const (*object).names).cast_mut(),
            Native(Cell::new(found)),
        );
        Ok(Own::from_raw(object).upcast())
    }
}

fn next(this: &ScandirIterator) -> PyResult<Option<Own>> {
    let Some(name) = this.names.with(Vec::pop) else {
        return Ok(None);
    };
    let directory = this.path.expect_ref();
    let made = types::allocate(&DirEntryType, 0)?;
    // SAFETY: just allocated as an entry.
    let entry: &DirEntry = unsafe { &*made.as_ptr().cast() };
    let name = like(directory, &name)?;
    let join = object::get_attr(&*import_hook::import_module("posixpath")?, id!("join"))?;
    entry
        .path
        .put(Some(call::call(&join, &[directory, &name])?));
    entry.name.put(Some(name));
    Ok(Some(made))
}

fn close(this: &ScandirIterator) -> PyResult {
    this.names.with(Vec::clear);
    Ok(none())
}

fn enter(this: &ScandirIterator) -> PyResult {
    Ok(Own::new(this).upcast())
}

fn exit(this: &ScandirIterator, _: &PyTupleObject) -> PyResult {
    close(this)
}

fn mode_of(entry: &DirEntry, follow: bool) -> PyResult<Option<u32>> {
    match status::status_of(entry.path.expect_ref(), "stat", follow) {
        Ok(status) => Ok(Some(status.st_mode)),
        Err(raised) => {
            if errors::matches(&twinheap_objects::exceptions::PyExc_FileNotFoundError) {
                errors::discard(raised);
                return Ok(None);
            }
            Err(raised)
        }
    }
}

fn is_kind(entry: &DirEntry, args: Args<'_>, kind: u32) -> PyResult {
    let [follow] = bind!(args, "is_dir", ["follow_symlinks"], 0, 0);
    let follow = follow.map_or(Ok(true), object::is_true)?;
    Ok(bool_object(
        mode_of(entry, follow)?.is_some_and(|mode| mode & libc::S_IFMT == kind),
    ))
}

fn is_dir(entry: &DirEntry, args: Args<'_>) -> PyResult {
    is_kind(entry, args, libc::S_IFDIR)
}

fn is_file(entry: &DirEntry, args: Args<'_>) -> PyResult {
    is_kind(entry, args, libc::S_IFREG)
}

fn is_symlink(entry: &DirEntry) -> PyResult {
    Ok(bool_object(
        mode_of(entry, false)?.is_some_and(|mode| mode & libc::S_IFMT == libc::S_IFLNK),
    ))
}

fn stat(entry: &DirEntry, args: Args<'_>) -> PyResult {
    let [follow] = bind!(args, "stat", ["follow_symlinks"], 0, 0);
    let follow = follow.map_or(Ok(true), object::is_true)?;
    let slot = if follow { &entry.stat } else { &entry.lstat };
    if let Some(known) = slot.own() {
        return Ok(known);
    }
    let made = status::from_stat(&status::status_of(entry.path.expect_ref(), "stat", follow)?)?;
    slot.put(Some(made.clone()));
    Ok(made)
}

fn inode(entry: &DirEntry) -> PyResult {
    let status = status::status_of(entry.path.expect_ref(), "stat", false)?;
    Ok(long::from_u64(status.st_ino)?.upcast())
}

fn fspath(entry: &DirEntry) -> PyResult {
    Ok(Own::new(entry.path.expect_ref()))
}

fn repr(entry: &DirEntry) -> PyResult {
    let name = entry.name.expect_ref().repr_lossy();
    Ok(unicode::from_str(&format!("<DirEntry {name}>"))?.upcast())
}

methods! {
    static ENTRY_METHODS:
    "is_dir" => method_keywords(is_dir);
    "is_file" => method_keywords(is_file);
    "is_symlink" => method_noargs(is_symlink);
    "stat" => method_keywords(stat);
    "inode" => noargs(inode);
    "__fspath__" => noargs(fspath);
    "__class_getitem__" => o(generic_alias::new) | METH_CLASS;
}

members! {
    static ENTRY_MEMBERS:
    "name" => T_OBJECT, offset_of!(DirEntry, name), READONLY;
    "path" => T_OBJECT, offset_of!(DirEntry, path), READONLY;
}

static_type! {
    /// `os.DirEntry`.
    DirEntryType = "posix.DirEntry", size size_of::<DirEntry>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc DirEntry::dealloc),
    tp_repr: slot!(unary repr),
    tp_methods: ENTRY_METHODS.as_ptr(),
    tp_members: ENTRY_MEMBERS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
}

methods! {
    static ITERATOR_METHODS:
    "__enter__" => noargs(enter);
    "__exit__" => varargs(exit);
    "close" => noargs(close);
}

static_type! {
    /// The iterator of `scandir`.
    ScandirIteratorType = "posix.ScandirIterator", size size_of::<ScandirIterator>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc ScandirIterator::dealloc),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext next),
    tp_methods: ITERATOR_METHODS.as_ptr(),
}
