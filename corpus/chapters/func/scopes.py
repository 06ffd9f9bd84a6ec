# Global, nonlocal, local and builtin names, and the errors between them.
value = "module"


def shadowing():
    value = "local"
    return value, globals()["value"]


def writing():
    global value, created
    value = "changed"
    created = "new"


def too_early():
    try:
        return value
    except UnboundLocalError as error:
        return str(error)
    value = 1


results = [shadowing(), too_early()]
writing()
len_of = len
print(results, value, created, len_of("four"))
items = [value for value in range(3)]
print(value, items, sorted(name for name in locals() if not name.startswith("__"))[:3])
del created
try:
    created
except NameError as error:
    print(error)
