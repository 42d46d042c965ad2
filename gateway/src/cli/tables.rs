//! `dossier tables`: makes the store's tables from their one definition, or
//! checks them.

use anyhow::Result;
use clap::{Args, Subcommand};
use store::definition::tables;
use store::embedded::Embedded;
use store::sdk;

use crate::cli::Places;
use crate::record::{self, Choice};

/// Options of `dossier tables`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Makes the tables that are not there
    Create(Where),
    /// Says whether the tables are there and as defined
    Check(Where),
}

#[derive(Args)]
struct Where {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    choice: Choice,
}

/// Does it, and says what was done.
///
/// # Errors
/// When a table is not as defined, or the store cannot be reached.
pub async fn run(options: Options) -> Result<()> {
    let (location, create) = match &options.action {
        Action::Create(location) => (location, true),
        Action::Check(location) => (location, false),
    };
    let prefix = &location.choice.table_prefix;
    if location.choice.is_embedded() {
        // Opening makes what is missing and refuses what is not as defined.
        let folder = record::folder(&location.places);
        if !create && !folder.exists() {
            anyhow::bail!("{} is missing; create the tables", folder.display());
        }
        Embedded::open(&folder)?;
    } else if create {
        for name in sdk::create_tables(&sdk::native_client().await, prefix).await? {
            println!("{name}: created");
        }
    } else {
        sdk::check_tables(&sdk::native_client().await, prefix).await?;
    }
    let prefix = if location.choice.is_embedded() { "" } else { prefix };
    for table in tables(prefix) {
        println!("{}: as defined", table.name);
    }
    Ok(())
}
