//! Being written.
use clap::Args;
#[derive(Args)]
pub struct Options {}
pub async fn run(_: Options) -> anyhow::Result<()> {
    anyhow::bail!("not yet")
}
