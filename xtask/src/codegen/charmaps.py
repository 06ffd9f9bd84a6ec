"""Prints `vm/syntax/src/charmaps.rs`: the single-byte encodings that the oracle's `encodings` package knows."""

import codecs
import encodings
import encodings.aliases
import os

# The parser knows these by heart, or they are no character maps.
SKIPPED = {"latin_1", "ascii", "aliases", "__init__", "utf_8", "oem", "mbcs", "charmap", "iso8859_1"}
UNDEFINED = 0xFFFF


def character_map(name):
    """What each byte stands for, or None if the encoding is not a plain map."""
    characters = []
    for byte in range(256):
        try:
            text = bytes([byte]).decode(name)
        except UnicodeDecodeError as error:
            if "character maps to <undefined>" not in str(error):
                return None
            characters.append(UNDEFINED)
            continue
        except Exception:
            return None
        if len(text) != 1 or ord(text) > 0xFFFD:
            return None
        characters.append(ord(text))
    return characters


def encodings_with_maps():
    names = {}
    for alias, module in encodings.aliases.aliases.items():
        names.setdefault(module, set()).add(alias)
    folder = os.path.dirname(encodings.__file__)
    for module in sorted(file[:-3] for file in os.listdir(folder) if file.endswith(".py")):
        if module in SKIPPED:
            continue
        try:
            is_text = codecs.lookup(module)._is_text_encoding
        except LookupError:
            continue
        characters = character_map(module) if is_text else None
        if characters:
            yield module, sorted({module} | names.get(module, set())), characters


def main():
    maps = list(encodings_with_maps())
    print("//! Single-byte encodings, written by the code generator from the oracle's `encodings` package; do not edit.")
    print("\n/// A byte that stands for nothing.\npub const UNDEFINED: u16 = 0xffff;\n")
    print("/// An encoding: its module, its names, normalised, and its 256 characters.\npub struct CharMap {")
    print("    pub module: &'static str,\n    pub names: &'static [&'static str],\n    pub characters: [u16; 256],\n}\n")
    print(f"#[rustfmt::skip]\npub static CHAR_MAPS: [CharMap; {len(maps)}] = [")
    for module, names, characters in maps:
        listed = ", ".join(f'"{name}"' for name in names)
        print(f'    CharMap {{\n        module: "{module}",\n        names: &[{listed}],\n        characters: [')
        for start in range(0, 256, 16):
            print("            " + " ".join(f"0x{code:04x}," for code in characters[start : start + 16]))
        print("        ],\n    },")
    print("];")


main()
