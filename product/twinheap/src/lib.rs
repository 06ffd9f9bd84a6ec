//! What users of Twinheap do: the commands behind `twinheap`, and behind `cargo xtask` in a checkout.
//!
//! Every command takes its arguments and an [`Installation`], which tells where programs and workers are, and gives
//! the exit code of the process.
//!
//! Unsafe code: handlers of signals.

pub mod campaign;
pub mod config;
pub mod corpora;
pub mod diff;
pub mod dis;
pub mod expect;
pub mod findings;
pub mod gate;
pub mod generate;
pub mod identity;
pub mod inspect;
pub mod installation;
pub mod interpreter;
pub mod libtest;
pub mod observe;
pub mod parity_oracle;
pub mod programs;
mod record;
pub mod settings;
pub mod site;
mod telling;

use clap::Subcommand;

pub use installation::{Installation, Workers};

/// The commands of users.
#[derive(Subcommand)]
pub enum Command {
    /// Run the chapters in the oracle and in the subject, report every difference, and exit by the verdict.
    Gate(Box<gate::GateArguments>),
    /// Write a `twinheap.toml` that explains itself.
    Init,
    /// Keep what is known to differ: check it, bring it up to date, list it.
    Expect(Box<expect::ExpectArguments>),
    /// Run one program on both sides and show every stage that differs.
    Diff(diff::DiffArguments),
    /// Run one program on one side and tell as JSON what it wrote and how it ended.
    Observe(observe::ObserveArguments),
    /// Show the memory image of what a program leaves behind, on both sides.
    Inspect(inspect::InspectArguments),
    /// Run programs that nobody wrote on both sides, make every finding small, and keep it.
    Campaign(Box<campaign::CampaignArguments>),
    /// List, show, replay or promote what a campaign found.
    Findings(findings::FindingsArguments),
    /// Bring the databases of a campaign's shards together.
    Merge(findings::MergeArguments),
    /// Run CPython's own tests on the reference and on subjects, method by method.
    Libtest(libtest::LibtestArguments),
    /// Print programs that nobody wrote, drawn for a topic from a seed.
    Generate(generate::GenerateArguments),
    /// Write a static site of a folder of runs: subjects by topics, over time.
    Site(site::SiteArguments),
    /// Show both compilers' instructions for a file, side by side.
    Dis(dis::DisArguments),
}

impl Command {
    /// Runs the command and gives the exit code. The installation is looked for where a command needs one.
    pub fn run(&self, find: impl Fn() -> Result<Installation, String>) -> Result<i32, String> {
        match self {
            Command::Gate(arguments) => gate::run(arguments, &find()?),
            Command::Init => config::init(std::path::Path::new(".")),
            Command::Expect(arguments) => expect::run(arguments, &find()?),
            Command::Diff(arguments) => diff::run(arguments, &find()?),
            Command::Observe(arguments) => observe::run(arguments, &find()?),
            Command::Inspect(arguments) => inspect::run(arguments, &find()?),
            Command::Campaign(arguments) => campaign::run(arguments, &find()?),
            Command::Findings(arguments) => findings::run(arguments, &find()?),
            Command::Merge(arguments) => findings::merge(arguments),
            Command::Libtest(arguments) => libtest::run(arguments, &find()?),
            Command::Generate(arguments) => generate::run(arguments),
            Command::Site(arguments) => site::run(arguments, &find()?),
            Command::Dis(arguments) => dis::run(arguments),
        }
    }
}

/// Ends the process with the code of a command, or with a word on what went wrong.
pub fn exit_with(result: Result<i32, String>) -> ! {
    let code = result.unwrap_or_else(|reason| {
        eprintln!("twinheap: {reason}");
        settings::EXIT_HARNESS_ERROR
    });
    std::process::exit(code)
}
