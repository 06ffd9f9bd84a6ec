# Closures share cells; nonlocal writes through them.
def counter(start):
    count = start

    def increment(step=1):
        nonlocal count
        count += step
        return count

    def current():
        return count

    return increment, current


first, look = counter(10)
second, other = counter(100)
first()
first(5)
second()
late = [lambda: index for index in range(3)]
early = [lambda index=index: index for index in range(3)]
cells = first.__closure__
print(look(), other(), [function() for function in late], [function() for function in early])
print(cells[0].cell_contents, first.__code__.co_freevars, counter.__code__.co_cellvars)


def unset():
    def inner():
        return value

    try:
        inner()
    except NameError as error:
        print(error)
    value = 1
    return inner()


print(unset())
