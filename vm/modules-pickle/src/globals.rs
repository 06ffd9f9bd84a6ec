//! Classes and functions by name: how a pickler finds the name, and both sides resolve it.

use crate::opcode::*;
use crate::prelude::*;
use crate::state::{STATE, plain};
use twinheap_objects::exceptions::{PyExc_KeyError, PyExc_UnicodeEncodeError};
use twinheap_objects::singletons::{
    _PyNone_Type, _PyNotImplemented_Type, PyEllipsis_Type, ellipsis,
};
use unicode::codecs::{Encoding, encode};

/// The parts of a dotted name, in a list.
pub fn dotted_path(object: Option<&PyObject>, name: &PyASCIIObject) -> PyResult<Own<PyListObject>> {
    let characters = unicode::text(name);
    let parts = list::new(1)?;
    let mut start = 0;
    for end in 0..=characters.len() {
        if end == characters.len() || characters.at(end) == u32::from(b'.') {
            list::append_take(&parts, unicode::substring(name, start, end)?.upcast())?;
            start = end + 1;
        }
    }
    if names(&parts).any(|part| unicode::equals_str(&part, "<locals>")) {
        let name = shown(name.as_object())?;
        return Err(errors::attribute_error(match object {
            None => format!("Can't pickle local object {name}"),
            Some(object) => format!("Can't pickle local attribute {name} on {}", shown(object)?),
        }));
    }
    Ok(parts)
}

/// The parts of a path.
fn names(path: &PyListObject) -> impl Iterator<Item = Own<PyASCIIObject>> {
    (0..).map_while(|index| {
        let part = list::items(path).get(index)?;
        part.downcast_ref::<PyASCIIObject>().map(Own::new)
    })
}

/// The object at the end of a path and the one before it; nothing where an attribute is missing.
fn deep_attribute(object: &PyObject, path: &PyListObject) -> PyResult<Option<(Own, Own)>> {
    let mut parent = Own::new(object);
    let mut found = Own::new(object);
    for name in names(path) {
        parent = found;
        match object::lookup_attr(&parent, &name)? {
            Some(next) => found = next,
            None => return Ok(None),
        }
    }
    Ok(Some((found, parent)))
}

/// An attribute of a module; protocols from 4 on allow a dotted name.
pub fn get_attribute(object: &PyObject, name: &PyASCIIObject, dotted: bool) -> PyResult {
    let found = if dotted {
        let path = dotted_path(Some(object), name)?;
        deep_attribute(object, &path)?.map(|(found, _)| found)
    } else {
        object::lookup_attr(object, name)?
    };
    match found {
        Some(found) => Ok(found),
        None => Err(errors::attribute_error(format_args!(
            "Can't get attribute {} on {}",
            shown(name.as_object())?,
            shown(object)?
        ))),
    }
}

/// `sys.modules`.
fn loaded_modules() -> PyResult {
    let sys = import_hook::import_module("sys")?;
    object::get_attr(&sys, id!("modules"))
}

/// `PyImport_Import`: by the `__import__` that the running code sees.
pub fn import(name: &PyObject) -> PyResult {
    let globals = match import_hook::current_globals() {
        Some(globals) => globals,
        None => dict::new()?,
    };
    let builtins = import_hook::builtins_of(&globals)?;
    let function = match builtins.downcast_ref::<PyDictObject>() {
        Some(builtins) => dict::get_item(builtins, id!("__import__").as_object())?,
        None => object::lookup_attr(&builtins, id!("__import__"))?,
    };
    let Some(function) = function else {
        return Err(errors::key_error(id!("__import__").as_object()));
    };
    let names = list::new(0)?;
    let level = long::from_isize(0)?;
    call::call(
        &function,
        &[
            name,
            globals.as_object(),
            globals.as_object(),
            names.as_object(),
            &level,
        ],
    )?;
    let modules = loaded_modules()?;
    let found = match modules.downcast_exact::<PyDictObject>() {
        Some(modules) => dict::get_item(modules, name)?,
        None => match abstract_::get_item(&modules, name) {
            Ok(found) => Some(found),
            Err(raised) if errors::matches(&PyExc_KeyError) => {
                errors::discard(raised);
                None
            }
            Err(raised) => return Err(raised),
        },
    };
    found.ok_or_else(|| errors::key_error(name))
}

/// Whether a module holds the object under this path.
fn module_has(
    name: &PyObject,
    module: &PyObject,
    object: &PyObject,
    path: &PyListObject,
) -> PyResult<bool> {
    let is_main = name
        .downcast_ref::<PyASCIIObject>()
        .is_some_and(|name| unicode::equals_str(name, "__main__"));
    if module.is_none() || is_main {
        return Ok(false);
    }
    let found = deep_attribute(module, path)?;
    Ok(found.is_some_and(|(found, _)| std::ptr::eq(&*found, object)))
}

/// The name of the module that an object belongs to: what it says itself, or the first that has it.
fn which_module(object: &PyObject, path: &PyListObject) -> PyResult {
    if let Some(name) = object::lookup_attr(object, id!("__module__"))?
        && !name.is_none()
    {
        return Ok(name);
    }
    let modules = loaded_modules()?;
    if let Some(modules) = modules.downcast_exact::<PyDictObject>() {
        let mut position = 0;
        while let Some((behind, name, module, _)) = dict::next_entry(modules, position) {
            position = behind;
            let (name, module) = (Own::new(name), Own::new(module));
            if module_has(&name, &module, object, path)? {
                return Ok(name);
            }
        }
    } else {
        let iterator = abstract_::get_iter(&modules)?;
        while let Some(name) = abstract_::next(&iterator)? {
            let module = abstract_::get_item(&modules, &name)?;
            if module_has(&name, &module, object, path)? {
                return Ok(name);
            }
        }
    }
    Ok(Own::new(id!("__main__")).upcast())
}

/// The names of Python 2 for a module and a name in it.
fn old_names(module: Own, name: Own) -> PyResult<(Own, Own)> {
    let key = tuple::pack(&[&module, &name])?;
    let mapping = STATE.name_mapping_3to2.expect_ref();
    if let Some(item) = dict::get_item(mapping, key.as_object())? {
        return pair_of_names(&item, "REVERSE_NAME_MAPPING values should be");
    }
    let mapping = STATE.import_mapping_3to2.expect_ref();
    match dict::get_item(mapping, &module)? {
        Some(item) if item.downcast_ref::<PyASCIIObject>().is_none() => {
            Err(runtime_error(format_args!(
                "_compat_pickle.REVERSE_IMPORT_MAPPING values should be strings, not {:.200}",
                item.type_().name()
            )))
        }
        Some(item) => Ok((item, name)),
        None => Ok((module, name)),
    }
}

/// The entry of a name table of `_compat_pickle`.
fn pair_of_names(item: &PyObject, what: &str) -> PyResult<(Own, Own)> {
    let pair = item
        .downcast_ref::<PyTupleObject>()
        .filter(|pair| tuple::items(pair).len() == 2);
    let Some(pair) = pair else {
        return Err(runtime_error(format_args!(
            "_compat_pickle.{what} 2-tuples, not {:.200}",
            item.type_().name()
        )));
    };
    let (module, name) = (tuple::items(pair)[0], tuple::items(pair)[1]);
    if module.downcast_ref::<PyASCIIObject>().is_none()
        || name.downcast_ref::<PyASCIIObject>().is_none()
    {
        return Err(runtime_error(format_args!(
            "_compat_pickle.{what} pairs of str, not ({:.200}, {:.200})",
            module.type_().name(),
            name.type_().name()
        )));
    }
    Ok((Own::new(module), Own::new(name)))
}

/// The names of today for a module and a name of Python 2.
fn new_names(module: Own, name: Own) -> PyResult<(Own, Own)> {
    let key = tuple::pack(&[&module, &name])?;
    let mapping = STATE.name_mapping_2to3.expect_ref();
    if let Some(item) = dict::get_item(mapping, key.as_object())? {
        return pair_of_names(&item, "NAME_MAPPING values should be");
    }
    let mapping = STATE.import_mapping_2to3.expect_ref();
    match dict::get_item(mapping, &module)? {
        Some(item) if item.downcast_ref::<PyASCIIObject>().is_none() => {
            Err(runtime_error(format_args!(
                "_compat_pickle.IMPORT_MAPPING values should be strings, not {:.200}",
                item.type_().name()
            )))
        }
        Some(item) => Ok((item, name)),
        None => Ok((module, name)),
    }
}

/// `Unpickler.find_class`.
pub fn find_class(unpickler: &UnpicklerObject, module: &PyObject, name: &PyObject) -> PyResult {
    let (mut module, mut name) = (Own::new(module), Own::new(name));
    if unpickler.proto.get() < 3 && unpickler.fix_imports.get() != 0 {
        (module, name) = new_names(module, name)?;
    }
    let found = import(&module)?;
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "attribute name must be string, not '{:.200}'",
            name.type_().name()
        )));
    };
    get_attribute(&found, name, unpickler.proto.get() >= 4)
}

/// An object found by its name, on its way into a pickle.
struct Found {
    module_name: Own,
    module: Own,
    parent: Own,
    name: Own<PyASCIIObject>,
    last: Own<PyASCIIObject>,
}

impl PicklerObject {
    pub(crate) fn save_type(&self, object: &PyObject) -> PyResult<()> {
        let is = |type_: &PyTypeObject| std::ptr::eq(object, type_.as_object());
        let singleton = if is(&_PyNone_Type) {
            none()
        } else if is(&PyEllipsis_Type) {
            ellipsis()
        } else if is(&_PyNotImplemented_Type) {
            not_implemented()
        } else {
            return self.save_global(object, None);
        };
        let arguments = tuple::pack(&[&singleton])?;
        let reduced = tuple::pack(&[types::PyType_Type.as_object(), arguments.as_object()])?;
        self.save_reduce(&reduced, Some(object))
    }

    fn find_global(&self, object: &PyObject, name: Option<&PyASCIIObject>) -> PyResult<Found> {
        let name = match name {
            Some(name) => Own::new(name).upcast(),
            None => match object::lookup_attr(object, id!("__qualname__"))? {
                Some(name) => name,
                None => object::get_attr(object, id!("__name__"))?,
            },
        };
        let name = match name.downcast::<PyASCIIObject>() {
            Ok(name) => name,
            Err(name) => {
                return Err(type_error(format_args!(
                    "must be str, not {:.100}",
                    name.type_().name()
                )));
            }
        };
        let path = dotted_path(None, &name)?;
        let module_name = which_module(object, &path)?;
        let module = match import(&module_name) {
            Ok(module) => module,
            Err(raised) => {
                errors::discard(raised);
                return Err(pickling_error(format_args!(
                    "Can't pickle {}: import of module {} failed",
                    shown(object)?,
                    shown(&module_name)?
                )));
            }
        };
        let found = match deep_attribute(&module, &path) {
            Ok(found) => found,
            Err(raised) => {
                errors::discard(raised);
                None
            }
        };
        let Some((found, parent)) = found else {
            return Err(pickling_error(format_args!(
                "Can't pickle {}: attribute lookup {} on {} failed",
                shown(object)?,
                plain(name.as_object())?,
                plain(&module_name)?
            )));
        };
        if !std::ptr::eq(&*found, object) {
            return Err(pickling_error(format_args!(
                "Can't pickle {}: it's not the same object as {}.{}",
                shown(object)?,
                plain(&module_name)?,
                plain(name.as_object())?
            )));
        }
        let last = names(&path).last().unwrap_or_else(|| name.clone());
        Ok(Found {
            module_name,
            module,
            parent,
            name,
            last,
        })
    }

    /// The code that `copyreg` has registered for a name.
    fn extension_code(&self, object: &PyObject, found: &Found) -> PyResult<Option<i64>> {
        if self.proto.get() < 2 {
            return Ok(None);
        }
        let key = tuple::pack(&[&found.module_name, found.name.as_object()])?;
        let registry = STATE.extension_registry.expect_ref();
        let Some(code) = dict::get_item(registry, key.as_object())? else {
            return Ok(None);
        };
        let Some(number) = code.downcast_ref::<PyLongObject>() else {
            return Err(pickling_error(format_args!(
                "Can't pickle {}: extension code {} isn't an integer",
                shown(object)?,
                shown(&code)?
            )));
        };
        let number = long::as_long(number.as_object())?;
        if number <= 0 || number > 0x7fff_ffff {
            return Err(pickling_error(format_args!(
                "Can't pickle {}: extension code {number} is out of range",
                shown(object)?
            )));
        }
        Ok(Some(number))
    }

    /// Saves an object as the name under which it is found again.
    pub(crate) fn save_global(
        &self,
        object: &PyObject,
        name: Option<&PyASCIIObject>,
    ) -> PyResult<()> {
        let mut found = self.find_global(object, name)?;
        if let Some(code) = self.extension_code(object, &found)? {
            let [a, b, c, d, ..] = code.to_le_bytes();
            return match code {
                ..=0xff => self.write(&[EXT1, a]),
                0x100..=0xffff => self.write(&[EXT2, a, b]),
                _ => self.write(&[EXT4, a, b, c, d]),
            };
        }
        let nested = !std::ptr::eq(&*found.parent, &*found.module);
        if !nested {
            found.name = found.last.clone();
        }
        if self.proto.get() >= 4 {
            self.save(&found.module_name, false)?;
            self.save(found.name.as_object(), false)?;
            self.op(STACK_GLOBAL)?;
        } else if nested {
            let arguments = tuple::pack(&[&*found.parent, found.last.as_object()])?;
            let getattr = STATE.getattr.expect_ref();
            let reduced = tuple::pack(&[getattr, arguments.as_object()])?;
            self.save_reduce(&reduced, None)?;
        } else {
            self.op(GLOBAL)?;
            let mut names = (found.module_name, found.name.upcast());
            if self.proto.get() < 3 && self.fix_imports.get() != 0 {
                names = old_names(names.0, names.1)?;
            }
            self.write_identifier(&names.0, "module")?;
            self.write_identifier(&names.1, "global")?;
        }
        self.memo_put(object)
    }

    /// One line of a GLOBAL.
    fn write_identifier(&self, name: &PyObject, what: &str) -> PyResult<()> {
        let encoding = if self.proto.get() == 3 {
            Encoding::Utf8
        } else {
            Encoding::Ascii
        };
        let Some(text) = name.downcast_ref::<PyASCIIObject>() else {
            return Err(type_error("bad argument type for built-in operation"));
        };
        match encode(text, encoding, "strict") {
            Ok(data) => self.write(bytes::data_of(&data))?,
            Err(raised) if errors::matches(&PyExc_UnicodeEncodeError) => {
                errors::discard(raised);
                return Err(pickling_error(format_args!(
                    "can't pickle {what} identifier '{}' using pickle protocol {}",
                    plain(name)?,
                    self.proto.get()
                )));
            }
            Err(raised) => return Err(raised),
        }
        self.write(b"\n")
    }
}
