# Found by a campaign: output | stdout: missing line True / False | finished
class Name(str):
    pass
long1, name1 = 'ab' * 3, Name('a')
print('%s' % long1 is long1, '{}'.format(long1) is long1, '%r' % long1 is long1, long1.format() is long1)
print(long1.replace('a', 'a') is long1, long1 + Name('') is long1, long1 + '' is long1)
print(name1.strip() is 'a'.upper().lower(), type(name1.partition('z')[0]).__name__, type(name1 + '').__name__)
any1, any2, any3 = name1.partition('z'), name1.split(), name1.removeprefix('')
print((1,).__getnewargs__()[0] is (1,))
bytes1 = b'ab'.translate(None, b'b')
