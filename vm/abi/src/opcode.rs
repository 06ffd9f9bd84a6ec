//! The opcode table of CPython 3.11: numbers, cache sizes, base instructions. Written by the code generator; do not edit.

/// The first opcode that takes an argument.
pub const HAVE_ARGUMENT: u8 = 90;

pub const CACHE: u8 = 0;
pub const POP_TOP: u8 = 1;
pub const PUSH_NULL: u8 = 2;
pub const BINARY_OP_ADAPTIVE: u8 = 3;
pub const BINARY_OP_ADD_FLOAT: u8 = 4;
pub const BINARY_OP_ADD_INT: u8 = 5;
pub const BINARY_OP_ADD_UNICODE: u8 = 6;
pub const BINARY_OP_INPLACE_ADD_UNICODE: u8 = 7;
pub const BINARY_OP_MULTIPLY_FLOAT: u8 = 8;
pub const NOP: u8 = 9;
pub const UNARY_POSITIVE: u8 = 10;
pub const UNARY_NEGATIVE: u8 = 11;
pub const UNARY_NOT: u8 = 12;
pub const BINARY_OP_MULTIPLY_INT: u8 = 13;
pub const BINARY_OP_SUBTRACT_FLOAT: u8 = 14;
pub const UNARY_INVERT: u8 = 15;
pub const BINARY_OP_SUBTRACT_INT: u8 = 16;
pub const BINARY_SUBSCR_ADAPTIVE: u8 = 17;
pub const BINARY_SUBSCR_DICT: u8 = 18;
pub const BINARY_SUBSCR_GETITEM: u8 = 19;
pub const BINARY_SUBSCR_LIST_INT: u8 = 20;
pub const BINARY_SUBSCR_TUPLE_INT: u8 = 21;
pub const CALL_ADAPTIVE: u8 = 22;
pub const CALL_PY_EXACT_ARGS: u8 = 23;
pub const CALL_PY_WITH_DEFAULTS: u8 = 24;
pub const BINARY_SUBSCR: u8 = 25;
pub const COMPARE_OP_ADAPTIVE: u8 = 26;
pub const COMPARE_OP_FLOAT_JUMP: u8 = 27;
pub const COMPARE_OP_INT_JUMP: u8 = 28;
pub const COMPARE_OP_STR_JUMP: u8 = 29;
pub const GET_LEN: u8 = 30;
pub const MATCH_MAPPING: u8 = 31;
pub const MATCH_SEQUENCE: u8 = 32;
pub const MATCH_KEYS: u8 = 33;
pub const EXTENDED_ARG_QUICK: u8 = 34;
pub const PUSH_EXC_INFO: u8 = 35;
pub const CHECK_EXC_MATCH: u8 = 36;
pub const CHECK_EG_MATCH: u8 = 37;
pub const JUMP_BACKWARD_QUICK: u8 = 38;
pub const LOAD_ATTR_ADAPTIVE: u8 = 39;
pub const LOAD_ATTR_INSTANCE_VALUE: u8 = 40;
pub const LOAD_ATTR_MODULE: u8 = 41;
pub const LOAD_ATTR_SLOT: u8 = 42;
pub const LOAD_ATTR_WITH_HINT: u8 = 43;
pub const LOAD_CONST__LOAD_FAST: u8 = 44;
pub const LOAD_FAST__LOAD_CONST: u8 = 45;
pub const LOAD_FAST__LOAD_FAST: u8 = 46;
pub const LOAD_GLOBAL_ADAPTIVE: u8 = 47;
pub const LOAD_GLOBAL_BUILTIN: u8 = 48;
pub const WITH_EXCEPT_START: u8 = 49;
pub const GET_AITER: u8 = 50;
pub const GET_ANEXT: u8 = 51;
pub const BEFORE_ASYNC_WITH: u8 = 52;
pub const BEFORE_WITH: u8 = 53;
pub const END_ASYNC_FOR: u8 = 54;
pub const LOAD_GLOBAL_MODULE: u8 = 55;
pub const LOAD_METHOD_ADAPTIVE: u8 = 56;
pub const LOAD_METHOD_CLASS: u8 = 57;
pub const LOAD_METHOD_MODULE: u8 = 58;
pub const LOAD_METHOD_NO_DICT: u8 = 59;
pub const STORE_SUBSCR: u8 = 60;
pub const DELETE_SUBSCR: u8 = 61;
pub const LOAD_METHOD_WITH_DICT: u8 = 62;
pub const LOAD_METHOD_WITH_VALUES: u8 = 63;
pub const PRECALL_ADAPTIVE: u8 = 64;
pub const PRECALL_BOUND_METHOD: u8 = 65;
pub const PRECALL_BUILTIN_CLASS: u8 = 66;
pub const PRECALL_BUILTIN_FAST_WITH_KEYWORDS: u8 = 67;
pub const GET_ITER: u8 = 68;
pub const GET_YIELD_FROM_ITER: u8 = 69;
pub const PRINT_EXPR: u8 = 70;
pub const LOAD_BUILD_CLASS: u8 = 71;
pub const PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS: u8 = 72;
pub const PRECALL_NO_KW_BUILTIN_FAST: u8 = 73;
pub const LOAD_ASSERTION_ERROR: u8 = 74;
pub const RETURN_GENERATOR: u8 = 75;
pub const PRECALL_NO_KW_BUILTIN_O: u8 = 76;
pub const PRECALL_NO_KW_ISINSTANCE: u8 = 77;
pub const PRECALL_NO_KW_LEN: u8 = 78;
pub const PRECALL_NO_KW_LIST_APPEND: u8 = 79;
pub const PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST: u8 = 80;
pub const PRECALL_NO_KW_METHOD_DESCRIPTOR_NOARGS: u8 = 81;
pub const LIST_TO_TUPLE: u8 = 82;
pub const RETURN_VALUE: u8 = 83;
pub const IMPORT_STAR: u8 = 84;
pub const SETUP_ANNOTATIONS: u8 = 85;
pub const YIELD_VALUE: u8 = 86;
pub const ASYNC_GEN_WRAP: u8 = 87;
pub const PREP_RERAISE_STAR: u8 = 88;
pub const POP_EXCEPT: u8 = 89;
pub const STORE_NAME: u8 = 90;
pub const DELETE_NAME: u8 = 91;
pub const UNPACK_SEQUENCE: u8 = 92;
pub const FOR_ITER: u8 = 93;
pub const UNPACK_EX: u8 = 94;
pub const STORE_ATTR: u8 = 95;
pub const DELETE_ATTR: u8 = 96;
pub const STORE_GLOBAL: u8 = 97;
pub const DELETE_GLOBAL: u8 = 98;
pub const SWAP: u8 = 99;
pub const LOAD_CONST: u8 = 100;
pub const LOAD_NAME: u8 = 101;
pub const BUILD_TUPLE: u8 = 102;
pub const BUILD_LIST: u8 = 103;
pub const BUILD_SET: u8 = 104;
pub const BUILD_MAP: u8 = 105;
pub const LOAD_ATTR: u8 = 106;
pub const COMPARE_OP: u8 = 107;
pub const IMPORT_NAME: u8 = 108;
pub const IMPORT_FROM: u8 = 109;
pub const JUMP_FORWARD: u8 = 110;
pub const JUMP_IF_FALSE_OR_POP: u8 = 111;
pub const JUMP_IF_TRUE_OR_POP: u8 = 112;
pub const PRECALL_NO_KW_METHOD_DESCRIPTOR_O: u8 = 113;
pub const POP_JUMP_FORWARD_IF_FALSE: u8 = 114;
pub const POP_JUMP_FORWARD_IF_TRUE: u8 = 115;
pub const LOAD_GLOBAL: u8 = 116;
pub const IS_OP: u8 = 117;
pub const CONTAINS_OP: u8 = 118;
pub const RERAISE: u8 = 119;
pub const COPY: u8 = 120;
pub const PRECALL_NO_KW_STR_1: u8 = 121;
pub const BINARY_OP: u8 = 122;
pub const SEND: u8 = 123;
pub const LOAD_FAST: u8 = 124;
pub const STORE_FAST: u8 = 125;
pub const DELETE_FAST: u8 = 126;
pub const PRECALL_NO_KW_TUPLE_1: u8 = 127;
pub const POP_JUMP_FORWARD_IF_NOT_NONE: u8 = 128;
pub const POP_JUMP_FORWARD_IF_NONE: u8 = 129;
pub const RAISE_VARARGS: u8 = 130;
pub const GET_AWAITABLE: u8 = 131;
pub const MAKE_FUNCTION: u8 = 132;
pub const BUILD_SLICE: u8 = 133;
pub const JUMP_BACKWARD_NO_INTERRUPT: u8 = 134;
pub const MAKE_CELL: u8 = 135;
pub const LOAD_CLOSURE: u8 = 136;
pub const LOAD_DEREF: u8 = 137;
pub const STORE_DEREF: u8 = 138;
pub const DELETE_DEREF: u8 = 139;
pub const JUMP_BACKWARD: u8 = 140;
pub const PRECALL_NO_KW_TYPE_1: u8 = 141;
pub const CALL_FUNCTION_EX: u8 = 142;
pub const PRECALL_PYFUNC: u8 = 143;
pub const EXTENDED_ARG: u8 = 144;
pub const LIST_APPEND: u8 = 145;
pub const SET_ADD: u8 = 146;
pub const MAP_ADD: u8 = 147;
pub const LOAD_CLASSDEREF: u8 = 148;
pub const COPY_FREE_VARS: u8 = 149;
pub const RESUME_QUICK: u8 = 150;
pub const RESUME: u8 = 151;
pub const MATCH_CLASS: u8 = 152;
pub const STORE_ATTR_ADAPTIVE: u8 = 153;
pub const STORE_ATTR_INSTANCE_VALUE: u8 = 154;
pub const FORMAT_VALUE: u8 = 155;
pub const BUILD_CONST_KEY_MAP: u8 = 156;
pub const BUILD_STRING: u8 = 157;
pub const STORE_ATTR_SLOT: u8 = 158;
pub const STORE_ATTR_WITH_HINT: u8 = 159;
pub const LOAD_METHOD: u8 = 160;
pub const STORE_FAST__LOAD_FAST: u8 = 161;
pub const LIST_EXTEND: u8 = 162;
pub const SET_UPDATE: u8 = 163;
pub const DICT_MERGE: u8 = 164;
pub const DICT_UPDATE: u8 = 165;
pub const PRECALL: u8 = 166;
pub const STORE_FAST__STORE_FAST: u8 = 167;
pub const STORE_SUBSCR_ADAPTIVE: u8 = 168;
pub const STORE_SUBSCR_DICT: u8 = 169;
pub const STORE_SUBSCR_LIST_INT: u8 = 170;
pub const CALL: u8 = 171;
pub const KW_NAMES: u8 = 172;
pub const POP_JUMP_BACKWARD_IF_NOT_NONE: u8 = 173;
pub const POP_JUMP_BACKWARD_IF_NONE: u8 = 174;
pub const POP_JUMP_BACKWARD_IF_FALSE: u8 = 175;
pub const POP_JUMP_BACKWARD_IF_TRUE: u8 = 176;
pub const UNPACK_SEQUENCE_ADAPTIVE: u8 = 177;
pub const UNPACK_SEQUENCE_LIST: u8 = 178;
pub const UNPACK_SEQUENCE_TUPLE: u8 = 179;
pub const UNPACK_SEQUENCE_TWO_TUPLE: u8 = 180;
pub const DO_TRACING: u8 = 255;

pub const NB_ADD: u32 = 0;
pub const NB_AND: u32 = 1;
pub const NB_FLOOR_DIVIDE: u32 = 2;
pub const NB_LSHIFT: u32 = 3;
pub const NB_MATRIX_MULTIPLY: u32 = 4;
pub const NB_MULTIPLY: u32 = 5;
pub const NB_REMAINDER: u32 = 6;
pub const NB_OR: u32 = 7;
pub const NB_POWER: u32 = 8;
pub const NB_RSHIFT: u32 = 9;
pub const NB_SUBTRACT: u32 = 10;
pub const NB_TRUE_DIVIDE: u32 = 11;
pub const NB_XOR: u32 = 12;
pub const NB_INPLACE_ADD: u32 = 13;
pub const NB_INPLACE_AND: u32 = 14;
pub const NB_INPLACE_FLOOR_DIVIDE: u32 = 15;
pub const NB_INPLACE_LSHIFT: u32 = 16;
pub const NB_INPLACE_MATRIX_MULTIPLY: u32 = 17;
pub const NB_INPLACE_MULTIPLY: u32 = 18;
pub const NB_INPLACE_REMAINDER: u32 = 19;
pub const NB_INPLACE_OR: u32 = 20;
pub const NB_INPLACE_POWER: u32 = 21;
pub const NB_INPLACE_RSHIFT: u32 = 22;
pub const NB_INPLACE_SUBTRACT: u32 = 23;
pub const NB_INPLACE_TRUE_DIVIDE: u32 = 24;
pub const NB_INPLACE_XOR: u32 = 25;

/// The name of each opcode; empty where there is none.
#[rustfmt::skip]
pub static NAMES: [&str; 256] = [
    "CACHE", "POP_TOP", "PUSH_NULL", "BINARY_OP_ADAPTIVE",
    "BINARY_OP_ADD_FLOAT", "BINARY_OP_ADD_INT", "BINARY_OP_ADD_UNICODE", "BINARY_OP_INPLACE_ADD_UNICODE",
    "BINARY_OP_MULTIPLY_FLOAT", "NOP", "UNARY_POSITIVE", "UNARY_NEGATIVE",
    "UNARY_NOT", "BINARY_OP_MULTIPLY_INT", "BINARY_OP_SUBTRACT_FLOAT", "UNARY_INVERT",
    "BINARY_OP_SUBTRACT_INT", "BINARY_SUBSCR_ADAPTIVE", "BINARY_SUBSCR_DICT", "BINARY_SUBSCR_GETITEM",
    "BINARY_SUBSCR_LIST_INT", "BINARY_SUBSCR_TUPLE_INT", "CALL_ADAPTIVE", "CALL_PY_EXACT_ARGS",
    "CALL_PY_WITH_DEFAULTS", "BINARY_SUBSCR", "COMPARE_OP_ADAPTIVE", "COMPARE_OP_FLOAT_JUMP",
    "COMPARE_OP_INT_JUMP", "COMPARE_OP_STR_JUMP", "GET_LEN", "MATCH_MAPPING",
    "MATCH_SEQUENCE", "MATCH_KEYS", "EXTENDED_ARG_QUICK", "PUSH_EXC_INFO",
    "CHECK_EXC_MATCH", "CHECK_EG_MATCH", "JUMP_BACKWARD_QUICK", "LOAD_ATTR_ADAPTIVE",
    "LOAD_ATTR_INSTANCE_VALUE", "LOAD_ATTR_MODULE", "LOAD_ATTR_SLOT", "LOAD_ATTR_WITH_HINT",
    "LOAD_CONST__LOAD_FAST", "LOAD_FAST__LOAD_CONST", "LOAD_FAST__LOAD_FAST", "LOAD_GLOBAL_ADAPTIVE",
    "LOAD_GLOBAL_BUILTIN", "WITH_EXCEPT_START", "GET_AITER", "GET_ANEXT",
    "BEFORE_ASYNC_WITH", "BEFORE_WITH", "END_ASYNC_FOR", "LOAD_GLOBAL_MODULE",
    "LOAD_METHOD_ADAPTIVE", "LOAD_METHOD_CLASS", "LOAD_METHOD_MODULE", "LOAD_METHOD_NO_DICT",
    "STORE_SUBSCR", "DELETE_SUBSCR", "LOAD_METHOD_WITH_DICT", "LOAD_METHOD_WITH_VALUES",
    "PRECALL_ADAPTIVE", "PRECALL_BOUND_METHOD", "PRECALL_BUILTIN_CLASS", "PRECALL_BUILTIN_FAST_WITH_KEYWORDS",
    "GET_ITER", "GET_YIELD_FROM_ITER", "PRINT_EXPR", "LOAD_BUILD_CLASS",
    "PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS", "PRECALL_NO_KW_BUILTIN_FAST", "LOAD_ASSERTION_ERROR", "RETURN_GENERATOR",
    "PRECALL_NO_KW_BUILTIN_O", "PRECALL_NO_KW_ISINSTANCE", "PRECALL_NO_KW_LEN", "PRECALL_NO_KW_LIST_APPEND",
    "PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST", "PRECALL_NO_KW_METHOD_DESCRIPTOR_NOARGS", "LIST_TO_TUPLE", "RETURN_VALUE",
    "IMPORT_STAR", "SETUP_ANNOTATIONS", "YIELD_VALUE", "ASYNC_GEN_WRAP",
    "PREP_RERAISE_STAR", "POP_EXCEPT", "STORE_NAME", "DELETE_NAME",
    "UNPACK_SEQUENCE", "FOR_ITER", "UNPACK_EX", "STORE_ATTR",
    "DELETE_ATTR", "STORE_GLOBAL", "DELETE_GLOBAL", "SWAP",
    "LOAD_CONST", "LOAD_NAME", "BUILD_TUPLE", "BUILD_LIST",
    "BUILD_SET", "BUILD_MAP", "LOAD_ATTR", "COMPARE_OP",
    "IMPORT_NAME", "IMPORT_FROM", "JUMP_FORWARD", "JUMP_IF_FALSE_OR_POP",
    "JUMP_IF_TRUE_OR_POP", "PRECALL_NO_KW_METHOD_DESCRIPTOR_O", "POP_JUMP_FORWARD_IF_FALSE", "POP_JUMP_FORWARD_IF_TRUE",
    "LOAD_GLOBAL", "IS_OP", "CONTAINS_OP", "RERAISE",
    "COPY", "PRECALL_NO_KW_STR_1", "BINARY_OP", "SEND",
    "LOAD_FAST", "STORE_FAST", "DELETE_FAST", "PRECALL_NO_KW_TUPLE_1",
    "POP_JUMP_FORWARD_IF_NOT_NONE", "POP_JUMP_FORWARD_IF_NONE", "RAISE_VARARGS", "GET_AWAITABLE",
    "MAKE_FUNCTION", "BUILD_SLICE", "JUMP_BACKWARD_NO_INTERRUPT", "MAKE_CELL",
    "LOAD_CLOSURE", "LOAD_DEREF", "STORE_DEREF", "DELETE_DEREF",
    "JUMP_BACKWARD", "PRECALL_NO_KW_TYPE_1", "CALL_FUNCTION_EX", "PRECALL_PYFUNC",
    "EXTENDED_ARG", "LIST_APPEND", "SET_ADD", "MAP_ADD",
    "LOAD_CLASSDEREF", "COPY_FREE_VARS", "RESUME_QUICK", "RESUME",
    "MATCH_CLASS", "STORE_ATTR_ADAPTIVE", "STORE_ATTR_INSTANCE_VALUE", "FORMAT_VALUE",
    "BUILD_CONST_KEY_MAP", "BUILD_STRING", "STORE_ATTR_SLOT", "STORE_ATTR_WITH_HINT",
    "LOAD_METHOD", "STORE_FAST__LOAD_FAST", "LIST_EXTEND", "SET_UPDATE",
    "DICT_MERGE", "DICT_UPDATE", "PRECALL", "STORE_FAST__STORE_FAST",
    "STORE_SUBSCR_ADAPTIVE", "STORE_SUBSCR_DICT", "STORE_SUBSCR_LIST_INT", "CALL",
    "KW_NAMES", "POP_JUMP_BACKWARD_IF_NOT_NONE", "POP_JUMP_BACKWARD_IF_NONE", "POP_JUMP_BACKWARD_IF_FALSE",
    "POP_JUMP_BACKWARD_IF_TRUE", "UNPACK_SEQUENCE_ADAPTIVE", "UNPACK_SEQUENCE_LIST", "UNPACK_SEQUENCE_TUPLE",
    "UNPACK_SEQUENCE_TWO_TUPLE", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "", "", "DO_TRACING",
];

/// Cache entries that follow each base instruction.
#[rustfmt::skip]
pub static CACHES: [u8; 256] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 4,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    10, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// The base instruction of each instruction, specialised ones included.
#[rustfmt::skip]
pub static DEOPT: [u8; 256] = [
    0, 1, 2, 122, 122, 122, 122, 122, 122, 9, 10, 11, 12, 122, 122, 15, 122, 25, 25, 25, 25, 25, 171, 171, 171, 25, 107, 107, 107, 107, 30, 31,
    32, 33, 144, 35, 36, 37, 140, 106, 106, 106, 106, 106, 100, 124, 124, 116, 116, 49, 50, 51, 52, 53, 54, 116, 160, 160, 160, 160, 60, 61, 160, 160,
    166, 166, 166, 166, 68, 69, 70, 71, 166, 166, 74, 75, 166, 166, 166, 166, 166, 166, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
    96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 166, 114, 115, 116, 117, 118, 119, 120, 166, 122, 123, 124, 125, 126, 166,
    128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 166, 142, 166, 144, 145, 146, 147, 148, 149, 151, 151, 152, 95, 95, 155, 156, 157, 95, 95,
    160, 125, 162, 163, 164, 165, 166, 125, 60, 60, 60, 171, 172, 173, 174, 175, 176, 92, 92, 92, 92, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
