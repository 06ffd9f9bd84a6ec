def numbers(limit):
    for number in range(limit):
        yield number


def evens(source):
    for number in source:
        if number % 2 == 0:
            yield number


total = 0
for number in evens(numbers(500000)):
    total += number
