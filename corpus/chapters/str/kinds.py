# One, two or four bytes a character, and ASCII apart.
ascii_text = "plain text"
latin = "caf\u00e9 cr\u00e8me"
greek = "\u03b1\u03b2\u03b3 and ascii"
astral = "\U0001f600 smile"
edges = ["\x7f", "\x80", "\xff", "\u0100", "\uffff", "\U00010000", "\U0010ffff"]
lengths = [len(text) for text in (ascii_text, latin, greek, astral)]
print(lengths, [len(edge) for edge in edges])
print(ascii(latin), ascii(greek), ascii(astral))
