# Views show the dict as it is; changing its size while iterating is an error.
stock = {"apple": 3, "pear": 5, "fig": 7}
keys = stock.keys()
values = stock.values()
items = stock.items()
stock["plum"] = 9
print(list(keys), list(values), list(items))
try:
    for name in stock:
        stock[name + "!"] = 0
except RuntimeError as error:
    message = str(error)
for name in stock:
    stock[name] = stock[name] + 1
print(message, stock)
common = keys & {"apple", "fig", "nut"}
print(sorted(common), keys == {"x"}, "pear" in keys)
iterator = iter(stock)
next(iterator)
print(list(reversed(stock)))
