//! Compiles one file and prints how long that took: `time_file PATH`.

use std::time::Instant;

use twinheap_compile::{Options, compile};
use twinheap_syntax::{Flags, Mode, parse};

fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let source = std::fs::read(&path).expect("a readable file");
    let work = move || {
        let start = Instant::now();
        let parsed = parse(&source, Mode::Exec, &Flags::default(), None);
        let parsing = start.elapsed().as_secs_f64();
        let compiled = parsed
            .map_err(Box::new)
            .and_then(|ast| compile(ast, &Options::new(&path, 0)));
        let outcome = match compiled {
            Ok(_) => "ok".to_owned(),
            Err(error) => format!("{}: {}", error.kind.name(), error.message),
        };
        let total = start.elapsed().as_secs_f64();
        println!("{total:.2} s (parser {parsing:.2} s) {outcome}");
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    thread
        .spawn(work)
        .expect("a thread")
        .join()
        .expect("no panic");
}
