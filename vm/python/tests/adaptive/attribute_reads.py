# LOAD_ATTR: inline values, dicts, slots, modules, and what never specialises.
import types

module = types.ModuleType("module", "doc")
module.one = 1
module.two = 2

class Plain:
    constant = 5

    def __init__(self, a, b=2):
        self.a = a
        self.b = b

    def method(self):
        return self.a

    @property
    def prop(self):
        return self.a

    @classmethod
    def of_class(cls):
        return 1

    @staticmethod
    def static():
        return 2


class Sub(Plain):
    pass


class Slots:
    __slots__ = ("x", "y")

    def __init__(self):
        self.x = 1
        self.y = 2


class Dynamic:
    def __getattr__(self, name):
        return int


class Descriptor:
    def __get__(self, owner, kind):
        return 3


class Described:
    field = Descriptor()


def everything(objects):
    for o in objects:
        o.a
        o.b
        o.constant
        o.prop
        o.method
        o.of_class
        o.static
        o.__class__
        o.__dict__
        o.__doc__


def values(objects):
    for o in objects:
        o.a
        o.b


def slots(objects):
    for o in objects:
        o.x
        o.y


def modules(count):
    for _ in range(count):
        module.one
        module.two
        module.__doc__


def dynamic(objects):
    for o in objects:
        o.field


def shadowing(objects):
    for o in objects:
        o.constant


for rounds in 1, 7, 40, 60, 200:
    values([Plain(1) for _ in range(rounds)])
    values([Plain(1), Sub(2)] * rounds)
    everything([Plain(1)] * rounds)
    open_ = Plain(1)
    open_.__dict__
    values([open_] * rounds)
    late = Plain(1)
    late.c = 1
    late.z = 3
    values([late, open_, Plain(5)] * rounds)
    slots([Slots() for _ in range(rounds)])
    modules(rounds)
    module.__dict__[f"more{rounds}"] = 1
    modules(rounds)
    dynamic([Dynamic()] * rounds)
    dynamic([Described(), Dynamic()] * rounds)
    mine = Plain(1)
    mine.constant = 6
    shadowing([mine] * rounds)
    shadowing([mine, Plain(1), Sub(1)] * rounds)
    many = Plain(1)
    for index in range(40):
        setattr(many, f"name{index}", index)
    values([many] * rounds)
    mixed = Plain(1)
    mixed.__dict__[1] = 2
    values([mixed] * rounds)
