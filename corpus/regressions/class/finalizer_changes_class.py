# A finalizer gives its object another class: the references of both classes stay right.
import sys


class After:
    pass


class Before:
    def __del__(self):
        self.__class__ = After


def count():
    return sys.getrefcount(Before), sys.getrefcount(After)


print(count())
many = [Before() for _ in range(100)]
print(count())
del many
print(count())


def alone():
    class Gone:
        def __del__(self):
            self.__class__ = After

    return Gone()


thing = alone()
thing.attribute = [1]
del thing
print(count())
