# Instances, reducers, and data that cannot be read.
import pickle


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __reduce__(self):
        return (complex, (self.x, self.y))


print(pickle.loads(pickle.dumps(Point(1, 2))))
print(pickle.dumps({1, 2}, 4), pickle.dumps(range(3), 2))
for bad in (b"", b"\x80\x09.", b"N", b"abc", b"\x80\x04]\x94(K\x01"):
    try:
        pickle.loads(bad)
    except Exception as error:
        print(type(error).__name__, error)
try:
    pickle.dumps(lambda: None)
except Exception as error:
    print(type(error).__name__)
