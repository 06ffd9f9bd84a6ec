# __getattr__, __getattribute__, __setattr__, __delattr__, __dir__.
class Proxy:
    def __init__(self):
        object.__setattr__(self, "store", {})

    def __getattr__(self, name):
        try:
            return self.store[name]
        except KeyError:
            raise AttributeError("no " + name) from None

    def __setattr__(self, name, value):
        self.store[name] = value

    def __delattr__(self, name):
        del self.store[name]


class Watching:
    seen = []

    def __getattribute__(self, name):
        Watching.seen.append(name)
        return super().__getattribute__(name)


proxy = Proxy()
proxy.colour = "red"
proxy.size = 3
del proxy.size
watching = Watching()
watching.value = 1
read = watching.value
print(proxy.colour, proxy.store, Watching.seen, read)
try:
    proxy.size
except AttributeError as error:
    print(error)
