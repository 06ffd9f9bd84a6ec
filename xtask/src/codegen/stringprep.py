"""Prints vm/syntax/src/encodings/prepared/tables.rs: what RFC 3454 says of characters, by the oracle's stringprep."""

import stringprep


def ranges(holds):
    found = []
    for code in range(0x110000):
        if not holds(chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def is_prohibited(char):
    """The tables that nameprep forbids."""
    return any(
        (
            stringprep.in_table_c12(char),
            stringprep.in_table_c22(char),
            stringprep.in_table_c3(char),
            stringprep.in_table_c4(char),
            stringprep.in_table_c5(char),
            stringprep.in_table_c6(char),
            stringprep.in_table_c7(char),
            stringprep.in_table_c8(char),
            stringprep.in_table_c9(char),
        )
    )


def print_ranges(name, doc, rows):
    print(f"\n/// {doc}")
    print(f"pub static {name}: [(u32, u32); {len(rows)}] = [")
    for first, last in rows:
        print(f"    (0x{first:x}, 0x{last:x}),")
    print("];")


def main():
    print("//! What RFC 3454 says of characters, written by the code generator from the oracle; do not edit.")
    print_ranges("MAPPED_TO_NOTHING", "Table B.1: first and last code points.", ranges(stringprep.in_table_b1))
    print_ranges("PROHIBITED", "What a label must not have in it: first and last code points.", ranges(is_prohibited))
    rows = []
    for code in range(0x110000):
        folded = stringprep.map_table_b3(chr(code))
        if folded != chr(code).lower():
            rows.append((code, folded))
    print("\n/// What table B.3 folds otherwise than lower case does.")
    print(f"pub static FOLDED: [(u32, &str); {len(rows)}] = [")
    for code, folded in rows:
        text = "".join(f"\\u{{{ord(char):x}}}" for char in folded)
        print(f'    (0x{code:x}, "{text}"),')
    print("];")


main()
