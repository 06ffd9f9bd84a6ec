# Persistent ids, private tables, buffers beside the pickle, memos that are looked at.
import io
import pickle


class Saver(pickle.Pickler):
    dispatch_table = {complex: lambda value: (complex, (9, 9))}

    def persistent_id(self, value):
        return "id_a" if value == "a" else None

    def reducer_override(self, value):
        return (list, ((1, 2),)) if value is len else NotImplemented


class Loader(pickle.Unpickler):
    def persistent_load(self, identity):
        return ("persistent", identity)

    def find_class(self, module, name):
        print("find", module, name)
        return super().find_class(module, name)


for protocol in range(6):
    file = io.BytesIO()
    Saver(file, protocol).dump(["a", 1j, len, "a"])
    print(file.getvalue())
    file.seek(0)
    print(Loader(file).load())
buffers = []
kept = bytearray(b"outside")
data = pickle.dumps([pickle.PickleBuffer(kept), pickle.PickleBuffer(b"frozen")], 5, buffer_callback=buffers.append)
print(data, [bytes(buffer) for buffer in pickle.loads(data, buffers=buffers)], buffers[1].raw().readonly)
pickler = pickle.Pickler(io.BytesIO(), 2)
pickler.dump([1, (2, "x")])
print(sorted(number for number, _ in pickler.memo.copy().values()), pickler.bin, pickler.fast)
unpickler = pickle.Unpickler(io.BytesIO(pickle.dumps([1, (2, "x")])))
loaded = unpickler.load()
print(unpickler.memo.copy())
big = pickle.dumps([b"b" * 70000, "s" * 70000, list(range(3000))])
print(len(big), big[:30], len(pickle.loads(big)))
del pickler, unpickler, file
