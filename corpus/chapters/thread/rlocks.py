# Locks that their owner may take again.
import _thread
import threading

plain = threading.RLock()
print(type(plain).__name__, plain.acquire(), plain.acquire(), plain._is_owned())
print(repr(plain).split(" owner=")[0], "count=2" in repr(plain))
plain.release()
print("count=1" in repr(plain))
plain.release()
print(repr(plain).split(" at ")[0])


def attempt(act, *args, **kwargs):
    try:
        return act(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(attempt(plain.release))
print(attempt(plain._release_save))
print(attempt(plain._acquire_restore, 3))
print(attempt(plain.acquire, False, 1))


def from_another():
    """Another thread can neither take what is held, nor give it back."""
    lock = threading.RLock()
    seen = []

    def try_it():
        seen.append(lock.acquire(False))
        seen.append(lock.acquire(timeout=0.001))
        seen.append(lock._is_owned())
        seen.append(attempt(lock.release))

    with lock:
        thread = threading.Thread(target=try_it, daemon=True)
        thread.start()
        thread.join()
    seen.append(lock.acquire(False))
    return seen


def saved():
    lock = threading.RLock()
    for _ in range(3):
        lock.acquire()
    state = lock._release_save()
    free = repr(lock).split(" object ")[0]
    lock._acquire_restore(state)
    return state[0], state[1] == threading.get_ident(), free, "count=3" in repr(lock)


def recurse(lock, depth):
    with lock:
        return depth if depth == 0 else recurse(lock, depth - 1) + 1


print(from_another())
print(saved())
print(recurse(plain, 20), plain._is_owned())


class Named(_thread.RLock):
    pass


named = Named()
named.name = "a subclass has attributes"
with named:
    print(named.name, named._is_owned())
slow = threading._PyRLock()
print(slow.acquire(), slow.acquire(), slow._is_owned())
slow.release()
slow.release()
print(attempt(slow.release))
del slow
