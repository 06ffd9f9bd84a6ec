# Infinities, nan, and signed zero.
infinity = float("inf")
minus = -infinity
nan = float("nan")
zero = 0.0
minus_zero = -zero
results = [infinity > 1e308, minus < 0, nan == nan, nan != nan, zero == minus_zero, infinity - infinity]
kept = [nan]
print(results[:5], repr(results[5]), nan in kept, [nan] == kept, [float("nan")] == kept)
print(repr(minus_zero), str(infinity), 1e308 * 10, hash(infinity), hash(minus), hash(0.0))
