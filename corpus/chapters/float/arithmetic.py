# Arithmetic with ints and floats, floor division and remainder with signs.
sums = [0.1 + 0.7, 1e16 + 1.0, 3 * 0.1, 2**0.5, (-8) ** (1 / 3) == 2, 7.5 // 2, -7.5 // 2]
remainders = [7.5 % 2, -7.5 % 2, 7.5 % -2, divmod(-7.5, 2), 5.0 % float("inf")]
rounded = [round(2.5), round(3.5), round(-2.5), round(2.675, 2), round(1234.5678, -2), round(1e300)]
for bad in (lambda: 1.0 / 0, lambda: 1.0 // 0, lambda: 1.0 % 0, lambda: 0.0**-1, lambda: 10.0**400, lambda: int(float("nan")), lambda: int(float("inf"))):
    try:
        bad()
    except (ArithmeticError, ValueError) as error:
        print(type(error).__name__, error)
print(sums, remainders, rounded[:5], rounded[5] == 10**300)
