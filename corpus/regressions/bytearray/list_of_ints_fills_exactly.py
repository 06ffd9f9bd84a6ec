# Found by a campaign: heap | bytearray PyByteArrayObject.ob_alloc | finished
exact = bytearray([1, 2])
again = bytearray(b'abc')
again.__init__((1, 2))
grown = bytearray([1, True])
