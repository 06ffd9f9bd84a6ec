# The C library's locale and the system's log.
import _locale
import locale
import syslog


def tell(function, *arguments):
    try:
        print(getattr(function, "__name__", function), repr(function(*arguments)))
    except Exception as error:
        print(function.__name__, type(error).__module__, type(error).__name__, error)


for category in range(8):
    tell(_locale.setlocale, category)
for name in (None, "C", "POSIX", "C.UTF-8", "no_such", "a\0b", 3, b"C"):
    tell(_locale.setlocale, _locale.LC_ALL, name)
tell(_locale.setlocale)
tell(_locale.setlocale, "x", "C")
tell(_locale.setlocale, 1, 2, 3)
tell(_locale.setlocale, 1 << 40)
for key, value in _locale.localeconv().items():
    print(key, repr(value))
for pair in (("a", "b"), ("b", "a"), ("a", "a"), ("\u00e9", "f"), ("a\0", "a"), ("a", 1)):
    # The C library promises a sign, and nothing about the number.
    tell(lambda *pair: (lambda order: (order > 0) - (order < 0))(_locale.strcoll(*pair)), *pair)
for text in ("abc", "", "Z\u00e9\U0001f600", "a\0b", 1):
    tell(_locale.strxfrm, text)
for name in sorted(vars(_locale)):
    value = getattr(_locale, name)
    if isinstance(value, int) and not name.startswith(("LC_", "CHAR")):
        print(name)
        tell(_locale.nl_langinfo, value)
tell(_locale.nl_langinfo, -1)
tell(_locale.nl_langinfo, "x")
tell(_locale.getencoding)
tell(_locale.gettext, "a message that has no translation, \u00e9")
tell(_locale.dgettext, None, "text")
tell(_locale.dgettext, "domain", 1)
tell(_locale.dcgettext, "domain", "text", _locale.LC_MESSAGES)
tell(_locale.textdomain, None)
tell(_locale.textdomain, "domain")
tell(_locale.textdomain, 3)
tell(_locale.bindtextdomain, "", "/tmp")
tell(_locale.bindtextdomain, "domain", "/nowhere")
tell(_locale.bindtextdomain, "domain", None)
tell(_locale.bindtextdomain, "domain", 3)
tell(_locale.bind_textdomain_codeset, "domain", None)
tell(_locale.bind_textdomain_codeset, "domain", "UTF-8")
print(issubclass(locale.Error, Exception), locale.Error is _locale.Error)
tell(locale.getlocale)
tell(locale.normalize, "de_DE")
tell(locale.format_string, "%.2f", 1234567.891, True)
tell(locale.currency, 3)
tell(locale.delocalize, "1,5")

for arguments in ((), (1,), ("a", 2), (1, 2, 3), (1, 2)):
    tell(syslog.syslog, *arguments)
for function in (syslog.LOG_MASK, syslog.LOG_UPTO, syslog.setlogmask):
    for arguments in ((), ("x",), (1, 2), (1,), (7,), (255,)):
        tell(function, *arguments)
tell(syslog.openlog, 1)
tell(syslog.openlog, "a", "b")
tell(syslog.openlog, "a", 1, 2, 3)
tell(syslog.openlog, "name", syslog.LOG_PID, syslog.LOG_USER)
tell(syslog.syslog, "said by a test")
tell(syslog.syslog, syslog.LOG_DEBUG, "said by a test, with a \0 in it")
tell(syslog.closelog)
tell(syslog.closelog)
