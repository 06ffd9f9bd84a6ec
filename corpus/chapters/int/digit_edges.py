# An int is a sign and 30-bit digits: the edges at each power.
edges = []
for bits in (15, 29, 30, 31, 59, 60, 61, 63, 64, 89, 90, 91):
    edges.append((1 << bits) - 1)
    edges.append(1 << bits)
    edges.append(-(1 << bits))
print(edges[6], edges[7], edges[-1])
lengths = [number.bit_length() for number in edges]
print(lengths)
