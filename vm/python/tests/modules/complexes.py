# cmath at every kind of argument, and the inverse of the normal distribution.
import cmath
import math
import statistics

PARTS = [-math.inf, -1e308, -2.5, -1.0, -1e-310, -0.0, 0.0, 5e-324, 0.3, 1.0, 710.5, 1e200, math.inf, math.nan]
NAMES = "acos acosh asin asinh atan atanh cos cosh exp log log10 phase polar sin sinh sqrt tan tanh isfinite isinf isnan".split()
for name in NAMES:
    function = getattr(cmath, name)
    for real in PARTS:
        for imag in PARTS:
            try:
                print(name, real, imag, function(complex(real, imag)))
            except (ValueError, OverflowError) as error:
                print(name, real, imag, type(error).__name__, error)
for length in PARTS:
    for angle in PARTS:
        try:
            print("rect", length, angle, cmath.rect(length, angle))
        except (ValueError, OverflowError) as error:
            print("rect", length, angle, type(error).__name__, error)
print(cmath.log(8, 2), cmath.log(1j, 3 + 1j))
for arguments in ((0,), (1, 0), (1, 1), ("x",), (), (1, 2, 3)):
    try:
        print(cmath.log(*arguments))
    except Exception as error:
        print(type(error).__name__, error)
print(cmath.isclose(1, 1 + 1e-12), cmath.isclose(1, 2), cmath.isclose(1, 1j, rel_tol=2), cmath.nan, cmath.infj, cmath.nanj)
normal = statistics.NormalDist(3, 2)
print([normal.inv_cdf(p) for p in (1e-300, 1e-12, 1e-5, 0.01, 0.07, 0.3, 0.5, 0.75, 0.999, 1 - 1e-12)])
