//! The command line of Twinheap.

fn main() {
    eprintln!("xtask: no command is built yet");
    std::process::exit(2);
}
