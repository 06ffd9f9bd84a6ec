"""Print facts about numbers, texts and hashes, one a line, for tests/facts.rs.

Run with PYTHONHASHSEED=0 under CPython 3.11; the output is committed as facts.txt.
"""
import math
import random
import struct
import sys

sys.set_int_max_str_digits(0)
rng = random.Random(20240311)


def bits(x):
    return struct.pack(">d", x).hex()


def emit(*fields):
    print("\t".join(str(f).replace("\n", "\\n") for f in fields))


def sized(n):
    return rng.getrandbits(n) * rng.choice((1, -1))


SIZES = [0, 1, 5, 29, 30, 31, 59, 60, 61, 62, 63, 64, 65, 90, 120, 150, 300, 1000]
ints = [0, 1, -1, 2**30, 2**30 - 1, -(2**30), 2**60, -(2**60), 2**61 - 1, 2**61, 1 - 2**61, 2**63, -(2**63)]
ints += [sized(n) for n in SIZES]
for a in ints:
    emit("hash_long", hex(a), hash(a))
    emit("decimal", hex(a), a)
    emit("bit_length", hex(a), a.bit_length())
    emit("bit_count", hex(a), a.bit_count())
    emit("to_f64", hex(a), bits(float(a)))
    for n in (0, 1, 7, 29, 30, 31, 64, 100):
        emit("rshift", hex(a), n, hex(a >> n))
        emit("lshift", hex(a), n, hex(a << n))
    if a >= 0:
        emit("isqrt", hex(a), hex(math.isqrt(a)))
    n = a.bit_length() // 8 + 1
    emit("to_bytes", hex(a), n, a.to_bytes(n, "big", signed=True).hex())
    for _ in range(6):
        b = rng.choice(ints)
        emit("add", hex(a), hex(b), hex(a + b))
        emit("and", hex(a), hex(b), hex(a & b))
        emit("or", hex(a), hex(b), hex(a | b))
        emit("xor", hex(a), hex(b), hex(a ^ b))
        emit("mul", hex(a), hex(b), hex(a * b))
        emit("gcd", hex(a), hex(b), hex(math.gcd(a, b)))
        if b:
            emit("floordiv", hex(a), hex(b), hex(a // b))
            emit("mod", hex(a), hex(b), hex(a % b))
            try:
                emit("truediv", hex(a), hex(b), bits(a / b))
            except OverflowError:
                emit("truediv", hex(a), hex(b), "overflow")
            e = sized(rng.choice((3, 40, 300)))
            try:
                emit("powmod", hex(a), hex(e), hex(b), hex(pow(a, e, b)))
            except ValueError:
                emit("powmod", hex(a), hex(e), hex(b), "none")
for n in (2000, 3000, 5000, 9000, 20000):
    a, b = sized(n), sized(n * 2 // 3)
    emit("mul", hex(a), hex(b), hex(a * b))
    emit("mul", hex(a), hex(a), hex(a * a))
    emit("floordiv", hex(a), hex(b), hex(a // b))
    emit("mod", hex(a), hex(b), hex(a % b))
    emit("decimal", hex(a), a)
    emit("isqrt", hex(abs(a)), hex(math.isqrt(abs(a))))
    emit("gcd", hex(a * b), hex(b * (a + 1)), hex(math.gcd(a * b, b * (a + 1))))
for _ in range(60):
    a = sized(rng.choice((60, 500, 1100, 1500)))
    b = sized(rng.choice((3, 500, 1100, 2500))) or 1
    try:
        emit("truediv", hex(a), hex(b), bits(a / b))
    except OverflowError:
        emit("truediv", hex(a), hex(b), "overflow")
for text, base in [("0", 0), ("00", 0), ("01", 0), ("0_0", 0), ("0x1F", 0), ("0X_1f", 16), ("0x", 16), ("0x", 0), ("_1", 10),
                   ("1_", 10), ("1__0", 10), ("1_000", 10), ("  12  ", 10), ("+12", 10), ("- 1", 10), ("", 10), ("-", 10),
                   ("0b101", 2), ("0b101", 0), ("0b12", 0), ("0o17", 8), ("zz", 36), ("Zz", 36), ("9", 8), ("0b1", 16),
                   ("12 3", 10), ("0x_", 16), ("123456789012345678901234567890", 10), ("1" * 50, 3), ("7" * 40, 8),
                   ("0_7", 0), ("1", 1), ("1", 37), ("\t\n12\r\f\v", 10), ("0b", 0), ("x1", 16), ("0__1", 10), ("0_", 0)]:
    try:
        emit("int", text.replace("\t", "\\t").replace("\r", "\\r").replace("\f", "\\f").replace("\v", "\\v"), base, hex(int(text, base)))
    except ValueError as e:
        emit("int", text.replace("\t", "\\t").replace("\r", "\\r"), base, "error " + str(e).split(":")[0])

floats = [0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 2.5, 0.25, 0.125, 1e15, 1e16, 1e17, 123456789012345678.0, 1e22, 1e23, 9.5e22,
          1e-4, 1e-5, 0.00001234, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1/3, 2/3, 1e100, 1e-100,
          12345.678, 0.045, 0.055, 2.675, 1.005, 99999.5, 999999.5, 9.9999995, float(2**53), float(2**61), float(2**61 - 1),
          math.pi, -math.e, 100.0, 1234567.0, 0.000123456, 8.5, 9.5, 1e300 * 1e10, -1e300 * 1e10]
floats += [struct.unpack(">d", rng.getrandbits(64).to_bytes(8, "big"))[0] for _ in range(60)]
floats = [x for x in floats if x == x]
for x in floats:
    b = bits(x)
    emit("repr", b, repr(x))
    emit("hash_double", b, hash(x))
    emit("hex", b, x.hex())
    if x - x == 0:
        n, d = x.as_integer_ratio()
        emit("ratio", b, hex(n), hex(d))
        emit("trunc", b, hex(int(x)))
        m, e = math.frexp(x)
        emit("frexp", b, bits(m), e)
        emit("ldexp", b, -1070, bits(math.ldexp(x, -1070)))
        for nd in (-310, -30, -22, -20, -5, -3, -1, 0, 1, 2, 3, 10, 20, 300, 330):
            try:
                emit("round", b, nd, bits(round(x, nd)))
            except OverflowError:
                emit("round", b, nd, "overflow")
    for spec in (".0e", ".3e", "#.0e", "e", ".30E", ".0f", ".1f", ".2f", ".20f", "#.0f", "F", ".0g", ".1g", ".3g", "#.3g",
                 ".17g", "G", ".40g", "", ".3", ".0", "#", "%", ".1%", "n", "+", " ", "z.1f", "010", "<12", "^15.2f", "=+20.3e",
                 "*^20", "020,.2f", "_.1f", ",", "012,", ",.3f", ".12", "z", "+.2g", "x>9"):
        emit("format_float", b, spec, format(x, spec))
    for whole in (int(x) + 1 if x - x == 0 else 5, int(x) if x - x == 0 else -5):
        emit("compare", hex(whole), b, (whole > x) - (whole < x))
for a in (0, 1, -1, 5, -42, 255, 1000, -1000, 1234567, -1234567890, 2**100, -(2**70)):
    for spec in ("d", "", "x", "X", "#x", "#X", "b", "#b", "o", "#o", "08", "+", " ", "-", "<10", ">10", "^10", "=10", "*=+10",
                 "010", "#010x", ",", "_", "_x", "_b", "#_X", "015,", "014,", "013,", "012_x", "n", "x^#20_b", "<010", "0<10"):
        emit("format_int", hex(a), spec, format(a, spec))
for z in (0j, 1j, 1 + 2j, -0.0 + 1j, 1.5 - 2.25j, complex("inf") , 1e20 + 1e-7j, -1 - 1j, complex(0.0, -0.0)):
    for spec in ("", ".2f", "+.3g", "e", "<30", "^30.1f", ">30", "g", "#.3g", ",.1f", " ", "*^+30.2"):
        if spec:
            emit("format_complex", bits(z.real), bits(z.imag), spec, format(z, spec))
for text in ("1", "1.5", ".5", "5.", ".", "1e5", "1e", "1e+", "1E-5", "inf", "-Infinity", "infin", "+nan", " 1.5 ", "1_000.5",
             "1__0", "_1", "1_", "1_.5", "1._5", "1e1_0", "0x10", "1e400", "-1e-400", "", " ", "1 2", "1.2.3", "--1",
             "123456789012345678901234567890e-20", "0." + "0" * 400 + "1e390", "2.2250738585072011e-308"):
    try:
        emit("float", text, bits(float(text)))
    except ValueError:
        emit("float", text, "error")
for text in ("0x1p0", "1", "0x.8p1", "0x1.fffffffffffff8p0", "0x1.fffffffffffff7p0", "0x1.8p-1074", "0x1p-1075", "0x1.1p-1075",
             "0x1p1024", "0x1.fffffffffffffp1023", "0x1.fffffffffffff8p1023", "-0x1.8p3", "nan", "-inf", " 0x1p4 ", "0x", "0xp1",
             "0x1p", "0x1.0000000000000800000000001p0", "0x1.00000000000008p0", "abc.def", "0x0p99999999999999999999", "1p5", ".p1", "0x1 p1"):
    try:
        emit("fromhex", text, bits(float.fromhex(text)))
    except ValueError:
        emit("fromhex", text, "error")
    except OverflowError:
        emit("fromhex", text, "overflow")
for n in (0, 1, 2, 7, 8, 9, 15, 16, 17, 40, 100):
    b = bytes(rng.getrandbits(8) for _ in range(n))
    emit("hash_bytes", b.hex(), hash(b))
for n in (0, 1, 2, 3, 10):
    t = tuple(sized(40) for _ in range(n))
    emit("hash_tuple", ",".join(map(str, t)), hash(t))
    emit("hash_frozenset", ",".join(map(str, t)), hash(frozenset(t)))


class Probe:
    pass


for value, spec in ((5, ".3"), (5, "z"), (5, "+c"), (5, "#c"), (5, ",x"), (5, ",_"), (5, "_,"), (5, "10."), (5, "dd"), (5, "s"),
                    (5, "é"), (5, "99999999999999999999"), ("a", "+"), ("a", " "), ("a", "z"), ("a", "#"), ("a", "=5"), ("a", "d"),
                    ("a", ",s"), (1.5, "d"), (1.5, ",n"), (1.5, "0x"), (1j, "010"), (1j, "=5"), (1j, "%"), (1.5, ".99999999999f"), (5, ",c"),
                    ("a", "5.s"), ("a", "\x01")):
    try:
        format(value, spec)
    except ValueError as e:
        emit("spec_error", type(value).__name__, spec, str(e))
