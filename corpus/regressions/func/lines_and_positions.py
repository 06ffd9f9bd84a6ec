# Found by a campaign: output | stdout: missing line values | finished
def function(a, b):
    return (a + b,
            a)
print(list(function.__code__.co_lines()))
print(list(function.__code__.co_positions()))
lines1, positions1 = function.__code__.co_lines(), function.__code__.co_positions()
print(next(lines1), next(positions1), type(lines1).__name__, type(positions1).__name__)
print(slice(0, 5).indices(10 ** 30), slice(None, None, -1).indices(10 ** 30))
for format1 in (b'%i', b'%d', b'%x', '%i'):
    try:
        format1 % None
    except TypeError as error:
        print(error)
