# pop goes round the table with a finger.
numbers = set(range(10))
popped = [numbers.pop() for _ in range(4)]
numbers.add(0)
popped.append(numbers.pop())
rest = set(numbers)
try:
    set().pop()
except KeyError as error:
    message = error.args[0]
print(popped, numbers == rest, message)
