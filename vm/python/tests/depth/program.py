# How deep each road through the interpreter may be taken, and how the error is worded.
import copy
import functools
import itertools
import operator
import pickle
import sys
depth = 0
def tick():
    global depth
    depth += 1
def run(name, f):
    global depth
    depth = 0
    try:
        r = f()
        out = ('ok', type(r).__name__)
    except RecursionError as e:
        out = (str(e), )
    except Exception as e:
        out = (type(e).__name__, str(e)[:80])
    print(name, depth, *out)
def case(f):
    run(f.__name__, f)
    return f

SPECIAL1 = '__repr__ __str__ __hash__ __len__ __bool__ __index__ __iter__ __next__ __int__ __float__ __complex__ __neg__ __pos__ __abs__ __invert__ __dir__ __bytes__ __reversed__ __length_hint__ __sizeof__ __enter__ __trunc__ __floor__ __ceil__ __round__ __fspath__ __aiter__ __await__ __reduce__ __copy__'.split()
USE1 = dict(__repr__=repr, __str__=str, __hash__=hash, __len__=len, __bool__=bool, __index__=operator.index, __iter__=iter, __next__=next, __int__=int, __float__=float, __complex__=complex, __neg__=operator.neg, __pos__=operator.pos, __abs__=abs, __invert__=operator.invert, __dir__=dir, __bytes__=bytes, __reversed__=reversed, __length_hint__=operator.length_hint, __sizeof__=sys.getsizeof, __trunc__=int, __round__=round, __copy__=copy.copy, __reduce__=pickle.dumps)
import math
USE1.update(__floor__=math.floor, __ceil__=math.ceil)
for n, use in USE1.items():
    def m(self, use=use):
        tick(); return use(self)
    C = type('C', (), {n: m})
    run(n, lambda: use(C()))
    def m(self, *a):
        tick(); return getattr(self, n)()
    C = type('C', (), {n: m})
    run(n + ' getattr', lambda: use(C()))
USE2 = dict(__eq__=operator.eq, __ne__=operator.ne, __lt__=operator.lt, __le__=operator.le, __gt__=operator.gt, __ge__=operator.ge, __add__=operator.add, __sub__=operator.sub, __mul__=operator.mul, __matmul__=operator.matmul, __truediv__=operator.truediv, __floordiv__=operator.floordiv, __mod__=operator.mod, __divmod__=divmod, __pow__=operator.pow, __lshift__=operator.lshift, __rshift__=operator.rshift, __and__=operator.and_, __or__=operator.or_, __xor__=operator.xor, __iadd__=operator.iadd, __imul__=operator.imul, __getitem__=operator.getitem, __delitem__=operator.delitem, __contains__=operator.contains, __format__=lambda a, b: format(a, 'x'))
for n, use in USE2.items():
    def m(self, o, use=use):
        tick(); return use(self, o)
    C = type('C', (), {n: m})
    run(n, lambda: use(C(), C()))
    if n[2:-2] in 'add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor'.split():
        rn = '__r' + n[2:]
        def m(self, o, use=use):
            tick(); return use(1, self)
        C = type('C', (), {rn: m})
        run(rn, lambda: use(1, C()))
class Ops:
    def __add__(s, o): tick(); return s + o
    def __radd__(s, o): tick(); return o + s
    def __eq__(s, o): tick(); return s == o
    def __lt__(s, o): tick(); return s < o
    def __neg__(s): tick(); return -s
    def __getitem__(s, i): tick(); return s[i]
    def __setitem__(s, i, v): tick(); s[i] = v
    def __delitem__(s, i): tick(); del s[i]
    def __contains__(s, i): tick(); return i in s
    def __iter__(s): tick(); return iter(s)
    def __bool__(s): tick(); return not s
    def __call__(s, *a): tick(); return s(*a)
    def __iadd__(s, o): tick(); s += o; return s
    __hash__ = None
    def __enter__(s):
        tick()
        with s: pass
    def __exit__(s, *a): pass
    def __setattr__(s, n, v): tick(); s.x = v
    def __delattr__(s, n): tick(); del s.x
    def __format__(s, sp): tick(); return f'{s:x}'
def stmts():
    o = Ops()
    def c(name, f): run('stmt ' + name, f)
    c('add', lambda: o + 1); c('radd', lambda: 1 + o); c('eq', lambda: o == 1); c('eqr', lambda: 1 == o); c('lt', lambda: o < 1); c('gtr', lambda: 1 > o); c('neg', lambda: -o); c('getitem', lambda: o[1]); c('in', lambda: 1 in o); c('iter', lambda: [x for x in o]); c('list', lambda: list(o)); c('not', lambda: not o); c('call', lambda: o()); c('call2', lambda: o(1, 2)); c('star', lambda: o(*[1])); c('fmt', lambda: f'{o}'); c('fmt2', lambda: '{}'.format(o)); c('fmt3', lambda: '%s' % o); c('unpack', lambda: [*o]); c('max', lambda: max(o, o)); c('sorted', lambda: sorted([o, o]));c('minkey', lambda: min([1,2], key=o)); c('map', lambda: list(map(o, [1]))); c('filter', lambda: list(filter(o, [1]))); c('sum', lambda: sum([o, o])); c('any', lambda: any([o])); c('index', lambda: [1].index(o)); c('count', lambda: [1].count(o)); c('remove', lambda: [1].remove(o)); c('tuplecmp', lambda: (1,) == (o,)); c('listcmp', lambda: [o] < [o]); c('listcmp2', lambda: [1] == [o]); c('dictcmp', lambda: {1: o} == {1: 1}); c('isin', lambda: o in [1]); c('partial', lambda: functools.partial(o)()); c('reduce', lambda: functools.reduce(o, [1, 2, 3])); c('cmpkey', lambda: sorted([1,2], key=functools.cmp_to_key(o)))
    def w():
        with o: pass
    c('with', w)
    def sa(): o.y = 1
    c('setattr', sa)
    def da(): del o.y
    c('delattr', da)
    def si(): o[1] = 2
    c('setitem', si)
    def di(): del o[1]
    c('delitem', di)
    def ia():
        p = o; p += 1
    c('iadd', ia)
    def un(): a, b = o
    c('unpackseq', un)
    def fo():
        for x in o: pass
    c('for', fo)
    def yf(): yield from o
    c('yieldfrom', lambda: list(yf()))
stmts()
# Attributes.
class GA:
    def __getattr__(s, n): tick(); return s.y
run('getattr', lambda: GA().x)
class GA2:
    def __getattribute__(s, n): tick(); return s.y
run('getattribute', lambda: GA2().x)
class GA3:
    def __getattr__(s, n): tick(); return getattr(s, 'y')
run('getattr fn', lambda: GA3().x)
class GA4:
    def __getattr__(s, n): tick(); return hasattr(s, 'y')
run('hasattr', lambda: GA4().x)
class GA5:
    def __getattribute__(s, n): tick(); return object.__getattribute__(s, n)
    def __getattr__(s, n): tick(); return s.y
run('getattribute+getattr', lambda: GA5().x)
class P:
    @property
    def x(s): tick(); return s.x
    @x.setter
    def x(s, v): tick(); s.x = v
    @x.deleter
    def x(s): tick(); del s.x
    @functools.cached_property
    def y(s): tick(); return s.y
    @classmethod
    def c(cls): tick(); return cls.c()
    @staticmethod
    def s(): tick(); return P.s()
    def m(self): tick(); return self.m()
    def m2(self, *a, **k): tick(); return self.m2(*a, **k)
    def m3(self): tick(); return P.m3(self)
    def m4(self): tick(); return type(self).__dict__['m4'].__get__(self)()
    def m5(self): tick(); return operator.methodcaller('m5')(self)
    def m6(self): tick(); return getattr(self, 'm6')()
    def m7(self): tick(); return P.m7.__call__(self)
    def m8(self): tick(); f = self.m8; return f()
run('property', lambda: P().x)
def f(): P().x = 1
run('property set', f)
def f(): del P().x
run('property del', f)
run('cached_property', lambda: P().y)
run('classmethod', P.c); run('staticmethod', P.s); run('method', P().m); run('method ex', P().m2); run('method ex2', lambda: P().m2(1, k=2))
for i in range(3, 9): run('m%d' % i, getattr(P(), 'm%d' % i))
class D:
    def __get__(s, i, o): tick(); return i.d
    def __set__(s, i, v): tick(); i.d = v
    def __delete__(s, i): tick(); del i.d
class HD: d = D()
run('descr get', lambda: HD().d)
def f(): HD().d = 1
run('descr set', f)
def f(): del HD().d
run('descr del', f)
class I:
    def __init__(s): tick(); I()
run('init', I)
class N:
    def __new__(c): tick(); return N()
run('new', N)
class N2:
    def __new__(c): tick(); return object.__new__(c)
    def __init__(s): tick(); N2()
run('new init', N2)
class M(type):
    def __call__(c): tick(); return c()
class MC(metaclass=M): pass
run('meta call', MC)
class M(type):
    def __instancecheck__(c, o): tick(); return isinstance(o, c)
    def __subclasscheck__(c, o): tick(); return issubclass(o, c)
class MC(metaclass=M): pass
run('instancecheck', lambda: isinstance(1, MC)); run('subclasscheck', lambda: issubclass(int, MC))
run('isinstance tuple', lambda: isinstance(1, ((MC,),)))
import abc
class AB(abc.ABC):
    @classmethod
    def __subclasshook__(cls, o): tick(); return issubclass(o, cls)
run('subclasshook', lambda: issubclass(int, AB)); run('subclasshook i', lambda: isinstance(1, AB))
def lru():
    @functools.lru_cache
    def f(n): tick(); return f(n + 1)
    return f(0)
run('lru', lru)
@functools.singledispatch
def sd(x): tick(); return sd(x)
run('singledispatch', lambda: sd(1))
def w1(f):
    @functools.wraps(f)
    def g(*a, **k): tick(); return f(*a, **k)
    return g
@w1
def ww(n): return ww(n + 1)
run('wraps', lambda: ww(0))
def plain(): tick(); plain()
run('plain', plain)
def gen(): tick(); yield from gen()
run('gen', lambda: next(gen()))
def gen2():
    tick()
    for x in gen2(): yield x
run('gen for', lambda: list(gen2()))
def gen3(): tick(); yield next(gen3())
run('gen next', lambda: next(gen3()))
def gen4(): tick(); yield gen4().send(None)
run('gen send', lambda: next(gen4()))
def gen5(): tick(); yield list(gen5())
run('gen list', lambda: list(gen5()))
def gen6(): tick(); return [x for x in gen6()]
run('listcomp', gen6)
def gen7(): tick(); return list(gen7() for _ in [1])
run('genexp', gen7)
async def co(): tick(); await co()
run('coro', lambda: co().send(None))
async def ag():
    tick()
    async for x in ag(): yield x
run('agen', lambda: ag().__anext__().send(None))
def ex(): tick(); exec('ex()')
run('exec', ex)
def ev(): tick(); eval('ev()')
run('eval', ev)
code = compile('tick(); eval(code)', 'c', 'exec')
run('eval code', lambda: eval(code))
def so(): tick(); sorted([1], key=lambda x: so())
run('sorted key', so)
def so2(): tick(); [1, 2].sort(key=lambda x: so2())
run('list.sort key', so2)
def mn(): tick(); min([1], key=lambda x: mn())
run('min key', mn)
def mp(): tick(); list(map(lambda x: mp(), [1]))
run('map', mp)
def mp2(): tick(); next(map(lambda x: mp2(), [1]))
run('map next', mp2)
def mp3(): tick(); [x for x in map(lambda x: mp3(), [1])]
run('map for', mp3)
def fl(): tick(); list(filter(lambda x: fl(), [1]))
run('filter', fl)
def zp(): tick(); list(zip(map(lambda x: zp(), [1])))
run('zip', zp)
def en(): tick(); list(enumerate(map(lambda x: en(), [1])))
run('enumerate', en)
def rd(): tick(); functools.reduce(lambda a, b: rd(), [1, 2])
run('reduce', rd)
def pa(): tick(); functools.partial(pa)()
run('partial', pa)
def pa2(x, y=1): tick(); functools.partial(pa2, 1, y=2)()
run('partial kw', lambda: pa2(1))
def it(): tick(); next(iter(it, 1))
run('call iter', it)
for nm in 'accumulate starmap takewhile dropwhile filterfalse groupby chain islice'.split():
    def go():
        tick()
        k = getattr(itertools, nm)
        if nm == 'accumulate': list(k([1, 2], lambda a, b: go()))
        elif nm == 'starmap': list(k(lambda *a: go(), [(1,)]))
        elif nm == 'groupby': list(k([1], lambda x: go()))
        elif nm == 'chain': list(k(map(lambda x: go(), [1])))
        elif nm == 'islice': list(k(map(lambda x: go(), [1]), 3))
        else: list(k(lambda x: go(), [1]))
    run('itertools ' + nm, go)
def sub():
    import re
    tick(); re.sub('a', lambda m: sub(), 'a')
run('re.sub', sub)
