# zlib and what stands on it: levels, formats, dictionaries, pieces, limits, errors.
import copy
import gzip
import io
import zipfile
import zlib

TEXT = b"".join(b"line %d of many, %d\n" % (n, n * n % 97) for n in range(4000))


def attempt(label, function, *arguments, **keywords):
    try:
        found = function(*arguments, **keywords)
        print(label, found if not isinstance(found, bytes) or len(found) < 80 else (len(found), zlib.crc32(found)))
    except Exception as error:
        print(label, type(error).__name__, error)


for level in range(-1, 10):
    for wbits in (15, -15, 31, 9, -9):
        packed = zlib.compress(TEXT, level, wbits)
        print(level, wbits, len(packed), zlib.crc32(packed), zlib.adler32(packed), zlib.decompress(packed, wbits) == TEXT)
for strategy in range(5):
    for memory in (1, 5, 9):
        maker = zlib.compressobj(6, zlib.DEFLATED, 12, memory, strategy)
        parts = [maker.compress(TEXT[at:at + 1000]) for at in range(0, len(TEXT), 1000)]
        parts.append(maker.flush(zlib.Z_SYNC_FLUSH))
        parts.append(maker.compress(b"more"))
        parts.append(maker.flush(zlib.Z_FULL_FLUSH))
        parts.append(maker.flush())
        print(strategy, memory, [len(part) for part in parts if part], zlib.crc32(b"".join(parts)))
packed = zlib.compress(TEXT)
for limit in (1, 100, 5000, 10**6):
    reader = zlib.decompressobj()
    got, data = [], packed + b"rest"
    while data and not reader.eof:
        got.append(reader.decompress(data, limit))
        data = reader.unconsumed_tail
        if len(got) > 20:
            break
    got.append(reader.flush())
    print(limit, len(got), len(b"".join(got)), reader.eof, reader.unused_data, len(reader.unconsumed_tail))
reader = zlib.decompressobj()
for at in range(0, len(packed), 999):
    part = reader.decompress(packed[at:at + 999])
    if at == 999:
        other = reader.copy()
        third = copy.deepcopy(reader)
print(reader.eof, zlib.crc32(other.decompress(packed[1998:])), zlib.crc32(third.decompress(packed[1998:])))
words = b"line of many"
for wbits in (15, -15):
    maker = zlib.compressobj(wbits=wbits, zdict=words)
    packed_words = maker.compress(b"many of line of many") + maker.flush()
    print(wbits, packed_words)
    attempt("with", zlib.decompressobj(wbits, words).decompress, packed_words)
    attempt("without", zlib.decompressobj(wbits).decompress, packed_words)
    attempt("other", zlib.decompressobj(wbits, b"other").decompress, packed_words)
attempt("level", zlib.compress, b"x", 10)
attempt("level", zlib.compressobj, 10)
attempt("wbits", zlib.compressobj, wbits=99)
attempt("wbits", zlib.decompressobj, 99)
attempt("wbits", zlib.decompress, packed, 99)
attempt("cut", zlib.decompress, packed[:-10])
attempt("bad", zlib.decompress, b"not compressed at all")
attempt("empty", zlib.decompress, b"")
attempt("text", zlib.compress, "text")
attempt("zdict", zlib.decompressobj, zdict="x")
attempt("bufsize", zlib.decompress, packed, bufsize=-1)
attempt("limit", zlib.decompressobj().decompress, packed, -1)
attempt("flush", zlib.decompressobj().flush, 0)
done = zlib.compressobj()
done.flush()
attempt("done", done.compress, b"x")
attempt("done", done.flush)
attempt("done", done.copy)
for value in (0, 1, 2**32 - 1, 2**40, -1, -2**40):
    print(zlib.crc32(b"data", value), zlib.adler32(b"data", value), zlib.crc32(b"", value))
attempt("crc", zlib.crc32, "x")
attempt("crc", zlib.crc32, b"", 1.5)
print(zlib.ZLIB_RUNTIME_VERSION == zlib.ZLIB_VERSION)
packed = gzip.compress(TEXT, mtime=0)
print(len(packed), zlib.crc32(packed), gzip.decompress(packed + gzip.compress(b"two", mtime=0)) == TEXT + b"two")
stream = io.BytesIO()
with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr(zipfile.ZipInfo("one.txt"), TEXT, zipfile.ZIP_DEFLATED)
    archive.writestr(zipfile.ZipInfo("two.txt"), b"stored", zipfile.ZIP_STORED)
print(len(stream.getvalue()), zlib.crc32(stream.getvalue()))
with zipfile.ZipFile(stream) as archive:
    print(archive.testzip(), archive.namelist(), archive.read("one.txt") == TEXT, archive.read("two.txt"))
