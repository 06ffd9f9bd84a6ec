# Conversion from and to bytes, and the hash, which is the value modulo 2**61 - 1.
number = 0x0102030405060708090A
big = number.to_bytes(12, "big")
little = number.to_bytes(12, "little")
signed = (-2).to_bytes(3, "big", signed=True)
back = int.from_bytes(big, "big")
negative = int.from_bytes(b"\xff\xfe", "big", signed=True)
hashes = [hash(0), hash(-1), hash(-2), hash(2**61 - 1), hash(2**61), hash(-(2**61)), hash(10**40)]
print(big, little, signed, back == number, negative)
print(hashes)
try:
    (300).to_bytes(1, "big")
except OverflowError as error:
    print(error)
