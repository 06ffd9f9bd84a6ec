# Positional-only, keyword-only, star arguments, and defaults that are kept.
def plain(a, b=2, *rest, c, d=4, **others):
    return a, b, rest, c, d, others


def strict(a, b, /, c, *, d):
    return a + b + c + d


def remembering(value, seen=[]):
    seen.append(value)
    return seen


results = [plain(1, c=3), plain(1, 2, 3, 4, c=5, e=6), strict(1, 2, 3, d=4), strict(1, 2, c=3, d=4)]
remembering(1)
kept = remembering(2)
spread = plain(*[1, 2, 3], **{"c": 9, "z": 0})
print(results, kept, spread)
print(plain.__defaults__, plain.__kwdefaults__, strict.__code__.co_posonlyargcount)
for bad in (lambda: strict(1, b=2, c=3, d=4), lambda: plain(), lambda: strict(1, 2, 3, 4)):
    try:
        bad()
    except TypeError as error:
        print(error)
