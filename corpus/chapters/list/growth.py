# Appending grows the block by the pattern 0, 4, 8, 16, 24, 32, 40, 52, 64 ...
empty = []
one = [1]
appended = []
appended.append(1)
five = []
for index in range(5):
    five.append(index)
nine = []
for index in range(9):
    nine.append(index)
sixty = []
for index in range(60):
    sixty.append(index)
literal = [1, 2, 3]
copied = literal[:]
doubled = literal * 4
comprehension = [index for index in range(10)]
from_range = list(range(10))
print(len(empty), len(nine), len(sixty), doubled, comprehension == from_range)
