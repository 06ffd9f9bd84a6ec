# What raise accepts, what it refuses, and re-raising.
results = []


def attempt(function):
    try:
        function()
    except BaseException as error:
        results.append((type(error).__name__, error.args))


def raise_class():
    raise ValueError


def raise_number():
    raise 3


def raise_nothing():
    raise


def reraise():
    try:
        raise OSError(2, "gone", "file.txt")
    except OSError:
        raise


def bad_cause():
    raise ValueError("x") from 5


for function in (raise_class, raise_number, raise_nothing, reraise, bad_cause):
    attempt(function)
print(results)
