"""Print compiled patterns with what they match, one a line, for tests/facts.rs.

Run under CPython 3.11; the output is committed as facts.txt. Fields: code words, text, start, mode,
and the result: start, end, last index, and the spans of the groups, or "none".
"""
import random
import re
import re._compiler as compiler
import re._parser as parser
import warnings

warnings.simplefilter("ignore")
rng = random.Random(311)
LINES = set()


def emit(pattern, flags, text):
    try:
        compiled = re.compile(pattern, flags)
        tree = parser.parse(pattern, flags)
    except (re.error, OverflowError, RecursionError):
        return
    code = " ".join(str(int(word)) for word in compiler._code(tree, flags))
    for mode in ("match", "fullmatch", "search"):
        for start in {0, min(2, len(text))}:
            try:
                found = getattr(compiled, mode)(text, start)
            except SystemError:
                continue
            if found is None:
                result = "none"
            else:
                spans = [found.span(i) for i in range(1, compiled.groups + 1)]
                result = " ".join([f"{found.start()} {found.end()} {found.lastindex or 0}"] + [f"{a}:{b}" for a, b in spans])
            points = " ".join(str(ord(c)) if isinstance(c, str) else str(c) for c in text)
            LINES.add("\t".join((code, points, str(start), mode, result)))


HAND = [
    (r"", 0), (r"abc", 0), (r"a|b|", 0), (r"(a)|(b)", 0), (r"(a*)*", 0), (r"(a*)+", 0), (r"(a|b)*c", 0), (r"(?:a|ab)(?:c|bcd)(d*)", 0),
    (r"(a+)(b+)?", 0), (r"((a)|b)*", 0), (r"(?:(a)|b)*", 0), (r"(a)?b(?(1)c|d)", 0), (r"(\w+)\s+\1", 0), (r"(?i)(ab)\1", 0),
    (r"a++b", 0), (r"a*+a", 0), (r"(?:ab)++a", 0), (r"(?:ab|a)*+b", 0), (r"(?>a+)b", 0), (r"(?>a|ab)c", 0), (r"(?:(a)|(b))++", 0),
    (r"(?:a?b)*+", 0), (r"(?:(a)?b)++\1", 0), (r"(?>(a)|b)+c", 0), (r"a{2,3}?b", 0), (r"(?:ab){1,2}?a", 0), (r"(?:a*?b)+?c", 0),
    (r"(?=a(b))a", 0), (r"(?!ab)a", 0), (r"(?<=ab)c", 0), (r"(?<!a)b", 0), (r"\bab\b", 0), (r"\Ba", 0), (r"^a$", re.M), (r"\Aa\Z", re.M),
    (r"a.c", 0), (r"a.c", re.S), (r"[^a]", 0), (r"[a-c]+", re.I), (r"[\d\s]+", 0), (r"[\D]+", re.A), (r"\w+", re.A), (r"\W", 0),
    (r"(?:a{2}){2}", 0), (r"(a{0,2}){0,2}b", 0), (r"((a?)*)*b", 0), (r"(?:a|b|c|d)+?c", 0), (r"(.*)(\d+)", 0), (r"(.*?)(\d+)$", 0),
    (r"ab*c|a*bc", 0), (r"aab", 0), (r"(?i)AB", 0), (r"[à-ý]+", re.I), (r"[\u0400-\u04ff\u3000a]", 0), (r"[^\u0400-\u04ff\u3000a]+", 0),
    (r"(?:a(?=b)|c)*", 0), (r"(?:(?!b)(a)|b)*", 0), (r"(a(?=(b)?))*", 0), (r"((?:a|(b))*)c", 0), (r"(a)|b\1", 0), (r"\n", 0), (r"$", 0), (r"$", re.M),
]
TEXTS = ["", "a", "b", "ab", "abc", "aab", "aabb", "abab", "ababc", "abcd", "aaa", "a b a b", "ab ab", "cab", "ABab", "a\nb\n", "a1b22", "ba",
         "bbaac", "abcabc", "dcba", "àÝ", "\u0450a\u3000", "a\u1234c", "aabac", "\n", "baab12"]
for pattern, flags in HAND:
    for text in TEXTS:
        emit(pattern, flags, text)

ATOMS = ["a", "b", "c", ".", "[ab]", "[^a]", r"\w", r"\b", "^", "$", r"\1", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", ""]
QUANT = ["", "", "", "*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{1,2}", "{2}", "{0,2}?", "{1,2}+"]


def random_pattern(depth):
    kind = rng.random()
    if depth == 0 or kind < 0.35:
        atom = rng.choice(ATOMS)
        return atom + (rng.choice(QUANT) if atom and atom[0] in "abc.[\\" and atom != r"\b" else "")
    if kind < 0.6:
        return random_pattern(depth - 1) + random_pattern(depth - 1)
    if kind < 0.7:
        return "(?:" + random_pattern(depth - 1) + "|" + random_pattern(depth - 1) + ")" + rng.choice(QUANT)
    if kind < 0.9:
        return "(" + random_pattern(depth - 1) + ")" + rng.choice(QUANT)
    if kind < 0.94:
        return "(?>" + random_pattern(depth - 1) + ")"
    if kind < 0.97:
        return "(?=" + random_pattern(depth - 1) + ")"
    return "(?(1)" + random_pattern(depth - 1) + "|" + random_pattern(depth - 1) + ")"


import sys
for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 400):
    pattern = random_pattern(4)
    for _ in range(2):
        emit(pattern, rng.choice((0, 0, 0, re.I, re.M, re.S)), "".join(rng.choice("aaabbc\n") for _ in range(rng.randrange(9))))
for line in sorted(LINES):
    print(line)
