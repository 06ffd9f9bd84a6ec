# Errors in comparisons and keys, and changes of the list while it is sorted.
mixed = [3, "a", 1]
try:
    mixed.sort()
except TypeError as error:
    message = str(error)
changing = [3, 1, 2]


def key(value):
    changing.append(value)
    return value


try:
    changing.sort(key=key)
except ValueError as error:
    other = str(error)
failing = [3, 1, 2]
try:
    failing.sort(key=lambda value: 1 // (value - 1))
except ZeroDivisionError as error:
    third = str(error)
print(message, other, third, len(mixed), changing, failing)
try:
    [1].sort(3)
except TypeError as error:
    print(error)
