# Indexing gives ints, slicing gives bytes.
data = bytes(range(10))
numbers = [data[0], data[-1], data[3]]
slices = [data[2:5], data[::-1], data[::3], data[8:2:-2], data[20:]]
listed = list(data[:4])
repeated = b"ab" * 3
joined = b"ab" + b"cd"
inside = [b"cd" in joined, 97 in joined, b"" in joined]
print(numbers, slices, listed, repeated, joined, inside, max(data), sum(data))
for bad in (lambda: data[99], lambda: b"a" + "b", lambda: b"a" * "b", lambda: 300 in b"a"):
    try:
        bad()
    except (IndexError, TypeError, ValueError) as error:
        print(type(error).__name__, error)
