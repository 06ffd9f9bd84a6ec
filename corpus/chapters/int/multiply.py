# Schoolbook multiplication, squares, and Karatsuba for long factors.
short = 123456789 * 987654321
square = (1 << 100) + 1
squared = square * square
long_factor = 3 ** 1200
other_factor = 7 ** 900
product = long_factor * other_factor
check = product % 1000000007
lopsided = long_factor * 12345
print(short, squared, check, lopsided % 999999937)
print(product == other_factor * long_factor, product.bit_length())
