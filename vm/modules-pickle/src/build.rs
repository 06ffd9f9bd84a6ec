//! Loading of containers, classes and instances.

use crate::opcode::*;
use crate::prelude::*;
use crate::state::STATE;
use twinheap_objects::exceptions::PyExc_UnicodeDecodeError;
use unicode::codecs::{self, Encoding};

impl UnpicklerObject {
    /// The opcodes of containers and objects; false where the opcode is none of them.
    pub fn load_object(&self, opcode: u8) -> PyResult<bool> {
        let pushed = match opcode {
            EMPTY_TUPLE => tuple::empty().upcast(),
            TUPLE1 => self.counted_tuple(1)?,
            TUPLE2 => self.counted_tuple(2)?,
            TUPLE3 => self.counted_tuple(3)?,
            TUPLE => {
                let mark = self.take_mark()?;
                self.take_tuple(mark)?.upcast()
            }
            EMPTY_LIST => list::new(0)?.upcast(),
            LIST => {
                let mark = self.take_mark()?;
                list::from_vec(self.take_from(mark))?.upcast()
            }
            EMPTY_DICT => dict::new()?.upcast(),
            DICT => self.load_dict()?,
            EMPTY_SET => set::from_iterable(tuple::empty().as_object())?.upcast(),
            FROZENSET => {
                let mark = self.take_mark()?;
                let items = self.take_tuple(mark)?;
                set::frozen_from_iterable(items.as_object())?.upcast()
            }
            OBJ => self.load_obj()?,
            INST => self.load_inst()?,
            NEWOBJ => self.load_newobj(false)?,
            NEWOBJ_EX => self.load_newobj(true)?,
            GLOBAL => {
                let module = self.read_name(Encoding::Utf8)?;
                let name = self.read_name(Encoding::Utf8)?;
                self.call_find_class(module.as_object(), name.as_object())?
            }
            STACK_GLOBAL => self.load_stack_global()?,
            PERSID | BINPERSID => self.load_persistent(opcode)?,
            REDUCE => self.load_reduce()?,
            EXT1 => self.load_extension(1)?,
            EXT2 => self.load_extension(2)?,
            EXT4 => self.load_extension(4)?,
            _ => return self.load_into(opcode),
        };
        self.push(pushed);
        Ok(true)
    }

    /// The opcodes that change what lies on the stack.
    fn load_into(&self, opcode: u8) -> PyResult<bool> {
        match opcode {
            APPEND => {
                let height = self.height();
                if height <= self.fence() + 1 {
                    return Err(self.underflow());
                }
                self.append_from(height - 1)?;
            }
            APPENDS => {
                let mark = self.take_mark()?;
                self.append_from(mark)?;
            }
            SETITEM => match self.height().checked_sub(2) {
                Some(start) => self.set_items_from(start)?,
                None => return Err(self.underflow()),
            },
            SETITEMS => {
                let mark = self.take_mark()?;
                self.set_items_from(mark)?;
            }
            ADDITEMS => {
                let mark = self.take_mark()?;
                self.add_items_from(mark)?;
            }
            BUILD => self.load_build()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn counted_tuple(&self, count: usize) -> PyResult {
        match self.height().checked_sub(count) {
            Some(start) => Ok(self.take_tuple(start)?.upcast()),
            None => Err(self.underflow()),
        }
    }

    fn load_dict(&self) -> PyResult {
        let mark = self.take_mark()?;
        let made = dict::new()?;
        if !(self.height() - mark.min(self.height())).is_multiple_of(2) {
            return Err(unpickling_error("odd number of items for DICT"));
        }
        let items = self.take_from(mark);
        for pair in items.chunks_exact(2) {
            dict::set_item(&made, &pair[0], &pair[1])?;
        }
        drop_from_top(items);
        Ok(made.upcast())
    }

    /// What the object that the items go to is, where a mark does not hide it.
    fn container_below(&self, start: usize) -> PyResult {
        if start > self.height() || start <= self.fence() {
            return Err(self.underflow());
        }
        self.at(start - 1).ok_or_else(|| self.underflow())
    }

    fn append_from(&self, start: usize) -> PyResult<()> {
        let target = self.container_below(start)?;
        if self.height() == start {
            return Ok(());
        }
        if let Some(exact) = target.downcast_exact::<PyListObject>() {
            let items = self.take_from(start);
            let length = list::items(exact).len();
            return list::splice(exact, length, length, &items);
        }
        if let Some(extend) = object::lookup_attr(&target, id!("extend"))? {
            let items = list::from_vec(self.take_from(start))?;
            return call::call(&extend, &[items.as_object()]).map(drop);
        }
        let append = object::get_attr(&target, id!("append"))?;
        for item in self.take_from(start) {
            call::call(&append, &[&item])?;
        }
        Ok(())
    }

    fn set_items_from(&self, start: usize) -> PyResult<()> {
        let target = self.container_below(start)?;
        let count = self.height() - start;
        if count == 0 {
            return Ok(());
        }
        if !count.is_multiple_of(2) {
            return Err(unpickling_error("odd number of items for SETITEMS"));
        }
        let mut result = Ok(());
        for at in (start..start + count).step_by(2) {
            if let (Some(key), Some(value)) = (self.at(at), self.at(at + 1)) {
                result = abstract_::set_item(&target, &key, Some(&value));
            }
            if result.is_err() {
                break;
            }
        }
        drop_from_top(self.take_from(start));
        result
    }

    fn add_items_from(&self, start: usize) -> PyResult<()> {
        let target = self.container_below(start)?;
        if self.height() == start {
            return Ok(());
        }
        let is_set = types::is_subtype(target.type_(), &set::PySet_Type);
        if let Some(set) = set::as_set(&target).filter(|_| is_set) {
            let items = self.take_tuple(start)?;
            return set::update(set, items.as_object());
        }
        let add = object::get_attr(&target, id!("add"))?;
        for item in self.take_from(start) {
            call::call(&add, &[&item])?;
        }
        Ok(())
    }

    fn load_obj(&self) -> PyResult {
        let mark = self.take_mark()?;
        if self.height() <= mark {
            return Err(self.underflow());
        }
        let arguments = self.take_tuple(mark + 1)?;
        let class = self.pop()?;
        instantiate(&class, &arguments)
    }

    fn load_inst(&self) -> PyResult {
        let mark = self.take_mark()?;
        let module = self.read_name(Encoding::Ascii)?;
        let name = self.read_name(Encoding::Ascii)?;
        let class = self.call_find_class(module.as_object(), name.as_object())?;
        let arguments = self.take_tuple(mark)?;
        instantiate(&class, &arguments)
    }

    fn load_newobj(&self, keywords: bool) -> PyResult {
        let opcode = if keywords { "NEWOBJ_EX" } else { "NEWOBJ" };
        let kwargs = if keywords { Some(self.pop()?) } else { None };
        let arguments = self.pop()?;
        let class = self.pop()?;
        let wrong = |what: &str, given: &PyObject| {
            unpickling_error(format_args!(
                "{opcode} {what}, not {:.200}",
                given.type_().name()
            ))
        };
        let Some(type_) = class.downcast_ref::<PyTypeObject>() else {
            return Err(wrong("class argument must be a type", &class));
        };
        let Some(new) = type_.tp_new.get() else {
            return Err(unpickling_error(format_args!(
                "{opcode} class argument '{:.200}' doesn't have __new__",
                class.type_().name()
            )));
        };
        let Some(arguments) = arguments.downcast_ref::<PyTupleObject>() else {
            return Err(wrong("args argument must be a tuple", &arguments));
        };
        if let Some(kwargs) = &kwargs
            && kwargs.downcast_ref::<PyDictObject>().is_none()
        {
            return Err(wrong("kwargs argument must be a dict", kwargs));
        }
        let kwargs = kwargs
            .as_ref()
            .map_or(std::ptr::null_mut(), |kwargs| kwargs.as_ptr());
        // SAFETY: the slot of the type itself, with a tuple and a dict or null.
        unsafe { errors::from_c(new(type_, arguments.as_raw(), kwargs)) }
    }

    fn call_find_class(&self, module: &PyObject, name: &PyObject) -> PyResult {
        call::call_method(self.as_object(), id!("find_class"), &[module, name])
    }

    fn load_stack_global(&self) -> PyResult {
        let name = self.pop()?;
        let module = self.pop()?;
        if !module.is_exactly(&unicode::PyUnicode_Type)
            || !name.is_exactly(&unicode::PyUnicode_Type)
        {
            return Err(unpickling_error("STACK_GLOBAL requires str"));
        }
        self.call_find_class(&module, &name)
    }

    fn load_persistent(&self, opcode: u8) -> PyResult {
        if self.pers_func.get().is_null() {
            return Err(unpickling_error(
                "A load persistent id instruction was encountered,\n\
                 but no persistent_load function was specified.",
            ));
        }
        let id = if opcode == BINPERSID {
            self.pop()?
        } else {
            let line = self.read_line_of(1)?;
            let text = codecs::decode(&line[..line.len() - 1], Encoding::Ascii, "strict");
            match text {
                Ok(text) => text.upcast(),
                Err(raised) if errors::matches(&PyExc_UnicodeDecodeError) => {
                    errors::discard(raised);
                    return Err(unpickling_error(
                        "persistent IDs in protocol 0 must be ASCII strings",
                    ));
                }
                Err(raised) => return Err(raised),
            }
        };
        state::call_hook(&self.pers_func, &self.pers_func_self, &id)
    }

    fn load_reduce(&self) -> PyResult {
        let arguments = self.pop()?;
        let callable = self.pop()?;
        call_with(&callable, &arguments)
    }

    fn load_extension(&self, width: isize) -> PyResult {
        let code = self.read_code(width)?;
        if code <= 0 {
            return Err(unpickling_error("EXT specifies code <= 0"));
        }
        let key = long::from_i64(code)?.upcast();
        let cache = STATE.extension_cache.expect_ref();
        if let Some(known) = dict::get_item(cache, &key)? {
            return Ok(known);
        }
        let registry = STATE.inverted_registry.expect_ref();
        let Some(pair) = dict::get_item(registry, &key)? else {
            return Err(value_error(format_args!(
                "unregistered extension code {code}"
            )));
        };
        let names = pair
            .downcast_ref::<PyTupleObject>()
            .map(tuple::items)
            .filter(|names| {
                names.len() == 2
                    && names
                        .iter()
                        .all(|name| name.downcast_ref::<PyASCIIObject>().is_some())
            });
        let Some(names) = names else {
            return Err(value_error(format_args!(
                "_inverted_registry[{code}] isn't a 2-tuple of strings"
            )));
        };
        let found = self.call_find_class(names[0], names[1])?;
        dict::set_item(cache, &key, &found)?;
        Ok(found)
    }

    fn load_build(&self) -> PyResult<()> {
        if self.height() < self.fence() + 2 {
            return Err(self.underflow());
        }
        let state = self.pop()?;
        let instance = self.top()?;
        if let Some(setstate) = object::lookup_attr(&instance, id!("__setstate__"))? {
            return call::call(&setstate, &[&state]).map(drop);
        }
        let pair = state
            .downcast_ref::<PyTupleObject>()
            .map(tuple::items)
            .filter(|items| items.len() == 2)
            .map(|items| (Own::new(items[0]), Own::new(items[1])));
        let (state, slots) = match pair {
            Some((state, slots)) => (state, Some(slots)),
            None => (state, None),
        };
        if !state.is_none() {
            set_state(&instance, &state)?;
        }
        match slots {
            Some(slots) => set_slot_state(&instance, &slots),
            None => Ok(()),
        }
    }
}

/// Releases what was taken off the stack, the topmost first.
fn drop_from_top(mut items: Vec<Own>) {
    while items.pop().is_some() {}
}

/// Fills the instance dict; its keys are interned.
fn set_state(instance: &PyObject, state: &PyObject) -> PyResult<()> {
    let Some(state) = state.downcast_ref::<PyDictObject>() else {
        return Err(unpickling_error("state is not a dictionary"));
    };
    let attributes = object::get_attr(instance, id!("__dict__"))?;
    let mut position = 0;
    while let Some((behind, key, value, _)) = dict::next_entry(state, position) {
        position = behind;
        let value = Own::new(value);
        let key = match key.downcast_exact::<PyASCIIObject>() {
            Some(name) => unicode::intern(Own::new(name)).upcast(),
            None => Own::new(key),
        };
        abstract_::set_item(&attributes, &key, Some(&value))?;
    }
    Ok(())
}

fn set_slot_state(instance: &PyObject, state: &PyObject) -> PyResult<()> {
    let Some(state) = state.downcast_ref::<PyDictObject>() else {
        return Err(unpickling_error("slot state is not a dictionary"));
    };
    let mut position = 0;
    while let Some((behind, key, value, _)) = dict::next_entry(state, position) {
        position = behind;
        let (key, value) = (Own::new(key), Own::new(value));
        object::set_attr(instance, &key, Some(&value))?;
    }
    Ok(())
}

/// `PyObject_CallObject`.
fn call_with(callable: &PyObject, arguments: &PyObject) -> PyResult {
    match arguments.downcast_ref::<PyTupleObject>() {
        Some(arguments) => call::call_tuple(callable, arguments, None),
        None => Err(type_error("argument list must be a tuple")),
    }
}

/// Makes an instance; a class without arguments and without `__getinitargs__` is not initialised.
fn instantiate(class: &PyObject, arguments: &PyTupleObject) -> PyResult {
    if tuple::items(arguments).is_empty()
        && class.downcast_ref::<PyTypeObject>().is_some()
        && object::lookup_attr(class, id!("__getinitargs__"))?.is_none()
    {
        return call::call_method(class, id!("__new__"), &[class]);
    }
    call::call_tuple(class, arguments, None)
}
