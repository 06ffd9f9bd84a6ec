# Found by a campaign: heap | dict PyDictObject.ma_used | finished
import warnings
class Number:
    def __index__(self):
        return True
def give(level):
    warnings.warn('given', UserWarning, level)
for round in range(2):
    give(1)
    give(2)
print([float(Number()), complex(Number()), range(5)[Number()]])
print(sorted(str(key) for key in __warningregistry__))
warnings.simplefilter('error')
try:
    give(1)
except UserWarning as error:
    print(error)
warnings.simplefilter('once')
for line in range(3):
    warnings.warn_explicit('explicit', UserWarning, 'file.py', line)
