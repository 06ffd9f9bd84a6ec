//! Writes every probe into a folder: `probes FOLDER`.

use std::path::Path;

use twinheap_generate::probes;

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    for probe in probes() {
        let path = Path::new(&folder).join(format!("probe_{}.py", probe.feature));
        std::fs::write(&path, probe.source).expect("the folder can be written to");
    }
}
