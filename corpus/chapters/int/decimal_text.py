# Decimal text in and out, of any length up to the limit.
long_text = "1234567890" * 20
parsed = int(long_text)
back = str(parsed)
negative = str(-parsed)
powers = [str(10**number) for number in (9, 18, 19, 27, 40)]
print(back == long_text, len(negative), powers)
print(int("  42  "), int("-0"), int("1_000_000"), int("+7"))
try:
    int("9" * 5000)
except ValueError as error:
    print(str(error)[:60])
