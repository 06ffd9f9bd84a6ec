# Found by a campaign: heap | traceback PyTracebackObject.tb_next (null / shared object) | finished
error2 = ArithmeticError()
error2.with_traceback(None)
try:
    raise error2
except Exception as first:
    pass
