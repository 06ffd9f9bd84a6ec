# The method resolution order, cooperative super, and conflicts.
class Base:
    def __init__(self, **rest):
        self.trail = ["Base"]

    def name(self):
        return "base"


class Left(Base):
    def __init__(self, **rest):
        super().__init__(**rest)
        self.trail.append("Left")

    def name(self):
        return "left+" + super().name()


class Right(Base):
    def __init__(self, **rest):
        super().__init__(**rest)
        self.trail.append("Right")

    def name(self):
        return "right+" + super().name()


class Both(Left, Right):
    def name(self):
        return "both+" + super().name()


both = Both()
order = [kind.__name__ for kind in Both.__mro__]
print(both.name(), both.trail, order, issubclass(Both, Base), isinstance(both, Right))
try:

    class Broken(Base, Left):
        pass

except TypeError as error:
    print(error)
print(Base.__subclasses__(), Both.__bases__)
