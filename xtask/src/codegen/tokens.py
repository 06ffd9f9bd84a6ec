"""Prints `vm/syntax/src/token/kinds.rs`: kinds of token, operators and keywords, from the oracle's own modules."""

import _tokenize
import keyword
import re
import token

# The words that the names of kinds are made of, the longer ones first.
WORDS = re.compile("DOUBLE|SHIFT|EQUAL|COMMENT|IGNORE|KEYWORD|MARKER|LEFT|RIGHT|[A-Z]+?(?=EQUAL|SHIFT|MARKER|$)")


def variant(name):
    """A kind's name as a Rust one: `DOUBLESLASHEQUAL` is `DoubleSlashEqual`."""
    if name == "ERRORTOKEN":
        return "Error"
    words = [word for part in name.split("_") for word in WORDS.findall(part)]
    assert "".join(words) == name.replace("_", ""), (name, words)
    return "".join(word.capitalize() for word in words)


def operators():
    """Every operator with its kind; the tokenizer also reads the one that `barry_as_FLUFL` brings."""
    found = dict(token.EXACT_TOKEN_TYPES)
    flufl = [(text, kind) for text, kind, *_ in _tokenize.TokenizerIter("1<>2")][1]
    assert flufl[0] == "<>", flufl
    found["<>"] = flufl[1]
    return sorted((text, variant(token.tok_name[kind])) for text, kind in found.items())


def chars_function(out, count, meaning):
    names = ["c", "next", "third"][:count]
    wanted = [(text, kind) for text, kind in operators() if len(text) == count]
    arguments = ", ".join(f"{name}: u8" for name in names)
    result, subject = ("Tok", "c") if count == 1 else ("Option<Tok>", f"({', '.join(names)})")
    function = {1: "one_char", 2: "two_chars", 3: "three_chars"}[count]
    out += ["", f"/// {meaning}", "#[rustfmt::skip]", f"pub fn {function}({arguments}) -> {result} {{"]
    out.append(f"    match {subject} {{" if count == 1 else f"    Some(match {subject} {{")
    for text, kind in wanted:
        bytes_of = [f"b'{c}'" for c in text]
        pattern = bytes_of[0] if count == 1 else f"({', '.join(bytes_of)})"
        out.append(f"        {pattern} => Tok::{kind},")
    out.append("        _ => Tok::Op," if count == 1 else "        _ => return None,")
    out.append("    }" if count == 1 else "    })")
    out.append("}")


def main():
    kinds = [token.tok_name[number] for number in range(token.ERRORTOKEN + 1)]
    # These two are names to the tokenizer's table, and kinds of their own that are numbered above.
    words = [word for word in keyword.kwlist if word not in ("async", "await")]
    out = [
        "//! CPython 3.11's kinds of token, operators and keywords. Written by the code generator; do not edit.",
        "",
        "/// One kind of token; the keywords are kinds of their own.",
        "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]",
        "#[repr(u8)]",
        "pub enum Tok {",
    ]
    variants = [variant(kind) for kind in kinds] + [word.capitalize() for word in words]
    assert len(set(variants)) == len(variants)
    out += [f"    {name}{' = 0' if number == 0 else ''}," for number, name in enumerate(variants)]
    out += ["}", "", "/// The names that the `token` module gives the kinds, by number.", "#[rustfmt::skip]"]
    out.append(f"pub const KIND_NAMES: [&str; {len(kinds)}] = [")
    out += [f'    "{kind}",' for kind in kinds]
    out += ["];", "", "/// The reserved words in the order of their kinds; the names table starts with them.", "#[rustfmt::skip]"]
    out.append(f"pub const KEYWORDS: [(&str, Tok); {len(words)}] = [")
    out += [f'    ("{word}", Tok::{word.capitalize()}),' for word in words]
    out += ["];", "", "/// Names that the grammar treats as keywords in places."]
    soft = ", ".join(f'"{word}"' for word in keyword.softkwlist)
    out.append(f"pub const SOFT_KEYWORDS: [&str; {len(keyword.softkwlist)}] = [{soft}];")
    everything = operators()
    out += ["", "/// Every operator's text and kind.", "#[rustfmt::skip]"]
    out.append(f"pub const OPERATORS: [(&str, Tok); {len(everything)}] = [")
    out += [f'    ("{text}", Tok::{kind}),' for text, kind in everything]
    out.append("];")
    chars_function(out, 1, "The kind of an operator of one character, or `Op` if it is none.")
    chars_function(out, 2, "The kind of an operator of two characters.")
    chars_function(out, 3, "The kind of an operator of three characters.")
    print("\n".join(out))


main()
