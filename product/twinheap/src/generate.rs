//! `generate`: prints the programs of a topic, or measures how they are drawn.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use twinheap_generate::{Profile, Topic, generate, probes};

use crate::settings;

#[derive(Args)]
pub struct GenerateArguments {
    /// The topic; every topic in turn where none is named.
    #[arg(long)]
    topic: Option<String>,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many programs.
    #[arg(long, default_value_t = 1)]
    count: u64,
    /// Features to do without, as a subject would that lacks them.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// Write each program to a file of its own in this folder.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print how fast programs are drawn and how long they are, instead of the programs.
    #[arg(long)]
    measure: bool,
    /// Print the probe of each feature instead.
    #[arg(long)]
    probes: bool,
}

pub fn run(arguments: &GenerateArguments) -> Result<i32, String> {
    if arguments.probes {
        for probe in probes() {
            println!("# {}\n{}", probe.feature, probe.source);
        }
        return Ok(0);
    }
    let topics = match &arguments.topic {
        None => Topic::ALL.to_vec(),
        Some(name) => match Topic::parse(name) {
            Some(topic) => vec![topic],
            None => {
                let known: Vec<&str> = Topic::ALL.iter().map(|topic| topic.name()).collect();
                eprintln!("no topic is called {name}; there are {}", known.join(", "));
                return Ok(settings::EXIT_USAGE);
            }
        },
    };
    let profile = arguments
        .without
        .iter()
        .fold(Profile::full(), |profile, feature| profile.without(feature));
    for topic in topics {
        if arguments.measure {
            measure(arguments, topic, &profile);
        } else {
            print(arguments, topic, &profile)?;
        }
    }
    Ok(0)
}

fn print(arguments: &GenerateArguments, topic: Topic, profile: &Profile) -> Result<(), String> {
    for seed in arguments.seed..arguments.seed + arguments.count {
        let source = generate(seed, topic, profile).source();
        let Some(folder) = &arguments.out else {
            println!("# topic {}, seed {seed}\n{source}", topic.name());
            continue;
        };
        let path = folder.join(format!("{}_{seed}.py", topic.name()));
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, source))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn measure(arguments: &GenerateArguments, topic: Topic, profile: &Profile) {
    let started = Instant::now();
    let mut statements = 0;
    let mut bytes = 0;
    for seed in arguments.seed..arguments.seed + arguments.count {
        let model = generate(seed, topic, profile);
        statements += model.statement_count();
        bytes += model.source().len();
    }
    let seconds = started.elapsed().as_secs_f64();
    let count = arguments.count as f64;
    println!(
        "{:12} {:8.0} programs/s {:6.1} statements {:7.0} bytes",
        topic.name(),
        count / seconds,
        statements as f64 / count,
        bytes as f64 / count
    );
}
