# LOAD_METHOD in all of its forms.
import types

module = types.ModuleType("module", "doc")
module.one = lambda: 1
module.two = len

class Plain:
    def __init__(self, a):
        self.a = a

    def method(self):
        return self.a

    def other(self, x, y=3):
        return x + y

    @classmethod
    def of_class(cls):
        return 1

    @staticmethod
    def static():
        return 2


class Sub(Plain):
    pass


class Meta(type):
    def of_meta(cls):
        return 1


class WithMeta(metaclass=Meta):
    def method(self):
        return 1


class List(list):
    pass


class Error(Exception):
    def method(self):
        return 1


class Dynamic:
    def __getattr__(self, name):
        return int


def methods(objects):
    for o in objects:
        o.method()
        o.other(1)
        o.other(1, 2)
        o.other(x=1)
        o.of_class()
        o.static()


def one(objects):
    for o in objects:
        o.method()


def modules(count):
    for _ in range(count):
        module.one()
        module.two("abc")


def classes(count):
    for _ in range(count):
        Plain.static()
        Plain.of_class()
        Sub.static()
        WithMeta.of_meta()
        WithMeta.mro()
        dict.fromkeys([1])
        str.upper("a")
        type.mro(int)


def builtins(count):
    for _ in range(count):
        [].append(1)
        List().append(1)
        "a".upper()
        {}.keys()
        (1).bit_length()
        Error().method()
        Error().with_traceback(None)
        Dynamic().foo()


for rounds in 1, 7, 40, 60, 200:
    methods([Plain(1) for _ in range(rounds)])
    opened = Plain(1)
    opened.__dict__
    methods([opened] * rounds)
    mine = Plain(3)
    mine.method = lambda: 3
    methods([mine, opened, Plain(3)] * rounds)
    one([Plain(1), Sub(1)] * rounds)
    one([Sub(1)] * rounds)
    one([Error()] * rounds)
    late = Plain(1)
    late.extra = 1
    one([late] * rounds)
    late.__dict__["more"] = 2
    one([late] * rounds)
    modules(rounds)
    classes(rounds)
    builtins(rounds)
