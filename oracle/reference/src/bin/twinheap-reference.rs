//! The VM's worker: serves programs over its standard input and output.

fn main() -> std::io::Result<()> {
    twinheap_subject::serve(twinheap_reference::Reference::start)
}
