"""Prints `vm/syntax/src/encodings/names.rs`: what each name of an encoding stands for, but for the character maps."""

import codecs
import encodings
import encodings.aliases
import os


def is_character_map(module):
    """Whether the parser has the encoding as a table of 256 characters."""
    try:
        bytes([0x21]).decode(module)
        source = open(os.path.join(os.path.dirname(encodings.__file__), module + ".py")).read()
    except (LookupError, UnicodeError):
        return False
    return "decoding_table" in source


def main():
    folder = os.path.dirname(encodings.__file__)
    modules = sorted(file[:-3] for file in os.listdir(folder) if file.endswith(".py"))
    names, not_text = {}, []
    for module in modules:
        try:
            is_text = codecs.lookup(module)._is_text_encoding
        except LookupError:
            continue
        if not is_text:
            not_text.append(module)
        elif is_character_map(module):
            continue
        names[module] = module
    for alias, module in encodings.aliases.aliases.items():
        if module in names:
            names[alias] = module
    print("//! The names of encodings that are no character maps. Written by the code generator; do not edit.")
    print("\n/// A normalised name, and the module of the `encodings` package that it stands for; in order.")
    print(f"#[rustfmt::skip]\npub static NAMES: [(&str, &str); {len(names)}] = [")
    for name, module in sorted(names.items()):
        print(f'    ("{name}", "{module}"),')
    print("];\n\n/// The modules whose encodings do not make text of bytes.")
    print(f"#[rustfmt::skip]\npub static NOT_TEXT: [&str; {len(not_text)}] = [")
    print("    " + " ".join(f'"{module}",' for module in not_text))
    print("];")


main()
