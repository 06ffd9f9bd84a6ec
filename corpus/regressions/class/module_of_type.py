# `type` has the descriptor of `__module__` in its own dict.
import pickle

print(type.__module__, type.__dict__["__module__"])
print(pickle.dumps(type, 0))


class Meta(type):
    pass


print(Meta.__module__, Meta("C", (), {}).__module__)
