# Where an exception is said to have been raised: the instruction before the traceback's.


def lasti(function, *args):
    try:
        function(*args)
    except Exception as error:
        traceback, found = error.__traceback__, []
        while traceback is not None:
            found.append((traceback.tb_lineno, traceback.tb_lasti))
            traceback = traceback.tb_next
        return type(error).__name__, found


def add(a, b):
    return a + b


def item(a, b):
    return a[b]


def length(a):
    return len(a)


def method(a):
    return a.index(7)


def attribute(a):
    return a.missing


def call(a):
    return a(1, 2, 3)


def convert(a):
    return int(a)


def unpack(a):
    x, y = a
    return x


def compare(a, b):
    if a < b:
        return 1


def store(a, b):
    a[b] = 1


CASES = [
    (add, (1, 2), (1, "a")),
    (add, ("a", "b"), ("a", 1)),
    (item, ([1], 0), ([1], 5)),
    (item, ({1: 1}, 1), ({}, 1)),
    (length, ([1],), (1,)),
    (method, ([7],), ([1],)),
    (attribute, (type("T", (), {"missing": 1})(),), (1,)),
    (call, (max,), (len,)),
    (convert, ("1",), ("x",)),
    (unpack, ((1, 2),), ((1,),)),
    (compare, (1, 2), (1, "a")),
    (store, ([1], 0), ([1], 9)),
    (store, ({}, 1), ({}, [])),
]
for rounds in 1, 20, 200:
    for function, good, bad in CASES:
        for _ in range(rounds):
            function(*good)
        print(function.__name__, lasti(function, *bad), lasti(function, *bad))
