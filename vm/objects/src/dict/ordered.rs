//! `collections.OrderedDict` (`Objects/odictobject.c`): a dict, and beside it a chain of nodes in the
//! order of insertion. The nodes are found by the index that the dict's table has for a key.
//!
//! Both structs are private to that file; a node is a block of its own, and owns its key.

use super::keys::KeysExt;
use super::methods::PyDict_Type;
use super::{clear, dict_dealloc, get_item, insert, keys, keys_of, pop_known_hash, size_of_dict};
use crate::call::{self, Args, Signature};
use crate::errors::{self, PyResult, key_error, type_error, value_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own, decref};
use crate::singletons::{bool_object, none, not_implemented};
use crate::{
    abstract_, getset, id, list, long, methods, slot, static_type, tuple, typed, unicode, weakref,
};
use std::cell::Cell;
use std::ffi::c_int;
use std::mem::offset_of;
use std::ptr::null_mut;
use twinheap_abi::*;

/// `_ODictNode`.
#[repr(C)]
pub struct Node {
    key: *mut PyObject,
    hash: Py_hash_t,
    next: Cell<*mut Node>,
    prev: Cell<*mut Node>,
}

/// `PyODictObject`.
#[repr(C)]
pub struct PyODictObject {
    pub od_dict: PyDictObject,
    pub od_first: Cell<*mut Node>,
    pub od_last: Cell<*mut Node>,
    pub od_fast_nodes: Cell<*mut *mut Node>,
    pub od_fast_nodes_size: Cell<isize>,
    pub od_resize_sentinel: Cell<*mut PyDictKeysObject>,
    pub od_state: Cell<usize>,
    pub od_inst_dict: Pointer<PyObject>,
    pub od_weakreflist: Pointer<PyObject>,
}

const _: () = assert!(size_of::<PyODictObject>() == 112 && size_of::<Node>() == 32);

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for PyODictObject {}
typed!(PyODictObject, PyODict_Type);

/// A table of nodes that is being filled; it is freed unless it is taken.
struct NodeTable(*mut *mut Node);

impl NodeTable {
    fn new(size: usize) -> PyResult<NodeTable> {
        let block: *mut *mut Node = memory::calloc(size * 8).cast();
        if block.is_null() {
            return Err(errors::no_memory());
        }
        Ok(NodeTable(block))
    }

    fn into_raw(self) -> *mut *mut Node {
        std::mem::ManuallyDrop::new(self).0
    }
}

impl Drop for NodeTable {
    fn drop(&mut self) {
        // SAFETY: the block is the table's alone.
        unsafe { memory::free(self.0.cast()) };
    }
}

/// What CPython says of an iteration; in the middle of other operations it reads freed nodes.
#[cold]
fn mutated() -> errors::Raised {
    errors::runtime_error("OrderedDict mutated during iteration")
}

impl PyODictObject {
    fn is_exact(&self) -> bool {
        self.as_object().is_exactly(&PyODict_Type)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.od_first.get().is_null()
    }

    fn changed(&self) {
        self.od_state.set(self.od_state.get().wrapping_add(1));
    }

    /// The index of a key in the dict's table; that of the next new entry where it is not there.
    fn raw_index(&self, key: &PyObject, hash: Py_hash_t) -> PyResult<usize> {
        let index = keys::lookup(&self.od_dict, key, hash)?;
        if index == DKIX_EMPTY {
            return Ok(keys_of(&self.od_dict).dk_nentries.get() as usize);
        }
        Ok(index as usize)
    }

    /// Builds the table of nodes anew, as the dict's table has changed. The `__eq__` of keys may run
    /// meanwhile: when it has changed the chain, whose nodes may be gone, there is nothing to go on with.
    fn resize_nodes(&self) -> PyResult<()> {
        let table = self.od_dict.ma_keys.get();
        let size = keys_of(&self.od_dict).size();
        let block = NodeTable::new(size)?;
        let state = self.od_state.get();
        let mut node = self.od_first.get();
        // SAFETY: the chain is alive as long as the state says that nothing has left it.
        while let Some(current) = unsafe { node.as_ref() } {
            // SAFETY: the node owns its key.
            let key = Own::new(unsafe { &*current.key });
            let index = self.raw_index(&key, current.hash)?;
            if self.od_state.get() != state || self.od_dict.ma_keys.get() != table || index >= size
            {
                return Err(mutated());
            }
            // SAFETY: the index lies inside the table.
            unsafe { *block.0.add(index) = node };
            node = current.next.get();
        }
        // SAFETY: the old table belonged to the object alone.
        unsafe { memory::free(self.od_fast_nodes.replace(block.into_raw()).cast()) };
        self.od_fast_nodes_size.set(size as isize);
        self.od_resize_sentinel.set(table);
        Ok(())
    }

    /// The entry of a key in the table of nodes.
    fn entry(&self, key: &PyObject, hash: Py_hash_t) -> PyResult<&Cell<*mut Node>> {
        let table = self.od_dict.ma_keys.get();
        let size = keys_of(&self.od_dict).size() as isize;
        if self.od_resize_sentinel.get() != table || self.od_fast_nodes_size.get() != size {
            self.resize_nodes()?;
        }
        let index = self.raw_index(key, hash)?;
        // The `__eq__` of a key may have emptied the object.
        if index as isize >= self.od_fast_nodes_size.get() {
            return Err(mutated());
        }
        // SAFETY: an entry of the table, which only code of the program replaces.
        Ok(unsafe { &*self.od_fast_nodes.get().add(index).cast() })
    }

    fn find(&self, key: &PyObject, hash: Py_hash_t) -> PyResult<Option<&Node>> {
        if self.is_empty() {
            return Ok(None);
        }
        // SAFETY: nodes of the table are alive.
        Ok(unsafe { self.entry(key, hash)?.get().as_ref() })
    }

    fn link(&self, node: *mut Node, last: bool) {
        // SAFETY: nodes of the chain and the new one are alive.
        unsafe {
            if last {
                let before = self.od_last.replace(node);
                (*node).prev.set(before);
                (*node).next.set(null_mut());
                match before.as_ref() {
                    Some(before) => before.next.set(node),
                    None => self.od_first.set(node),
                }
            } else {
                let behind = self.od_first.replace(node);
                (*node).prev.set(null_mut());
                (*node).next.set(behind);
                match behind.as_ref() {
                    Some(behind) => behind.prev.set(node),
                    None => self.od_last.set(node),
                }
            }
        }
        self.changed();
    }

    fn unlink(&self, node: &Node) {
        let (before, behind) = (node.prev.replace(null_mut()), node.next.replace(null_mut()));
        // SAFETY: nodes of the chain are alive.
        unsafe {
            match before.as_ref() {
                Some(before) => before.next.set(behind),
                None => self.od_first.set(behind),
            }
            match behind.as_ref() {
                Some(behind) => behind.prev.set(before),
                None => self.od_last.set(before),
            }
        }
        self.changed();
    }

    fn add_node(&self, key: &PyObject, hash: Py_hash_t) -> PyResult<()> {
        let key = Own::new(key);
        let entry = self.entry(&key, hash)?;
        if !entry.get().is_null() {
            return Ok(());
        }
        let node: *mut Node = memory::malloc(size_of::<Node>()).cast();
        if node.is_null() {
            return Err(errors::no_memory());
        }
        // SAFETY: fresh memory of a node's size.
        unsafe {
            node.write(Node {
                key: key.into_raw(),
                hash,
                next: Cell::new(null_mut()),
                prev: Cell::new(null_mut()),
            });
        }
        self.link(node, true);
        entry.set(node);
        Ok(())
    }

    /// Takes the node of a key out of chain and table, and frees it.
    fn clear_node(&self, key: &PyObject, hash: Py_hash_t) -> PyResult<()> {
        if self.is_empty() {
            return Ok(());
        }
        let node = self.entry(key, hash)?.replace(null_mut());
        // SAFETY: the node leaves chain and table, and is freed once.
        unsafe {
            if let Some(found) = node.as_ref() {
                self.unlink(found);
                free_node(node);
            }
        }
        Ok(())
    }

    fn clear_nodes(&self) {
        let table = self.od_fast_nodes.replace(null_mut());
        self.od_fast_nodes_size.set(0);
        self.od_resize_sentinel.set(null_mut());
        let mut node = self.od_first.replace(null_mut());
        self.od_last.set(null_mut());
        self.changed();
        // SAFETY: chain and table are out of the object's reach.
        unsafe {
            memory::free(table.cast());
            while let Some(current) = node.as_ref() {
                let next = current.next.get();
                free_node(node);
                node = next;
            }
        }
    }

    /// The key at one end.
    pub(super) fn end_key(&self, last: bool) -> Option<(Own, Py_hash_t)> {
        let node = if last { &self.od_last } else { &self.od_first };
        // SAFETY: nodes of the chain are alive and own their keys.
        unsafe {
            node.get()
                .as_ref()
                .map(|node| (Own::new(&*node.key), node.hash))
        }
    }

    /// The key behind a key in a direction; an inner nothing at the end, an outer one where the key is
    /// not there.
    pub(super) fn neighbour(
        &self,
        key: &PyObject,
        reversed: bool,
    ) -> PyResult<Option<Option<Own>>> {
        if self.is_empty() {
            return Ok(None);
        }
        let hash = object::hash(key)?;
        let Some(node) = self.find(key, hash)? else {
            return Ok(None);
        };
        let next = if reversed { &node.prev } else { &node.next };
        // SAFETY: nodes of the chain are alive and own their keys.
        Ok(Some(unsafe {
            next.get().as_ref().map(|next| Own::new(&*next.key))
        }))
    }

    /// `_PyODict_SetItem_KnownHash`.
    fn set_known_hash(&self, key: &PyObject, value: &PyObject, hash: Py_hash_t) -> PyResult<()> {
        insert(&self.od_dict, Own::new(key), hash, Own::new(value))?;
        self.add_node(key, hash).inspect_err(|_| {
            errors::preserving(|| {
                if let Err(raised) = pop_known_hash(&self.od_dict, key, hash) {
                    errors::discard(raised);
                }
            });
        })
    }

    /// Removes a key and hands its value over.
    fn pop_key(&self, key: &PyObject, hash: Py_hash_t) -> PyResult<Option<Own>> {
        if self.find(key, hash)?.is_none() {
            return Ok(None);
        }
        self.clear_node(key, hash)?;
        pop_known_hash(&self.od_dict, key, hash)
    }
}

/// # Safety
/// The node has left its chain and table.
unsafe fn free_node(node: *mut Node) {
    // SAFETY: the node owns its key; the key is given up before the block, as its end may run code.
    unsafe {
        decref((*node).key);
        memory::free(node.cast());
    }
}

fn ass_subscript(od: &PyODictObject, key: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    let hash = object::hash(key)?;
    if let Some(value) = value {
        return od.set_known_hash(key, value, hash);
    }
    od.clear_node(key, hash)?;
    match pop_known_hash(&od.od_dict, key, hash)? {
        Some(_) => Ok(()),
        None => Err(key_error(key)),
    }
}

fn add_pairs(target: &PyObject, pairs: &PyObject) -> PyResult<()> {
    let iterator = abstract_::get_iter(pairs)?;
    while let Some(pair) = abstract_::next(&iterator)? {
        let parts = abstract_::get_iter(&pair)?;
        let Some(key) = abstract_::next(&parts)? else {
            return Err(value_error("need more than 0 values to unpack"));
        };
        let Some(value) = abstract_::next(&parts)? else {
            return Err(value_error("need more than 1 value to unpack"));
        };
        if abstract_::next(&parts)?.is_some() {
            return Err(value_error("too many values to unpack (expected 2)"));
        }
        abstract_::set_item(target, &key, Some(&value))?;
    }
    Ok(())
}

/// `PyDict_Items`.
fn items_of(dict: &PyDictObject) -> PyResult<Own<PyListObject>> {
    let pairs: PyResult<Vec<Own>> = super::entries(dict)
        .map(|(key, value)| Ok(tuple::pack(&[key, value])?.upcast()))
        .collect();
    list::from_vec(pairs?)
}

fn update_arg(target: &PyObject, argument: &PyObject) -> PyResult<()> {
    if let Some(exact) = argument.downcast_exact::<PyDictObject>() {
        return add_pairs(target, items_of(exact)?.as_object());
    }
    if let Some(function) = object::lookup_attr(argument, id!("keys"))? {
        let keys = call::call(&function, &[])?;
        let iterator = abstract_::get_iter(&keys)?;
        drop(keys);
        while let Some(key) = abstract_::next(&iterator)? {
            let value = abstract_::get_item(argument, &key)?;
            abstract_::set_item(target, &key, Some(&value))?;
        }
        return Ok(());
    }
    if let Some(function) = object::lookup_attr(argument, id!("items"))? {
        return add_pairs(target, &*call::call(&function, &[])?);
    }
    add_pairs(target, argument)
}

fn update(this: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let items = tuple::items(args);
    if items.len() > 1 {
        return Err(type_error(format_args!(
            "update() takes at most 1 positional argument ({} given)",
            items.len()
        )));
    }
    if let Some(other) = items.first() {
        update_arg(this, other)?;
    }
    if let Some(kwargs) = kwargs.filter(|kwargs| kwargs.ma_used.get() != 0) {
        add_pairs(this, items_of(kwargs)?.as_object())?;
    }
    Ok(none())
}

fn init(od: &PyODictObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    let count = tuple::items(args).len();
    if count > 1 {
        return Err(type_error(format_args!(
            "expected at most 1 arguments, got {count}"
        )));
    }
    update(od.as_object(), args, kwargs).map(drop)
}

fn or(left: &PyObject, right: &PyObject) -> PyResult {
    let (owner, other) = if left.downcast_ref::<PyODictObject>().is_some() {
        (left, right)
    } else {
        (right, left)
    };
    if other.downcast_ref::<PyDictObject>().is_none() {
        return Ok(not_implemented());
    }
    let made = call::call(owner.type_().as_object(), &[left])?;
    update_arg(&made, right)?;
    Ok(made)
}

fn inplace_or(od: &PyODictObject, other: &PyObject) -> PyResult {
    update_arg(od.as_object(), other)?;
    Ok(Own::new(od).upcast())
}

fn fromkeys(class: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "fromkeys",
        parameters: &["iterable", "value"],
        required: 1,
        positional: 2,
    };
    let [iterable, value] = args.bind::<2>(&SIGNATURE)?;
    let value = value.map_or_else(none, Own::new);
    let made = call::call(class, &[])?;
    let iterator = abstract_::get_iter(iterable.expect("required"))?;
    while let Some(key) = abstract_::next(&iterator)? {
        abstract_::set_item(&made, &key, Some(&value))?;
    }
    Ok(made)
}

fn sizeof(od: &PyODictObject) -> PyResult {
    let mut size = size_of_dict(&od.od_dict) + 8 * od.od_fast_nodes_size.get() as usize;
    if !od.is_empty() {
        size += size_of::<Node>() * od.od_dict.ma_used.get() as usize;
    }
    long::from_usize(size)
}

fn reduce(od: &PyODictObject) -> PyResult {
    let this = od.as_object();
    let state = call::call_method(this, id!("__getstate__"), &[])?;
    let items = call::call_method(this, id!("items"), &[])?;
    let iterator = abstract_::get_iter(&items)?;
    drop(items);
    let arguments = tuple::empty();
    Ok(tuple::pack(&[
        this.type_().as_object(),
        arguments.as_object(),
        &state,
        &none(),
        &iterator,
    ])?
    .upcast())
}

fn setdefault(od: &PyODictObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "setdefault",
        parameters: &["key", "default"],
        required: 1,
        positional: 2,
    };
    let [key, default] = args.bind::<2>(&SIGNATURE)?;
    let key = key.expect("required");
    let default = default.map_or_else(none, Own::new);
    if od.is_exact() {
        if let Some(value) = get_item(&od.od_dict, key)? {
            return Ok(value);
        }
        ass_subscript(od, key, Some(&default))?;
        return Ok(default);
    }
    if abstract_::contains(od.as_object(), key)? {
        return abstract_::get_item(od.as_object(), key);
    }
    abstract_::set_item(od.as_object(), key, Some(&default))?;
    Ok(default)
}

/// `PyErr_SetObject` with the key: unlike that of a dict, the error of a key that is a tuple has its items as
/// arguments.
fn missing(key: &PyObject) -> errors::Raised {
    errors::raise_object(&crate::exceptions::PyExc_KeyError, Some(Own::new(key)))
}

fn pop(od: &PyODictObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "pop",
        parameters: &["key", "default"],
        required: 1,
        positional: 2,
    };
    let [key, default] = args.bind::<2>(&SIGNATURE)?;
    let key = key.expect("required");
    match (od.pop_key(key, object::hash(key)?)?, default) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(Own::new(default)),
        (None, None) => Err(missing(key)),
    }
}

fn popitem(od: &PyODictObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "popitem",
        parameters: &["last"],
        required: 0,
        positional: 1,
    };
    let [last] = args.bind::<1>(&SIGNATURE)?;
    let last = last.map_or(Ok(true), object::is_true)?;
    let Some((key, hash)) = od.end_key(last) else {
        let message = unicode::from_str("dictionary is empty")?;
        return Err(missing(&message));
    };
    match od.pop_key(&key, hash)? {
        Some(value) => Ok(tuple::pack(&[&key, &value])?.upcast()),
        None => Err(missing(&key)),
    }
}

fn move_to_end(od: &PyODictObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "move_to_end",
        parameters: &["key", "last"],
        required: 1,
        positional: 2,
    };
    let [key, last] = args.bind::<2>(&SIGNATURE)?;
    let key = key.expect("required");
    let last = last.map_or(Ok(true), object::is_true)?;
    match od.end_key(last) {
        None => return Err(missing(key)),
        Some((end, _)) if std::ptr::eq(&*end, key) => return Ok(none()),
        Some(_) => {}
    }
    let hash = object::hash(key)?;
    let Some(node) = od.find(key, hash)? else {
        return Err(missing(key));
    };
    let end = if last { &od.od_last } else { &od.od_first };
    if !std::ptr::eq(end.get(), node) {
        od.unlink(node);
        od.link((node as *const Node).cast_mut(), last);
    }
    Ok(none())
}

fn clear_method(od: &PyODictObject) -> PyResult {
    clear(&od.od_dict);
    od.clear_nodes();
    Ok(none())
}

/// Keys with their hashes, in order.
fn keys_in_order(od: &PyODictObject) -> Vec<(Own, Py_hash_t)> {
    let mut found = Vec::with_capacity(od.od_dict.ma_used.get() as usize);
    let mut node = od.od_first.get();
    // SAFETY: nodes of the chain are alive and own their keys.
    while let Some(current) = unsafe { node.as_ref() } {
        // SAFETY: as above.
        found.push((Own::new(unsafe { &*current.key }), current.hash));
        node = current.next.get();
    }
    found
}

fn copy(od: &PyODictObject) -> PyResult {
    let this = od.as_object();
    let made = call::call(this.type_().as_object(), &[])?;
    for (key, hash) in keys_in_order(od) {
        match made
            .downcast_ref::<PyODictObject>()
            .filter(|_| od.is_exact())
        {
            Some(copy) => match get_item(&od.od_dict, &key)? {
                Some(value) => copy.set_known_hash(&key, &value, hash)?,
                None => return Err(missing(&key)),
            },
            None => {
                let value = abstract_::get_item(this, &key)?;
                abstract_::set_item(&made, &key, Some(&value))?;
            }
        }
    }
    Ok(made)
}

fn repr(od: &PyODictObject) -> PyResult {
    let this = od.as_object();
    let name = this.type_().short_name();
    if od.od_dict.ma_used.get() == 0 {
        return Ok(unicode::from_str(&format!("{name}()"))?.upcast());
    }
    let Some(_guard) = object::repr_enter(this) else {
        return Ok(unicode::from_str("...")?.upcast());
    };
    let pieces = if od.is_exact() {
        let mut pairs = Vec::new();
        for (key, _) in keys_in_order(od) {
            match get_item(&od.od_dict, &key)? {
                Some(value) => pairs.push(tuple::pack(&[&key, &value])?.upcast()),
                None => return Err(missing(&key)),
            }
        }
        list::from_vec(pairs)?
    } else {
        let items = call::call_method(this, id!("items"), &[])?;
        list::from_iterable(&items)?
    };
    let mut writer = unicode::Writer::new();
    writer.push_str(name);
    writer.push_str("(");
    writer.push(&object::repr(pieces.as_object())?);
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn keys_equal(a: &PyODictObject, b: &PyODictObject) -> PyResult<bool> {
    let (a, b) = (keys_in_order(a), keys_in_order(b));
    for ((left, _), (right, _)) in a.iter().zip(&b) {
        if !object::rich_compare_bool(left, right, Py_EQ)? {
            return Ok(false);
        }
    }
    Ok(a.len() == b.len())
}

fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(left), Some(_)) = (
        a.downcast_ref::<PyODictObject>(),
        b.downcast_ref::<PyDictObject>(),
    ) else {
        return Ok(not_implemented());
    };
    if op != Py_EQ && op != Py_NE {
        return Ok(not_implemented());
    }
    let Some(compare) = PyDict_Type.tp_richcompare.get() else {
        return Err(errors::system_error("dict has no tp_richcompare"));
    };
    // SAFETY: both are dicts.
    let answer = unsafe { errors::from_c(compare(a.as_raw(), b.as_raw(), op)) }?;
    let Some(right) = b.downcast_ref::<PyODictObject>() else {
        return Ok(answer);
    };
    let differ = std::ptr::eq(&*answer, &*bool_object(op == Py_NE));
    if differ {
        return Ok(answer);
    }
    Ok(bool_object(keys_equal(left, right)? == (op == Py_EQ)))
}

fn get_dict(od: &PyODictObject) -> PyResult {
    match object::instance_dict(od.as_object())? {
        Some(own) => Ok(own.upcast()),
        None => Err(errors::attribute_error("This object has no __dict__")),
    }
}

fn set_dict(od: &PyODictObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(type_error("cannot delete __dict__"));
    };
    if value.downcast_ref::<PyDictObject>().is_none() {
        return Err(type_error(format_args!(
            "__dict__ must be set to a dictionary, not a '{:.200}'",
            value.type_().name()
        )));
    }
    if let Some(field) = object::dict_field(od.as_object()) {
        field.put(Some(Own::new(value)));
    }
    Ok(())
}

fn traverse(od: &PyODictObject, visitor: &mut Visitor) {
    visitor.field(&od.od_inst_dict);
    let mut node = od.od_first.get();
    // SAFETY: nodes of the chain are alive.
    while let Some(current) = unsafe { node.as_ref() } {
        visitor.pointer(current.key);
        node = current.next.get();
    }
    super::methods::dict_traverse(&od.od_dict, visitor);
}

fn tp_clear(od: &PyODictObject) {
    Field::clear(&od.od_inst_dict);
    clear(&od.od_dict);
    od.clear_nodes();
}

unsafe fn dealloc(this: *mut PyODictObject) {
    // SAFETY: called once, when the last reference is gone; what is left ends as a dict.
    unsafe {
        memory::untrack(this.cast());
        Field::clear(&(*this).od_inst_dict);
        if !(*this).od_weakreflist.get().is_null() {
            weakref::clear_all((*this).as_object());
        }
        (*this).clear_nodes();
        dict_dealloc(this.cast());
    }
}

fn iter(od: &PyODictObject) -> PyResult {
    super::ordered_iter::new(od, super::ordered_iter::KEYS)
}

fn reversed(od: &PyODictObject) -> PyResult {
    super::ordered_iter::new(
        od,
        super::ordered_iter::KEYS | super::ordered_iter::REVERSED,
    )
}

fn keys_view(od: &PyODictObject) -> PyResult {
    super::views::new(&od.od_dict, &super::ordered_iter::PyODictKeys_Type)
}

fn values_view(od: &PyODictObject) -> PyResult {
    super::views::new(&od.od_dict, &super::ordered_iter::PyODictValues_Type)
}

fn items_view(od: &PyODictObject) -> PyResult {
    super::views::new(&od.od_dict, &super::ordered_iter::PyODictItems_Type)
}

methods! {
    static METHODS:
    "fromkeys" => keywords(fromkeys, "($type, /, iterable, value=None)") | METH_CLASS;
    "__sizeof__" => noargs(sizeof);
    "__reduce__" => noargs(reduce);
    "setdefault" => keywords(setdefault, "($self, /, key, default=None)");
    "pop" => keywords(pop, "($self, /, key, default=<unrepresentable>)");
    "popitem" => keywords(popitem, "($self, /, last=True)");
    "keys" => noargs(keys_view);
    "values" => noargs(values_view);
    "items" => noargs(items_view);
    "update" => varargs_keywords(update);
    "clear" => noargs(clear_method);
    "copy" => noargs(copy);
    "__reversed__" => noargs(reversed);
    "move_to_end" => keywords(move_to_end, "($self, /, key, last=True)");
}

getset! {
    static GETSET:
    "__dict__" => get_dict, set_dict;
}

static_type! {
    /// `collections.OrderedDict`.
    PyODict_Type = "collections.OrderedDict", size size_of::<PyODictObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    number { nb_or: slot!(binary or), nb_inplace_or: slot!(binary inplace_or) }
    mapping { mp_ass_subscript: slot!(objobjarg ass_subscript) }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear tp_clear),
    tp_richcompare: slot!(richcmp richcompare),
    tp_weaklistoffset: offset_of!(PyODictObject, od_weakreflist) as isize,
    tp_iter: slot!(unary iter),
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_base: &PyDict_Type,
    tp_dictoffset: offset_of!(PyODictObject, od_inst_dict) as isize,
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
}
