# Floats from text, hexadecimal forms, and ratios.
parsed = [float("1.5"), float(" -2e3 "), float("1_000.5"), float("infinity"), float(b"2.5"), float(".5"), float("5.")]
hexadecimal = [(1.5).hex(), (0.1).hex(), (-0.0).hex(), float.fromhex("0x1.8p+1"), float.fromhex("-0x1p-3")]
ratios = [(0.75).as_integer_ratio(), (-2.0).as_integer_ratio(), (3.0).is_integer(), (3.5).is_integer()]
print(parsed, hexadecimal, ratios)
for text in ("", "1e", "1.2.3", "0x10", "one"):
    try:
        float(text)
    except ValueError as error:
        print(error)
