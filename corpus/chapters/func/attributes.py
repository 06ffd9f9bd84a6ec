# Every writable field of a function.
def function(a: int, b: "text" = 2) -> float:
    "What it says of itself."
    return a * b


function.extra = [1, 2]
function.__name__ = "renamed"
copied = function
function.__defaults__ = (5,)
annotations = function.__annotations__
print(function.__name__, function.__qualname__, function.__doc__, function.__module__, function.__dict__)
print(function(3), annotations, function.__code__.co_varnames, function.__code__.co_firstlineno)
bare = lambda: None
print(bare.__name__, bare.__doc__, bare.__defaults__, bare.__closure__)
try:
    function.__code__ = 3
except TypeError as error:
    print(error)
