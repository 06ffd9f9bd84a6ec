"""CPython's side of `parity` and `dis`: reads requests, answers with a verdict and its reasons."""

import _tokenize
import ast
import dis
import importlib.util
import itertools
import marshal
import os
import struct
import subprocess
import sys
import tempfile
import token
import warnings

FIELDS = (
    "co_argcount co_posonlyargcount co_kwonlyargcount co_stacksize co_flags co_firstlineno co_name co_qualname"
    " co_filename co_names co_varnames co_cellvars co_freevars co_nlocals co_code co_exceptiontable co_linetable"
).split()


class Settings:
    """What both compilers are told besides the source."""

    def __init__(self, words):
        optimize, self.mode, type_comments, feature_version = words.split(",")
        self.optimize, self.feature_version = int(optimize), int(feature_version)
        self.type_comments = type_comments == "1"


def hexed(text):
    return text.encode("utf-8", "surrogatepass").hex()


# How a byte is written between quotes.
ESCAPED = {
    byte: chr(byte) if 0x20 <= byte <= 0x7E else f"\\x{byte:02x}"
    for byte in range(256)
}
ESCAPED[ord("'")], ESCAPED[ord("\\")] = "\\'", "\\\\"


def quoted(text):
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return "'" + data.decode("latin-1").translate(ESCAPED) + "'"


def tokens(source):
    try:
        text = importlib.util.decode_source(source)
    except SyntaxError:
        # The parser words and places such an error in its own way.
        compile(source, "<tokens>", "exec", dont_inherit=True)
        raise
    lines = []
    try:
        for string, kind, line, end_line, column, end_column, _ in _tokenize.TokenizerIter(text):
            place = f"{line}:{column}-{end_line}:{end_column}"
            lines.append(f"{token.tok_name[kind]} {place} {quoted(string)}\n")
    except SyntaxError as error:
        lines.append(f"{type(error).__name__} {quoted(error.msg)}\n")
    return "".join(lines)


def constant(value):
    kind = type(value)
    if value is None or kind is bool:
        return str(value)
    if value is ...:
        return "Ellipsis"
    if kind is int:
        return "int:" + hex(value)
    if kind is float:
        return "float:" + struct.pack(">d", value).hex()
    if kind is complex:
        return "complex:" + struct.pack(">dd", value.real, value.imag).hex()
    if kind is str:
        return "str:" + quoted(value)
    return "bytes:" + quoted(value)


def dump(node, out, depth):
    """The form in which the Rust side prints its trees."""
    name = node.__class__.__name__
    if not node._fields and not hasattr(node, "lineno"):
        out.append(name + " ")
        return
    if name == "TypeIgnore":
        out.append(f"TypeIgnore({node.lineno} {quoted(node.tag)} ) ")
        return
    head = "\n" + " " * depth + name
    if hasattr(node, "lineno"):
        out.append(f"{head}@{node.lineno}:{node.col_offset}-{node.end_lineno}:{node.end_col_offset}(")
    else:
        out.append(head + "(")
    if name == "Constant":
        out.append(constant(node.value) + " " + ("u" if node.kind else "-") + ")")
        return
    if name == "MatchSingleton":
        out.append(constant(node.value) + " )")
        return
    for field in node._fields:
        value = getattr(node, field)
        if value is None:
            out.append("-")
        elif isinstance(value, list):
            out.append("[")
            for item in value:
                if item is None:
                    out.append("-")
                elif isinstance(item, str):
                    out.append(quoted(item) + " ")
                else:
                    dump(item, out, depth + 1)
            out.append("]")
        elif isinstance(value, str):
            out.append(quoted(value) + " ")
        elif isinstance(value, int):
            out.append(str(value) + " ")
        else:
            dump(value, out, depth + 1)
    out.append(")")


def tree(source, path, settings):
    out = []
    flags = ast.PyCF_ONLY_AST | (ast.PyCF_TYPE_COMMENTS if settings.type_comments else 0)
    version = settings.feature_version
    dump(compile(source, path, settings.mode, flags, dont_inherit=True, _feature_version=version), out, 0)
    return "".join(out)


def warnings_of(source, path, settings, caught):
    """Warnings, one a line; those that arise here, while the source is decoded, have no line."""
    with warnings.catch_warnings(record=True) as raw:
        warnings.simplefilter("always")
        try:
            compile(source, path, settings.mode, dont_inherit=True, optimize=settings.optimize)
        finally:
            for warning in raw:
                line = warning.lineno if warning.filename == path else 0
                caught.append(f"{warning.category.__name__} {line} {warning.message}\n")
    return "".join(caught)


def rejection(error):
    """The error as the Rust side writes it."""
    if isinstance(error, SyntaxError):
        place = (error.lineno, error.offset, error.end_lineno, error.end_offset)
        text = "None" if error.text is None else hexed(error.text)
        return "\t".join(map(str, (type(error).__name__, hexed(error.msg), *place, text)))
    return "\t".join((type(error).__name__, hexed(str(error)), *["None"] * 5))


def first_difference(theirs, ours):
    at = next((at for at, (a, b) in enumerate(zip(theirs, ours)) if a != b), min(len(theirs), len(ours)))
    return at


def text_verdict(theirs, ours, separator):
    if theirs == ours:
        return "equal", ""
    if separator:
        a, b = theirs.split(separator), ours.split(separator)
        at = first_difference(a, b)
        return "different", f"entry {at}\n  cpython  {a[at:at + 3]}\n  twinheap {b[at:at + 3]}"
    at = first_difference(theirs, ours)
    path = node_path(theirs[:at])
    start = max(0, at - 60)
    return "different", f"node {path}\n  cpython  {theirs[start:at + 80]}\n  twinheap {ours[start:at + 80]}"


def node_path(prefix):
    """The nodes that are still open at the end of a dump."""
    open_nodes, word = [], ""
    for c in prefix:
        if c == "(":
            open_nodes.append(word.split("]")[-1].split("[")[-1].split("-")[0].strip() or "?")
            word = ""
        elif c == ")":
            if open_nodes:
                open_nodes.pop()
            word = ""
        else:
            word += c
    return "/".join(name.split("@")[0].split(" ")[-1] for name in open_nodes)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, frozenset):
        return sorted(map(repr, a)) == sorted(map(repr, b))
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    return a == b


def differing_fields(theirs, ours):
    fields = [field for field in FIELDS if getattr(theirs, field) != getattr(ours, field)]
    if len(theirs.co_consts) != len(ours.co_consts):
        return [*fields, "co_consts"]
    for a, b in zip(theirs.co_consts, ours.co_consts):
        if not (hasattr(a, "co_code") and hasattr(b, "co_code")) and not same(a, b):
            return [*fields, "co_consts"]
    return fields


def code_difference(theirs, ours, path=""):
    path = f"{path}/{theirs.co_name}"
    fields = differing_fields(theirs, ours)
    if "co_consts" not in fields:
        for a, b in zip(theirs.co_consts, ours.co_consts):
            if hasattr(a, "co_code"):
                inner = code_difference(a, b, path)
                if inner:
                    return inner
    if not fields:
        return None
    lines = [f"code {path} line {theirs.co_firstlineno}: {' '.join(fields)}"]
    for field in fields:
        if field not in ("co_code", "co_linetable", "co_exceptiontable"):
            lines.append(f"  {field}\n    cpython  {getattr(theirs, field)!r}\n    twinheap {getattr(ours, field)!r}")
    a, b = (instructions(code) for code in (theirs, ours))
    at = first_difference(a, b)
    for left, right in itertools.zip_longest(a[max(0, at - 2):at + 4], b[max(0, at - 2):at + 4], fillvalue=""):
        lines.append(f"  {' ' if left == right else '!'} {left:70} | {right}")
    return "\n".join(lines)


def instructions(code):
    out = []
    for item in dis.get_instructions(code):
        place = item.positions
        value = "" if item.arg is None else item.arg
        where = f"{place.lineno}:{place.col_offset}-{place.end_lineno}:{place.end_col_offset}"
        out.append(f"{item.offset:5} {item.opname:30} {value:>6} {where}")
    return out


def code_verdict(theirs, ours):
    difference = code_difference(theirs, marshal.loads(ours))
    return ("different", difference) if difference else ("equal", "")


def compiled_file(path, optimize):
    """What `py_compile` writes in a process of its own; None where it rejects the source."""
    script = "import py_compile, sys; py_compile.compile(sys.argv[1], sys.argv[2], doraise=True)"
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "compiled")
        command = [sys.executable, "-I", "-S", *["-O"] * optimize, "-c", script, path, name]
        if subprocess.run(command, capture_output=True).returncode:
            return None
        with open(name, "rb") as file:
            return file.read()


def pyc_verdict(theirs, ours):
    if theirs == ours:
        return "equal", ""
    at = first_difference(theirs, ours)
    place = f"byte {at}: cpython {theirs[at:at + 12].hex(' ')}, twinheap {ours[at:at + 12].hex(' ')}"
    if at < 16:
        return "different", f"the header differs at {place}"
    theirs, ours = theirs[16:], ours[16:]
    difference = code_difference(marshal.loads(theirs), marshal.loads(ours))
    if difference:
        return "different", difference
    a, b = expanded(theirs), expanded(ours)
    if a == b:
        return "different", f"equal but for what is marked as shared, from {place}"
    at = first_difference(a, b)
    return "different", f"equal code, but object {at} differs\n  cpython  {a[at:at + 3]}\n  twinheap {b[at:at + 3]}"


def expanded(data):
    """The objects of a marshalled value in order, references replaced by what they stand for."""
    out, references, at = [], [], 0

    def take(count):
        nonlocal at
        at += count
        return data[at - count:at]

    def number(size=4):
        return int.from_bytes(take(size), "little", signed=size > 1)

    def read():
        start, byte = len(out), take(1)[0]
        kind, slot = chr(byte & 0x7F), None
        if kind == "r":
            out.extend(references[number()])
            return
        if byte & 0x80:
            slot = len(references)
            references.append(None)
        if kind in "NTF.S":
            out.append(kind)
        elif kind == "i":
            out.append((kind, number()))
        elif kind == "g":
            out.append((kind, take(8)))
        elif kind == "y":
            out.append((kind, take(16)))
        elif kind == "l":
            count = number()
            out.append((kind, count, take(2 * abs(count))))
        elif kind in "zZ":
            text = take(number(1))
            out.append((kind, text))
        elif kind in "aAutsx":
            text = take(number())
            out.append((kind, text))
        elif kind in "()<>":
            count = number(1) if kind == ")" else number()
            out.append((kind, count))
            members = []
            for _ in range(count):
                first = len(out)
                read()
                members.append(out[first:])
            if kind in "<>":
                # Members are sorted by their own bytes, of which the sharing flag is one.
                out[start + 1:] = [item for member in sorted(members, key=repr) for item in member]
        elif kind == "c":
            out.append((kind, take(20)))
            for _ in range(8):
                read()
            out.append(take(4))
            read()
            read()
        else:
            raise ValueError(f"marshal type {kind!r}")
        if slot is not None:
            references[slot] = out[start:]

    read()
    return out


def judge(stage, settings, path, ours, source):
    """Our result is prefixed by '+' for a product, by '!' for an error."""
    if source is None:
        with open(path, "rb") as file:
            source = file.read()
    accepted, ours = ours[:1] == b"+", ours[1:]
    caught = []
    try:
        if stage == "tokens":
            theirs = tokens(source)
        elif stage == "ast":
            theirs = tree(source, path, settings)
        elif stage == "warnings":
            theirs = warnings_of(source, path, settings, caught)
        else:
            theirs = compiled_file(path, settings.optimize) if stage == "pyc" else None
            if theirs is None:
                theirs = compile(source, path, settings.mode, dont_inherit=True, optimize=settings.optimize)
    except Exception as error:
        theirs = rejection(error)
        if accepted:
            return "different", f"cpython rejects it: {type(error).__name__}: {error}"
        ours, _, warned = ours.decode().partition("\n")
        if ours == theirs and warned != "".join(caught):
            return text_verdict("".join(caught), warned, "\n")
        if ours == theirs:
            return "rejected", ""
        return "different", f"another error\n  cpython  {readable(theirs)}\n  twinheap {readable(ours)}"
    if not accepted:
        return "different", f"only twinheap rejects it: {readable(ours.decode().partition(chr(10))[0])}"
    if stage in ("tokens", "warnings"):
        return text_verdict(theirs, ours.decode(), "\n")
    if stage == "ast":
        return text_verdict(theirs, ours.decode(), "")
    return code_verdict(theirs, ours) if stage == "code" else pyc_verdict(theirs, ours)


def readable(error):
    kind, message, *place, text = error.split("\t")
    text = text if text == "None" else repr(bytes.fromhex(text).decode("utf-8", "replace"))
    return f"{kind}: {bytes.fromhex(message).decode('utf-8', 'replace')} at {place} in {text}"


def listing(code, out):
    out.append(f"code {code.co_qualname} line {code.co_firstlineno}")
    out.extend(instructions(code))
    for inner in code.co_consts:
        if hasattr(inner, "co_code"):
            listing(inner, out)


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20_000)
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    while line := requests.readline():
        stage, settings, path_length, data_length, source_length = line.split()
        path = requests.read(int(path_length)).decode("utf-8", "surrogateescape")
        data = requests.read(int(data_length))
        source = requests.read(int(source_length)) if int(source_length) >= 0 else None
        stage, settings = stage.decode(), Settings(settings.decode())
        try:
            if stage == "dis":
                out = []
                with open(path, "rb") as file:
                    listing(compile(file.read(), path, "exec", dont_inherit=True, optimize=settings.optimize), out)
                verdict, text = "equal", "\n".join(out)
            else:
                verdict, text = judge(stage, settings, path, data, source)
        except Exception as error:
            verdict, text = "error", f"{type(error).__name__}: {error}"
        text = text.encode("utf-8", "surrogateescape")
        replies.write(f"{verdict} {len(text)}\n".encode() + text)
        replies.flush()


main()
