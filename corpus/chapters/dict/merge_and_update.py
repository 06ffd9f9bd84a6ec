# Merging copies in order; the right operand's values win, the left one's places stay.
left = {"a": 1, "b": 2, "c": 3}
right = {"c": 30, "d": 40}
both = left | right
other = right | left
left |= {"e": 5}
copied = left.copy()
updated = {}
updated.update(a=1, b=2)
updated.update([("b", 3), ("z", 4)])
nested = {**left, "x": {**right}}
from_keys = dict.fromkeys("hello", 0)
print(both, other, left, copied)
print(updated, nested, from_keys)
try:
    {} | 3
except TypeError as error:
    print(error)
