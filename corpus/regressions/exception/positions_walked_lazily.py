# Found by a campaign: heap | tuple PyGC_Head.tracked | finished
class Defaulting(dict):
    pass
class Clash:
    def __init__(self, name, code=7):
        pass
import sys
class Problem(Exception):
    pass
import traceback
def show(value):
    pass
try:
    dict1 = Defaulting({(1, ''): -32767, Clash(2): 9223372036854775810})
except Exception as error:
    print(repr(error))
try:
    raise [16, 19, 6, 14]
except Exception:
    print(sys.exc_info()[0].__name__, sys.exc_info()[1])
try:
    class badclass1(*[]):
        pass
except Exception as error:
    print(repr(error))
else:
    print('fine')
try:
    for int1 in range(3):
        try:
            if int1 == 1:
                break
        except Problem:
            break
        finally:
            print('round', int1)
    else:
        pass
except Exception as error:
    print(repr(error))
else:
    print('fine')
try:
    try:
        [5][1]
    except Exception:
        print(sys.exc_info()[0], sys.exc_info()[2].tb_lineno > 0)
    print(sys.exc_info()[:2])
except Exception as error:
    print(repr(error))
else:
    print('fine')
def raiser1(depth=5):
    if depth:
        return None, raiser1(depth - 1)
    raise ValueError({})
try:
    print(raiser1(6))
except* Exception as group:
    print(len(group.exceptions), [type(error).__name__ for error in group.exceptions])
int2, int3 = (1 << 1023), ((1 << 2070) + 586495754136)
while int3:
    int2, int3 = int3, int2 % int3
try:
    try:
        raiser1(3)
    except Exception as error:
        print(''.join(traceback.format_exception_only(error)))
        print(len(traceback.extract_tb(error.__traceback__)))
except Exception as error:
    print(repr(error))
else:
    print('fine')
show(dict1)
error1 = IndexError(list(range(65)))
try:
    raise error1
except Exception as caught:
    print(caught is error1, caught.__traceback__ is not None, error1.__context__)
show(error1)
show(error1)
print('#end')
