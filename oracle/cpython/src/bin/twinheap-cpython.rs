//! The oracle worker: serves programs over its standard input and output.

use twinheap_cpython::{Interpreter, Variation};

fn main() -> std::io::Result<()> {
    let variation = Variation::from_arguments(std::env::args().skip(1));
    twinheap_subject::serve(|| Interpreter::start(&variation?))
}
