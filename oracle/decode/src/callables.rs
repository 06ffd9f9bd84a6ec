//! Functions, methods, descriptors, cells, code, frames, generators and weak references.

use std::mem::offset_of;

use twinheap_abi::*;

use crate::code::{base_instructions, instruction_units};
use crate::fields;
use crate::layouts::Layout;
use crate::memory::{Address, c_text};
use crate::quickened::Counted;
use crate::walk::Decoder;

impl Decoder {
    pub(crate) fn write_callable(&mut self, address: Address, layout: Layout) {
        match layout {
            Layout::Function => self.write_function(address),
            Layout::Code => self.write_code(address),
            Layout::Frame => self.write_frame(address),
            Layout::Generator => self.write_generator(address),
            Layout::Cell => {
                self.reference(fields::OB_REF, address.view::<PyCellObject>().ob_ref.get())
            }
            Layout::Method => {
                let method = address.view::<PyMethodObject>();
                self.reference(fields::IM_FUNC, method.im_func.get());
                self.reference(fields::IM_SELF, method.im_self.get());
            }
            Layout::BuiltinFunction => {
                let function = address.view::<PyCFunctionObject>();
                let definition = Address::of(function.m_ml.get()).view::<PyMethodDef>();
                self.bytes(fields::M_ML, c_text(definition.ml_name));
                self.signed(fields::METHOD_FLAGS, i64::from(definition.ml_flags));
                self.reference(fields::M_SELF, function.m_self.get());
                self.reference(fields::M_MODULE, function.m_module.get());
            }
            _ => self.write_descriptor(address, layout),
        }
    }

    fn write_descriptor(&mut self, address: Address, layout: Layout) {
        match layout {
            Layout::Descriptor => {
                let descriptor = address.view::<PyDescrObject>();
                self.reference(fields::D_TYPE, descriptor.d_type.get());
                self.reference(fields::D_NAME, descriptor.d_name.get());
                self.reference(fields::D_QUALNAME, descriptor.d_qualname.get());
            }
            Layout::MemberDescriptor => {
                let descriptor = address.view::<PyMemberDescrObject>();
                self.reference(fields::D_TYPE, descriptor.d_type.get());
                self.reference(fields::D_NAME, descriptor.d_name.get());
                self.reference(
                    fields::D_QUALNAME,
                    address.view::<PyDescrObject>().d_qualname.get(),
                );
                let member = Address::of(descriptor.d_member.get()).view::<PyMemberDef>();
                self.signed(fields::MEMBER_OFFSET, member.offset as i64);
            }
            Layout::MethodWrapper => {
                let wrapper = address.view::<wrapperobject>();
                self.reference(fields::WRAPPER_DESCR, wrapper.descr.get());
                self.reference(fields::WRAPPER_SELF, wrapper.self_.get());
            }
            Layout::MappingProxy => {
                self.reference(
                    fields::PROXY_MAPPING,
                    address.view::<mappingproxyobject>().mapping.get(),
                );
            }
            Layout::Property => {
                let property = address.view::<propertyobject>();
                self.reference(fields::PROP_GET, property.prop_get.get());
                self.reference(fields::PROP_SET, property.prop_set.get());
                self.reference(fields::PROP_DEL, property.prop_del.get());
                self.reference(fields::PROP_DOC, property.prop_doc.get());
                self.reference(fields::PROP_NAME, property.prop_name.get());
                self.signed(fields::GETTER_DOC, i64::from(property.getter_doc.get()));
            }
            Layout::ClassMethod => {
                let method = address.view::<classmethodobject>();
                self.reference(fields::CM_CALLABLE, method.cm_callable.get());
                self.reference(fields::CM_DICT, method.cm_dict.get());
            }
            Layout::Super => {
                let object = address.view::<superobject>();
                self.reference(fields::SUPER_TYPE, object.type_.get());
                self.reference(fields::SUPER_OBJ, object.obj.get());
                self.reference(fields::SUPER_OBJ_TYPE, object.obj_type.get());
            }
            _ => {
                let reference = address.view::<PyWeakReference>();
                self.reference(fields::WR_OBJECT, reference.wr_object.get());
                self.reference(fields::WR_CALLBACK, reference.wr_callback.get());
                self.signed(fields::WR_HASH, reference.hash.get() as i64);
            }
        }
    }

    fn write_function(&mut self, address: Address) {
        let function = address.view::<PyFunctionObject>();
        self.namespace_reference(fields::FUNC_GLOBALS, function.func_globals.get());
        self.namespace_reference(fields::FUNC_BUILTINS, function.func_builtins.get());
        self.reference(fields::FUNC_NAME, function.func_name.get());
        self.reference(fields::FUNC_QUALNAME, function.func_qualname.get());
        self.reference(fields::FUNC_CODE, function.func_code.get());
        self.reference(fields::FUNC_DEFAULTS, function.func_defaults.get());
        self.reference(fields::FUNC_KWDEFAULTS, function.func_kwdefaults.get());
        self.reference(fields::FUNC_CLOSURE, function.func_closure.get());
        self.reference(fields::FUNC_DOC, function.func_doc.get());
        self.reference(fields::FUNC_DICT, function.func_dict.get());
        self.weak_references(fields::FUNC_WEAKREFLIST, function.func_weakreflist.get());
        self.reference(fields::FUNC_MODULE, function.func_module.get());
        self.reference(fields::FUNC_ANNOTATIONS, function.func_annotations.get());
        self.unsigned(
            fields::FUNC_VECTORCALL,
            u64::from(function.vectorcall.get().is_some()),
        );
        let version = function.func_version.get();
        let version = self.versions.rank(Counted::Functions, version);
        self.unsigned(fields::FUNC_VERSION, version);
    }

    fn write_code(&mut self, address: Address) {
        let code = address.view::<PyCodeObject>();
        self.signed(fields::OB_SIZE, code.ob_size.get() as i64);
        for (field, number) in [
            (fields::CO_FLAGS_FIELD, &code.co_flags),
            (fields::CO_ARGCOUNT, &code.co_argcount),
            (fields::CO_POSONLYARGCOUNT, &code.co_posonlyargcount),
            (fields::CO_KWONLYARGCOUNT, &code.co_kwonlyargcount),
            (fields::CO_STACKSIZE, &code.co_stacksize),
            (fields::CO_FIRSTLINENO, &code.co_firstlineno),
            (fields::CO_NLOCALSPLUS, &code.co_nlocalsplus),
            (fields::CO_NLOCALS, &code.co_nlocals),
            (fields::CO_NPLAINCELLVARS, &code.co_nplaincellvars),
            (fields::CO_NCELLVARS, &code.co_ncellvars),
            (fields::CO_NFREEVARS, &code.co_nfreevars),
            (fields::CO_FIRSTTRACEABLE, &code._co_firsttraceable),
        ] {
            self.signed(field, i64::from(number.get()));
        }
        self.signed(fields::CO_WARMUP, i64::from(code.co_warmup.get()));
        for (field, object) in [
            (fields::CO_CONSTS, &code.co_consts),
            (fields::CO_NAMES, &code.co_names),
            (fields::CO_EXCEPTIONTABLE, &code.co_exceptiontable),
            (fields::CO_LOCALSPLUSNAMES, &code.co_localsplusnames),
            (fields::CO_LOCALSPLUSKINDS, &code.co_localspluskinds),
            (fields::CO_FILENAME, &code.co_filename),
            (fields::CO_NAME, &code.co_name),
            (fields::CO_QUALNAME, &code.co_qualname),
            (fields::CO_LINETABLE, &code.co_linetable),
        ] {
            self.reference(field, object.get());
        }
        self.presence(fields::CO_CACHED_CODE, code._co_code.get());
        self.presence(fields::CO_EXTRA, code.co_extra.get());
        self.weak_references(fields::CO_WEAKREFLIST, code.co_weakreflist.get());
        self.bytes(fields::CO_CODE_ADAPTIVE, &base_instructions(address));
        if !self.hides(fields::CO_QUICKENED) {
            self.write_quickened(instruction_units(address));
        }
    }

    fn write_frame(&mut self, address: Address) {
        let frame = address.view::<PyFrameObject>();
        self.reference(fields::FRAME_BACK, frame.f_back.get());
        self.reference(fields::FRAME_TRACE, frame.f_trace.get());
        self.unsigned(
            fields::FRAME_TRACE_OPCODES,
            u64::from(frame.f_trace_opcodes.get()),
        );
        self.signed(fields::FRAME_LINENO, i64::from(frame.f_lineno.get()));
        self.unsigned(
            fields::FRAME_TRACE_LINES,
            u64::from(frame.f_trace_lines.get()),
        );
        let inner = Address::of(frame.f_frame.get());
        if !inner.is_null() {
            self.write_inner_frame(inner);
        }
    }

    fn write_inner_frame(&mut self, address: Address) {
        let frame = address.view::<_PyInterpreterFrame>();
        let code_address = Address::of(frame.f_code.get());
        self.reference(fields::IFRAME_FUNC, frame.f_func.get());
        self.namespace_reference(fields::IFRAME_BUILTINS, frame.f_builtins.get());
        self.namespace_reference(fields::IFRAME_GLOBALS, frame.f_globals.get());
        self.namespace_reference(fields::IFRAME_LOCALS, frame.f_locals.get());
        self.reference(fields::IFRAME_CODE, frame.f_code.get());
        let first = code_address.number() + offset_of!(PyCodeObject, co_code_adaptive);
        let distance = (frame.prev_instr.get() as usize).wrapping_sub(first) as isize;
        self.signed(fields::IFRAME_PREV_INSTR, distance as i64 / 2);
        self.signed(fields::IFRAME_STACKTOP, i64::from(frame.stacktop.get()));
        self.signed(fields::IFRAME_OWNER, i64::from(frame.owner.get()));
        let locals = code_address.view::<PyCodeObject>().co_nlocalsplus.get();
        let held = if frame.stacktop.get() < 0 {
            locals
        } else {
            frame.stacktop.get()
        };
        let start = address.offset(offset_of!(_PyInterpreterFrame, localsplus) as isize);
        for (index, value) in start
            .table::<*const PyObject>(held.max(0) as usize)
            .iter()
            .enumerate()
        {
            self.reference_at(fields::IFRAME_LOCALSPLUS, index, *value);
        }
    }

    fn write_generator(&mut self, address: Address) {
        let generator = address.view::<PyGenObject>();
        self.reference(fields::GI_CODE, generator.gi_code.get());
        self.reference(fields::GI_NAME, generator.gi_name.get());
        self.reference(fields::GI_QUALNAME, generator.gi_qualname.get());
        self.weak_references(fields::GI_WEAKREFLIST, generator.gi_weakreflist.get());
        self.reference(fields::GI_EXC_VALUE, generator.gi_exc_state.exc_value.get());
        // A plain generator leaves what the others need as the memory was.
        let kind = c_text(address.type_of().tp_name.get());
        if kind != b"generator" {
            self.reference(
                fields::GI_ORIGIN_OR_FINALIZER,
                generator.gi_origin_or_finalizer.get(),
            );
        }
        if kind == b"async_generator" {
            for (field, flag) in [
                (fields::GI_CLOSED, &generator.gi_closed),
                (fields::GI_HOOKS_INITED, &generator.gi_hooks_inited),
                (fields::GI_RUNNING_ASYNC, &generator.gi_running_async),
            ] {
                self.signed(field, i64::from(flag.get()));
            }
        }
        let state = generator.gi_frame_state.get();
        self.signed(fields::GI_FRAME_STATE, i64::from(state));
        if state < FRAME_COMPLETED {
            self.write_inner_frame(address.offset(offset_of!(PyGenObject, gi_iframe) as isize));
        }
    }
}
