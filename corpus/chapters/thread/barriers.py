# Barriers: threads that wait for each other.
import threading


def meet(parties):
    """Every thread has come before any goes on."""
    barrier = threading.Barrier(parties)
    lock = threading.Lock()
    come, gone = [], []

    def visit(number):
        with lock:
            come.append(number)
        index = barrier.wait()
        with lock:
            gone.append((index, len(come)))

    threads = [threading.Thread(target=visit, args=(number,), daemon=True) for number in range(parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(come), sorted(gone), barrier.n_waiting, barrier.broken


def with_action():
    told = []
    barrier = threading.Barrier(2, action=lambda: told.append("action"))
    thread = threading.Thread(target=lambda: [barrier.wait() for _ in range(3)], daemon=True)
    thread.start()
    for _ in range(3):
        barrier.wait()
    thread.join()
    return told


def broken():
    barrier = threading.Barrier(2)
    try:
        barrier.wait(timeout=0.001)
    except threading.BrokenBarrierError as error:
        seen = [type(error).__name__]
    seen.append(barrier.broken)
    try:
        barrier.wait()
    except threading.BrokenBarrierError:
        seen.append("still")
    barrier.reset()
    seen.append(barrier.broken)
    barrier.abort()
    seen.append(barrier.broken)
    return seen


def failing_action():
    def fail():
        raise ValueError("in the action")

    barrier = threading.Barrier(1, action=fail)
    try:
        barrier.wait()
    except ValueError as error:
        return str(error), barrier.broken


print(meet(4))
print(with_action())
print(broken())
print(failing_action())
alone = threading.Barrier(1)
print(alone.wait(), alone.parties)
