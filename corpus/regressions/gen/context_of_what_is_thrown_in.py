def handling():
    try:
        raise KeyError("inside")
    except KeyError:
        yield 1


suspended = handling()
next(suspended)
try:
    suspended.throw(GeneratorExit())
except GeneratorExit as error:
    print(repr(error.__context__))
