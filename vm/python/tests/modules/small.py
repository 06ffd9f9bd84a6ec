# The small modules: _stat, _queue, _opcode, _typing.
import _opcode
import _queue
import _stat
import _typing

for mode in (0o100644, 0o040755, 0o120777, 0o060600, 0o020620, 0o010000, 0o140000, 0o7777, 0o104755, 0o102644, 0o041777, 0):
    print(oct(mode), _stat.filemode(mode), _stat.S_IMODE(mode), _stat.S_IFMT(mode),
          [name for name in dir(_stat) if name.startswith("S_IS") and callable(getattr(_stat, name)) and getattr(_stat, name)(mode)])
for mode in (-1, 2**32, 2**70, "x", 1.5):
    try:
        print(_stat.filemode(mode))
    except Exception as error:
        print(type(error).__name__, error)
queue = _queue.SimpleQueue()
for item in range(10):
    queue.put(item)
print(queue.qsize(), [queue.get() for _ in range(6)], queue.qsize(), queue.empty())
print([queue.get_nowait() for _ in range(4)], queue.empty())
for arguments in ((False,), (True, 0.01), (True, -1), (True, "x"), (True, float("nan")), (True, 1e30)):
    try:
        queue.get(*arguments)
    except Exception as error:
        print(arguments, type(error).__name__, error)
effects = []
for opcode in range(256):
    for argument in (None, 0, 1, 2, 5):
        for jump in (None, True, False):
            try:
                effects.append(_opcode.stack_effect(opcode, argument, jump=jump))
            except ValueError as error:
                effects.append(str(error)[:20])
print(effects)
marker = object()
print(_typing._idfunc(marker) is marker, _opcode.get_specialization_stats())

# The import system goes on where its entry among the modules is blocked.
import sys

import importlib

kept = sys.modules["_frozen_importlib"]
sys.modules["_frozen_importlib"] = None
try:
    import colorsys

    print(colorsys.__name__)
    import _frozen_importlib
except ImportError as error:
    print(error)
finally:
    sys.modules["_frozen_importlib"] = kept
