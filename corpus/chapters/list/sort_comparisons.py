# The exact sequence of comparisons.
trail = []


class Item:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        trail.append((self.value, other.value))
        return self.value < other.value


items = [Item(value) for value in (3, 1, 2, 5, 4, 9, 7, 8, 6, 0)]
items.sort()
first = len(trail)
items.sort(reverse=True)
print([item.value for item in items], first, len(trail))
print(trail)
