# Found by a campaign: heap | str PyObject.managed_dict (null / object) | finished
import pickle
class strclass1(str):
    pass
any2 = strclass1()
data = pickle.dumps(any2, 2)
