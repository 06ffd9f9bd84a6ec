# Concatenation widens a string, slicing narrows it again.
narrow = "abc"
wide = narrow + "\u0416"
wider = wide + "\U0001f40d"
back = wider[:3]
middle = wider[1:4]
latin = ("\u00fc" + "\u0416")[:1]
repeated = wide * 3
joined = "-".join([narrow, wide, wider])
replaced = wider.replace("\U0001f40d", "x").replace("\u0416", "y")
print(len(wide), len(wider), back, ascii(middle), ascii(latin), len(joined), replaced)
