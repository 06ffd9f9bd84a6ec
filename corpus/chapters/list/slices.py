# Slices, slice assignment and deletion, extended slices included.
base = list(range(10))
parts = [base[2:5], base[::-1], base[8:2:-2], base[-3:], base[100:], base[:0]]
assigned = list(base)
assigned[2:4] = ["a", "b", "c", "d"]
shorter = list(base)
shorter[1:9] = []
stepped = list(base)
stepped[::2] = ["x"] * 5
removed = list(base)
del removed[::3]
self_assigned = [1, 2, 3]
self_assigned[1:1] = self_assigned
print(parts, assigned, shorter, stepped, removed, self_assigned)
try:
    base[::2] = [1]
except ValueError as error:
    print(error)
