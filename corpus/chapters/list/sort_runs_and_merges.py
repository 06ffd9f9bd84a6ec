# Longer lists: runs are found, extended to minrun, and merged with galloping.
seed = 12345
numbers = []
for index in range(300):
    seed = (seed * 1103515245 + 12345) % 2147483648
    numbers.append(seed % 1000)
ordered = sorted(numbers)
runs = list(range(100)) + list(range(50, 150)) + list(range(0, 200, 2))
merged = sorted(runs)
falling = sorted(list(range(200, 0, -1)))
gallop = sorted(list(range(1000, 1100)) + list(range(100)))
print(ordered[:5], ordered[-5:], len(merged), falling[:3], gallop[99:102])
checks = [all(left <= right for left, right in zip(result, result[1:])) for result in (ordered, merged, falling, gallop)]
print(checks)
