# Operators, containers and calls through special methods.
class Vector:
    def __init__(self, *items):
        self.items = items

    def __add__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return Vector(*[a + b for a, b in zip(self.items, other.items)])

    def __rmul__(self, factor):
        return Vector(*[factor * item for item in self.items])

    def __eq__(self, other):
        return self.items == other.items

    def __hash__(self):
        return hash(self.items)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]

    def __contains__(self, item):
        return item in self.items

    def __call__(self, function):
        return [function(item) for item in self.items]

    def __bool__(self):
        return any(self.items)


one = Vector(1, 2)
two = Vector(3, 4)
total = one + two
scaled = 3 * one
print(total.items, scaled.items, one == Vector(1, 2), len({one, Vector(1, 2)}), list(two), 4 in two, two(str), bool(Vector(0)))
try:
    one + 3
except TypeError as error:
    print(error)
try:
    one < two
except TypeError as error:
    print(error)
