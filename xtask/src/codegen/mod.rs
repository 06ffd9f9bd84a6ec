//! `codegen`: writes the tables that come from the oracle, or checks that the committed ones are current.

use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::settings;

/// A generator, and the files it makes, under the root of the repository.
struct Table {
    script: &'static str,
    outputs: &'static [&'static str],
    /// Whether the script writes into a folder; otherwise its output is the file.
    into_folder: bool,
}

const TABLES: [Table; 8] = [
    Table {
        script: "charmaps.py",
        outputs: &["vm/syntax/src/charmaps.rs"],
        into_folder: false,
    },
    Table {
        script: "interned.py",
        outputs: &["vm/compile/src/marshal/interned.txt"],
        into_folder: false,
    },
    Table {
        script: "encoding_names.py",
        outputs: &["vm/syntax/src/encodings/names.rs"],
        into_folder: false,
    },
    Table {
        script: "multibyte.py",
        outputs: &[
            "vm/ucd/src/multibyte/tables.rs",
            "vm/ucd/src/multibyte/tables.bin",
        ],
        into_folder: true,
    },
    Table {
        script: "opcodes.py",
        outputs: &["vm/abi/src/opcode.rs", "vm/compile/src/opcode/table.rs"],
        into_folder: true,
    },
    Table {
        script: "stringprep.py",
        outputs: &["vm/syntax/src/encodings/prepared/tables.rs"],
        into_folder: false,
    },
    Table {
        script: "tokens.py",
        outputs: &["vm/syntax/src/token/kinds.rs"],
        into_folder: false,
    },
    Table {
        script: "ucd_tables.py",
        outputs: &["vm/ucd/src/tables.rs", "vm/ucd/src/names.bin"],
        into_folder: true,
    },
];

#[derive(Args)]
pub struct CodegenArguments {
    /// Change nothing; fail if a committed table is not what the oracle gives.
    #[arg(long)]
    check: bool,
    /// The CPython 3.11 that the tables come from.
    #[arg(long, default_value = "python3")]
    python: String,
}

pub fn run(arguments: &CodegenArguments) -> Result<i32, String> {
    let mut stale = 0;
    for table in &TABLES {
        for (name, made) in generate(table, &arguments.python)? {
            let path = settings::root().join(name);
            if std::fs::read(&path).is_ok_and(|committed| committed == made) {
                println!("{name}: current");
                continue;
            }
            if arguments.check {
                println!("{name}: not what the oracle gives");
                stale += 1;
                continue;
            }
            std::fs::write(&path, made).map_err(|error| format!("{name}: {error}"))?;
            println!("{name}: written");
        }
    }
    Ok(if stale == 0 { 0 } else { settings::EXIT_NEW })
}

/// What a table's generator gives, by file.
fn generate(table: &Table, python: &str) -> Result<Vec<(&'static str, Vec<u8>)>, String> {
    let script = settings::root()
        .join("xtask/src/codegen")
        .join(table.script);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut command = Command::new(python);
    command.arg("-I").arg(&script);
    if table.into_folder {
        command.arg(folder.path());
    }
    let output = command
        .output()
        .map_err(|error| format!("{python} does not start: {error}"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}", table.script, told.trim_end()));
    }
    if !table.into_folder {
        return Ok(vec![(table.outputs[0], output.stdout)]);
    }
    let read = |name: &&'static str| {
        let file = Path::new(name).file_name().unwrap_or_default();
        let made = std::fs::read(folder.path().join(file));
        let made = made.map_err(|error| format!("{name}: {error}"))?;
        Ok((*name, made))
    };
    table.outputs.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_committed_table_is_what_the_oracle_gives() {
        for table in &TABLES {
            for (name, made) in generate(table, "python3").expect(table.script) {
                let committed = std::fs::read(settings::root().join(name)).expect(name);
                assert!(
                    committed == made,
                    "{name} is stale: run `cargo xtask codegen`"
                );
            }
        }
    }
}
