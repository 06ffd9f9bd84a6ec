# PRECALL and CALL of Python functions: parameters of every kind, bound methods, classes.


def simple(a, b):
    return a


def default(a, b=1):
    return b


def two_defaults(a, b=1, c=2):
    return c


def star(*rest):
    return rest


def keyword_only(a, *, k=1):
    return k


def anything(*rest, **named):
    return named


class Plain:
    def __init__(self, a=1):
        self.a = a

    def method(self, x=1):
        return x

    def __call__(self, y):
        return y


def calls(count):
    for index in range(count):
        simple(1, 2)
        simple(a=1, b=2)
        simple(1, b=index)
        default(1)
        default(1, 2)
        two_defaults(1)
        two_defaults(1, 2)
        two_defaults(1, 2, 3)
        two_defaults(1, c=3)
        star(1)
        keyword_only(1)
        keyword_only(1, k=2)
        anything(1, x=2)
        simple(*(1, 2))
        default(**{"a": 1})
        bound = Plain().method
        bound()
        bound(2)
        Plain()
        Plain(1)(2)
        (lambda: 1)()
        (lambda x: x)(1)


def varying(functions):
    for function in functions:
        function(1, 2)


def too_few(count):
    for _ in range(count):
        try:
            simple(1)
        except TypeError:
            pass


def recursive(depth):
    if depth == 0:
        return 0
    return 1 + recursive(depth - 1)


for rounds in 1, 7, 40, 60, 200:
    calls(rounds)
    varying([simple] * rounds)
    varying([simple, default, star] * rounds)
    varying([two_defaults, lambda *x: x] * rounds)
    too_few(rounds)
    print(recursive(100))
simple.__defaults__ = (5,)
varying([simple] * 10)
too_few(10)
simple.__code__ = default.__code__
varying([simple] * 100)
