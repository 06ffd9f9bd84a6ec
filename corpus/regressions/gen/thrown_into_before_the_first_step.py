async def f():
    x = 1
    return x
c = f()
try:
    c.throw(ValueError("x"))
except ValueError as e:
    err = e
def g():
    yield 1
h = g()
try:
    h.throw(KeyError)
except KeyError as e:
    err2 = e
print(err.__traceback__.tb_next.tb_lasti, err2.__traceback__.tb_next.tb_lasti, err2.__traceback__.tb_next.tb_lineno,  err2.__traceback__.tb_next.tb_frame.f_lasti)
