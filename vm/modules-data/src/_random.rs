//! `_random`: the Mersenne twister (`Modules/_randommodule.c`).

use crate::prelude::*;
use twinheap_objects::float;

const N: usize = 624;
const M: usize = 397;

/// `RandomObject`.
#[repr(C)]
pub struct RandomObject {
    pub ob_base: PyObject,
    pub index: Cell<c_int>,
    pub state: [Cell<u32>; N],
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for RandomObject {}
typed!(RandomObject, Random_Type);

impl RandomObject {
    fn next(&self) -> u32 {
        let state = &self.state;
        if self.index.get() as usize >= N {
            for k in 0..N {
                let y = state[k].get() & 0x8000_0000 | state[(k + 1) % N].get() & 0x7fff_ffff;
                let twist = if y & 1 != 0 { 0x9908_b0df } else { 0 };
                state[k].set(state[(k + M) % N].get() ^ y >> 1 ^ twist);
            }
            self.index.set(0);
        }
        let mut y = state[self.index.get() as usize].get();
        self.index.set(self.index.get() + 1);
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    fn seed_number(&self, seed: u32) {
        self.state[0].set(seed);
        for k in 1..N {
            let before = self.state[k - 1].get();
            self.state[k].set(
                1_812_433_253u32
                    .wrapping_mul(before ^ before >> 30)
                    .wrapping_add(k as u32),
            );
        }
        self.index.set(N as c_int);
    }

    fn seed_words(&self, key: &[u32]) {
        self.seed_number(19_650_218);
        let (mut i, mut j) = (1, 0);
        let mix = |i: usize, factor: u32| {
            let before = self.state[i - 1].get();
            self.state[i].get() ^ (before ^ before >> 30).wrapping_mul(factor)
        };
        let wrap = |i: &mut usize| {
            *i += 1;
            if *i >= N {
                self.state[0].set(self.state[N - 1].get());
                *i = 1;
            }
        };
        for _ in 0..N.max(key.len()) {
            self.state[i].set(
                mix(i, 1_664_525)
                    .wrapping_add(key[j])
                    .wrapping_add(j as u32),
            );
            wrap(&mut i);
            j = (j + 1) % key.len();
        }
        for _ in 0..N - 1 {
            self.state[i].set(mix(i, 1_566_083_941).wrapping_sub(i as u32));
            wrap(&mut i);
        }
        self.state[0].set(0x8000_0000);
    }
}

/// The 32-bit words of an int's absolute value.
fn words_of(number: &PyLongObject) -> Vec<u32> {
    let (mut words, mut bits, mut count) = (Vec::new(), 0u64, 0);
    for digit in long::digits(number) {
        bits |= u64::from(*digit) << count;
        count += 30;
        if count >= 32 {
            words.push(bits as u32);
            bits >>= 32;
            count -= 32;
        }
    }
    words.push(bits as u32);
    while words.len() > 1 && words.last() == Some(&0) {
        words.pop();
    }
    words
}

fn seed_with(this: &RandomObject, seed: Option<&PyObject>) -> PyResult<()> {
    let Some(seed) = seed.filter(|seed| !seed.is_none()) else {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let address = (this as *const RandomObject as usize) as u32;
        this.seed_words(&[
            now.subsec_nanos(),
            now.as_secs() as u32,
            std::process::id(),
            address,
        ]);
        return Ok(());
    };
    let number = match seed.downcast_ref::<PyLongObject>() {
        Some(_) => abstract_::absolute(seed)?,
        None => long::from_usize(object::hash(seed)? as usize)?,
    };
    if let Some(number) = number.downcast_ref::<PyLongObject>() {
        this.seed_words(&words_of(number));
    }
    Ok(())
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    if std::ptr::eq(type_, &Random_Type) {
        call::no_keywords("Random()", kwargs)?;
    }
    let made = types::allocate(type_, 0)?;
    // SAFETY: an instance of the type or of a subclass.
    let this: &RandomObject = unsafe { &*made.as_ptr().cast() };
    seed_with(this, tuple::items(args).first().copied())?;
    Ok(made)
}

fn random(this: &RandomObject) -> PyResult {
    let (a, b) = (this.next() >> 5, this.next() >> 6);
    float::from_f64((f64::from(a) * 67_108_864.0 + f64::from(b)) * (1.0 / 9_007_199_254_740_992.0))
}

fn seed(this: &RandomObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("seed", args.len(), 0, 1)?;
    seed_with(this, args.first().copied())?;
    Ok(none())
}

fn getrandbits(this: &RandomObject, count: &PyObject) -> PyResult {
    let count = long::as_int(count)?;
    if count < 0 {
        return Err(value_error("number of bits must be non-negative"));
    }
    if count == 0 {
        return long::from_isize(0);
    }
    if count <= 32 {
        return long::from_usize((this.next() >> (32 - count)) as usize);
    }
    long::from_words(count as usize, || this.next())
}

fn getstate(this: &RandomObject) -> PyResult {
    let mut values: Vec<Own> = this
        .state
        .iter()
        .map(|word| long::from_usize(word.get() as usize))
        .collect::<PyResult<_>>()?;
    values.push(long::from_isize(this.index.get() as isize)?);
    Ok(tuple::from_vec(values)?.upcast())
}

fn setstate(this: &RandomObject, state: &PyObject) -> PyResult {
    let Some(state) = state.downcast_ref::<PyTupleObject>() else {
        return Err(type_error("state vector must be a tuple"));
    };
    let items = tuple::items(state);
    if items.len() != N + 1 {
        return Err(value_error("state vector is the wrong size"));
    }
    let mut words = Vec::with_capacity(N);
    for item in &items[..N] {
        words.push(long::as_long(item)? as u32);
    }
    let index = long::as_long(items[N])?;
    if !(0..=N as i64).contains(&index) {
        return Err(value_error("invalid state"));
    }
    for (slot, word) in this.state.iter().zip(words) {
        slot.set(word);
    }
    this.index.set(index as c_int);
    Ok(none())
}

unsafe fn dealloc(this: *mut RandomObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { memory::end_object(this.cast(), || ()) }
}

methods! {
    static METHODS:
    "random" => noargs(random, "($self, /)");
    "seed" => fast(seed, "($self, n=None, /)");
    "getstate" => noargs(getstate, "($self, /)");
    "setstate" => o(setstate, "($self, state, /)");
    "getrandbits" => o(getrandbits, "($self, k, /)");
}

static_type! {
    /// `_random.Random`.
    Random_Type = "_random.Random", size size_of::<RandomObject>(), 0, flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_methods: METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_free),
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build("_random", &[PyMethodDef::SENTINEL], &[&Random_Type])
}
