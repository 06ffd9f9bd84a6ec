# Comparison with ints is exact; equal numbers hash alike.
results = [1.0 == 1, 2.0**53 == 2**53, 2.0**53 == 2**53 + 1, 1e300 > 10**299, 0.5 < 1, -0.0 == 0]
hashes = [hash(1.0) == hash(1), hash(0.5), hash(1e300), hash(-1.5), hash(2.0**61)]
table = {1: "one", 2.5: "two and a half"}
table[1.0] = "one again"
ordered = sorted([2.5, -1, 3, 0.0, 1e-9])
formatted = [format(3.14159, ".3f"), format(1e10, ",.1f"), format(0.00001, "g"), format(2.0, ".0e"), "%r" % 1e100]
print(results, hashes, table, ordered, formatted)
