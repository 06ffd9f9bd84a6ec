# UNPACK_SEQUENCE, and the loops around it.


def pairs(sequences):
    for sequence in sequences:
        try:
            a, b = sequence
        except ValueError:
            pass


def triples(sequences):
    for sequence in sequences:
        try:
            a, b, c = sequence
        except (TypeError, ValueError):
            pass
        first, *rest = (1, 2, 3)
        x, y, z = (1, 2, 3)
        (p, q), [r, s] = (1, 2), [3, 4]
        x, y = y, x


def comprehensions(count):
    for _ in range(count):
        [x for x in range(3)]
        {x: 1 for x in (1, 2)}
        {x for x in [1, 2]}
        [x + y for x, y in [(1, 2)]]
        sum(x for x in range(3))


for rounds in 1, 7, 40, 60, 200:
    pairs([(1, 2)] * rounds)
    pairs([[1, 2]] * rounds)
    pairs(["ab", {1: 2, 3: 4}, (1, 2, 3), (1,)] * rounds)
    triples([(1, 2, 3)] * rounds)
    triples([[1, 2, 3], "abc", 5] * rounds)
    comprehensions(rounds)
