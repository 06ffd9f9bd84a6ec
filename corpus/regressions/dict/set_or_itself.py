# Found by a campaign: heap | set PySetObject.mask | finished
set3 = {int1 % 3 for int1 in range(3)}
set2 = set3 | set3
