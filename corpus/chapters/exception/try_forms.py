# try, except, else, finally in every order.
trail = []


def run(kind):
    try:
        trail.append("try " + kind)
        if kind == "value":
            raise ValueError(kind)
        if kind == "key":
            raise KeyError(kind)
        if kind == "return":
            return "returned"
    except ValueError as error:
        trail.append("except " + error.args[0])
    except (KeyError, IndexError) as error:
        trail.append(repr(error))
    else:
        trail.append("else")
    finally:
        trail.append("finally")
    return "end"


results = [run(kind) for kind in ("none", "value", "key", "return")]
print(results)
print(trail)
