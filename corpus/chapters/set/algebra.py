# Union, intersection, difference and their in-place forms.
left = {1, 2, 3, 4}
right = {3, 4, 5}
results = [left | right, left & right, left - right, left ^ right]
methods = [left.union([9], (8,)), left.intersection([1, 9]), left.difference([1], {2}), left.symmetric_difference([4, 7])]
left |= {10}
left &= {1, 2, 3, 10}
left -= {2}
left ^= {3, 11}
compare = [{1} < {1, 2}, {1} <= {1}, {1, 2} > {2}, {1} == frozenset([1]), {1, 2}.isdisjoint({3}), {1} != {2}]
print(results, methods, left, compare, {1, 2}.issubset([1, 2, 3]), {1, 2}.issuperset([1]))
for bad in (lambda: {1} | [2], lambda: {[]}, lambda: {1} < [2]):
    try:
        bad()
    except TypeError as error:
        print(error)
