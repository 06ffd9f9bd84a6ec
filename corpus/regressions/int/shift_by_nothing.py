# Found by a campaign: heap | int PyObject.ob_refcnt | finished
int1 = (-2) << 29
int14 = int1 >> 0
