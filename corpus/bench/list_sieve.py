limit = 300000
sieve = [True] * limit
primes = []
for number in range(2, limit):
    if sieve[number]:
        primes.append(number)
        for multiple in range(number * number, limit, number):
            sieve[multiple] = False
