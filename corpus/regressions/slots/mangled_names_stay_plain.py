# Found by a campaign: heap | kind of object: str / interned str | finished
class Private:
    __slots__ = '__hidden'


class Plain:
    pass


plain = Plain()
try:
    plain.__dict__ = 5
except TypeError as error:
    print(error)


class Table(dict):
    pass


table = Table()
table.__class__ = Table
own = table.__dict__
