//! Code objects of small programs: instructions, arguments, places, depth and flags, as CPython makes them.

use twinheap_compile::code::{CodeObject, Const};
use twinheap_compile::opcode::{NAMES, caches, has_arg};
use twinheap_compile::{Options, compile};
use twinheap_syntax::{Flags, Mode, parse_str};

mod locations;

fn listing(code: &CodeObject, out: &mut Vec<String>) {
    let places = locations::places(code);
    let mut items = Vec::new();
    let mut at = 0;
    while at < code.code.len() {
        let opcode = i16::from(code.code[at]);
        let oparg = if has_arg(opcode) {
            format!(" {}", code.code[at + 1])
        } else {
            String::new()
        };
        items.push(format!(
            "{}{oparg} @{}",
            NAMES[opcode as usize],
            places[at / 2]
        ));
        at += 2 + 2 * caches(opcode);
    }
    out.push(format!(
        "{} stack {} flags {}: {}",
        code.qualname,
        code.stacksize,
        code.flags,
        items.join(", ")
    ));
    for value in &code.consts {
        if let Const::Code(inner) = value {
            listing(inner, out);
        }
    }
}

fn check(name: &str, source: &str, expected: &[&str]) {
    let ast = parse_str(source, Mode::Exec, &Flags::default()).expect(name);
    let compiled = compile(ast, &Options::new("<string>", 0)).expect(name);
    let mut found = Vec::new();
    listing(&compiled.code, &mut found);
    assert_eq!(found, expected, "{name}: {source:?}");
}

#[test]
#[rustfmt::skip]
fn small_programs_compile_to_cpythons_code() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "an empty module",
            "",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @0:0, RETURN_VALUE @0:0",
            ],
        ),
        (
            "an assignment",
            "x = 1\n",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @1:4, STORE_NAME 0 @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
            ],
        ),
        (
            "a folded constant",
            "x = 2 ** 10 - 1\n",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @1:4, STORE_NAME 0 @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
            ],
        ),
        (
            "a chained comparison",
            "x = a < b < c\n",
            &[
                "<module> stack 3 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:4, LOAD_NAME 1 @1:8, SWAP 2 @1:4, COPY 2 @1:4, COMPARE_OP 0 @1:4, JUMP_IF_FALSE_OR_POP 5 @1:4, LOAD_NAME 2 @1:12, COMPARE_OP 0 @1:4, JUMP_FORWARD 2 @1:4, SWAP 2 @1:4, POP_TOP @1:4, STORE_NAME 3 @1:0, LOAD_CONST 0 @1:0, RETURN_VALUE @1:0",
            ],
        ),
        (
            "a short circuit in a condition",
            "if a and not b or c: d\n",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:3, POP_JUMP_FORWARD_IF_FALSE 2 @1:0, LOAD_NAME 1 @1:13, POP_JUMP_FORWARD_IF_FALSE 2 @1:0, LOAD_NAME 2 @1:18, POP_JUMP_FORWARD_IF_FALSE 4 @1:0, LOAD_NAME 3 @1:21, POP_TOP @1:21, LOAD_CONST 0 @1:21, RETURN_VALUE @1:21, LOAD_CONST 0 @1:0, RETURN_VALUE @1:0",
            ],
        ),
        (
            "a loop with break and else",
            "for x in y:\n  if x: break\nelse:\n  z\n",
            &[
                "<module> stack 2 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:9, GET_ITER @1:0, FOR_ITER 7 @1:0, STORE_NAME 1 @1:4, LOAD_NAME 1 @2:5, POP_JUMP_FORWARD_IF_FALSE 3 @2:2, POP_TOP @2:8, LOAD_CONST 0 @2:8, RETURN_VALUE @2:8, JUMP_BACKWARD 8 @2:2, LOAD_NAME 2 @4:2, POP_TOP @4:2, LOAD_CONST 0 @4:2, RETURN_VALUE @4:2",
            ],
        ),
        (
            "a while loop",
            "while x: y()\n",
            &[
                "<module> stack 2 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:6, POP_JUMP_FORWARD_IF_FALSE 14 @1:0, PUSH_NULL @1:9, LOAD_NAME 1 @1:9, PRECALL 0 @1:9, CALL 0 @1:9, POP_TOP @1:9, LOAD_NAME 0 @1:6, POP_JUMP_BACKWARD_IF_TRUE 12 @1:0, LOAD_CONST 0 @1:0, RETURN_VALUE @1:0, LOAD_CONST 0 @1:0, RETURN_VALUE @1:0",
            ],
        ),
        (
            "try, except, finally",
            "try: a\nexcept B as e: c\nfinally: d\n",
            &[
                "<module> stack 4 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:5, POP_TOP @1:5, JUMP_FORWARD 20 @1:5, PUSH_EXC_INFO @None:None, LOAD_NAME 1 @2:7, CHECK_EXC_MATCH @2:0, POP_JUMP_FORWARD_IF_FALSE 12 @2:0, STORE_NAME 2 @2:0, LOAD_NAME 3 @2:15, POP_TOP @2:15, POP_EXCEPT @2:15, LOAD_CONST 0 @2:15, STORE_NAME 2 @2:15, DELETE_NAME 2 @2:15, JUMP_FORWARD 8 @2:15, LOAD_CONST 0 @None:None, STORE_NAME 2 @None:None, DELETE_NAME 2 @None:None, RERAISE 1 @None:None, RERAISE 0 @2:0, COPY 3 @None:None, POP_EXCEPT @None:None, RERAISE 1 @None:None, LOAD_NAME 4 @3:9, POP_TOP @3:9, LOAD_CONST 0 @3:9, RETURN_VALUE @3:9, PUSH_EXC_INFO @None:None, LOAD_NAME 4 @3:9, POP_TOP @3:9, RERAISE 0 @3:9, COPY 3 @None:None, POP_EXCEPT @None:None, RERAISE 1 @None:None",
            ],
        ),
        (
            "a with statement",
            "with a as b: c\n",
            &[
                "<module> stack 6 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:5, BEFORE_WITH @1:0, STORE_NAME 1 @1:10, LOAD_NAME 2 @1:13, POP_TOP @1:13, LOAD_CONST 0 @1:0, LOAD_CONST 0 @1:0, LOAD_CONST 0 @1:0, PRECALL 2 @1:0, CALL 2 @1:0, POP_TOP @1:0, LOAD_CONST 0 @1:0, RETURN_VALUE @1:0, PUSH_EXC_INFO @1:0, WITH_EXCEPT_START @1:0, POP_JUMP_FORWARD_IF_TRUE 4 @1:0, RERAISE 2 @1:0, COPY 3 @None:None, POP_EXCEPT @None:None, RERAISE 1 @None:None, POP_TOP @1:0, POP_EXCEPT @1:0, POP_TOP @1:0, POP_TOP @1:0, LOAD_CONST 0 @1:0, RETURN_VALUE @1:0",
            ],
        ),
        (
            "a function with defaults",
            "def f(a, b=1, *c, d=2, **e): return a\n",
            &[
                "<module> stack 3 flags 0: RESUME 0 @0:0, LOAD_CONST 5 @1:0, LOAD_CONST 1 @1:20, LOAD_CONST 2 @1:0, BUILD_CONST_KEY_MAP 1 @1:0, LOAD_CONST 3 @1:0, MAKE_FUNCTION 3 @1:0, STORE_NAME 0 @1:0, LOAD_CONST 4 @1:0, RETURN_VALUE @1:0",
                "f stack 1 flags 15: RESUME 0 @1:0, LOAD_FAST 0 @1:36, RETURN_VALUE @1:29",
            ],
        ),
        (
            "a class with a method",
            "class A(B, m=C):\n  x: int = 1\n  def f(self): return __class__\n",
            &[
                "<module> stack 6 flags 0: RESUME 0 @0:0, PUSH_NULL @1:0, LOAD_BUILD_CLASS @1:0, LOAD_CONST 0 @1:0, MAKE_FUNCTION 0 @1:0, LOAD_CONST 1 @1:0, LOAD_NAME 0 @1:8, LOAD_NAME 1 @1:13, KW_NAMES 2 @1:0, PRECALL 4 @1:0, CALL 4 @1:0, STORE_NAME 2 @1:0, LOAD_CONST 3 @1:0, RETURN_VALUE @1:0",
                "A stack 3 flags 0: MAKE_CELL 0 @None:None, RESUME 0 @1:0, LOAD_NAME 0 @1:0, STORE_NAME 1 @1:0, LOAD_CONST 0 @1:0, STORE_NAME 2 @1:0, SETUP_ANNOTATIONS @1:0, LOAD_CONST 1 @2:11, STORE_NAME 3 @2:2, LOAD_NAME 4 @2:5, LOAD_NAME 5 @2:2, LOAD_CONST 2 @2:2, STORE_SUBSCR @2:2, LOAD_CLOSURE 0 @3:2, BUILD_TUPLE 1 @3:2, LOAD_CONST 3 @3:2, MAKE_FUNCTION 8 @3:2, STORE_NAME 6 @3:2, LOAD_CLOSURE 0 @3:2, COPY 1 @3:2, STORE_NAME 7 @3:2, RETURN_VALUE @3:2",
                "A.f stack 1 flags 3: COPY_FREE_VARS 1 @None:None, RESUME 0 @3:0, LOAD_DEREF 1 @3:22, RETURN_VALUE @3:15",
            ],
        ),
        (
            "a comprehension with a closure",
            "def f(n): return [x + n for x in y if x]\n",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @1:0, MAKE_FUNCTION 0 @1:0, STORE_NAME 0 @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
                "f stack 2 flags 3: MAKE_CELL 0 @None:None, RESUME 0 @1:0, LOAD_CLOSURE 0 @1:17, BUILD_TUPLE 1 @1:17, LOAD_CONST 1 @1:17, MAKE_FUNCTION 8 @1:17, LOAD_GLOBAL 0 @1:33, GET_ITER @1:17, PRECALL 0 @1:17, CALL 0 @1:17, RETURN_VALUE @1:10",
                "f.<locals>.<listcomp> stack 4 flags 19: COPY_FREE_VARS 1 @None:None, RESUME 0 @1:0, BUILD_LIST 0 @1:17, LOAD_FAST 0 @1:17, FOR_ITER 9 @1:17, STORE_FAST 1 @1:28, LOAD_FAST 1 @1:38, POP_JUMP_BACKWARD_IF_FALSE 4 @1:17, LOAD_FAST 1 @1:18, LOAD_DEREF 2 @1:22, BINARY_OP 0 @1:18, LIST_APPEND 2 @1:17, JUMP_BACKWARD 10 @1:17, RETURN_VALUE @1:17",
            ],
        ),
        (
            "a generator",
            "def f():\n  x = yield 1\n  yield from x\n",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @1:0, MAKE_FUNCTION 0 @1:0, STORE_NAME 0 @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
                "f stack 2 flags 35: RETURN_GENERATOR @1:None, POP_TOP @1:None, RESUME 0 @1:0, LOAD_CONST 1 @2:12, YIELD_VALUE @2:6, RESUME 1 @2:6, STORE_FAST 0 @2:2, LOAD_FAST 0 @3:13, GET_YIELD_FROM_ITER @3:2, LOAD_CONST 0 @3:2, SEND 3 @3:2, YIELD_VALUE @3:2, RESUME 2 @3:2, JUMP_BACKWARD_NO_INTERRUPT 4 @3:2, POP_TOP @3:2, LOAD_CONST 0 @3:2, RETURN_VALUE @3:2",
            ],
        ),
        (
            "a coroutine",
            "async def f():\n  async with a as b:\n    async for c in d: await c\n",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @1:0, MAKE_FUNCTION 0 @1:0, STORE_NAME 0 @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
                "f stack 6 flags 131: RETURN_GENERATOR @1:None, POP_TOP @1:None, RESUME 0 @1:0, LOAD_GLOBAL 0 @2:13, BEFORE_ASYNC_WITH @2:2, GET_AWAITABLE 1 @2:2, LOAD_CONST 0 @2:2, SEND 3 @2:2, YIELD_VALUE @2:2, RESUME 3 @2:2, JUMP_BACKWARD_NO_INTERRUPT 4 @2:2, STORE_FAST 0 @2:18, LOAD_GLOBAL 2 @3:19, GET_AITER @3:4, GET_ANEXT @3:4, LOAD_CONST 0 @3:4, SEND 3 @3:4, YIELD_VALUE @3:4, RESUME 3 @3:4, JUMP_BACKWARD_NO_INTERRUPT 4 @3:4, STORE_FAST 1 @3:14, LOAD_FAST 1 @3:28, GET_AWAITABLE 0 @3:22, LOAD_CONST 0 @3:22, SEND 3 @3:22, YIELD_VALUE @3:22, RESUME 3 @3:22, JUMP_BACKWARD_NO_INTERRUPT 4 @3:22, POP_TOP @3:22, JUMP_BACKWARD 16 @3:22, END_ASYNC_FOR @3:19, NOP @3:19, LOAD_CONST 0 @2:2, LOAD_CONST 0 @2:2, LOAD_CONST 0 @2:2, PRECALL 2 @2:2, CALL 2 @2:2, GET_AWAITABLE 2 @2:2, LOAD_CONST 0 @2:2, SEND 3 @2:2, YIELD_VALUE @2:2, RESUME 3 @2:2, JUMP_BACKWARD_NO_INTERRUPT 4 @2:2, POP_TOP @2:2, LOAD_CONST 0 @2:2, RETURN_VALUE @2:2, PUSH_EXC_INFO @2:2, WITH_EXCEPT_START @2:2, GET_AWAITABLE 2 @2:2, LOAD_CONST 0 @2:2, SEND 3 @2:2, YIELD_VALUE @2:2, RESUME 3 @2:2, JUMP_BACKWARD_NO_INTERRUPT 4 @2:2, POP_JUMP_FORWARD_IF_TRUE 4 @2:2, RERAISE 2 @2:2, COPY 3 @None:None, POP_EXCEPT @None:None, RERAISE 1 @None:None, POP_TOP @2:2, POP_EXCEPT @2:2, POP_TOP @2:2, POP_TOP @2:2, LOAD_CONST 0 @2:2, RETURN_VALUE @2:2",
            ],
        ),
        (
            "an f-string",
            "f'{a!r:>{b}}c'\n",
            &[
                "<module> stack 3 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:3, LOAD_CONST 0 @1:0, LOAD_NAME 1 @1:9, FORMAT_VALUE 0 @1:0, BUILD_STRING 2 @1:0, FORMAT_VALUE 6 @1:0, LOAD_CONST 1 @1:0, BUILD_STRING 2 @1:0, POP_TOP @1:0, LOAD_CONST 2 @1:0, RETURN_VALUE @1:0",
            ],
        ),
        (
            "a match statement",
            "match x:\n  case [1, *_, y] if y: a\n  case {'k': A(b=c) | c}: d\n  case _: e\n",
            &[
                "<module> stack 6 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:6, COPY 1 @2:7, MATCH_SEQUENCE @2:7, POP_JUMP_FORWARD_IF_FALSE 38 @2:7, GET_LEN @2:7, LOAD_CONST 0 @2:7, COMPARE_OP 5 @2:7, POP_JUMP_FORWARD_IF_FALSE 32 @2:7, COPY 1 @2:7, LOAD_CONST 1 @2:7, BINARY_SUBSCR @2:7, LOAD_CONST 2 @2:8, COMPARE_OP 2 @2:8, POP_JUMP_FORWARD_IF_FALSE 20 @2:8, COPY 1 @2:8, GET_LEN @2:8, LOAD_CONST 2 @2:8, BINARY_OP 10 @2:8, BINARY_SUBSCR @2:8, SWAP 2 @2:15, POP_TOP @2:15, STORE_NAME 1 @2:15, LOAD_NAME 1 @2:21, POP_JUMP_FORWARD_IF_FALSE 6 @2:15, POP_TOP @2:15, LOAD_NAME 2 @2:24, POP_TOP @2:24, LOAD_CONST 4 @2:24, RETURN_VALUE @2:24, POP_TOP @2:7, MATCH_MAPPING @3:7, POP_JUMP_FORWARD_IF_FALSE 34 @3:7, GET_LEN @3:7, LOAD_CONST 2 @3:7, COMPARE_OP 5 @3:7, POP_JUMP_FORWARD_IF_FALSE 28 @3:7, LOAD_CONST 6 @3:7, MATCH_KEYS @3:7, COPY 1 @3:7, POP_JUMP_FORWARD_IF_NONE 22 @3:7, UNPACK_SEQUENCE 1 @3:7, COPY 1 @3:13, LOAD_NAME 3 @3:13, LOAD_CONST 5 @3:13, MATCH_CLASS 0 @3:13, COPY 1 @3:13, POP_JUMP_FORWARD_IF_NONE 3 @3:13, UNPACK_SEQUENCE 1 @3:13, JUMP_FORWARD 2 @3:17, POP_TOP @3:17, COPY 1 @3:22, SWAP 4 @3:22, POP_TOP @3:22, POP_TOP @3:22, POP_TOP @3:22, STORE_NAME 4 @3:22, LOAD_NAME 5 @3:26, POP_TOP @3:26, LOAD_CONST 4 @3:26, RETURN_VALUE @3:26, POP_TOP @3:7, POP_TOP @3:7, POP_TOP @3:7, LOAD_NAME 6 @4:10, POP_TOP @4:10, LOAD_CONST 4 @4:10, RETURN_VALUE @4:10",
            ],
        ),
        (
            "a method call and keywords",
            "a.b(c, d=e)(*f, **g)\n",
            &[
                "<module> stack 5 flags 0: RESUME 0 @0:0, PUSH_NULL @1:0, LOAD_NAME 0 @1:0, LOAD_METHOD 1 @1:0, LOAD_NAME 2 @1:4, LOAD_NAME 3 @1:9, KW_NAMES 0 @1:0, PRECALL 2 @1:0, CALL 2 @1:0, LOAD_NAME 4 @1:13, BUILD_MAP 0 @1:0, LOAD_NAME 5 @1:18, DICT_MERGE 1 @1:0, CALL_FUNCTION_EX 1 @1:0, POP_TOP @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
            ],
        ),
        (
            "swapped targets",
            "def f(a, b):\n  a, b = b, a\n",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @1:0, MAKE_FUNCTION 0 @1:0, STORE_NAME 0 @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
                "f stack 2 flags 3: RESUME 0 @1:0, LOAD_FAST 1 @2:9, LOAD_FAST 0 @2:12, STORE_FAST 1 @2:5, STORE_FAST 0 @2:2, LOAD_CONST 0 @2:2, RETURN_VALUE @2:2",
            ],
        ),
        (
            "deletions",
            "del a, b.c, d[e]\n",
            &[
                "<module> stack 2 flags 0: RESUME 0 @0:0, DELETE_NAME 0 @1:4, LOAD_NAME 1 @1:7, DELETE_ATTR 2 @1:7, LOAD_NAME 3 @1:12, LOAD_NAME 4 @1:14, DELETE_SUBSCR @1:12, LOAD_CONST 0 @1:12, RETURN_VALUE @1:12",
            ],
        ),
        (
            "exception groups",
            "try: a\nexcept* B: c\n",
            &[
                "<module> stack 6 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:5, POP_TOP @1:5, LOAD_CONST 0 @1:5, RETURN_VALUE @1:5, PUSH_EXC_INFO @None:None, COPY 1 @2:0, BUILD_LIST 0 @2:0, SWAP 2 @2:0, LOAD_NAME 1 @2:8, CHECK_EG_MATCH @2:0, COPY 1 @2:0, POP_JUMP_FORWARD_IF_NONE 8 @2:0, POP_TOP @2:0, LOAD_NAME 2 @2:11, POP_TOP @2:11, JUMP_FORWARD 3 @2:11, LIST_APPEND 3 @None:None, POP_TOP @None:None, JUMP_FORWARD 2 @None:None, JUMP_FORWARD 1 @2:11, POP_TOP @2:0, LIST_APPEND 1 @None:None, PREP_RERAISE_STAR @None:None, COPY 1 @None:None, POP_JUMP_FORWARD_IF_NOT_NONE 4 @None:None, POP_TOP @2:None, POP_EXCEPT @2:None, LOAD_CONST 0 @2:None, RETURN_VALUE @2:None, SWAP 2 @None:None, POP_EXCEPT @None:None, RERAISE 0 @None:None, COPY 3 @None:None, POP_EXCEPT @None:None, RERAISE 1 @None:None",
            ],
        ),
        (
            "imports",
            "import a.b as c\nfrom . import d as e\nfrom f import *\n",
            &[
                "<module> stack 2 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @1:0, LOAD_CONST 1 @1:0, IMPORT_NAME 0 @1:0, IMPORT_FROM 1 @1:0, STORE_NAME 2 @1:0, POP_TOP @1:0, LOAD_CONST 2 @2:0, LOAD_CONST 3 @2:0, IMPORT_NAME 3 @2:0, IMPORT_FROM 4 @2:0, STORE_NAME 5 @2:0, POP_TOP @2:0, LOAD_CONST 0 @3:0, LOAD_CONST 4 @3:0, IMPORT_NAME 6 @3:0, IMPORT_STAR @3:0, LOAD_CONST 1 @3:0, RETURN_VALUE @3:0",
            ],
        ),
        (
            "a lambda and a ternary",
            "x = lambda a: b if a else c\n",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @1:4, MAKE_FUNCTION 0 @1:4, STORE_NAME 0 @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
                "<lambda> stack 1 flags 3: RESUME 0 @1:0, LOAD_FAST 0 @1:19, POP_JUMP_FORWARD_IF_FALSE 7 @1:14, LOAD_GLOBAL 0 @1:14, JUMP_FORWARD 6 @1:14, LOAD_GLOBAL 2 @1:26, RETURN_VALUE @1:0",
            ],
        ),
        (
            "augmented assignments",
            "a += 1\nb.c -= 2\nd[e] //= 3\n",
            &[
                "<module> stack 4 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:0, LOAD_CONST 0 @1:5, BINARY_OP 13 @1:0, STORE_NAME 0 @1:0, LOAD_NAME 1 @2:0, COPY 1 @2:0, LOAD_ATTR 2 @2:0, LOAD_CONST 1 @2:7, BINARY_OP 23 @2:0, SWAP 2 @2:0, STORE_ATTR 2 @2:0, LOAD_NAME 3 @3:0, LOAD_NAME 4 @3:2, COPY 2 @3:0, COPY 2 @3:0, BINARY_SUBSCR @3:0, LOAD_CONST 2 @3:9, BINARY_OP 15 @3:0, SWAP 3 @3:0, SWAP 2 @3:0, STORE_SUBSCR @3:0, LOAD_CONST 3 @3:0, RETURN_VALUE @3:0",
            ],
        ),
        (
            "a set lookup",
            "x in {1, 2, 3}\n",
            &[
                "<module> stack 2 flags 0: RESUME 0 @0:0, LOAD_NAME 0 @1:0, LOAD_CONST 0 @1:5, CONTAINS_OP 0 @1:0, POP_TOP @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
            ],
        ),
        (
            "a global and a nonlocal",
            "def f():\n  global a\n  a = b = 1\n  def g():\n    nonlocal b\n    b = 2\n",
            &[
                "<module> stack 1 flags 0: RESUME 0 @0:0, LOAD_CONST 0 @1:0, MAKE_FUNCTION 0 @1:0, STORE_NAME 0 @1:0, LOAD_CONST 1 @1:0, RETURN_VALUE @1:0",
                "f stack 2 flags 3: MAKE_CELL 1 @None:None, RESUME 0 @1:0, LOAD_CONST 1 @3:10, COPY 1 @3:2, STORE_GLOBAL 0 @3:2, STORE_DEREF 1 @3:6, LOAD_CLOSURE 1 @4:2, BUILD_TUPLE 1 @4:2, LOAD_CONST 2 @4:2, MAKE_FUNCTION 8 @4:2, STORE_FAST 0 @4:2, LOAD_CONST 0 @4:2, RETURN_VALUE @4:2",
                "f.<locals>.g stack 1 flags 19: COPY_FREE_VARS 1 @None:None, RESUME 0 @4:0, LOAD_CONST 1 @6:8, STORE_DEREF 0 @6:4, LOAD_CONST 0 @6:4, RETURN_VALUE @6:4",
            ],
        ),
    ];
    for (name, source, expected) in cases {
        check(name, source, expected);
    }
}
