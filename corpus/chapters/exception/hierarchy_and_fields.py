# Built-in exceptions carry fields of their own.
caught = []
for function in (
    lambda: [].missing,
    lambda: undefined_name,
    lambda: open("/no/such/file"),
    lambda: next(iter([])),
    lambda: b"\xff".decode("utf-8"),
    lambda: "a" + 1,
    lambda: (1, 2)[5],
    lambda: {}["k"],
    lambda: int("x"),
    lambda: __import__("no_such_module"),
):
    try:
        function()
    except Exception as error:
        caught.append(error)
names = [type(error).__name__ for error in caught]
print(names)
print([str(error) for error in caught])
print(caught[0].name, caught[1].name, caught[2].errno, caught[2].filename, caught[3].value, caught[4].start)
