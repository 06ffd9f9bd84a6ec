//! Writes the seeds of `program_same_outcome`: for every fourth topic one program of the generator's.

use twinheap_generate::{Profile, Topic, generate};

fn main() -> std::io::Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/program_same_outcome");
    std::fs::create_dir_all(folder)?;
    for (number, topic) in Topic::ALL.iter().copied().step_by(4).enumerate() {
        let model = generate(1, topic, &Profile::full());
        std::fs::write(format!("{folder}/{number:02}"), model.to_bytes())?;
    }
    Ok(())
}
