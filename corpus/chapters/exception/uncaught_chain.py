# A chain that leaves the program: cause, context and notes together.
def load(name):
    try:
        return {"a": 1}[name]
    except KeyError as error:
        error.add_note("looked for " + name)
        raise LookupError("no such thing", name) from error


try:
    load("b")
except LookupError as first:
    first.add_note("outer note")
    first.add_note("second note")
    raise RuntimeError("gave up", 3, None, 2.5, b"bytes", [1, "two"])
