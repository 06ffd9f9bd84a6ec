//! A subject that is the user's own interpreter with our observer as a module: how it is started.
//!
//! The interpreter opens its standard streams before the observer is there, so it is given them as programs are to find
//! them: nothing to read, the file for what is printed, and the file for its last words. Requests and results come and
//! go through descriptors of their own. What an embedding program would say through `PyConfig` is said by options and by
//! variables, which the observer removes from the environment again before any program runs.

use std::path::Path;

/// Where the observer finds requests, and where it sends results.
pub const REQUESTS_DESCRIPTOR: i32 = 196;
pub const RESULTS_DESCRIPTOR: i32 = 197;

/// The variables that are set for the interpreter alone.
pub const VARIABLES: [&str; 3] = ["PYTHONHASHSEED", "PYTHONUTF8", "PYTHONMALLOC"];

/// Takes up the module from the file that is named first, without a trace in `sys.path` or `sys.modules`, and serves.
const SCRIPT: &str = "\
import sys, _imp, _frozen_importlib
spec = _frozen_importlib.ModuleSpec('_twinheap_observer', None, origin=sys.argv[1])
module = _imp.create_dynamic(spec)
_imp.exec_dynamic(module)
module.serve(sys.argv[2:])
";

/// The options by which an interpreter serves with the observer in this file; a worker's own arguments follow.
pub fn arguments(observer: &Path) -> Vec<String> {
    let mut arguments: Vec<String> = ["-S", "-s", "-B", "-c", SCRIPT].map(str::to_owned).into();
    arguments.push(observer.to_string_lossy().into_owned());
    arguments
}

/// What the worker's arguments ask for that must be settled before the interpreter starts.
pub fn environment(arguments: &[String]) -> Vec<(&'static str, String)> {
    let seed = arguments
        .iter()
        .position(|argument| argument == "--hash-seed")
        .and_then(|at| arguments.get(at + 1));
    let mut variables = vec![
        (
            "PYTHONHASHSEED",
            seed.map_or("0", String::as_str).to_owned(),
        ),
        ("PYTHONUTF8", "1".to_owned()),
    ];
    if arguments
        .iter()
        .any(|argument| argument == "--plain-allocator")
    {
        variables.push(("PYTHONMALLOC", "malloc".to_owned()));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_variables() {
        assert_eq!(
            environment(&[]),
            [
                ("PYTHONHASHSEED", "0".to_owned()),
                ("PYTHONUTF8", "1".to_owned())
            ]
        );
        let varied = ["--hash-seed", "7", "--plain-allocator"].map(str::to_owned);
        let variables = environment(&varied);
        assert!(variables.contains(&("PYTHONHASHSEED", "7".to_owned())));
        assert!(variables.contains(&("PYTHONMALLOC", "malloc".to_owned())));
        let is_known = |(name, _): &(&str, String)| VARIABLES.contains(name);
        assert!(variables.iter().all(is_known));
    }
}
