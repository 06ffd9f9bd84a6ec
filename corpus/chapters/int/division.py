# Floor division and remainder agree with each other for every sign.
results = []
for dividend in (7, -7, 10**25, -(10**25), 0):
    for divisor in (3, -3, 10**12 + 7, -(10**24)):
        quotient, remainder = divmod(dividend, divisor)
        results.append((quotient, remainder))
        assert quotient * divisor + remainder == dividend
for divide in (lambda: 1 // 0, lambda: 1 % 0, lambda: divmod(1, 0), lambda: 1 / 0):
    try:
        divide()
    except ZeroDivisionError as error:
        results.append(str(error))
true = [7 / 2, -7 / 2, 10**30 / 10**10, 1 / 3]
print(results)
print(true)
