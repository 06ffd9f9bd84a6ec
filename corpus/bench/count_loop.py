total = 0
number = 0
while number < 1500000:
    total += number & 7
    number += 1
