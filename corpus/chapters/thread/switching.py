# The switch interval, and threads that run without ever waiting.
import sys
import threading

print(sys.getswitchinterval())


def attempt(act, *args):
    try:
        return act(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for interval in (0, -1, "soon"):
    print(attempt(sys.setswitchinterval, interval))


def spun():
    """A loop that waits for nothing lets the other thread run."""
    seen = []
    thread = threading.Thread(target=seen.append, args=("ran",), daemon=True)
    thread.start()
    while not seen:
        pass
    thread.join()
    return seen


def both_count(rounds):
    counts = {"first": 0, "second": 0}

    def count(name):
        for _ in range(rounds):
            counts[name] += 1

    threads = [threading.Thread(target=count, args=(name,), daemon=True) for name in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


def by_calls():
    """So does one that only calls built-in functions."""
    seen = []
    thread = threading.Thread(target=seen.append, args=("ran",), daemon=True)
    thread.start()
    while not len(seen):
        max(1, 2)
    thread.join()
    return seen


before = sys.getswitchinterval()
sys.setswitchinterval(0.0001)
print(sys.getswitchinterval())
print(spun(), both_count(3000), by_calls())
sys.setswitchinterval(before)
print(sys.getswitchinterval() == before)
