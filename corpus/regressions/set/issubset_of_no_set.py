# Found by a campaign: output | stdout: missing line values | finished
class Clash:
    def __init__(self, name):
        self.name = name
    def __hash__(self):
        print('hash', self.name)
        return 0
    def __eq__(self, other):
        print('eq', self.name, other if type(other) is int else other.name)
        return False
print(set(range(8)).issubset((Clash('a'), Clash('b'))))
print({1, 2}.issubset(iter([2, 1, 3])), {1}.issuperset((1, Clash('c'))))
