# Generators: state kept between values, send, return value, yield from.
def numbers(limit):
    total = 0
    for number in range(limit):
        received = yield number
        if received:
            total += received
    return total


def outer():
    result = yield from numbers(2)
    yield "inner returned %s" % result


running = numbers(3)
first = next(running)
second = running.send(10)
fresh = numbers(5)
finished = numbers(1)
listed = list(finished)
try:
    next(finished)
except StopIteration as stop:
    value = stop.value
chain = list(outer())
squares = (number * number for number in range(4))
partly = next(squares)
print(first, second, listed, value, chain, partly, list(squares))
print(sum(n for n in range(10) if n % 2))
