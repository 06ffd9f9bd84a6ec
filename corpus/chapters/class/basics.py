# A class statement: namespace, instances, methods, attributes of class and instance.
class Account:
    "Holds an amount."
    kind = "plain"
    count = 0

    def __init__(self, owner, amount=0):
        self.owner = owner
        self.amount = amount
        Account.count += 1

    def deposit(self, amount):
        self.amount += amount
        return self

    def __repr__(self):
        return "Account(%r, %d)" % (self.owner, self.amount)


ada = Account("Ada").deposit(5).deposit(7)
bob = Account("Bob", 3)
bob.kind = "special"
bound = ada.deposit
plain = Account.deposit
bound(1)
print(ada, bob, Account.count, ada.kind, bob.kind, Account.__doc__, Account.__name__)
print(bound.__self__ is ada, bound.__func__ is plain, sorted(vars(bob)))
del bob.kind
print(bob.kind, hasattr(bob, "none"), getattr(bob, "none", "default"))
try:
    bob.none
except AttributeError as error:
    print(error)
