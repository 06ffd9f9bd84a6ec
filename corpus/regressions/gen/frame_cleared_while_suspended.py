# Found by a campaign: steps | line | finished
def numbers():
    try:
        yield 1
    finally:
        print('closed')


generator = numbers()
next(generator)
frame = generator.gi_frame
print(frame.f_back)
frame.clear()
print(generator.gi_frame, list(generator))
try:
    generator.gi_code = None
except AttributeError as error:
    print(error)
