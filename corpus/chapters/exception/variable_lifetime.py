# The name bound by except is deleted at the end of the clause.
import sys

kept = None
try:
    raise ValueError("short-lived")
except ValueError as error:
    kept = error
    during = sys.exc_info()[0]
try:
    error
except NameError as problem:
    message = str(problem)
    name = problem.name
after = sys.exc_info()
print(message, name, during, after, kept.args)
