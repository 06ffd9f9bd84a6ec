# array: items of every type code, slices, growth, errors, pickling, the buffer.
import array
import pickle
import sys


def attempt(label, function, *arguments):
    try:
        print(label, repr(function(*arguments)))
    except Exception as error:
        print(label, type(error).__name__, error)


LIMITS = {
    "b": (-128, 127), "B": (0, 255), "h": (-32768, 32767), "H": (0, 65535), "i": (-2**31, 2**31 - 1),
    "I": (0, 2**32 - 1), "l": (-2**63, 2**63 - 1), "L": (0, 2**64 - 1), "q": (-2**63, 2**63 - 1), "Q": (0, 2**64 - 1),
}
for code, (least, most) in LIMITS.items():
    a = array.array(code, [least, 0, most])
    print(a, a.itemsize, a.typecode, a.tobytes())
    for value in (least - 1, most + 1, 2**70, -2**70, 1.5, "x", None):
        attempt(code, a.append, value)
    print(a, sys.getsizeof(a) - sys.getsizeof(array.array(code)))
for code in "fd":
    a = array.array(code, [1, 2.5, float("inf"), 1e300])
    print(a)
    attempt(code, a.append, "x")
u = array.array("u", "a\u1234\U0001f600")
print(u, u.tounicode(), u.tobytes())
for value in ("", "ab", 1, b"a"):
    attempt("u", u.append, value)

a = array.array("i", range(20))
for cut in (slice(3, 7), slice(None, None, 3), slice(None, None, -4), slice(15, 2, -3), slice(9, 3)):
    b = a[:]
    print(cut, b[cut])
    b[cut] = array.array("i", [-1] * len(b[cut]))
    print(b)
    del b[cut]
    print(b)
    attempt("longer", b.__setitem__, cut, array.array("i", [7] * 9))
    attempt("other", b.__setitem__, cut, array.array("h", [7]))
    attempt("list", b.__setitem__, cut, [1])
sizes = []
g = array.array("h")
for n in range(100):
    g.append(n)
    sizes.append(sys.getsizeof(g))
while g:
    g.pop()
    sizes.append(sys.getsizeof(g))
print(sizes)
view = memoryview(a)
print(view.format, view.shape, view.strides, view.itemsize)
for action in (lambda: a.append(1), lambda: a.pop(), lambda: a.__delitem__(0), lambda: a.extend([1])):
    attempt("exported", action)
view.release()
attempt("+", lambda: a + [1])
attempt("+", lambda: a + array.array("b"))
attempt("*", lambda: array.array("b", [1, 2]) * 3)
attempt("+=", lambda: a.__iadd__([1]))
attempt("extend", a.extend, array.array("d"))
attempt("index", a.index, 5)
attempt("index", a.index, 5, 6)
attempt("remove", a.remove, 99)
attempt("pop", a.pop, 99)
attempt("pop", array.array("b").pop)
attempt("frombytes", a.frombytes, b"123")
attempt("fromlist", a.fromlist, [1, "x"])
attempt("fromlist", a.fromlist, (1,))
attempt("new", array.array)
attempt("new", array.array, "z")
attempt("new", array.array, "bb")
attempt("new", array.array, "b", "text")
attempt("new", array.array, "b", u)
attempt("new", array.array, "b", 5)
attempt("get", lambda: a["x"])
attempt("get", lambda: a[100])
print(a == array.array("d", range(20)), a < array.array("i", [5]), array.array("b", [-1]) < array.array("b", [1]))
for protocol in range(6):
    data = pickle.dumps(a[:3], protocol)
    print(protocol, data, pickle.loads(data))
rebuild = array._array_reconstructor
attempt("rebuild", rebuild, array.array, "i", 9, b"\0\0\0\1\xff\xff\xff\xff")
attempt("rebuild", rebuild, array.array, "f", 15, b"\x3f\x80\0\0")
attempt("rebuild", rebuild, array.array, "u", 19, b"\0a\xd8\0\xdc\0")
attempt("rebuild", rebuild, array.array, "i", 99, b"")
attempt("rebuild", rebuild, int, "i", 8, b"")
iterator = iter(array.array("b", [1, 2, 3]))
print(next(iterator), iterator.__reduce__(), list(iterator), iterator.__reduce__())
