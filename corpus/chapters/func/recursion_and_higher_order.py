# Functions as values: recursion, map, filter, sorted with keys, decorators.
def factorial(number):
    return 1 if number < 2 else number * factorial(number - 1)


def compose(*functions):
    def composed(value):
        for function in functions:
            value = function(value)
        return value

    return composed


def traced(function):
    def wrapper(*arguments, **keywords):
        calls.append((function.__name__, arguments, keywords))
        return function(*arguments, **keywords)

    return wrapper


calls = []


@traced
def power(base, exponent=2):
    return base**exponent


chain = compose(abs, str, len)
mapped = list(map(lambda x, y: x + y, [1, 2, 3], (10, 20, 30)))
kept = list(filter(None, [0, 1, "", "a", [], [0]]))
print(factorial(20), chain(-12345), mapped, kept, power(3), power(2, exponent=5), calls)
