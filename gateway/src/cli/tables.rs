//! `dossier tables`: makes the store's tables from their one definition, or
//! checks them.

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use store::definition::tables;
use store::sdk;

use crate::cli::Places;
use crate::record::{self, Choice, Ground};

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
    /// The tables on which this region rehearses, instead of the central ones
    #[arg(long, value_name = "CODE")]
    rehearsal: Option<String>,
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
    let ground = match &location.rehearsal {
        Some(code) => {
            let directory = record::directory(&location.places.regions)?;
            ensure!(
                directory.region(code).is_some(),
                "there is no region {code} in the region files"
            );
            Ground::Rehearsal(code.clone())
        }
        None => Ground::Central,
    };
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
