# Equal tuples hash alike; the hash depends on order and items.
keys = {(1, 2): "a", (2, 1): "b", (): "c", (1, (2, 3)): "d"}
hashes = [hash(()), hash((0,)), hash((1, 2)), hash((2, 1)), hash((1, 2, 3)), hash((-1, -2))]
equal = [(1, 2) == (1.0, 2), hash((1, 2)) == hash((1.0, 2)), (1, 2) == [1, 2]]
try:
    hash(([],))
except TypeError as error:
    message = str(error)
print(keys[(1, 2)], keys[(1, (2, 3))], hashes, equal, message)
