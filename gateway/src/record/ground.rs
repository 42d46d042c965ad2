//! On which tables a region works: the central record, or those on which it
//! rehearses. What else a rehearsal leaves lies beside its tables, so that
//! nothing of it is taken for the record's.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use regions::{Directory, Phase, Region, rehearsal_prefix};
use store::embedded::Embedded;
use store::sdk::{self, SdkTable};

use super::{AnyTable, Choice};
use store::definition::TableKind;

/// On which tables a command works.
#[derive(clap::Args)]
pub struct GroundChoice {
    /// The tables on which this region rehearses, instead of the central ones
    #[arg(long, value_name = "CODE")]
    rehearsal: Option<String>,
}

impl GroundChoice {
    /// What was chosen.
    ///
    /// # Errors
    /// The region files of this folder cannot be read, or have no such region.
    pub fn ground(&self, regions: &Path) -> Result<Ground> {
        let Some(code) = &self.rehearsal else { return Ok(Ground::Central) };
        let known = super::directory(regions)?.region(code).is_some();
        ensure!(known, "there is no region {code} in the region files");
        Ok(Ground::Rehearsal(code.clone()))
    }
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// The central record, of all regions that do not rehearse.
    Central,
    /// The rehearsal of the region with this code.
    Rehearsal(String),
}

impl Ground {
    /// Where a region works in a phase.
    pub fn in_phase(code: &str, phase: Phase) -> Self {
        match phase {
            Phase::Rehearsal => Self::Rehearsal(code.to_owned()),
            Phase::Planned | Phase::Live | Phase::Paused => Self::Central,
        }
    }

    /// Where a region works now.
    pub fn of(region: &Region) -> Self {
        Self::in_phase(&region.code, region.phase)
    }

    /// The same of a code; who is in no directory does not rehearse.
    pub fn of_code(directory: &Directory, code: &str) -> Self {
        directory.region(code).map_or(Self::Central, Self::of)
    }

    /// The region that rehearses on it, if it is a rehearsal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Central => None,
            Self::Rehearsal(code) => Some(code),
        }
    }

    /// Whether it is a rehearsal.
    pub fn rehearses(&self) -> bool {
        self.code().is_some()
    }

    /// The word for it in names of ledgers.
    pub fn ledger(&self) -> &'static str {
        if self.rehearses() { "rehearsal" } else { "ledger" }
    }

    /// Folder of all that is kept of it, under a data folder.
    pub fn data(&self, data: &Path) -> PathBuf {
        match self {
            Self::Central => data.to_owned(),
            Self::Rehearsal(code) => data.join("rehearsal").join(code),
        }
    }

    /// Folder of its embedded tables.
    pub fn folder(&self, data: &Path) -> PathBuf {
        self.data(data).join("store")
    }

    /// What comes before the names of its tables.
    pub fn prefix(&self, prefix: &str) -> String {
        match self {
            Self::Central => prefix.to_owned(),
            Self::Rehearsal(code) => format!("{prefix}{}", rehearsal_prefix(code)),
        }
    }

    /// Its embedded tables, made when they are missing.
    ///
    /// # Errors
    /// As [`Embedded::open`].
    pub fn embedded(&self, data: &Path) -> Result<Embedded> {
        Ok(Embedded::open(&self.folder(data))?)
    }

    /// Its tables as `dossier store` serves them: under the names that they have in
    /// DynamoDB, so that one address serves several grounds. Those of a rehearsal
    /// lie apart from [`Ground::embedded`], whose names are plain.
    ///
    /// # Errors
    /// As [`Embedded::open`].
    pub fn served(&self, data: &Path) -> Result<Embedded> {
        match self {
            Self::Central => self.embedded(data),
            Self::Rehearsal(_) => {
                Ok(Embedded::open_named(&self.data(data).join("served"), &self.prefix(""))?)
            }
        }
    }

    /// Its tables in either store, *record* first, asked as the process itself.
    ///
    /// # Errors
    /// When the embedded files cannot be opened.
    pub async fn tables(&self, data: &Path, choice: &Choice) -> Result<[AnyTable; 2]> {
        if choice.is_embedded() {
            let embedded = self.embedded(data)?;
            return Ok(TableKind::ALL.map(|kind| AnyTable::embedded(kind, embedded.table(kind))));
        }
        let client = sdk::native_client().await;
        let prefix = self.prefix(&choice.table_prefix);
        let named = |kind: TableKind| {
            let name = format!("{prefix}{}", kind.base_name());
            AnyTable::sdk(kind, SdkTable::new(client.clone(), name))
        };
        Ok(TableKind::ALL.map(named))
    }

    /// Whether its tables are there and as defined.
    ///
    /// # Errors
    /// What is missing or another.
    pub async fn check(&self, data: &Path, choice: &Choice) -> Result<()> {
        if !choice.is_embedded() {
            let prefix = self.prefix(&choice.table_prefix);
            return Ok(sdk::check_tables(&sdk::native_client().await, &prefix).await?);
        }
        let folder = self.folder(data);
        let there = |kind: &TableKind| folder.join(format!("{}.db", kind.base_name())).exists();
        if !TableKind::ALL.iter().all(there) {
            anyhow::bail!("{} is missing; create the tables", folder.display());
        }
        // Opening refuses what is not as defined.
        self.embedded(data).map(drop)
    }
}
