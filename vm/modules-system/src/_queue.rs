//! `_queue` (`Modules/_queuemodule.c`): a queue without bounds.
//!
//! The lock of a queue is held while it is empty, so that who waits for an item waits for the lock.

use crate::prelude::*;
use std::ptr::null_mut;
use std::time::Instant;
use twinheap_objects::exceptions::PyExc_Exception;
use twinheap_objects::lock::SystemLock;
use twinheap_objects::seconds;
use twinheap_objects::state::Global;

static EMPTY: Global<Pointer<PyTypeObject>> = Global(Cell::new(null_mut()));

/// The exception `_queue.Empty`.
fn empty_error() -> PyResult<Own<PyTypeObject>> {
    if let Some(made) = Field::own(&*EMPTY) {
        return Ok(made);
    }
    let made = types::build_class_type("Empty", &PyExc_Exception, "_queue")?;
    EMPTY.put(Some(made.clone()));
    Ok(made)
}

object_struct! {
    /// `simplequeueobject`.
    pub struct SimpleQueue {
        lock: SystemLock,
        locked: Cell<i32>,
        lst: Pointer<PyListObject>,
        lst_pos: Cell<isize>,
        weakreflist: Cell<*const PyObject>,
    }
}

impl SimpleQueue {
    fn list(&self) -> PyResult<Own<PyListObject>> {
        Field::own(&self.lst).ok_or_else(|| runtime_error("the queue was cleared"))
    }

    fn waiting(&self) -> PyResult<usize> {
        Ok(list::items(&*self.list()?).len() - self.lst_pos.get() as usize)
    }

    /// `simplequeue_pop_item`: the list is cut once more than half of it has gone.
    fn pop(&self) -> PyResult {
        let list = self.list()?;
        let at = self.lst_pos.get() as usize;
        let item = Own::new(list::items(&list)[at]);
        list::set_item(&list, at, none());
        let gone = at + 1;
        if gone > list::items(&list).len() - gone {
            list::splice(&list, 0, gone, &[])?;
            self.lst_pos.set(0);
        } else {
            self.lst_pos.set(gone as isize);
        }
        Ok(item)
    }
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    if std::ptr::eq(type_, &SimpleQueueType) || types::has_init_of(type_, &SimpleQueueType) {
        call::no_keywords("SimpleQueue", kwargs)?;
        call::check_positional("SimpleQueue", tuple::items(args).len(), 0, 0)?;
    }
    let made = SimpleQueue::alloc(type_)?;
    made.lock.allocate()?;
    made.lst.put(Some(list::new(0)?));
    Ok(made.upcast())
}

fn put_item(this: &SimpleQueue, item: &PyObject) -> PyResult {
    list::append(&*this.list()?, item)?;
    if this.locked.replace(0) != 0 {
        // Whoever waits may go on.
        this.lock.unlock();
    }
    Ok(none())
}

fn put(this: &SimpleQueue, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "put",
        parameters: &["item", "block", "timeout"],
        required: 1,
        positional: 3,
    };
    let [item, block, _] = args.bind::<3>(&SIGNATURE)?;
    block.map_or(Ok(true), object::is_true)?;
    put_item(this, item.expect("required"))
}

fn put_nowait(this: &SimpleQueue, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "put_nowait",
        parameters: &["item"],
        required: 1,
        positional: 1,
    };
    let [item] = args.bind(&SIGNATURE)?;
    put_item(this, item.expect("required"))
}

fn get(this: &SimpleQueue, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "get",
        parameters: &["block", "timeout"],
        required: 0,
        positional: 2,
    };
    let [block, timeout] = args.bind(&SIGNATURE)?;
    let block = block.map_or(Ok(true), object::is_true)?;
    let limit = match timeout.filter(|timeout| !timeout.is_none()) {
        _ if !block => Some(0),
        None => None,
        Some(timeout) => {
            let limit = seconds::nanoseconds(timeout)?;
            if limit < 0 {
                return Err(value_error("'timeout' must be a non-negative number"));
            }
            Some(limit)
        }
    };
    let deadline = limit.map(|limit| Instant::now() + seconds::duration(limit));
    while this.waiting()? == 0 {
        let left = deadline.map(|until| until.saturating_duration_since(Instant::now()));
        // The lock is free where the queue has just become empty; who comes next waits.
        if !this.lock.acquire(left)? {
            return Err(errors::raise_none(&*empty_error()?));
        }
        this.locked.set(1);
    }
    let item = this.pop();
    if this.locked.replace(0) != 0 {
        this.lock.unlock();
    }
    item
}

fn get_nowait(this: &SimpleQueue) -> PyResult {
    if this.waiting()? > 0 {
        return this.pop();
    }
    Err(errors::raise_none(&*empty_error()?))
}

fn empty(this: &SimpleQueue) -> PyResult {
    Ok(bool_object(this.waiting()? == 0))
}

fn qsize(this: &SimpleQueue) -> PyResult {
    long::from_usize(this.waiting()?)
}

methods! {
    static METHODS:
    "empty" => noargs(empty, "($self, /)");
    "get" => method_keywords(get, "($self, /, block=True, timeout=None)");
    "get_nowait" => method_noargs(get_nowait, "($self, /)");
    "put" => keywords(put, "($self, /, item, block=True, timeout=None)");
    "put_nowait" => keywords(put_nowait, "($self, /, item)");
    "qsize" => noargs(qsize, "($self, /)");
    "__class_getitem__" => o(generic_alias::new) | METH_CLASS;
}

static_type! {
    /// `_queue.SimpleQueue`.
    SimpleQueueType = "_queue.SimpleQueue", size size_of::<SimpleQueue>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc SimpleQueue::dealloc),
    tp_traverse: slot!(traverse SimpleQueue::traverse),
    tp_clear: slot!(clear SimpleQueue::clear),
    tp_doc: c"SimpleQueue()\n--\n\n".as_ptr(),
    tp_weaklistoffset: offset_of!(SimpleQueue, weakreflist) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_new: slot!(new new),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_free: Some(memory::object_gc_free),
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_queue", &[], &[])?;
    module::add(&made, "Empty", empty_error()?.as_object())?;
    module::add_heap_type(&made, "SimpleQueue", &SimpleQueueType)?;
    Ok(made)
}
