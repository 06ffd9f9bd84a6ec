# Comparison by code points across kinds; characters come from a table of singletons.
words = ["pear", "Pear", "p\u00e9ar", "\u03c0", "", "pea", "\U0001f350"]
order = sorted(words)
characters = list("h\u00e9y\u03c0")
pairs = [left == right for left in words for right in words]
backwards = "stressed"[::-1]
steps = ["abcdefgh"[::2], "abcdefgh"[1::3], "abcdefgh"[-3:], "abcdefgh"[5:2], "abcdefgh"[5:2:-1]]
print([ascii(word) for word in order], [ascii(character) for character in characters], sum(pairs))
print(backwards, steps, "b" < "a", max("hello"), min("hello"))
try:
    "abc" < 1
except TypeError as error:
    print(error)
