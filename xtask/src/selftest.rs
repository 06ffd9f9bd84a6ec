//! placeholder
#[derive(clap::Args)]
pub struct SelftestArguments {}
pub fn run(_: &SelftestArguments) -> Result<i32, String> { Err("not written yet".into()) }
