# SystemExit leaves the program with its code, after finally clauses have run.
import sys

trail = []


def leave(code):
    try:
        sys.exit(code)
    finally:
        trail.append(code)


try:
    leave("first")
except SystemExit as error:
    trail.append(error.code)
print(trail)
leave(3)
