# What frames keep for trace functions, and the switch interval.

import gc
import sys
import weakref


def attempt(action, *arguments):
    try:
        return action(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)


frame = sys._getframe()
kinds = type(frame).__dict__
print(sorted(name for name in kinds if name.startswith("f_")))
for name in "f_trace", "f_trace_lines", "f_trace_opcodes":
    print(name, type(kinds[name]).__name__, getattr(frame, name))
    for value in 1, 0, True, False, "x", None:
        print(value, attempt(setattr, frame, name, value), getattr(frame, name))
    print(attempt(delattr, frame, name), getattr(frame, name))
for value in "x", True, 1.0, None, 3, -1, 10**30:
    print(value, attempt(setattr, frame, "f_lineno", value))
print(attempt(delattr, frame, "f_lineno"))


class Tracer:
    def __call__(self, *event):
        return self


def of_a_call():
    return sys._getframe()


# A frame owns its function, lets go of it, and is part of a cycle that the collector finds.
kept = of_a_call()
tracer = Tracer()
seen = weakref.ref(tracer)
kept.f_trace = tracer
del tracer
print(seen() is kept.f_trace)
kept.f_trace = None
print(seen())
tracer = Tracer()
seen = weakref.ref(tracer)
tracer.frame = kept
kept.f_trace = tracer
del tracer, kept
print(seen() is not None, gc.collect() > 0, seen())

print(sys.getswitchinterval())
for value in 0, 0.0, -1, "x", None, 1, True, 0.0123, 1e-6, 1e-7, 1e13, 1e30, float("inf"), float("nan"):
    print(value, attempt(sys.setswitchinterval, value), sys.getswitchinterval())
sys.setswitchinterval(0.005)
print(sys.getswitchinterval())
