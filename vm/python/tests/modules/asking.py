# input, breakpoint and their hooks, with streams of the program's own.
import io
import os
import sys


def attempt(label, function, *arguments, **keywords):
    try:
        print(label, repr(function(*arguments, **keywords)))
    except BaseException as error:
        print(label, type(error).__name__, error)


class Lines:
    def __init__(self, *lines):
        self.lines = list(lines)

    def readline(self, size=-1):
        return self.lines.pop(0)


kept = sys.stdin
sys.stdin = io.StringIO("first\nsecond\n\nlast")
for _ in range(5):
    attempt("input", input, "prompt ")
attempt("input", input, 1, 2)
sys.stdin = Lines("x\n", 5, "")
for _ in range(3):
    attempt("lines", input)
sys.stdin = None
attempt("none", input)
del sys.stdin
attempt("gone", input)
sys.stdin = kept
called = []
sys.breakpointhook = lambda *arguments, **keywords: called.append((arguments, keywords))
breakpoint(1, two=2)
print(called)
sys.breakpointhook = sys.__breakpointhook__
os.environ["PYTHONBREAKPOINT"] = "0"
print(breakpoint())
os.environ["PYTHONBREAKPOINT"] = "len"
attempt("named", breakpoint, "four")
os.environ["PYTHONBREAKPOINT"] = "os.path.basename"
attempt("named", breakpoint, "/a/b")
del sys.breakpointhook
attempt("lost", breakpoint)
print(len(sys.orig_argv) > 1, type(sys.orig_argv), sys.version_info[:2] == (3, 11), sys.stdout.encoding)
