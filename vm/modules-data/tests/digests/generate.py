"""Print expressions over `_md5`, `_sha1`, `_sha256` and `_sha512` with what they evaluate to, for tests/digests.rs.

Run under CPython 3.11; the output is committed as facts.txt. Fields: the expression, then "value",
the type's name and the repr, or "raise", the type's name and the message.
"""
KINDS = {"_md5": ["md5"], "_sha1": ["sha1"], "_sha256": ["sha224", "sha256"], "_sha512": ["sha384", "sha512"]}
# A block has 64 or 128 bytes, and the padding of the last takes 9 or 17 of them.
LENGTHS = [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 110, 111, 112, 113, 119, 120, 127, 128, 129, 191, 192, 193, 255, 256, 257, 1000]
ATTRIBUTES = ["name", "block_size", "digest_size", "copy().digest()", "__sizeof__()"]
ODD = ["('x')", "(1)", "(None)", "([])", "(b'', 1)", "(string=b'a').hexdigest()", "(b'a', usedforsecurity=False).name", "(b'', other=1)",
       "(b'abc'[1:]).digest()", "(3.5)", "().update()", "().update('x')", "().update(1)", "().digest(1)",
       "().copy(1)", "().__class__()", "().__class__.__name__", "().update(b'a')", "(usedforsecurity=[]).digest()"]

modules = {name: __import__(name) for name in KINDS}
expressions = []
for module, names in KINDS.items():
    for name in names:
        digest = f"modules[{module!r}].{name}"
        expressions += [f"{digest}(b'\\xe9'*{length}).hexdigest()" for length in LENGTHS]
        expressions += [f"{digest}(b'0123456789'*{length}).digest()" for length in LENGTHS]
        # Pieces that end before, at and after the end of a block.
        for first in (0, 1, 62, 63, 64, 126, 127, 128):
            for second in (0, 1, 64, 65, 128, 200):
                expressions += [f"modules.update(one={digest}(b'c'))", f"modules['one'].update(b'a'*{first})", f"modules['one'].update(b'b'*{second})",
                                "modules['one'].hexdigest()"]
        expressions += [f"{digest}(b'abc').{attribute}" for attribute in ATTRIBUTES]
        expressions += [f"{digest}{odd}" for odd in ODD]
for expression in expressions:
    try:
        value = eval(expression)
        outcome = ("value", type(value).__name__, ascii(value))
    except Exception as error:
        outcome = ("raise", type(error).__name__, ascii(str(error)))
    print(expression, *outcome, sep="\t")
