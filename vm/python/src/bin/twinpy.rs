//! `twinpy`: runs a Python program in the reference VM, as `python3` would.

use std::io::Read;
use std::process::ExitCode;
use twinheap_python::{Config, Vm, run_main};

const HELP: &str = "\
usage: twinpy [-X OPTION] [-c CODE | -m MODULE | FILE | -] [ARG ...]
       twinpy --version | --help

Runs a Python 3.11 program in the Twinheap VM.

  FILE       the program's file; '-' reads it from standard input
  -c CODE    the program itself
  -m MODULE  a module of the library or of the working directory
  -X dev     the debug heap: blocks are checked when they are freed; PYTHONMALLOC=debug does the same
  ARG ...    what the program finds in sys.argv
";

enum Request {
    Code(String),
    File(String),
    Stdin,
    Version,
    Help,
}

fn parse(args: &[String]) -> Result<(Request, Vec<String>), String> {
    let Some((first, rest)) = args.split_first() else {
        return Ok((Request::Stdin, vec![String::new()]));
    };
    let argv = |name: &str, rest: &[String]| {
        let mut argv = vec![name.to_string()];
        argv.extend_from_slice(rest);
        argv
    };
    match first.as_str() {
        "-h" | "--help" => Ok((Request::Help, Vec::new())),
        "-V" | "--version" => Ok((Request::Version, Vec::new())),
        "-" => Ok((Request::Stdin, argv("-", rest))),
        "-c" => match rest.split_first() {
            Some((code, rest)) => Ok((Request::Code(code.clone()), argv("-c", rest))),
            None => Err("argument expected for the -c option".to_string()),
        },
        "-m" => match rest.split_first() {
            Some((module, rest)) => {
                let code = format!(
                    "import runpy\nrunpy._run_module_as_main({:?})",
                    module.as_str()
                );
                Ok((Request::Code(code), argv("-m", rest)))
            }
            None => Err("argument expected for the -m option".to_string()),
        },
        option if option.starts_with('-') => Err(format!("unknown option {option}")),
        file => Ok((Request::File(file.to_string()), argv(file, rest))),
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
    let mut args = words[1..].to_vec();
    while args.len() > 1 && args[0] == "-X" {
        if args[1] == "dev" {
            twinheap_python::enable_debug_heap();
        }
        args.drain(..2);
    }
    let (request, argv) = match parse(&args) {
        Ok(parsed) => parsed,
        Err(reason) => {
            eprint!("twinpy: {reason}\n{HELP}");
            return ExitCode::from(2);
        }
    };
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
        Request::Stdin => {
            let mut source = Vec::new();
            if let Err(error) = std::io::stdin().read_to_end(&mut source) {
                eprintln!("twinpy: cannot read standard input: {error}");
                return ExitCode::from(2);
            }
            (source, "<stdin>".to_string())
        }
        Request::File(file) => match std::fs::read(&file) {
            Ok(source) => (source, file),
            Err(error) => {
                eprintln!("twinpy: can't open file '{file}': {error}");
                return ExitCode::from(2);
            }
        },
    };
    let directory = std::path::Path::new(&filename)
        .parent()
        .filter(|_| !filename.starts_with('<'))
        .map_or(String::new(), |directory| directory.display().to_string());
    let mut path = vec![directory];
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
            vm.open_standard_streams();
            // A child of a fork has no other thread that could wait for this one.
            let status = run_main(&vm, &source, &filename);
            std::process::exit(status & 0xff)
        });
    match runner.map(std::thread::JoinHandle::join) {
        Ok(Ok(status)) => ExitCode::from(status as u8),
        Ok(Err(_)) => ExitCode::from(134),
        Err(error) => {
            eprintln!("twinpy: cannot start a thread: {error}");
            ExitCode::from(1)
        }
    }
}
