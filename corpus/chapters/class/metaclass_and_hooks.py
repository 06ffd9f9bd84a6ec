# A metaclass, __prepare__, __init_subclass__ and dynamic classes.
class Meta(type):
    def __prepare__(name, bases, **keywords):
        return {"prepared": name}

    def __new__(meta, name, bases, namespace, **keywords):
        kind = super().__new__(meta, name, bases, dict(namespace))
        kind.keywords = keywords
        return kind

    def __init__(kind, name, bases, namespace, **keywords):
        super().__init__(name, bases, namespace)

    def __call__(kind, *arguments):
        instance = super().__call__(*arguments)
        instance.made_by = kind.__name__
        return instance


class Made(metaclass=Meta, option=3):
    pass


class Registry:
    known = []

    def __init_subclass__(cls, tag=None, **rest):
        super().__init_subclass__(**rest)
        Registry.known.append((cls.__name__, tag))


class First(Registry, tag="one"):
    pass


class Second(Registry):
    pass


Dynamic = type("Dynamic", (First,), {"value": 7})
made = Made()
print(Made.prepared, Made.keywords, made.made_by, type(Made).__name__, Registry.known, Dynamic().value)
