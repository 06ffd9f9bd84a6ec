//! The topics, and for each the table of what is drawn for it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::assembly::Assembly;
use crate::table::Table;

macro_rules! topics {
    ($($variant:ident $name:literal $text:expr;)*) => {
        /// A topic of the chapters; every program is drawn for one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Topic {
            $($variant,)*
        }

        impl Topic {
            /// Every topic.
            pub const ALL: &'static [Topic] = &[$(Topic::$variant,)*];

            pub fn name(self) -> &'static str {
                match self {
                    $(Topic::$variant => $name,)*
                }
            }

            fn text(self) -> &'static str {
                match self {
                    $(Topic::$variant => $text,)*
                }
            }
        }
    };
}

topics! {
    Dict "dict" include_str!("dict.ops");
    Int "int" include_str!("int.ops");
    Str "str" include_str!("str.ops");
    List "list" include_str!("list.ops");
    Pickle "pickle" include_str!("pickle.ops");
    Re "re" include_str!("re.ops");
    Exception "exception" include_str!("exception.ops");
    Set "set" include_str!("set.ops");
    Tuple "tuple" include_str!("tuple.ops");
    Bytes "bytes" include_str!("bytes.ops");
    Bytearray "bytearray" include_str!("bytearray.ops");
    Float "float" include_str!("float.ops");
    Complex "complex" include_str!("complex.ops");
    Func "func" include_str!("func.ops");
    Method "method" include_str!("method.ops");
    Class "class" include_str!("class.ops");
    Descr "descr" include_str!("descr.ops");
    Slots "slots" include_str!("slots.ops");
    Iter "iter" include_str!("iter.ops");
    Gen "gen" include_str!("gen.ops");
    Async "async" include_str!("async.ops");
    Enum "enum" include_str!("enum.ops");
    Io "io" include_str!("io.ops");
    Gc "gc" include_str!("gc.ops");
    Import "import" include_str!("import.ops");
    Frame "frame" include_str!("frame.ops");
    Code "code" include_str!("code.ops");
    Object "object" include_str!("object.ops");
    Thread "thread" include_str!("thread.ops");
    Reentry "reentry" include_str!("reentry.ops");
}

impl Topic {
    /// The seven with which campaigns begin.
    pub const FIRST: &'static [Topic] = &[
        Topic::Dict,
        Topic::Int,
        Topic::Str,
        Topic::List,
        Topic::Pickle,
        Topic::Re,
        Topic::Exception,
    ];

    pub fn parse(name: &str) -> Option<Topic> {
        Topic::ALL
            .iter()
            .copied()
            .find(|topic| topic.name() == name)
    }

    /// The tables of the topic, put together once.
    pub(crate) fn assembly(self) -> &'static Assembly {
        static ASSEMBLIES: OnceLock<Vec<OnceLock<Assembly>>> = OnceLock::new();
        let all = ASSEMBLIES.get_or_init(|| Topic::ALL.iter().map(|_| OnceLock::new()).collect());
        all[self as usize].get_or_init(|| Assembly::new(self))
    }

    /// The topic's own table.
    pub(crate) fn table(self) -> &'static Table {
        static TABLES: OnceLock<Vec<OnceLock<Table>>> = OnceLock::new();
        let all = TABLES.get_or_init(|| Topic::ALL.iter().map(|_| OnceLock::new()).collect());
        all[self as usize].get_or_init(|| parsed(self.name(), self.text()))
    }
}

/// The table that every topic shares.
pub(crate) fn base() -> &'static Table {
    static BASE: OnceLock<Table> = OnceLock::new();
    BASE.get_or_init(|| parsed("base", include_str!("base.ops")))
}

/// Every feature that some rule of some topic needs by name, for checking that each can be probed.
pub fn needed_features() -> BTreeSet<&'static str> {
    let tables = Topic::ALL.iter().map(|topic| topic.table());
    let sections = tables
        .chain([base()])
        .flat_map(|table| table.sections.values());
    sections
        .flatten()
        .flat_map(|rule| rule.needs.iter().copied())
        .collect()
}

fn parsed(name: &str, text: &'static str) -> Table {
    Table::parse(text).unwrap_or_else(|reason| panic!("topics/{name}.ops: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Hole;

    /// Every kind that a hole asks for can be made somehow, and every name of a prelude means something.
    #[test]
    fn tables_ask_only_for_what_there_is() {
        let mut missing = BTreeSet::new();
        for topic in Topic::ALL {
            let assembly = topic.assembly();
            let known = |kind: &str| {
                assembly.sections.contains_key(kind) || assembly.makers.contains_key(kind)
            };
            for (section, rules) in &assembly.sections {
                for weighted in rules {
                    weighted.rule.holes(&mut |hole| {
                        let (Hole::Expression(kind)
                        | Hole::Literal(kind)
                        | Hole::Variable(kind)
                        | Hole::Rebind(kind)
                        | Hole::Body(kind)) = hole
                        else {
                            return;
                        };
                        if !known(kind) {
                            missing.insert((topic.name(), *section, *kind));
                        }
                    });
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn topics_are_known_by_name() {
        for topic in Topic::ALL {
            assert_eq!(Topic::parse(topic.name()), Some(*topic));
        }
        assert_eq!(Topic::parse("nothing"), None);
    }
}
