# A return or break in finally swallows what was under way.
def swallow():
    try:
        raise RuntimeError("lost")
    finally:
        return "from finally"


def loop():
    seen = []
    for number in range(4):
        try:
            if number == 1:
                continue
            if number == 3:
                break
            seen.append(number)
        finally:
            seen.append("f%d" % number)
    return seen


def nested():
    order = []
    try:
        try:
            raise KeyError("inner")
        finally:
            order.append("inner finally")
    except KeyError as error:
        order.append(error.args)
    return order


results = [swallow(), loop(), nested()]
print(results)
