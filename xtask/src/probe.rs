//! placeholder
#[derive(clap::Args)]
pub struct ProbeArguments {}
pub fn run(_: &ProbeArguments) -> Result<i32, String> {
    Err("not written yet".into())
}
