# Flags, lookaround, lazy and possessive repeats, and errors with positions.
import re

print(re.findall(r"(?i)ab", "AB ab aB"), re.findall(r"^\w", "a\nb", re.M), re.match(r"a.b", "a\nb", re.S) is not None)
print(re.findall(r"\w+(?=!)", "hey! you hi!"), re.findall(r"(?<=\$)\d+", "$5 6 $70"), re.findall(r"<.+?>", "<a><b>"))
print(re.match(r"a*+b", "aaab").span(), re.match(r"(?>a+)ab", "aaab"), re.match(r"(a)|b", "b").group(1))
for bad in ("(", "[a", "a**", "(?P<n>a)(?P<n>b)", r"\1", "(?<=a+)b"):
    try:
        re.compile(bad)
    except re.error as error:
        print(error, error.pos)
