# % formatting, hexadecimal text, and repr.
formatted = [b"%d items" % 3, b"%s|%5s|" % (b"ab", b"cd"), b"%x %c" % (255, 65), b"%(key)s" % {b"key": b"value"}, b"%a" % "\u00e9"]
hexadecimal = [b"\x01\xab".hex(), b"\x01\xab\xcd".hex(":"), bytes.fromhex("01 ab CD")]
shown = [repr(b"it's"), repr(b'"'), repr(b"\t\n\\"), repr(bytes([127, 128]))]
print(formatted, hexadecimal, shown)
for bad in (lambda: bytes.fromhex("0"), lambda: bytes.fromhex("zz"), lambda: b"%s" % "text"):
    try:
        bad()
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
