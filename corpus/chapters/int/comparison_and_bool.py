# Comparison across sizes and signs; bool is an int with two instances.
numbers = [0, 1, -1, 2**30, -(2**30), 2**60, 2**60 + 1, -(2**90)]
order = sorted(numbers)
table = [[left < right for right in numbers] for left in numbers]
truth = [bool(number) for number in numbers]
sums = True + True
print(order, sum(sum(row) for row in table), truth, sums, True & False, True ^ 1, ~True)
print(1 == 1.0, 2**53 + 1 == float(2**53 + 1), 2**53 == float(2**53), isinstance(True, int))
