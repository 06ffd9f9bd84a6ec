//! Who a subject is: its version and build flags, as it tells itself.

use twinheap_harness::{Side, SideKind};
use twinheap_observation::wire::{RunRequest, Wanted};
use twinheap_observation::{Program, Stage, StageSet};
use twinheap_subject::Answer;

/// Runs on every implementation that has `sys`; each line is one answer, and what is not known is an empty line.
const PROGRAM: &str = "\
import sys
def told(ask):
    try:
        print(str(ask()).replace('\\n', ' '))
    except Exception:
        print('')
def number():
    version = getattr(sys, 'pypy_version_info', None) or sys.implementation.version
    return '.'.join(str(part) for part in tuple(version)[:3])
def flags():
    import sysconfig
    return sysconfig.get_config_var('CONFIG_ARGS') or ''
told(lambda: sys.implementation.name)
told(number)
told(lambda: sys.version)
told(flags)
";

/// What a subject says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `cpython`, `pypy`.
    pub implementation: String,
    /// `7.3.11`.
    pub version: String,
    /// What `sys.version` is.
    pub text: String,
    /// The arguments that it was configured with.
    pub build: String,
}

impl Identity {
    /// Asks a fresh process; one that does not answer is nobody in particular.
    pub fn of(kind: &SideKind) -> Identity {
        let request = RunRequest {
            change: None,
            index: 0,
            program: Program::new("identity", "identity", PROGRAM),
            code: None,
            wanted: Wanted {
                stages: StageSet::of(&[Stage::Output, Stage::Outcome]),
                details: true,
                marshal: false,
                transitions: false,
            },
        };
        let mut side: Side = kind.open();
        let Some(Answer::Report(report)) = side.run_batch(&[request]).pop() else {
            return Identity::default();
        };
        let output = report
            .details
            .and_then(|seen| Some(seen.output.shown()?.stdout.clone()));
        Identity::read(&String::from_utf8_lossy(&output.unwrap_or_default()))
    }

    fn read(output: &str) -> Identity {
        let mut lines = output.lines().map(|line| line.trim().to_owned());
        let mut next = || lines.next().unwrap_or_default();
        Identity {
            implementation: next(),
            version: next(),
            text: next(),
            build: next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Identity;

    #[test]
    fn what_is_not_told_is_empty() {
        let read = Identity::read("micropython\n1.28.0\n3.4.0; MicroPython v1.28.0\n\n");
        assert_eq!(read.version, "1.28.0");
        assert_eq!(read.build, "");
        assert_eq!(Identity::read(""), Identity::default());
    }
}
