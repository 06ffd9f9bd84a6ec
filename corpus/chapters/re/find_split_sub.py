# findall, finditer, split and sub.
import re

text = "one1two22three333"
print(re.findall(r"\d+", text), re.findall(r"([a-z])(\d)", text), [found.span() for found in re.finditer(r"[a-z]+", text)])
print(re.split(r"\d+", text), re.split(r"(\d)", "a1b2c", maxsplit=1))
print(re.sub(r"\d", "#", text), re.sub(r"(\w)(\d)", r"\2\1", "a1b2"), re.subn("x", "y", "xax"))
print(re.sub(r"\d+", lambda found: str(len(found.group())), text), re.escape("a.b*c"))
