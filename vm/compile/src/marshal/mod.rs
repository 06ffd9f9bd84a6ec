//! Writes code objects in the format that CPython's `marshal.loads` reads, version 4, byte for byte as
//! CPython writes what its own compiler has just made.
//!
//! Marshal writes an object once and then refers to it, but only if anything else holds the object at that
//! moment or if it is an interned text; so the objects that CPython would have, and who holds them, are
//! worked out first (`graph`), and then written (`write`).

mod graph;
mod write;

use crate::code::CodeObject;

/// The magic number of 3.11's files, the line ending included.
const MAGIC: [u8; 4] = [0xa7, 0x0d, 0x0d, 0x0a];

/// The bytes of `marshal.dumps` of this code object, fresh from the compiler.
pub fn dumps(code: &CodeObject) -> Vec<u8> {
    let graph = graph::Graph::new(code);
    write::Writer::new(&graph).write()
}

/// The whole file that `py_compile` writes for a source with this time of modification and size.
pub fn pyc(code: &CodeObject, modified: u32, size: u32) -> Vec<u8> {
    let header = [MAGIC, [0; 4], modified.to_le_bytes(), size.to_le_bytes()];
    [&header.concat()[..], &dumps(code)].concat()
}
