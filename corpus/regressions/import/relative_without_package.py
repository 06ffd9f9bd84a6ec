# Found by a campaign: output | KeyError / ImportError
for namespace in ({}, {'__name__': 'm'}, {'__name__': 5}, {'__package__': 5}, {'__package__': ''}):
    try:
        exec('from . import d', namespace)
    except Exception as error:
        print(type(error).__name__, error)
    print(sorted(namespace)[-1])
