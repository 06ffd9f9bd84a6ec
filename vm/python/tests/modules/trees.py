# Trees of `ast` that a program hands to compile(): what they become, and what is refused.
import ast
import re


def told(make, mode="exec"):
    try:
        code = compile(make(), "<tree>", mode)
        shown = code.co_name, code.co_code.hex(), code.co_consts, code.co_names, list(code.co_lines())
    except Exception as error:
        shown = type(error).__name__, str(error)
    print(re.sub("0x[0-9a-f]+", "...", repr(shown)))


SOURCES = """
x = 1 + 2j; y = "a" f"{x!r:>{10}}" if x else b"" or ...
def f(a, /, b: int = 3, *c, d, e=4, **g) -> None: return lambda *q, r=1: (yield)
async def h():
    async for i in x: await i
    async with a as (b, *c), d: return [j async for j in k if l]
class C(B, metaclass=M): z: int = 5; __slots__ = ()
try: pass
except* E as e: del e.x[1:2, ::3]
match v:
    case {"k": [1, -2.5, 3+4j, *_], **rest}: pass
    case 1 | P(q=None) as s if s: pass
    case _: global g1; from ..m import n as o, p
with w: raise R from S
for i, *j in {1: 2, **d}: assert (k := i), "m"
while a < b <= c not in d is not e: x **= ~y @ z; continue
"""
tree = ast.parse(SOURCES)
told(lambda: tree)
from_source = compile(SOURCES, "<tree>", "exec")
print(compile(tree, "<tree>", "exec").co_code == from_source.co_code)
told(lambda: ast.parse("1 + x", mode="eval"), "eval")
told(lambda: ast.parse("x", mode="single"), "single")
told(lambda: ast.parse("x"), "eval")
told(lambda: ast.Call(), "exec")
print(compile(tree, "<tree>", "exec", ast.PyCF_ONLY_AST) is tree)

place = dict(lineno=1, col_offset=0)
name = ast.Name("x", ast.Load(), **place)
stored = ast.Name("x", ast.Store(), **place)
one = ast.Constant(1, **place)


def expression(node):
    told(lambda: ast.fix_missing_locations(ast.Expression(node)), "eval")


def statement(node):
    told(lambda: ast.fix_missing_locations(ast.Module([node], [])))


class Odd(str):
    pass


for node in (
    stored, ast.Name("None", ast.Load()), ast.Name(3, ast.Load()), ast.Name(None, ast.Load()), ast.Name("x", None),
    ast.Name("x", ast.Add()), ast.Name("x"), ast.Name(), ast.BoolOp(ast.And(), [name]), ast.BoolOp(ast.And(), [name, None]),
    ast.BoolOp(ast.And(), (name, name)), ast.BinOp(name, ast.And(), name), ast.BinOp(name, ast.Add(), None),
    ast.Compare(name, [], []), ast.Compare(name, [ast.Eq()], [name, name]), ast.Dict([None], [name]), ast.Dict([name], []),
    ast.ListComp(name, []), ast.ListComp(name, [ast.comprehension(name, name, [], 0)]), ast.Constant(Odd("s")),
    ast.Constant((1, frozenset({2, (3,)}), [])), ast.Constant((1, (2.5, None), b"x")), ast.Constant(-(1 << 200)), ast.Constant(object),
    ast.Lambda(ast.arguments([], [], None, [], [], None, [one]), one), ast.Lambda(ast.arguments([], [], None, [ast.arg("a")], [], None, []), one),
    ast.Starred(name, ast.Load()), ast.Slice(), ast.JoinedStr([name]), ast.FormattedValue(name, 65), ast.Yield(), ast.Await(name),
    ast.Call(name, [ast.Starred(name, ast.Load())], [ast.keyword(None, name), ast.keyword("k", name)]), ast.Attribute(name, "a", ast.Store()),
    ast.NamedExpr(stored, name), ast.NamedExpr(ast.Attribute(name, "a", ast.Store()), name), 3, None, ast.expr(),
):
    expression(node)

for node in (
    ast.Pass(), ast.Expr(stored), ast.Assign([], name), ast.Assign([name], name), ast.Delete([]), ast.Delete([name]), ast.Global([]),
    ast.Import([]), ast.ImportFrom("m", [ast.alias("a")], -1), ast.ImportFrom(None, [ast.alias("a", "b")]), ast.If(name, [], []),
    ast.If(name, [None], []), ast.Raise(None, name), ast.Try([ast.Pass()], [], [], []), ast.Try([ast.Pass()], [], [ast.Pass()], [ast.Pass()]),
    ast.TryStar([ast.Pass()], [], [], []), ast.Try([ast.Pass()], [ast.ExceptHandler(None, None, [])], [], []),
    ast.AnnAssign(ast.Attribute(name, "a", ast.Store()), name, None, 1), ast.AnnAssign(stored, name, None, "1"), ast.With([], [ast.Pass()]),
    ast.With([ast.withitem(name, name)], [ast.Pass()]), ast.Return(name), ast.Break(), ast.For(name, name, [ast.Pass()], []),
    ast.FunctionDef("f", ast.arguments([], [], None, [], [], None, []), [], []), ast.ClassDef("C", [], [], [ast.Pass()], [None]),
    ast.Match(name, []), ast.Match(name, [ast.match_case(ast.MatchValue(name), None, [ast.Pass()])]),
    ast.Match(name, [ast.match_case(ast.MatchSingleton(1), None, [ast.Pass()])]),
    ast.Match(name, [ast.match_case(ast.MatchStar("a"), None, [ast.Pass()])]),
    ast.Match(name, [ast.match_case(ast.MatchAs(ast.MatchAs(), None), None, [ast.Pass()])]),
    ast.Match(name, [ast.match_case(ast.MatchAs(None, "_"), None, [ast.Pass()])]),
    ast.Match(name, [ast.match_case(ast.MatchOr([ast.MatchAs()]), None, [ast.Pass()])]),
    ast.Match(name, [ast.match_case(ast.MatchMapping([one], [], "r"), None, [ast.Pass()])]),
    ast.Match(name, [ast.match_case(ast.MatchClass(one, [], [], []), None, [ast.Pass()])]),
    ast.Match(name, [ast.match_case(ast.MatchClass(name, [], ["a"], []), None, [ast.Pass()])]),
    ast.stmt(), ast.Assign(), name,
):
    statement(node)

for line, column, end, end_column in ((2, 0, 1, 0), (-1, 0, 1, 0), (1, -1, 1, 3), (1, 5, 1, 3), (1, "a", 1, 1), (1 << 40, 0, 1, 1), (1, 0, None, None)):
    told(lambda: ast.Expression(ast.Constant(1, lineno=line, col_offset=column, end_lineno=end, end_col_offset=end_column)), "eval")


class Shrinking:
    lineno, col_offset = 1, 0

    def __getattr__(self, field):
        items.clear()
        raise AttributeError(field)


class Sly(ast.Name):
    def __init__(self, *arguments, **places):
        super().__init__(*arguments, **places)

    @property
    def lineno(self):
        items.clear()
        return 1


items = [Sly("x", ast.Load(), col_offset=0), name]
told(lambda: ast.Expression(ast.Set(items, **place)), "eval")
deep = name
for _ in range(5000):
    deep = ast.UnaryOp(ast.Not(), deep, **place)
told(lambda: ast.Expression(deep), "eval")
