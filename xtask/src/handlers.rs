//! `handlers`: looks at the machine code of the eval loop's handlers.
//!
//! In release builds on x86-64 each opcode of the VM is a function that ends in a jump to the next
//! one (`vm/interp/src/eval/tail.rs`). That is an optimisation and not a promise of the language: a
//! handler that calls the next one instead costs stack with every instruction until there is none
//! left. So the disassembly is read, and whoever broke the rule is named.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::workers::{self, Worker};

#[derive(Args)]
pub struct HandlersArguments {
    /// The program to look at; without one, the VM's worker, built for release.
    #[arg(long, value_name = "PROGRAM")]
    program: Option<PathBuf>,
}

/// Where the handlers' names begin in a demangled symbol: of the quick forms, and of the general ones.
const HANDLERS: [(&str, &str); 2] = [
    ("quick", "twinheap_interp::eval::tail::handlers::"),
    ("general", "twinheap_interp::eval::tail::general_handlers::"),
];
/// The module whose functions all hand over with jumps.
const TAIL: &str = "twinheap_interp::eval::tail::";
/// The table has more opcodes than this; some handlers have the same code and are merged.
const FEWEST: usize = 120;

/// A function of the disassembly.
#[derive(Default)]
struct Function {
    name: String,
    instructions: Vec<String>,
}

/// What the rules say against a function; none where it keeps them.
fn complaint(function: &Function) -> Option<String> {
    let mut leaves = false;
    for instruction in &function.instructions {
        let (operation, operand) = instruction
            .split_once(char::is_whitespace)
            .unwrap_or((instruction, ""));
        let by_table = operand.trim_start().starts_with('*') && operand.contains(",8)");
        // A place inside a function is no way out of it.
        let to_tail = operand.contains(TAIL) && !operand.contains("+0x");
        if operation.starts_with("call") && (by_table || to_tail) {
            return Some(format!("calls the next handler: {instruction}"));
        }
        leaves |= operation.starts_with('j') && (by_table || to_tail);
    }
    (!leaves).then(|| "does not end in a jump to the next handler".to_string())
}

/// The functions of the tail-call driver in the text of a disassembly.
fn functions(disassembly: &str) -> Vec<Function> {
    let mut all: Vec<Function> = Vec::new();
    let mut inside = false;
    for line in disassembly.lines() {
        if let Some(head) = line.strip_suffix(">:") {
            let symbol = head.split_once('<').map_or("", |(_, symbol)| symbol);
            let found = HANDLERS
                .iter()
                .find_map(|(form, prefix)| Some((form, symbol.strip_prefix(prefix)?)));
            inside = found.is_some();
            if let Some((form, name)) = found {
                let opcode = name.split("::").next().unwrap_or(name);
                all.push(Function {
                    name: format!("{opcode} ({form} form)"),
                    instructions: Vec::new(),
                });
            }
        } else if inside
            && let Some((_, instruction)) = line.split_once('\t')
            && let Some(function) = all.last_mut()
        {
            function.instructions.push(instruction.trim().to_string());
        }
    }
    all
}

fn disassemble(program: &Path) -> Result<Option<String>, String> {
    let output = match Command::new("objdump")
        .args(["--disassemble", "--demangle", "--no-show-raw-insn"])
        .arg(program)
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("objdump does not run: {error}")),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("objdump {}: {said}", program.display()));
    }
    Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
}

pub fn run(arguments: &HandlersArguments) -> Result<i32, String> {
    if !cfg!(target_arch = "x86_64") {
        println!("skipped: on this machine the VM runs through a match, without handlers");
        return Ok(0);
    }
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => workers::build(&Worker::Reference)?.program,
    };
    let Some(disassembly) = disassemble(&program)? else {
        println!("skipped: objdump is missing (Debian: apt install binutils)");
        return Ok(0);
    };
    let functions = functions(&disassembly);
    if functions.len() < FEWEST {
        return Err(format!(
            "only {} handlers in {}: are its symbols stripped?",
            functions.len(),
            program.display()
        ));
    }
    let mut broken = 0;
    for function in &functions {
        if let Some(complaint) = complaint(function) {
            println!("{}: {complaint}", function.name);
            broken += 1;
        }
    }
    println!("{} handlers, {broken} broken", functions.len());
    Ok(i32::from(broken > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(body: &str) -> Vec<String> {
        let text = format!(
            "0000000000001000 <twinheap_interp::eval::tail::handlers::NOP::h0123456789abcdef>:\n{body}\n"
        );
        let complaints = functions(&text);
        complaints.iter().filter_map(complaint).collect()
    }

    #[test]
    fn a_jump_through_the_table_is_right() {
        assert!(
            broken("    1000:\tmovzbl (%rdx),%eax\n    1003:\tjmp    *0x10(%r9,%rax,8)").is_empty()
        );
    }

    #[test]
    fn a_call_through_the_table_is_named() {
        let complaints = broken("    1000:\tcall   *(%r9,%rax,8)\n    1003:\tret    ");
        assert_eq!(complaints, ["calls the next handler: call   *(%r9,%rax,8)"]);
    }

    #[test]
    fn a_call_of_a_handler_is_named() {
        let complaints = broken(
            "    1000:\tcall   2000 <twinheap_interp::eval::tail::dead::h00>\n    1003:\tret    ",
        );
        assert_eq!(complaints.len(), 1);
    }

    #[test]
    fn a_return_alone_is_named() {
        assert_eq!(
            broken("    1000:\tmov    %rax,%rbx\n    1003:\tret    "),
            ["does not end in a jump to the next handler"]
        );
    }
}
