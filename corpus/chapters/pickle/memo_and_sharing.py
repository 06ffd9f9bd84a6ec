# Shared and recursive objects go through the memo.
import pickle

inner = [1, 2]
shared = {"left": inner, "right": inner}
back = pickle.loads(pickle.dumps(shared))
loop = [1]
loop.append(loop)
again = pickle.loads(pickle.dumps(loop, 2))
text = "repeated"
many = pickle.dumps([text] * 4, 4)
print(back["left"] is back["right"], again[1] is again, many)
