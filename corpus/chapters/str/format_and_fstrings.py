# Replacement fields, specifications, and f-strings.
name = "Ada"
number = 1234567.891
rows = [f"{name!r:>10}", f"{number:,.2f}", f"{255:#06x}", f"{-5:+d}", f"{0.25:.1%}", f"{name:*^9}", f"{12:08b}"]
text = "{} {1} {0}".replace("{} ", "").format("a", "b")
auto = "{} {} {key}".format(1, 2, key="three")
deep = "{0[1]} {1.real} {2[k]}".format([1, 2], 3, {"k": 4})
width = 6
nested = f"{name:{width}}|{number:.{width}g}"
debug = f"{width=}"
print(rows, text, auto, deep, nested, debug)
try:
    "{:d}".format("x")
except ValueError as error:
    print(error)
