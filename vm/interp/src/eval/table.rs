//! What each opcode is: its quick form. Opcodes that are not named here have their general form only.
//!
//! Both drivers are made from this table: the handlers that jump to one another, and the `match`.

/// Hands the table to a macro: opcode, then the operation in `ops`.
macro_rules! opcodes {
    ($driver:ident) => {
        $driver! {
            NOP => stack::nop;
            POP_TOP => stack::pop_top;
            PUSH_NULL => stack::push_null;
            COPY => stack::copy;
            SWAP => stack::swap;
            LOAD_FAST => stack::load_fast;
            LOAD_CONST => stack::load_const;
            STORE_FAST => stack::store_fast;
            LOAD_FAST__LOAD_FAST => stack::load_fast_load_fast;
            LOAD_FAST__LOAD_CONST => stack::load_fast_load_const;
            LOAD_CONST__LOAD_FAST => stack::load_const_load_fast;
            STORE_FAST__LOAD_FAST => stack::store_fast_load_fast;
            STORE_FAST__STORE_FAST => stack::store_fast_store_fast;
            LOAD_CLOSURE => stack::load_closure;
            LOAD_DEREF => stack::load_deref;
            STORE_DEREF => stack::store_deref;
            IS_OP => stack::is_op;
            KW_NAMES => stack::kw_names;
            EXTENDED_ARG => stack::extended_arg;
            EXTENDED_ARG_QUICK => stack::extended_arg_quick;

            RESUME => jumps::resume;
            RESUME_QUICK => jumps::resume_quick;
            JUMP_FORWARD => jumps::jump_forward;
            JUMP_BACKWARD => jumps::jump_backward;
            JUMP_BACKWARD_QUICK => jumps::jump_backward_quick;
            JUMP_BACKWARD_NO_INTERRUPT => jumps::jump_backward_no_interrupt;
            POP_JUMP_FORWARD_IF_FALSE => jumps::pop_jump_forward_if_false;
            POP_JUMP_FORWARD_IF_TRUE => jumps::pop_jump_forward_if_true;
            POP_JUMP_BACKWARD_IF_FALSE => jumps::pop_jump_backward_if_false;
            POP_JUMP_BACKWARD_IF_TRUE => jumps::pop_jump_backward_if_true;
            POP_JUMP_FORWARD_IF_NONE => jumps::pop_jump_forward_if_none;
            POP_JUMP_FORWARD_IF_NOT_NONE => jumps::pop_jump_forward_if_not_none;
            JUMP_IF_FALSE_OR_POP => jumps::jump_if_false_or_pop;
            JUMP_IF_TRUE_OR_POP => jumps::jump_if_true_or_pop;

            BINARY_OP_ADAPTIVE => adaptive BINARY_OP;
            BINARY_OP_ADD_INT => numbers::binary_op_add_int;
            BINARY_OP_SUBTRACT_INT => numbers::binary_op_subtract_int;
            BINARY_OP_MULTIPLY_INT => numbers::binary_op_multiply_int;
            BINARY_OP_ADD_FLOAT => numbers::binary_op_add_float;
            BINARY_OP_SUBTRACT_FLOAT => numbers::binary_op_subtract_float;
            BINARY_OP_MULTIPLY_FLOAT => numbers::binary_op_multiply_float;
            BINARY_OP_ADD_UNICODE => numbers::binary_op_add_unicode;
            BINARY_OP_INPLACE_ADD_UNICODE => numbers::binary_op_inplace_add_unicode;
            COMPARE_OP => numbers::compare_op;
            COMPARE_OP_ADAPTIVE => adaptive COMPARE_OP;
            COMPARE_OP_INT_JUMP => numbers::compare_op_int_jump;
            COMPARE_OP_FLOAT_JUMP => numbers::compare_op_float_jump;
            COMPARE_OP_STR_JUMP => numbers::compare_op_str_jump;

            BINARY_SUBSCR => subscripts::binary_subscr;
            BINARY_SUBSCR_ADAPTIVE => adaptive BINARY_SUBSCR;
            BINARY_SUBSCR_LIST_INT => subscripts::binary_subscr_list_int;
            BINARY_SUBSCR_TUPLE_INT => subscripts::binary_subscr_tuple_int;
            BINARY_SUBSCR_DICT => subscripts::binary_subscr_dict;
            BINARY_SUBSCR_GETITEM => subscripts::binary_subscr_getitem;
            STORE_SUBSCR_ADAPTIVE => adaptive STORE_SUBSCR;
            STORE_SUBSCR_LIST_INT => subscripts::store_subscr_list_int;
            STORE_SUBSCR_DICT => subscripts::store_subscr_dict;

            UNPACK_SEQUENCE_ADAPTIVE => adaptive UNPACK_SEQUENCE;
            UNPACK_SEQUENCE_TWO_TUPLE => sequences::unpack_sequence_two_tuple;
            UNPACK_SEQUENCE_TUPLE => sequences::unpack_sequence_tuple;
            UNPACK_SEQUENCE_LIST => sequences::unpack_sequence_list;

            LOAD_GLOBAL_ADAPTIVE => adaptive LOAD_GLOBAL;
            LOAD_GLOBAL_MODULE => globals::load_global_module;
            LOAD_GLOBAL_BUILTIN => globals::load_global_builtin;
            LOAD_ATTR_ADAPTIVE => adaptive LOAD_ATTR;
            LOAD_ATTR_INSTANCE_VALUE => attributes::load_attr_instance_value;
            LOAD_ATTR_SLOT => attributes::load_attr_slot;
            LOAD_ATTR_WITH_HINT => attributes::load_attr_with_hint;
            LOAD_ATTR_MODULE => attributes::load_attr_module;
            STORE_ATTR_ADAPTIVE => adaptive STORE_ATTR;
            STORE_ATTR_INSTANCE_VALUE => attributes::store_attr_instance_value;
            STORE_ATTR_SLOT => attributes::store_attr_slot;
            STORE_ATTR_WITH_HINT => attributes::store_attr_with_hint;
            LOAD_METHOD_ADAPTIVE => adaptive LOAD_METHOD;
            LOAD_METHOD_WITH_VALUES => methods::load_method_with_values;
            LOAD_METHOD_WITH_DICT => methods::load_method_with_dict;
            LOAD_METHOD_NO_DICT => methods::load_method_no_dict;
            LOAD_METHOD_CLASS => methods::load_method_class;
            LOAD_METHOD_MODULE => methods::load_method_module;

            PRECALL => calls::precall;
            PRECALL_ADAPTIVE => adaptive PRECALL;
            PRECALL_PYFUNC => calls::precall_pyfunc;
            PRECALL_BOUND_METHOD => calls::precall_bound_method;
            PRECALL_NO_KW_TYPE_1 => precalls::precall_no_kw_type_1;
            PRECALL_NO_KW_STR_1 => precalls::precall_no_kw_str_1;
            PRECALL_NO_KW_TUPLE_1 => precalls::precall_no_kw_tuple_1;
            PRECALL_BUILTIN_CLASS => precalls::precall_builtin_class;
            PRECALL_NO_KW_BUILTIN_O => precalls::precall_no_kw_builtin_o;
            PRECALL_NO_KW_BUILTIN_FAST => precalls::precall_no_kw_builtin_fast;
            PRECALL_BUILTIN_FAST_WITH_KEYWORDS => precalls::precall_builtin_fast_with_keywords;
            PRECALL_NO_KW_LEN => precalls::precall_no_kw_len;
            PRECALL_NO_KW_ISINSTANCE => precalls::precall_no_kw_isinstance;
            PRECALL_NO_KW_LIST_APPEND => precalls::precall_no_kw_list_append;
            PRECALL_NO_KW_METHOD_DESCRIPTOR_O => precalls::precall_no_kw_method_descriptor_o;
            PRECALL_NO_KW_METHOD_DESCRIPTOR_NOARGS => precalls::precall_no_kw_method_descriptor_noargs;
            PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST => precalls::precall_no_kw_method_descriptor_fast;
            PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS => precalls::precall_method_descriptor_fast_with_keywords;
            CALL => calls::call;
            CALL_ADAPTIVE => adaptive CALL;
            CALL_PY_EXACT_ARGS => calls::call_py_exact_args;
            CALL_PY_WITH_DEFAULTS => calls::call_py_with_defaults;
            RETURN_VALUE => frames::return_value;

            FOR_ITER => loops::for_iter;
            SEND => loops::send;
            YIELD_VALUE => loops::yield_value;
        }
    };
}

pub(super) use opcodes;
