# Which of two nans survives an operation: CPython's general sum keeps the second, its warm one the
# first; each function of `math` has its own way.
import itertools
import math
import operator
import struct


def of_bits(bits):
    return struct.unpack('<d', struct.pack('<Q', bits))[0]


def bits(value):
    if isinstance(value, complex):
        return bits(value.real) + ' ' + bits(value.imag)
    return '%x' % struct.unpack('<Q', struct.pack('<d', value))


VALUES = [of_bits(number) for number in (0x7ff8000000000001, 0xfff8000000000002, 0x7ff0000000000003,
                                         0xfff0000000000004)] + [1.5, -2.0, 3, math.inf]


def add(a, b):
    return a + b


def subtract(a, b):
    return a - b


def multiply(a, b):
    return a * b


FUNCTIONS = [add, subtract, multiply, operator.add, operator.sub, operator.mul, operator.truediv,
             operator.mod, operator.pow, min, max, math.atan2, math.fmod, math.remainder, math.pow,
             math.copysign, math.hypot, math.nextafter, complex, lambda a, b: sum([a, b]),
             lambda a, b: sum([1, a, 2, b], 0.5), lambda a, b: math.fsum([a, b]),
             lambda a, b: math.prod([a, 2, b]), lambda a, b: complex(a, b) * complex(b, a),
             lambda a, b: complex(a, 1) + complex(b, 2), lambda a, b: complex(a, b) / complex(1, 2),
             lambda a, b: complex(a, b) / complex(2, 1)]

for round_ in 'cold', 'warm':
    for function in FUNCTIONS:
        for a, b in itertools.product(VALUES, repeat=2):
            try:
                shown = bits(float(r) if isinstance(r := function(a, b), int) else r)
            except (ValueError, OverflowError) as error:
                shown = repr(error)
            print(round_, function.__name__, bits(float(a)), bits(float(b)), shown)
    for function in add, subtract, multiply:
        for _ in range(100):
            function(1.5, 2.5)
for function in math.log, math.log2, math.log10, math.ulp, math.sqrt, math.exp, math.floor:
    for value in VALUES[:4]:
        try:
            print(function.__name__, bits(value), bits(function(value)))
        except ValueError as error:
            print(function.__name__, error)
