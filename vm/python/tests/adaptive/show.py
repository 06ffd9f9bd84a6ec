"""Runs a program, then prints the instructions of its code objects as they have become.

Versions and pointers in the caches are replaced by numbers in the order in which they are met; opcodes,
counters, masks and indices are printed as they are.
"""

import builtins
import contextlib
import dis
import io
import opcode
import sys
import types

# The cache behind an instruction, a word per unit; "+" continues the word before it.
CACHES = {
    "LOAD_GLOBAL": "counter index keys + keys",
    "BINARY_OP": "counter",
    "UNPACK_SEQUENCE": "counter",
    "STORE_SUBSCR": "counter",
    "PRECALL": "counter",
    "COMPARE_OP": "counter mask",
    "BINARY_SUBSCR": "counter type + function",
    "LOAD_ATTR": "counter type + index",
    "STORE_ATTR": "counter type + index",
    "LOAD_METHOD": "counter type + offset keys + object + + +",
    "CALL": "counter function + least",
}
# An entry of the namespace of built-ins is named: `site` adds some of its own.
NAMES_OF_BUILTINS = list(vars(builtins))
IDENTITIES = {"keys", "type", "function", "object"}
met = {}


def shown(kind, value):
    if kind == "builtin":
        return f"{kind}={NAMES_OF_BUILTINS[value]}"
    if kind not in IDENTITIES:
        return f"{kind}={value}"
    if value == 0:
        return f"{kind}=none"
    table = met.setdefault(kind, {})
    return f"{kind}=#{table.setdefault(value, len(table) + 1)}"


def cache_words(units, layout):
    at = 0
    while at < len(units):
        kind, value, width = layout[at], units[at], 1
        while at + width < len(units) and layout[at + width] == "+":
            value |= units[at + width] << 16 * width
            width += 1
        yield kind, value
        at += width


def instructions(code):
    raw = code._co_code_adaptive
    units = [int.from_bytes(raw[at : at + 2], "little") for at in range(0, len(raw), 2)]
    at = 0
    while at < len(units):
        base = opcode.opname[code.co_code[2 * at]]
        count = opcode._inline_cache_entries[opcode.opmap[base]]
        name = dis._all_opname[units[at] & 255]
        words = [str(2 * at), name, str(units[at] >> 8)]
        for kind, value in cache_words(units[at + 1 : at + 1 + count], CACHES.get(base, "").split()):
            # A module's form keeps the version of its keys where others keep the type's.
            kind = "keys" if kind == "type" and name.endswith("_MODULE") else kind
            of_builtins = base == "LOAD_GLOBAL" and name != "LOAD_GLOBAL_MODULE" and units[at + 5]
            kind = "builtin" if kind == "index" and of_builtins else kind
            words.append(shown(kind, value))
        yield " ".join(words)
        at += 1 + count


def walk(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from walk(constant)


with open(sys.argv[1]) as file:
    program = compile(file.read(), sys.argv[1], "exec")
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    exec(program, {"__name__": "__main__"})
print(printed.getvalue())
for code in walk(program):
    print("code", code.co_qualname, code.co_firstlineno)
    for line in instructions(code):
        print(line)
