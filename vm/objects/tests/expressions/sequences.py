"""Print random sequences of changes to a bytearray: each step with its outcome, and the value and the
size of the bytearray afterwards.

Run under CPython 3.11; the output is committed as sequences.txt.
"""
import random

rng = random.Random(17)


def literal():
    return bytes(rng.randrange(97, 102) for _ in range(rng.choice((0, 1, 2, 3, 5, 8, 20, 40))))


def bound():
    return rng.choice(("None", "0", "1", "2", "-1", "-3", "5", "30"))


def step():
    span = f"slice({bound()}, {bound()})"
    stepped = f"slice({bound()}, {bound()}, {rng.choice(('2', '-1', '3', '-2'))})"
    return rng.choice([
        f"b.append({rng.randrange(97, 102)})", f"b.extend({literal()!r})", f"b.extend([{rng.randrange(256)}, 1])", f"b.__iadd__({literal()!r})",
        f"b.__imul__({rng.randrange(0, 4)})", "b.pop()", f"b.pop({rng.randrange(-3, 4)})", f"b.insert({rng.randrange(-4, 9)}, 120)",
        f"b.remove({rng.randrange(97, 102)})", "b.reverse()", f"b.__delitem__({span})", f"b.__delitem__({stepped})", f"b.__delitem__({rng.randrange(-2, 5)})",
        f"b.__setitem__({span}, {literal()!r})", f"b.__setitem__({stepped}, {literal()!r})", f"b.__setitem__({rng.randrange(-2, 5)}, 65)",
        f"b.__setitem__({span}, b)", "b.clear()" if rng.random() < 0.2 else "b.copy()", "b.__alloc__()", "b.upper()",
    ])


for _ in range(400):
    initial = f"bytearray({literal()!r})"
    b = eval(initial)
    fields = [initial]
    for _ in range(15):
        expression = step()
        try:
            value = eval(expression)
            outcome = f"value {type(value).__name__} {ascii(value)}"
        except Exception as error:
            outcome = f"raise {type(error).__name__} {ascii(str(error))}"
        fields += [expression, f"{outcome} | value bytearray {ascii(b)} | {b.__sizeof__()}"]
    print("\t".join(fields))
