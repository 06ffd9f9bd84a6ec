# The % operator.
values = ["%d %5d %-5d| %05d" % (42, 42, 42, 42), "%s and %r" % ("text", "text"), "%x %X %o %#x" % (255, 255, 8, 255)]
floats = ["%f" % 3.14159, "%.2f" % 2.5, "%e" % 12345.678, "%g" % 0.0001, "%10.3f|" % 3.14159]
named = "%(name)s is %(age)d" % {"name": "Ada", "age": 36}
other = ["%c%c" % (65, "b"), "%%", "%5s|%-5s|" % ("ab", "cd"), "%.3s" % "abcdef"]
print(values, floats, named, other)
for bad in (lambda: "%d" % "x", lambda: "%d %d" % 1, lambda: "%d" % (1, 2), lambda: "%q" % 1):
    try:
        bad()
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)
