# Found by a campaign: output | stdout: missing line decoding with codec failed / values | finished
try:
    b'a'.decode('utf-16-le', '')
except Exception as error:
    print(error)
