# Removal leaves dummies, which a later insertion uses or a rebuild sweeps out.
numbers = set(range(6))
numbers.remove(2)
numbers.discard(4)
numbers.discard(99)
numbers.add(10)
churned = {0}
for number in range(50):
    churned.add(number + 1)
    churned.discard(number)
try:
    numbers.remove(99)
except KeyError as error:
    missing = error.args
print(numbers, churned, missing)
numbers.clear()
print(numbers, len(numbers))
