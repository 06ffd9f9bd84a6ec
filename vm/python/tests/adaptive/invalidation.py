# What takes versions away: changes of classes, bases, functions, dicts.


class Base:
    def method(self):
        return 1


class Other:
    def method(self):
        return 2


class Derived(Base):
    value = 1

    def __init__(self):
        self.own = 1


def use(objects):
    for o in objects:
        o.method()
        o.own
        o.value
        o.own = 3
        Derived.method
        Derived.mro()


def target(a=1):
    return a


def call(count):
    for _ in range(count):
        target()
        target(2)


def lookup(count):
    for _ in range(count):
        target
        len
        shadowed


shadowed = 1
ROUNDS = 70
use([Derived()] * ROUNDS)
Base.method = lambda self: 3
use([Derived()] * ROUNDS)
Derived.value = 2
use([Derived()] * ROUNDS)
Derived.__bases__ = (Other,)
use([Derived()] * ROUNDS)
del Derived.value
Derived.value = property(lambda self: 1)
use([Derived()] * ROUNDS)
Derived.__name__ = "Renamed"
use([Derived()] * ROUNDS)
changed = Derived()
changed.__class__ = type("Late", (Base,), {"value": 1})
changed.own = 1
use([changed] * ROUNDS)
call(ROUNDS)
target.__defaults__ = (2,)
call(ROUNDS)
target.__kwdefaults__ = {"a": 3}
call(ROUNDS)
target.__code__ = (lambda a=1: 3).__code__
call(ROUNDS)
target.__name__ = "other"
call(ROUNDS)
lookup(ROUNDS)
fresh = 1
lookup(ROUNDS)
len = 1
lookup(ROUNDS)
del len
lookup(ROUNDS)
del shadowed
shadowed = 2
lookup(ROUNDS)
import builtins

builtins.extra = 1
lookup(ROUNDS)
del builtins.extra
lookup(ROUNDS)
globals()[1] = 2
lookup(ROUNDS)
