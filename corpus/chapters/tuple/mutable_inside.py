# A tuple cannot change, but what it holds can.
inner = [1]
holder = (inner, {"a": 1})
holder[0].append(2)
holder[1]["b"] = 2
try:
    holder[0] += [3]
except TypeError as error:
    message = str(error)
print(holder, message)
loop = ([],)
loop[0].append(loop)
print(loop)
grown = ()
for number in range(6):
    grown += (number,)
print(grown, tuple(reversed(grown)), min(grown), sum(grown), 3 in grown)
