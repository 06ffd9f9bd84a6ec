seed = 42
numbers = []
for _ in range(60000):
    seed = (seed * 1103515245 + 12345) % 2147483648
    numbers.append(seed)
ordered = sorted(numbers)
by_key = sorted(numbers, key=lambda number: number % 1000)
numbers.sort(reverse=True)
