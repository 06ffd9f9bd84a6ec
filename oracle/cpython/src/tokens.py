# The tokens of a source in the form of 3.11's C tokenizer, for the versions that give them otherwise:
# columns in bytes, no column for what has no place, comments and blank lines left out, no end marker.
# 3.12 and later are asked for the C tokenizer's own tokens; before 3.11 only the tokenizer written in Python gives any.


def byte_columns(source):
    lines = source.split("\n")

    def column(line, characters):
        if characters <= 0 or line < 1 or line > len(lines):
            return characters
        return len(lines[line - 1][:characters].encode("utf-8", "surrogatepass"))

    return column


def tokens_of_c(source):
    import _tokenize
    import io

    for kind, text, start, end, _ in _tokenize.TokenizerIter(io.StringIO(source).readline, extra_tokens=False):
        yield kind, text, start, end


def tokens_of_python(source):
    import io
    import token
    import tokenize

    keywords = {"async": token.ASYNC, "await": token.AWAIT}
    last_line = source.count("\n") + (not source.endswith("\n"))
    comment = previous_end = None
    for found in tokenize.generate_tokens(io.StringIO(source).readline):
        kind, text, start, end = found.exact_type, found.string, found.start, found.end
        if kind == token.COMMENT:
            comment = (kind, text, start, end)
            continue
        if kind == token.NL:
            comment = None
            continue
        if kind == token.ERRORTOKEN:
            raise SyntaxError
        if kind == token.NEWLINE:
            # The newline of a line that ends in a comment has the comment's place.
            text, start, end = comment[1:] if comment else ("", previous_end, previous_end)
        elif kind in (token.INDENT, token.DEDENT):
            line = min(start[0], last_line)
            text, start, end = "", (line, -1), (line, -1)
        elif kind == token.NAME:
            kind = keywords.get(text, kind)
        comment, previous_end = None, end
        yield kind, text, start, end


def tokens(source):
    import sys
    import token

    source = source.replace("\r\n", "\n").replace("\r", "\n")
    of_c = sys.version_info >= (3, 12)
    column = byte_columns(source)
    lines = []
    try:
        for kind, text, start, end in (tokens_of_c if of_c else tokens_of_python)(source):
            if kind != token.ENDMARKER:
                place = (start[0], column(*start), end[0], column(*end))
                lines.append((token.tok_name[kind], place, text))
        return lines, None
    except Exception as error:
        return lines, error if of_c else compiler_error(source, error)


def compiler_error(source, error):
    # The tokenizer written in Python has messages of its own; the one in C raises what compiling raises.
    try:
        compile(source, "<tokens>", "exec")
    except Exception as other:
        return other
    return error
