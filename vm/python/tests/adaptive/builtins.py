# PRECALL of built-in functions, methods and classes.


class Mine(int):
    pass


class List(list):
    pass


def functions(count):
    items = []
    for index in range(count):
        len(items)
        isinstance(items, list)
        isinstance(items, (list, dict))
        issubclass(int, object)
        abs(-1)
        repr(1)
        ord("a")
        chr(97)
        max(1, 2)
        min([1])
        sorted([2, 1])
        sorted([2, 1], reverse=True)
        sum([1])
        getattr(items, "x", None)
        divmod(3, 2)
        hasattr(items, "x")
        hash("a")
        callable(len)
        print(end="")
        locals()
        iter(items)
        next(iter([1]))
        pow(2, 3)
        round(1.5)
        id(items)


def methods(count):
    items = [0]
    for index in range(count):
        items.append(index)
        items.append(1) is None
        items.index(0)
        items.count(1)
        items.pop()
        items.extend([])
        List().append(1)
        {}.get(1)
        {1: 2}.get(1, 2)
        {}.items()
        {1}.add(2)
        "a".join(["a"])
        "abc".replace("a", "b")
        "a b".split()
        "a b".split(" ", 1)
        "a".encode()
        "a".startswith("a")
        "{}".format(1)
        b"a".hex()
        (1).bit_length()
        Mine(1).bit_length()
        bound = items.copy
        bound()
        append = items.append
        append(1)
        list.append(items, 1)
        str.upper("a")


def classes(count):
    for index in range(count):
        str(index)
        str()
        str(b"a", "ascii")
        type(index)
        tuple("ab")
        tuple()
        int("1")
        int("1", 8)
        float("1")
        bool(1)
        list("a")
        dict(a=1)
        dict([(1, 2)])
        set("a")
        frozenset()
        bytes(3)
        bytearray(3)
        range(3)
        enumerate("a")
        zip("a")
        map(str, "a")
        reversed("a")
        slice(1)
        object()
        Exception()
        ValueError("x")
        Mine(3)
        super(Mine, Mine(1))
        complex(1)


def changing(callables):
    for function in callables:
        function([1])


def failing(count):
    for _ in range(count):
        try:
            len(1)
        except TypeError:
            pass
        try:
            isinstance(1, 1)
        except TypeError:
            pass
        try:
            ord("ab")
        except TypeError:
            pass
        try:
            [].index(1)
        except ValueError:
            pass


for rounds in 1, 7, 40, 60, 200:
    functions(rounds)
    methods(rounds)
    classes(rounds)
    changing([len] * rounds)
    changing([len, tuple, str, type, list, lambda x: x, [].append] * rounds)
    failing(rounds)
