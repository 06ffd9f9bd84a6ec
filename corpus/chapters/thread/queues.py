# Queues hand items from thread to thread.
import queue
import threading


def through(made, count):
    """A producer and a consumer; the order is that of the queue."""
    taken = []

    def consume():
        while (item := made.get()) is not None:
            taken.append(item)

    thread = threading.Thread(target=consume, daemon=True)
    thread.start()
    for number in range(count):
        made.put(number)
    made.put(None)
    thread.join()
    return taken


def attempt(act, *args, **kwargs):
    try:
        return act(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def with_tasks(workers):
    tasks, done = queue.Queue(), []
    lock = threading.Lock()

    def work():
        while True:
            task = tasks.get()
            if task is None:
                return
            with lock:
                done.append(task * task)
            tasks.task_done()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for task in range(12):
        tasks.put(task)
    tasks.join()
    for _ in threads:
        tasks.put(None)
    for thread in threads:
        thread.join()
    return sorted(done), tasks.qsize()


print(through(queue.Queue(), 6), through(queue.Queue(maxsize=1), 6), through(queue.SimpleQueue(), 6))
print(with_tasks(3))
full = queue.Queue(2)
full.put("a")
full.put("b")
print(full.full(), attempt(full.put, "c", timeout=0.001), attempt(full.put_nowait, "c"), attempt(full.put, "c", timeout=-1))
print(full.get(), full.get_nowait(), attempt(full.get_nowait), attempt(full.get, timeout=0.001))
full.task_done()
full.task_done()
print(attempt(full.task_done))
last = queue.LifoQueue()
first = queue.PriorityQueue()
for number in (3, 1, 2):
    last.put(number)
    first.put(number)
print([last.get() for _ in range(3)], [first.get() for _ in range(3)])
simple = queue.SimpleQueue()
for number in range(10):
    simple.put(number)
print([simple.get() for _ in range(7)], simple.qsize(), simple.empty())
print(attempt(simple.get, timeout=-1), attempt(queue.SimpleQueue().get, timeout=0.001), attempt(queue.SimpleQueue().get_nowait))
