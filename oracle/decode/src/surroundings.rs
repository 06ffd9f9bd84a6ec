//! The modules around a program: what they bind before it and after it, so that whatever it imported or changed becomes
//! a root of its heap.
//!
//! A name counts as changed where it is bound to another object, or where the list, dict or set that it is bound to
//! holds other objects than before. `sys`, the warnings filters, caches such as `re._cache` and registries such as
//! `copyreg.dispatch_table` are such names. What changes deeper inside an object of a module is not seen.

use twinheap_abi::*;

use crate::boundary::AddressMap;
use crate::containers::dict_items;
use crate::layouts::{Layout, layout_of_instances};
use crate::memory::Address;
use crate::text::{render, str_is, str_text};

/// What documents a new module, and what the import system writes into it. Whether a module of the library is part of the binary, is
/// frozen, or lies in a file is the implementation's own affair, and these names tell nothing else.
const OF_IMPORT: [&str; 8] = [
    "__about__",
    "__doc__",
    "__file__",
    "__cached__",
    "__loader__",
    "__spec__",
    "__package__",
    "__name__",
];

/// Roots beyond which no more names of modules are followed.
const MOST_ROOTS: usize = 20_000;

/// One name of a module: where its key lies, and what it is bound to.
struct Bound {
    key: usize,
    print: u64,
}

/// What every loaded module binds.
#[derive(Default)]
pub struct Surroundings {
    /// By the address of a module's namespace.
    modules: AddressMap<Vec<Bound>>,
}

/// A root to be walked: its name and its object; null where the name is gone.
pub(crate) struct ChangedName {
    pub(crate) name: String,
    pub(crate) value: Address,
}

impl Surroundings {
    /// Takes down what the modules of a `sys.modules` bind.
    pub fn take(modules: Address) -> Surroundings {
        let mut surroundings = Surroundings::default();
        for (_, namespace) in namespaces(modules) {
            let bound = dict_items(namespace).map(|(key, value)| Bound {
                key: key.number(),
                print: print_of(value),
            });
            surroundings
                .modules
                .insert(namespace.number(), bound.collect());
        }
        surroundings
    }

    /// The names of modules that are bound to something else now, in the order of `sys.modules`.
    pub(crate) fn changes(&self, modules: Address) -> Vec<ChangedName> {
        let mut changed = Vec::new();
        for (name, namespace) in namespaces(modules) {
            let before = self.modules.get(&namespace.number());
            let mut met = 0;
            for (key, value) in dict_items(namespace) {
                let known = before.and_then(|before| {
                    // Names hardly ever move: the next one is nearly always the right one.
                    let next = before.get(met).filter(|bound| bound.key == key.number());
                    next.or_else(|| before.iter().find(|bound| bound.key == key.number()))
                });
                met += usize::from(known.is_some());
                let is_of_import =
                    known.is_none() && OF_IMPORT.iter().any(|name| is_key(key, name));
                if !is_of_import && known.is_none_or(|known| known.print != print_of(value)) {
                    changed.push(ChangedName {
                        name: format!("{name}.{}", name_of_key(key)),
                        value,
                    });
                }
                if changed.len() >= MOST_ROOTS {
                    return changed;
                }
            }
            let gone = before.map_or(0, |before| before.len().saturating_sub(met));
            if gone > 0 {
                changed.push(ChangedName {
                    name: format!("{name}: {gone} names are gone"),
                    value: Address::at(0),
                });
            }
        }
        changed
    }
}

fn is_key(key: Address, name: &str) -> bool {
    key.type_of().tp_flags.get() & Py_TPFLAGS_UNICODE_SUBCLASS != 0 && str_is(key, name)
}

fn name_of_key(key: Address) -> String {
    if key.type_of().tp_flags.get() & Py_TPFLAGS_UNICODE_SUBCLASS != 0 {
        str_text(key)
    } else {
        render(key)
    }
}

/// The namespaces of the modules with their names; the program's own is walked from its own root.
fn namespaces(modules: Address) -> impl Iterator<Item = (String, Address)> {
    let is_dict =
        !modules.is_null() && modules.type_of().tp_flags.get() & Py_TPFLAGS_DICT_SUBCLASS != 0;
    let entries = is_dict.then(|| dict_items(modules));
    entries.into_iter().flatten().filter_map(|(key, module)| {
        let name = name_of_key(key);
        let is_module = matches!(layout_of_instances(module.type_of()), Layout::Module);
        if !is_module || name == "__main__" {
            return None;
        }
        let namespace = Address::of(module.view::<PyModuleObject>().md_dict.get());
        (!namespace.is_null()).then_some((name, namespace))
    })
}

fn mix(digest: u64, number: usize) -> u64 {
    let mixed = (digest ^ number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

/// A number that changes when a name is bound to something else, or its container holds something else.
fn print_of(value: Address) -> u64 {
    let start = mix(1, value.number());
    let flags = value.type_of().tp_flags.get();
    if flags & Py_TPFLAGS_LIST_SUBCLASS != 0 {
        let list = value.view::<PyListObject>();
        let items = Address::of(list.ob_item.get());
        let items = items.table::<usize>(list.ob_size.get().max(0) as usize);
        return items.iter().fold(start, |digest, item| mix(digest, *item));
    }
    if flags & Py_TPFLAGS_DICT_SUBCLASS != 0 {
        return dict_items(value).fold(start, |digest, (key, value)| {
            mix(mix(digest, key.number()), value.number())
        });
    }
    if matches!(layout_of_instances(value.type_of()), Layout::Set) {
        let set = value.view::<PySetObject>();
        let table = Address::of(set.table.get()).table::<setentry>(set.mask.get() as usize + 1);
        return table
            .iter()
            .fold(start, |digest, entry| mix(digest, entry.key.get() as usize));
    }
    start
}
