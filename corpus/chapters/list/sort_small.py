# Short lists are sorted by binary insertion; the sort is stable.
numbers = [5, 2, 9, 1, 5, 6, -3]
numbers.sort()
words = ["pear", "fig", "apple", "kiwi", "date"]
by_length = sorted(words, key=len)
descending = sorted(words, reverse=True)
stable = sorted([(2, "a"), (1, "b"), (2, "c"), (1, "d")], key=lambda pair: pair[0])
stable_reverse = sorted([(2, "a"), (1, "b"), (2, "c"), (1, "d")], key=lambda pair: pair[0], reverse=True)
empty = sorted([])
print(numbers, by_length, descending, stable, stable_reverse, empty)
