# Properties, class and static methods, and a descriptor of one's own.
class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return getattr(instance, self.name, 0)

    def __set__(self, instance, value):
        if value < 0:
            raise ValueError("negative " + self.name)
        setattr(instance, self.name, value)


class Box:
    width = Positive()

    def __init__(self, width, height):
        self.width = width
        self._height = height

    @property
    def height(self):
        return self._height

    @height.setter
    def height(self, value):
        self._height = value

    @classmethod
    def square(cls, side):
        return cls(side, side)

    @staticmethod
    def area(width, height):
        return width * height


box = Box.square(4)
box.height = 6
print(box.width, box.height, Box.area(box.width, box.height), type(Box.width).__name__, Box.height.fget.__name__)
try:
    box.width = -1
except ValueError as error:
    print(error)
try:
    del box.height
except AttributeError as error:
    print(error)
