# Found by a campaign: output | ValueError: Must have exactly one of mode and
for mode in ('', 'rw', 'r+w', 'b', '+', 'q', 'rr'):
    try:
        open('missing.txt', mode)
    except (OSError, ValueError) as error:
        print(error)
try:
    open(99999)
except OSError as error:
    print(error, error.filename)
