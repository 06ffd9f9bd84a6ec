# Carries and borrows run through every digit.
ones = (1 << 90) - 1
carried = ones + 1
back = carried - 1
mixed = ones + -ones
negative = -ones - 1
small = 7
for step in range(20):
    small = small * 3 - 5
total = 0
for number in range(200):
    total += number ** 3
print(carried, back == ones, mixed, negative, small, total)
