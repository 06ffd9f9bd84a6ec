# Found by a campaign: heap | dict PyObject.ob_refcnt | finished
class Tolerate:
    def __enter__(self):
        pass
    def __exit__(self, kind, error, trace):
        return kind
class errorclass1(OSError):
    def __init__(self, *arguments):
        super().__init__(self)
with Tolerate():
    raise errorclass1
