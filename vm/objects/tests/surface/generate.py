"""Print what built-in types show of themselves: sizes, names, kinds of attributes, signatures.

Run under CPython 3.11; the output is committed as facts.txt. Fields: the type, the attribute's name,
the type of what the type's dict holds under it, and its text signature; or the type, "__sizes__" and
its sizes.
"""
TYPES = [int, bool, float, complex, str, bytes, bytearray, memoryview, range, enumerate, reversed, type(iter("é")), type(iter("a")),
         type(iter(b"")), type(iter(bytearray())), type(iter(memoryview(b""))), type(iter(range(0))), type(iter(range(2**70))), tuple, list, dict, set, frozenset, slice]
for cls in TYPES:
    print(cls.__name__, "__sizes__", cls.__basicsize__, cls.__itemsize__, sep="\t")
    for name, value in sorted(vars(cls).items()):
        if name == "__doc__":
            continue  # The prose of docstrings is CPython's own.
        print(cls.__name__, name, type(value).__name__, getattr(value, "__text_signature__", None), sep="\t")
