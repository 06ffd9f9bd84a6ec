# datetime: every type's arithmetic, text, comparison, pickling and errors.
import copy
import pickle
import sys
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta, timezone, tzinfo


def attempt(label, function, *arguments, **keywords):
    try:
        print(label, repr(function(*arguments, **keywords)))
    except Exception as error:
        print(label, type(error).__name__, error)


class Zone(tzinfo):
    def __init__(self, offset, name="Z%one", dst=0):
        self.offset, self.name, self.saving = offset, name, dst

    def __repr__(self):
        return f"Zone({self.offset!r})"

    def utcoffset(self, when):
        return self.offset

    def dst(self, when):
        return timedelta(hours=self.saving)

    def tzname(self, when):
        return self.name


DELTAS = [timedelta(), timedelta(1), timedelta(-1, 5), timedelta(0, 86399, 999999), timedelta(weeks=3, hours=-7),
          timedelta(microseconds=-1), timedelta.max, timedelta.min, timedelta(days=1.5, seconds=0.1234565), timedelta(milliseconds=2.5)]
for one in DELTAS:
    print(repr(one), one, one.total_seconds(), hash(one), bool(one), one.__reduce__(), sys.getsizeof(one))
    attempt("-", lambda: (-one, abs(one), +one))
    for other in (DELTAS[1], DELTAS[5], 3, -7, 2.5, 0, 0.0, "x", None):
        for name in ("add", "sub", "mul", "rmul", "floordiv", "truediv", "mod", "divmod", "lt", "eq"):
            attempt((str(one), name, other), getattr(one, f"__{name}__"), other)
for keywords in ({"days": 10**9}, {"days": 10**40}, {"seconds": float("inf")}, {"days": float("nan")}, {"days": "x"}, {"bad": 1},
                 {"microseconds": 0.5}, {"microseconds": 1.5}, {"milliseconds": -0.0005}):
    attempt(keywords, timedelta, **keywords)
attempt("ratio", lambda: timedelta(3) * 1.1)
attempt("ratio", lambda: timedelta(3) / 0.3)
for day in (date.min, date.max, date(2000, 2, 29), date(2026, 12, 1), date(1900, 3, 1), date(2020, 12, 31), date(2021, 1, 3)):
    print(repr(day), day, day.toordinal(), day.weekday(), day.isoweekday(), day.isocalendar(), day.timetuple(), day.ctime(),
          hash(day), day.__reduce__(), day.strftime("%Y|%m|%d|%j|%U|%a|%%|%f"), format(day, "%d.%m.%y"), format(day), sys.getsizeof(day))
    attempt("+", lambda: day + timedelta(days=40))
    attempt("-", lambda: day - timedelta(days=40))
    attempt("-", lambda: day - date(2000, 1, 1))
    attempt("fromisocalendar", lambda: date.fromisocalendar(*day.isocalendar()) == day)
for arguments in ((0, 1, 1), (10000, 1, 1), (2000, 13, 1), (2001, 2, 29), (2000,), ("x", 1, 1), (1.5, 1, 1), (1, 1, 1, 1), (2**40, 1, 1)):
    attempt(arguments, date, *arguments)
for source in ("2020-01-02", "20200102", "2020-W01", "2020-W53-7", "2020W537", "2021-W53", "2020-1-2", "2020-01-02T", "x", "2020-13-01", 5):
    attempt(source, date.fromisoformat, source)
for arguments in ((2020, 53, 7), (2021, 53, 1), (2020, 0, 1), (2020, 1, 8), (0, 1, 1), (10**20, 1, 1)):
    attempt(arguments, date.fromisocalendar, *arguments)
attempt("ordinal", date.fromordinal, 0)
attempt("ordinal", date.fromordinal, 3652060)
attempt("replace", date(2020, 2, 29).replace, year=2021)
attempt("compare", lambda: date(2020, 1, 1) < datetime(2020, 1, 1))
attempt("compare", lambda: datetime(2020, 1, 1) < date(2020, 1, 1))
attempt("compare", lambda: date(2020, 1, 1) < 5)
print(date(2020, 1, 1) == datetime(2020, 1, 1), date(2020, 1, 1).__eq__(datetime(2020, 1, 1)))
plus = timezone(timedelta(hours=5, minutes=30))
named = timezone(timedelta(seconds=-3601), "NAME")
for zone in (UTC, plus, named, timezone.min, timezone.max, timezone(timedelta(microseconds=1))):
    print(repr(zone), zone, zone.utcoffset(None), zone.tzname(None), zone.dst(None), hash(zone), zone.__getinitargs__(),
          copy.deepcopy(zone) == zone, pickle.loads(pickle.dumps(zone)))
attempt("zone", timezone, timedelta(1))
attempt("zone", timezone, 5)
attempt("zone", timezone, timedelta(0), 5)
attempt("zone", timezone)
attempt("zone", UTC.utcoffset, 5)
attempt("zone", tzinfo().utcoffset, None)
TIMES = [time(), time(12, 30), time(23, 59, 59, 999999), time(1, 2, 3, tzinfo=plus), time(6, 32, 3, tzinfo=timezone(timedelta(hours=11))),
         time(1, 2, fold=1), time(1, tzinfo=Zone(timedelta(minutes=-1)))]
for one in TIMES:
    print(repr(one) if not isinstance(one.tzinfo, Zone) else "", one, hash(one), one.__reduce_ex__(4)[1][0], one.utcoffset(), one.dst(),
          one.tzname(), one.strftime("%H:%M:%S.%f %z %Z"), sys.getsizeof(one))
    for spec in ("auto", "hours", "minutes", "seconds", "milliseconds", "microseconds", "bad"):
        attempt(spec, one.isoformat, timespec=spec)
    for other in TIMES:
        attempt("<", lambda: (one == other, one < other))
for arguments in ((24,), (0, 60), (0, 0, 60), (0, 0, 0, 10**6), (0, 0, 0, 0, 5), (0, 0, 0, 0, None, 1), (-1,)):
    attempt(arguments, time, *arguments)
attempt("fold", time, fold=2)
for source in ("12", "1230", "12:30", "12:30:15", "12:30:15.5", "12:30:15,123456789", "T12:30Z", "12:30+05", "12:30-05:30:10.5", "12:3",
               "12:30:", "24:00", "12:30+24:00", "12:30Zx", "x", ""):
    attempt(source, time.fromisoformat, source)
    attempt(source, datetime.fromisoformat, "2020-02-03T" + source)
MOMENTS = [datetime.min, datetime.max, datetime(2026, 12, 1, 3, 4, 5, 6), datetime(2020, 2, 29, tzinfo=UTC),
           datetime(2020, 2, 29, 5, 30, tzinfo=plus), datetime(2020, 2, 28, 22, 58, 59, tzinfo=named), datetime(2020, 3, 1, fold=1),
           datetime(2020, 1, 1, 12, tzinfo=Zone(timedelta(hours=2), dst=1))]
for one in MOMENTS:
    aware = one.tzinfo is not None
    print(repr(one) if not isinstance(one.tzinfo, Zone) else "", one, one.isoformat(" ", "milliseconds"), hash(one), one.ctime(),
          one.timetuple(), one.utctimetuple() if one.year > 1 else "", one.__reduce_ex__(4)[1][0], one.date(), one.time(), one.timetz(),
          one.utcoffset(), one.dst(), one.tzname(), one.strftime("%Y-%m-%d %H:%M:%S.%f|%z|%Z|%j|%"), sys.getsizeof(one))
    attempt("timestamp", one.timestamp)
    attempt("astimezone", one.astimezone, UTC)
    attempt("astimezone", one.astimezone, plus)
    attempt("astimezone", one.astimezone)
    for other in MOMENTS:
        attempt("-", lambda: one - other)
        attempt("<", lambda: (one == other, one < other))
    for delta in DELTAS:
        attempt("+", lambda: one + delta)
    if not isinstance(one.tzinfo, Zone):
        for protocol in range(6):
            data = pickle.dumps(one, protocol)
            print(protocol, data, pickle.loads(data) == one, pickle.loads(data).fold)
for arguments in ((2020,), (2020, 1, 1, 24), (2020, 1, 1, 0, 0, 0, 0, 5), (2020, 1, 1, 0, 0, 0, 0, None, 1), ("x", 1, 1)):
    attempt(arguments, datetime, *arguments)
for source in ("2020-01-02", "20200102T030405", "2020-W10-3 12", "2020W103T1200", "2020-01-02\u20ac03:04", "2020-01-02T03:04:05.678+01:00",
               "2020-060", "2020-01-0203:04", "2020", "2020-01-02T", "x" * 20, 5, "2020-01-02\ud80003"):
    attempt(ascii(source), datetime.fromisoformat, source)
for value in (0, 1.5, -1.5, 1e10, 0.9999999, 1e20, float("nan"), "x", 253402300800):
    attempt(value, datetime.fromtimestamp, value)
    attempt(value, datetime.fromtimestamp, value, plus)
    attempt(value, datetime.utcfromtimestamp, value)
    attempt(value, date.fromtimestamp, value)
attempt("strptime", datetime.strptime, "2020-03-04 05:06:07.89 +0130", "%Y-%m-%d %H:%M:%S.%f %z")
attempt("strptime", datetime.strptime, "x", "%Y")
attempt("combine", datetime.combine, date(2020, 1, 1), time(1, 2, tzinfo=UTC))
attempt("combine", datetime.combine, date(2020, 1, 1), time(1, 2), named)
attempt("combine", datetime.combine, 5, time())
attempt("replace", MOMENTS[2].replace, hour=1, tzinfo=UTC, fold=1)
attempt("replace", MOMENTS[2].replace, month=13)
print(repr(time(1, fold=1, tzinfo=UTC)), repr(datetime(2020, 1, 1, fold=1, tzinfo=UTC)))
attempt("now", datetime.now, 5)
for bad in (Zone(5), Zone(timedelta(1)), Zone(None), Zone(timedelta(0), 5)):
    moment = datetime(2020, 1, 1, tzinfo=bad)
    attempt("bad", moment.utcoffset)
    attempt("bad", moment.isoformat)
    attempt("bad", moment.tzname)
    attempt("bad", lambda: moment.astimezone(UTC))


class Day(date):
    def __new__(cls, *arguments):
        made = super().__new__(cls, *arguments)
        made.extra = 7
        return made


class Moment(datetime):
    pass


day = Day(2020, 1, 1)
print(day + timedelta(1), type(day + timedelta(1)), type(day.replace(day=2)), day.extra, sys.getsizeof(day) > 32, pickle.dumps is not None)
moment = Moment(2020, 1, 1, tzinfo=UTC)
print(repr(moment), type(moment + timedelta(1)), type(moment.astimezone(plus)), type(Moment.fromtimestamp(0)), type(moment.date()))
print(abs((datetime.now() - datetime.utcnow()).total_seconds()) < 5, MAXYEAR, type(date.today()), type(datetime.now(UTC).tzinfo))
