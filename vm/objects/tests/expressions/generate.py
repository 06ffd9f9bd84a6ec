"""Evaluate the expressions of expressions.txt and many made ones; print each with its outcome.

Run under CPython 3.11 with PYTHONHASHSEED=0; the output is committed as facts.txt. Fields: the
expression, then "value", the type's name, the repr and the memory behind the header in hexadecimal
(or "-" where it says nothing), or "raise", the type's name and the message.
"""
import ctypes
import itertools
import os
import re
import warnings

warnings.simplefilter("ignore")
here = os.path.dirname(__file__)
EXPRESSIONS = [line for line in open(os.path.join(here, "expressions.txt"), encoding="utf-8").read().split("\n") if line]

STRINGS = ["", "a", "Abc", "hello World", "aXbXc", " \t pad \n", "éÀß", "ǅŉ", "ΑΣ Σ", "12345", "٣½²", "x\ud800y", "\U0001f600b", "a\r\nb\nc\x0bd",
           "tab\tbed\t", "_id9", "if", "ÿ", "\x7f\x00'\"\\", "aaa"]
NOARGS = ("capitalize casefold isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace "
          "istitle isupper lower lstrip rstrip split rsplit splitlines strip swapcase title upper expandtabs __sizeof__").split()
CALLS = ["center(7)", "center(8, '*')", "ljust(6, '\u1234')", "rjust(9)", "zfill(6)", "expandtabs(3)", "find('b')", "rfind('a')", "count('a')",
         "count('')", "find('', 2)", "find('a', -2)", "startswith(('x', 'a'))", "endswith('c', 0, 3)", "replace('a', 'bb')", "replace('', '-')",
         "replace('a', '', 1)", "replace('b', '\U0001f600')", "split('X')", "split('a', 1)", "rsplit('a', 1)", "split(None, 1)", "rsplit(None, 1)",
         "partition('X')", "rpartition('a')", "splitlines(True)", "strip('ah')", "removeprefix('a')", "removesuffix('c')", "join(['1', '2', '3'])",
         "translate({97: None, 98: 'BB', 99: 0x1234})", "encode()", "encode('utf-16')", "encode('utf-32-be')", "encode('ascii', 'replace')",
         "encode('latin-1', 'backslashreplace')", "encode('ascii', 'xmlcharrefreplace')", "encode('utf-8', 'surrogatepass')",
         "encode('unicode_escape')", "encode('raw_unicode_escape')", "encode('ascii', 'namereplace')", "encode('utf-8', 'surrogateescape')",
         "encode('ascii', 'ignore')", "__mul__(3)", "__getitem__(0)", "__getitem__(slice(None, None, -1))", "__getitem__(slice(1, 4))",
         "__contains__('b')", "index('b')", "__len__()", "__hash__()", "__repr__()", "isprintable()", "__format__('>8')", "__format__('^9.3')",
         "__mod__(5)", "format(1, 2)", "__lt__('b')", "__add__('é')"]
for s in STRINGS:
    EXPRESSIONS += [f"{s!a}.{name}()" for name in NOARGS] + [f"{s!a}.{call}" for call in CALLS]

BYTES = [b"", b"a", b"Abc", b"hello World", b"aXbXc", b" \t pad \n", b"\xff\xfe\x00", b"12345", b"a\r\nb\nc", b"tab\tbed\t", b"\x7f'\"\\", b"aaa",
         b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\xc3(", b"\\x41\\u1234\\n\\N{BULLET}", b"\\u12", b"\xe2\x82"]
BNOARGS = ("capitalize isalnum isalpha isascii isdigit islower isspace istitle isupper lower lstrip rstrip split rsplit "
           "splitlines strip swapcase title upper expandtabs hex decode __sizeof__").split()
BCALLS = ["center(7)", "center(8, b'*')", "ljust(6, b'-')", "rjust(9)", "zfill(6)", "expandtabs(3)", "find(b'b')", "rfind(97)", "count(b'a')",
          "count(b'')", "startswith((b'x', b'a'))", "endswith(b'c', 0, 3)", "replace(b'a', b'bb')", "replace(b'', b'-')", "split(b'X')",
          "split(b'a', 1)", "rsplit(b'a', 1)", "rsplit(None, 1)", "partition(b'X')", "rpartition(b'a')", "splitlines(True)", "strip(b'ah')",
          "removeprefix(b'a')", "removesuffix(b'c')", "join([b'1', b'2', b'3'])", "decode('latin-1')", "decode('ascii', 'replace')",
          "decode('utf-8', 'ignore')", "decode('utf-8', 'replace')", "decode('utf-8', 'backslashreplace')", "decode('utf-8', 'surrogateescape')",
          "decode('utf-8', 'surrogatepass')", "decode('utf-16-le')", "decode('utf-16', 'replace')", "decode('utf-32', 'replace')",
          "decode('unicode_escape')", "decode('raw_unicode_escape')", "decode('unicode_escape', 'replace')", "hex('-', 2)", "__mul__(3)",
          "__getitem__(0)", "__getitem__(slice(None, None, -1))", "__contains__(98)", "__len__()", "__repr__()", "__add__(b'x')", "__lt__(b'b')",
          "translate(None, b'a')", "__mod__(5)", "index(b'b')"]
for b in BYTES:
    for r in (repr(b), f"bytearray({b!r})"):
        EXPRESSIONS += [f"{r}.{name}()" for name in BNOARGS] + [f"{r}.{call}" for call in BCALLS]
    EXPRESSIONS.append(f"hash({b!r})")

INTS = [0, 1, -1, 7, -13, 255, 256, -6, 2**30, -(2**30) - 1, 2**63, -(2**100) + 12345, 10**40]
OTHERS = ["0.0", "1.5", "-2.25", "1e300", "True", "3j", "'a'", "None"]
OPERATORS = ["+", "-", "*", "//", "%", "/", "**", "<<", ">>", "&", "|", "^", "<", "==", ">="]
for a, b in itertools.product(INTS, INTS):
    for op in OPERATORS:
        if (op in ("**", "<<") and abs(b) > 300) or (op == "**" and b < 0 and abs(a) > 2**62):
            continue
        EXPRESSIONS.append(f"({a}) {op} ({b})")
for a, b in itertools.product(INTS, OTHERS):
    for op in OPERATORS:
        if op == "**" and b == "1e300" or b == "'a'" and abs(a) > 300:
            continue
        EXPRESSIONS += [f"({a}) {op} {b}", f"{b} {op} ({a})"] if not (op == "**" and abs(a) > 300) else [f"({a}) {op} {b}"]
for a in INTS:
    EXPRESSIONS += [f"({a}).{m}()" for m in ("bit_length bit_count conjugate as_integer_ratio __trunc__ __floor__ __ceil__ __round__ __sizeof__ "
                    "__repr__ __hash__ __neg__ __abs__ __invert__ __bool__ __float__ __getnewargs__ __index__").split()]
    EXPRESSIONS += [f"round({a}, {n})" for n in (-1, -2, -30, 3)] + [f"({a}).to_bytes(20, 'little', signed=True)", f"format({a}, ',')",
                    f"'%x %o %d' % ({a}, {a}, {a})", f"divmod({a}, 7)", f"pow(3, {a}, 1000007)", f"float({a})", f"complex({a})", f"str({a})"]
FLOATS = ["0.0", "-0.0", "1.5", "-2.675", "1e22", "1e-7", "123456789.125", "float('inf')", "float('nan')", "5e-324", "1.7976931348623157e308"]
for x in FLOATS:
    EXPRESSIONS += [f"({x}).{m}" for m in ("hex()", "is_integer()", "as_integer_ratio()", "__round__()", "__round__(2)", "__trunc__()", "__floor__()",
                    "__ceil__()", "__repr__()", "__neg__()", "__abs__()", "__bool__()", "real", "imag", "conjugate()", "__int__()")]
    if "nan" not in x:
        EXPRESSIONS.append(f"hash({x})")
    EXPRESSIONS += [f"'%{s}' % ({x})" for s in ("f", ".3e", "g", "+.2f", "010.1f", "#.0f", "G", "r", "d")]
    EXPRESSIONS += [f"({x}) {op} {y}" for op in ("+", "-", "*", "/", "//", "%", "**", "<", "==") for y in ("2", "-0.5", "1e308", "0", "3.0")]
for z in ("1+2j", "-1j", "0j", "(1.5-0.25j)", "complex('inf+1j')", "complex(-0.0, 2)"):
    EXPRESSIONS += [f"({z}) {op} {y}" for op in ("+", "-", "*", "/", "**", "==", "<") for y in ("2", "(3-1j)", "0.5", "0")]
    EXPRESSIONS += [f"({z}).{m}" for m in ("real", "imag", "conjugate()", "__repr__()", "__abs__()", "__hash__()", "__neg__()", "__bool__()", "__getnewargs__()")]
for r in ("range(0)", "range(10)", "range(3, 30, 4)", "range(20, -5, -3)", "range(2**70, 2**70 + 5)"):
    EXPRESSIONS += [f"{r}{tail}" for tail in ("", "[0]", "[-1]", "[1:3]", "[::-1]", ".start", ".stop", ".step", ".count(3)", ".index(7)", ".__reduce__()",
                    "== range(0, 10)", ".__contains__(11)", ".__contains__(2.0)")]
    EXPRESSIONS += [f"list({r})", f"len({r})", f"list(reversed({r}))", f"list(enumerate({r}, 5))", f"tuple({r})"]



def memory(value):
    """The bytes behind the header; pointers into the object itself become offsets."""
    if type(value) not in (int, float, complex, str, bytes) or len(repr(value)) > 300:
        return "-"
    address, size = id(value), value.__sizeof__()
    content = bytearray(ctypes.string_at(address + 16, size - 16))
    if isinstance(value, str):
        if content[16] & 3 or content[8:16] != b"\xff" * 8 or len(value) < 2:
            return "-"  # A literal, whose hash is known.
        content[17:24] = bytes(7)  # Padding.
        for offset in (24,) if value.isascii() else (24, 40):
            pointer = int.from_bytes(content[offset:offset + 8], "little")
            if pointer and not 0 < pointer - address < size:
                return "-"
            content[offset:offset + 8] = (pointer and pointer - address).to_bytes(8, "little")
    if isinstance(value, bytes):
        content[8:16] = bytes(8)  # A literal's hash may be known.
    return content.hex()


seen = set()
for expression in EXPRESSIONS:
    if expression in seen:
        continue
    seen.add(expression)
    try:
        value = eval(expression)
        dump = memory(value)
        outcome = ("value", type(value).__name__, ascii(value), dump)
    except Exception as error:
        outcome = ("raise", type(error).__name__, ascii(str(error)))
    if len(outcome[2]) > 2000:
        continue
    if re.search(r" at 0x[0-9a-f]+", outcome[2]) or "NoneType: None" in outcome[2]:
        continue
    print("\t".join((expression.replace("\n", "\\n").encode("ascii", "backslashreplace").decode(),) + outcome))
