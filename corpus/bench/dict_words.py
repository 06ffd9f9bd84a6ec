text = ("the quick brown fox jumps over the lazy dog and the cat " * 40).split()
counts = {}
for _ in range(100):
    for word in text:
        counts[word] = counts.get(word, 0) + 1
