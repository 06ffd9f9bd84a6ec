//! Containers and their iterators: every slot of a list, every index and entry of a dict, every entry of a set.

use std::mem::offset_of;

use twinheap_abi::*;

use crate::fields;
use crate::layouts::{Layout, layout_of_instances};
use crate::memory::Address;
use crate::quickened::Counted;
use crate::text::str_is;
use crate::walk::Decoder;

/// The parts of a key table.
pub(crate) struct KeyTable<'heap> {
    pub(crate) head: &'heap PyDictKeysObject,
    entries: Address,
}

impl<'heap> KeyTable<'heap> {
    pub(crate) fn at(address: Address) -> KeyTable<'heap> {
        let head = address.view::<PyDictKeysObject>();
        let indices = address.offset(size_of::<PyDictKeysObject>() as isize);
        KeyTable {
            head,
            entries: indices.offset(1 << head.dk_log2_index_bytes.get()),
        }
    }

    fn indices(&self) -> &'heap [u8] {
        let start = Address::of(self.head as *const PyDictKeysObject)
            .offset(size_of::<PyDictKeysObject>() as isize);
        start.table(1 << self.head.dk_log2_index_bytes.get())
    }

    pub(crate) fn is_general(&self) -> bool {
        self.head.dk_kind.get() == DICT_KEYS_GENERAL
    }

    fn general(&self) -> &'heap [PyDictKeyEntry] {
        self.entries.table(self.head.dk_nentries.get() as usize)
    }

    fn unicode(&self) -> &'heap [PyDictUnicodeEntry] {
        self.entries.table(self.head.dk_nentries.get() as usize)
    }

    /// Key and value of an entry; split tables keep their values elsewhere.
    pub(crate) fn entry(&self, index: usize) -> (Address, Address) {
        if self.is_general() {
            let entry = &self.general()[index];
            (
                Address::of(entry.me_key.get()),
                Address::of(entry.me_value.get()),
            )
        } else {
            let entry = &self.unicode()[index];
            (
                Address::of(entry.me_key.get()),
                Address::of(entry.me_value.get()),
            )
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.head.dk_nentries.get() as usize
    }
}

/// The entries of a dict that hold something, split tables included.
pub(crate) fn dict_items(dict: Address) -> impl Iterator<Item = (Address, Address)> {
    let object = dict.view::<PyDictObject>();
    let table = KeyTable::at(Address::of(object.ma_keys.get()));
    let values = Address::of(object.ma_values.get());
    (0..table.len()).filter_map(move |index| {
        let (key, mut value) = table.entry(index);
        if !values.is_null() {
            value = Address::of(values.view::<[*const PyObject; SHARED_KEYS_MAX_SIZE]>()[index]);
        }
        (!value.is_null()).then_some((key, value))
    })
}

/// What stands for a hash, or a place in a table, that was made of an object's address.
const BY_IDENTITY: &[u8] = b"<by identity>";

/// Whether an object's hash is made of an address: its own, where its type hashes as `object` does, or that of something
/// in a tuple or frozenset.
fn hashes_by_identity(object: Address) -> bool {
    if object.is_null() {
        return false;
    }
    let object_type = object.type_of();
    match layout_of_instances(object_type) {
        Layout::Tuple => {
            let size = object.view::<PyVarObject>().ob_size.get().max(0) as usize;
            let items = object.offset(offset_of!(PyTupleObject, ob_item) as isize);
            let items = items.table::<*const PyObject>(size);
            items
                .iter()
                .any(|item| hashes_by_identity(Address::of(*item)))
        }
        Layout::FrozenSet => {
            let set = object.view::<PySetObject>();
            let table = Address::of(set.table.get()).table::<setentry>(set.mask.get() as usize + 1);
            table
                .iter()
                .any(|entry| hashes_by_identity(Address::of(entry.key.get())))
        }
        Layout::Method => {
            hashes_by_identity(Address::of(object.view::<PyMethodObject>().im_self.get()))
        }
        _ => {
            let hash = object_type.tp_hash.get().map(|hash| hash as usize);
            hash.is_some() && hash == hash_of_object(object_type)
        }
    }
}

/// The hash function of `object`, where the chain of bases ends.
fn hash_of_object(mut object_type: &PyTypeObject) -> Option<usize> {
    loop {
        let base = Address::of(object_type.tp_base.get());
        if base.is_null() {
            return object_type.tp_hash.get().map(|hash| hash as usize);
        }
        object_type = base.view();
    }
}

/// The value under an ASCII key, found without the interpreter's help.
pub(crate) fn find_in_dict(dict: Address, name: &str) -> Option<Address> {
    if dict.is_null() {
        return None;
    }
    dict_items(dict)
        .find(|(key, _)| {
            key.type_of().tp_flags.get() & Py_TPFLAGS_UNICODE_SUBCLASS != 0 && str_is(*key, name)
        })
        .map(|(_, value)| value)
}

impl Decoder {
    pub(crate) fn write_container(&mut self, address: Address, layout: Layout) {
        match layout {
            Layout::Tuple => self.write_tuple(address),
            Layout::List => self.write_list(address),
            Layout::Dict => self.write_dict(address),
            Layout::Set | Layout::FrozenSet => self.write_set(address),
            Layout::DictView => {
                self.reference(
                    fields::DV_DICT,
                    address.view::<_PyDictViewObject>().dv_dict.get(),
                );
            }
            Layout::DictIterator => {
                let iterator = address.view::<dictiterobject>();
                self.reference(fields::DI_DICT, iterator.di_dict.get());
                self.signed(fields::DI_USED, iterator.di_used.get() as i64);
                self.signed(fields::DI_POS, iterator.di_pos.get() as i64);
                self.signed(fields::DI_LEN, iterator.len.get() as i64);
            }
            Layout::SetIterator => {
                let iterator = address.view::<setiterobject>();
                self.reference(fields::SI_SET, iterator.si_set.get());
                self.signed(fields::SI_USED, iterator.si_used.get() as i64);
                self.signed(fields::SI_POS, iterator.si_pos.get() as i64);
                self.signed(fields::SI_LEN, iterator.len.get() as i64);
            }
            Layout::SequenceIterator => {
                let iterator = address.view::<_PyListIterObject>();
                self.signed(fields::IT_INDEX, iterator.it_index.get() as i64);
                self.reference(fields::IT_SEQ, iterator.it_seq.get());
            }
            Layout::CallIterator => {
                let iterator = address.view::<calliterobject>();
                self.reference(fields::IT_CALLABLE, iterator.it_callable.get());
                self.reference(fields::IT_SENTINEL, iterator.it_sentinel.get());
            }
            _ => self.write_ranges(address, layout),
        }
    }

    fn write_ranges(&mut self, address: Address, layout: Layout) {
        match layout {
            Layout::Range => {
                let range = address.view::<rangeobject>();
                self.reference(fields::RANGE_START, range.start.get());
                self.reference(fields::RANGE_STOP, range.stop.get());
                self.reference(fields::RANGE_STEP, range.step.get());
                self.reference(fields::RANGE_LENGTH, range.length.get());
            }
            Layout::RangeIterator => {
                let iterator = address.view::<_PyRangeIterObject>();
                self.signed(fields::RANGE_IT_INDEX, iterator.index.get());
                self.signed(fields::RANGE_IT_START, iterator.start.get());
                self.signed(fields::RANGE_IT_STEP, iterator.step.get());
                self.signed(fields::RANGE_IT_LEN, iterator.len.get());
            }
            Layout::LongRangeIterator => {
                let iterator = address.view::<longrangeiterobject>();
                self.reference(fields::LONG_RANGE_IT_INDEX, iterator.index.get());
                self.reference(fields::LONG_RANGE_IT_START, iterator.start.get());
                self.reference(fields::LONG_RANGE_IT_STEP, iterator.step.get());
                self.reference(fields::LONG_RANGE_IT_LEN, iterator.len.get());
            }
            Layout::Slice => {
                let slice = address.view::<PySliceObject>();
                self.reference(fields::SLICE_START, slice.start.get());
                self.reference(fields::SLICE_STOP, slice.stop.get());
                self.reference(fields::SLICE_STEP, slice.step.get());
            }
            Layout::Enumerate => {
                let iterator = address.view::<enumobject>();
                self.signed(fields::EN_INDEX, iterator.en_index.get() as i64);
                self.reference(fields::EN_SIT, iterator.en_sit.get());
                self.reference(fields::EN_LONGINDEX, iterator.en_longindex.get());
            }
            _ => {
                let iterator = address.view::<reversedobject>();
                self.signed(fields::REVERSED_INDEX, iterator.index.get() as i64);
                self.reference(fields::REVERSED_SEQ, iterator.seq.get());
            }
        }
    }

    fn write_tuple(&mut self, address: Address) {
        let size = address.view::<PyVarObject>().ob_size.get();
        self.signed(fields::OB_SIZE, size as i64);
        let items = address.offset(offset_of!(PyTupleObject, ob_item) as isize);
        for (index, item) in items
            .table::<*const PyObject>(size as usize)
            .iter()
            .enumerate()
        {
            self.reference_at(fields::TUPLE_ITEM, index, *item);
        }
    }

    fn write_list(&mut self, address: Address) {
        let list = address.view::<PyListObject>();
        let size = list.ob_size.get();
        self.signed(fields::OB_SIZE, size as i64);
        self.signed(fields::LIST_ALLOCATED, list.allocated.get() as i64);
        let items = Address::of(list.ob_item.get());
        if size == 0 {
            self.presence(fields::LIST_ITEM, list.ob_item.get());
        }
        for (index, item) in items
            .table::<*const PyObject>(size.max(0) as usize)
            .iter()
            .enumerate()
        {
            self.reference_at(fields::LIST_ITEM, index, *item);
        }
    }

    fn write_dict(&mut self, address: Address) {
        let dict = address.view::<PyDictObject>();
        self.signed(fields::MA_USED, dict.ma_used.get() as i64);
        // The tag counts the changes of all dicts since the start of the process, so only that there is one says anything.
        let has_tag = dict.ma_version_tag.get() != 0;
        self.unsigned(fields::MA_VERSION_TAG, u64::from(has_tag));
        self.key_table(fields::MA_KEYS, dict.ma_keys.get());
        self.presence(fields::MA_VALUES, dict.ma_values.get());
        if !dict.ma_values.get().is_null() {
            let keys = Address::of(dict.ma_keys.get()).view();
            self.write_split_values(Address::of(dict.ma_values.get()), keys);
        }
    }

    /// The values of a split table: sizes and insertion order lie in front of them, backwards.
    pub(crate) fn write_split_values(&mut self, values: Address, keys: &PyDictKeysObject) {
        let prefix = values.offset(-2).table::<u8>(2);
        let (used, prefix_bytes) = (prefix[0] as usize, prefix[1]);
        self.unsigned_at(fields::VALUES_PREFIX, 0, used as u64);
        self.unsigned_at(fields::VALUES_PREFIX, 1, u64::from(prefix_bytes));
        let order: Vec<u8> = values
            .offset(-2 - used as isize)
            .table::<u8>(used)
            .iter()
            .rev()
            .copied()
            .collect();
        self.bytes(fields::VALUES_ORDER, &order);
        let count = keys.dk_nentries.get() as usize;
        for (index, value) in values.table::<*const PyObject>(count).iter().enumerate() {
            self.reference_at(fields::DICT_VALUES, index, *value);
        }
    }

    pub(crate) fn write_key_table(&mut self, address: Address) {
        let table = KeyTable::at(address);
        let head = table.head;
        let entry_size = if table.is_general() { 24 } else { 16 };
        let usable = (head.dk_usable.get() + head.dk_nentries.get()) as u64;
        let size = size_of::<PyDictKeysObject>() as u64
            + table.indices().len() as u64
            + entry_size * usable;
        self.encoder
            .begin_node(Layout::DictKeys, "PyDictKeysObject", size);
        self.signed(fields::DK_REFCNT, head.dk_refcnt.get() as i64);
        self.unsigned(fields::DK_LOG2_SIZE, u64::from(head.dk_log2_size.get()));
        self.unsigned(
            fields::DK_LOG2_INDEX_BYTES,
            u64::from(head.dk_log2_index_bytes.get()),
        );
        self.unsigned(fields::DK_KIND, u64::from(head.dk_kind.get()));
        let version = self.versions.rank(Counted::Keys, head.dk_version.get());
        self.unsigned(fields::DK_VERSION, version);
        self.signed(fields::DK_USABLE, head.dk_usable.get() as i64);
        self.signed(fields::DK_NENTRIES, head.dk_nentries.get() as i64);
        // Keys that hash by their addresses lie in other places in every process.
        let by_identity = table.is_general()
            && table
                .general()
                .iter()
                .any(|entry| hashes_by_identity(Address::of(entry.me_key.get())));
        self.bytes(
            fields::DK_INDICES,
            if by_identity {
                BY_IDENTITY
            } else {
                table.indices()
            },
        );
        if table.is_general() {
            for (index, entry) in table.general().iter().enumerate() {
                let key = Address::of(entry.me_key.get());
                // The hash of a deleted entry stays as it was; nothing reads it any more.
                if hashes_by_identity(key) {
                    self.bytes_at(fields::ME_HASH, index, BY_IDENTITY);
                } else if !key.is_null() {
                    self.signed_at(fields::ME_HASH, index, entry.me_hash.get() as i64);
                }
                self.reference_at(fields::ME_KEY, index, entry.me_key.get());
                self.reference_at(fields::ME_VALUE, index, entry.me_value.get());
            }
        } else {
            for (index, entry) in table.unicode().iter().enumerate() {
                self.reference_at(fields::UNICODE_ME_KEY, index, entry.me_key.get());
                self.reference_at(fields::UNICODE_ME_VALUE, index, entry.me_value.get());
            }
        }
        self.encoder.end_node();
    }

    /// The members of a set in an order that does not depend on addresses: those that have been met, in the order in
    /// which they were, then the others by their type, value and hash.
    fn write_members(&mut self, table: &[setentry]) {
        let members = table.iter().filter(|entry| {
            let key = entry.key.get();
            !key.is_null() && !self.boundary.is_set_dummy(Address::of(key))
        });
        let mut sorted: Vec<(u32, String, isize, Address)> = members
            .map(|entry| {
                let key = Address::of(entry.key.get());
                let hash = entry.hash.get();
                let hash = if hashes_by_identity(key) { 0 } else { hash };
                let met = self.number_of(key).unwrap_or(u32::MAX);
                (
                    met,
                    crate::text::render(key) + &self.attributes_text(key),
                    hash,
                    key,
                )
            })
            .collect();
        sorted.sort_by(|one, other| (one.0, &one.1, one.2).cmp(&(other.0, &other.1, other.2)));
        for (index, (.., key)) in sorted.into_iter().enumerate() {
            self.reference_at(fields::SET_MEMBER, index, key.pointer());
        }
    }

    fn write_set(&mut self, address: Address) {
        let set = address.view::<PySetObject>();
        self.signed(fields::SET_FILL, set.fill.get() as i64);
        self.signed(fields::SET_USED, set.used.get() as i64);
        self.signed(fields::SET_MASK, set.mask.get() as i64);
        self.signed(fields::SET_HASH, set.hash.get() as i64);
        self.signed(fields::SET_FINGER, set.finger.get() as i64);
        let in_place = std::ptr::eq(set.table.get(), set.smalltable.as_ptr());
        self.unsigned(fields::SET_IN_PLACE, u64::from(in_place));
        let table = Address::of(set.table.get()).table::<setentry>(set.mask.get() as usize + 1);
        let is_member = |key: Address| !key.is_null() && !self.boundary.is_set_dummy(key);
        let keys = table.iter().map(|entry| Address::of(entry.key.get()));
        if keys.filter(|key| is_member(*key)).any(hashes_by_identity) {
            // Neither the places nor the order of the members can be compared then.
            self.bytes(fields::SET_ENTRY_HASH, BY_IDENTITY);
            self.write_members(table);
            return;
        }
        for (index, entry) in table.iter().enumerate() {
            if !entry.key.get().is_null() {
                self.reference_at(fields::SET_ENTRY_KEY, index, entry.key.get());
                self.signed_at(fields::SET_ENTRY_HASH, index, entry.hash.get() as i64);
            }
        }
    }
}
