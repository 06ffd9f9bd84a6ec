# Exception classes with fields, str and repr.
class AppError(Exception):
    code = 1

    def __init__(self, message, detail=None):
        super().__init__(message)
        self.detail = detail

    def __str__(self):
        return "%s [%s]" % (self.args[0], self.detail)


class NotFound(AppError, LookupError):
    code = 44


caught = []
for kind in (AppError, NotFound):
    try:
        raise kind("trouble", detail={"id": 7})
    except LookupError as error:
        caught.append(("lookup", error))
    except AppError as error:
        caught.append(("app", error))
print([(how, str(error), repr(error), error.code, error.__dict__) for how, error in caught])
empty = Exception()
two = Exception(1, "two")
print(str(empty), repr(empty), str(two), repr(two), NotFound.__mro__)
