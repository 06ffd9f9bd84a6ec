# Found by a campaign: output | TypeError: expected argument got
import operator

for call in (
    lambda: ''.__mul__(),
    lambda: (1).__pow__(),
    lambda: [].__setitem__(1),
    lambda: (1).__add__(),
    lambda: set().update(a=1),
    lambda: operator.concat([], 0),
    lambda: operator.concat(1, 2),
    lambda: operator.setitem('', 1 << 70, 0),
    lambda: iter('').__setstate__(''),
    lambda: iter(range(1 << 70)).__setstate__(''),
):
    try:
        call()
    except (TypeError, IndexError) as error:
        print(type(error).__name__, error)
