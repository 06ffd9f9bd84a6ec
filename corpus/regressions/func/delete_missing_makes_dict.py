# Found by a campaign: heap | function PyFunctionObject.func_dict (object / null) | finished
def callee1(a, *args, e=0, **rest):
    pass
try:
    del callee1.note
except Exception as error:
    pass
