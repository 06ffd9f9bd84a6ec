# Found by a campaign: heap | bytearray PyByteArrayObject.ob_alloc | finished
barray1 = bytearray(range(8))
