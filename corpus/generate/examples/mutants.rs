//! Mutates Python files and measures how often and how fast that works: `mutants SEEDS FILE...`.

use std::time::Instant;

use twinheap_generate::mutate_source;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seeds: u64 = arguments
        .next()
        .and_then(|seeds| seeds.parse().ok())
        .expect("a number of seeds");
    let texts: Vec<String> = arguments
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect();
    let others: Vec<&str> = texts.iter().map(String::as_str).collect();
    let started = Instant::now();
    let (mut made, mut tried, mut bytes) = (0, 0, 0);
    for text in &texts {
        for seed in 0..seeds {
            tried += 1;
            bytes += text.len();
            made += usize::from(mutate_source(text, &others, seed).is_some());
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{made} mutants of {tried} tries over {} files, {:.0} per second, {:.0} bytes on average",
        texts.len(),
        f64::from(tried) / seconds,
        bytes as f64 / f64::from(tried)
    );
}
