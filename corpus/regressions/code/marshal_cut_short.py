# Found by a campaign: output | EOFError: EOF read where object expected
import marshal

for value in ({'': 0}, {(0,): 0}, [1, 2], 'a' * 300, 1.5, 1 << 100, {1, 2}, 1j):
    for version in (0, 1, 2, 4):
        data = marshal.dumps(value, version)
        print(data[:12])
        for length in range(min(len(data), 6)):
            try:
                print(marshal.loads(data[:length]))
            except (EOFError, ValueError, TypeError) as error:
                print(type(error).__name__, error)
