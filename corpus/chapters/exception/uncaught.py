# An exception that leaves the program, three frames deep.
def inner(value):
    return 10 // value


def middle(value):
    total = inner(value) + 1
    return total


numbers = [5, 2, 0]
done = []
for number in numbers:
    done.append(middle(number))
