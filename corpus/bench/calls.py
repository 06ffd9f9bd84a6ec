def add(left, right):
    return left + right


def work(count):
    total = 0
    for number in range(count):
        total = add(total, number)
    return total


result = work(700000)
