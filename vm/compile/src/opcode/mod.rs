//! CPython 3.11's opcodes: the generated table, those that exist only before assembly, and what each does.

mod table;

pub use table::*;

/// An opcode; the negative ones exist only before assembly.
pub type Opcode = i16;

pub const SETUP_FINALLY: Opcode = -1;
pub const SETUP_CLEANUP: Opcode = -2;
pub const SETUP_WITH: Opcode = -3;
pub const POP_BLOCK: Opcode = -4;
pub const JUMP: Opcode = -5;
pub const JUMP_NO_INTERRUPT: Opcode = -6;
pub const POP_JUMP_IF_FALSE: Opcode = -7;
pub const POP_JUMP_IF_TRUE: Opcode = -8;
pub const POP_JUMP_IF_NONE: Opcode = -9;
pub const POP_JUMP_IF_NOT_NONE: Opcode = -10;

pub fn has_arg(opcode: Opcode) -> bool {
    opcode >= HAVE_ARGUMENT
}

pub fn caches(opcode: Opcode) -> usize {
    usize::try_from(opcode).map_or(0, |index| CACHES[index] as usize)
}

/// Whether control may go to the instruction's target; the exception setups are no jumps.
pub fn is_jump(opcode: Opcode) -> bool {
    matches!(
        opcode,
        JUMP | JUMP_NO_INTERRUPT
            | POP_JUMP_IF_FALSE
            | POP_JUMP_IF_TRUE
            | POP_JUMP_IF_NONE
            | POP_JUMP_IF_NOT_NONE
            | FOR_ITER
            | SEND
            | JUMP_IF_FALSE_OR_POP
            | JUMP_IF_TRUE_OR_POP
            | JUMP_FORWARD
            | JUMP_BACKWARD
            | JUMP_BACKWARD_NO_INTERRUPT
            | POP_JUMP_FORWARD_IF_FALSE
            | POP_JUMP_FORWARD_IF_TRUE
            | POP_JUMP_FORWARD_IF_NONE
            | POP_JUMP_FORWARD_IF_NOT_NONE
            | POP_JUMP_BACKWARD_IF_FALSE
            | POP_JUMP_BACKWARD_IF_TRUE
            | POP_JUMP_BACKWARD_IF_NONE
            | POP_JUMP_BACKWARD_IF_NOT_NONE
    )
}

pub fn is_block_push(opcode: Opcode) -> bool {
    matches!(opcode, SETUP_FINALLY | SETUP_CLEANUP | SETUP_WITH)
}

/// Control never goes on to the next instruction.
pub fn is_scope_exit(opcode: Opcode) -> bool {
    matches!(opcode, RETURN_VALUE | RAISE_VARARGS | RERAISE)
}

/// What an instruction does to the depth of the stack, on the jump or past it.
pub fn stack_effect(opcode: Opcode, oparg: i32, jump: bool) -> Option<i32> {
    Some(match opcode {
        NOP
        | EXTENDED_ARG
        | RESUME
        | CACHE
        | SWAP
        | UNARY_POSITIVE
        | UNARY_NEGATIVE
        | UNARY_NOT
        | UNARY_INVERT
        | GET_ITER
        | SETUP_ANNOTATIONS
        | ASYNC_GEN_WRAP
        | YIELD_VALUE
        | POP_BLOCK
        | DELETE_NAME
        | DELETE_GLOBAL
        | LOAD_ATTR
        | CHECK_EXC_MATCH
        | CHECK_EG_MATCH
        | JUMP_FORWARD
        | JUMP_BACKWARD
        | JUMP
        | JUMP_BACKWARD_NO_INTERRUPT
        | JUMP_NO_INTERRUPT
        | DELETE_FAST
        | RETURN_GENERATOR
        | KW_NAMES
        | MAKE_CELL
        | COPY_FREE_VARS
        | DELETE_DEREF
        | GET_AWAITABLE
        | GET_AITER
        | GET_YIELD_FROM_ITER
        | LIST_TO_TUPLE => 0,
        POP_TOP
        | SET_ADD
        | LIST_APPEND
        | BINARY_SUBSCR
        | PRINT_EXPR
        | RETURN_VALUE
        | IMPORT_STAR
        | POP_EXCEPT
        | STORE_NAME
        | DELETE_ATTR
        | STORE_GLOBAL
        | COMPARE_OP
        | IS_OP
        | CONTAINS_OP
        | IMPORT_NAME
        | POP_JUMP_BACKWARD_IF_NONE
        | POP_JUMP_FORWARD_IF_NONE
        | POP_JUMP_IF_NONE
        | POP_JUMP_BACKWARD_IF_NOT_NONE
        | POP_JUMP_FORWARD_IF_NOT_NONE
        | POP_JUMP_IF_NOT_NONE
        | POP_JUMP_FORWARD_IF_FALSE
        | POP_JUMP_BACKWARD_IF_FALSE
        | POP_JUMP_IF_FALSE
        | POP_JUMP_FORWARD_IF_TRUE
        | POP_JUMP_BACKWARD_IF_TRUE
        | POP_JUMP_IF_TRUE
        | PREP_RERAISE_STAR
        | RERAISE
        | STORE_FAST
        | CALL
        | STORE_DEREF
        | LIST_EXTEND
        | SET_UPDATE
        | DICT_MERGE
        | DICT_UPDATE
        | BINARY_OP => -1,
        MAP_ADD | DELETE_SUBSCR | STORE_ATTR | END_ASYNC_FOR | MATCH_CLASS => -2,
        STORE_SUBSCR => -3,
        LOAD_BUILD_CLASS | LOAD_CONST | LOAD_NAME | IMPORT_FROM | PUSH_EXC_INFO
        | WITH_EXCEPT_START | LOAD_FAST | LOAD_CLOSURE | LOAD_DEREF | LOAD_CLASSDEREF
        | BEFORE_ASYNC_WITH | BEFORE_WITH | GET_ANEXT | LOAD_METHOD | LOAD_ASSERTION_ERROR
        | GET_LEN | MATCH_MAPPING | MATCH_SEQUENCE | MATCH_KEYS | COPY | PUSH_NULL => 1,
        UNPACK_SEQUENCE => oparg - 1,
        UNPACK_EX => (oparg & 0xff) + (oparg >> 8),
        FOR_ITER => {
            if jump {
                -1
            } else {
                1
            }
        }
        SEND | JUMP_IF_TRUE_OR_POP | JUMP_IF_FALSE_OR_POP => match (opcode, jump) {
            (SEND, true) | (JUMP_IF_TRUE_OR_POP | JUMP_IF_FALSE_OR_POP, false) => -1,
            _ => 0,
        },
        BUILD_TUPLE | BUILD_LIST | BUILD_SET | BUILD_STRING => 1 - oparg,
        BUILD_MAP => 1 - 2 * oparg,
        BUILD_CONST_KEY_MAP | RAISE_VARARGS | PRECALL => -oparg,
        LOAD_GLOBAL => (oparg & 1) + 1,
        SETUP_FINALLY | SETUP_WITH => i32::from(jump),
        SETUP_CLEANUP => 2 * i32::from(jump),
        CALL_FUNCTION_EX => -2 - (oparg & 1),
        MAKE_FUNCTION => -(oparg & 15).count_ones().cast_signed(),
        BUILD_SLICE => {
            if oparg == 3 {
                -2
            } else {
                -1
            }
        }
        FORMAT_VALUE => -(oparg >> 2 & 1),
        _ => return None,
    })
}
