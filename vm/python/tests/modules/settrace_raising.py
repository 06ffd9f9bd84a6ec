# Where a trace function raises, and what the traceback shows.

import sys, traceback
def mk(ev, n):
    cnt=[0]
    def t(frame, event, arg):
        if frame.f_code.co_name!='simple': return
        if event==ev:
            cnt[0]+=1
            if cnt[0]==n: raise RuntimeError(ev)
        return t
    return t
def simple():
    x = 1
    y = [2,
      3]
    for i in range(3):
        pass
    return x
for ev, n in [('call',1),('line',1),('line',2),('line',5),('return',1)]:
    sys.settrace(mk(ev,n))
    try: simple()
    except RuntimeError as e:
        sys.settrace(None)
        tb=e.__traceback__
        while tb: print(ev, n, tb.tb_frame.f_code.co_name, tb.tb_lasti, tb.tb_lineno-simple.__code__.co_firstlineno if tb.tb_frame.f_code is simple.__code__ else ''); tb=tb.tb_next
