# Unpacking with stars, in nesting, and its errors.
a, b = 1, 2
a, b = b, a
first, *middle, last = range(6)
*init, tail = "xyz"
(x, (y, *rest)), z = (1, (2, 3, 4)), 5
packed = (*init, *rest, z)
for bad in ((1,), (1, 2, 3)):
    try:
        p, q = bad
    except ValueError as error:
        print(error)
try:
    p, q = 3
except TypeError as error:
    print(error)
print(a, b, first, middle, last, init, tail, x, y, rest, z, packed)
