# An instance dict that takes a key which is no str gives up the shared table.
class Record:
    pass


plain = Record()
plain.a = 1
plain.b = 2
broken = Record()
broken.a = 1
broken.b = 2
broken.__dict__[3] = "three"
replaced = Record()
replaced.__dict__ = {"c": 4}
emptied = Record()
emptied.a = 1
emptied.__dict__.clear()
many = Record()
for index in range(40):
    setattr(many, "n%d" % index, index)
print(plain.__dict__, broken.__dict__, replaced.c, emptied.__dict__, len(many.__dict__))
