# A start behind the end is no error: `match` still finds what asks for no character.
import re

PATTERNS = ['', 'a', 'a*', 'a*?', 'a*+', '$', '^', r'\A', r'\Z', r'\b', r'\B', '(?m)$', '(?m)^',
            '()', '(a|)', '(a)?', '(?:ab)*', r'()\1', '(?=a)', '(?!a)', '(?<=a)', '(?<!a)', '(?>a|)',
            r'(a)?(?(1)b|)', '(?:a|b)*?']
BOUNDS = [-1, 0, 1, 2, 3, 4, 1 << 62, -(1 << 62)]


def shown(found):
    return found and (found.regs, found.pos, found.endpos, found.lastindex)


for pattern in map(re.compile, PATTERNS):
    for text in '', 'a', 'ba\n', 'a\nb':
        for pos in BOUNDS:
            for endpos in BOUNDS:
                results = [shown(getattr(pattern, name)(text, pos, endpos))
                           for name in ('match', 'fullmatch', 'search')]
                scanner = pattern.scanner(text, pos, endpos)
                results += [shown(scanner.match()), shown(scanner.search()), shown(scanner.match())]
                results += pattern.findall(text, pos, endpos)
                if any(results):
                    print(pattern.pattern, ascii(text), pos, endpos, results)
