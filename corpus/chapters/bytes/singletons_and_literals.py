# Empty and one-byte objects exist once; longer ones are made anew.
empty = b""
letter = b"a"
same = b"abc"[0:1]
high = bytes([255])
text = b"hello \x00\xff"
zeros = bytes(5)
from_list = bytes([104, 105])
from_text = bytes("h\u00e9", "utf-8")
print(same is letter, empty is bytes(), high, text, zeros, from_list, from_text)
for bad in (lambda: bytes([256]), lambda: bytes("x"), lambda: bytes(-1), lambda: bytes([1, "a"])):
    try:
        bad()
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
