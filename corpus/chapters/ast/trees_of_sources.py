"""Trees that compile() makes: every statement, expression and pattern, positions, modes, type comments, unparse."""
import ast

SOURCES = [
    "def f(a, /, b: int = 1, *c, d=2, **e) -> str:\n    return a\n",
    "async def g():\n    async with a as b: pass\n    async for x in y: await z\n    return [u async for u in v if w]\n",
    "@deco\nclass A(B, metaclass=C):\n    x: int = 1\n    y: str\n",
    "match x:\n    case {'a': 1, **rest} | [1, *_] | C(a, b=2) | None | -1 as z if guard: pass\n    case _: pass\n",
    "try:\n    raise A from B\nexcept* C as d:\n    del d, e[0], f.g\nelse: pass\nfinally: pass\n",
    "for i in j: break\nelse: continue\nwhile k: pass\nif l: pass\nelif m: pass\nelse: pass\n",
    "with (a as b, c): pass\nfrom . import d as e, f\nfrom ..g import *\nimport h.i\nglobal j\n",
    "f'{a!r:>{w}} {b=}' 'c'; u'd'; b'\\xff'; '\\ud800'; ...; 1j; 1.5; 10**30; 123456789012345678901234567890\n",
    "lambda *, a=1: (yield); x = y = {**z, 'k': (n := 1)}; p @= q; a[1:2, ::3]; a < b <= c is not d\n",
    "assert x, y; not a or b and ~c; (i for j in k); {l: m for l in n}; {*o}; p if q else r\n",
]
trees = []
for source in SOURCES:
    tree = ast.parse(source)
    trees.append(tree)
    print(ast.dump(tree, include_attributes=True))
    again = ast.unparse(tree)
    print(again)
    print(ast.dump(ast.parse(again)) == ast.dump(tree))

first = trees[0].body[0]
print(type(first).__mro__[1:], first._fields, first._attributes, first.lineno, first.end_col_offset)
print(ast.parse("a + b").body[0].value.left.ctx is ast.parse("c").body[0].value.ctx)
print(ast.dump(ast.parse("x = []  # type: list\nf()  # type: ignore[a]\n", type_comments=True)))
print(ast.dump(ast.parse("(int, *str) -> x", mode="func_type")), ast.dump(ast.parse("1, 2", mode="eval")))
print(ast.literal_eval("{'a': [1, 2, (3,)], b'x': -1 + 2j, None: {True}}"))

CASES = [
    ("1", "f", "nothing"), ("1", "f", "func_type"), ("1", "f", "eval", 1 << 29), ("1", "f", "eval", 0, False, 3), ("1", 5, "eval"),
    (5, "f", "exec"), ("a\0", "f", "exec"), ("match x:\n case 1: pass", "f", "exec", 1024), ("await x", "f", "exec"),
    ("await x", "f", "exec", 0x2000), ("1 <> 2", "f", "eval", 0x400000), ("x: int", "f", "exec", 0x1000000), ("(", "f", "exec", 1024),
]
for case in CASES:
    try:
        made = compile(*case)
        print(case[0], type(made).__name__, hex(getattr(made, "co_flags", 0)))
    except (SyntaxError, TypeError, ValueError) as error:
        print(case[0], type(error).__name__, error)
try:
    ast.parse("match x:\n case 1: pass", feature_version=(3, 9))
except SyntaxError as error:
    print(error)
