//! The oracle worker: serves programs over its standard input and output.

use twinheap_cpython::{Interpreter, Variation};
use twinheap_subject::Sabotage;

fn main() -> std::io::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let planted = arguments
        .iter()
        .position(|argument| argument == "--sabotage");
    let sabotage = planted.map(|at| {
        arguments.remove(at);
        let text = if at < arguments.len() {
            arguments.remove(at)
        } else {
            String::new()
        };
        Sabotage::parse(&text)
    });
    let variation = Variation::from_arguments(arguments.into_iter());
    match sabotage.transpose() {
        Ok(sabotage) => {
            twinheap_subject::worker::serve_with(|| Interpreter::start(&variation?), sabotage)
        }
        Err(reason) => twinheap_subject::serve(|| Err::<Interpreter, _>(reason)),
    }
}
