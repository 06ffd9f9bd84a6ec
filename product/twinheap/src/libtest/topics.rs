//! Which of CPython's test files speak of a topic of the chapters.

/// Topics and their files.
pub const TOPICS: &[(&str, &[&str])] = &[
    (
        "dict",
        &[
            "test_dict",
            "test_dictviews",
            "test_userdict",
            "test_ordered_dict",
        ],
    ),
    ("int", &["test_long", "test_int", "test_bool"]),
    (
        "str",
        &[
            "test_unicode",
            "test_str",
            "test_format",
            "test_fstring",
            "test_string",
            "test_codecs",
        ],
    ),
    ("set", &["test_set"]),
    ("list", &["test_list", "test_sort"]),
    ("tuple", &["test_tuple"]),
    ("bytes", &["test_bytes"]),
    (
        "bytearray",
        &["test_bytes", "test_memoryview", "test_buffer"],
    ),
    ("float", &["test_float", "test_strtod"]),
    ("complex", &["test_complex"]),
    (
        "func",
        &[
            "test_funcattrs",
            "test_call",
            "test_extcall",
            "test_keywordonlyarg",
            "test_positional_only_arg",
            "test_scope",
        ],
    ),
    ("method", &["test_descr", "test_inspect"]),
    (
        "iter",
        &[
            "test_iter",
            "test_iterlen",
            "test_enumerate",
            "test_range",
            "test_slice",
        ],
    ),
    (
        "gen",
        &[
            "test_generators",
            "test_genexps",
            "test_coroutines",
            "test_asyncgen",
            "test_yield_from",
        ],
    ),
    (
        "class",
        &[
            "test_class",
            "test_descr",
            "test_super",
            "test_metaclass",
            "test_property",
            "test_abc",
            "test_types",
        ],
    ),
    ("enum", &["test_enumerate", "test_enum"]),
    (
        "io",
        &[
            "test_io",
            "test_fileio",
            "test_bufio",
            "test_memoryio",
            "test_univnewlines",
        ],
    ),
    (
        "pickle",
        &[
            "test_pickle",
            "test_pickletools",
            "test_copyreg",
            "test_copy",
        ],
    ),
    ("re", &["test_re"]),
    ("async", &["test_asyncio"]),
    (
        "thread",
        &[
            "test_thread",
            "test_threading",
            "test_threading_local",
            "test_queue",
        ],
    ),
    ("gc", &["test_gc", "test_weakref", "test_finalization"]),
    ("descr", &["test_descr", "test_descrtut"]),
    (
        "exception",
        &[
            "test_exceptions",
            "test_raise",
            "test_traceback",
            "test_with",
            "test_exception_group",
            "test_except_star",
            "test_baseexception",
        ],
    ),
    (
        "import",
        &[
            "test_import",
            "test_importlib",
            "test_module",
            "test_pkg",
            "test_zipimport",
        ],
    ),
    (
        "frame",
        &["test_frame", "test_sys_settrace", "test_sys_setprofile"],
    ),
    (
        "code",
        &["test_code", "test_dis", "test_marshal", "test_peepholer"],
    ),
    ("slots", &["test_descr", "test_reprlib"]),
    ("object", &["test_finalization", "test_sys"]),
    (
        "syntax",
        &[
            "test_grammar",
            "test_syntax",
            "test_tokenize",
            "test_eof",
            "test_unparse",
            "test_lib2to3",
        ],
    ),
    ("ast", &["test_ast", "test_type_comments"]),
    (
        "compile",
        &[
            "test_compile",
            "test_symtable",
            "test_dis",
            "test_peepholer",
        ],
    ),
];

/// The files of a topic.
pub fn files_of(topic: &str) -> Result<&'static [&'static str], String> {
    let found = TOPICS.iter().find(|(name, _)| *name == topic);
    found.map(|(_, files)| *files).ok_or_else(|| {
        let names: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
        format!("there is no topic {topic}; there are {}", names.join(", "))
    })
}
