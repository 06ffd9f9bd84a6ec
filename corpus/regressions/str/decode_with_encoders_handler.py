# Found by a campaign: output | stdout: missing line TypeError donQ / LookupError unknown error handler | finished
import sys
try:
    str(b'\xc0', 'utf-8', 'xmlcharrefreplace')
except Exception:
    print(sys.exc_info()[0].__name__, sys.exc_info()[1])
