# Attributes that each thread has for itself.
import threading
import weakref

data = threading.local()
data.number = 1
data.words = ["main"]
print(sorted(data.__dict__), data.number)


def attempt(act, *args):
    try:
        return act(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def run(function):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(function()), daemon=True)
    thread.start()
    thread.join()
    return seen[0]


def inside():
    missing = attempt(lambda: data.number)
    data.number = 2
    data.other = "only here"
    return missing, data.number, sorted(data.__dict__)


print(run(inside))
print(data.number, hasattr(data, "other"))
del data.number
print(attempt(lambda: data.number))
print(attempt(setattr, data, "__dict__", {}))
print(attempt(delattr, data, "nothing"))
print(attempt(threading.local, 1))


class Counted(threading.local):
    made = 0
    shared = []

    def __init__(self, start, *, step=1):
        type(self).made += 1
        self.value = start
        self.step = step

    def advance(self):
        self.value += self.step
        return self.value


counter = Counted(10, step=5)
print(counter.advance(), counter.advance())
print(run(counter.advance), run(counter.advance), counter.advance())
print(Counted.made, counter.shared is Counted.shared)


class Failing(threading.local):
    def __init__(self):
        if threading.current_thread() is not threading.main_thread():
            raise LookupError("not in this thread")


failing = Failing()
failing.kept = True
print(run(lambda: attempt(lambda: failing.kept)), failing.kept)


class Watched:
    pass


gone = []


def leave_something():
    data.watched = Watched()
    weakref.finalize(data.watched, gone.append, "with its thread")
    return None


run(leave_something)
print(gone)
local = threading.local()
local.value = Watched()
weakref.finalize(local.value, gone.append, "with the local object")
del local
print(gone)
# They are keyed by address inside, which differs from run to run.
del data, counter, failing
