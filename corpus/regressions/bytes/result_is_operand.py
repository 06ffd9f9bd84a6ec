# What is given back as it is: separators of partition, operands of a sum that add nothing.
class B(bytes):
    pass


for separator in b'b', B(b'b'), bytearray(b'b'), memoryview(b'b'):
    parts = b'abc'.partition(separator)
    print(parts[1] is separator, b'abc'.rpartition(separator)[1] is separator)
for empty in b'', B(), bytearray(), memoryview(b''):
    whole = b'abc'
    print(whole + empty is whole, type(B(b'abc') + empty).__name__)
whole = B(b'abc')
print(whole.partition(b'z')[0] is whole, whole.rpartition(b'z')[2] is whole)


class S(set):
    pass


class F(frozenset):
    pass


print(type(S([1]).copy()).__name__, type(F([1]).copy()).__name__)
del parts, separator
