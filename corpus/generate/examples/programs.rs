//! Writes the first programs of a topic into a folder: `programs TOPIC COUNT FOLDER [FIRST_SEED]`; `all` is every topic.

use std::path::Path;

use twinheap_generate::{Profile, Topic, generate};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [topic, count, folder, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: programs TOPIC COUNT FOLDER [FIRST_SEED]");
        std::process::exit(2);
    };
    let topics = match Topic::parse(topic) {
        Some(topic) => vec![topic],
        None => Topic::ALL.to_vec(),
    };
    let count: u64 = count.parse().expect("a number of programs");
    let first: u64 = rest.first().map_or(0, |seed| seed.parse().expect("a seed"));
    for topic in topics {
        for seed in first..first + count {
            let path = Path::new(folder).join(format!("{}_{seed}.py", topic.name()));
            let source = generate(seed, topic, &Profile::full()).source();
            std::fs::write(&path, source).expect("the folder can be written to");
        }
    }
}
