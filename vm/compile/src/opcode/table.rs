//! The opcodes that CPython 3.11's compiler writes. Written by the code generator; do not edit.

use super::Opcode;

pub const CACHE: Opcode = 0;
pub const POP_TOP: Opcode = 1;
pub const PUSH_NULL: Opcode = 2;
pub const NOP: Opcode = 9;
pub const UNARY_POSITIVE: Opcode = 10;
pub const UNARY_NEGATIVE: Opcode = 11;
pub const UNARY_NOT: Opcode = 12;
pub const UNARY_INVERT: Opcode = 15;
pub const BINARY_SUBSCR: Opcode = 25;
pub const GET_LEN: Opcode = 30;
pub const MATCH_MAPPING: Opcode = 31;
pub const MATCH_SEQUENCE: Opcode = 32;
pub const MATCH_KEYS: Opcode = 33;
pub const PUSH_EXC_INFO: Opcode = 35;
pub const CHECK_EXC_MATCH: Opcode = 36;
pub const CHECK_EG_MATCH: Opcode = 37;
pub const WITH_EXCEPT_START: Opcode = 49;
pub const GET_AITER: Opcode = 50;
pub const GET_ANEXT: Opcode = 51;
pub const BEFORE_ASYNC_WITH: Opcode = 52;
pub const BEFORE_WITH: Opcode = 53;
pub const END_ASYNC_FOR: Opcode = 54;
pub const STORE_SUBSCR: Opcode = 60;
pub const DELETE_SUBSCR: Opcode = 61;
pub const GET_ITER: Opcode = 68;
pub const GET_YIELD_FROM_ITER: Opcode = 69;
pub const PRINT_EXPR: Opcode = 70;
pub const LOAD_BUILD_CLASS: Opcode = 71;
pub const LOAD_ASSERTION_ERROR: Opcode = 74;
pub const RETURN_GENERATOR: Opcode = 75;
pub const LIST_TO_TUPLE: Opcode = 82;
pub const RETURN_VALUE: Opcode = 83;
pub const IMPORT_STAR: Opcode = 84;
pub const SETUP_ANNOTATIONS: Opcode = 85;
pub const YIELD_VALUE: Opcode = 86;
pub const ASYNC_GEN_WRAP: Opcode = 87;
pub const PREP_RERAISE_STAR: Opcode = 88;
pub const POP_EXCEPT: Opcode = 89;
pub const STORE_NAME: Opcode = 90;
pub const DELETE_NAME: Opcode = 91;
pub const UNPACK_SEQUENCE: Opcode = 92;
pub const FOR_ITER: Opcode = 93;
pub const UNPACK_EX: Opcode = 94;
pub const STORE_ATTR: Opcode = 95;
pub const DELETE_ATTR: Opcode = 96;
pub const STORE_GLOBAL: Opcode = 97;
pub const DELETE_GLOBAL: Opcode = 98;
pub const SWAP: Opcode = 99;
pub const LOAD_CONST: Opcode = 100;
pub const LOAD_NAME: Opcode = 101;
pub const BUILD_TUPLE: Opcode = 102;
pub const BUILD_LIST: Opcode = 103;
pub const BUILD_SET: Opcode = 104;
pub const BUILD_MAP: Opcode = 105;
pub const LOAD_ATTR: Opcode = 106;
pub const COMPARE_OP: Opcode = 107;
pub const IMPORT_NAME: Opcode = 108;
pub const IMPORT_FROM: Opcode = 109;
pub const JUMP_FORWARD: Opcode = 110;
pub const JUMP_IF_FALSE_OR_POP: Opcode = 111;
pub const JUMP_IF_TRUE_OR_POP: Opcode = 112;
pub const POP_JUMP_FORWARD_IF_FALSE: Opcode = 114;
pub const POP_JUMP_FORWARD_IF_TRUE: Opcode = 115;
pub const LOAD_GLOBAL: Opcode = 116;
pub const IS_OP: Opcode = 117;
pub const CONTAINS_OP: Opcode = 118;
pub const RERAISE: Opcode = 119;
pub const COPY: Opcode = 120;
pub const BINARY_OP: Opcode = 122;
pub const SEND: Opcode = 123;
pub const LOAD_FAST: Opcode = 124;
pub const STORE_FAST: Opcode = 125;
pub const DELETE_FAST: Opcode = 126;
pub const POP_JUMP_FORWARD_IF_NOT_NONE: Opcode = 128;
pub const POP_JUMP_FORWARD_IF_NONE: Opcode = 129;
pub const RAISE_VARARGS: Opcode = 130;
pub const GET_AWAITABLE: Opcode = 131;
pub const MAKE_FUNCTION: Opcode = 132;
pub const BUILD_SLICE: Opcode = 133;
pub const JUMP_BACKWARD_NO_INTERRUPT: Opcode = 134;
pub const MAKE_CELL: Opcode = 135;
pub const LOAD_CLOSURE: Opcode = 136;
pub const LOAD_DEREF: Opcode = 137;
pub const STORE_DEREF: Opcode = 138;
pub const DELETE_DEREF: Opcode = 139;
pub const JUMP_BACKWARD: Opcode = 140;
pub const CALL_FUNCTION_EX: Opcode = 142;
pub const EXTENDED_ARG: Opcode = 144;
pub const LIST_APPEND: Opcode = 145;
pub const SET_ADD: Opcode = 146;
pub const MAP_ADD: Opcode = 147;
pub const LOAD_CLASSDEREF: Opcode = 148;
pub const COPY_FREE_VARS: Opcode = 149;
pub const RESUME: Opcode = 151;
pub const MATCH_CLASS: Opcode = 152;
pub const FORMAT_VALUE: Opcode = 155;
pub const BUILD_CONST_KEY_MAP: Opcode = 156;
pub const BUILD_STRING: Opcode = 157;
pub const LOAD_METHOD: Opcode = 160;
pub const LIST_EXTEND: Opcode = 162;
pub const SET_UPDATE: Opcode = 163;
pub const DICT_MERGE: Opcode = 164;
pub const DICT_UPDATE: Opcode = 165;
pub const PRECALL: Opcode = 166;
pub const CALL: Opcode = 171;
pub const KW_NAMES: Opcode = 172;
pub const POP_JUMP_BACKWARD_IF_NOT_NONE: Opcode = 173;
pub const POP_JUMP_BACKWARD_IF_NONE: Opcode = 174;
pub const POP_JUMP_BACKWARD_IF_FALSE: Opcode = 175;
pub const POP_JUMP_BACKWARD_IF_TRUE: Opcode = 176;

pub const HAVE_ARGUMENT: Opcode = 90;

/// Names by number; numbers that are no opcode have an empty name.
#[rustfmt::skip]
pub static NAMES: [&str; 256] = [
    "CACHE", "POP_TOP", "PUSH_NULL", "",
    "", "", "", "",
    "", "NOP", "UNARY_POSITIVE", "UNARY_NEGATIVE",
    "UNARY_NOT", "", "", "UNARY_INVERT",
    "", "", "", "",
    "", "", "", "",
    "", "BINARY_SUBSCR", "", "",
    "", "", "GET_LEN", "MATCH_MAPPING",
    "MATCH_SEQUENCE", "MATCH_KEYS", "", "PUSH_EXC_INFO",
    "CHECK_EXC_MATCH", "CHECK_EG_MATCH", "", "",
    "", "", "", "",
    "", "", "", "",
    "", "WITH_EXCEPT_START", "GET_AITER", "GET_ANEXT",
    "BEFORE_ASYNC_WITH", "BEFORE_WITH", "END_ASYNC_FOR", "",
    "", "", "", "",
    "STORE_SUBSCR", "DELETE_SUBSCR", "", "",
    "", "", "", "",
    "GET_ITER", "GET_YIELD_FROM_ITER", "PRINT_EXPR", "LOAD_BUILD_CLASS",
    "", "", "LOAD_ASSERTION_ERROR", "RETURN_GENERATOR",
    "", "", "", "",
    "", "", "LIST_TO_TUPLE", "RETURN_VALUE",
    "IMPORT_STAR", "SETUP_ANNOTATIONS", "YIELD_VALUE", "ASYNC_GEN_WRAP",
    "PREP_RERAISE_STAR", "POP_EXCEPT", "STORE_NAME", "DELETE_NAME",
    "UNPACK_SEQUENCE", "FOR_ITER", "UNPACK_EX", "STORE_ATTR",
    "DELETE_ATTR", "STORE_GLOBAL", "DELETE_GLOBAL", "SWAP",
    "LOAD_CONST", "LOAD_NAME", "BUILD_TUPLE", "BUILD_LIST",
    "BUILD_SET", "BUILD_MAP", "LOAD_ATTR", "COMPARE_OP",
    "IMPORT_NAME", "IMPORT_FROM", "JUMP_FORWARD", "JUMP_IF_FALSE_OR_POP",
    "JUMP_IF_TRUE_OR_POP", "", "POP_JUMP_FORWARD_IF_FALSE", "POP_JUMP_FORWARD_IF_TRUE",
    "LOAD_GLOBAL", "IS_OP", "CONTAINS_OP", "RERAISE",
    "COPY", "", "BINARY_OP", "SEND",
    "LOAD_FAST", "STORE_FAST", "DELETE_FAST", "",
    "POP_JUMP_FORWARD_IF_NOT_NONE", "POP_JUMP_FORWARD_IF_NONE", "RAISE_VARARGS", "GET_AWAITABLE",
    "MAKE_FUNCTION", "BUILD_SLICE", "JUMP_BACKWARD_NO_INTERRUPT", "MAKE_CELL",
    "LOAD_CLOSURE", "LOAD_DEREF", "STORE_DEREF", "DELETE_DEREF",
    "JUMP_BACKWARD", "", "CALL_FUNCTION_EX", "",
    "EXTENDED_ARG", "LIST_APPEND", "SET_ADD", "MAP_ADD",
    "LOAD_CLASSDEREF", "COPY_FREE_VARS", "", "RESUME",
    "MATCH_CLASS", "", "", "FORMAT_VALUE",
    "BUILD_CONST_KEY_MAP", "BUILD_STRING", "", "",
    "LOAD_METHOD", "", "LIST_EXTEND", "SET_UPDATE",
    "DICT_MERGE", "DICT_UPDATE", "PRECALL", "",
    "", "", "", "CALL",
    "KW_NAMES", "POP_JUMP_BACKWARD_IF_NOT_NONE", "POP_JUMP_BACKWARD_IF_NONE", "POP_JUMP_BACKWARD_IF_FALSE",
    "POP_JUMP_BACKWARD_IF_TRUE", "", "", "",
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
    "", "", "", "",
    "", "", "", "",
];

/// How many cache units follow each instruction.
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

/// Relative jumps.
#[rustfmt::skip]
pub static HASJREL: [Opcode; 15] = [
    93, 110, 111, 112, 114, 115, 123, 128, 129, 134, 140, 173, 174, 175, 176,
];

/// Opcodes whose argument is a constant's index.
#[rustfmt::skip]
pub static HASCONST: [Opcode; 2] = [
    100, 172,
];

/// Opcodes whose argument is a name's index.
#[rustfmt::skip]
pub static HASNAME: [Opcode; 12] = [
    90, 91, 95, 96, 97, 98, 101, 106, 108, 109, 116, 160,
];

/// Opcodes whose argument is a local variable.
#[rustfmt::skip]
pub static HASLOCAL: [Opcode; 3] = [
    124, 125, 126,
];

/// Opcodes whose argument is a cell or free variable.
#[rustfmt::skip]
pub static HASFREE: [Opcode; 6] = [
    135, 136, 137, 138, 139, 148,
];

/// Opcodes whose argument is a comparison.
#[rustfmt::skip]
pub static HASCOMPARE: [Opcode; 1] = [
    107,
];
