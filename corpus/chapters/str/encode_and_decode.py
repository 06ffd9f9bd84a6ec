# UTF-8 and Latin-1, error handlers, and lone surrogates.
text = "na\u00efve \u20ac \U0001f40d"
utf8 = text.encode()
back = utf8.decode("utf-8")
latin = "\u00e9t\u00e9".encode("latin-1")
ascii_forms = [text.encode("ascii", errors) for errors in ("ignore", "replace", "backslashreplace", "xmlcharrefreplace")]
surrogate = b"ab\xff".decode("utf-8", "surrogateescape")
print(utf8, back == text, latin, ascii_forms, ascii(surrogate))
for bad in (lambda: b"\xff".decode(), lambda: "\u20ac".encode("ascii"), lambda: "\ud800".encode()):
    try:
        bad()
    except UnicodeError as error:
        print(type(error).__name__, error.start, error.end, error.reason)
