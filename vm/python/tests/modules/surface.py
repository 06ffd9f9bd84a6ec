# What each native module shows of itself: names, kinds, signatures, sizes, constants.
import importlib

MODULES = """
_blake2 _csv _datetime _locale _opcode _posixsubprocess _queue _sha3 _socket _stat _statistics _typing array binascii cmath faulthandler
fcntl grp posix pwd resource select spwd syslog termios zlib
""".split()

# What an extension module has because it lies in a file, and what it offers to other extension modules.
IGNORED = {"CAPI", "datetime_CAPI", "__loader__", "__spec__", "__file__", "__package__", "__doc__", "__builtins__"}


def signature(value):
    return getattr(value, "__text_signature__", None)


def show_type(prefix, value):
    base = value.__base__
    print(prefix, "sizes", value.__basicsize__, value.__itemsize__, value.__dictoffset__, value.__weakrefoffset__)
    print(prefix, "base", base.__name__, "module", value.__module__, value.__qualname__)
    print(prefix, "subclassing", bool(value.__flags__ & 1 << 10), "gc", bool(value.__flags__ & 1 << 14))
    for name in sorted(value.__dict__):
        if name in ("__doc__", "__module__"):
            continue
        found = value.__dict__[name]
        print(prefix, name, type(found).__name__, signature(found))


for module_name in MODULES:
    module = importlib.import_module(module_name)
    for name in sorted(vars(module)):
        if name in IGNORED:
            continue
        value = vars(module)[name]
        prefix = module_name + "." + name
        # A struct sequence tells no signature here.
        named = isinstance(value, type) and issubclass(value, tuple)
        print(prefix, type(value).__name__, signature(value) if callable(value) and not named else "")
        if isinstance(value, type):
            if value.__module__ != "builtins":
                show_type(prefix, value)
        elif isinstance(value, (int, str, float, bytes)):
            print(prefix, repr(value))
