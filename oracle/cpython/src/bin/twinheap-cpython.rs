//! The oracle worker that embeds CPython: serves programs over its standard input and output.

use twinheap_cpython::Interpreter;

fn main() -> std::io::Result<()> {
    twinheap_cpython::serve(std::env::args().skip(1).collect(), Interpreter::start)
}
