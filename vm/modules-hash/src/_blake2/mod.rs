//! `_blake2` (`Modules/_blake2`): BLAKE2b and BLAKE2s with keys, salts and trees.

mod state;

use crate::arguments::{as_bytes, as_hex, message, unsigned};
use crate::prelude::*;
use state::{Blake, Blake2b, Blake2s, Parameters};

/// `BLAKE2bObject` and `BLAKE2sObject`: parameters, state, lock.
#[repr(C)]
pub struct BlakeObject<S: Copy, const PARAM: usize> {
    ob_base: PyObject,
    param: Cell<[u8; PARAM]>,
    state: Cell<S>,
    lock: Cell<usize>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl<S: Copy, const PARAM: usize> Layout for BlakeObject<S, PARAM> {}

const _: () = {
    assert!(size_of::<BlakeObject<Blake2b, 64>>() == 448);
    assert!(size_of::<BlakeObject<Blake2s, 32>>() == 240);
};

impl<S: Blake, const PARAM: usize> BlakeObject<S, PARAM> {
    /// `tp_dealloc`.
    ///
    /// # Safety
    /// Called once, when the last reference is gone.
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: by contract; the object owns nothing but its type.
        unsafe { twinheap_objects::memory::end_object(this.cast(), || ()) }
    }

    fn digest_size(&self) -> usize {
        usize::from(self.param.get()[0])
    }

    fn result(&self) -> Vec<u8> {
        let mut result = self.state.get().finish();
        result.truncate(self.digest_size());
        result
    }
}

fn make<S: Blake, const PARAM: usize>(
    type_: &PyTypeObject,
    param: [u8; PARAM],
    state: S,
) -> PyResult {
    let made = types::allocate(type_, 0)?;
    // SAFETY: the type's instances are this struct.
    let hash: &BlakeObject<S, PARAM> = unsafe { &*made.as_ptr().cast() };
    hash.param.set(param);
    hash.state.set(state);
    Ok(made)
}

/// The bytes of an optional argument, as many as there may be.
fn limited(given: Option<&PyObject>, what: &str, most: usize) -> PyResult<Vec<u8>> {
    let Some(given) = given else {
        return Ok(Vec::new());
    };
    let data = twinheap_objects::memory::copied(Buffer::of(given)?.data())?;
    if data.len() > most {
        return Err(value_error(format_args!(
            "maximum {what} length is {most} bytes"
        )));
    }
    Ok(data)
}

fn within(value: c_int, least: c_int, most: c_int, complaint: &str) -> PyResult<c_int> {
    if value < least || value > most {
        return Err(value_error(complaint));
    }
    Ok(value)
}

const NAMES: &[&str] = &[
    "",
    "digest_size",
    "key",
    "salt",
    "person",
    "fanout",
    "depth",
    "leaf_size",
    "node_offset",
    "node_depth",
    "inner_size",
    "last_node",
    "usedforsecurity",
];

fn new<S: Blake, const PARAM: usize>(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let signature = Signature {
        name: S::NAME,
        parameters: NAMES,
        required: 0,
        positional: 1,
    };
    let [
        data,
        size,
        key,
        salt,
        person,
        fanout,
        depth,
        leaf,
        offset,
        node_depth,
        inner,
        last,
        security,
    ] = call::bind_tuple::<13>(&signature, args, kwargs)?;
    let out = S::OUT as c_int;
    let integer = |given: Option<&PyObject>, default| given.map_or(Ok(default), long::as_int);
    let size = integer(size, out)?;
    for given in [key, salt, person].into_iter().flatten() {
        Buffer::of(given)?;
    }
    let (fanout, depth) = (integer(fanout, 1)?, integer(depth, 1)?);
    let leaf = leaf.map_or(Ok(0), |leaf| {
        unsigned(leaf, "Python int too large to convert to C unsigned long")
    })?;
    let offset = offset.map_or(Ok(0), |offset| unsigned(offset, "int too big to convert"))?;
    let (node_depth, inner) = (integer(node_depth, 0)?, integer(inner, 0)?);
    let last = last.map_or(Ok(false), object::is_true)?;
    security.map_or(Ok(true), object::is_true)?;
    let size_range = format!("digest_size must be between 1 and {out} bytes");
    let size = within(size, 1, out, &size_range)?;
    let salt = limited(salt, "salt", S::SALT)?;
    let person = limited(person, "person", S::SALT)?;
    let fanout = within(fanout, 0, 255, "fanout must be between 0 and 255")?;
    let depth = within(depth, 1, 255, "depth must be between 1 and 255")?;
    if leaf > u64::from(u32::MAX) {
        return Err(overflow_error("leaf_size is too large"));
    }
    if PARAM == 32 && offset > 0xffff_ffff_ffff {
        return Err(overflow_error("node_offset is too large"));
    }
    let node_depth = within(node_depth, 0, 255, "node_depth must be between 0 and 255")?;
    let inner_range = format!("inner_size must be between 0 and is {out}");
    let inner = within(inner, 0, out, &inner_range)?;
    let key = limited(key, "key", S::KEY)?;
    let parameters = Parameters {
        digest_size: size,
        key_length: key.len(),
        fanout,
        depth,
        leaf_size: leaf,
        node_offset: offset,
        node_depth,
        inner_size: inner,
        salt: &salt,
        person: &person,
    };
    let block = parameters.block::<S>();
    let mut state = S::start(&block);
    state.set_last_node(last);
    if !key.is_empty() {
        let mut padded = key;
        padded.resize(S::BLOCK, 0);
        state.update(&padded);
    }
    if let Some(data) = data {
        state.update(message(data)?.data());
    }
    let mut param = [0; PARAM];
    param.copy_from_slice(&block);
    make(type_, param, state)
}

fn copy<S: Blake, const PARAM: usize>(this: &BlakeObject<S, PARAM>) -> PyResult {
    make(this.as_object().type_(), this.param.get(), this.state.get())
}

fn update<S: Blake, const PARAM: usize>(this: &BlakeObject<S, PARAM>, data: &PyObject) -> PyResult {
    let buffer = message(data)?;
    let mut state = this.state.get();
    state.update(buffer.data());
    this.state.set(state);
    Ok(none())
}

fn digest<S: Blake, const PARAM: usize>(this: &BlakeObject<S, PARAM>) -> PyResult {
    as_bytes(&this.result())
}

fn hexdigest<S: Blake, const PARAM: usize>(this: &BlakeObject<S, PARAM>) -> PyResult {
    as_hex(&this.result())
}

fn get_name<S: Blake, const PARAM: usize>(_: &BlakeObject<S, PARAM>) -> PyResult {
    Ok(unicode::from_str(S::NAME)?.upcast())
}

fn get_block_size<S: Blake, const PARAM: usize>(_: &BlakeObject<S, PARAM>) -> PyResult {
    long::from_usize(S::BLOCK)
}

fn get_digest_size<S: Blake, const PARAM: usize>(this: &BlakeObject<S, PARAM>) -> PyResult {
    long::from_usize(this.digest_size())
}

macro_rules! blake_type {
    ($type:ident = $name:literal, $state:ty, $param:literal, $doc:literal) => {
        static_type! {
            /// A digest of this width under way.
            $type = $name, size size_of::<BlakeObject<$state, $param>>(), 0, flags Py_TPFLAGS_DEFAULT;
            tp_dealloc: slot!(dealloc BlakeObject::<$state, $param>::dealloc),
            tp_doc: concat!($doc, "\n--\n\n\0").as_ptr().cast(),
            tp_methods: {
                methods! {
                    static METHODS:
                    "copy" => noargs(copy::<$state, $param>, "($self, /)");
                    "digest" => noargs(digest::<$state, $param>, "($self, /)");
                    "hexdigest" => noargs(hexdigest::<$state, $param>, "($self, /)");
                    "update" => o(update::<$state, $param>, "($self, data, /)");
                }
                METHODS.as_ptr()
            },
            tp_getset: {
                getset! {
                    static GETSET:
                    "name" => get_name::<$state, $param>;
                    "block_size" => get_block_size::<$state, $param>;
                    "digest_size" => get_digest_size::<$state, $param>;
                }
                GETSET.as_ptr()
            },
            tp_alloc: Some(twinheap_objects::memory::PyType_GenericAlloc),
            tp_new: slot!(new new::<$state, $param>),
            tp_free: Some(twinheap_objects::memory::object_free),
        }
    };
}

blake_type!(
    Blake2bType = "_blake2.blake2b",
    Blake2b,
    64,
    "blake2b(data=b'', /, *, digest_size=_blake2.blake2b.MAX_DIGEST_SIZE,\n        key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0,\n        node_offset=0, node_depth=0, inner_size=0, last_node=False,\n        usedforsecurity=True)"
);
blake_type!(
    Blake2sType = "_blake2.blake2s",
    Blake2s,
    32,
    "blake2s(data=b'', /, *, digest_size=_blake2.blake2s.MAX_DIGEST_SIZE,\n        key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0,\n        node_offset=0, node_depth=0, inner_size=0, last_node=False,\n        usedforsecurity=True)"
);

fn add<S: Blake>(made: &PyModuleObject, type_: &'static PyTypeObject) -> PyResult<()> {
    module::add_heap_type(made, S::NAME, type_)?;
    let prefix = S::NAME.to_uppercase();
    for (name, value) in [
        ("SALT_SIZE", S::SALT),
        ("PERSON_SIZE", S::SALT),
        ("MAX_KEY_SIZE", S::KEY),
        ("MAX_DIGEST_SIZE", S::OUT),
    ] {
        if let Some(own) = types::dict_of(type_) {
            dict::set_literal(own, name, &*long::from_usize(value)?)?;
        }
        module::add_int(made, &format!("{prefix}_{name}"), value as i64)?;
    }
    Ok(())
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_blake2", &[], &[])?;
    add::<Blake2b>(&made, &Blake2bType)?;
    add::<Blake2s>(&made, &Blake2sType)?;
    Ok(made)
}
