# Locals without a value, cells, globals, jumps that need more than a byte, superinstructions.


def unbound(count):
    for index in range(count):
        try:
            if index < 0:
                x = 1
                y = 1
            x
            y
        except UnboundLocalError:
            pass


def unbound_pairs(count):
    caught = 0
    for index in range(count):
        a = 1
        try:
            a + missing
        except UnboundLocalError as error:
            caught += error.__traceback__.tb_lasti
        if index < 0:
            missing = 2
        try:
            b = c = a
            b, late
        except UnboundLocalError as error:
            caught += error.__traceback__.tb_lasti
        if index < 0:
            late = 3
    return caught


def closures(count):
    x = 1

    def inner():
        nonlocal x
        x += 1
        return x

    for _ in range(count):
        inner()


def of_globals(count):
    global G
    for index in range(count):
        G = index
        G
        len
        try:
            missing
        except NameError:
            pass


def long_jump(n):
    while n > 0:
        n -= 1
        a = [n, n, n]
        a[0] += a[1] + a[2]; a[0] += a[1] + a[2]; a[0] += a[1] + a[2]; a[0] += a[1] + a[2]; a[0] += a[1] + a[2]
        a[0] += a[1] + a[2]; a[0] += a[1] + a[2]; a[0] += a[1] + a[2]; a[0] += a[1] + a[2]; a[0] += a[1] + a[2]
        a[0] += a[1] + a[2]; a[0] += a[1] + a[2]; a[0] += a[1] + a[2]; a[0] += a[1] + a[2]; a[0] += a[1] + a[2]


def exceptions(count):
    for index in range(count):
        try:
            if index % 2:
                raise ValueError(index)
        except ValueError as error:
            str(error)
        finally:
            index
        with Context() as x:
            pass
        match index:
            case 1:
                pass
            case [a, b]:
                pass
            case _:
                pass


class Context:
    def __enter__(self):
        return self

    def __exit__(self, *details):
        return False


class Dying:
    def __del__(self):
        global G
        G = 1


def stores(count):
    for _ in range(count):
        a, b = Dying(), Dying()
        b, a = a, b
        c = a
        a = b = None
    return c


for rounds in 1, 7, 8, 9, 40, 60, 200:
    unbound(rounds)
    print(unbound_pairs(rounds))
    closures(rounds)
    of_globals(rounds)
    long_jump(rounds)
    exceptions(rounds)
    stores(rounds)
