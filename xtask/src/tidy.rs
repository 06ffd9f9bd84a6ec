//! placeholder
#[derive(clap::Args)]
pub struct TidyArguments {}
pub fn run(_: &TidyArguments) -> Result<i32, String> {
    Err("not written yet".into())
}
