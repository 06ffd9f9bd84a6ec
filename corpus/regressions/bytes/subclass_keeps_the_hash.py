# Found by a campaign: heap | bytes PyBytesObject.ob_shash | finished
class Own(bytes):
    pass


empty = Own()
one = Own(b'a')
