# Order is by the first difference; count and index look items up.
order = sorted([(2, 1), (1, 9), (1,), (), (1, 9, 0), (2,)])
results = [(1, 2) < (1, 3), (1,) < (1, 0), () < (0,), (3,) > (2, 9)]
counted = (1, 2, 1, 1.0, "1").count(1)
place = ("a", "b", "c").index("c")
print(order, results, counted, place)
for bad in (lambda: (1,).index(2), lambda: (1,)[1], lambda: (1, 2) < (1, "a"), lambda: (1,) + [2]):
    try:
        bad()
    except Exception as error:
        print(type(error).__name__, error)
try:
    (1, 2)[0] = 3
except TypeError as error:
    print(error)
