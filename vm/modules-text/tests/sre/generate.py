"""Print expressions over `_sre` with what they evaluate to, for tests/sre.rs.

Run under CPython 3.11; the output is committed as facts.txt. Fields: the expression, then "value",
the type's name and the repr, or "raise", the type's name and the message.
"""
import _sre
import re
import re._compiler as compiler
import re._parser as parser

PATTERNS = [("(a)(?P<n>b)?", 0), ("a", 0), ("(b)", 0), ("", 0), ("x*", 0), ("b*", 0), (r"(\w)(\d)?", 0), ("[à-ÿ]+", re.I), (r"\b", 0), ("(?P<x>a)|(?P<y>b)", re.M),
            (b"a", 0), (b"(a)|b", 0), (b"[^a]+", re.S), ("a" * 300, 0), (r"(?:\s|,)+", re.A)]
TEXTS = ["''", "'ab'", "'xxabab'", "'aXbaà, É b1'", "b'abcab'", "bytearray(b'aab')", "5", "'\\u1234a\\U0001f600b'"]
CALLS = ["match({t})", "search({t})", "fullmatch({t})", "search({t}, 1)", "search({t}, 1, 3)", "search({t}, -5, 99)", "findall({t})", "findall({t}, 1, 4)",
         "split({t})", "split({t}, 1)", "sub('-', {t})", "sub(b'-', {t})", "subn('-', {t}, 1)", "sub(str, {t}, 0)", "scanner({t}).search()",
         "scanner({t}, 1).match()", "finditer({t}).__next__().span()"]
TAILS = ["group()", "groups()", "groups('z')", "groupdict()", "groupdict(0)", "span()", "span(1)", "start(2)", "end('n')", "regs", "lastindex", "lastgroup", "pos",
         "endpos", "string", "group(0, 1)", "group('n')", "group(9)", "group(-1)", "__getitem__(1)", "__getitem__('q')", "__getitem__(1.5)", "__copy__().span()",
         "start(1, 2)", "re.pattern"]
ALONE = ["pattern", "flags", "groups", "groupindex", "__repr__()", "match()", "match('a', 'x')", "match(string='ab', pos=1)", "match('a', 1, 2, 3)", "sub('a')",
         "split('a', 'b')", "__copy__().pattern", "findall(q=1)", "__lt__(5)"]


def compiled(pattern, flags):
    tree = parser.parse(pattern, flags)
    code = [int(word) for word in compiler._code(tree, flags)]
    state = tree.state
    names = [None] * state.groups
    for name, index in state.groupdict.items():
        names[index] = name
    return (f"_sre.compile({pattern!a}, {int(flags | state.flags)}, {code}, {state.groups - 1}, {dict(state.groupdict)}, {tuple(names)})")


expressions = ["_sre.MAGIC", "_sre.CODESIZE", "_sre.MAXREPEAT", "_sre.getcodesize()", "_sre.ascii_iscased(65)", "_sre.ascii_iscased(0xe9)",
               "_sre.unicode_iscased(0xe9)", "_sre.unicode_iscased(0x1234)", "_sre.unicode_tolower(0x130)", "_sre.ascii_tolower(90)", "_sre.unicode_tolower(0x391)"]
for pattern, flags in PATTERNS:
    text = compiled(pattern, flags)
    expressions += [f"{text}.{tail}" for tail in ALONE]
    expressions.append(f"{text} == {text}")
    expressions.append(f"hash({text}) == hash({text})")
    for subject in TEXTS if len(pattern) < 100 else ():
        expressions += [f"{text}.{call.format(t=subject)}" for call in CALLS]
for pattern, flags in PATTERNS[:3] + PATTERNS[9:12]:
    for subject in ("'ab'", "'xxabab'", "b'cab'"):
        expressions += [f"{compiled(pattern, flags)}.search({subject}).{tail}" for tail in TAILS]
for expression in expressions:
    try:
        value = eval(expression)
        outcome = ("value", type(value).__name__, ascii(value))
    except StopIteration:
        continue
    except Exception as error:
        outcome = ("raise", type(error).__name__, ascii(str(error)))
    print("\t".join((expression,) + outcome))
