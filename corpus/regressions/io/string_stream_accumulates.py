# Found by a campaign: heap | str PyObject.ob_refcnt | finished
import io

stream = io.StringIO()
text = 'written' * 2
stream.write(text)
whole = stream.getvalue()
read = io.StringIO(text).read()
try:
    stream.close()
    for line in stream:
        pass
except ValueError as error:
    print(error)
