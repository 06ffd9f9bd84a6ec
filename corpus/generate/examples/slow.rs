//! Names the seeds that are slow to draw: `slow TOPIC COUNT`.

use std::time::Instant;

use twinheap_generate::{Profile, Topic, generate};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let topic = Topic::parse(&arguments[0]).expect("a topic");
    let count: u64 = arguments[1].parse().expect("a number");
    let mut times: Vec<(f64, u64)> = (0..count)
        .map(|seed| {
            let started = Instant::now();
            generate(seed, topic, &Profile::full());
            (started.elapsed().as_secs_f64() * 1000.0, seed)
        })
        .collect();
    times.sort_by(|left, right| right.0.total_cmp(&left.0));
    println!("{:?}", &times[..times.len().min(5)]);
}
