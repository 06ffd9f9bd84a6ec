# Locks: who may take and give back, what is refused, and what is left of them.
import _thread
import threading

free = threading.Lock()
taken = threading.Lock()
taken.acquire()
print(type(free).__name__, free.locked(), taken.locked())
print(repr(free).split(" at ")[0], repr(taken).split(" at ")[0])


def attempt(act, *args, **kwargs):
    try:
        return act(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(attempt(taken.acquire, False), attempt(taken.acquire, timeout=0), attempt(taken.acquire, True, 0.001))
print(attempt(taken.acquire, False, 1))
print(attempt(taken.acquire, True, -2))
print(attempt(taken.acquire, timeout=1e12))
print(attempt(taken.acquire, timeout=float("nan")))
print(attempt(taken.acquire, "yes"))
print(attempt(free.release))
print(attempt(_thread.LockType))
print(attempt(threading.Lock().acquire, 1, 2, 3))


def by_another():
    """A lock may be given back by a thread that has not taken it."""
    lock = threading.Lock()
    lock.acquire()
    thread = threading.Thread(target=lock.release, daemon=True)
    thread.start()
    lock.acquire()
    thread.join()
    return lock.locked()


def counted(threads, rounds):
    lock = threading.Lock()
    total = [0]

    def count():
        for _ in range(rounds):
            with lock:
                before = total[0]
                total[0] = before + 1

    started = [threading.Thread(target=count, daemon=True) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return total[0]


print(by_another(), counted(4, 200))
with free:
    print(free.locked())
try:
    with free:
        raise ValueError("inside")
except ValueError as error:
    print(error, free.locked())
locks = [threading.Lock() for _ in range(4)]
for lock in locks[::2]:
    lock.acquire()
print([lock.locked() for lock in locks])
