# Comprehensions insert in order; an insertion after a deletion goes to the end.
squares = {number: number * number for number in range(6)}
odd = {key: value for key, value in squares.items() if value % 2}
inverted = {value: key for key, value in squares.items()}
del squares[0]
squares[0] = "back"
nested = {x: {y: x * y for y in range(3)} for x in range(3)}
print(squares, odd, inverted)
print(nested, list(inverted))
print({1: 2} == {1: 2.0}, {1: 2, 3: 4} == {3: 4, 1: 2}, {} == [])
