# popitem takes the last entry, pop any; both leave the table as it is.
letters = {}
for letter in "abcdef":
    letters[letter] = ord(letter)
pair = letters.popitem()
value = letters.pop("b")
fallback = letters.pop("zz", "none")
rest = dict(letters)
while rest:
    rest.popitem()
try:
    rest.popitem()
except KeyError as error:
    message = error.args[0]
try:
    letters.pop("zz")
except KeyError as error:
    missing = error.args
print(pair, value, fallback, letters, message, missing)
