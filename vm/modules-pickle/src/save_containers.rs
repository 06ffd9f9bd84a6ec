//! Saving of containers: tuples, lists, dicts, sets, in batches of a thousand items.

use crate::opcode::*;
use crate::prelude::*;
use twinheap_objects::object::enter_recursive_call;

/// How the items of an iterator are saved: one by one, or many behind a mark.
struct Batch {
    pairs: bool,
    one: u8,
    many: u8,
}

const ITEMS: Batch = Batch {
    pairs: false,
    one: APPEND,
    many: APPENDS,
};

const PAIRS: Batch = Batch {
    pairs: true,
    one: SETITEM,
    many: SETITEMS,
};

impl Batch {
    fn check(&self, item: &PyObject) -> PyResult<()> {
        let pair = |item: &PyObject| {
            item.downcast_ref::<PyTupleObject>()
                .is_some_and(|pair| tuple::items(pair).len() == 2)
        };
        if self.pairs && !pair(item) {
            return Err(type_error("dict items iterator must return 2-tuples"));
        }
        Ok(())
    }

    fn save(&self, pickler: &PicklerObject, item: &PyObject) -> PyResult<()> {
        self.check(item)?;
        match item.downcast_ref::<PyTupleObject>().filter(|_| self.pairs) {
            Some(pair) => {
                pickler.save(tuple::items(pair)[0], false)?;
                pickler.save(tuple::items(pair)[1], false)
            }
            None => pickler.save(item, false),
        }
    }
}

impl PicklerObject {
    fn save_items(&self, tuple: &PyTupleObject) -> PyResult<()> {
        for index in 0..tuple::items(tuple).len() {
            self.save(tuple::items(tuple)[index], false)?;
        }
        Ok(())
    }

    pub(crate) fn save_tuple(&self, tuple: &PyTupleObject) -> PyResult<()> {
        let object = tuple.as_object();
        let length = tuple::items(tuple).len();
        if length == 0 {
            return match self.proto.get() {
                0 => self.write(&[MARK, TUPLE]),
                _ => self.op(EMPTY_TUPLE),
            };
        }
        let short = length <= 3 && self.proto.get() >= 2;
        if !short {
            self.op(MARK)?;
        }
        self.save_items(tuple)?;
        // A tuple that holds itself is known by now: its items are dropped and it is fetched.
        if self.is_known(object) {
            if short {
                (0..length).try_for_each(|_| self.op(POP))?;
            } else if self.bin.get() != 0 {
                self.op(POP_MARK)?;
            } else {
                (0..=length).try_for_each(|_| self.op(POP))?;
            }
            return self.memo_get(object);
        }
        self.op(match length {
            _ if !short => TUPLE,
            1 => TUPLE1,
            2 => TUPLE2,
            _ => TUPLE3,
        })?;
        self.memo_put(object)
    }

    fn batch(&self, iterator: &PyObject, batch: &Batch) -> PyResult<()> {
        if self.proto.get() == 0 {
            while let Some(item) = abstract_::next(iterator)? {
                batch.save(self, &item)?;
                self.op(batch.one)?;
            }
            return Ok(());
        }
        loop {
            let Some(first) = abstract_::next(iterator)? else {
                return Ok(());
            };
            batch.check(&first)?;
            let mut next = abstract_::next(iterator)?;
            if next.is_none() {
                batch.save(self, &first)?;
                return self.op(batch.one);
            }
            self.op(MARK)?;
            batch.save(self, &first)?;
            drop(first);
            let mut count = 1;
            while let Some(item) = next.take() {
                batch.save(self, &item)?;
                drop(item);
                count += 1;
                if count == BATCHSIZE {
                    break;
                }
                next = abstract_::next(iterator)?;
            }
            self.op(batch.many)?;
            if count != BATCHSIZE {
                return Ok(());
            }
        }
    }

    /// Saves the items of an iterator for the list on the stack.
    pub(crate) fn batch_list(&self, iterator: &PyObject) -> PyResult<()> {
        self.batch(iterator, &ITEMS)
    }

    /// Saves the pairs of an iterator for the dict on the stack.
    pub(crate) fn batch_dict(&self, iterator: &PyObject) -> PyResult<()> {
        self.batch(iterator, &PAIRS)
    }

    fn batch_list_exact(&self, list: &PyListObject) -> PyResult<()> {
        let item = |index: usize| list::items(list).get(index).map(|item| Own::new(*item));
        if list::items(list).len() == 1 {
            if let Some(item) = item(0) {
                self.save(&item, false)?;
            }
            return self.op(APPEND);
        }
        let mut total = 0;
        loop {
            let mut count = 0;
            self.op(MARK)?;
            while let Some(item) = item(total) {
                self.save(&item, false)?;
                total += 1;
                count += 1;
                if count == BATCHSIZE {
                    break;
                }
            }
            self.op(APPENDS)?;
            if total >= list::items(list).len() {
                return Ok(());
            }
        }
    }

    pub(crate) fn save_list(&self, list: &PyListObject) -> PyResult<()> {
        self.guarded(list.as_object(), || {
            match self.bin.get() {
                0 => self.write(&[MARK, LIST])?,
                _ => self.op(EMPTY_LIST)?,
            }
            let length = list::items(list).len();
            self.memo_put(list.as_object())?;
            if length == 0 {
                return Ok(());
            }
            if self.proto.get() > 0 {
                let _depth = enter_recursive_call(" while pickling an object")?;
                return self.batch_list_exact(list);
            }
            let iterator = abstract_::get_iter(list.as_object())?;
            let _depth = enter_recursive_call(" while pickling an object")?;
            self.batch_list(&iterator)
        })
    }

    fn batch_dict_exact(&self, dict: &PyDictObject) -> PyResult<()> {
        let size = dict.ma_used.get();
        let mut position = 0;
        let mut next = || {
            let (behind, key, value, _) = dict::next_entry(dict, position)?;
            position = behind;
            Some((Own::new(key), Own::new(value)))
        };
        if size == 1 {
            if let Some((key, value)) = next() {
                self.save(&key, false)?;
                self.save(&value, false)?;
            }
            return self.op(SETITEM);
        }
        loop {
            let mut count = 0;
            self.op(MARK)?;
            while let Some((key, value)) = next() {
                self.save(&key, false)?;
                self.save(&value, false)?;
                count += 1;
                if count == BATCHSIZE {
                    break;
                }
            }
            self.op(SETITEMS)?;
            if dict.ma_used.get() != size {
                return Err(runtime_error("dictionary changed size during iteration"));
            }
            if count != BATCHSIZE {
                return Ok(());
            }
        }
    }

    pub(crate) fn save_dict(&self, dict: &PyDictObject) -> PyResult<()> {
        self.guarded(dict.as_object(), || {
            match self.bin.get() {
                0 => self.write(&[MARK, DICT])?,
                _ => self.op(EMPTY_DICT)?,
            }
            self.memo_put(dict.as_object())?;
            if dict.ma_used.get() == 0 {
                return Ok(());
            }
            if self.proto.get() > 0 {
                let _depth = enter_recursive_call(" while pickling an object")?;
                return self.batch_dict_exact(dict);
            }
            let items = call::call_method(dict.as_object(), id!("items"), &[])?;
            let iterator = abstract_::get_iter(&items)?;
            drop(items);
            let _depth = enter_recursive_call(" while pickling an object")?;
            self.batch_dict(&iterator)
        })
    }

    fn save_as_call(&self, object: &PyObject, class: &PyTypeObject) -> PyResult<()> {
        let items = list::from_iterable(object)?;
        let arguments = tuple::pack(&[items.as_object()])?;
        drop(items);
        let reduced = tuple::pack(&[class.as_object(), arguments.as_object()])?;
        drop(arguments);
        self.save_reduce(&reduced, Some(object))
    }

    pub(crate) fn save_set(&self, object: &PyObject) -> PyResult<()> {
        let Some(set) = set::as_set(object) else {
            return Err(errors::system_error("a set that is none was to be pickled"));
        };
        if self.proto.get() < 4 {
            return self.save_as_call(object, &set::PySet_Type);
        }
        self.op(EMPTY_SET)?;
        self.memo_put(object)?;
        let size = set.used.get();
        if size == 0 {
            return Ok(());
        }
        let mut position = 0;
        loop {
            let mut count = 0;
            self.op(MARK)?;
            while let Some((behind, key, _)) = set::next_key(set, position) {
                position = behind;
                self.save(&key, false)?;
                count += 1;
                if count == BATCHSIZE {
                    break;
                }
            }
            self.op(ADDITEMS)?;
            if set.used.get() != size {
                return Err(runtime_error("set changed size during iteration"));
            }
            if count != BATCHSIZE {
                return Ok(());
            }
        }
    }

    pub(crate) fn save_frozenset(&self, object: &PyObject) -> PyResult<()> {
        if self.fast.get() != 0 {
            self.fast_enter(object)?;
        }
        if self.proto.get() < 4 {
            return self.save_as_call(object, &set::PyFrozenSet_Type);
        }
        self.op(MARK)?;
        let iterator = abstract_::get_iter(object)?;
        while let Some(item) = abstract_::next(&iterator)? {
            self.save(&item, false)?;
        }
        drop(iterator);
        if self.is_known(object) {
            self.op(POP_MARK)?;
            return self.memo_get(object);
        }
        self.op(FROZENSET)?;
        self.memo_put(object)
    }

    /// Saves a container; fast mode watches for one that holds itself.
    fn guarded(&self, object: &PyObject, act: impl FnOnce() -> PyResult<()>) -> PyResult<()> {
        if self.fast.get() == 0 {
            return act();
        }
        let mut result = self.fast_enter(object);
        if result.is_ok() {
            result = act();
        }
        if self.fast.get() != 0 {
            self.fast_leave(object)?;
        }
        result
    }

    fn fast_enter(&self, object: &PyObject) -> PyResult<()> {
        self.fast_nesting.set(self.fast_nesting.get() + 1);
        if self.fast_nesting.get() < FAST_NESTING_LIMIT {
            return Ok(());
        }
        let result = self.fast_remember(object);
        if result.is_err() {
            self.fast_nesting.set(-1);
        }
        result
    }

    fn fast_remember(&self, object: &PyObject) -> PyResult<()> {
        if self.fast_memo.get().is_null() {
            self.fast_memo.put(Some(dict::new()?));
        }
        let memo = Own::new(self.fast_memo.expect_ref());
        let key = object::id(object)?;
        if dict::contains(&memo, &key)? {
            return Err(value_error(format_args!(
                "fast mode: can't pickle cyclic objects including object type {:.200} at {:p}",
                object.type_().name(),
                object
            )));
        }
        dict::set_item(&memo, &key, &none())
    }

    fn fast_leave(&self, object: &PyObject) -> PyResult<()> {
        let nesting = self.fast_nesting.get();
        self.fast_nesting.set(nesting - 1);
        if nesting >= FAST_NESTING_LIMIT
            && let Some(memo) = self.fast_memo.own()
        {
            dict::delete_item(&memo, &*object::id(object)?)?;
        }
        Ok(())
    }
}
