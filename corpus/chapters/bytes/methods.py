# Searching, splitting, replacing, case and padding.
data = b"one,two,,three"
parts = [data.split(b","), data.rsplit(b",", 1), data.partition(b","), b" a b ".split(), b"a\nb\r\nc".splitlines()]
places = [data.find(b"t"), data.rfind(b"t"), data.count(b","), data.index(b"two"), data.find(116)]
changed = [data.replace(b",", b";"), data.upper(), b"Ab".swapcase(), b"x".center(5, b"-"), b"7".zfill(3), b"xxaxx".strip(b"x")]
joined = b"-".join([b"a", b"b", bytes([99])])
tests = [data.startswith(b"one"), data.endswith((b"x", b"three")), b"12".isdigit(), b"a1".isalnum()]
moved = b"abc".translate(bytes.maketrans(b"ab", b"xy"), b"c")
print(parts, places, changed, joined, tests, moved)
