# insert, remove, index, count, reverse, extend.
items = []
for number in range(6):
    items.insert(0, number)
items.insert(-1, "before last")
items.insert(100, "end")
items.remove(3)
place = items.index(4)
counted = [1, 2, 1, 1.0, True].count(1)
items.reverse()
extended = [1]
extended.extend((2, 3))
extended.extend("ab")
extended += range(2)
print(items, place, counted, extended)
for bad in (lambda: items.remove("no"), lambda: items.index("no"), lambda: items[99], lambda: [].index(1)):
    try:
        bad()
    except (ValueError, IndexError) as error:
        print(type(error).__name__, error)
