# The ints from -5 to 256 exist once; larger ones are made anew.
low = -5
below = -6
high = 256
above = 257
summed = 250 + 6
beyond = above + 0
same = [number is (number + 0) for number in (0, 1, 255, 256)]
one = 3 - 2
print(low, below, high, above, summed, same, one is True, int(True) is one)
negative = [-number for number in range(8)]
print(negative)
