# STORE_ATTR: inline values, dicts, slots, and what never specialises.


class Plain:
    def __init__(self, a):
        self.a = a
        self.b = None


class Slots:
    __slots__ = ("x",)


class Guarded:
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)


class Property:
    @property
    def x(self):
        return 1

    @x.setter
    def x(self, value):
        self.y = value


def write(objects, value):
    for o in objects:
        o.a = value
        o.b = o.a


def write_x(objects):
    for o in objects:
        o.x = [1]


def grow(objects):
    for o in objects:
        o.a = 1
        o.late = 2
        del o.late


class Dying:
    def __init__(self, log):
        self.log = log

    def __del__(self):
        self.log.append(1)


def release(o, log, count):
    for _ in range(count):
        o.a = Dying(log)
        o.b = None
        o.a = None


for rounds in 1, 9, 40, 70, 150:
    write([Plain(1) for _ in range(rounds)], 1)
    opened = Plain(1)
    opened.__dict__
    write([opened] * rounds, [1])
    write([Plain(1), opened] * rounds, "x")
    untracked = Plain(1)
    untracked.__dict__
    write([untracked] * rounds, 1)
    write([untracked] * rounds, [1])
    write_x([Slots() for _ in range(rounds)])
    write_x([Guarded(), Property(), Slots()] * rounds)
    grow([Plain(1)] * rounds)
    log = []
    release(Plain(1), log, rounds)
    print(len(log))
    import types

    module = types.ModuleType("module")
    write([module] * rounds, 1)
