# Found by a campaign: outcome | how it ended | raised KeyError / raised TypeError
def function(b):
    pass
def call():
    try:
        function(b=0, **{'b': 0})
    except Exception as error:
        return type(error).__name__, error.args
print(call())
try:
    raise ValueError(0)
except ValueError:
    print(call())
print(call())
