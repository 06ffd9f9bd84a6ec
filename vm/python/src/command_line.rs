//! The command line and the variables of `python3` (`Python/initconfig.c`, `Python/getopt.c`), as far as
//! the VM can do what they ask for. An option that it cannot is refused, and so is one that nobody knows.

use twinheap_interp::sys_data::Flags;

/// What is to be run.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    Code(String),
    Module(String),
    File(String),
    Stdin,
    Version,
    Help,
}

/// What the command line and the environment ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What `sys.flags` shows of it.
    pub flags: Flags,
    /// `-u`.
    pub unbuffered: bool,
    /// `-x`: the first line of the program is no Python.
    pub skip_first_line: bool,
    /// `-W`, behind what `PYTHONWARNINGS` and the developer's mode ask for.
    pub warnings: Vec<String>,
    /// `-X`: names, and values where there are some.
    pub x_options: Vec<(String, Option<String>)>,
}

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandLine {
    pub request: Request,
    /// `sys.argv`.
    pub argv: Vec<String>,
    pub options: Options,
}

/// Reads the arguments behind the program's name; `variable` gives the value of a variable of the
/// environment, none where it is unset or empty.
///
/// # Errors
/// What is wrong with them, without the usage.
pub fn parse(
    args: &[String],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<CommandLine, String> {
    let mut options = Options::default();
    let mut given_warnings = Vec::new();
    let mut at = 0;
    let mut request = None;
    while request.is_none() && at < args.len() {
        let word = &args[at];
        if word == "-" || !word.starts_with('-') {
            break;
        }
        at += 1;
        match word.as_str() {
            "--" => break,
            "--help" => request = Some(Request::Help),
            "--version" => request = Some(Request::Version),
            long if long.starts_with("--") => return Err(format!("unknown option {long}")),
            short => {
                let mut letters = short[1..].chars();
                while let Some(letter) = letters.next() {
                    let takes_value = matches!(letter, 'c' | 'm' | 'W' | 'X');
                    if !takes_value {
                        request = flag(&mut options, letter)?.or(request);
                        continue;
                    }
                    let value = match letters.as_str() {
                        "" => {
                            at += 1;
                            args.get(at - 1).cloned()
                        }
                        rest => Some(rest.to_string()),
                    };
                    let value = value
                        .ok_or_else(|| format!("Argument expected for the -{letter} option"))?;
                    match letter {
                        'c' => request = Some(Request::Code(value + "\n")),
                        'm' => request = Some(Request::Module(value)),
                        'W' => given_warnings.push(value),
                        _ => x_option(&mut options, &value)?,
                    }
                    break;
                }
            }
        }
    }
    if !options.flags.ignore_environment {
        read_variables(&mut options, variable)?;
    }
    if options.flags.dev_mode {
        options.warnings.insert(0, "default".to_string());
    }
    options.warnings.extend(given_warnings);
    let rest = &args[at.min(args.len())..];
    let (request, argv) = what_runs(request, rest);
    Ok(CommandLine {
        request,
        argv,
        options,
    })
}

/// A letter without a value; some of them say what is to be done.
fn flag(options: &mut Options, letter: char) -> Result<Option<Request>, String> {
    match letter {
        'h' | '?' => return Ok(Some(Request::Help)),
        'V' => return Ok(Some(Request::Version)),
        'E' => options.flags.ignore_environment = true,
        'I' => {
            options.flags.isolated = true;
            options.flags.ignore_environment = true;
            options.flags.no_user_site = true;
            options.flags.safe_path = true;
        }
        's' => options.flags.no_user_site = true,
        'P' => options.flags.safe_path = true,
        'O' => options.flags.optimize = (options.flags.optimize + 1).min(2),
        'q' => options.flags.quiet = true,
        'u' => options.unbuffered = true,
        'x' => options.skip_first_line = true,
        // The VM runs no site, writes no bytecode, and draws no seed: -S, -B and -R ask for what is so.
        'S' | 'B' | 'R' => {}
        'b' | 'd' | 'i' | 'v' => {
            return Err(format!("the VM cannot do what -{letter} asks for yet"));
        }
        other => return Err(format!("Unknown option: -{other}")),
    }
    Ok(None)
}

fn x_option(options: &mut Options, text: &str) -> Result<(), String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_string())),
        None => (text, None),
    };
    match name {
        "dev" => options.flags.dev_mode = true,
        "warn_default_encoding" => options.flags.warn_default_encoding = true,
        "importtime" | "tracemalloc" | "showrefcount" | "no_debug_ranges" => {
            return Err(format!("the VM cannot do what -X {name} asks for yet"));
        }
        _ => {}
    }
    options.x_options.push((name.to_string(), value));
    Ok(())
}

/// What the environment asks for, where the command line does not.
fn read_variables(
    options: &mut Options,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), String> {
    let is_set = |name: &str| variable(name).is_some();
    options.flags.no_user_site |= is_set("PYTHONNOUSERSITE");
    options.flags.safe_path |= is_set("PYTHONSAFEPATH");
    options.unbuffered |= is_set("PYTHONUNBUFFERED");
    options.flags.dev_mode |= is_set("PYTHONDEVMODE");
    options.flags.warn_default_encoding |= is_set("PYTHONWARNDEFAULTENCODING");
    if let Some(level) = variable("PYTHONOPTIMIZE") {
        // Anything that is no number counts as 1.
        let level = level.parse::<u32>().unwrap_or(1).min(2);
        options.flags.optimize = options.flags.optimize.max(level);
    }
    if let Some(filters) = variable("PYTHONWARNINGS") {
        options
            .warnings
            .extend(filters.split(',').map(str::to_string));
    }
    for name in ["PYTHONINSPECT", "PYTHONVERBOSE", "PYTHONDEBUG"] {
        if is_set(name) {
            return Err(format!("the VM cannot do what {name} asks for yet"));
        }
    }
    Ok(())
}

/// What is run where no option says so, and what the program finds in `sys.argv`.
fn what_runs(request: Option<Request>, rest: &[String]) -> (Request, Vec<String>) {
    let named = |name: &str, rest: &[String]| {
        let mut argv = vec![name.to_string()];
        argv.extend_from_slice(rest);
        argv
    };
    match request {
        Some(Request::Code(code)) => (Request::Code(code), named("-c", rest)),
        Some(Request::Module(module)) => (Request::Module(module), named("-m", rest)),
        Some(other) => (other, Vec::new()),
        None => match rest.split_first() {
            None => (Request::Stdin, vec![String::new()]),
            Some((first, rest)) if first == "-" => (Request::Stdin, named("-", rest)),
            Some((first, rest)) => (Request::File(first.clone()), named(first, rest)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<CommandLine, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_string).collect();
        parse(&words, |name| {
            (name == "PYTHONWARNINGS").then(|| "ignore,error::UserWarning".to_string())
        })
    }

    #[test]
    fn letters_may_stand_together_and_values_behind_them() {
        let line = read("-IOOWerror -Xa=b -X dev -qc pass x -y").expect("known options");
        assert_eq!(line.request, Request::Code("pass\n".to_string()));
        assert_eq!(line.argv, ["-c", "x", "-y"]);
        assert!(
            line.options.flags.isolated && line.options.flags.safe_path && line.options.flags.quiet
        );
        assert_eq!(line.options.flags.optimize, 2);
        assert_eq!(line.options.warnings, ["default", "error"]);
        let named = ("a".to_string(), Some("b".to_string()));
        assert_eq!(line.options.x_options, [named, ("dev".to_string(), None)]);
    }

    #[test]
    fn the_environment_comes_before_the_command_line() {
        let line = read("-Werror file.py -O").expect("known options");
        let warnings = ["ignore", "error::UserWarning", "error"];
        assert_eq!(line.options.warnings, warnings);
        assert_eq!(line.request, Request::File("file.py".to_string()));
        assert_eq!(line.argv, ["file.py", "-O"]);
        assert_eq!(line.options.flags.optimize, 0);
        assert!(read("-E x.py").expect("known").options.warnings.is_empty());
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for (line, reason) in [
            ("-k", "Unknown option: -k"),
            ("--wrong", "unknown option --wrong"),
            ("-c", "Argument expected for the -c option"),
            ("-v x.py", "the VM cannot do what -v asks for yet"),
            (
                "-X tracemalloc",
                "the VM cannot do what -X tracemalloc asks for yet",
            ),
        ] {
            assert_eq!(read(line), Err(reason.to_string()), "{line}");
        }
    }
}
