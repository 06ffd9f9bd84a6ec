# Case, padding and classification.
word = "hello World 9"
cases = [word.upper(), word.lower(), word.title(), word.capitalize(), word.swapcase(), "STRASSE".casefold()]
padded = [word.center(20, "*"), "7".zfill(3), "-7".zfill(4), "ab".ljust(5, "."), "ab".rjust(5)]
kinds = ["abc".isalpha(), "123".isdigit(), "a1".isalnum(), " \t".isspace(), "Ab".isupper(), "ab".islower(), "a b".isidentifier()]
tabs = "a\tbb\tc".expandtabs(4)
table = str.maketrans("abc", "xyz", "d")
moved = "abcd".translate(table)
print(cases, padded, kinds, tabs, moved)
