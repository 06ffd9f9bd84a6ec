# Generators and coroutines that loops and `yield from` resume.
from sys import _getframe


def count_to(limit):
    for index in range(limit):
        received = yield index
    return limit


def delegating(limit):
    result = yield from count_to(limit)
    return result


def failing(limit):
    yield from count_to(limit)
    raise KeyError(limit)


def stopping():
    yield 1
    raise StopIteration


def depth():
    frame, deep = _getframe(), 0
    while frame is not None:
        frame, deep = frame.f_back, deep + 1
    yield deep


class Coroutine:
    def __await__(self):
        return (yield 1)


async def waiting(count):
    total = 0
    for _ in range(count):
        total += await Coroutine() or 0
    return total


async def outer(count):
    return await waiting(count)


def closing(limit):
    try:
        yield from count_to(limit)
    finally:
        print("closed")


def run(count):
    for _ in range(count):
        for value in count_to(3):
            pass
        for value in delegating(3):
            pass
        list(count_to(2))
        next(count_to(1))
        try:
            for value in failing(2):
                pass
        except KeyError as error:
            lines = []
            traceback = error.__traceback__
            while traceback is not None:
                lines.append((traceback.tb_lineno, traceback.tb_lasti))
                traceback = traceback.tb_next
        try:
            for value in stopping():
                pass
        except RuntimeError:
            pass
        for deep in depth():
            pass
        coroutine = outer(2)
        try:
            while True:
                coroutine.send(None)
        except StopIteration:
            pass
        generator = closing(3)
        for value in generator:
            break
        generator.close()
        try:
            for value in already_running():
                pass
        except ValueError as error:
            message = str(error)
    print(lines, deep, message)


def already_running():
    for value in running[-1]:
        yield value


running = []


def start():
    generator = already_running()
    running.append(generator)
    return generator


running.append(already_running())
for rounds in 1, 9, 50:
    running[-1] = already_running()
    run(rounds)
