# Found by a campaign: heap | PyDictKeysObject PyDictUnicodeEntry.me_value (object / shared object) | finished
bytes1 = bytes(1)
