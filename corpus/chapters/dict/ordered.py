# OrderedDict: the chain beside the table, moves, pops at both ends, views, changes under an iterator.
from collections import OrderedDict
import sys

one = OrderedDict.fromkeys("abcdef", 0)
one.move_to_end("a")
one.move_to_end("e", last=False)
print(one, list(reversed(one)), sys.getsizeof(one))
print(one.popitem(), one.popitem(last=False), one.pop("b"), one.pop("zz", None))
one["new"] = 1
one.setdefault("c", 9)
del one["c"]
print(one, one == dict(one), one == OrderedDict(reversed(one.items())), one | {"k": 1})
grown = OrderedDict((n, str(n)) for n in range(50))
for n in range(0, 50, 3):
    del grown[n]
print(len(grown), sys.getsizeof(grown), list(grown)[:5], grown.keys() & {1, 2, 3})
ring = OrderedDict()
ring["me"] = ring
print(ring)
del ring["me"]
walker = iter(one)
next(walker)
one["later"] = 2
try:
    next(walker)
except RuntimeError as error:
    print(error)
for bad in (lambda: OrderedDict(1, 2), lambda: OrderedDict([(1,)]), lambda: ring.popitem(), lambda: one.move_to_end(5)):
    try:
        bad()
    except Exception as error:
        print(type(error).__name__, error)
one.extra = 5
copied = one.copy()
print(copied, vars(one), vars(copied), one.__reduce__()[:4])
cleared = OrderedDict(a=1)
cleared.clear()
print(cleared, dict(OrderedDict({}), key=0))
del walker, bad
