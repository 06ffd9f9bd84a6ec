# The name of a class is kept as UTF-8 by its str: a lone surrogate and a NUL are errors, here and on assignment.
outcomes = []


class Renamed:
    pass


for name in ["a", "\u00e9", "\ud800", "x\0y", "", "\U00010400"]:
    try:
        made = type(name, (), {})
        outcomes.append((made.__name__, made.__qualname__))
        made.__name__ = name * 2
        outcomes.append((made.__name__, made.__qualname__))
    except (ValueError, UnicodeEncodeError) as error:
        outcomes.append(repr(error))
    try:
        Renamed.__name__ = name
        Renamed() + 1
    except (TypeError, ValueError) as error:
        outcomes.append(repr(error))
print(ascii(outcomes))
