# A key table starts with eight indices and grows when its usable entries run out.
empty = {}
one = {"a": 1}
five = {}
for index in range(5):
    five["key%d" % index] = index
six = {}
for index in range(6):
    six["key%d" % index] = index * index
many = {}
for index in range(200):
    many["name" + str(index)] = index
print(len(empty), len(one), len(five), len(six), len(many))
print(many["name0"], many["name199"])
