# Instances of a class share a key table until one of them departs from it.
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


first = Point(1, 2)
second = Point(3, 4)
second.z = 5
third = Point(6, 7)
del third.x
third.x = 8
fourth = Point(9, 10)
names = vars(fourth)
names["w"] = 11
print(first.__dict__, second.__dict__)
print(third.__dict__, fourth.w)
