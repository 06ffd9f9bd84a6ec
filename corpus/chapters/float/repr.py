# repr gives the shortest text that reads back to the same float.
values = [0.1, 0.2, 0.1 + 0.2, 1 / 3, 1e16, 1e15, 123456789012345680.0, 1e-5, 0.0001, 5e-324, 1.7976931348623157e308]
wholes = [1.0, -0.0, 100.0, 1e22, 1e23]
texts = [repr(value) for value in values + wholes]
back = [float(text) == value for text, value in zip(texts, values + wholes)]
print(texts, all(back))
