# Frozen sets hash; iteration refuses a change of size.
frozen = frozenset([3, 1, 2])
same = frozenset(frozen)
empty = frozenset()
nested = {frozenset([1, 2]), frozenset([2, 1]), frozenset()}
table = {frozen: "found"}
print(same is frozen, len(nested), table[frozenset([1, 2, 3])], hash(frozen) == hash(frozenset([1, 2, 3])), hash(empty))
changing = {1, 2, 3}
try:
    for value in changing:
        changing.add(value + 10)
except RuntimeError as error:
    print(error)
squares = {number * number for number in range(-3, 4)}
iterator = iter({7})
print(sorted(squares), next(iterator), copied := frozen | {4}, type(copied).__name__)
