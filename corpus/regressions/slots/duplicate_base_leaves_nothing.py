# Found by a campaign: heap | type PyObject.ob_refcnt | finished
slotted2 = type('', (), {'__slots__': []})
try:
    class slotted1(slotted2, slotted2):
        pass
except Exception as error:
    pass
