# Finding, counting and replacing.
text = "abracadabra"
places = [text.find("abra"), text.find("abra", 1), text.rfind("abra"), text.find("z"), text.index("cad")]
counts = [text.count("a"), text.count("abra"), text.count(""), text.count("a", 3, 8)]
replaced = [text.replace("a", "A"), text.replace("a", "", 2), text.replace("", ".")]
ends = [text.startswith("abra"), text.endswith(("x", "bra")), text.startswith("cad", 4), "rac" in text]
trimmed = ["xxhixx".strip("x"), "  hi ".lstrip(), "hi..".rstrip("."), "prefix".removeprefix("pre"), "name.py".removesuffix(".py")]
print(places, counts, replaced, ends, trimmed)
try:
    text.index("z")
except ValueError as error:
    print(error)
