# The recursion limit stops endless calls, and the program goes on.
depth = 0


def endless():
    global depth
    depth += 1
    endless()


try:
    endless()
except RecursionError as error:
    message = str(error)


def countdown(number):
    return 0 if number == 0 else 1 + countdown(number - 1)


print(message, depth > 900, countdown(500))
