"""memoryview of several dimensions: casts to a shape and back, tuple indices, slices of rows, orders of bytes."""
data = bytearray(range(24))
flat = memoryview(data)
cube = flat.cast("B", (2, 3, 4))
words = flat.cast("H", [3, 4])
scalar = memoryview(bytearray(b"\x2a")).cast("B", ())
print(cube.ndim, cube.shape, cube.strides, cube.tolist())
print(words.shape, words.strides, words.tolist(), words.itemsize)
print(scalar[()], scalar[...] is scalar, scalar.shape, len(scalar), scalar.tolist())

rows = cube[::-1]
tail = cube[1:]
print(rows.strides, rows.c_contiguous, rows.f_contiguous, tail.c_contiguous, tail.tolist())
for order in "CFA":
    print(order, words.tobytes(order).hex(" ", 2), rows.tobytes(order) == rows.tobytes())

cube[1, -1, 0] = 200
words[0, 0] = 0x0101
scalar[()] = 7
print(data[20], data[0], data[1], scalar.tolist(), cube[1, 2, 0])
print(cube == flat.cast("B", (2, 3, 4)), cube == flat, cube == flat.cast("B", (2, 4, 3)), rows == rows[::1])
back = cube.cast("B")
signed = words[1:].cast("b")
print(back == flat, signed.tolist())

for attempt in (
    "cube[0]", "cube[0, 0]", "cube[0, 3, 0]", "cube[0, 0, 0, 0]", "cube[:1, :1]", "cube[0, :1]", "cube['a']", "cube[...]", "list(cube)",
    "scalar[0]", "iter(scalar)", "flat.cast('B', (5, 5))", "flat.cast('B', (0, 24))", "flat.cast('B', (2.0, 12))", "flat.cast('B', 24)",
    "cube.cast('B', (4, 6))", "rows.cast('B')", "flat.cast('B', [1] * 65)", "flat.cast('B', (2**62, 4))", "flat.cast('i', (5,))",
    "cube.tobytes('X')", "b'' + rows", "b','.join([rows])",
):
    try:
        print(attempt, eval(attempt))
    except (TypeError, ValueError, IndexError, NotImplementedError, BufferError) as error:
        print(attempt, type(error).__name__, error)
try:
    data.append(1)
except BufferError as error:
    print(error)
