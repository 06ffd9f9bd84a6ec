# Reads programs one after another, runs each, and tells how it ended. The lines above say where they come from.
# It uses as little of the language as it can, so that any Python can run it.
import sys

MARK = "\x01twinheap "


def quoted(points, total):
    text = "'"
    for point in points:
        if point == 39 or point == 92:
            text += "\\" + chr(point)
        elif 32 <= point <= 126:
            text += chr(point)
        else:
            text += "\\u{%x}" % point
    return text + ("'..." if total > 400 else "'")


def class_name(kind):
    module = getattr(kind, "__module__", "builtins")
    name = getattr(kind, "__qualname__", kind.__name__)
    return name if module in ("builtins", "", None) else "%s.%s" % (module, name)


def float_bits(value):
    import struct

    return "float:%016x" % struct.unpack("<Q", struct.pack("<d", value))[0]


def render(value, depth):
    kind = type(value)
    if value is None or value is True or value is False:
        return str(value)
    if kind is int:
        return str(value) if -(1 << 64) < value < (1 << 64) else hex(value)
    if kind is float:
        return float_bits(value)
    if kind is str:
        return quoted([ord(character) for character in value[:400]], len(value))
    if kind is bytes:
        return "b" + quoted(list(value[:400]), len(value))
    if depth > 0 and (kind is tuple or kind is list):
        parts = [render(item, depth - 1) for item in value[:32]]
        if len(value) > 32:
            parts.append("...")
        text = ", ".join(parts)
        return "(" + text + ")" if kind is tuple else "[" + text + "]"
    if value is Ellipsis or value is NotImplemented:
        return "Ellipsis" if value is Ellipsis else "NotImplemented"
    if isinstance(value, type):
        return "<class %s>" % class_name(value)
    return "<%s>" % class_name(kind)


def tell(error, seen):
    print("type " + class_name(type(error)))
    for argument in error.args:
        print("arg " + render(argument, 4))
    for other in seen:
        if other is error:
            print("again")
            print("end")
            return
    seen.append(error)
    for note in getattr(error, "__notes__", ()):
        print("note " + render(note, 4))
    entry = getattr(error, "__traceback__", None)
    while entry is not None:
        filename = entry.tb_frame.f_code.co_filename
        if filename != DRIVER_FILE:
            print("frame %d %s" % (entry.tb_lineno, filename))
        entry = entry.tb_next
    if getattr(error, "__suppress_context__", False):
        print("suppress")
    for word, name in (("cause", "__cause__"), ("context", "__context__")):
        other = getattr(error, name, None)
        if other is not None:
            print(word)
            tell(other, seen)
    for member in getattr(error, "exceptions", ()):
        print("member")
        tell(member, seen)
    print("end")


def file_of_driver():
    try:
        raise ValueError
    except ValueError as error:
        entry = getattr(error, "__traceback__", None)
        return entry.tb_frame.f_code.co_filename if entry is not None else None


DRIVER_FILE = file_of_driver()
OUT = sys.stdout
ERRORS = getattr(sys, "stderr", None)
PATH = list(sys.path)[1:]


def fresh_main(path, directory):
    # What `python3 FILE` has: a module of its own in sys.modules, sys.argv, and the file's folder in sys.path.
    namespace = {"__name__": "__main__"}
    try:
        module = type(sys)("__main__")
        namespace = module.__dict__
        sys.modules["__main__"] = module
        namespace["__builtins__"] = __builtins__
    except Exception:
        pass
    try:
        sys.argv[:] = [path]
        sys.path[:] = ([directory] if directory else []) + PATH
    except Exception:
        pass
    if directory:
        namespace["__file__"] = path
    return namespace


def forget_siblings(directory):
    # The next program may have a module of the same name beside it.
    if not directory:
        return
    try:
        for name in list(sys.modules):
            file = getattr(sys.modules[name], "__file__", None)
            if isinstance(file, str) and file.startswith(directory):
                del sys.modules[name]
    except Exception:
        pass


def run(text):
    path, directory, source = eval(text)
    print(MARK + "started")
    OUT.flush()
    error = None
    try:
        exec(compile(source, path, "exec"), fresh_main(path, directory))
    except BaseException as problem:
        error = problem
    for stream in ("stdout", "stderr"):
        try:
            getattr(sys, stream).flush()
        except Exception:
            pass
    try:
        sys.stdout = OUT
        sys.stderr = ERRORS
    except Exception:
        pass
    forget_siblings(directory)
    print(MARK + "result")
    if error is None:
        print("finished")
    elif isinstance(error, SystemExit):
        print("exited")
        print(render(error.args[0] if error.args else None, 4))
    else:
        print("raised")
        tell(error, [])


def go_home():
    # A program may have left the folder that it was started in.
    try:
        import os

        os.chdir(WORK)
    except Exception:
        pass


def serve(calls):
    while True:
        call = calls.readline()
        if not call:
            break
        held = open(CALLS + call.strip())
        text = held.read()
        held.close()
        run(text)
        go_home()
        print(MARK + "done")
        OUT.flush()


serve(open(CALLS))
