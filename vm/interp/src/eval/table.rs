//! What each opcode is: its quick form in the first table, its general form in the second.
//!
//! An opcode with both has a quick form that leaves something aside. Both drivers are made from these
//! tables: the handlers that jump to one another, and the `match`.

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

            BINARY_OP => numbers::binary_op;
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

/// Hands the table of general forms to a macro: opcode, then a function of the loop and the argument.
macro_rules! general_forms {
    ($driver:ident) => {
        $driver! {
            DELETE_FAST => |e, oparg| e.delete_fast(oparg);
            UNARY_POSITIVE => |e, _| e.unary_positive();
            UNARY_NEGATIVE => |e, _| e.unary_negative();
            UNARY_NOT => |e, _| e.unary_not();
            UNARY_INVERT => |e, _| e.unary_invert();
            BINARY_OP => |e, oparg| e.binary_op(oparg);
            BINARY_SUBSCR => |e, _| e.binary_subscr();
            STORE_SUBSCR => |e, _| e.store_subscr();
            DELETE_SUBSCR => |e, _| e.delete_subscr();
            COMPARE_OP => |e, oparg| e.compare_op(oparg);
            CONTAINS_OP => |e, oparg| e.contains_op(oparg);
            LOAD_NAME => |e, oparg| e.load_name(oparg);
            STORE_NAME => |e, oparg| e.store_name(oparg);
            DELETE_NAME => |e, oparg| e.delete_name(oparg);
            LOAD_GLOBAL => |e, oparg| e.load_global(oparg);
            STORE_GLOBAL => |e, oparg| e.store_global(oparg);
            DELETE_GLOBAL => |e, oparg| e.delete_global(oparg);
            LOAD_ATTR => |e, oparg| e.load_attr(oparg);
            STORE_ATTR => |e, oparg| e.store_attr(oparg);
            DELETE_ATTR => |e, oparg| e.delete_attr(oparg);
            LOAD_METHOD => |e, oparg| e.load_method(oparg);
            MAKE_CELL => |e, oparg| e.make_cell(oparg);
            COPY_FREE_VARS => |e, oparg| e.copy_free_vars(oparg);
            LOAD_DEREF => |e, oparg| e.load_deref(oparg);
            LOAD_CLASSDEREF => |e, oparg| e.load_classderef(oparg);
            DELETE_DEREF => |e, oparg| e.delete_deref(oparg);
            LOAD_BUILD_CLASS => |e, _| e.load_build_class();
            LOAD_ASSERTION_ERROR => |e, _| e.load_assertion_error();
            SETUP_ANNOTATIONS => |e, _| e.setup_annotations();
            BUILD_TUPLE => |e, oparg| e.build_tuple(oparg);
            BUILD_LIST => |e, oparg| e.build_list(oparg);
            BUILD_SET => |e, oparg| e.build_set(oparg);
            BUILD_MAP => |e, oparg| e.build_map(oparg);
            BUILD_CONST_KEY_MAP => |e, oparg| e.build_const_key_map(oparg);
            BUILD_STRING => |e, oparg| e.build_string(oparg);
            BUILD_SLICE => |e, oparg| e.build_slice(oparg);
            FORMAT_VALUE => |e, oparg| e.format_value(oparg);
            LIST_APPEND => |e, oparg| e.list_append(oparg);
            SET_ADD => |e, oparg| e.set_add(oparg);
            MAP_ADD => |e, oparg| e.map_add(oparg);
            LIST_EXTEND => |e, oparg| e.list_extend(oparg);
            SET_UPDATE => |e, oparg| e.set_update(oparg);
            DICT_UPDATE => |e, oparg| e.dict_update(oparg);
            DICT_MERGE => |e, oparg| e.dict_merge(oparg);
            LIST_TO_TUPLE => |e, _| e.list_to_tuple();
            UNPACK_SEQUENCE => |e, oparg| e.unpack_sequence(oparg);
            UNPACK_EX => |e, oparg| e.unpack_ex(oparg);
            POP_JUMP_FORWARD_IF_FALSE => |e, oparg| e.pop_jump_if(false, oparg as isize);
            POP_JUMP_FORWARD_IF_TRUE => |e, oparg| e.pop_jump_if(true, oparg as isize);
            POP_JUMP_BACKWARD_IF_FALSE => |e, oparg| e.pop_jump_if(false, -(oparg as isize));
            POP_JUMP_BACKWARD_IF_TRUE => |e, oparg| e.pop_jump_if(true, -(oparg as isize));
            POP_JUMP_BACKWARD_IF_NONE => |e, oparg| e.pop_jump_back_if_none(true, oparg);
            POP_JUMP_BACKWARD_IF_NOT_NONE => |e, oparg| e.pop_jump_back_if_none(false, oparg);
            JUMP_IF_FALSE_OR_POP => |e, oparg| e.jump_if_or_pop(false, oparg);
            JUMP_IF_TRUE_OR_POP => |e, oparg| e.jump_if_or_pop(true, oparg);
            GET_ITER => |e, _| e.get_iter();
            FOR_ITER => |e, oparg| e.for_iter(oparg);
            GET_LEN => |e, _| e.get_len();
            MATCH_MAPPING => |e, _| e.match_mapping();
            MATCH_SEQUENCE => |e, _| e.match_sequence();
            MATCH_KEYS => |e, _| e.match_keys();
            MATCH_CLASS => |e, oparg| e.match_class(oparg);
            CALL => |e, oparg| e.call(oparg);
            CALL_FUNCTION_EX => |e, oparg| e.call_function_ex(oparg);
            MAKE_FUNCTION => |e, oparg| e.make_function(oparg);
            RETURN_VALUE => |e, _| e.return_value();
            RETURN_GENERATOR => |e, _| e.return_generator();
            SEND => |e, oparg| e.send(oparg);
            GET_YIELD_FROM_ITER => |e, _| e.get_yield_from_iter();
            GET_AWAITABLE => |e, oparg| e.get_awaitable(oparg);
            GET_AITER => |e, _| e.get_aiter();
            GET_ANEXT => |e, _| e.get_anext();
            ASYNC_GEN_WRAP => |e, _| e.async_gen_wrap();
            BEFORE_ASYNC_WITH => |e, _| e.before_async_with();
            END_ASYNC_FOR => |e, _| e.end_async_for();
            PUSH_EXC_INFO => |e, _| e.push_exc_info();
            POP_EXCEPT => |e, _| e.pop_except();
            CHECK_EXC_MATCH => |e, _| e.check_exc_match();
            CHECK_EG_MATCH => |e, _| e.check_eg_match();
            PREP_RERAISE_STAR => |e, _| e.prep_reraise_star();
            RERAISE => |e, oparg| e.reraise(oparg);
            RAISE_VARARGS => |e, oparg| e.raise_varargs(oparg);
            BEFORE_WITH => |e, _| e.before_with();
            WITH_EXCEPT_START => |e, _| e.with_except_start();
            IMPORT_NAME => |e, oparg| e.import_name(oparg);
            IMPORT_FROM => |e, oparg| e.import_from(oparg);
            IMPORT_STAR => |e, _| e.import_star();
            PRINT_EXPR => |e, _| e.print_expr();
        }
    };
}

pub(super) use general_forms;
pub(super) use opcodes;
