# Popping gives memory back once less than half is used.
shrinking = list(range(40))
while len(shrinking) > 18:
    shrinking.pop()
emptied = list(range(20))
while emptied:
    emptied.pop()
front = list(range(10))
first = front.pop(0)
middle = front.pop(4)
last = front.pop(-1)
cleared = [1, 2, 3]
cleared.clear()
deleted = list(range(20))
del deleted[5:15]
print(len(shrinking), emptied, first, middle, last, front, cleared, deleted)
try:
    [].pop()
except IndexError as error:
    print(error)
try:
    front.pop(99)
except IndexError as error:
    print(error)
