# Found by a campaign: output | TypeError: expected traceback object or got
import sys
import types

frame = sys._getframe()
made = types.TracebackType(None, frame, 10, 7)
print(made.tb_lasti, made.tb_lineno, made.tb_next)
for arguments in ((5, frame, 1, 1), (None, 5, 1, 1), (None, frame, 2**40, 1), (None, frame, 'x', 1), ()):
    try:
        types.TracebackType(*arguments)
    except (TypeError, OverflowError) as error:
        print(error)
