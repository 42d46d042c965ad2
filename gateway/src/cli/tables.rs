//! `dossier tables`: makes the store's tables from their one definition, or
//! checks them.

use anyhow::Result;
use clap::{Args, Subcommand};
use store::definition::tables;
use store::sdk;

use crate::cli::Places;
use crate::record::{Choice, GroundChoice};

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
    #[command(flatten)]
    ground: GroundChoice,
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
    let (data, choice) = (&location.places.data, &location.choice);
    let ground = location.ground.ground(&location.places.regions)?;
    let prefix = match choice.is_embedded() {
        // In a folder of their own.
        true => String::new(),
        false => ground.prefix(&choice.table_prefix),
    };
    if create && choice.is_embedded() {
        // Opening makes what is missing.
        ground.embedded(data)?;
    } else if create {
        for name in sdk::create_tables(&sdk::native_client().await, &prefix).await? {
            println!("{name}: created");
        }
    }
    ground.check(data, choice).await?;
    for table in tables(&prefix) {
        println!("{}: as defined", table.name);
    }
    Ok(())
}
