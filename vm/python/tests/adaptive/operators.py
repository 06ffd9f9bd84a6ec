# BINARY_OP and COMPARE_OP.
nan = float("nan")


def binary(pairs):
    for a, b in pairs:
        a + b
        a * 2
        if isinstance(a, (int, float)):
            a - b
            a // 3
            a % 3
            a**2
            a / 2


def bits(count):
    for index in range(count):
        index & 3
        index | 3
        index ^ 3
        index << 1
        index >> 1
        index @ Matrix()


class Matrix:
    def __rmatmul__(self, other):
        return self


def compare(pairs):
    for a, b in pairs:
        a == b
        if a < b:
            pass
        if a == b:
            pass
        if a != b:
            pass
        if not a > b:
            pass
        while a >= b:
            break
        a <= b or a == b


def looping(limit):
    index = 0
    while index < limit:
        index += 1
    number = 0.0
    while not number >= limit:
        number += 1.0
    text = ""
    while text != "aaaaa":
        text += "a"


def in_place(count):
    text = ""
    for _ in range(count):
        text += "a"
        text = text + "b"
        other = text + "c"
        text += other[:1]
        shared = text
        text += "d"
    return len(text), shared == text


for rounds in 1, 7, 40, 60, 200:
    binary([(1, 2)] * rounds)
    binary([(1.0, 2.0)] * rounds)
    binary([("a", "b")] * rounds)
    binary([(1, 2.0), (2**40, 1), ([1], [2]), ((1,), (2,)), (True, 1)] * rounds)
    binary([(2**40, 2**50), (-(2**30), 2**30)] * rounds)
    bits(rounds)
    for pair in (1, 2), (1.0, 2.0), ("a", "b"), (nan, 1.0), (2**40, 2), ([1], [2]), (1, 1.0), (True, False), ("a", "a"):
        compare([pair] * rounds)
    compare([(1, 2), (1.0, nan), ("a", "b")] * rounds)
    looping(rounds)
    print(in_place(rounds))
