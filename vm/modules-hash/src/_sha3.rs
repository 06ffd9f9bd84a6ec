//! `_sha3` (`Modules/_sha3/sha3module.c`): SHA-3 and SHAKE over a sponge of 200 bytes.
//!
//! The object is CPython's struct with its plain byte-wise sponge; the permutation comes from a crate.

use crate::arguments::{as_bytes, as_hex, message, unsigned};
use crate::prelude::*;

/// `sha3_ctx_t`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Sponge {
    lanes: [u64; 25],
    pt: c_int,
    rsiz: c_int,
    mdlen: c_int,
}

impl Sponge {
    fn start(digest_size: usize) -> Sponge {
        Sponge {
            lanes: [0; 25],
            pt: 0,
            rsiz: 200 - 2 * digest_size as c_int,
            mdlen: digest_size as c_int,
        }
    }

    fn mix_byte(&mut self, at: usize, byte: u8) {
        self.lanes[at / 8] ^= u64::from(byte) << (8 * (at % 8));
    }

    fn permute(&mut self) {
        keccak::f1600(&mut self.lanes);
        self.pt = 0;
    }

    fn update(&mut self, data: &[u8]) {
        for byte in data {
            self.mix_byte(self.pt as usize, *byte);
            self.pt += 1;
            if self.pt >= self.rsiz {
                self.permute();
            }
        }
    }

    /// The padding, then as many bytes as are asked for.
    fn finish(mut self, suffix: u8, count: usize) -> Vec<u8> {
        self.mix_byte(self.pt as usize, suffix);
        self.mix_byte(self.rsiz as usize - 1, 0x80);
        self.permute();
        let mut out = Vec::with_capacity(count);
        while out.len() < count {
            let bytes = self.lanes.iter().flat_map(|lane| lane.to_le_bytes());
            let wanted = (count - out.len()).min(self.rsiz as usize);
            out.extend(bytes.take(wanted));
            self.permute();
        }
        out
    }
}

/// `SHA3object`.
#[repr(C)]
pub struct Sha3Object {
    ob_base: PyObject,
    hash_state: Cell<Sponge>,
    lock: Cell<usize>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for Sha3Object {}

const _: () = assert!(size_of::<Sha3Object>() == 240);

impl Sha3Object {
    /// `tp_dealloc`.
    ///
    /// # Safety
    /// Called once, when the last reference is gone.
    unsafe fn dealloc(this: *mut Sha3Object) {
        // SAFETY: by contract; the object owns nothing but its type.
        unsafe { memory::end_object(this.cast(), || ()) }
    }

    fn is_shake(&self) -> bool {
        self.as_object().type_().short_name().starts_with("shake")
    }

    fn suffix(&self) -> u8 {
        if self.is_shake() { 0x1f } else { 0x06 }
    }

    fn result(&self) -> Vec<u8> {
        let state = self.hash_state.get();
        state.finish(self.suffix(), state.mdlen as usize)
    }
}

fn make(type_: &PyTypeObject, state: Sponge) -> PyResult {
    let made = types::allocate(type_, 0)?;
    // SAFETY: the type's instances are this struct.
    let hash: &Sha3Object = unsafe { &*made.as_ptr().cast() };
    hash.hash_state.set(state);
    Ok(made)
}

fn digest_size_of(name: &str) -> usize {
    match name {
        "sha3_224" => 28,
        "sha3_256" | "shake_256" => 32,
        "sha3_384" => 48,
        "sha3_512" => 64,
        _ => 16,
    }
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        // All constructors share one parser, which bears the first one's name.
        name: "sha3_224",
        parameters: &["", "usedforsecurity"],
        required: 0,
        positional: 1,
    };
    let [data, security] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    security.map_or(Ok(true), object::is_true)?;
    let mut state = Sponge::start(digest_size_of(type_.short_name()));
    if let Some(data) = data {
        state.update(message(data)?.data());
    }
    make(type_, state)
}

fn copy(this: &Sha3Object) -> PyResult {
    make(this.as_object().type_(), this.hash_state.get())
}

fn update(this: &Sha3Object, data: &PyObject) -> PyResult {
    let buffer = message(data)?;
    let mut state = this.hash_state.get();
    state.update(buffer.data());
    this.hash_state.set(state);
    Ok(none())
}

fn digest(this: &Sha3Object) -> PyResult {
    as_bytes(&this.result())
}

fn hexdigest(this: &Sha3Object) -> PyResult {
    as_hex(&this.result())
}

/// As much of SHAKE's output as is asked for.
fn squeeze(this: &Sha3Object, length: &PyObject) -> PyResult<Vec<u8>> {
    let length = unsigned(length, "Python int too large to convert to C unsigned long")?;
    if length >= 1 << 29 {
        return Err(value_error("length is too large"));
    }
    memory::probe(length as usize)?;
    let state = this.hash_state.get();
    Ok(state.finish(this.suffix(), length as usize))
}

fn shake_digest(this: &Sha3Object, length: &PyObject) -> PyResult {
    as_bytes(&squeeze(this, length)?)
}

fn shake_hexdigest(this: &Sha3Object, length: &PyObject) -> PyResult {
    as_hex(&squeeze(this, length)?)
}

fn get_block_size(this: &Sha3Object) -> PyResult {
    long::from_isize(this.hash_state.get().rsiz as isize)
}

fn get_name(this: &Sha3Object) -> PyResult {
    let name = this.as_object().type_().short_name();
    Ok(unicode::from_str(name)?.upcast())
}

fn get_digest_size(this: &Sha3Object) -> PyResult {
    let size = this.hash_state.get().mdlen as isize;
    long::from_isize(if this.is_shake() { 0 } else { size })
}

fn get_capacity_bits(this: &Sha3Object) -> PyResult {
    long::from_isize(1600 - 8 * this.hash_state.get().rsiz as isize)
}

fn get_rate_bits(this: &Sha3Object) -> PyResult {
    long::from_isize(8 * this.hash_state.get().rsiz as isize)
}

fn get_suffix(this: &Sha3Object) -> PyResult {
    as_bytes(&[this.suffix()])
}

methods! {
    static METHODS:
    "copy" => noargs(copy, "($self, /)");
    "digest" => noargs(digest, "($self, /)");
    "hexdigest" => noargs(hexdigest, "($self, /)");
    "update" => o(update, "($self, data, /)");
}

methods! {
    static SHAKE_METHODS:
    "copy" => noargs(copy, "($self, /)");
    "digest" => o(shake_digest, "($self, length, /)");
    "hexdigest" => o(shake_hexdigest, "($self, length, /)");
    "update" => o(update, "($self, data, /)");
}

getset! {
    static GETSET:
    "block_size" => get_block_size;
    "name" => get_name;
    "digest_size" => get_digest_size;
    "_capacity_bits" => get_capacity_bits;
    "_rate_bits" => get_rate_bits;
    "_suffix" => get_suffix;
}

macro_rules! sponges {
    ($($type:ident = $name:literal, $methods:ident;)+) => {
        $(static_type! {
            /// A sponge of this kind.
            $type = $name, size size_of::<Sha3Object>(), 0, flags Py_TPFLAGS_DEFAULT;
            tp_dealloc: slot!(dealloc Sha3Object::dealloc),
            tp_methods: $methods.as_ptr(),
            tp_getset: GETSET.as_ptr(),
            tp_alloc: Some(memory::PyType_GenericAlloc),
            tp_new: slot!(new new),
            tp_free: Some(memory::object_free),
        })+
        static TYPES: &[&PyTypeObject] = &[$(&$type),+];
    };
}

sponges! {
    Sha3_224Type = "_sha3.sha3_224", METHODS;
    Sha3_256Type = "_sha3.sha3_256", METHODS;
    Sha3_384Type = "_sha3.sha3_384", METHODS;
    Sha3_512Type = "_sha3.sha3_512", METHODS;
    Shake_128Type = "_sha3.shake_128", SHAKE_METHODS;
    Shake_256Type = "_sha3.shake_256", SHAKE_METHODS;
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_sha3", &[], &[])?;
    for type_ in TYPES {
        module::add_heap_type(&made, type_.short_name(), type_)?;
    }
    module::add_int(&made, "keccakopt", 0)?;
    module::add_str(&made, "implementation", "tiny_sha3")?;
    Ok(made)
}
