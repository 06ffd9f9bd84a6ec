//! Measures how fast programs are drawn and how long they are: `measure [COUNT]`.

use std::time::Instant;

use twinheap_generate::{Profile, Topic, generate};

fn main() {
    let count: u64 = std::env::args()
        .nth(1)
        .map_or(2000, |count| count.parse().expect("a number of programs"));
    for topic in Topic::ALL {
        generate(0, *topic, &Profile::full());
        let started = Instant::now();
        let (mut statements, mut bytes, mut printing) = (0, 0, 0.0);
        for seed in 0..count {
            let model = generate(seed, *topic, &Profile::full());
            statements += model.statement_count();
            let before = Instant::now();
            bytes += model.source().len();
            printing += before.elapsed().as_secs_f64();
        }
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{:10} {:7.0} programs/s {:6.1} statements {:6.0} bytes, printing {:4.1}%",
            topic.name(),
            count as f64 / seconds,
            statements as f64 / count as f64,
            bytes as f64 / count as f64,
            printing / seconds * 100.0
        );
    }
}
