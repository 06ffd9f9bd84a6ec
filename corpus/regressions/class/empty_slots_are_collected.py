# Found by a campaign: heap | type PyTypeObject.tp_flags | finished
class cls3:
    __slots__ = ()
