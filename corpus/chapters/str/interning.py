# Names in code are interned; strings made at run time are not until sys.intern is asked.
import sys

name = "identifier_like"
same = "identifier_like"
spaced = "not an identifier"
made = "".join(["identifier", "_like"])
interned = sys.intern(made)
letter = "abc"[1]
empty = "abc"[3:]
keys = {"identifier_like": 1}
print(name is same, made is name, interned is name, letter is "b", empty is "")
print(hash(name) == hash(made), spaced == "not " + "an identifier")
