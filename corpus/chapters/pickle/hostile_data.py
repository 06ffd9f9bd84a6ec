# Data that no pickler writes: lengths that lie, marks that are missing, numbers that are none.
import pickle

ODD = [
    b"(.", b"(N.", b"0.", b"1.", b"2.", b"(2.", b"Iabc\n.", b"I01\n.", b"I017\n.", b"I0x1f\n.", b"L12L\n.",
    b"Labc\n.", b"F1.5x\n.", b"F1e999\n.", b"S'abc\n.", b"S'a\\x4'\n.", b"V\\u12\n.", b"T\xff\xff\xff\xffabc.",
    b"X\xff\xff\xff\xffabc.", b"X\x01\0\0\0\xff.", b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffab.",
    b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7fab.", b"\x97.", b"\x98.", b"\x8b\xff\xff\xff\xff.", b"l.", b"Na.",
    b"](NNe.", b"N(NNe.", b"(Nd.", b"}(Nu.", b"}(]Nu.", b"\x87.", b"\x8f(]\x90.", b"h\x05.", b"g-1\n.", b"Np-1\n.",
    b"q\x00.", b"cfoo\n.", b"cbuiltins\nnope\n.", b"\x80\x04cbuiltins\nstr.nope\n.", b"N\x8c\x04sep\x93.", b"(o.",
    b"ibuiltins\nint\n.", b"N)\x81.", b"cbuiltins\nint\nN\x81.", b"N)R.", b"NNb.", b"Pabc\n.", b"\x80\x06N.",
    b"\x95\xc8\0\0\0\0\0\0\0N.", b"\x82\x01.", b"\x82\x00.", b"\xff.", b"'.", b"(" * 100 + b".",
]
seen = []
for data in ODD:
    try:
        value = pickle.loads(data)
    except Exception as error:
        value = (type(error).__name__, str(error))
    seen.append(value)
    print(data[:20], value)


class Reduced:
    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return self.value

    def __repr__(self):
        return "Reduced"


for value in (None, "nope", (), (1, 2), (len, 2), (len, (), None, 5), (len, (), None, None, 5), (1,) * 7):
    for protocol in (0, 2, 4):
        try:
            pickle.dumps(Reduced(value), protocol)
        except Exception as error:
            print(type(error).__name__, error)
deep = []
for _ in range(600):
    deep = [deep]
try:
    pickle.dumps(deep)
except RecursionError as error:
    print(error)
del deep
