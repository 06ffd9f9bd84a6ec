# The `_thread` module itself.
import _thread


def attempt(act, *args, **kwargs):
    try:
        return act(*args, **kwargs)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


print(attempt(_thread.start_new_thread))
print(attempt(_thread.start_new_thread, 1, ()))
print(attempt(_thread.start_new_thread, print, []))
print(attempt(_thread.start_new_thread, print, (), 3))
print(attempt(_thread.start_new_thread, print, (), {}, 4))
print(attempt(_thread.exit))
print(_thread.stack_size(), attempt(_thread.stack_size, 100), attempt(_thread.stack_size, -1))
print(_thread.stack_size(1 << 20), _thread.stack_size(0))
print(_thread.TIMEOUT_MAX, _thread.error is RuntimeError)


def started(function, *args, **kwargs):
    """Runs a function in a thread and waits for it."""
    done = _thread.allocate_lock()
    done.acquire()
    seen = []

    def run(*args, **kwargs):
        try:
            seen.append(function(*args, **kwargs))
        finally:
            done.release()

    ident = _thread.start_new_thread(run, args, kwargs)
    done.acquire()
    return seen, isinstance(ident, int), ident != _thread.get_ident()


print(started(lambda a, b=2: (a, b), 1))
print(started(lambda a, b=2: (a, b), 1, b=3))
print(started(_thread.get_ident)[0] != [_thread.get_ident()])


print(attempt(_thread.interrupt_main, 0), attempt(_thread.interrupt_main, 1000))


def sentinel():
    """The lock is released when the thread's state ends."""
    locks = []
    ready = _thread.allocate_lock()
    ready.acquire()

    def run():
        lock = _thread._set_sentinel()
        lock.acquire()
        locks.append(lock)
        ready.release()

    _thread.start_new_thread(run, ())
    ready.acquire()
    return locks[0].acquire(), locks[0].locked()


print(sentinel())
