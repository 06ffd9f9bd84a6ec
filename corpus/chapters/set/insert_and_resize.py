# Inserting into the table in place, then out of it; linear probes first.
empty = set()
small = {1, 2, 3}
collide = {0, 8, 16, 24}
grown = set()
for number in range(30):
    grown.add(number)
words = set()
for index in range(12):
    words.add("word%d" % index)
large = set(range(0, 4000, 40))
again = {1, 1.0, True}
print(len(grown), len(words), len(large), small, again, 16 in collide, 32 in collide)
