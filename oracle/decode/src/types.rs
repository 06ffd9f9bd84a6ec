//! The program's own classes: the fixed part of a heap type, which slots are set, and its member table.

use twinheap_abi::*;

use crate::containers::dict_items;
use crate::fields::{self, FieldId};
use crate::memory::{Address, c_text};
use crate::quickened::Counted;
use crate::walk::Decoder;

/// Function slots of `PyTypeObject`, by the offsets of words that hold one (the method suites included).
const FIRST_SLOT: usize = std::mem::offset_of!(PyTypeObject, tp_dealloc);
const LAST_SLOT: usize = std::mem::offset_of!(PyTypeObject, tp_vectorcall);

/// Words between the slots that are no slots.
const NO_SLOTS: [usize; 17] = [
    std::mem::offset_of!(PyTypeObject, tp_vectorcall_offset),
    std::mem::offset_of!(PyTypeObject, tp_flags),
    std::mem::offset_of!(PyTypeObject, tp_doc),
    std::mem::offset_of!(PyTypeObject, tp_weaklistoffset),
    std::mem::offset_of!(PyTypeObject, tp_methods),
    std::mem::offset_of!(PyTypeObject, tp_members),
    std::mem::offset_of!(PyTypeObject, tp_getset),
    std::mem::offset_of!(PyTypeObject, tp_base),
    std::mem::offset_of!(PyTypeObject, tp_dict),
    std::mem::offset_of!(PyTypeObject, tp_dictoffset),
    std::mem::offset_of!(PyTypeObject, tp_bases),
    std::mem::offset_of!(PyTypeObject, tp_mro),
    std::mem::offset_of!(PyTypeObject, tp_cache),
    std::mem::offset_of!(PyTypeObject, tp_subclasses),
    std::mem::offset_of!(PyTypeObject, tp_weaklist),
    std::mem::offset_of!(PyTypeObject, tp_version_tag),
    std::mem::offset_of!(PyTypeObject, tp_as_buffer),
];

impl Decoder {
    pub(crate) fn write_type(&mut self, address: Address) {
        let object = address.view::<PyTypeObject>();
        self.signed(fields::OB_SIZE, object.ob_size.get() as i64);
        self.bytes(fields::TP_NAME, c_text(object.tp_name.get()));
        self.signed(fields::TP_BASICSIZE, object.tp_basicsize.get() as i64);
        self.signed(fields::TP_ITEMSIZE, object.tp_itemsize.get() as i64);
        self.signed(
            fields::TP_VECTORCALL_OFFSET,
            object.tp_vectorcall_offset.get() as i64,
        );
        let flags = object.tp_flags.get();
        self.unsigned(fields::TP_FLAGS, flags & !Py_TPFLAGS_VALID_VERSION_TAG);
        self.unsigned(
            fields::TP_VERSION_VALID,
            u64::from(flags & Py_TPFLAGS_VALID_VERSION_TAG != 0),
        );
        let version = self
            .versions
            .rank(Counted::Types, object.tp_version_tag.get());
        self.unsigned(fields::TP_VERSION_TAG, version);
        self.bytes(fields::TP_DOC, c_text(object.tp_doc.get()));
        self.signed(
            fields::TP_WEAKLISTOFFSET,
            object.tp_weaklistoffset.get() as i64,
        );
        self.signed(fields::TP_DICTOFFSET, object.tp_dictoffset.get() as i64);
        let (set, inherited) = self.type_slots(address);
        self.unsigned(fields::TP_SLOTS, set);
        self.unsigned(fields::TP_SLOTS_INHERITED, inherited);
        self.reference(fields::TP_BASE, object.tp_base.get());
        self.reference(fields::TP_BASES, object.tp_bases.get());
        self.reference(fields::TP_MRO, object.tp_mro.get());
        self.reference(fields::TP_DICT, object.tp_dict.get());
        // The dict of subclasses is keyed by their addresses; its values are weak references in the order of birth.
        let subclasses = Address::of(object.tp_subclasses.get());
        let mut count = 0;
        if !subclasses.is_null() {
            for (index, (_, weak)) in dict_items(subclasses).enumerate() {
                self.reference_at(fields::TP_SUBCLASS, index, weak.pointer());
                count += 1;
            }
        }
        self.signed(fields::TP_SUBCLASSES, count);
        self.weak_references(fields::TP_WEAKLIST, object.tp_weaklist.get());
        if flags & Py_TPFLAGS_HEAPTYPE != 0 {
            self.write_heap_type(address);
        }
    }

    fn write_heap_type(&mut self, address: Address) {
        let heap = address.view::<PyHeapTypeObject>();
        self.suite(fields::AS_ASYNC_SLOTS, &heap.as_async);
        self.suite(fields::AS_NUMBER_SLOTS, &heap.as_number);
        self.suite(fields::AS_MAPPING_SLOTS, &heap.as_mapping);
        self.suite(fields::AS_SEQUENCE_SLOTS, &heap.as_sequence);
        self.suite(fields::AS_BUFFER_SLOTS, &heap.as_buffer);
        self.reference(fields::HT_NAME, heap.ht_name.get());
        self.reference(fields::HT_SLOTS, heap.ht_slots.get());
        self.reference(fields::HT_QUALNAME, heap.ht_qualname.get());
        self.key_table(fields::HT_CACHED_KEYS, heap.ht_cached_keys.get());
        self.reference(fields::HT_MODULE, heap.ht_module.get());
        for (index, member) in members_of(address).iter().enumerate() {
            self.bytes_at(fields::HT_MEMBER_NAME, index, c_text(member.name));
            self.signed_at(fields::HT_MEMBER_OFFSET, index, member.offset as i64);
        }
    }

    /// One bit for each function slot of the type itself that is set, and one for each that its base has too.
    fn type_slots(&self, address: Address) -> (u64, u64) {
        let words = address.table::<usize>(LAST_SLOT / 8 + 1);
        let base = Address::of(address.view::<PyTypeObject>().tp_base.get());
        let inherited = base.table::<usize>(LAST_SLOT / 8 + 1);
        (FIRST_SLOT..=LAST_SLOT)
            .step_by(8)
            .filter(|offset| !NO_SLOTS.contains(offset))
            .enumerate()
            .fold((0, 0), |(set, same), (bit, offset)| {
                let word = words[offset / 8];
                let is_same = word != 0 && inherited.get(offset / 8) == Some(&word);
                (
                    set | u64::from(word != 0) << bit,
                    same | u64::from(is_same) << bit,
                )
            })
    }

    /// One bit for each function of a method suite that is set.
    fn suite<T>(&mut self, field: FieldId, suite: &T) {
        let words = Address::of(suite as *const T).table::<usize>(size_of::<T>() / 8);
        let bits = words
            .iter()
            .enumerate()
            .fold(0, |bits, (bit, word)| bits | u64::from(*word != 0) << bit);
        self.unsigned(field, bits);
    }
}

/// The members that `__slots__` made, which lie behind the heap type.
pub(crate) fn members_of<'heap>(address: Address) -> &'heap [PyMemberDef] {
    let object = address.view::<PyTypeObject>();
    if object.tp_flags.get() & Py_TPFLAGS_HEAPTYPE == 0 {
        return &[];
    }
    let start = address.offset(address.type_of().tp_basicsize.get());
    start.table(object.ob_size.get().max(0) as usize)
}
