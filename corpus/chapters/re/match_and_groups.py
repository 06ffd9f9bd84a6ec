# Matching, groups and spans.
import re

pattern = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)(-(\d\d))?")
full = pattern.match("2026-11-22 and more")
part = pattern.search("in 1999-05")
print(full.group(), full.groups(), full.groupdict(), full.span("month"), full.end())
print(part.groups(), part.start(4), pattern.groups, pattern.groupindex)
print(pattern.match("none"), re.fullmatch(r"a+", "aaa").span(), re.match("", "x").span())
