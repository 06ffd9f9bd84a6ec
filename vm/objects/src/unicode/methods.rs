//! The table of str's methods.

use super::{case, codecs, find, format, layout, percent, sequence};
use crate::{methods, slot};
use twinheap_abi::*;

methods! {
    pub(super) static UNICODE_METHODS:
    "encode" => keywords(codecs::unicode_encode, "($self, /, encoding=\'utf-8\', errors=\'strict\')");
    "replace" => fast(find::unicode_replace, "($self, old, new, count=-1, /)");
    "split" => keywords(find::unicode_split, "($self, /, sep=None, maxsplit=-1)");
    "rsplit" => keywords(find::unicode_rsplit, "($self, /, sep=None, maxsplit=-1)");
    "join" => o(find::unicode_join, "($self, iterable, /)");
    "capitalize" => noargs(case::unicode_capitalize, "($self, /)");
    "casefold" => noargs(case::unicode_casefold, "($self, /)");
    "title" => noargs(case::unicode_title, "($self, /)");
    "center" => fast(layout::unicode_center, "($self, width, fillchar=\' \', /)");
    "count" => varargs(find::unicode_count);
    "expandtabs" => keywords(layout::unicode_expandtabs, "($self, /, tabsize=8)");
    "find" => varargs(find::unicode_find);
    "partition" => o(find::unicode_partition, "($self, sep, /)");
    "index" => varargs(find::unicode_index);
    "ljust" => fast(layout::unicode_ljust, "($self, width, fillchar=\' \', /)");
    "lower" => noargs(case::unicode_lower, "($self, /)");
    "lstrip" => fast(find::unicode_lstrip, "($self, chars=None, /)");
    "rfind" => varargs(find::unicode_rfind);
    "rindex" => varargs(find::unicode_rindex);
    "rjust" => fast(layout::unicode_rjust, "($self, width, fillchar=\' \', /)");
    "rstrip" => fast(find::unicode_rstrip, "($self, chars=None, /)");
    "rpartition" => o(find::unicode_rpartition, "($self, sep, /)");
    "splitlines" => keywords(find::unicode_splitlines, "($self, /, keepends=False)");
    "strip" => fast(find::unicode_strip, "($self, chars=None, /)");
    "swapcase" => noargs(case::unicode_swapcase, "($self, /)");
    "translate" => o(layout::unicode_translate, "($self, table, /)");
    "upper" => noargs(case::unicode_upper, "($self, /)");
    "startswith" => varargs(find::unicode_startswith);
    "endswith" => varargs(find::unicode_endswith);
    "removeprefix" => o(find::unicode_removeprefix, "($self, prefix, /)");
    "removesuffix" => o(find::unicode_removesuffix, "($self, suffix, /)");
    "isascii" => noargs(case::unicode_isascii, "($self, /)");
    "islower" => noargs(case::unicode_islower, "($self, /)");
    "isupper" => noargs(case::unicode_isupper, "($self, /)");
    "istitle" => noargs(case::unicode_istitle, "($self, /)");
    "isspace" => noargs(case::unicode_isspace, "($self, /)");
    "isdecimal" => noargs(case::unicode_isdecimal, "($self, /)");
    "isdigit" => noargs(case::unicode_isdigit, "($self, /)");
    "isnumeric" => noargs(case::unicode_isnumeric, "($self, /)");
    "isalpha" => noargs(case::unicode_isalpha, "($self, /)");
    "isalnum" => noargs(case::unicode_isalnum, "($self, /)");
    "isidentifier" => noargs(case::unicode_isidentifier, "($self, /)");
    "isprintable" => noargs(case::unicode_isprintable, "($self, /)");
    "zfill" => o(layout::unicode_zfill, "($self, width, /)");
    "format" => varargs_keywords(format::unicode_format);
    "format_map" => o(format::unicode_format_map);
    "__format__" => o(format::unicode_dunder_format, "($self, format_spec, /)");
    "maketrans" => fast(layout::unicode_maketrans) | METH_STATIC;
    "__sizeof__" => noargs(sequence::unicode_sizeof, "($self, /)");
    "__getnewargs__" => noargs(sequence::unicode_getnewargs);
}

/// `nb_remainder`: `%` formatting.
pub(super) const REMAINDER: Option<binaryfunc> = slot!(binary percent::unicode_mod);
