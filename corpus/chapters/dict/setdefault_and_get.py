# Look-ups that do not raise, and the look-up that inserts.
groups = {}
for word in ["ant", "bee", "asp", "cat", "bat", "cow"]:
    groups.setdefault(word[0], []).append(word)
print(groups)
print(groups.get("z"), groups.get("z", 0), groups.get("a"))


class Missing(dict):
    def __missing__(self, key):
        return "no " + str(key)


gaps = Missing(a=1)
print(gaps["a"], gaps["b"], gaps.get("b"), len(gaps))
try:
    groups["z"]
except KeyError as error:
    key = error.args[0]
print(key)
