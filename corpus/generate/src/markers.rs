//! Features that show in the text of a template: syntax, types and attributes that a small interpreter may lack.
//!
//! A rule whose own text holds a marker needs the marker's feature; a word of a choice that holds one is
//! left out where the feature is missing.

/// A piece of text, the feature that it shows, and the probe of the feature.
pub struct Marker {
    pub text: &'static str,
    pub feature: &'static str,
    pub probe: &'static str,
}

const fn marker(text: &'static str, feature: &'static str, probe: &'static str) -> Marker {
    Marker {
        text,
        feature,
        probe,
    }
}

/// Whether a template's text holds a marker, as words of their own where the marker begins or ends with a letter.
pub fn holds(text: &str, marker: &str) -> bool {
    let is_inner = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    };
    text.match_indices(marker).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + marker.len()..].chars().next();
        let starts = is_inner(marker.chars().next()) && is_inner(before);
        let ends = is_inner(marker.chars().next_back()) && is_inner(after);
        !starts && !ends
    })
}

pub const MARKERS: &[Marker] = &[
    // Syntax.
    marker(
        "[*",
        "starred_display",
        "print([*[1], 2], (*'ab',), {*[3]})\n",
    ),
    marker("(*(", "starred_display", ""),
    marker("{**", "starred_display", ""),
    marker("{*", "starred_display", ""),
    marker(
        "::",
        "slice_step",
        "items = list(range(9))\nprint('abcd'[::2], items[::-3])\ndel items[::2]\nitems[::2] = 'ab'\nprint(items)\n",
    ),
    marker(
        "from . ",
        "relative_import",
        "try:\n    from . import x\nexcept ImportError:\n    print(1)\n",
    ),
    marker(":=", "walrus", "print((x := 3), x)\n"),
    marker(
        "case",
        "match",
        "match [1, 2]:\n    case [x, *_]:\n        print(x)\n    case _:\n        print('no')\n",
    ),
    marker("f'", "fstring", "x = 3\nprint(f'{x}{x!r:>5}')\n"),
    marker("=}'", "fstring_equals", "x = 3\nprint(f'{x=}')\n"),
    marker(
        "async",
        "async",
        "async def f():\n    return 1\nc = f()\ntry:\n    c.send(None)\nexcept StopIteration as stop:\n    print(stop.value)\n",
    ),
    marker("await", "async", ""),
    marker("except*", "exceptstar", ""),
    marker("ExceptionGroup", "exceptstar", ""),
    marker(
        "/,",
        "posonly",
        "def f(a, /, b):\n    return a, b\nprint(f(1, b=2))\n",
    ),
    marker(
        "yield from",
        "yield_from",
        "def f():\n    x = yield from [1]\n    return x\nprint(list(f()))\n",
    ),
    marker(
        "nonlocal",
        "nonlocal",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    g()\n    return x\nprint(f())\n",
    ),
    marker(
        "metaclass=",
        "metaclass",
        "class M(type):\n    pass\nclass C(metaclass=M):\n    pass\nprint(type(C).__name__)\n",
    ),
    // Types and functions.
    marker(
        "frozenset",
        "frozenset",
        "print(frozenset([1]) | {2}, hash(frozenset()) == hash(frozenset()))\n",
    ),
    marker(
        "memoryview",
        "memoryview",
        "m = memoryview(bytearray(b'abc'))\nprint(m[1:].tolist(), m.nbytes, m.format)\n",
    ),
    marker("bytearray", "bytearray", ""),
    marker(
        "complex",
        "complex",
        "print(complex(1, -0.0), complex('1+2j'), (1+2j) * 1j)\n",
    ),
    marker(
        "range",
        "range",
        "print(range(1, 9, 2), list(range(3)), range(5)[1:3])\n",
    ),
    marker("reversed", "reversed", "print(list(reversed([1, 2])))\n"),
    marker(
        "property",
        "property",
        "class C:\n    @property\n    def p(self):\n        return 1\n    @p.setter\n    def p(self, v):\n        print(v)\nc = C()\nc.p = c.p\n",
    ),
    marker(
        "compile",
        "compile",
        "print(eval(compile('1 + 2', 'n', 'eval')))\n",
    ),
    marker("exec", "exec", "exec('x = 1', d := {})\nprint(d['x'])\n"),
    marker("globals", "globals", "x = 1\nprint(globals()['x'])\n"),
    marker(
        "locals",
        "locals",
        "def f():\n    x = 1\n    return locals()\nprint(f())\n",
    ),
    marker(
        "vars",
        "vars",
        "class C:\n    pass\nc = C()\nc.x = 1\nprint(vars(c))\n",
    ),
    marker("ascii", "ascii", "print(ascii('\\xe9'))\n"),
    marker(
        "format",
        "format",
        "print(format(3, '>5'), '{:x}'.format(255), '{0!r}'.format('a'))\n",
    ),
    // Methods of str and bytes.
    marker("casefold", "str.casefold", "print('\\xdf'.casefold())\n"),
    marker(
        "translate",
        "str.translate",
        "print('ab'.translate({97: 'x'}), b'ab'.translate(None, b'a'))\n",
    ),
    marker(
        "maketrans",
        "str.maketrans",
        "print(str.maketrans('a', 'b'), bytes.maketrans(b'a', b'b')[97])\n",
    ),
    marker(
        "expandtabs",
        "str.expandtabs",
        "print('a\\tb'.expandtabs(4))\n",
    ),
    marker("zfill", "str.zfill", "print('-1'.zfill(5))\n"),
    marker(
        "ljust",
        "str.ljust",
        "print('a'.ljust(3, '*') + 'a'.rjust(3) + 'a'.center(5))\n",
    ),
    marker("rjust", "str.ljust", ""),
    marker("center", "str.ljust", ""),
    marker(
        "title",
        "str.title",
        "print('a b'.title(), 'ab'.capitalize(), 'aB'.swapcase())\n",
    ),
    marker("capitalize", "str.title", ""),
    marker("swapcase", "str.title", ""),
    marker(
        "partition",
        "str.partition",
        "print('abc'.partition('b'), 'abc'.rpartition('b'))\n",
    ),
    marker("rpartition", "str.partition", ""),
    marker(
        "splitlines",
        "str.splitlines",
        "print('a\\r\\nb'.splitlines(True))\n",
    ),
    marker(
        "isidentifier",
        "str.is",
        "print('a'.isidentifier(), 'a'.isdecimal(), 'a'.isnumeric(), 'a'.isprintable(), 'A'.istitle(), 'a'.isascii(), 'a'.isalnum())\n",
    ),
    marker("isdecimal", "str.is", ""),
    marker("isascii", "str.is", ""),
    marker("istitle", "str.is", ""),
    marker(
        "format_map",
        "str.format_map",
        "print('{a}'.format_map({'a': 1}))\n",
    ),
    marker(
        "fromhex",
        "bytes.fromhex",
        "print(bytes.fromhex('00ff'), b'ab'.hex(':'))\n",
    ),
    marker("hex", "bytes.fromhex", ""),
    // Methods of numbers.
    marker(
        "as_integer_ratio",
        "as_integer_ratio",
        "print((5).as_integer_ratio(), (0.5).as_integer_ratio(), (0.5).is_integer())\n",
    ),
    marker("is_integer", "as_integer_ratio", ""),
    marker(
        "bit_length",
        "bit_length",
        "print((255).bit_length(), (5).conjugate(), (5).numerator)\n",
    ),
    marker("conjugate", "bit_length", ""),
    marker("numerator", "bit_length", ""),
    marker(
        "to_bytes",
        "to_bytes",
        "print((300).to_bytes(2, 'big', signed=True), int.from_bytes(b'ab', 'little', signed=False))\n",
    ),
    marker("from_bytes", "to_bytes", ""),
    // Attributes of objects.
    marker(
        "__slots__",
        "slots",
        "class C:\n    __slots__ = ('a',)\nc = C()\nc.a = 1\ntry:\n    c.b = 1\nexcept AttributeError as e:\n    print(e)\nprint(C.a.__name__)\n",
    ),
    marker(
        "__dict__",
        "instance_dict",
        "class C:\n    pass\nc = C()\nc.x = 1\nc.__dict__['y'] = 2\nprint(c.__dict__, c.y)\n",
    ),
    marker(
        "__set_name__",
        "set_name",
        "class D:\n    def __set_name__(self, owner, name):\n        print(name)\nclass C:\n    d = D()\n",
    ),
    marker(
        "__init_subclass__",
        "init_subclass",
        "class C:\n    def __init_subclass__(cls, **k):\n        print(k)\nclass D(C, x=1):\n    pass\n",
    ),
    marker("__prepare__", "metaclass", ""),
    marker(
        "__mro__",
        "mro",
        "class C:\n    pass\nprint(C.__mro__, C.__bases__, C.__base__, C.__subclasses__())\n",
    ),
    marker("__bases__", "mro", ""),
    marker("__subclasses__", "mro", ""),
    marker(
        "__qualname__",
        "qualname",
        "def f():\n    pass\nprint(f.__qualname__, f.__module__, f.__doc__)\n",
    ),
    marker(
        "__defaults__",
        "function_attributes",
        "def f(a=1, *, b=2):\n    pass\nf.x = 1\nprint(f.__defaults__, f.__kwdefaults__, f.__annotations__, f.x)\n",
    ),
    marker("__kwdefaults__", "function_attributes", ""),
    marker("__annotations__", "function_attributes", ""),
    marker(
        "__closure__",
        "closure",
        "def f(x):\n    return lambda: x\nprint(f(3).__closure__[0].cell_contents, f(3).__code__.co_freevars)\n",
    ),
    marker(
        "__code__",
        "code",
        "def f(a):\n    b = 1\nprint(f.__code__.co_varnames, f.__code__.co_argcount, f.__code__.co_names)\n",
    ),
    marker(
        "gi_frame",
        "generator_attributes",
        "g = (x for x in ())\nprint(g.gi_running, g.gi_frame is None, g.gi_yieldfrom, g.gi_code.co_name)\n",
    ),
    marker("gi_running", "generator_attributes", ""),
    marker(
        "__traceback__",
        "traceback_attributes",
        "try:\n    1 // 0\nexcept Exception as e:\n    print(e.__traceback__.tb_lineno, e.__traceback__.tb_next, e.__traceback__.tb_frame.f_code.co_name)\n",
    ),
    marker("with_traceback", "traceback_attributes", ""),
    marker(
        "__context__",
        "exception_chain",
        "try:\n    try:\n        1 // 0\n    except Exception as e:\n        raise KeyError(1) from e\nexcept KeyError as e:\n    print(e.__cause__, e.__context__, e.__suppress_context__)\n",
    ),
    marker("__cause__", "exception_chain", ""),
    marker(
        "__reduce__",
        "reduce",
        "print(iter([1]).__reduce__()[1:], (1).__reduce_ex__(2)[0].__name__)\n",
    ),
    marker("__reduce_ex__", "reduce", ""),
    marker(
        "__text_signature__",
        "text_signature",
        "print(len.__text_signature__)\n",
    ),
    marker(
        "__self__",
        "method_attributes",
        "print([].append.__self__, 'a'.upper.__name__, len.__module__)\n",
    ),
    marker("__func__", "method_attributes", ""),
    marker(
        "__class_getitem__",
        "class_getitem",
        "class C:\n    def __class_getitem__(cls, i):\n        return i\nprint(C[1])\n",
    ),
    marker(
        "__getstate__",
        "getstate",
        "print((5).__getstate__(), [].__sizeof__() > 0)\n",
    ),
    marker("__sizeof__", "getstate", ""),
];
