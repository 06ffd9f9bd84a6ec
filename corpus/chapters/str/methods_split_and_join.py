# Splitting, partitioning and joining.
text = "  the quick  brown\tfox\njumps "
words = text.split()
by_space = text.split(" ")
limited = text.split(None, 2)
right = "a,b,c,d".rsplit(",", 2)
lines = "one\ntwo\r\nthree\x0bfour".splitlines()
kept = "one\ntwo\r\nthree".splitlines(True)
parts = "key=value=more".partition("=")
tail = "key=value=more".rpartition("=")
print(words, by_space, limited)
print(right, lines, kept, parts, tail)
print(", ".join(words), "".join([]), "-".join("xyz"))
try:
    "".join(["a", 1])
except TypeError as error:
    print(error)
