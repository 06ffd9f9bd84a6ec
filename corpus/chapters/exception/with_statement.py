# Context managers: entering, leaving, swallowing, failing.
trail = []


class Manager:
    def __init__(self, name, swallow=False):
        self.name = name
        self.swallow = swallow

    def __enter__(self):
        trail.append("enter " + self.name)
        return self.name.upper()

    def __exit__(self, kind, value, traceback):
        trail.append("exit %s %s" % (self.name, kind.__name__ if kind else None))
        return self.swallow


with Manager("plain") as bound:
    trail.append(bound)
with Manager("outer", swallow=True), Manager("inner"):
    raise ValueError("swallowed by outer")
try:
    with Manager("raising"):
        raise KeyError("passes")
except KeyError as error:
    trail.append(error.args)
try:
    with 3:
        pass
except TypeError as error:
    trail.append(str(error))
print(trail)
