value = 1
for number in range(1, 1500):
    value *= number
digits = value % 10**50
power = pow(3, 20000) % 1000000007
