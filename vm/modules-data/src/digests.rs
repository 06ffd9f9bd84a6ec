//! `_md5`, `_sha1`, `_sha256`, `_sha512`: message digests over blocks (`Modules/md5module.c` and its siblings).
//!
//! The objects are CPython's structs; what mixes a block into the state comes from the digests' own crates.

use crate::prelude::*;
use twinheap_objects::bytes;

/// A digest under way, as it lies in memory.
trait State: Copy + 'static {
    /// What an error of the constructor and the attribute `name` say.
    fn name(&self) -> &'static str;
    /// How many bytes of the result count.
    fn digest_size(&self) -> usize;
    /// How many bytes are mixed in at once.
    const BLOCK_SIZE: usize;
    fn update(&mut self, data: &[u8]);
    /// The digest of what came so far.
    fn finish(self) -> Vec<u8>;
}

/// `struct md5_state` and `struct sha1_state`: the length counts the bits of whole blocks.
#[derive(Clone, Copy)]
#[repr(C)]
struct CountedState<const WORDS: usize> {
    length: u64,
    state: [u32; WORDS],
    curlen: u32,
    buf: [u8; 64],
}

/// The words that MD5 and SHA-1 begin with.
const FIRST_WORDS: [u32; 5] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

impl<const WORDS: usize> CountedState<WORDS> {
    fn start() -> Self {
        CountedState {
            length: 0,
            state: std::array::from_fn(|i| FIRST_WORDS[i]),
            curlen: 0,
            buf: [0; 64],
        }
    }

    fn take(&mut self, mut data: &[u8], mix: fn(&mut [u32; WORDS], &[[u8; 64]])) {
        while !data.is_empty() {
            if self.curlen == 0
                && let (blocks @ [_, ..], rest) = data.as_chunks()
            {
                mix(&mut self.state, blocks);
                self.length = self.length.wrapping_add(512 * blocks.len() as u64);
                data = rest;
                continue;
            }
            let held = self.curlen as usize;
            let (taken, rest) = data.split_at(data.len().min(64 - held));
            self.buf[held..held + taken.len()].copy_from_slice(taken);
            self.curlen += taken.len() as u32;
            data = rest;
            if self.curlen == 64 {
                mix(&mut self.state, &[self.buf]);
                self.length = self.length.wrapping_add(512);
                self.curlen = 0;
            }
        }
    }

    /// The state after the padding, whose last bytes are the length in bits.
    fn last_words(
        mut self,
        length: fn(u64) -> [u8; 8],
        mix: fn(&mut [u32; WORDS], &[[u8; 64]]),
    ) -> [u32; WORDS] {
        let bits = self.length.wrapping_add(8 * u64::from(self.curlen));
        for block in padded(&self.buf[..self.curlen as usize], &length(bits)) {
            mix(&mut self.state, &[block]);
        }
        self.state
    }
}

/// What is left of a message, a one bit, zeros and the length: in whole blocks.
fn padded<const BLOCK: usize>(left: &[u8], length: &[u8]) -> Vec<[u8; BLOCK]> {
    let mut text = left.to_vec();
    text.push(0x80);
    while !(text.len() + length.len()).is_multiple_of(BLOCK) {
        text.push(0);
    }
    text.extend_from_slice(length);
    text.as_chunks().0.to_vec()
}

type Md5 = CountedState<4>;
type Sha1 = CountedState<5>;

impl State for Md5 {
    const BLOCK_SIZE: usize = 64;

    fn name(&self) -> &'static str {
        "md5"
    }

    fn digest_size(&self) -> usize {
        16
    }

    fn update(&mut self, data: &[u8]) {
        self.take(data, md5::block_api::compress);
    }

    fn finish(self) -> Vec<u8> {
        let words = self.last_words(u64::to_le_bytes, md5::block_api::compress);
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

impl State for Sha1 {
    const BLOCK_SIZE: usize = 64;

    fn name(&self) -> &'static str {
        "sha1"
    }

    fn digest_size(&self) -> usize {
        20
    }

    fn update(&mut self, data: &[u8]) {
        self.take(data, sha1::block_api::compress);
    }

    fn finish(self) -> Vec<u8> {
        let words = self.last_words(u64::to_be_bytes, sha1::block_api::compress);
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }
}

/// The body of `SHAobject`: the counts are those of all bits, in two halves.
#[derive(Clone, Copy)]
#[repr(C)]
struct ShaState<Word, const BLOCK: usize> {
    digest: [Word; 8],
    count_lo: u32,
    count_hi: u32,
    data: [u8; BLOCK],
    local: c_int,
    digestsize: c_int,
}

impl<Word: Copy, const BLOCK: usize> ShaState<Word, BLOCK> {
    fn start(digest: [Word; 8], digestsize: c_int) -> Self {
        ShaState {
            digest,
            count_lo: 0,
            count_hi: 0,
            data: [0; BLOCK],
            local: 0,
            digestsize,
        }
    }

    fn bits(&self) -> u64 {
        u64::from(self.count_hi) << 32 | u64::from(self.count_lo)
    }

    fn take(&mut self, mut data: &[u8], mix: fn(&mut [Word; 8], &[[u8; BLOCK]])) {
        let bits = self.bits().wrapping_add(8 * data.len() as u64);
        (self.count_hi, self.count_lo) = ((bits >> 32) as u32, bits as u32);
        let held = self.local as usize;
        if held > 0 {
            let (taken, rest) = data.split_at(data.len().min(BLOCK - held));
            self.data[held..held + taken.len()].copy_from_slice(taken);
            self.local += taken.len() as c_int;
            if (self.local as usize) < BLOCK {
                return;
            }
            mix(&mut self.digest, &[self.data]);
            data = rest;
        }
        let (blocks, rest) = data.as_chunks();
        mix(&mut self.digest, blocks);
        if let Some(last) = blocks.last() {
            self.data = *last;
        }
        self.data[..rest.len()].copy_from_slice(rest);
        self.local = rest.len() as c_int;
    }

    /// The state after the padding, whose last bytes are the length in bits.
    fn last_words(mut self, length: &[u8], mix: fn(&mut [Word; 8], &[[u8; BLOCK]])) -> [Word; 8] {
        for block in padded(&self.data[..self.local as usize], length) {
            mix(&mut self.digest, &[block]);
        }
        self.digest
    }
}

type Sha256 = ShaState<u32, 64>;
type Sha512 = ShaState<u64, 128>;

impl State for Sha256 {
    const BLOCK_SIZE: usize = 64;

    fn name(&self) -> &'static str {
        if self.digestsize == 32 {
            "sha256"
        } else {
            "sha224"
        }
    }

    fn digest_size(&self) -> usize {
        self.digestsize as usize
    }

    fn update(&mut self, data: &[u8]) {
        self.take(data, sha2::block_api::compress256);
    }

    fn finish(self) -> Vec<u8> {
        let words = self.last_words(&self.bits().to_be_bytes(), sha2::block_api::compress256);
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }
}

impl State for Sha512 {
    const BLOCK_SIZE: usize = 128;

    fn name(&self) -> &'static str {
        if self.digestsize == 64 {
            "sha512"
        } else {
            "sha384"
        }
    }

    fn digest_size(&self) -> usize {
        self.digestsize as usize
    }

    fn update(&mut self, data: &[u8]) {
        self.take(data, sha2::block_api::compress512);
    }

    fn finish(self) -> Vec<u8> {
        let length = u128::from(self.bits()).to_be_bytes();
        let words = self.last_words(&length, sha2::block_api::compress512);
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }
}

fn start_sha224() -> Sha256 {
    let words = [
        0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7,
        0xbefa4fa4,
    ];
    Sha256::start(words, 28)
}

fn start_sha256() -> Sha256 {
    let words = [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
        0x5be0cd19,
    ];
    Sha256::start(words, 32)
}

fn start_sha384() -> Sha512 {
    let words = [
        0xcbbb9d5dc1059ed8,
        0x629a292a367cd507,
        0x9159015a3070dd17,
        0x152fecd8f70e5939,
        0x67332667ffc00b31,
        0x8eb44a8768581511,
        0xdb0c2e0d64f98fa7,
        0x47b5481dbefa4fa4,
    ];
    Sha512::start(words, 48)
}

fn start_sha512() -> Sha512 {
    let words = [
        0x6a09e667f3bcc908,
        0xbb67ae8584caa73b,
        0x3c6ef372fe94f82b,
        0xa54ff53a5f1d36f1,
        0x510e527fade682d1,
        0x9b05688c2b3e6c1f,
        0x1f83d9abfb41bd6b,
        0x5be0cd19137e2179,
    ];
    Sha512::start(words, 64)
}

/// `MD5object`, `SHA1object` and both kinds of `SHAobject`.
#[repr(C)]
pub struct HashObject<S> {
    ob_base: PyObject,
    state: Cell<S>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl<S> Layout for HashObject<S> {}

const _: () = {
    assert!(size_of::<HashObject<Md5>>() == 112);
    assert!(size_of::<HashObject<Sha1>>() == 112);
    assert!(size_of::<HashObject<Sha256>>() == 128);
    assert!(size_of::<HashObject<Sha512>>() == 224);
};

impl<S> HashObject<S> {
    /// `tp_dealloc`.
    ///
    /// # Safety
    /// Called once, when the last reference is gone.
    unsafe fn dealloc(this: *mut HashObject<S>) {
        // SAFETY: by contract; the object owns nothing but its type.
        unsafe { memory::end_object(this.cast(), || ()) }
    }
}

fn make<S: State>(type_: &PyTypeObject, state: S) -> PyResult {
    assert_eq!(
        type_.tp_basicsize.get() as usize,
        size_of::<HashObject<S>>()
    );
    let made = types::allocate(type_, 0)?;
    // SAFETY: the type's instances are this struct.
    let hash: &HashObject<S> = unsafe { &*made.as_ptr().cast() };
    hash.state.set(state);
    Ok(made)
}

/// `GET_BUFFER_VIEW_OR_ERROUT`: what is to be mixed in.
fn message(data: &PyObject) -> PyResult<Buffer<'_>> {
    if data.downcast_ref::<PyASCIIObject>().is_some() {
        return Err(type_error("Strings must be encoded before hashing"));
    }
    if !twinheap_objects::buffer::is_exporter(data) {
        return Err(type_error("object supporting the buffer API required"));
    }
    Buffer::of(data)
}

fn mix<S: State>(mut state: S, buffer: &Buffer<'_>) -> S {
    state.update(buffer.data());
    state
}

fn update<S: State>(this: &HashObject<S>, data: &PyObject) -> PyResult {
    let buffer = message(data)?;
    this.state.set(mix(this.state.get(), &buffer));
    Ok(none())
}

/// The result, cut to the size of the digest.
fn result<S: State>(this: &HashObject<S>) -> Vec<u8> {
    let state = this.state.get();
    let mut bytes = state.finish();
    bytes.truncate(state.digest_size());
    bytes
}

fn digest<S: State>(this: &HashObject<S>) -> PyResult {
    Ok(bytes::from_slice(&result(this))?.upcast())
}

fn hexdigest<S: State>(this: &HashObject<S>) -> PyResult {
    let text: String = result(this)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(unicode::from_str(&text)?.upcast())
}

fn copy<S: State>(this: &HashObject<S>) -> PyResult {
    make(this.as_object().type_(), this.state.get())
}

fn get_name<S: State>(this: &HashObject<S>) -> PyResult {
    Ok(unicode::from_str(this.state.get().name())?.upcast())
}

fn get_digest_size<S: State>(this: &HashObject<S>) -> PyResult {
    long::from_usize(this.state.get().digest_size())
}

fn get_block_size<S: State>(_: &HashObject<S>) -> PyResult {
    long::from_usize(S::BLOCK_SIZE)
}

macro_rules! digest_module {
    ($new_module:ident, $module:literal, $state:ty, [$($type:ident = $type_name:literal, $function:ident, $name:literal, $start:expr;)+]) => {
        $(
            static_type! {
                /// A digest of this kind under way.
                $type = $type_name, size size_of::<HashObject<$state>>(), 0,
                    flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
                tp_dealloc: slot!(dealloc HashObject::<$state>::dealloc),
                tp_methods: {
                    methods! {
                        static METHODS:
                        "copy" => method_noargs(copy::<$state>, "($self, /)");
                        "digest" => noargs(digest::<$state>, "($self, /)");
                        "hexdigest" => noargs(hexdigest::<$state>, "($self, /)");
                        "update" => o(update::<$state>, "($self, obj, /)");
                    }
                    METHODS.as_ptr()
                },
                tp_getset: {
                    getset! {
                        static GETSET:
                        "block_size" => get_block_size::<$state>;
                        "name" => get_name::<$state>;
                        "digest_size" => get_digest_size::<$state>;
                    }
                    GETSET.as_ptr()
                },
                tp_alloc: Some(memory::PyType_GenericAlloc),
                tp_free: Some(memory::object_free),
            }
            fn $function(_: &PyObject, args: Args<'_>) -> PyResult {
                static SIGNATURE: Signature =
                    Signature { name: $name, parameters: &["string", "usedforsecurity"], required: 0, positional: 1 };
                let [data, security] = args.bind::<2>(&SIGNATURE)?;
                if let Some(security) = security {
                    object::is_true(security)?;
                }
                let state = match data {
                    Some(data) => mix($start(), &message(data)?),
                    None => $start(),
                };
                make(&$type, state)
            }
        )+
        /// Makes the module.
        pub fn $new_module() -> PyResult<Own<PyModuleObject>> {
            methods! {
                static FUNCTIONS:
                $($name => keywords($function);)+
            }
            $(types::ready(&$type)?;)+
            module::build($module, FUNCTIONS, &[])
        }
    };
}

digest_module!(new_md5, "_md5", Md5, [Md5Type = "_md5.md5", md5, "md5", Md5::start;]);
digest_module!(new_sha1, "_sha1", Sha1, [Sha1Type = "_sha1.sha1", sha1, "sha1", Sha1::start;]);
digest_module!(new_sha256, "_sha256", Sha256, [
    Sha224Type = "_sha256.sha224", sha224, "sha224", start_sha224;
    Sha256Type = "_sha256.sha256", sha256, "sha256", start_sha256;
]);
digest_module!(new_sha512, "_sha512", Sha512, [
    Sha384Type = "_sha512.sha384", sha384, "sha384", start_sha384;
    Sha512Type = "_sha512.sha512", sha512, "sha512", start_sha512;
]);
