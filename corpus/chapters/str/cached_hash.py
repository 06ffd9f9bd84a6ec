# A string's hash is computed once and kept.
unhashed = "never " + "looked up" * 2
hashed = "looked up " * 3
table = {hashed: 1}
wide = "\u0416" * 5
table[wide] = 2
again = hash(wide)
print(len(unhashed), table[hashed], table[wide], again == hash("\u0416\u0416\u0416\u0416\u0416"))
