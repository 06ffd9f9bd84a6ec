# Found by a campaign: output | stdout: missing line TypeError / ValueError | finished
import pickle
for body in (b'\x00\x01\n', b'\x00\n', b'1\x00\n', b' 7\n', b'0x\n', b'01\n', b'00\n'):
    try:
        print(body, pickle.loads(b'I' + body + b'.'))
    except Exception as error:
        print(body, repr(error))
