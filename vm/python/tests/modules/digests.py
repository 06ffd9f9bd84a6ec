# SHA-3, SHAKE and BLAKE2: results at every length around a block, copies, parameters, errors.
import _blake2
import _sha3
import hashlib
import hmac

DATA = bytes(range(256)) * 3
for name in ("sha3_224", "sha3_256", "sha3_384", "sha3_512"):
    kind = getattr(_sha3, name)
    for length in (0, 1, 71, 72, 73, 103, 104, 135, 136, 143, 144, 145, 500):
        print(name, length, kind(DATA[:length]).hexdigest())
    digest = kind(b"a")
    other = digest.copy()
    digest.update(b"b" * 300)
    print(digest.hexdigest(), other.digest(), digest.name, digest.block_size, digest.digest_size)
    print(digest._capacity_bits, digest._rate_bits, digest._suffix)
for name in ("shake_128", "shake_256"):
    kind = getattr(_sha3, name)
    for length in (0, 1, 135, 136, 137, 168, 169, 400):
        print(name, length, kind(DATA[:length]).hexdigest(length))
    digest = kind(b"x")
    print(digest.digest_size, digest.block_size, digest._suffix, digest.digest(5), digest.hexdigest(0))
    for bad in (-1, 2**29, 2**70, "x", 1.5):
        try:
            print(digest.digest(bad))
        except Exception as error:
            print(bad, type(error).__name__, error)
for kind in (_blake2.blake2b, _blake2.blake2s):
    print(kind.SALT_SIZE, kind.PERSON_SIZE, kind.MAX_KEY_SIZE, kind.MAX_DIGEST_SIZE)
    for length in (0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 600):
        print(length, kind(DATA[:length]).hexdigest(), kind(DATA[:length], key=b"key", digest_size=9).hexdigest())
    step = kind(salt=b"salt", person=b"me", fanout=3, depth=2, leaf_size=70000, node_offset=2**40, node_depth=1, inner_size=20,
                last_node=True)
    for at in range(0, 700, 37):
        step.update(DATA[at:at + 37])
    print(step.hexdigest(), step.copy().digest(), step.name, step.block_size, step.digest_size)
    for keywords in ({"digest_size": 0}, {"digest_size": 65}, {"key": b"k" * 65}, {"salt": b"s" * 17}, {"person": b"p" * 17},
                     {"fanout": 256}, {"depth": 0}, {"leaf_size": 2**32}, {"leaf_size": -1}, {"node_offset": -1},
                     {"node_offset": 2**64}, {"node_depth": 256}, {"inner_size": 65}, {"bad": 1}, {"key": "text"},
                     {"digest_size": "x"}, {"leaf_size": 2**64}):
        try:
            print(keywords, kind(b"", **keywords).hexdigest())
        except Exception as error:
            print(keywords, type(error).__name__, error)
for data in ("text", 5, None, [1]):
    for kind in (_sha3.sha3_256, _blake2.blake2b):
        try:
            kind(data)
        except Exception as error:
            print(type(error).__name__, error)
for name in sorted(hashlib.algorithms_guaranteed):
    made = hashlib.new(name, b"message")
    print(name, made.hexdigest(16) if "shake" in name else made.hexdigest())
print(hmac.new(b"key", b"message", "sha256").hexdigest(), hmac.digest(b"key", b"message", "sha3_256"))
print(hmac.compare_digest(b"a", b"a"), hmac.compare_digest("a", "b"))
import binascii

for text in (b"plain", b"a=b\tc \n", b"\xe9\x00\x7f", b".\n.", b"x" * 200, b"a \r\nb\t\r\n", b"tail ", b"_ _", b"=\r\n=3D=3\n=x=="):
    for quotetabs in (0, 1):
        for istext in (0, 1):
            for header in (0, 1):
                print(binascii.b2a_qp(text, quotetabs, istext, header), binascii.a2b_qp(text, header))
