//! The catalogue of fields: each with its struct, name, offset and size, taken from `twinheap-abi`.

use std::mem::offset_of;

use twinheap_abi::*;

/// A field of a struct of CPython's.
#[derive(Clone, Copy, Debug)]
pub struct FieldDefinition {
    pub owner: &'static str,
    pub name: &'static str,
    pub offset: i32,
    pub size: u32,
}

/// The number of a field in [`FIELDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldId(pub u16);

impl FieldId {
    pub fn definition(self) -> &'static FieldDefinition {
        &FIELDS[self.0 as usize]
    }
}

const fn size_of_field<S, F>(_: fn(&S) -> &F) -> u32 {
    size_of::<F>() as u32
}

macro_rules! catalogue {
    (
        real { $($id:ident = $owner:ident . $name:ident,)* }
        derived { $($derived:ident = $derived_owner:literal, $derived_name:literal, $offset:expr, $size:expr;)* }
    ) => {
        #[expect(non_camel_case_types, reason = "the names are those of the constants below")]
        #[repr(u16)]
        enum Number { $($id,)* $($derived,)* }
        $(pub const $id: FieldId = FieldId(Number::$id as u16);)*
        $(pub const $derived: FieldId = FieldId(Number::$derived as u16);)*
        /// Every field that can occur in an image.
        pub static FIELDS: &[FieldDefinition] = &[
            $(FieldDefinition {
                owner: stringify!($owner),
                name: stringify!($name),
                offset: offset_of!($owner, $name) as i32,
                size: size_of_field(|owner: &$owner| &owner.$name),
            },)*
            $(FieldDefinition { owner: $derived_owner, name: $derived_name, offset: $offset, size: $size },)*
        ];
    };
}

catalogue! {
    real {
        OB_REFCNT = PyObject.ob_refcnt,
        OB_TYPE = PyObject.ob_type,
        OB_SIZE = PyVarObject.ob_size,
        OB_DIGIT = PyLongObject.ob_digit,
        OB_FVAL = PyFloatObject.ob_fval,
        COMPLEX_CVAL = PyComplexObject.cval,
        STR_LENGTH = PyASCIIObject.length,
        STR_HASH = PyASCIIObject.hash,
        STR_STATE = PyASCIIObject.state,
        STR_UTF8_LENGTH = PyCompactUnicodeObject.utf8_length,
        STR_UTF8 = PyCompactUnicodeObject.utf8,
        OB_SHASH = PyBytesObject.ob_shash,
        OB_SVAL = PyBytesObject.ob_sval,
        OB_ALLOC = PyByteArrayObject.ob_alloc,
        OB_START = PyByteArrayObject.ob_start,
        OB_BYTES = PyByteArrayObject.ob_bytes,
        OB_EXPORTS = PyByteArrayObject.ob_exports,
        MV_MBUF = PyMemoryViewObject.mbuf,
        MV_HASH = PyMemoryViewObject.hash,
        MV_FLAGS = PyMemoryViewObject.flags,
        MV_EXPORTS = PyMemoryViewObject.exports,
        MV_VIEW = PyMemoryViewObject.view,
        MV_WEAKREFLIST = PyMemoryViewObject.weakreflist,
        MB_MASTER = _PyManagedBufferObject.master,
        MB_FLAGS = _PyManagedBufferObject.flags,
        MB_EXPORTS = _PyManagedBufferObject.exports,
        LIST_ITEM = PyListObject.ob_item,
        LIST_ALLOCATED = PyListObject.allocated,
        D_QUALNAME = PyDescrObject.d_qualname,
        TUPLE_ITEM = PyTupleObject.ob_item,
        MA_USED = PyDictObject.ma_used,
        MA_VERSION_TAG = PyDictObject.ma_version_tag,
        MA_KEYS = PyDictObject.ma_keys,
        MA_VALUES = PyDictObject.ma_values,
        DK_REFCNT = PyDictKeysObject.dk_refcnt,
        DK_LOG2_SIZE = PyDictKeysObject.dk_log2_size,
        DK_LOG2_INDEX_BYTES = PyDictKeysObject.dk_log2_index_bytes,
        DK_KIND = PyDictKeysObject.dk_kind,
        DK_VERSION = PyDictKeysObject.dk_version,
        DK_USABLE = PyDictKeysObject.dk_usable,
        DK_NENTRIES = PyDictKeysObject.dk_nentries,
        DK_INDICES = PyDictKeysObject.dk_indices,
        ME_HASH = PyDictKeyEntry.me_hash,
        ME_KEY = PyDictKeyEntry.me_key,
        ME_VALUE = PyDictKeyEntry.me_value,
        UNICODE_ME_KEY = PyDictUnicodeEntry.me_key,
        UNICODE_ME_VALUE = PyDictUnicodeEntry.me_value,
        DICT_VALUES = PyDictValues.values,
        DV_DICT = _PyDictViewObject.dv_dict,
        DI_DICT = dictiterobject.di_dict,
        DI_USED = dictiterobject.di_used,
        DI_POS = dictiterobject.di_pos,
        DI_LEN = dictiterobject.len,
        SET_FILL = PySetObject.fill,
        SET_USED = PySetObject.used,
        SET_MASK = PySetObject.mask,
        SET_TABLE = PySetObject.table,
        SET_HASH = PySetObject.hash,
        SET_FINGER = PySetObject.finger,
        SET_ENTRY_KEY = setentry.key,
        SET_ENTRY_HASH = setentry.hash,
        SI_SET = setiterobject.si_set,
        SI_USED = setiterobject.si_used,
        SI_POS = setiterobject.si_pos,
        SI_LEN = setiterobject.len,
        IT_INDEX = _PyListIterObject.it_index,
        IT_SEQ = _PyListIterObject.it_seq,
        IT_CALLABLE = calliterobject.it_callable,
        IT_SENTINEL = calliterobject.it_sentinel,
        RANGE_START = rangeobject.start,
        RANGE_STOP = rangeobject.stop,
        RANGE_STEP = rangeobject.step,
        RANGE_LENGTH = rangeobject.length,
        RANGE_IT_INDEX = _PyRangeIterObject.index,
        RANGE_IT_START = _PyRangeIterObject.start,
        RANGE_IT_STEP = _PyRangeIterObject.step,
        RANGE_IT_LEN = _PyRangeIterObject.len,
        LONG_RANGE_IT_INDEX = longrangeiterobject.index,
        LONG_RANGE_IT_START = longrangeiterobject.start,
        LONG_RANGE_IT_STEP = longrangeiterobject.step,
        LONG_RANGE_IT_LEN = longrangeiterobject.len,
        SLICE_START = PySliceObject.start,
        SLICE_STOP = PySliceObject.stop,
        SLICE_STEP = PySliceObject.step,
        EN_INDEX = enumobject.en_index,
        EN_SIT = enumobject.en_sit,
        EN_LONGINDEX = enumobject.en_longindex,
        REVERSED_INDEX = reversedobject.index,
        REVERSED_SEQ = reversedobject.seq,
        FUNC_GLOBALS = PyFunctionObject.func_globals,
        FUNC_BUILTINS = PyFunctionObject.func_builtins,
        FUNC_NAME = PyFunctionObject.func_name,
        FUNC_QUALNAME = PyFunctionObject.func_qualname,
        FUNC_CODE = PyFunctionObject.func_code,
        FUNC_DEFAULTS = PyFunctionObject.func_defaults,
        FUNC_KWDEFAULTS = PyFunctionObject.func_kwdefaults,
        FUNC_CLOSURE = PyFunctionObject.func_closure,
        FUNC_DOC = PyFunctionObject.func_doc,
        FUNC_DICT = PyFunctionObject.func_dict,
        FUNC_WEAKREFLIST = PyFunctionObject.func_weakreflist,
        FUNC_MODULE = PyFunctionObject.func_module,
        FUNC_ANNOTATIONS = PyFunctionObject.func_annotations,
        FUNC_VECTORCALL = PyFunctionObject.vectorcall,
        FUNC_VERSION = PyFunctionObject.func_version,
        M_ML = PyCFunctionObject.m_ml,
        M_SELF = PyCFunctionObject.m_self,
        M_MODULE = PyCFunctionObject.m_module,
        IM_FUNC = PyMethodObject.im_func,
        IM_SELF = PyMethodObject.im_self,
        D_TYPE = PyDescrObject.d_type,
        D_NAME = PyDescrObject.d_name,
        D_MEMBER = PyMemberDescrObject.d_member,
        WRAPPER_DESCR = wrapperobject.descr,
        WRAPPER_SELF = wrapperobject.self_,
        PROXY_MAPPING = mappingproxyobject.mapping,
        PROP_GET = propertyobject.prop_get,
        PROP_SET = propertyobject.prop_set,
        PROP_DEL = propertyobject.prop_del,
        PROP_DOC = propertyobject.prop_doc,
        PROP_NAME = propertyobject.prop_name,
        GETTER_DOC = propertyobject.getter_doc,
        CM_CALLABLE = classmethodobject.cm_callable,
        CM_DICT = classmethodobject.cm_dict,
        SUPER_TYPE = superobject.type_,
        SUPER_OBJ = superobject.obj,
        SUPER_OBJ_TYPE = superobject.obj_type,
        OB_REF = PyCellObject.ob_ref,
        WR_OBJECT = PyWeakReference.wr_object,
        WR_CALLBACK = PyWeakReference.wr_callback,
        WR_HASH = PyWeakReference.hash,
        CO_CONSTS = PyCodeObject.co_consts,
        CO_NAMES = PyCodeObject.co_names,
        CO_EXCEPTIONTABLE = PyCodeObject.co_exceptiontable,
        CO_FLAGS_FIELD = PyCodeObject.co_flags,
        CO_WARMUP = PyCodeObject.co_warmup,
        CO_WEAKREFLIST = PyCodeObject.co_weakreflist,
        CO_EXTRA = PyCodeObject.co_extra,
        CO_LINEARRAY_ENTRY_SIZE = PyCodeObject._co_linearray_entry_size,
        CO_ARGCOUNT = PyCodeObject.co_argcount,
        CO_POSONLYARGCOUNT = PyCodeObject.co_posonlyargcount,
        CO_KWONLYARGCOUNT = PyCodeObject.co_kwonlyargcount,
        CO_STACKSIZE = PyCodeObject.co_stacksize,
        CO_FIRSTLINENO = PyCodeObject.co_firstlineno,
        CO_NLOCALSPLUS = PyCodeObject.co_nlocalsplus,
        CO_NLOCALS = PyCodeObject.co_nlocals,
        CO_NPLAINCELLVARS = PyCodeObject.co_nplaincellvars,
        CO_NCELLVARS = PyCodeObject.co_ncellvars,
        CO_NFREEVARS = PyCodeObject.co_nfreevars,
        CO_LOCALSPLUSNAMES = PyCodeObject.co_localsplusnames,
        CO_LOCALSPLUSKINDS = PyCodeObject.co_localspluskinds,
        CO_FILENAME = PyCodeObject.co_filename,
        CO_NAME = PyCodeObject.co_name,
        CO_QUALNAME = PyCodeObject.co_qualname,
        CO_LINETABLE = PyCodeObject.co_linetable,
        CO_FIRSTTRACEABLE = PyCodeObject._co_firsttraceable,
        CO_CACHED_CODE = PyCodeObject._co_code,
        CO_CODE_ADAPTIVE = PyCodeObject.co_code_adaptive,
        FRAME_BACK = PyFrameObject.f_back,
        FRAME_TRACE = PyFrameObject.f_trace,
        FRAME_LINENO = PyFrameObject.f_lineno,
        FRAME_TRACE_OPCODES = PyFrameObject.f_trace_opcodes,
        FRAME_TRACE_LINES = PyFrameObject.f_trace_lines,
        IFRAME_FUNC = _PyInterpreterFrame.f_func,
        IFRAME_GLOBALS = _PyInterpreterFrame.f_globals,
        IFRAME_BUILTINS = _PyInterpreterFrame.f_builtins,
        IFRAME_LOCALS = _PyInterpreterFrame.f_locals,
        IFRAME_CODE = _PyInterpreterFrame.f_code,
        IFRAME_PREV_INSTR = _PyInterpreterFrame.prev_instr,
        IFRAME_STACKTOP = _PyInterpreterFrame.stacktop,
        IFRAME_OWNER = _PyInterpreterFrame.owner,
        IFRAME_LOCALSPLUS = _PyInterpreterFrame.localsplus,
        GI_CODE = PyGenObject.gi_code,
        GI_NAME = PyGenObject.gi_name,
        GI_QUALNAME = PyGenObject.gi_qualname,
        GI_CLOSED = PyGenObject.gi_closed,
        GI_FRAME_STATE = PyGenObject.gi_frame_state,
        GI_WEAKREFLIST = PyGenObject.gi_weakreflist,
        GI_ORIGIN_OR_FINALIZER = PyGenObject.gi_origin_or_finalizer,
        GI_HOOKS_INITED = PyGenObject.gi_hooks_inited,
        GI_RUNNING_ASYNC = PyGenObject.gi_running_async,
        EXC_DICT = PyBaseExceptionObject.dict,
        EXC_ARGS = PyBaseExceptionObject.args,
        EXC_NOTES = PyBaseExceptionObject.notes,
        EXC_TRACEBACK = PyBaseExceptionObject.traceback,
        EXC_CONTEXT = PyBaseExceptionObject.context,
        EXC_CAUSE = PyBaseExceptionObject.cause,
        EXC_SUPPRESS_CONTEXT = PyBaseExceptionObject.suppress_context,
        GROUP_MSG = PyBaseExceptionGroupObject.msg,
        GROUP_EXCS = PyBaseExceptionGroupObject.excs,
        SYNTAX_MSG = PySyntaxErrorObject.msg,
        SYNTAX_FILENAME = PySyntaxErrorObject.filename,
        SYNTAX_LINENO = PySyntaxErrorObject.lineno,
        SYNTAX_OFFSET = PySyntaxErrorObject.offset,
        SYNTAX_END_LINENO = PySyntaxErrorObject.end_lineno,
        SYNTAX_END_OFFSET = PySyntaxErrorObject.end_offset,
        SYNTAX_TEXT = PySyntaxErrorObject.text,
        IMPORT_MSG = PyImportErrorObject.msg,
        IMPORT_NAME = PyImportErrorObject.name,
        IMPORT_PATH = PyImportErrorObject.path,
        UNICODE_ENCODING = PyUnicodeErrorObject.encoding,
        UNICODE_OBJECT = PyUnicodeErrorObject.object,
        UNICODE_START = PyUnicodeErrorObject.start,
        UNICODE_END = PyUnicodeErrorObject.end,
        UNICODE_REASON = PyUnicodeErrorObject.reason,
        EXIT_CODE = PySystemExitObject.code,
        OS_ERRNO = PyOSErrorObject.myerrno,
        OS_STRERROR = PyOSErrorObject.strerror,
        OS_FILENAME = PyOSErrorObject.filename,
        OS_FILENAME2 = PyOSErrorObject.filename2,
        OS_WRITTEN = PyOSErrorObject.written,
        STOP_VALUE = PyStopIterationObject.value,
        NAME_NAME = PyNameErrorObject.name,
        ATTRIBUTE_OBJ = PyAttributeErrorObject.obj,
        ATTRIBUTE_NAME = PyAttributeErrorObject.name,
        TB_NEXT = PyTracebackObject.tb_next,
        TB_FRAME = PyTracebackObject.tb_frame,
        TB_LASTI = PyTracebackObject.tb_lasti,
        TB_LINENO = PyTracebackObject.tb_lineno,
        TP_NAME = PyTypeObject.tp_name,
        TP_BASICSIZE = PyTypeObject.tp_basicsize,
        TP_ITEMSIZE = PyTypeObject.tp_itemsize,
        TP_VECTORCALL_OFFSET = PyTypeObject.tp_vectorcall_offset,
        TP_FLAGS = PyTypeObject.tp_flags,
        TP_DOC = PyTypeObject.tp_doc,
        TP_WEAKLISTOFFSET = PyTypeObject.tp_weaklistoffset,
        TP_BASE = PyTypeObject.tp_base,
        TP_DICT = PyTypeObject.tp_dict,
        TP_DICTOFFSET = PyTypeObject.tp_dictoffset,
        TP_BASES = PyTypeObject.tp_bases,
        TP_MRO = PyTypeObject.tp_mro,
        TP_VERSION_TAG = PyTypeObject.tp_version_tag,
        TP_WEAKLIST = PyTypeObject.tp_weaklist,
        HT_NAME = PyHeapTypeObject.ht_name,
        HT_SLOTS = PyHeapTypeObject.ht_slots,
        HT_QUALNAME = PyHeapTypeObject.ht_qualname,
        HT_CACHED_KEYS = PyHeapTypeObject.ht_cached_keys,
        HT_MODULE = PyHeapTypeObject.ht_module,
    }
    derived {
        GC_TRACKED = "PyGC_Head", "tracked", -16, 8;
        GC_FLAGS = "PyGC_Head", "flags", -8, 8;
        STR_DATA = "PyUnicodeObject", "data", 0, 0;
        STR_WSTR = "PyASCIIObject", "wstr", 40, 8;
        VALUES_PREFIX = "PyDictValues", "prefix", -2, 2;
        VALUES_ORDER = "PyDictValues", "insertion_order", -3, 1;
        MANAGED_DICT = "PyObject", "managed_dict", -24, 8;
        MANAGED_VALUES = "PyObject", "managed_values", -32, 8;
        INSTANCE_DICT = "PyObject", "instance_dict", 0, 8;
        INSTANCE_SLOT_NAME = "PyObject", "slot_name", 0, 8;
        INSTANCE_SLOT = "PyObject", "slot", 0, 8;
        INSTANCE_WEAKREFS = "PyObject", "weakreflist", 0, 8;
        SET_IN_PLACE = "PySetObject", "table_in_place", 64, 0;
        CO_QUICKENED = "PyCodeObject", "opcode", 168, 2;
        CO_CACHE = "PyCodeObject", "cache", 168, 2;
        CO_CACHE_OBJECT = "PyCodeObject", "cached_method", 168, 2;
        NATIVE_EDGE = "PyObject", "edge", 0, 8;
        NATIVE_WORD = "PyObject", "word", 0, 8;
        NATIVE_HALF = "PyObject", "half", 0, 4;
        VIEW_OBJ = "Py_buffer", "obj", 8, 8;
        VIEW_BUF = "Py_buffer", "buf", 0, 8;
        VIEW_LEN = "Py_buffer", "len", 16, 8;
        VIEW_ITEMSIZE = "Py_buffer", "itemsize", 24, 8;
        VIEW_READONLY = "Py_buffer", "readonly", 32, 4;
        VIEW_NDIM = "Py_buffer", "ndim", 36, 4;
        VIEW_FORMAT = "Py_buffer", "format", 40, 8;
        VIEW_SHAPE = "Py_buffer", "shape", 48, 8;
        VIEW_STRIDES = "Py_buffer", "strides", 56, 8;
        VIEW_SUBOFFSETS = "Py_buffer", "suboffsets", 64, 8;
        GI_EXC_VALUE = "_PyErr_StackItem", "exc_value", 0, 8;
        TP_SUBCLASS = "PyTypeObject", "tp_subclasses", 360, 8;
        TP_SLOTS_INHERITED = "PyTypeObject", "slots_inherited", 48, 8;
        SET_MEMBER = "setentry", "key_by_identity", 0, 8;
        TP_VERSION_VALID = "PyTypeObject", "version_tag_valid", 168, 8;
        TP_SLOTS = "PyTypeObject", "slots_set", 48, 8;
        AS_ASYNC_SLOTS = "PyHeapTypeObject", "as_async_set", 408, 8;
        AS_NUMBER_SLOTS = "PyHeapTypeObject", "as_number_set", 440, 8;
        AS_MAPPING_SLOTS = "PyHeapTypeObject", "as_mapping_set", 728, 8;
        AS_SEQUENCE_SLOTS = "PyHeapTypeObject", "as_sequence_set", 752, 8;
        AS_BUFFER_SLOTS = "PyHeapTypeObject", "as_buffer_set", 832, 8;
        TP_SUBCLASSES = "PyTypeObject", "tp_subclasses_count", 360, 8;
        HT_MEMBER_NAME = "PyHeapTypeObject", "member_name", 904, 8;
        HT_MEMBER_OFFSET = "PyHeapTypeObject", "member_offset", 904, 8;
        METHOD_FLAGS = "PyMethodDef", "ml_flags", 16, 4;
        MEMBER_OFFSET = "PyMemberDef", "offset", 16, 8;
        OPAQUE_SIZE = "PyObject", "opaque_bytes", 0, 0;
    }
}

/// A number that changes when the catalogue does, so that two workers compare digests of one form only.
pub fn fingerprint() -> u64 {
    FIELDS.iter().fold(FIELDS.len() as u64, |total, field| {
        let key = twinheap_observation::masks::field_key(field.owner, field.name);
        total.rotate_left(5) ^ key ^ u64::from(field.size) ^ (field.offset as u64) << 32
    })
}
