# LOAD_GLOBAL where the globals are no plain dict: never specialised, and asked by their own methods.


class Namespace(dict):
    def __getitem__(self, key):
        if key == "magic":
            return 42
        return dict.__getitem__(self, key)


def magic_name():
    return magic


def built_in():
    return len


def missing():
    return nope


from types import FunctionType

for function in magic_name, built_in, missing:
    namespace = Namespace(__builtins__=__builtins__)
    strange = FunctionType(function.__code__, namespace)
    for _ in range(20):
        try:
            print(strange())
        except NameError as error:
            print(error)
