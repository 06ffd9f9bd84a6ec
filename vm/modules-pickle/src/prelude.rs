//! What nearly every file of this crate uses.

#![allow(unused_imports, reason = "a prelude offers more than each file takes")]

pub use crate::pickler::PicklerObject;
pub(crate) use crate::state::{self, pickling_error, shown, unpickling_error};
pub use crate::unpickler::UnpicklerObject;
pub use twinheap_objects::prelude::*;
