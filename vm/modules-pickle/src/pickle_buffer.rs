//! `pickle.PickleBuffer` (`Objects/picklebufobject.c`): a wrapper around memory that a pickler may
//! leave out of the pickle.

use crate::prelude::*;
use twinheap_objects::buffer::HeldBuffer;

object_struct! {
    /// `PyPickleBufferObject`.
    pub struct PickleBufferObject {
        view: HeldBuffer,
        weakreflist: Cell<*const PyObject>,
    }
}

const _: () = assert!(size_of::<PickleBufferObject>() == 104);

typed!(PickleBufferObject, PyPickleBuffer_Type);

fn released() -> Raised {
    value_error("operation forbidden on released PickleBuffer object")
}

impl PickleBufferObject {
    fn exporter(&self) -> PyResult {
        // SAFETY: a view that is held owns its exporter.
        unsafe { self.view.view().obj.as_ref() }
            .map(Own::new)
            .ok_or_else(released)
    }

    /// The bytes, whether they are read-only, and whether they lie in one piece.
    pub fn content(&self) -> PyResult<(Vec<u8>, bool, bool)> {
        drop(self.exporter()?);
        let contiguous = self.view.is_contiguous();
        let data = if contiguous {
            self.view.data().to_vec()
        } else {
            Vec::new()
        };
        Ok((data, self.view.view().readonly != 0, contiguous))
    }
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "PickleBuffer",
        parameters: &[""],
        required: 1,
        positional: 1,
    };
    let [base] = call::bind_tuple::<1>(&SIGNATURE, args, kwargs)?;
    let made = PickleBufferObject::alloc(type_)?;
    made.view.fill(base.expect("required"))?;
    Ok(made.upcast())
}

fn raw(this: &PickleBufferObject) -> PyResult {
    let exporter = this.exporter()?;
    drop(exporter);
    if !this.view.is_contiguous() {
        return Err(errors::buffer_error(
            "cannot extract raw buffer from non-contiguous buffer",
        ));
    }
    let made = memoryview::from_object(this.as_object())?;
    let Some(object) = made.downcast_ref::<PyMemoryViewObject>() else {
        return Err(errors::system_error("a memoryview that is none"));
    };
    // SAFETY: a fresh memoryview that nobody else sees yet; the fields point into itself.
    unsafe {
        let view = &mut *object.view.get();
        view.format = c"B".as_ptr().cast_mut();
        view.ndim = 1;
        view.itemsize = 1;
        view.strides = &mut view.itemsize;
        view.shape = &mut view.len;
        view.suboffsets = std::ptr::null_mut();
    }
    const C_AND_FORTRAN: c_int = 0x2 | 0x4;
    object.flags.set(C_AND_FORTRAN);
    Ok(made)
}

fn release(this: &PickleBufferObject) -> PyResult {
    clear(this);
    Ok(none())
}

unsafe extern "C" fn get_buffer(this: *mut PyObject, view: *mut Py_buffer, flags: c_int) -> c_int {
    // SAFETY: only called with instances of the type, and with a valid view.
    unsafe {
        let object: &PickleBufferObject = &*this.cast();
        (*view).obj = std::ptr::null_mut();
        match object.exporter() {
            Err(_) => -1,
            Ok(exporter) => {
                drop(exporter);
                match object.view.lend(view, flags) {
                    Ok(()) => 0,
                    Err(_) => -1,
                }
            }
        }
    }
}

fn traverse(this: &PickleBufferObject, visitor: &mut Visitor) {
    visitor.pointer(this.view.view().obj);
}

fn clear(this: &PickleBufferObject) {
    this.view.release();
}

methods! {
    static METHODS:
    "raw" => noargs(raw);
    "release" => noargs(release);
}

static_type! {
    /// `pickle.PickleBuffer`.
    PyPickleBuffer_Type = "pickle.PickleBuffer", size size_of::<PickleBufferObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    buffer { bf_getbuffer: Some(get_buffer), }
    tp_dealloc: slot!(dealloc PickleBufferObject::dealloc),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_weaklistoffset: offset_of!(PickleBufferObject, weakreflist) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_new: slot!(new new),
}
