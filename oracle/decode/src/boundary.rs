//! Where the program's own objects end: what was there before it, and under which name it is shown.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::memory::Address;

/// A hasher for addresses, which are spread well enough by one multiplication.
#[derive(Default, Clone, Copy)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only addresses are hashed");
    }

    fn write_usize(&mut self, number: usize) {
        let product = (number as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 29);
    }
}

/// How the key of a set's deleted slot is shown.
const SET_DUMMY: &str = "<set dummy>";

/// A map by address.
pub type AddressMap<T> = HashMap<usize, T, BuildHasherDefault<AddressHasher>>;

/// The objects that were there before any program: singletons by name, the module namespaces.
#[derive(Default)]
pub struct Boundary {
    named: AddressMap<Box<str>>,
    /// The key table that every empty dict shares.
    pub(crate) empty_keys: usize,
}

impl Boundary {
    pub fn new() -> Boundary {
        Boundary::default()
    }

    /// Declares a shared object: `<None>`, `<int 7>`, `<latin1 'a'>`, `<dict of module sys>`.
    pub fn share(&mut self, object: Address, name: &str) {
        self.named.insert(object.number(), name.into());
    }

    /// Whether this is the key of a set's deleted slot.
    pub(crate) fn is_set_dummy(&self, object: Address) -> bool {
        self.name_of(object) == Some(SET_DUMMY)
    }

    /// Declares the key table of the empty dict, given any dict that was just made.
    pub fn share_empty_keys(&mut self, empty_dict: Address) {
        let keys = empty_dict
            .view::<twinheap_abi::PyDictObject>()
            .ma_keys
            .get();
        self.empty_keys = keys as usize;
    }

    /// The name of a shared object.
    #[inline]
    pub(crate) fn name_of(&self, address: Address) -> Option<&str> {
        self.named.get(&address.number()).map(|name| &**name)
    }

    /// Declares every small int, one-character str and bytes, and empty object, which are found by asking
    /// the runtime for each once. `ask` returns the object of a kind and number.
    pub fn share_singletons(&mut self, mut ask: impl FnMut(Singleton) -> Option<Address>) {
        for number in -5..=256 {
            self.share_found(ask(Singleton::SmallInt(number)), &format!("<int {number}>"));
        }
        for byte in 0..=255_u8 {
            let shown = (byte as char).escape_default();
            self.share_found(ask(Singleton::Character(byte)), &format!("<str '{shown}'>"));
            self.share_found(ask(Singleton::Byte(byte)), &format!("<bytes '{shown}'>"));
        }
        for (singleton, name) in [
            (Singleton::EmptyStr, "<str ''>"),
            (Singleton::EmptyBytes, "<bytes ''>"),
            (Singleton::EmptyTuple, "<tuple ()>"),
            (Singleton::None, "<None>"),
            (Singleton::True, "<True>"),
            (Singleton::False, "<False>"),
            (Singleton::Ellipsis, "<Ellipsis>"),
            (Singleton::NotImplemented, "<NotImplemented>"),
            (Singleton::SetDummy, SET_DUMMY),
        ] {
            self.share_found(ask(singleton), name);
        }
    }

    fn share_found(&mut self, found: Option<Address>, name: &str) {
        if let Some(address) = found {
            self.share(address, name);
        }
    }
}

/// An object of which there is only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Singleton {
    SmallInt(i32),
    /// The str of this one character of Latin-1.
    Character(u8),
    Byte(u8),
    EmptyStr,
    EmptyBytes,
    EmptyTuple,
    None,
    True,
    False,
    Ellipsis,
    NotImplemented,
    /// The key of a set's deleted slot.
    SetDummy,
}
