# Classes with slots keep no dict for their instances.
class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


class Named(Point):
    __slots__ = ("name", "__dict__")


point = Point(1, 2)
partial = Point.__new__(Point)
partial.x = 5
named = Named(3, 4)
named.name = "n"
named.extra = "in the dict"
print(point.x + point.y, named.__dict__, Point.__slots__, type(Point.x).__name__, hasattr(point, "__dict__"))
for bad in (lambda: partial.y, lambda: setattr(point, "z", 1), lambda: point.__dict__):
    try:
        bad()
    except AttributeError as error:
        print(error)
del point.x
print(hasattr(point, "x"))
