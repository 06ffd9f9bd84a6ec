# The same values in every protocol, byte for byte.
import pickle

values = [None, True, 0, -1, 255, 256, 65536, 2**40, -(2**70), 1.5, "text", "\u03c0", b"bytes", (), (1,), (1, 2, 3, 4), [], [1, [2]], {}, {"a": 1}]
pickled = [pickle.dumps(values, protocol) for protocol in range(6)]
for data in pickled:
    assert pickle.loads(data) == values
print([len(data) for data in pickled])
print(pickled[0])
print(pickled[4])
