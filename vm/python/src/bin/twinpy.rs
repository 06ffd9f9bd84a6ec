//! `twinpy`: runs a Python program in the reference VM, as `python3` would.

use std::io::Read;
use std::process::ExitCode;
use twinheap_python::command_line::{self, CommandLine, Request};
use twinheap_python::{Config, Vm, run_main};

const HELP: &str = "\
usage: twinpy [OPTION ...] [-c CODE | -m MODULE | FILE | -] [ARG ...]

Runs a Python 3.11 program in the Twinheap VM.

  FILE       the program's file; '-' reads it from standard input
  -c CODE    the program itself
  -m MODULE  a module of the library or of the working directory
  ARG ...    what the program finds in sys.argv

Options, as those of python3:
  -E         ignore the variables PYTHON* of the environment
  -I         isolated: -E, -P and -s
  -O, -OO    leave out assert statements; docstrings too
  -P         do not put the program's folder into sys.path
  -q, -s     shown in sys.flags
  -u         standard output and error without buffers
  -W FILTER  a filter of warnings, as in action:message:category:module:line
  -x         skip the first line of the program
  -X dev     the developer's mode: default warnings, and the debug heap, whose blocks are checked when they
             are freed; PYTHONMALLOC=debug asks for the latter alone
  -X NAME[=VALUE]  shown in sys._xoptions
  -B, -R, -S accepted: the VM writes no bytecode, draws no seed for hashes, and runs no site
  -V, --version; -h, --help

Variables: PYTHONPATH, PYTHONOPTIMIZE, PYTHONWARNINGS, PYTHONUNBUFFERED, PYTHONDEVMODE, PYTHONNOUSERSITE,
PYTHONSAFEPATH, PYTHONWARNDEFAULTENCODING, PYTHONMALLOC.
";

/// `_Py_abspath`: the file as tracebacks and `__file__` name it.
fn absolute(file: String) -> String {
    match std::env::current_dir() {
        Ok(folder) if !file.starts_with('/') => {
            let file = file.strip_prefix("./").unwrap_or(&file);
            format!("{}/{file}", folder.display())
        }
        _ => file,
    }
}

/// The size of the thread's stack: generous, as it costs nothing until it is used, but a small part of the
/// address space where that is limited.
fn stack_size() -> usize {
    const MOST: usize = 512 << 20;
    const LEAST: usize = 16 << 20;
    twinheap_python::address_space().map_or(MOST, |space| (space / 12).clamp(LEAST, MOST))
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let line = match command_line::parse(&words[1..], variable) {
        Ok(line) => line,
        Err(reason) => {
            eprint!("twinpy: {reason}\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let CommandLine {
        request,
        argv,
        options,
    } = line;
    twinheap_python::locale::take_from_environment(options.flags.ignore_environment);
    if options.flags.dev_mode {
        twinheap_python::enable_debug_heap();
    }
    let (source, filename) = match request {
        Request::Help => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Request::Version => {
            println!("Twinheap VM {} (Python 3.11)", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Request::Code(code) => (code.into_bytes(), "<string>".to_string()),
        Request::Module(module) => {
            let code = format!("import runpy\nrunpy._run_module_as_main({module:?})");
            (code.into_bytes(), "<string>".to_string())
        }
        Request::Stdin => {
            let mut source = Vec::new();
            if let Err(error) = std::io::stdin().read_to_end(&mut source) {
                eprintln!("twinpy: cannot read standard input: {error}");
                return ExitCode::from(2);
            }
            (source, "<stdin>".to_string())
        }
        Request::File(file) => match std::fs::read(&file) {
            Ok(source) => (source, absolute(file)),
            Err(error) => {
                eprintln!("twinpy: can't open file '{file}': {error}");
                return ExitCode::from(2);
            }
        },
    };
    let source = if options.skip_first_line {
        let end = source.iter().position(|byte| *byte == b'\n');
        source[end.unwrap_or(source.len())..].to_vec()
    } else {
        source
    };
    let directory = std::path::Path::new(&filename)
        .parent()
        .filter(|_| !filename.starts_with('<'))
        .map_or(String::new(), |directory| directory.display().to_string());
    let mut path = if options.flags.safe_path {
        Vec::new()
    } else {
        vec![directory]
    };
    if !options.flags.ignore_environment
        && let Some(folders) = variable("PYTHONPATH")
    {
        path.extend(folders.split(':').map(str::to_string));
    }
    path.extend(twinheap_python::library_path());
    let config = Config { argv, path };
    // The evaluator recurses natively where the program does; the limit is the program's, not the
    // thread's.
    let runner = std::thread::Builder::new()
        .stack_size(stack_size())
        .spawn(move || {
            let vm = match Vm::initialize(&config) {
                Ok(vm) => vm,
                Err(reason) => {
                    eprintln!("twinpy: {reason}");
                    return 1;
                }
            };
            if let Ok(executable) = std::env::current_exe() {
                vm.set_executable(&executable.to_string_lossy());
            }
            vm.set_original_arguments(&words);
            vm.open_standard_streams(options.unbuffered);
            vm.handle_interrupts();
            if let Err(reason) = vm.apply(&options) {
                eprintln!("twinpy: {reason}");
                return 1;
            }
            // A child of a fork has no other thread that could wait for this one.
            let status = run_main(&vm, &source, &filename);
            std::process::exit(status & 0xff)
        });
    // This thread only waits.
    twinheap_python::leave_signals_to_others();
    match runner.map(std::thread::JoinHandle::join) {
        Ok(Ok(status)) => ExitCode::from(status as u8),
        Ok(Err(_)) => ExitCode::from(134),
        Err(error) => {
            eprintln!("twinpy: cannot start a thread: {error}");
            ExitCode::from(1)
        }
    }
}
