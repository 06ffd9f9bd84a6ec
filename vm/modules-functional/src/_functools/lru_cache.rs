//! `functools._lru_cache_wrapper`: a dict of links, and a ring that keeps the links by use.

use crate::prelude::*;

object_struct! {
    /// `lru_list_elem`: a link of the ring; the dict owns it.
    pub struct LruLink {
        prev: Cell<*const LruLink>,
        next: Cell<*const LruLink>,
        hash: Cell<isize>,
        key: Pointer<PyObject>,
        result: Pointer<PyObject>,
    }
}

/// How a call is answered.
type Wrapper = fn(&LruCacheObject, Own<PyTupleObject>, Option<&PyDictObject>) -> PyResult;

/// `lru_cache_object`: begins with the root of the ring.
#[repr(C)]
pub struct LruCacheObject {
    pub root: LruLink,
    pub wrapper: Cell<Option<Wrapper>>,
    pub typed: Cell<c_int>,
    pub cache: Pointer<PyDictObject>,
    pub hits: Cell<isize>,
    pub func: Pointer<PyObject>,
    pub maxsize: Cell<isize>,
    pub misses: Cell<isize>,
    pub kwd_mark: Pointer<PyObject>,
    pub lru_list_elem_type: Pointer<PyTypeObject>,
    pub cache_info_type: Pointer<PyObject>,
    pub dict: Pointer<PyObject>,
    pub weakreflist: Cell<*const PyObject>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for LruCacheObject {}

/// The mark between positional and keyword arguments of a key.
static KWD_MARK: twinheap_objects::state::Global<Pointer<PyObject>> =
    twinheap_objects::state::Global(Cell::new(std::ptr::null_mut()));

fn kwd_mark() -> PyResult {
    if let Some(mark) = Field::own(&*KWD_MARK) {
        return Ok(mark);
    }
    let mark = call::call(types::PyBaseObject_Type.as_object(), &[])?;
    KWD_MARK.put(Some(mark.clone()));
    Ok(mark)
}

fn make_key(
    this: &LruCacheObject,
    args: &Own<PyTupleObject>,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let typed = this.typed.get() != 0;
    let kwargs = kwargs.filter(|kwargs| kwargs.ma_used.get() > 0);
    let items = tuple::items(args);
    if !typed && kwargs.is_none() {
        if let [only] = items
            && (only.is_exactly(&unicode::PyUnicode_Type) || only.is_exactly(&long::PyLong_Type))
        {
            return Ok(Own::new(*only));
        }
        return Ok(args.clone().upcast());
    }
    let mut parts = items.to_vec();
    if let Some(kwargs) = kwargs {
        parts.push(this.kwd_mark.expect_ref());
        for (name, value) in dict::entries(kwargs) {
            parts.extend([name, value]);
        }
    }
    if typed {
        parts.extend(items.iter().map(|item| item.type_().as_object()));
        if let Some(kwargs) = kwargs {
            parts.extend(dict::entries(kwargs).map(|(_, value)| value.type_().as_object()));
        }
    }
    Ok(tuple::pack(&parts)?.upcast())
}

fn uncached(
    this: &LruCacheObject,
    args: Own<PyTupleObject>,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    this.misses.set(this.misses.get() + 1);
    call::call_tuple(this.func.expect_ref(), &args, kwargs)
}

fn unbounded(
    this: &LruCacheObject,
    args: Own<PyTupleObject>,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let key = make_key(this, &args, kwargs)?;
    let hash = object::hash(&key)?;
    let cache = Own::new(this.cache.expect_ref());
    if let Some(result) = dict::get_item_known_hash(&cache, &key, hash)? {
        this.hits.set(this.hits.get() + 1);
        return Ok(result);
    }
    this.misses.set(this.misses.get() + 1);
    let result = call::call_tuple(this.func.expect_ref(), &args, kwargs)?;
    dict::insert(&cache, key, hash, result.clone())?;
    Ok(result)
}

fn unlink(link: &LruLink) {
    // SAFETY: the neighbours in the ring are alive.
    unsafe {
        (*link.prev.get()).next.set(link.next.get());
        (*link.next.get()).prev.set(link.prev.get());
    }
}

/// Puts a link at the end where the last used ones are.
fn append(this: &LruCacheObject, link: &LruLink) {
    let root = &this.root;
    let last = root.prev.get();
    // SAFETY: as above.
    unsafe { (*last).next.set(link) };
    root.prev.set(link);
    link.prev.set(last);
    link.next.set(root);
}

fn bounded(
    this: &LruCacheObject,
    args: Own<PyTupleObject>,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let key = make_key(this, &args, kwargs)?;
    let hash = object::hash(&key)?;
    let cache = Own::new(this.cache.expect_ref());
    if let Some(found) = dict::get_item_known_hash(&cache, &key, hash)? {
        // SAFETY: the cache's values are links.
        let link: Own<LruLink> = unsafe { found.cast() };
        unlink(&link);
        append(this, &link);
        this.hits.set(this.hits.get() + 1);
        return Ok(link.result.own().unwrap_or_else(none));
    }
    this.misses.set(this.misses.get() + 1);
    let result = call::call_tuple(this.func.expect_ref(), &args, kwargs)?;
    if let Some(found) = dict::get_item_known_hash(&cache, &key, hash)? {
        // The call has filled the cache itself: its answer goes uncached.
        drop(found);
        return Ok(result);
    }
    let empty = std::ptr::eq(this.root.next.get(), &this.root);
    if cache.ma_used.get() < this.maxsize.get() || empty {
        let link = new_link(&key, &result, hash)?;
        dict::insert(&cache, key, hash, link.clone().upcast())?;
        append(this, &link);
        return Ok(result);
    }
    replace_oldest(this, &cache, key, hash, &result)?;
    Ok(result)
}

/// The longest unused link takes the new key and result.
fn replace_oldest(
    this: &LruCacheObject,
    cache: &PyDictObject,
    key: Own,
    hash: isize,
    result: &PyObject,
) -> PyResult<()> {
    // SAFETY: the ring is not empty, and its links are alive.
    let oldest = unsafe { &*this.root.next.get() };
    unlink(oldest);
    let old_key = oldest.key.own().unwrap_or_else(none);
    let popped = match dict::pop_known_hash(cache, &old_key, oldest.hash.get()) {
        Ok(popped) => popped,
        Err(raised) => {
            append(this, oldest);
            return Err(raised);
        }
    };
    let Some(popped) = popped else {
        // Somebody has taken the link out of the dict already.
        return Ok(());
    };
    // SAFETY: the cache's values are links.
    let link: Own<LruLink> = unsafe { popped.cast() };
    let (old_key, old_result) = (link.key.take_own(), link.result.take_own());
    link.hash.set(hash);
    link.key.put(Some(key.clone()));
    link.result.put(Some(Own::new(result)));
    let stored = dict::insert(cache, key, hash, link.clone().upcast());
    if stored.is_ok() {
        append(this, &link);
    }
    drop((old_key, old_result));
    stored
}

fn new_link(key: &PyObject, result: &PyObject, hash: isize) -> PyResult<Own<LruLink>> {
    let object: *mut LruLink = memory::new_object(&lru_list_elem_type, size_of::<LruLink>())?;
    // SAFETY: fresh memory, whose fields are all set.
    unsafe {
        (*object).prev.set(std::ptr::null());
        (*object).next.set(std::ptr::null());
        (*object).hash.set(hash);
        (*object).key.set(Own::new(key).into_raw());
        (*object).result.set(Own::new(result).into_raw());
        Ok(Own::from_raw(object))
    }
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "lru_cache",
        parameters: &["user_function", "maxsize", "typed", "cache_info_type"],
        required: 4,
        positional: 4,
    };
    let [func, maxsize, typed, info] =
        call::bind_tuple::<4>(&SIGNATURE, args, kwargs)?.map(|given| given.expect("required"));
    if !call::is_callable(func) {
        return Err(type_error("the first argument must be callable"));
    }
    let (maxsize, wrapper): (isize, Wrapper) = if maxsize.is_none() {
        (-1, unbounded)
    } else if abstract_::has_index(maxsize) {
        match abstract_::as_ssize(
            maxsize,
            Some(&twinheap_objects::exceptions::PyExc_OverflowError),
        )?
        .max(0)
        {
            0 => (0, uncached),
            size => (size, bounded),
        }
    } else {
        return Err(type_error("maxsize should be integer or None"));
    };
    let cache = dict::new()?;
    let made = types::allocate(type_, 0)?;
    // SAFETY: an instance of the type or of a subclass, zeroed but for its header.
    let this: &LruCacheObject = unsafe { &*made.as_ptr().cast() };
    this.root.prev.set(&this.root);
    this.root.next.set(&this.root);
    this.wrapper.set(Some(wrapper));
    this.typed.set(c_int::from(object::is_true(typed)?));
    this.cache.put(Some(cache));
    this.func.put(Some(Own::new(func)));
    this.maxsize.set(maxsize);
    this.kwd_mark.put(Some(kwd_mark()?));
    this.lru_list_elem_type
        .put(Some(Own::new(&lru_list_elem_type)));
    this.cache_info_type.put(Some(Own::new(info)));
    Ok(made)
}

fn call_cache(
    this: &LruCacheObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let keep = Own::new(this);
    match keep.wrapper.get() {
        Some(wrapper) => wrapper(&keep, Own::new(args), kwargs),
        None => Err(errors::system_error("a cache without its wrapper")),
    }
}

fn descr_get(this: &PyObject, instance: Option<&PyObject>, _: Option<&PyObject>) -> PyResult {
    match instance.filter(|instance| !instance.is_none()) {
        None => Ok(Own::new(this)),
        Some(instance) => twinheap_objects::function::new_bound_method(this, instance),
    }
}

fn cache_info(this: &LruCacheObject) -> PyResult {
    let maxsize = match this.maxsize.get() {
        -1 => none(),
        size => long::from_isize(size)?,
    };
    let (hits, misses) = (
        long::from_isize(this.hits.get())?,
        long::from_isize(this.misses.get())?,
    );
    let size = long::from_isize(this.cache.expect_ref().ma_used.get())?;
    call::call(
        this.cache_info_type.expect_ref(),
        &[&hits, &misses, &maxsize, &size],
    )
}

/// Takes all links out of the ring.
fn unlink_all(this: &LruCacheObject) {
    this.root.prev.set(&this.root);
    this.root.next.set(&this.root);
}

fn cache_clear(this: &LruCacheObject) -> PyResult {
    unlink_all(this);
    this.hits.set(0);
    this.misses.set(0);
    dict::clear(this.cache.expect_ref());
    Ok(none())
}

fn reduce(this: &PyObject) -> PyResult {
    object::get_attr(this, id!("__qualname__"))
}

/// `copy` and `deepcopy`; as CPython's, they take arguments and do not look at them.
fn copy(this: &PyObject, _: &PyTupleObject) -> PyResult {
    Ok(Own::new(this))
}

fn owned(this: &LruCacheObject) -> [&Pointer<PyObject>; 4] {
    [
        &this.func,
        &this.kwd_mark,
        &this.cache_info_type,
        &this.dict,
    ]
}

fn traverse(this: &LruCacheObject, visitor: &mut Visitor) {
    let mut link = this.root.next.get();
    while !link.is_null() && !std::ptr::eq(link, &this.root) {
        // SAFETY: the links of the ring are alive; they are outside the collector themselves.
        unsafe {
            LruLink::traverse(&*link, visitor);
            link = (*link).next.get();
        }
    }
    visitor.field(&this.cache);
    visitor.field(&this.lru_list_elem_type);
    owned(this).iter().for_each(|field| visitor.field(field));
}

fn clear(this: &LruCacheObject) {
    unlink_all(this);
    Field::clear(&this.cache);
    Field::clear(&this.lru_list_elem_type);
    owned(this).iter().for_each(|field| Field::clear(*field));
}

unsafe fn dealloc(this: *mut LruCacheObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { memory::end_object(this.cast(), || clear(&*this)) }
}

methods! {
    static METHODS:
    "cache_info" => noargs(cache_info);
    "cache_clear" => noargs(cache_clear);
    "__reduce__" => noargs(reduce);
    "__copy__" => varargs(copy);
    "__deepcopy__" => varargs(copy);
}

getset! {
    static GETSET:
    "__dict__" => twinheap_objects::descr::subtype_dict, twinheap_objects::descr::subtype_set_dict;
}

static_type! {
    /// `functools._lru_cache_wrapper`.
    lru_cache_type = "functools._lru_cache_wrapper", size size_of::<LruCacheObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_IMMUTABLETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_call: slot!(call call_cache),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_weaklistoffset: offset_of!(LruCacheObject, weakreflist) as isize,
    tp_dictoffset: offset_of!(LruCacheObject, dict) as isize,
    tp_descr_get: slot!(descr_get descr_get),
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}

static_type! {
    /// `functools._lru_list_elem`.
    lru_list_elem_type = "functools._lru_list_elem", size size_of::<LruLink>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc LruLink::dealloc),
}
