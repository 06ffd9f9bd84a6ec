# The hash is computed once and kept in the object.
unhashed = b"never looked up"
hashed = b"looked up"
table = {hashed: 1, b"": 0}
results = [b"abc" == b"abc", b"abc" == "abc", b"a" < b"b", b"" < b"a", hashed in table]
equal_hash = hash(b"abc") == hash(bytes([97, 98, 99]))
print(table[b"looked " + b"up"], results, equal_hash)
try:
    b"a" < "b"
except TypeError as error:
    print(error)
