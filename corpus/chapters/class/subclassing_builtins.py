# Classes derived from int, str, list, dict and tuple.
class Celsius(int):
    def __str__(self):
        return "%d C" % int(self)


class Stack(list):
    def push(self, item):
        self.append(item)
        return self


class Counter(dict):
    def __missing__(self, key):
        return 0


class Pair(tuple):
    def __new__(cls, left, right):
        return super().__new__(cls, (left, right))


class Shout(str):
    def __add__(self, other):
        return Shout(str(self).upper() + other)


warm = Celsius(21)
warm.place = "inside"
stack = Stack([1]).push(2).push(3)
stack.label = "s"
counter = Counter()
for letter in "banana":
    counter[letter] += 1
pair = Pair(1, 2)
shout = Shout("hey") + "!"
print(str(warm), warm + 1, type(warm + 1).__name__, stack, stack.label, counter, pair, type(pair[:]).__name__, shout)
