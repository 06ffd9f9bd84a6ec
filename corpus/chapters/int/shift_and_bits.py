# Shifts and bit operations treat negative ints as endless two's complement.
value = 0x123456789ABCDEF0123456789ABCDEF
left = [value << count for count in (0, 1, 29, 30, 31, 60)]
right = [value >> count for count in (0, 1, 29, 30, 31, 60, 200)]
negative = [-value >> count for count in (1, 30, 200)]
mask = (1 << 70) - 1
combined = [value & mask, value | mask, value ^ mask, ~value, -value & mask, -value | mask, -value ^ mask]
print(left[2], right[3], negative)
print(combined)
try:
    1 << -1
except ValueError as error:
    print(error)
print(bin(10), oct(-64), hex(255), (255).bit_count())
