//! Saving of everything else: by the tuple that a reduction function returns.

use crate::opcode::*;
use crate::prelude::*;
use crate::state::STATE;
use twinheap_objects::exceptions::PyExc_KeyError;

/// The parts of the tuple, with None taken as missing.
struct Reduced<'a> {
    callable: &'a PyObject,
    arguments: &'a PyTupleObject,
    state: Option<&'a PyObject>,
    list_items: Option<&'a PyObject>,
    dict_items: Option<&'a PyObject>,
    state_setter: Option<&'a PyObject>,
}

impl<'a> Reduced<'a> {
    fn read(value: &'a PyTupleObject) -> PyResult<Reduced<'a>> {
        let items = tuple::items(value);
        if !(2..=6).contains(&items.len()) {
            return Err(pickling_error(
                "tuple returned by __reduce__ must contain 2 through 6 elements",
            ));
        }
        if !call::is_callable(items[0]) {
            return Err(pickling_error(
                "first item of the tuple returned by __reduce__ must be callable",
            ));
        }
        let Some(arguments) = items[1].downcast_ref::<PyTupleObject>() else {
            return Err(pickling_error(
                "second item of the tuple returned by __reduce__ must be a tuple",
            ));
        };
        let given = |index: usize| items.get(index).copied().filter(|item| !item.is_none());
        let checked =
            |index: usize, which: &str, what: &str, good: fn(&PyObject) -> bool| match given(index)
            {
                Some(item) if !good(item) => Err(pickling_error(format_args!(
                    "{which} element of the tuple returned by __reduce__ must be {what}, not {}",
                    item.type_().name()
                ))),
                item => Ok(item),
            };
        Ok(Reduced {
            callable: items[0],
            arguments,
            state: given(2),
            list_items: checked(3, "fourth", "an iterator", abstract_::is_iterator)?,
            dict_items: checked(4, "fifth", "an iterator", abstract_::is_iterator)?,
            state_setter: checked(5, "sixth", "a function", call::is_callable)?,
        })
    }
}

/// How the object is made again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Making {
    Call,
    New,
    NewWithKeywords,
}

fn making_of(callable: &PyObject) -> PyResult<Making> {
    let name = object::lookup_attr(callable, id!("__name__"))?;
    let name = name
        .as_ref()
        .and_then(|name| name.downcast_ref::<PyASCIIObject>());
    Ok(match name {
        Some(name) if unicode::equals_str(name, "__newobj_ex__") => Making::NewWithKeywords,
        Some(name) if unicode::equals_str(name, "__newobj__") => Making::New,
        _ => Making::Call,
    })
}

/// `object.__class__`, or the type where there is none.
fn class_of(object: &PyObject) -> PyResult {
    match object::lookup_attr(object, id!("__class__"))? {
        Some(class) => Ok(class),
        None => Ok(Own::new(object.type_()).upcast()),
    }
}

impl PicklerObject {
    /// Saves an object of a type that has no opcode of its own.
    pub(crate) fn save_by_reduction(&self, object: &PyObject) -> PyResult<()> {
        let type_ = object.type_();
        let function = match self.dispatch_table.own() {
            None => dict::get_item(STATE.dispatch_table.expect_ref(), type_.as_object())?,
            Some(table) => match abstract_::get_item(&table, type_.as_object()) {
                Ok(function) => Some(function),
                Err(raised) if errors::matches(&PyExc_KeyError) => {
                    errors::discard(raised);
                    None
                }
                Err(raised) => return Err(raised),
            },
        };
        if let Some(function) = function {
            let reduced = call::call(&function, &[object])?;
            return self.save_reduced(&reduced, object);
        }
        if types::is_subtype(type_, &types::PyType_Type) {
            return self.save_global(object, None);
        }
        if let Some(function) = object::lookup_attr(object, id!("__reduce_ex__"))? {
            let protocol = long::from_i64(i64::from(self.proto.get()))?;
            let reduced = call::call(&function, &[protocol.as_object()])?;
            return self.save_reduced(&reduced, object);
        }
        if let Some(function) = object::lookup_attr(object, id!("__reduce__"))? {
            let reduced = call::call(&function, &[])?;
            return self.save_reduced(&reduced, object);
        }
        Err(pickling_error(format_args!(
            "can't pickle '{:.200}' object: {}",
            type_.name(),
            shown(object)?
        )))
    }

    /// Saves what a reduction function has returned: a name or a tuple.
    pub(crate) fn save_reduced(&self, reduced: &PyObject, object: &PyObject) -> PyResult<()> {
        if let Some(name) = reduced.downcast_ref::<PyASCIIObject>() {
            return self.save_global(object, Some(name));
        }
        match reduced.downcast_ref::<PyTupleObject>() {
            Some(reduced) => self.save_reduce(reduced, Some(object)),
            None => Err(pickling_error("__reduce__ must return a string or tuple")),
        }
    }

    /// Saves the tuple of a reduction; the object, where there is one, enters the memo.
    pub(crate) fn save_reduce(
        &self,
        value: &PyTupleObject,
        object: Option<&PyObject>,
    ) -> PyResult<()> {
        let reduced = Reduced::read(value)?;
        let making = match self.proto.get() {
            2.. => making_of(reduced.callable)?,
            _ => Making::Call,
        };
        match making {
            Making::NewWithKeywords => self.save_new_with_keywords(reduced.arguments)?,
            Making::New => self.save_new(reduced.arguments, object)?,
            Making::Call => {
                self.save(reduced.callable, false)?;
                self.save(reduced.arguments.as_object(), false)?;
                self.op(REDUCE)?;
            }
        }
        if let Some(object) = object {
            // The arguments may have led back to the object: what was made is dropped then.
            if self.is_known(object) {
                self.op(POP)?;
                return self.memo_get(object);
            }
            self.memo_put(object)?;
        }
        if let Some(items) = reduced.list_items {
            self.batch_list(items)?;
        }
        if let Some(items) = reduced.dict_items {
            self.batch_dict(items)?;
        }
        let Some(state) = reduced.state else {
            return Ok(());
        };
        let Some(setter) = reduced.state_setter else {
            self.save(state, false)?;
            return self.op(BUILD);
        };
        let Some(object) = object else {
            return Err(errors::system_error("a state setter without an object"));
        };
        self.save(setter, false)?;
        self.save(object, false)?;
        self.save(state, false)?;
        self.op(TUPLE2)?;
        self.op(REDUCE)?;
        self.op(POP)
    }

    fn save_new_with_keywords(&self, arguments: &PyTupleObject) -> PyResult<()> {
        let items = tuple::items(arguments);
        let [class, positional, keywords] = items else {
            return Err(pickling_error(format_args!(
                "length of the NEWOBJ_EX argument tuple must be exactly 3, not {}",
                items.len()
            )));
        };
        let wrong = |which: &str, what: &str, item: &PyObject| {
            pickling_error(format_args!(
                "{which} item from NEWOBJ_EX argument tuple must be a {what}, not {:.200}",
                item.type_().name()
            ))
        };
        let Some(type_) = class.downcast_ref::<PyTypeObject>() else {
            return Err(wrong("first", "class", class));
        };
        let Some(arguments) = positional.downcast_ref::<PyTupleObject>() else {
            return Err(wrong("second", "tuple", positional));
        };
        let Some(named) = keywords.downcast_ref::<PyDictObject>() else {
            return Err(wrong("third", "dict", keywords));
        };
        if self.proto.get() >= 4 {
            self.save(class, false)?;
            self.save(positional, false)?;
            self.save(keywords, false)?;
            return self.op(NEWOBJ_EX);
        }
        let new = object::get_attr(type_.as_object(), id!("__new__"))?;
        let mut all: Vec<&PyObject> = vec![&new, class];
        all.extend(tuple::items(arguments));
        let partial = STATE.partial.expect_ref();
        let callable = call::call_tuple(partial, &*tuple::pack(&all)?, Some(named))?;
        self.save(&callable, false)?;
        self.save(tuple::empty().as_object(), false)?;
        self.op(REDUCE)
    }

    fn save_new(&self, arguments: &PyTupleObject, object: Option<&PyObject>) -> PyResult<()> {
        let items = tuple::items(arguments);
        let Some((class, rest)) = items.split_first() else {
            return Err(pickling_error("__newobj__ arglist is empty"));
        };
        if class.downcast_ref::<PyTypeObject>().is_none() {
            return Err(pickling_error("args[0] from __newobj__ args is not a type"));
        }
        if let Some(object) = object
            && !std::ptr::eq(&*class_of(object)?, *class)
        {
            return Err(pickling_error(
                "args[0] from __newobj__ args has the wrong class",
            ));
        }
        self.save(class, false)?;
        let rest = tuple::pack(rest)?;
        self.save(rest.as_object(), false)?;
        self.op(NEWOBJ)
    }
}
