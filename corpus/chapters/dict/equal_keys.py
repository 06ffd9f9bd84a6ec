# Keys that compare equal are one key; the first one stays, the last value wins.
kinds = {1: "int"}
kinds[1.0] = "float"
kinds[True] = "bool"
print(kinds, type(list(kinds)[0]).__name__)
zero = {0: "a", False: "b", 0.0: "c"}
print(zero)


class Key:
    def __init__(self, name):
        self.name = name

    def __hash__(self):
        return 7

    def __eq__(self, other):
        return self.name == other.name


first = Key("x")
objects = {first: 1, Key("y"): 2, Key("x"): 3}
print(len(objects), objects[first], [key.name for key in objects])
