//! placeholder
#[derive(clap::Args)]
pub struct BenchArguments {}
pub fn run(_: &BenchArguments) -> Result<i32, String> { Err("not written yet".into()) }
