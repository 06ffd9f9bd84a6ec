# Comparison item by item; iteration sees changes made on the way.
results = [[1, 2] < [1, 3], [1, 2] < [1, 2, 0], [] < [1], [1, 2] == [1, 2.0], [2] > [1, 9], [1] != [1]]
growing = [1, 2, 3]
seen = []
for value in growing:
    seen.append(value)
    if value < 6:
        growing.append(value + 3)
shrinking = [1, 2, 3, 4, 5, 6]
kept = []
for value in shrinking:
    kept.append(value)
    shrinking.remove(value)
iterator = iter([10, 20, 30])
first = next(iterator)
backwards = reversed([1, 2, 3])
last = next(backwards)
print(results, seen, kept, shrinking, first, last)
print([value for row in [[1, 2], [3]] for value in row], 2 in [1, 2], sum([1, 2, 3]))
