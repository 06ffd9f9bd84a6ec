parts = []
for number in range(120000):
    parts.append("item " + str(number) + ";")
text = "".join(parts)
pieces = text.split(";")
lengths = sum(len(piece) for piece in pieces)
