# Events, conditions and semaphores hand over between threads.
import threading


def ping_pong(rounds):
    ping, pong = threading.Event(), threading.Event()
    said = []

    def answer():
        for _ in range(rounds):
            ping.wait()
            ping.clear()
            said.append("pong")
            pong.set()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    for _ in range(rounds):
        said.append("ping")
        ping.set()
        pong.wait()
        pong.clear()
    thread.join()
    return said


def with_condition(count):
    """A consumer takes what a producer makes, one at a time."""
    condition = threading.Condition()
    box, taken = [], []

    def consume():
        for _ in range(count):
            with condition:
                condition.wait_for(lambda: box)
                taken.append(box.pop())
                condition.notify()

    thread = threading.Thread(target=consume, daemon=True)
    thread.start()
    for number in range(count):
        with condition:
            box.append(number)
            condition.notify()
            condition.wait_for(lambda: not box)
    thread.join()
    return taken


def attempt(act, *args, **kwargs):
    try:
        return act(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(ping_pong(3))
print(with_condition(5))
event = threading.Event()
print(event.is_set(), event.wait(0), event.wait(0.001))
event.set()
print(event.is_set(), event.wait(), event.wait(1))
condition = threading.Condition()
print(attempt(condition.wait), attempt(condition.notify))
with condition:
    print(condition.wait(0.001), condition.wait_for(lambda: False, timeout=0.001), condition.wait_for(lambda: 7))
semaphore = threading.Semaphore(2)
print(semaphore.acquire(), semaphore.acquire(), semaphore.acquire(blocking=False), semaphore.acquire(timeout=0.001))
semaphore.release(2)
bounded = threading.BoundedSemaphore(1)
print(attempt(bounded.release), attempt(semaphore.release, 0), attempt(threading.Semaphore, -1))
print(semaphore._value, bounded._value)
