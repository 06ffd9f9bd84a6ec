//! The input that is being run, in memory that outlives the process: what ends it without a word is still told.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Longer inputs are kept in part.
const MOST: usize = 1 << 20;
const HEADER: usize = size_of::<Header>();

/// Who is at work on an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum At {
    /// Between two inputs.
    Ground,
    Comparison,
    CPython,
    Vm,
}

/// How the shared memory begins; the bytes of the input follow.
#[repr(C)]
struct Header {
    at: AtomicU32,
    number: AtomicU32,
    length: AtomicU32,
}

static PLACE: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());

/// Makes a file the place where inputs are noted from now on.
pub fn attach(file: &File) -> io::Result<()> {
    // SAFETY: no address is asked for; the mapping is never undone, and its file is as long as said.
    let place = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            HEADER + MOST,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            0,
        )
    };
    if place == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    PLACE.store(place.cast(), Ordering::Relaxed);
    Ok(())
}

/// Makes the file long enough.
pub fn prepare(file: &File) -> io::Result<()> {
    file.set_len((HEADER + MOST) as u64)
}

fn header() -> Option<&'static Header> {
    let place = PLACE.load(Ordering::Relaxed);
    // SAFETY: the mapping is page-aligned, starts with a header of atomics, and is never undone.
    (!place.is_null()).then(|| unsafe { &*place.cast::<Header>() })
}

/// An input is about to be run.
pub fn take_off(data: &[u8]) {
    let Some(header) = header() else {
        return;
    };
    let length = data.len().min(MOST);
    // SAFETY: the mapping has room for so many bytes behind its header, and nobody reads them while this process
    // lives.
    unsafe {
        let bytes = PLACE.load(Ordering::Relaxed).add(HEADER);
        bytes.copy_from_nonoverlapping(data.as_ptr(), length);
    }
    header.number.fetch_add(1, Ordering::Relaxed);
    header.length.store(length as u32, Ordering::Relaxed);
    header.at.store(At::Comparison as u32, Ordering::Relaxed);
}

/// Says who has the input now.
pub fn reach(at: At) {
    if let Some(header) = header() {
        header.at.store(at as u32, Ordering::Relaxed);
    }
}

/// The input is done with.
pub fn land() {
    reach(At::Ground);
}

/// What a process has left behind.
pub struct Wreck {
    pub at: At,
    pub number: u32,
    pub input: Vec<u8>,
}

/// Reads what the process that was attached to the file did last.
pub fn search(file: &File) -> io::Result<Wreck> {
    let mut bytes = [0_u8; HEADER];
    file.read_exact_at(&mut bytes, 0)?;
    let field = |at: usize| {
        let field: [u8; 4] = bytes[4 * at..][..4].try_into().expect("four bytes");
        u32::from_ne_bytes(field)
    };
    let mut input = vec![0; (field(2) as usize).min(MOST)];
    file.read_exact_at(&mut input, HEADER as u64)?;
    let at = match field(0) {
        0 => At::Ground,
        2 => At::CPython,
        3 => At::Vm,
        _ => At::Comparison,
    };
    Ok(Wreck {
        at,
        number: field(1),
        input,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinheap_subject::system;

    #[test]
    fn what_was_in_the_air_is_found() {
        let file = system::memory_file(c"flight", false).expect("a file");
        prepare(&file).expect("room");
        attach(&file).expect("a mapping");
        take_off(b"first");
        land();
        take_off(b"second input");
        reach(At::Vm);
        let wreck = search(&file).expect("a header");
        assert_eq!(
            (wreck.at, wreck.number, wreck.input.as_slice()),
            (At::Vm, 2, b"second input".as_slice())
        );
    }
}
