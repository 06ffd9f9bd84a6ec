//! What an instance has beyond its layout: managed dict, inline values, slots, weak references.

use twinheap_abi::*;

use crate::fields;
use crate::layouts::{Layout, is_of_native_module};
use crate::memory::{Address, c_text};
use crate::text::render;
use crate::types::members_of;
use crate::walk::Decoder;

impl Decoder {
    /// Writes the parts that the type adds to every instance.
    pub(crate) fn write_instance_parts(
        &mut self,
        address: Address,
        type_object: &PyTypeObject,
        layout: Layout,
    ) {
        if type_object.tp_flags.get() & Py_TPFLAGS_HEAPTYPE == 0
            || layout == Layout::Type
            || is_of_native_module(type_object)
        {
            return;
        }
        let type_address = Address::of(type_object as *const PyTypeObject);
        if type_object.tp_flags.get() & Py_TPFLAGS_MANAGED_DICT != 0 {
            self.write_managed_dict(address, type_address);
        } else if layout != Layout::Exception {
            self.write_plain_dict(address, type_object);
        }
        self.write_slots(address, type_address);
        let weak = type_object.tp_weaklistoffset.get();
        if weak > 0 {
            let list = address.offset(weak).view::<*const PyObject>();
            self.weak_references(fields::INSTANCE_WEAKREFS, *list);
        }
    }

    /// The attributes of an instance as text, as far as they are plain values: enough to tell most instances of a class
    /// apart without their addresses.
    pub(crate) fn attributes_text(&self, address: Address) -> String {
        let type_object = address.type_of();
        if type_object.tp_flags.get() & Py_TPFLAGS_MANAGED_DICT == 0 {
            return String::new();
        }
        let dict = Address::of(*address.offset(-24).view::<*const PyObject>());
        if !dict.is_null() {
            return render(dict);
        }
        let values = Address::of(*address.offset(-32).view::<*const PyDictValues>());
        let type_address = Address::of(std::ptr::from_ref(type_object));
        let keys = Address::of(type_address.view::<PyHeapTypeObject>().ht_cached_keys.get());
        if values.is_null() || keys.is_null() {
            return String::new();
        }
        let count = keys.view::<PyDictKeysObject>().dk_nentries.get() as usize;
        values
            .table::<*const PyObject>(count)
            .iter()
            .filter(|value| !value.is_null())
            .map(|value| render(Address::of(*value)))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// In front of the GC head lie a pointer to inline values and a pointer to a dict; at most one is set.
    fn write_managed_dict(&mut self, address: Address, type_address: Address) {
        let dict = *address.offset(-24).view::<*const PyObject>();
        let values = *address.offset(-32).view::<*const PyDictValues>();
        self.reference(fields::MANAGED_DICT, dict);
        self.presence(fields::MANAGED_VALUES, values);
        if values.is_null() || self.hides(fields::MANAGED_VALUES) {
            return;
        }
        let keys = type_address.view::<PyHeapTypeObject>().ht_cached_keys.get();
        self.key_table(fields::HT_CACHED_KEYS, keys);
        if !keys.is_null() {
            self.write_split_values(Address::of(values), Address::of(keys).view());
        }
    }

    fn write_plain_dict(&mut self, address: Address, type_object: &PyTypeObject) {
        let mut offset = type_object.tp_dictoffset.get();
        if offset == 0 {
            return;
        }
        if offset < 0 {
            let items = address.view::<PyVarObject>().ob_size.get().abs();
            let size = type_object.tp_basicsize.get() + items * type_object.tp_itemsize.get();
            offset += (size + 7) & !7;
        }
        let dict = *address.offset(offset).view::<*const PyObject>();
        self.reference(fields::INSTANCE_DICT, dict);
    }

    /// The slots of every class on the way to the layout's own type, most derived first.
    fn write_slots(&mut self, address: Address, type_address: Address) {
        let mut current = type_address;
        let mut index = 0;
        while !current.is_null() {
            for member in members_of(current) {
                if member.type_ == T_OBJECT_EX {
                    let value = *address.offset(member.offset).view::<*const PyObject>();
                    self.bytes_at(fields::INSTANCE_SLOT_NAME, index, c_text(member.name));
                    self.reference_at(fields::INSTANCE_SLOT, index, value);
                    index += 1;
                }
            }
            current = Address::of(current.view::<PyTypeObject>().tp_base.get());
        }
    }
}
