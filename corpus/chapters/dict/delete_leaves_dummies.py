# A deleted key leaves a dummy index; inserting goes on behind it until the table is rebuilt.
numbers = {}
for index in range(5):
    numbers["k" + str(index)] = index
del numbers["k1"]
del numbers["k3"]
holes = dict(numbers)
numbers["k1"] = "again"
print(list(numbers), list(holes))
last = {"a": 1, "b": 2, "c": 3}
del last["c"]
last["d"] = 4
last["e"] = 5
print(list(last.items()))
