# Exception groups and except*.
group = ExceptionGroup("several", [ValueError("a"), TypeError("b"), ExceptionGroup("inner", [KeyError("c")])])
trail = []
try:
    raise group
except* ValueError as found:
    trail.append(("value", [str(error) for error in found.exceptions]))
except* (TypeError, KeyError) as found:
    trail.append(("other", len(found.exceptions)))
try:
    try:
        raise ExceptionGroup("rest", [ValueError("x"), OSError("y")])
    except* ValueError:
        pass
except ExceptionGroup as left:
    trail.append(repr(left))
match, rest = group.split(KeyError)
print(trail)
print(repr(match), repr(rest), group.subgroup(OSError))
