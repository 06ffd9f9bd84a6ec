# Integer keys make a general table, in which every entry keeps its hash.
squares = {}
for number in range(12):
    squares[number] = number * number
negative = {-1: "minus one", -2: "minus two", 0: "zero"}
mixed = {"text": 1}
mixed[10] = 2
mixed[10**20] = 3
print(squares[11], negative[-1], negative[-2])
print(list(mixed))
