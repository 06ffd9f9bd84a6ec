# Argument errors and their messages, and exceptions through generators.
def function(a, b=2, *, c, d=4):
    return a, b, c, d


messages = []
for call in (
    lambda: function(),
    lambda: function(1),
    lambda: function(1, 2, 3, c=1),
    lambda: function(1, c=1, e=2),
    lambda: function(1, a=2, c=3),
    lambda: len(),
    lambda: len(1, 2),
    lambda: (3)(),
):
    try:
        call()
    except TypeError as error:
        messages.append(str(error))
for message in messages:
    print(message)


def numbers():
    try:
        yield 1
        yield 2
    except ValueError as error:
        yield "caught " + str(error)
    finally:
        messages.append("closed")


generator = numbers()
print(next(generator), generator.throw(ValueError("thrown")), messages[-1])
print(list(generator), messages[-1])
