# BINARY_SUBSCR and STORE_SUBSCR.


class Item:
    def __getitem__(self, index):
        return index

    def __setitem__(self, index, value):
        pass


class Optional:
    def __getitem__(self, index, more=None):
        return index


class Keys(dict):
    def __missing__(self, key):
        return key


class Falling:
    def __getitem__(self, index):
        raise IndexError


def read(pairs):
    for container, key in pairs:
        try:
            container[key]
        except LookupError:
            pass


def write(pairs):
    for container, key in pairs:
        try:
            container[key] = 1
        except (LookupError, TypeError):
            pass


def delete(count):
    for index in range(count):
        container = {index: 1}
        del container[index]


def generic(count):
    for _ in range(count):
        list[int]
        "abc"[1]
        [1, 2, 3][1:]
        [1][-1]


for rounds in 1, 7, 40, 60, 200:
    read([([1, 2, 3], 1)] * rounds)
    read([((1, 2), 0), ((1, 2), 5)] * rounds)
    read([({1: 2}, 1), ({}, 3)] * rounds)
    read([(Item(), 1)] * rounds)
    read([(Item(), 1), (Optional(), 2), (Falling(), 3)] * rounds)
    read([(Optional(), 2)] * rounds)
    read([(Falling(), 2)] * rounds)
    read([([1], -1), ([1], slice(0, 1)), ("abc", 1), (b"abc", 1), (Keys(a=1), "b"), ([1], 2**40), ([1], True)] * rounds)
    write([([1, 2], 1)] * rounds)
    write([({}, 1)] * rounds)
    write([(Item(), 1), ((1,), 0), ([1], 5), (Keys(), 1), (bytearray(3), 1), ([1], -1)] * rounds)
    write([([1, 2], rounds % 2), ({}, [])] * rounds)
    delete(rounds)
    generic(rounds)
Item.__getitem__ = lambda self, index: 7
read([(Item(), 1)] * 100)
del Item.__getitem__
try:
    read([(Item(), 1)] * 3)
except TypeError as error:
    print(error)
