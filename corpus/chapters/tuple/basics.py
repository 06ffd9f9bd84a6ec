# Tuples hold their items in place; the empty one exists once.
empty = ()
also_empty = tuple([])
single = (1,)
pair = 1, "two"
nested = ((1, 2), (3, (4, 5)))
from_text = tuple("abc")
repeated = (0,) * 5
joined = pair + single
sliced = (1, 2, 3, 4, 5)[1:4]
same = pair[:]
print(empty is also_empty, same is pair, from_text, repeated, joined, sliced, nested[1][1][0])
