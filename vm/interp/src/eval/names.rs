//! Names, globals, attributes, imports.

use super::Eval;
use super::loads::lookup_in_mapping;
use crate::frames;
use twinheap_abi::*;
use twinheap_objects::abstract_;
use twinheap_objects::errors::{self, PyResult, Raised, name_error, system_error};
use twinheap_objects::exceptions::{PyExc_AssertionError, PyExc_ImportError, PyExc_NameError};
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::{call, dict, id, import_hook, list, tuple, unicode};

#[cold]
fn undefined(name: &PyASCIIObject) -> Raised {
    name_error(
        &PyExc_NameError,
        name.as_object(),
        format_args!("name '{}' is not defined", unicode::to_string_lossy(name)),
    )
}

impl Eval {
    fn namespace(&self) -> PyResult {
        self.frame()
            .f_locals
            .own()
            .ok_or_else(|| system_error("no locals when a name is used"))
    }

    #[inline(always)]
    fn globals(&self) -> &PyDictObject {
        // SAFETY: the globals of a frame are a dict.
        unsafe { &*self.frame().f_globals.get().cast() }
    }

    /// A name in the globals or the builtins.
    #[inline]
    fn lookup_global(&self, name: &PyASCIIObject) -> PyResult {
        if let Some(value) = dict::get_str(self.globals(), name) {
            return Ok(Own::new(value));
        }
        let builtins: &PyObject = self.frame().f_builtins.expect_ref();
        match lookup_in_mapping(builtins, name.as_object())? {
            Some(value) => Ok(value),
            None => Err(undefined(name)),
        }
    }

    pub(super) fn load_name(&mut self, index: usize) -> PyResult<()> {
        let name = self.name(index);
        let namespace = self.namespace()?;
        let value = match lookup_in_mapping(&namespace, name.as_object())? {
            Some(value) => value,
            None => self.lookup_global(name)?,
        };
        self.push(value);
        Ok(())
    }

    pub(super) fn store_name(&mut self, index: usize) -> PyResult<()> {
        let name = self.name(index);
        let value = self.pop();
        let namespace = self.namespace()?;
        if namespace.is_exactly(&dict::PyDict_Type)
            && let Some(namespace) = namespace.downcast_ref::<PyDictObject>()
        {
            return dict::set_item(namespace, name.as_object(), &value);
        }
        abstract_::set_item(&namespace, name.as_object(), Some(&value))
    }

    pub(super) fn delete_name(&mut self, index: usize) -> PyResult<()> {
        let name = self.name(index);
        let namespace = self.namespace()?;
        if abstract_::set_item(&namespace, name.as_object(), None).is_err() {
            errors::clear();
            return Err(undefined(name));
        }
        Ok(())
    }

    #[inline]
    pub(super) fn load_global(&mut self, oparg: usize) -> PyResult<()> {
        let name = self.name(oparg >> 1);
        let globals: &PyObject = self.globals().as_object();
        // Only `LOAD_GLOBAL` asks a namespace of a subclass by its own `__getitem__`.
        let own = match globals.is_exactly(&dict::PyDict_Type) {
            true => None,
            false => lookup_in_mapping(globals, name.as_object())?,
        };
        let value = match own {
            Some(value) => value,
            None => self.lookup_global(name)?,
        };
        if oparg & 1 != 0 {
            self.push_raw(std::ptr::null_mut());
        }
        self.push(value);
        self.skip_caches(5);
        Ok(())
    }

    pub(super) fn store_global(&mut self, index: usize) -> PyResult<()> {
        let value = self.pop();
        dict::set_item(self.globals(), self.name(index).as_object(), &value)
    }

    pub(super) fn delete_global(&mut self, index: usize) -> PyResult<()> {
        let name = self.name(index);
        if !dict::remove(self.globals(), name.as_object())? {
            return Err(undefined(name));
        }
        Ok(())
    }

    #[inline]
    pub(super) fn load_attr(&mut self, index: usize) -> PyResult<()> {
        let value = object::get_attr(self.peek(1), self.name(index))?;
        let owner = self.peek_raw(1);
        self.poke_raw(1, value.into_raw());
        self.skip_caches(4);
        // SAFETY: the stack owned the object whose attribute was read.
        unsafe { twinheap_objects::own::decref(owner) };
        Ok(())
    }

    #[inline]
    pub(super) fn store_attr(&mut self, index: usize) -> PyResult<()> {
        let owner = self.pop();
        let value = self.pop();
        object::set_attr(&owner, self.name(index).as_object(), Some(&value))?;
        drop(value);
        self.skip_caches(4);
        Ok(())
    }

    pub(super) fn delete_attr(&mut self, index: usize) -> PyResult<()> {
        let owner = self.pop();
        object::set_attr(&owner, self.name(index).as_object(), None)
    }

    #[inline]
    pub(super) fn load_method(&mut self, index: usize) -> PyResult<()> {
        let (method, wants_self) = object::get_method(self.peek(1), self.name(index))?;
        if wants_self {
            let owner = self.peek_raw(1);
            self.poke_raw(1, method.into_raw());
            self.push_raw(owner);
        } else {
            let owner = self.pop();
            self.push_raw(std::ptr::null_mut());
            self.push(method);
            drop(owner);
        }
        self.skip_caches(10);
        Ok(())
    }

    pub(super) fn load_build_class(&mut self) -> PyResult<()> {
        let builtins: &PyObject = self.frame().f_builtins.expect_ref();
        match lookup_in_mapping(builtins, id!("__build_class__").as_object())? {
            Some(function) => {
                self.push(function);
                Ok(())
            }
            None => Err(errors::raise(&PyExc_NameError, "__build_class__ not found")),
        }
    }

    pub(super) fn load_assertion_error(&mut self) {
        self.push(Own::new(&PyExc_AssertionError).upcast());
    }

    pub(super) fn setup_annotations(&mut self) -> PyResult<()> {
        let namespace = self.namespace()?;
        static ANNOTATIONS: unicode::StaticText = unicode::StaticText::new("__annotations__");
        let name = ANNOTATIONS.get().as_object();
        if lookup_in_mapping(&namespace, name)?.is_none() {
            let made = dict::new()?;
            abstract_::set_item(&namespace, name, Some(made.as_object()))?;
        }
        Ok(())
    }

    pub(super) fn import_name(&mut self, index: usize) -> PyResult<()> {
        let from_list = self.pop();
        let level = self.pop();
        let builtins: &PyObject = self.frame().f_builtins.expect_ref();
        let Some(function) = lookup_in_mapping(builtins, id!("__import__").as_object())? else {
            return Err(errors::raise(&PyExc_ImportError, "__import__ not found"));
        };
        let locals = self
            .frame()
            .f_locals
            .own()
            .unwrap_or_else(twinheap_objects::singletons::none);
        let name = self.name(index);
        let module = call::call(
            &function,
            &[
                name.as_object(),
                self.globals().as_object(),
                &locals,
                &from_list,
                &level,
            ],
        )?;
        self.push(module);
        Ok(())
    }

    pub(super) fn import_from(&mut self, index: usize) -> PyResult<()> {
        let name = self.name(index);
        let value = import_from(self.peek(1), name)?;
        self.push(value);
        Ok(())
    }

    pub(super) fn import_star(&mut self) -> PyResult<()> {
        let module = self.pop();
        let namespace = frames::locals_mapping(self.frame())?;
        import_all(&namespace, &module)
    }

    pub(super) fn print_expr(&mut self) -> PyResult<()> {
        let value = self.pop();
        let sys = import_hook::import_module("sys")?;
        let hook = object::get_attr(&sys, id!("displayhook"))?;
        call::call(&hook, &[&value]).map(drop)
    }
}

/// `import_from`: an attribute of a module, or a submodule that is being imported.
fn import_from(module: &PyObject, name: &PyASCIIObject) -> PyResult {
    if let Some(value) = object::lookup_attr(module, name)? {
        return Ok(value);
    }
    let package = object::lookup_attr(module, id!("__name__"))?;
    let package_name = package
        .as_ref()
        .and_then(|package| package.downcast_ref::<PyASCIIObject>())
        .map(unicode::to_string_lossy);
    if let Some(package_name) = &package_name {
        let full = unicode::from_str(&format!(
            "{package_name}.{}",
            unicode::to_string_lossy(name)
        ))?;
        let sys = import_hook::import_module("sys")?;
        let modules = object::get_attr(&sys, id!("modules"))?;
        if let Some(found) = lookup_in_mapping(&modules, full.as_object())? {
            return Ok(found);
        }
    }
    let file = object::lookup_attr(module, id!("__file__"))?;
    let location = file
        .as_ref()
        .and_then(|file| file.downcast_ref::<PyASCIIObject>())
        .map_or("unknown location".to_string(), unicode::to_string_lossy);
    let message = unicode::from_str(&format!(
        "cannot import name {} from {} ({location})",
        name.as_object().repr_lossy(),
        package
            .as_ref()
            .map_or("'<unknown module name>'".to_string(), |name| name
                .repr_lossy())
    ))?;
    let error = call::call(PyExc_ImportError.as_object(), &[message.as_object()])?;
    if let Some(details) = error.downcast_ref::<PyImportErrorObject>() {
        details.name.put(package);
        details.path.put(file);
    }
    Err(errors::raise_object(&PyExc_ImportError, Some(error)))
}

/// The complaint about a name of a module that is no str.
fn wrong_name(module: &PyObject, name: &PyObject, from_dict: bool) -> errors::Raised {
    let own_name = match object::get_attr(module, id!("__name__")) {
        Ok(own_name) => own_name,
        Err(raised) => return raised,
    };
    let Some(text) = own_name.downcast_ref::<PyASCIIObject>() else {
        return errors::type_error(format_args!(
            "module __name__ must be a string, not {:.100}",
            own_name.type_().name()
        ));
    };
    let (what, place) = match from_dict {
        true => ("Key", "__dict__"),
        false => ("Item", "__all__"),
    };
    errors::type_error(format_args!(
        "{what} in {}.{place} must be str, not {:.100}",
        unicode::to_string_lossy(text),
        name.type_().name()
    ))
}

/// `import_all_from`.
fn import_all(namespace: &PyObject, module: &PyObject) -> PyResult<()> {
    let listed = object::lookup_attr(module, id!("__all__"))?;
    let skip_private = listed.is_none();
    let names = match listed {
        Some(names) => tuple::from_iterable(&names)?,
        None => {
            let own = object::get_attr(module, id!("__dict__"))?;
            tuple::from_vec(
                list::items(&*list::from_iterable(&own)?)
                    .iter()
                    .map(|n| Own::new(*n))
                    .collect(),
            )?
        }
    };
    for name in tuple::items(&names) {
        let Some(text) = name.downcast_ref::<PyASCIIObject>() else {
            return Err(wrong_name(module, name, skip_private));
        };
        if skip_private && unicode::to_string_lossy(text).starts_with('_') {
            continue;
        }
        let value = object::get_attr(module, text)?;
        abstract_::set_item(namespace, name, Some(&value))?;
    }
    Ok(())
}
