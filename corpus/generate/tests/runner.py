"""Runs generated programs, one forked process each, and says how each ended: a JSON line per program."""

import io
import json
import os
import signal
import sys
import tempfile
import time

for name in (
    "array ast asyncio bisect codecs collections contextlib copy copyreg dis enum functools gc heapq importlib "
    "inspect io itertools json marshal math operator pickle pickletools random re string struct textwrap traceback "
    "types typing unicodedata warnings weakref"
).split():
    try:
        __import__(name)
    except ImportError:
        pass

LIMIT = 10


def run(path, out):
    signal.alarm(LIMIT)
    with open(path, "rb") as file:
        source = file.read()
    text = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict", write_through=True)
    sys.stdout = text
    sys.stderr = io.StringIO()
    raised = message = None
    line = 0
    started = time.perf_counter()
    try:
        namespace = {"__name__": "__main__", "__builtins__": __builtins__}
        exec(compile(source, path, "exec"), namespace)
    except BaseException as error:
        raised = type(error).__name__
        message = str(error)[:300].encode("utf-8", "backslashreplace").decode()
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == path:
                line = trace.tb_lineno
            trace = trace.tb_next
        line = line or getattr(error, "lineno", 0)
    spent = time.perf_counter() - started
    output = text.buffer.getvalue().decode("utf-8", "replace")
    result = {"raised": raised, "message": message, "line": line, "stdout": output[-2000:], "size": len(output), "spent": spent,
              "digest": hash(output)}
    os.write(out, json.dumps(result).encode())


for path in sys.stdin.read().split("\n"):
    if not path:
        continue
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            run(path, writer)
            os.chdir("/")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        data = file.read()
    _, status = os.waitpid(child, 0)
    result = json.loads(data) if data else {"raised": "died %d" % status, "message": "", "line": 0, "stdout": "", "size": 0, "spent": 0}
    result["path"] = path
    print(json.dumps(result), flush=True)
