//! The rules that no evidence derived: what the decoder leaves out or shows in another form, each with its reason. Every
//! report lists them beside the rules that the proof of the reference gave.

/// A rule written by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandWrittenRule {
    pub what: &'static str,
    pub why: &'static str,
}

const fn rule(what: &'static str, why: &'static str) -> HandWrittenRule {
    HandWrittenRule { what, why }
}

/// All of them.
pub const HAND_WRITTEN_RULES: &[HandWrittenRule] = &[
    rule(
        "the reference count of an interned or static str is not compared",
        "everybody may hold it, so the count says nothing about the program",
    ),
    rule(
        "an interned str of one Latin-1 character is shown by its character",
        "code in the binary has such strings of its own, and which of two a program meets says nothing about it",
    ),
    rule(
        "hashes, places and orders that are made of an address are shown as such",
        "an address is another in every process; the members of such a set are compared in the order in which they are met",
    ),
    rule(
        "version tags of types, key tables and functions are compared by which are the same",
        "an interpreter counts them up over everything that it ever made",
    ),
    rule(
        "of a dict's version tag only that there is one is compared",
        "it counts the changes of all dicts since the process began",
    ),
    rule(
        "objects of library modules are shown by their names",
        "their insides are the library's; names that a program binds anew, and containers that it changes, are followed",
    ),
    rule(
        "what documents a new module or is written into it by the import system (__doc__, __file__, __spec__ and the like) is not compared",
        "whether a module is part of the binary, frozen or a file is the implementation's own affair",
    ),
    rule(
        "words of native objects that are addresses of no known object are shown as addresses",
        "what lies there cannot be told apart without its type",
    ),
    rule(
        "padding in the structs of _sre, and the workspace of its scanners, is not compared",
        "it holds what the memory held before, or what the last search left there",
    ),
    rule(
        "the members of a frozenset constant are sorted in the code stage",
        "their order depends on the address of None; the heap stage sees the table as it is",
    ),
];
