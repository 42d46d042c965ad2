//! `dossier restore`: a copy put back into empty tables, or rehearsed in files
//! that are thrown away.

mod rehearsal;

use std::path::PathBuf;

use access::entry::Interaction;
use anyhow::{Result, ensure};
use clap::Args;
use store::definition::tables;

use crate::backup::give;
use crate::backup::source::Source;
use crate::cli::{Places, backup, operator};
use crate::record::{self, Choice, GroundChoice};

/// Options of `dossier restore`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    ground: GroundChoice,
    #[command(flatten)]
    by: operator::By,
    /// Folder of the copy
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// What `dossier backup` said of the copy's manifest
    #[arg(long, value_name = "HEX")]
    digest: Option<String>,
    /// Put it back into files of its own below --data, compare, verify the
    /// ledgers, throw them away, and leave the outcome for the checklist of phases
    #[arg(long)]
    rehearse: bool,
    #[command(flatten)]
    rehearsal: rehearsal::Options,
}

/// Does it, and says what was done.
///
/// # Errors
/// When the tables are not empty, the copy is not as it was written, or what is
/// there afterwards is not what the copy holds.
pub async fn run(options: Options) -> Result<()> {
    let (manifest, digest) = backup::read(&options.from, options.digest.as_deref())?;
    let ground = options.ground.ground(&options.places.regions)?;
    if options.rehearse {
        return rehearsal::run(&options, &ground, &manifest, &digest).await;
    }
    ensure!(
        !options.rehearsal.is_any(),
        "--key, --witness, --quorum and --live are for --rehearse"
    );
    let (data, choice) = (&options.places.data, &options.choice);
    if choice.is_embedded() {
        // Makes the files, where there are none.
        ground.embedded(data)?;
    } else {
        ground.check(data, choice).await?;
    }
    let into = ground.tables(data, choice).await?;
    let before = Source::open(&ground, data, choice).await?;
    give::put_back(&into, (&options.from, &manifest, &digest), before).await?;
    let mut after = Source::open(&ground, data, choice).await?;
    give::compare(&mut after, &manifest).await?;
    // Before a door opens on it.
    let codes = operator::regions_on(&ground, &record::directory(&options.places.regions)?);
    let asked = format!("restore?backup={digest}");
    let [_, access] = &into;
    operator::tell(access, &codes, ("restore", &options.by), (Interaction::Restore, &asked))
        .await?;
    give::release(&into).await?;
    for (table, sum) in tables("").iter().zip([&manifest.record, &manifest.access]) {
        println!("{}: {} items put back", table.name, sum.items);
    }
    println!("equal: {} items, as they were at {}", manifest.items(), manifest.taken_at);
    Ok(())
}
