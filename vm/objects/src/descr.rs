//! Descriptors of native types (`Objects/descrobject.c`): methods, class methods, members, computed
//! attributes, slot wrappers; and staticmethod, classmethod, property.

mod access;
mod decorators;
mod property;

pub use access::*;
pub use decorators::*;
pub use property::PyProperty_Type;
