//! `probe`: asks a C compiler and CPython's own headers for sizes and offsets, and compares `vm/abi` with them.

use std::collections::BTreeMap;
use std::fs;
use std::mem::{offset_of, size_of};
use std::process::Command;

use clap::Args;
use twinheap_abi::*;

use crate::settings;

#[derive(Args)]
pub struct ProbeArguments {
    /// Print every size and offset, not only what differs.
    #[arg(long)]
    all: bool,
}

/// A fact about a struct: its size, or the offset of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// `PyListObject`, or `PyListObject.allocated`.
    pub name: String,
    /// The C expression that gives the same number.
    pub expression: String,
    pub value: usize,
}

macro_rules! structs {
    ($($owner:ident as $c_type:literal { $($field:ident $(as $c_field:literal)?),* $(,)? })*) => {
        /// What `vm/abi` says.
        pub fn facts() -> Vec<Fact> {
            let mut facts = Vec::new();
            $(
                facts.push(Fact {
                    name: stringify!($owner).to_owned(),
                    expression: format!("sizeof({})", $c_type),
                    value: size_of::<$owner>(),
                });
                $(
                    #[allow(unused_mut, unused_assignments, reason = "only some fields have another name in C")]
                    let mut c_field = stringify!($field);
                    $(c_field = $c_field;)?
                    facts.push(Fact {
                        name: format!("{}.{}", stringify!($owner), stringify!($field)),
                        expression: format!("offsetof({}, {c_field})", $c_type),
                        value: offset_of!($owner, $field),
                    });
                )*
            )*
            facts
        }
    };
}

structs! {
    PyObject as "PyObject" { ob_refcnt, ob_type }
    PyVarObject as "PyVarObject" { ob_size }
    PyGC_Head as "PyGC_Head" { _gc_next, _gc_prev }
    PyTypeObject as "PyTypeObject" {
        tp_name, tp_basicsize, tp_itemsize, tp_dealloc, tp_vectorcall_offset, tp_getattr, tp_setattr, tp_as_async,
        tp_repr, tp_as_number, tp_as_sequence, tp_as_mapping, tp_hash, tp_call, tp_str, tp_getattro, tp_setattro,
        tp_as_buffer, tp_flags, tp_doc, tp_traverse, tp_clear, tp_richcompare, tp_weaklistoffset, tp_iter,
        tp_iternext, tp_methods, tp_members, tp_getset, tp_base, tp_dict, tp_descr_get, tp_descr_set, tp_dictoffset,
        tp_init, tp_alloc, tp_new, tp_free, tp_is_gc, tp_bases, tp_mro, tp_cache, tp_subclasses, tp_weaklist,
        tp_del, tp_version_tag, tp_finalize, tp_vectorcall,
    }
    PyHeapTypeObject as "PyHeapTypeObject" {
        as_async, as_number, as_mapping, as_sequence, as_buffer, ht_name, ht_slots, ht_qualname, ht_cached_keys,
        ht_module, _ht_tpname, _spec_cache,
    }
    PyNumberMethods as "PyNumberMethods" { nb_add, nb_power, nb_bool, nb_index, nb_inplace_matrix_multiply }
    PySequenceMethods as "PySequenceMethods" { sq_length, sq_item, sq_contains, sq_inplace_repeat }
    PyMappingMethods as "PyMappingMethods" { mp_length, mp_subscript, mp_ass_subscript }
    PyAsyncMethods as "PyAsyncMethods" { am_await, am_send }
    PyBufferProcs as "PyBufferProcs" { bf_getbuffer, bf_releasebuffer }
    Py_buffer as "Py_buffer" { buf, len, itemsize, readonly, ndim, format, shape, strides, internal }
    PyMethodDef as "PyMethodDef" { ml_name, ml_meth, ml_flags, ml_doc }
    PyMemberDef as "PyMemberDef" { name, type_ as "type", offset, flags, doc }
    PyGetSetDef as "PyGetSetDef" { name, get, set, doc, closure }
    PyLongObject as "PyLongObject" { ob_digit }
    PyFloatObject as "PyFloatObject" { ob_fval }
    PyComplexObject as "PyComplexObject" { cval }
    PyASCIIObject as "PyASCIIObject" { length, hash, state, wstr }
    PyCompactUnicodeObject as "PyCompactUnicodeObject" { utf8_length, utf8, wstr_length }
    PyUnicodeObject as "PyUnicodeObject" { data }
    PyBytesObject as "PyBytesObject" { ob_shash, ob_sval }
    PyByteArrayObject as "PyByteArrayObject" { ob_alloc, ob_bytes, ob_start, ob_exports }
    PyMemoryViewObject as "PyMemoryViewObject" { mbuf, hash, flags, exports, view, weakreflist, ob_array }
    _PyManagedBufferObject as "_PyManagedBufferObject" { flags, exports, master }
    PyListObject as "PyListObject" { ob_item, allocated }
    PyTupleObject as "PyTupleObject" { ob_item }
    PyDictObject as "PyDictObject" { ma_used, ma_version_tag, ma_keys, ma_values }
    PyDictKeysObject as "struct _dictkeysobject" {
        dk_refcnt, dk_log2_size, dk_log2_index_bytes, dk_kind, dk_version, dk_usable, dk_nentries, dk_indices,
    }
    PyDictKeyEntry as "PyDictKeyEntry" { me_hash, me_key, me_value }
    PyDictUnicodeEntry as "PyDictUnicodeEntry" { me_key, me_value }
    PyDictValues as "struct _dictvalues" { values }
    _PyDictViewObject as "_PyDictViewObject" { dv_dict }
    PySetObject as "PySetObject" { fill, used, mask, table, hash, finger, smalltable, weakreflist }
    setentry as "setentry" { key, hash }
    PySliceObject as "PySliceObject" { start, stop, step }
    PyFunctionObject as "PyFunctionObject" {
        func_globals, func_builtins, func_name, func_qualname, func_code, func_defaults, func_kwdefaults,
        func_closure, func_doc, func_dict, func_weakreflist, func_module, func_annotations, vectorcall, func_version,
    }
    PyCFunctionObject as "PyCFunctionObject" { m_ml, m_self, m_module, m_weakreflist, vectorcall }
    PyMethodObject as "PyMethodObject" { im_func, im_self, im_weakreflist, vectorcall }
    PyDescrObject as "PyDescrObject" { d_type, d_name, d_qualname }
    PyMethodDescrObject as "PyMethodDescrObject" { d_method, vectorcall }
    PyMemberDescrObject as "PyMemberDescrObject" { d_member }
    PyGetSetDescrObject as "PyGetSetDescrObject" { d_getset }
    PyWrapperDescrObject as "PyWrapperDescrObject" { d_base, d_wrapped }
    wrapperbase as "struct wrapperbase" { name, offset, function, wrapper, doc, flags, name_strobj }
    PyCellObject as "PyCellObject" { ob_ref }
    PyModuleObject as "PyModuleObject" { md_dict, md_def, md_state, md_weaklist, md_name }
    PyWeakReference as "PyWeakReference" { wr_object, wr_callback, hash, wr_prev, wr_next, vectorcall }
    PyCodeObject as "PyCodeObject" {
        co_consts, co_names, co_exceptiontable, co_flags, co_warmup, _co_linearray_entry_size, co_argcount,
        co_posonlyargcount, co_kwonlyargcount, co_stacksize, co_firstlineno, co_nlocalsplus, co_nlocals,
        co_nplaincellvars, co_ncellvars, co_nfreevars, co_localsplusnames, co_localspluskinds, co_filename, co_name,
        co_qualname, co_linetable, co_weakreflist, _co_code, _co_linearray, _co_firsttraceable, co_extra,
        co_code_adaptive,
    }
    _PyInterpreterFrame as "_PyInterpreterFrame" {
        f_func, f_globals, f_builtins, f_locals, f_code, frame_obj, previous, prev_instr, stacktop, is_entry, owner,
        localsplus,
    }
    PyFrameObject as "struct _frame" {
        f_back, f_frame, f_trace, f_lineno, f_trace_lines, f_trace_opcodes, f_fast_as_locals, _f_frame_data,
    }
    PyGenObject as "PyGenObject" {
        gi_code, gi_weakreflist, gi_name, gi_qualname, gi_exc_state, gi_origin_or_finalizer, gi_hooks_inited,
        gi_closed, gi_running_async, gi_frame_state, gi_iframe,
    }
    PyBaseExceptionObject as "PyBaseExceptionObject" {
        dict, args, notes, traceback, context, cause, suppress_context,
    }
    PyBaseExceptionGroupObject as "PyBaseExceptionGroupObject" { msg, excs }
    PySyntaxErrorObject as "PySyntaxErrorObject" {
        msg, filename, lineno, offset, end_lineno, end_offset, text, print_file_and_line,
    }
    PyImportErrorObject as "PyImportErrorObject" { msg, name, path }
    PyUnicodeErrorObject as "PyUnicodeErrorObject" { encoding, object, start, end, reason }
    PySystemExitObject as "PySystemExitObject" { code }
    PyOSErrorObject as "PyOSErrorObject" { myerrno, strerror, filename, filename2, written }
    PyStopIterationObject as "PyStopIterationObject" { value }
    PyNameErrorObject as "PyNameErrorObject" { name }
    PyAttributeErrorObject as "PyAttributeErrorObject" { obj, name }
    PyTracebackObject as "PyTracebackObject" { tb_next, tb_frame, tb_lasti, tb_lineno }
}

/// The C program: one line for each fact.
fn probe_source(facts: &[Fact]) -> String {
    let mut source = String::from(
        "#define Py_BUILD_CORE 1\n#include <Python.h>\n#include <stddef.h>\n#include <stdio.h>\n\
         #include <structmember.h>\n#include <internal/pycore_gc.h>\n#include <internal/pycore_dict.h>\n\
         #include <internal/pycore_frame.h>\n#include <internal/pycore_moduleobject.h>\n\
         #include <internal/pycore_object.h>\n\
         int main(void) {\n",
    );
    for fact in facts {
        source.push_str(&format!(
            "    printf(\"%s=%zu\\n\", \"{}\", (size_t){});\n",
            fact.name, fact.expression
        ));
    }
    source.push_str("    return 0;\n}\n");
    source
}

/// What the headers say of every fact.
pub fn ask_headers(facts: &[Fact]) -> Result<BTreeMap<String, usize>, String> {
    let run = |command: &mut Command, what: &str| -> Result<String, String> {
        let output = command
            .output()
            .map_err(|error| format!("{what} cannot be started: {error}"))?;
        if !output.status.success() {
            return Err(format!(
                "{what} fails:\n{}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let finder = settings::root().join(".cargo/find-python");
    let script = "import sysconfig; print(sysconfig.get_paths()['include'])";
    let include = run(
        Command::new(finder).args(["-I", "-c", script]),
        "the interpreter",
    )?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (source, binary) = (folder.path().join("probe.c"), folder.path().join("probe"));
    fs::write(&source, probe_source(facts)).map_err(|error| error.to_string())?;
    run(
        Command::new("cc")
            .arg("-w")
            .arg("-I")
            .arg(include.trim())
            .arg("-o")
            .arg(&binary)
            .arg(&source),
        "the C compiler",
    )?;
    let answer = run(&mut Command::new(&binary), "the probe")?;
    Ok(answer
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            Some((name.to_owned(), value.parse().ok()?))
        })
        .collect())
}

pub fn run(arguments: &ProbeArguments) -> Result<i32, String> {
    let facts = facts();
    let answers = ask_headers(&facts)?;
    let mut wrong = 0;
    for fact in &facts {
        let theirs = answers.get(&fact.name).copied();
        if theirs != Some(fact.value) {
            wrong += 1;
            println!("{}: abi {}, headers {theirs:?}", fact.name, fact.value);
        } else if arguments.all {
            println!("{}: {}", fact.name, fact.value);
        }
    }
    println!("{} sizes and offsets, {wrong} differ", facts.len());
    Ok(if wrong == 0 { 0 } else { settings::EXIT_NEW })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_twin_lies_in_memory_as_the_headers_say() {
        let facts = facts();
        let answers = ask_headers(&facts).expect("a C compiler and CPython's headers are needed");
        for fact in &facts {
            assert_eq!(Some(&fact.value), answers.get(&fact.name), "{}", fact.name);
        }
    }

    #[test]
    fn a_wrong_twin_is_found_out() {
        let wrong = Fact {
            name: "x".to_owned(),
            expression: "sizeof(PyListObject)".to_owned(),
            value: 1,
        };
        let answers = ask_headers(std::slice::from_ref(&wrong))
            .expect("a C compiler and CPython's headers are needed");
        assert_ne!(answers.get("x"), Some(&1));
    }
}
