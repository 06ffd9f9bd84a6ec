# csv: dialects, reading and writing, the errors.
import csv
import io


def attempt(label, function, *arguments, **keywords):
    try:
        print(label, repr(function(*arguments, **keywords)).split(" at 0x")[0])
    except Exception as error:
        print(label, type(error).__name__, error)


def written(rows, **settings):
    out = io.StringIO()
    csv.writer(out, **settings).writerows(rows)
    return out.getvalue()


ROWS = [[1, 2.5, None, "a,b", 'say "hi"', "line\nbreak"], ["", "x"], [], [""], [True, b"bytes", "\\"]]
for quoting in range(4):
    for double in (True, False):
        for escape in (None, "\\"):
            attempt(
                ("write", quoting, double, escape), written, ROWS, quoting=quoting, doublequote=double, escapechar=escape
            )
attempt("empty", written, [[""]], quoting=csv.QUOTE_NONE)
attempt("row", written, [1])
LINES = ["a,b,c", '"x ""y"" z",1,', "", "p, q", 'e\\,f,"g\\"h"', '"open\n', 'still",z', "a\rb", '"bad"x,1', "1.5,'t'"]
for settings in ({}, {"strict": True}, {"escapechar": "\\"}, {"skipinitialspace": True}, {"quotechar": "'"}, {"quoting": 3},
                 {"delimiter": ";"}, {"doublequote": False}):
    for start in range(len(LINES)):
        attempt((settings, start), lambda: list(csv.reader(LINES[start:start + 3], **settings)))
attempt("numbers", lambda: list(csv.reader(['1,"2",3'], quoting=csv.QUOTE_NONNUMERIC)))
attempt("numbers", lambda: list(csv.reader(["x"], quoting=csv.QUOTE_NONNUMERIC)))
attempt("bytes", lambda: list(csv.reader([b"x"])))
reader = csv.reader(["a", '"b\n', 'c"', "d"])
for row in reader:
    print(row, reader.line_num)
print(csv.field_size_limit(5))
attempt("limit", lambda: list(csv.reader(["abcdefgh"])))
attempt("limit", csv.field_size_limit, "x")
csv.field_size_limit(131072)
for settings in ({"delimiter": ""}, {"delimiter": None}, {"delimiter": 5}, {"quotechar": "ab"}, {"quotechar": None},
                 {"quoting": 9}, {"quoting": "x"}, {"lineterminator": None}, {"lineterminator": 5}, {"escapechar": 3}, {"bad": 1}):
    attempt(settings, csv.reader, [], **settings)
    attempt(settings, csv.writer, io.StringIO(), **settings)
attempt("write", csv.writer, 5)
attempt("read", csv.reader, 5)
attempt("read", csv.reader)
csv.register_dialect("mine", delimiter="|", quoting=csv.QUOTE_ALL)
mine = csv.get_dialect("mine")
print([getattr(mine, name) for name in dir(mine) if not name.startswith("_")])
print(sorted(csv.list_dialects()), written([[1, 2]], dialect="mine"))
csv.unregister_dialect("mine")
attempt("gone", csv.get_dialect, "mine")
attempt("gone", csv.unregister_dialect, "mine")
attempt("name", csv.register_dialect, 5)
attempt("pickle", mine.__reduce_ex__, 2)
attempt("sniff", lambda: csv.Sniffer().sniff("a;b\n1;2\n").delimiter)
