# Runs the methods of one test file and writes how each of them ended, a line before and a line after.
#
# Arguments: the file's module, where to write, the keys that are done already, the keys that are wanted ("" for all), and the
# modules that are to be missing, with commas.

import os
import sys
import time
import unittest

MODULE, TARGET, DONE, WANTED, WITHOUT = sys.argv[1:6]
sys.argv[1:] = []
# More memory than any of CPython's tests needs that runs without a limit of its own.
MEMORY = 8 << 30


def escaped(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def write(*fields):
    line = "\t".join(escaped(str(field)) for field in fields) + "\n"
    data = line.encode("utf-8", "backslashreplace")
    # Opened each time: a test may close every descriptor.
    descriptor = os.open(TARGET, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def shown(error):
    """The type and message of an exception, as the last line of a traceback has them."""
    type_, value = error[0], error[1]
    name = type_.__qualname__
    if type_.__module__ not in ("builtins", "__main__"):
        name = type_.__module__ + "." + name
    try:
        message = str(value)
    except Exception:
        message = "<no message>"
    return name + ": " + message[:2000] if message else name


class Result(unittest.TestResult):
    """Writes what happens instead of collecting it."""

    def startTest(self, test):
        super().startTest(test)
        self.outcome = None
        self.began = time.perf_counter()
        write("begin", key_of(test))

    def stopTest(self, test):
        super().stopTest(test)
        outcome, text = self.outcome or ("pass", "")
        spent = int((time.perf_counter() - self.began) * 1e6)
        write("end", key_of(test), outcome, spent, text)

    def tell(self, test, outcome, text):
        if isinstance(test, unittest.TestCase) or hasattr(test, "_dt_test"):
            # The first trouble decides.
            if self.outcome is None:
                self.outcome = outcome, text
        else:
            # A fixture of a class or a module, which stands for all its methods.
            write("fixture", test.id(), outcome, 0, text)

    def addError(self, test, error):
        self.tell(test, "error", shown(error))

    def addFailure(self, test, error):
        self.tell(test, "fail", shown(error))

    def addSkip(self, test, reason):
        self.tell(test, "skip", reason)

    def addExpectedFailure(self, test, error):
        self.tell(test, "expected-failure", shown(error))

    def addUnexpectedSuccess(self, test):
        self.tell(test, "unexpected-success", "")

    def addSubTest(self, test, subtest, error):
        if error is not None:
            failed = issubclass(error[0], test.failureException)
            self.tell(test, "fail" if failed else "error", shown(error))


KEYS = {}


def key_of(test):
    return KEYS.get(id(test)) or test.id()


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        elif test is not None:
            yield test


def number(tests):
    """Gives each test a key of its own: its id, with a number where several share it."""
    seen = {}
    prefix = MODULE + "."
    for test in tests:
        name = test.id()
        if name.startswith(prefix):
            name = name[len(prefix):]
        seen[name] = seen.get(name, 0) + 1
        KEYS[id(test)] = name if seen[name] == 1 else "%s#%d" % (name, seen[name])


def read_keys(path):
    if not path:
        return None
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return {line.rstrip("\n") for line in file}


def limit_memory():
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or hard > MEMORY:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))
    except (ImportError, AttributeError, OSError, ValueError):
        pass


def main():
    done, wanted = read_keys(DONE), read_keys(WANTED)
    limit_memory()
    for name in filter(None, WITHOUT.split(",")):
        sys.modules[name] = None
    try:
        from test import support

        # As regrtest does where nobody asks for more: no network, no large files, no long runs.
        support.use_resources = []
        support.verbose = 0
    except Exception:
        pass
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(MODULE)
    except unittest.SkipTest as skipped:
        write("skipped", skipped)
        return
    except BaseException:
        write("unimportable", shown(sys.exc_info()))
        return
    tests = list(flat(suite))
    failed = [test for test in tests if type(test).__name__ == "_FailedTest"]
    if failed and len(failed) == len(tests):
        error = unittest.TestResult()
        failed[0].run(error)
        text = error.errors[0][1].strip().splitlines()[-1] if error.errors else "it cannot be loaded"
        write("unimportable", text)
        return
    number(tests)
    chosen = [
        test
        for test in tests
        if KEYS[id(test)] not in (done or ())
        and (wanted is None or any(matches(KEYS[id(test)], name) for name in wanted))
    ]
    for test in chosen:
        write("listed", KEYS[id(test)])
    unittest.TestSuite(chosen).run(Result())
    write("over")


def matches(key, name):
    return key == name or key.startswith(name + ".") or key.startswith(name + "#")


main()
# Threads that a test left behind must not keep the process.
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)
