"""Prints `vm/compile/src/marshal/interned.txt`: the names that a fresh interpreter holds when `py_compile` compiles.

Nothing lists them, so each text that could be one is asked about: a set of constants that two functions share
is made anew for each of them if one of its texts was interned before, and marshal shows whether it was.
"""

import importlib.util
import marshal
import os
import re
import subprocess
import sys
import sysconfig
import tempfile

FRESH = [sys.executable, "-I", "-S", "-c"]
# Names that only the cache of attribute look-ups holds are there by chance.
COMPILE = (
    "import py_compile, sys; sys._clear_type_cache();"
    " py_compile.compile(sys.argv[1], sys.argv[2], doraise=True)"
)
LIST = "import py_compile, sys; print(*sys.modules)"
NAME = re.compile(rb"[A-Za-z0-9_]+")


def candidates():
    """Every text in the interpreter and in the modules that a fresh one has loaded."""
    modules = subprocess.run([*FRESH, LIST], capture_output=True, text=True, check=True).stdout.split()
    library = os.path.join(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME") or "")
    files = {sys.executable, library}
    folder = sysconfig.get_paths()["stdlib"]
    files.update(os.path.join(folder, *name.split(".")) + ".py" for name in modules)
    files.update(os.path.join(folder, "importlib", name) for name in ("_bootstrap.py", "_bootstrap_external.py"))
    for name in modules:
        found = importlib.util.find_spec(name) if name != "__main__" else None
        files.add(found.origin if found and found.origin else "")
    words = set()
    for name in files:
        if os.path.isfile(name):
            with open(name, "rb") as file:
                words.update(word.decode() for word in NAME.findall(file.read()) if len(word) < 64)
    words.update(chr(c) for c in range(128) if chr(c).isalnum())
    return sorted(words)


def is_held(words):
    lines = ["f = 0"]
    for number, word in enumerate(words):
        lines.append(f"def f(): f in {{{word!r}, {number}.5}}")
        lines.append(f"def f(): f(7); f in {{{word!r}, {number}.5}}")
    with tempfile.TemporaryDirectory() as folder:
        source, compiled = os.path.join(folder, "probe.py"), os.path.join(folder, "compiled")
        with open(source, "w") as file:
            file.write("\n".join(lines) + "\n")
        subprocess.run([*FRESH, COMPILE, source, compiled], check=True)
        with open(compiled, "rb") as file:
            code = marshal.loads(file.read()[16:])
    functions = [value.co_consts for value in code.co_consts if hasattr(value, "co_code")]
    sets = [value for consts in functions for value in consts if isinstance(value, frozenset)]
    assert len(sets) == 2 * len(words)
    return [sets[2 * number] is not sets[2 * number + 1] for number in range(len(words))]


def main():
    words = candidates()
    # The probe uses the name f itself.
    for word, held in zip(words, is_held(words)):
        if held:
            print(word)


main()
