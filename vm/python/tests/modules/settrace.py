# Trace and profile functions: events, jumps, changed locals, functions that raise.

import sys
log = []
def tracer(frame, event, arg):
    if event == 'exception': arg = (arg[0].__name__, str(arg[1]), arg[2] is not None)
    log.append((event, frame.f_code.co_name, frame.f_lineno, arg if not callable(arg) else arg.__name__))
    if frame.f_code.co_name == 'ops':
        frame.f_trace_opcodes = True
    return tracer
def gen():
    x = yield 1
    try:
        y = yield 2
    except ValueError as e:
        yield 3
    return 9
def outer():
    r = yield from gen()
    return r
def fails():
    raise KeyError('k')
def ops(a, b):
    return a + b * 2
def main():
    for i in range(3):
        pass
    g = outer()
    next(g); g.send(5); g.throw(ValueError)
    try:
        next(g)
    except StopIteration as e:
        v = e.value
    try:
        fails()
    except KeyError:
        pass
    finally:
        z = 1
    ops(1, 2)
    class A:
        q = 1
    l = [k for k in 'ab']
    with open('/dev/null') as f:
        f.read()
    return v
sys.settrace(tracer)
main()
print(sys.gettrace() is tracer)
sys.settrace(None)
for e in log: print(e)
log.clear()
def prof(frame, event, arg):
    log.append((event, frame.f_code.co_name, frame.f_lineno, getattr(arg,'__qualname__',arg)))
sys.setprofile(prof)
main(); len([1]); [].append(2); max(*[1,2]); list.append([],1); str(1)
try: [].pop()
except IndexError: pass
sys.setprofile(None)
for e in log: print(e)
print(sys.getprofile(), sys.gettrace())
# jumps
def jumper():
    a = []
    a.append(1)
    for i in range(2):
        a.append(i)
    a.append(3)
    a.append(4)
    return a
def jt(to_from):
    def t(frame, event, arg):
        if frame.f_code is jumper.__code__ and event == 'line':
            f, to = to_from
            if frame.f_lineno - jumper.__code__.co_firstlineno == f and not done:
                done.append(1)
                try:
                    frame.f_lineno = jumper.__code__.co_firstlineno + to
                except ValueError as e:
                    print('refused', e)
        return t
    return t
for pair in [(5,2),(2,5),(3,6),(4,6),(1,4),(2,99),(2,-50),(6,1)]:
    done = []
    sys.settrace(jt(pair))
    try: r = jumper()
    except Exception as e: r = e
    sys.settrace(None)
    print(pair, repr(r))
def badtracer(frame, event, arg):
    if event == 'line': raise RuntimeError('bad')
    return badtracer
def simple():
    try:
        x = 1
    except RuntimeError: pass
    return 2
sys.settrace(badtracer)
try: print(simple())
except RuntimeError as e: 
    import traceback; print(traceback.format_exc().replace(__file__,'F'))
print(sys.gettrace())
def loc(frame, event, arg):
    if event == 'line' and 'val' in frame.f_locals:
        frame.f_locals['val'] = 77
    return loc
def locf():
    val = 1
    w = 2
    return val
sys.settrace(loc); print(locf()); sys.settrace(None)
try: sys._getframe().f_lineno = 5
except ValueError as e: print(e)
try: sys.call_tracing(len, [1])
except TypeError as e: print(e)
