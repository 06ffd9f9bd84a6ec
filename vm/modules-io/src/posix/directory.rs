//! `listdir` and `scandir`.

use super::{Target, bind, failure, like, status, target};
use crate::prelude::*;
use twinheap_objects::own::Native;
use twinheap_objects::paths::fs_path;

/// What the system tells of an entry: its name, what kind of file it is, its number.
#[derive(Clone, Debug)]
struct Entry {
    name: Vec<u8>,
    kind: u8,
    number: u64,
}

/// A directory that is given: by its path, or by a descriptor, which stays open.
fn entries(path: &PyObject, function: &str) -> PyResult<Vec<Entry>> {
    // SAFETY: the path ends with NUL; the copy of a descriptor belongs to the stream.
    let stream = unsafe {
        match target(path, function)? {
            Target::Path(native) => libc::opendir(native.as_ptr()),
            Target::Descriptor(fd) => {
                let copy = libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0);
                if copy < 0 {
                    return Err(failure(Some(path)));
                }
                let stream = libc::fdopendir(copy);
                if stream.is_null() {
                    libc::close(copy);
                } else {
                    libc::rewinddir(stream);
                }
                stream
            }
        }
    };
    if stream.is_null() {
        return Err(failure(Some(path)));
    }
    let mut found = Vec::new();
    // SAFETY: an open stream, whose entries are valid until the next one is read.
    unsafe {
        while let Some(entry) = libc::readdir(stream).as_ref() {
            let name = std::ffi::CStr::from_ptr(entry.d_name.as_ptr()).to_bytes();
            if name != b"." && name != b".." {
                found.push(Entry {
                    name: name.to_vec(),
                    kind: entry.d_type,
                    number: entry.d_ino,
                });
            }
        }
        libc::closedir(stream);
    }
    Ok(found)
}

/// A path as `fspath` gives it, or a descriptor.
fn directory(path: Option<&PyObject>) -> PyResult {
    match path.filter(|path| !path.is_none()) {
        None => here(),
        Some(path) if path.downcast_ref::<PyLongObject>().is_some() => Ok(Own::new(path)),
        Some(path) if twinheap_objects::buffer::is_exporter(path) => Ok(Own::new(path)),
        Some(path) => fs_path(path),
    }
}

fn here() -> PyResult {
    Ok(unicode::from_str(".")?.upcast())
}

pub fn listdir(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path] = bind!(args, "listdir", ["path"], 0, 1);
    let path = directory(path)?;
    let made = list::new(0)?;
    for entry in entries(&path, "listdir")? {
        list::append_take(&made, like(&path, &entry.name)?)?;
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
        d_type: Cell<u8>,
        d_ino: Cell<u64>,
        dir_fd: Cell<i32>,
    }
}

object_struct! {
    /// `ScandirIterator`: the names are read when it is made.
    pub struct ScandirIterator {
        path: Pointer<PyObject>,
        names: Native<Vec<Entry>>,
    }
}

pub fn scandir(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path] = bind!(args, "scandir", ["path"], 0, 1);
    let path = directory(path)?;
    let mut found = entries(&path, "scandir")?;
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
    let Some(told) = this.names.with(Vec::pop) else {
        return Ok(None);
    };
    let directory = this.path.expect_ref();
    let made = types::allocate(&DirEntryType, 0)?;
    // SAFETY: just allocated as an entry.
    let entry: &DirEntry = unsafe { &*made.as_ptr().cast() };
    let name = like(directory, &told.name)?;
    entry.d_type.set(told.kind);
    entry.d_ino.set(told.number);
    if directory.downcast_ref::<PyLongObject>().is_some() {
        entry.dir_fd.set(long::as_int(directory)?);
        entry.path.put(Some(name.clone()));
    } else {
        entry.dir_fd.set(libc::AT_FDCWD);
        let join = object::get_attr(&*import_hook::import_module("posixpath")?, id!("join"))?;
        let path = call::call(&join, &[directory, &name])?;
        entry.path.put(Some(path));
    }
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

/// Whether an entry is a file of a kind; the system is asked only where the folder did not tell.
fn is_kind(entry: &DirEntry, follow: bool, kind: u32) -> PyResult<bool> {
    let told = entry.d_type.get();
    let is_link = told == libc::DT_LNK;
    if told != libc::DT_UNKNOWN && !(follow && is_link) {
        return Ok(u32::from(told) << 12 == kind);
    }
    match status_of_entry(entry, follow) {
        Ok(status) => Ok(status.st_mode & libc::S_IFMT == kind),
        Err(raised) => {
            if errors::matches(&twinheap_objects::exceptions::PyExc_FileNotFoundError) {
                errors::discard(raised);
                return Ok(false);
            }
            Err(raised)
        }
    }
}

fn status_of_entry(entry: &DirEntry, follow: bool) -> PyResult<libc::stat> {
    let dir = entry.dir_fd.get();
    status::status_at(dir, entry.path.expect_ref(), "stat", follow)
}

fn follow_argument(name: &'static str, args: Args<'_>) -> PyResult<bool> {
    let signature = Signature {
        name,
        parameters: &["follow_symlinks"],
        required: 0,
        positional: 0,
    };
    let [follow] = args.bind(&signature)?;
    follow.map_or(Ok(true), object::is_true)
}

fn is_dir(entry: &DirEntry, args: Args<'_>) -> PyResult {
    let follow = follow_argument("is_dir", args)?;
    Ok(bool_object(is_kind(entry, follow, libc::S_IFDIR)?))
}

fn is_file(entry: &DirEntry, args: Args<'_>) -> PyResult {
    let follow = follow_argument("is_file", args)?;
    Ok(bool_object(is_kind(entry, follow, libc::S_IFREG)?))
}

fn is_symlink(entry: &DirEntry) -> PyResult {
    Ok(bool_object(is_kind(entry, false, libc::S_IFLNK)?))
}

fn stat(entry: &DirEntry, args: Args<'_>) -> PyResult {
    let follow = follow_argument("stat", args)?;
    // What is no link is the same either way, and told once.
    let is_link = is_kind(entry, false, libc::S_IFLNK)?;
    let slot = if follow && is_link {
        &entry.stat
    } else {
        &entry.lstat
    };
    if let Some(known) = slot.own() {
        return Ok(known);
    }
    let made = status::from_stat(&status_of_entry(entry, follow)?)?;
    slot.put(Some(made.clone()));
    Ok(made)
}

fn inode(entry: &DirEntry) -> PyResult {
    Ok(long::from_u64(entry.d_ino.get())?.upcast())
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
    "is_dir" => method_keywords(is_dir, "($self, /, *, follow_symlinks=True)");
    "is_file" => method_keywords(is_file, "($self, /, *, follow_symlinks=True)");
    "is_symlink" => method_noargs(is_symlink, "($self, /)");
    "stat" => method_keywords(stat, "($self, /, *, follow_symlinks=True)");
    "inode" => noargs(inode, "($self, /)");
    "__fspath__" => noargs(fspath, "($self, /)");
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
