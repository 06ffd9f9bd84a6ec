# int() of strings and bytes in every base, and its complaints.
values = [int("ff", 16), int("0xff", 0), int("0b101", 0), int("0o17", 0), int("zz", 36), int(b"12"), int("-101", 2)]
print(values)
messages = []
for text, base in (("", 10), ("12a", 10), ("2", 2), ("0x", 0), ("1__0", 10), ("010", 0), ("1", 1)):
    try:
        int(text, base)
    except ValueError as error:
        messages.append(str(error))
for message in messages:
    print(message)
print(int(3.99), int(-3.99), int(1e20))
