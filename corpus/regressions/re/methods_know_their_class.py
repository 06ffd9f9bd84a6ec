# Found by a campaign: heap | kind of object: builtin_method / builtin_function_or_method | finished
import re
import sys
pattern1 = re.compile('a')
print(sys.getsizeof(pattern1.match), sys.getsizeof(pattern1.split), sys.getsizeof(pattern1.scanner('a').match))
print(type(pattern1.match).__name__, type(pattern1.split).__name__, type(pattern1.match).__mro__)
print(pattern1.match.__name__, pattern1.match.__qualname__, pattern1.match.__self__ is pattern1)
print(pattern1.match('ab', pos=0).span(), type(pattern1).search(pattern1, 'ba').span())
try:
    pattern1.scanner('a').match(1)
except TypeError as error:
    print(error)
