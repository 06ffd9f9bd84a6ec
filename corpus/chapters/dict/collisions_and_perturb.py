# Keys that share their low bits collide, and the perturbed probe sequence spreads them.
table = {}
for number in range(6):
    table[number * 8] = number
spread = {}
for number in range(10):
    spread[number << 32] = number
high = {}
for number in range(4):
    high[(number << 40) + 3] = number
found = [table[number * 8] for number in range(6)]
print(found, 7 in table, 8 in table)
print(list(spread.values()), (2 << 40) + 3 in high)
