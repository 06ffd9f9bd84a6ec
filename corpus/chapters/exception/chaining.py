# Context is set by itself, a cause by from, and from None hides the context.
def convert(text):
    try:
        return int(text)
    except ValueError as error:
        raise KeyError(text) from error


def implicit():
    try:
        [][1]
    except IndexError:
        {}["missing"]


def hidden():
    try:
        1 / 0
    except ZeroDivisionError:
        raise TypeError("clean") from None


caught = []
for function in (lambda: convert("x"), implicit, hidden):
    try:
        function()
    except Exception as error:
        caught.append(error)
chains = [(type(e).__name__, type(e.__cause__).__name__, type(e.__context__).__name__, e.__suppress_context__) for e in caught]
print(chains)
