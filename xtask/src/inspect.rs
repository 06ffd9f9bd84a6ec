//! placeholder
#[derive(clap::Args)]
pub struct InspectArguments {}
pub fn run(_: &InspectArguments) -> Result<i32, String> { Err("not written yet".into()) }
