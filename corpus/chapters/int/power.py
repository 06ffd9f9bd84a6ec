# Powers, with and without a modulus.
powers = [2**number for number in range(0, 70, 7)]
negative = (-3) ** 41
modular = pow(3, 10**20, 10**9 + 7)
inverse = pow(3, -1, 11)
zero = 0**0
fraction = 2**-2
try:
    pow(2, 3, 0)
except ValueError as error:
    message = str(error)
try:
    pow(2, -1, 4)
except ValueError as error:
    other = str(error)
print(powers, negative, modular, inverse, zero, fraction, message, other)
