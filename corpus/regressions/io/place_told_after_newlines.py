# Found by a campaign: output | io nothing / (
import io

data = b'first\ns\xc3\xa9cond\r\nthird\r'
for newline in (None, '', '\n'):
    stream = io.TextIOWrapper(io.BytesIO(data), encoding='utf-8', newline=newline)
    for size in (2, 5, 4, 9):
        stream.read(size)
        place = stream.tell()
        print(place, stream.newlines)
        print(repr(stream.readline()), stream.seek(place), stream.newlines)
