# Found by a campaign: output | stdout: missing line values / values | finished
import math
for bits in (451, 452, 700, 1500):
    number = ((1 << bits) - 1) ** 3
    print(math.log(number), math.log2(number), math.log10(number))
try:
    math.log()
except TypeError as error:
    print(error)
