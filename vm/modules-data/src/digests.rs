//! `_md5`, `_sha1`, `_sha256`, `_sha512`: message digests over blocks.

use crate::prelude::*;
use twinheap_objects::bytes;
use twinheap_objects::own::Native;

/// Which digest; the state has room for the widest.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Md5 => "md5",
            Kind::Sha1 => "sha1",
            Kind::Sha224 => "sha224",
            Kind::Sha256 => "sha256",
            Kind::Sha384 => "sha384",
            Kind::Sha512 => "sha512",
        }
    }

    fn digest_size(self) -> usize {
        match self {
            Kind::Md5 => 16,
            Kind::Sha1 => 20,
            Kind::Sha224 => 28,
            Kind::Sha256 => 32,
            Kind::Sha384 => 48,
            Kind::Sha512 => 64,
        }
    }

    fn block_size(self) -> usize {
        if matches!(self, Kind::Sha384 | Kind::Sha512) {
            128
        } else {
            64
        }
    }

    fn start(self) -> [u64; 8] {
        const SMALL: [u64; 5] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
        match self {
            Kind::Md5 | Kind::Sha1 => {
                let mut state = [0; 8];
                state[..5].copy_from_slice(&SMALL);
                state
            }
            Kind::Sha224 => [
                0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7,
                0xbefa4fa4,
            ],
            Kind::Sha256 => [
                0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
                0x5be0cd19,
            ],
            Kind::Sha384 => [
                0xcbbb9d5dc1059ed8,
                0x629a292a367cd507,
                0x9159015a3070dd17,
                0x152fecd8f70e5939,
                0x67332667ffc00b31,
                0x8eb44a8768581511,
                0xdb0c2e0d64f98fa7,
                0x47b5481dbefa4fa4,
            ],
            Kind::Sha512 => [
                0x6a09e667f3bcc908,
                0xbb67ae8584caa73b,
                0x3c6ef372fe94f82b,
                0xa54ff53a5f1d36f1,
                0x510e527fade682d1,
                0x9b05688c2b3e6c1f,
                0x1f83d9abfb41bd6b,
                0x5be0cd19137e2179,
            ],
        }
    }
}

/// The first bits of the fractional parts of the cube roots of the first primes.
fn cube_root_bits(prime: u64) -> u64 {
    // The largest x with x^3 <= prime * 2^192, of which the lowest 64 bits are wanted.
    let (mut low, mut high) = (0u128, 8u128 << 64);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if cube_at_most(middle, prime) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low as u64
}

/// Whether `x^3 <= prime * 2^192`, in words of 32 bits.
fn cube_at_most(x: u128, prime: u64) -> bool {
    let words = |value: u128| -> Vec<u64> {
        (0..4)
            .map(|i| (value >> (32 * i)) as u64 & 0xffff_ffff)
            .collect()
    };
    let multiply = |a: &[u64], b: &[u64]| {
        let mut product = vec![0u64; a.len() + b.len()];
        for (i, x) in a.iter().enumerate() {
            let mut carry = 0;
            for (j, y) in b.iter().enumerate() {
                let sum = product[i + j] + x * y + carry;
                product[i + j] = sum & 0xffff_ffff;
                carry = sum >> 32;
            }
            product[i + b.len()] += carry;
        }
        product
    };
    let x = words(x);
    let cube = multiply(&multiply(&x, &x), &x);
    let mut bound = vec![0u64; cube.len()];
    bound[6] = prime;
    cube.iter().rev().le(bound.iter().rev())
}

fn primes() -> impl Iterator<Item = u64> {
    (2u64..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
}

/// The round constants of SHA-512; those of SHA-256 are their upper halves.
fn constants() -> &'static [u64; 80] {
    static TABLE: std::sync::OnceLock<[u64; 80]> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = [0; 80];
        for (slot, prime) in table.iter_mut().zip(primes()) {
            *slot = cube_root_bits(prime);
        }
        table
    })
}

#[derive(Clone, Default)]
struct Digest {
    kind: Kind,
    state: [u64; 8],
    length: u128,
    pending: Vec<u8>,
}

impl Digest {
    fn new(kind: Kind) -> Digest {
        Digest {
            kind,
            state: kind.start(),
            length: 0,
            pending: Vec::new(),
        }
    }

    fn update(&mut self, data: &[u8]) {
        self.length += data.len() as u128;
        self.pending.extend_from_slice(data);
        let size = self.kind.block_size();
        let whole = self.pending.len() / size * size;
        let blocks: Vec<u8> = self.pending.drain(..whole).collect();
        for block in blocks.chunks(size) {
            self.block(block);
        }
    }

    fn block(&mut self, block: &[u8]) {
        match self.kind {
            Kind::Md5 => self.md5(block),
            Kind::Sha1 => self.sha1(block),
            Kind::Sha224 | Kind::Sha256 => self.sha256(block),
            Kind::Sha384 | Kind::Sha512 => self.sha512(block),
        }
    }

    fn md5(&mut self, block: &[u8]) {
        const SHIFTS: [[u32; 4]; 4] = [
            [7, 12, 17, 22],
            [5, 9, 14, 20],
            [4, 11, 16, 23],
            [6, 10, 15, 21],
        ];
        let word = |i: usize| {
            u32::from_le_bytes([
                block[4 * i],
                block[4 * i + 1],
                block[4 * i + 2],
                block[4 * i + 3],
            ])
        };
        let start = [0, 1, 2, 3].map(|i: usize| self.state[i] as u32);
        let [mut a, mut b, mut c, mut d] = start;
        for i in 0..64usize {
            let (f, g) = match i / 16 {
                0 => (b & c | !b & d, i),
                1 => (d & b | !d & c, (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), 7 * i % 16),
            };
            let constant = (((i + 1) as f64).sin().abs() * 4294967296.0) as u32;
            let sum = a
                .wrapping_add(f)
                .wrapping_add(constant)
                .wrapping_add(word(g));
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
        }
        for (slot, (old, new)) in self.state.iter_mut().zip(start.iter().zip([a, b, c, d])) {
            *slot = u64::from(old.wrapping_add(new));
        }
    }

    fn sha1(&mut self, block: &[u8]) {
        let mut w = [0u32; 80];
        for (i, bytes) in block.chunks(4).enumerate() {
            w[i] = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        for i in 16..80 {
            w[i] = (w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).rotate_left(1);
        }
        let start = [0, 1, 2, 3, 4].map(|i: usize| self.state[i] as u32);
        let [mut a, mut b, mut c, mut d, mut e] = start;
        for (i, word) in w.iter().enumerate() {
            let (f, k) = match i / 20 {
                0 => (b & c | !b & d, 0x5a827999),
                1 => (b ^ c ^ d, 0x6ed9eba1),
                2 => (b & c | b & d | c & d, 0x8f1bbcdc),
                _ => (b ^ c ^ d, 0xca62c1d6u32),
            };
            let next = a
                .rotate_left(5)
                .wrapping_add(f)
                .wrapping_add(e)
                .wrapping_add(k)
                .wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (slot, (old, new)) in self.state.iter_mut().zip(start.iter().zip([a, b, c, d, e])) {
            *slot = u64::from(old.wrapping_add(new));
        }
    }

    fn sha256(&mut self, block: &[u8]) {
        let mut w = [0u32; 64];
        for (i, bytes) in block.chunks(4).enumerate() {
            w[i] = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        for i in 16..64 {
            let s0 = w[i - 15].rotate_right(7) ^ w[i - 15].rotate_right(18) ^ w[i - 15] >> 3;
            let s1 = w[i - 2].rotate_right(17) ^ w[i - 2].rotate_right(19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16]
                .wrapping_add(s0)
                .wrapping_add(w[i - 7])
                .wrapping_add(s1);
        }
        let mut v = self.state.map(|word| word as u32);
        for (word, constant) in w.iter().zip(constants()) {
            let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = v[4] & v[5] ^ !v[4] & v[6];
            let t1 = v[7]
                .wrapping_add(s1)
                .wrapping_add(choice)
                .wrapping_add((constant >> 32) as u32)
                .wrapping_add(*word);
            let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2];
            v = [
                t1.wrapping_add(s0.wrapping_add(majority)),
                v[0],
                v[1],
                v[2],
                v[3].wrapping_add(t1),
                v[4],
                v[5],
                v[6],
            ];
        }
        for (slot, new) in self.state.iter_mut().zip(v) {
            *slot = u64::from((*slot as u32).wrapping_add(new));
        }
    }

    fn sha512(&mut self, block: &[u8]) {
        let mut w = [0u64; 80];
        for (i, bytes) in block.chunks(8).enumerate() {
            let mut word = [0; 8];
            word.copy_from_slice(bytes);
            w[i] = u64::from_be_bytes(word);
        }
        for i in 16..80 {
            let s0 = w[i - 15].rotate_right(1) ^ w[i - 15].rotate_right(8) ^ w[i - 15] >> 7;
            let s1 = w[i - 2].rotate_right(19) ^ w[i - 2].rotate_right(61) ^ w[i - 2] >> 6;
            w[i] = w[i - 16]
                .wrapping_add(s0)
                .wrapping_add(w[i - 7])
                .wrapping_add(s1);
        }
        let mut v = self.state;
        for (word, constant) in w.iter().zip(constants()) {
            let s1 = v[4].rotate_right(14) ^ v[4].rotate_right(18) ^ v[4].rotate_right(41);
            let choice = v[4] & v[5] ^ !v[4] & v[6];
            let t1 = v[7]
                .wrapping_add(s1)
                .wrapping_add(choice)
                .wrapping_add(*constant)
                .wrapping_add(*word);
            let s0 = v[0].rotate_right(28) ^ v[0].rotate_right(34) ^ v[0].rotate_right(39);
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2];
            v = [
                t1.wrapping_add(s0.wrapping_add(majority)),
                v[0],
                v[1],
                v[2],
                v[3].wrapping_add(t1),
                v[4],
                v[5],
                v[6],
            ];
        }
        for (slot, new) in self.state.iter_mut().zip(v) {
            *slot = slot.wrapping_add(new);
        }
    }

    /// The digest of what came so far.
    fn finish(&self) -> Vec<u8> {
        let mut last = self.clone();
        let bits = self.length * 8;
        let size = self.kind.block_size();
        let tail = size / 8;
        let mut padding = vec![0x80];
        while (last.pending.len() + padding.len()) % size != size - tail {
            padding.push(0);
        }
        match self.kind {
            Kind::Md5 => padding.extend((bits as u64).to_le_bytes()),
            _ if tail == 8 => padding.extend((bits as u64).to_be_bytes()),
            _ => padding.extend(bits.to_be_bytes()),
        }
        last.update(&padding);
        let mut out = Vec::new();
        for word in last.state {
            match self.kind {
                Kind::Md5 => out.extend((word as u32).to_le_bytes()),
                _ if size == 64 => out.extend((word as u32).to_be_bytes()),
                _ => out.extend(word.to_be_bytes()),
            }
        }
        out.truncate(self.kind.digest_size());
        out
    }
}

object_struct! {
    /// A digest under way.
    pub struct HashObject {
        digest: Native<Option<Box<Digest>>>,
    }
}

fn make(type_: &PyTypeObject, digest: Digest) -> PyResult {
    let made = HashObject::alloc(type_)?;
    made.digest.with(|slot| *slot = Some(Box::new(digest)));
    Ok(made.upcast())
}

impl HashObject {
    fn copied(&self) -> Digest {
        self.digest
            .with(|digest| digest.as_deref().cloned())
            .unwrap_or_default()
    }
}

fn update(this: &HashObject, data: &PyObject) -> PyResult {
    if data.downcast_ref::<PyASCIIObject>().is_some() {
        return Err(type_error("Strings must be encoded before hashing"));
    }
    let buffer = Buffer::of(data)?;
    this.digest.with(|digest| {
        if let Some(digest) = digest {
            digest.update(buffer.data());
        }
    });
    Ok(none())
}

fn digest(this: &HashObject) -> PyResult {
    Ok(bytes::from_slice(&this.copied().finish())?.upcast())
}

fn hexdigest(this: &HashObject) -> PyResult {
    let text: String = this
        .copied()
        .finish()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(unicode::from_str(&text)?.upcast())
}

fn copy(this: &HashObject) -> PyResult {
    make(this.as_object().type_(), this.copied())
}

fn get_name(this: &HashObject) -> PyResult {
    Ok(unicode::from_str(this.copied().kind.name())?.upcast())
}

fn get_digest_size(this: &HashObject) -> PyResult {
    long::from_usize(this.copied().kind.digest_size())
}

fn get_block_size(this: &HashObject) -> PyResult {
    long::from_usize(this.copied().kind.block_size())
}

methods! {
    static METHODS:
    "copy" => noargs(copy, "($self, /)");
    "digest" => noargs(digest, "($self, /)");
    "hexdigest" => noargs(hexdigest, "($self, /)");
    "update" => o(update, "($self, obj, /)");
}

getset! {
    static GETSET:
    "block_size" => get_block_size;
    "name" => get_name;
    "digest_size" => get_digest_size;
}

macro_rules! digest_module {
    ($new_module:ident, $module:literal, [$($type:ident = $type_name:literal, $function:ident, $name:literal, $kind:expr;)+]) => {
        $(
            static_type! {
                /// A digest of this kind under way.
                $type = $type_name, size size_of::<HashObject>(), 0,
                    flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
                tp_dealloc: slot!(dealloc HashObject::dealloc),
                tp_methods: METHODS.as_ptr(),
                tp_getset: GETSET.as_ptr(),
                tp_alloc: Some(memory::PyType_GenericAlloc),
                tp_free: Some(memory::object_free),
            }
            fn $function(_: &PyObject, args: Args<'_>) -> PyResult {
                static SIGNATURE: Signature =
                    Signature { name: $name, parameters: &["string", "usedforsecurity"], required: 0, positional: 1 };
                let [data, _] = args.bind::<2>(&SIGNATURE)?;
                let made = make(&$type, Digest::new($kind))?;
                if let (Some(data), Some(this)) = (data, Some(&made)) {
                    // SAFETY: just made as a digest.
                    update(unsafe { &*this.as_ptr().cast() }, data)?;
                }
                Ok(made)
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

digest_module!(new_md5, "_md5", [Md5Type = "_md5.md5", md5, "md5", Kind::Md5;]);
digest_module!(new_sha1, "_sha1", [Sha1Type = "_sha1.sha1", sha1, "sha1", Kind::Sha1;]);
digest_module!(new_sha256, "_sha256", [
    Sha224Type = "_sha256.sha224", sha224, "sha224", Kind::Sha224;
    Sha256Type = "_sha256.sha256", sha256, "sha256", Kind::Sha256;
]);
digest_module!(new_sha512, "_sha512", [
    Sha384Type = "_sha512.sha384", sha384, "sha384", Kind::Sha384;
    Sha512Type = "_sha512.sha512", sha512, "sha512", Kind::Sha512;
]);
