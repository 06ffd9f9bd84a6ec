# Observes what Python code can observe of an exception, in all its parts.
# The oracle workers run it inside CPython; the driver of command subjects contains it too.
# Rendering of values is the same as in the decoder (oracle/decode/src/text.rs).


def quoted(points, total):
    text = ["'"]
    for point in points[:400]:
        if point in (39, 92):
            text.append("\\" + chr(point))
        elif 32 <= point <= 126:
            text.append(chr(point))
        else:
            text.append("\\u{%x}" % point)
    text.append("'" + ("..." if total > 400 else ""))
    return "".join(text)


def float_bits(value):
    import struct

    return "float:%016x" % struct.unpack("<Q", struct.pack("<d", value))[0]


def class_name(kind):
    module = getattr(kind, "__module__", "builtins")
    name = getattr(kind, "__qualname__", kind.__name__)
    return name if module in ("builtins", "", None) else "%s.%s" % (module, name)


def render_items(items, depth, opening, closing):
    parts = [render(item, depth - 1) for item in items[:32]]
    if len(items) > 32:
        parts.append("...")
    return opening + ", ".join(parts) + closing


def render(value, depth=4):
    kind = type(value)
    if value is None or value is True or value is False:
        return str(value)
    if value is Ellipsis or value is NotImplemented:
        return "Ellipsis" if value is Ellipsis else "NotImplemented"
    if kind is int:
        return str(value) if -(1 << 64) < value < (1 << 64) else hex(value)
    if kind is float:
        return float_bits(value)
    if kind is str:
        return quoted([ord(character) for character in value[:400]], len(value))
    if kind is bytes:
        return "b" + quoted(list(value[:400]), len(value))
    if kind is tuple and depth > 0:
        return render_items(value, depth, "(", ")")
    if kind is list and depth > 0:
        return render_items(value, depth, "[", "]")
    if isinstance(value, type):
        return "<class %s>" % class_name(value)
    return "<%s>" % class_name(kind)


FAMILIES = (
    (SyntaxError, ("msg", "lineno", "offset", "end_lineno", "end_offset", "text")),
    (ImportError, ("msg", "name")),
    (UnicodeError, ("encoding", "start", "end", "reason")),
    (OSError, ("errno", "strerror", "filename", "filename2")),
    (StopIteration, ("value",)),
    (NameError, ("name",)),
    (AttributeError, ("name", "obj")),
)


def family_fields(error):
    for family, names in FAMILIES:
        if isinstance(error, family):
            return [(name, render(getattr(error, name))) for name in names if hasattr(error, name)]
    return []


def positions(code, last):
    try:
        for index, position in enumerate(code.co_positions()):
            if index * 2 == last:
                return [-1 if number is None else number for number in position]
    except AttributeError:
        pass
    return [-1, -1, -1, -1]


def traceback_of(error):
    frames = []
    entry = getattr(error, "__traceback__", None)
    while entry is not None:
        code = entry.tb_frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        line, end_line, column, end_column = positions(code, entry.tb_lasti)
        frames.append((code.co_filename, name, entry.tb_lineno or -1, (line, end_line, column, end_column)))
        entry = entry.tb_next
    return frames if len(frames) <= 200 else frames[:100] + frames[-100:]


def describe(error, seen=None):
    seen = [] if seen is None else seen
    name = class_name(type(error))
    arguments = [render(argument) for argument in error.args]
    if any(error is other for other in seen) or len(seen) >= 64:
        return (name, arguments, [], [], [], False, None, None, [], True)
    seen.append(error)
    follow = lambda other: None if other is None else describe(other, seen)
    return (
        name,
        arguments,
        family_fields(error),
        [render(note) for note in getattr(error, "__notes__", ())],
        traceback_of(error),
        bool(getattr(error, "__suppress_context__", False)),
        follow(getattr(error, "__cause__", None)),
        follow(getattr(error, "__context__", None)),
        [describe(member, seen) for member in getattr(error, "exceptions", ())],
        False,
    )
