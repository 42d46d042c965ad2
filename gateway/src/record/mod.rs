//! The central record as this process reaches it, and each region's walls on
//! it.

mod environment;
pub mod issuer;
pub mod roles;
mod table;
mod trust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use access::token::KeySet;
use anyhow::{Context, Result, bail, ensure};
use provider::keys::Fetch;
use provider::{Authority, Away, Background, Journaling, Later, Provider, Setup};
use regions::Directory;
use store::definition::TableKind;
use store::embedded::Embedded;
use store::sdk::SdkTable;
use tokio::runtime::Handle;

use crate::backup::give;
use crate::cli::Places;
use crate::ledger::{Gauges, Keeper};
use crate::limits;
use crate::log::Log;
use crate::readiness::Readiness;
pub use environment::System;
use roles::{Roles, own};
pub use table::AnyTable;
pub use table::Trips;
pub use trust::{Tokens, Trust};

/// What stands behind one region's walls.
pub type Walls = Provider<AnyTable, System>;

/// Whether what stands behind them is there.
pub type StoreReadiness = Readiness<AnyTable>;

/// Which store holds the record.
#[derive(clap::Args, Clone, Debug)]
pub struct Choice {
    /// Where the tables are: `embedded` (files under --data) or `dynamodb` (by
    /// the usual AWS settings) [default: dynamodb when AWS_ENDPOINT_URL_DYNAMODB
    /// is set, embedded otherwise]
    #[arg(long, value_name = "STORE", value_parser = ["embedded", "dynamodb"])]
    store: Option<String>,
    /// Comes before the names of the tables in DynamoDB
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub table_prefix: String,
    /// Identifier system whose values belong to one person at a time; may be
    /// repeated
    #[arg(
        long = "unique-system",
        value_name = "URI",
        default_value = "https://fhir.infoway-inforoute.ca/NamingSystem/ca-qc-patient-healthcare-id"
    )]
    unique_systems: Vec<String>,
}

impl Choice {
    /// Whether the tables are files of this process.
    pub fn is_embedded(&self) -> bool {
        let remote = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self.store.as_deref() {
            Some(chosen) => chosen == "embedded",
            None => !remote("AWS_ENDPOINT_URL_DYNAMODB"),
        }
    }

    /// Name of a table in DynamoDB.
    pub fn name(&self, kind: TableKind) -> String {
        format!("{}{}", self.table_prefix, kind.base_name())
    }
}

/// Folder of the embedded tables.
pub fn folder(places: &Places) -> PathBuf {
    places.data.join("store")
}

/// The record, open.
pub struct Central {
    tables: [AnyTable; 2],
    trust: Trust,
    fetch: Fetch,
    unique_systems: Vec<String>,
    roles: Option<Roles>,
    log: Arc<Log>,
}

/// The tables where the record is, *record* first.
///
/// # Errors
/// When the embedded files cannot be opened.
pub async fn tables(places: &Places, choice: &Choice) -> Result<[AnyTable; 2]> {
    if choice.is_embedded() {
        let embedded = Embedded::open(&folder(places))?;
        return Ok(TableKind::ALL.map(|kind| AnyTable::embedded(kind, embedded.table(kind))));
    }
    let client = store::sdk::native_client().await;
    let named = |kind| AnyTable::sdk(kind, SdkTable::new(client.clone(), choice.name(kind)));
    Ok(TableKind::ALL.map(named))
}

/// The same, each role with credentials of its own.
async fn tables_of_roles(
    choice: &Choice,
    roles: BTreeMap<String, String>,
) -> Result<[AnyTable; 2]> {
    ensure!(!choice.is_embedded(), "--roles are assumed of AWS: say --store dynamodb as well");
    let clients = store::sdk::clients_of_roles(&roles).await;
    let named = |kind| {
        let table = |(role, client): (&String, &store::sdk::Client)| {
            (role.clone(), SdkTable::new(client.clone(), choice.name(kind)))
        };
        AnyTable::assumed(kind, clients.iter().map(table).collect())
    };
    Ok(TableKind::ALL.map(named))
}

impl Central {
    /// Opens the record, for those whom `trust` says; `fetch` brings their keys
    /// where they are published. `acting` says in whose name these functions ask.
    ///
    /// # Errors
    /// When the embedded files cannot be opened, or a role has no policy.
    pub async fn open(
        places: &Places,
        choice: &Choice,
        (trust, fetch): (Trust, Fetch),
        (acting, functions): (&roles::Choice, &[String]),
        log: Arc<Log>,
    ) -> Result<Self> {
        let roles = acting.read(functions, &log)?;
        let mut tables = match acting.assumed(functions) {
            Some(assumed) => tables_of_roles(choice, assumed).await?,
            None => tables(places, choice).await?,
        };
        // With a role of its own, since each table may be asked in a name only.
        let asked = roles::acting(own::READINESS.into(), give::is_under_way(&tables));
        ensure!(
            !asked.await,
            "a copy is being put back into these tables: let dossier restore end, then start again"
        );
        if let Some(roles) = &roles {
            tables = tables.map(|table| table.behind(roles));
        }
        let unique_systems = choice.unique_systems.clone();
        Ok(Self { tables, trust, fetch, unique_systems, roles, log })
    }

    /// The keys that are to be fetched.
    pub fn published_keys(&self) -> Vec<Arc<KeySet>> {
        let Trust { issuers, clients, .. } = &self.trust;
        issuers.published().chain(clients.published()).cloned().collect()
    }

    /// The table *access*, counted for nobody: for figures, which are no access.
    pub fn access(&self) -> AnyTable {
        let [_, access] = &self.tables;
        access.clone()
    }

    /// The walls of one region, what tells of them, and what must run behind
    /// them as long as it is served. `endpoints`: addresses of its token endpoint.
    pub fn walls(
        &self,
        region: &str,
        directory: &Directory,
        endpoints: Vec<String>,
        keeper: Keeper,
        away: Away,
    ) -> (Walls, Signs, Upkeep) {
        let trips = Arc::new(Trips::default());
        let [record, access] = self.tables.each_ref().map(|table| table.counted(&trips));
        let handle = Handle::current();
        // What is left to do after an answer is done in the same name.
        let background: Background = Arc::new(move |later: Later| {
            match roles::current() {
                Some(role) => drop(handle.spawn(roles::acting(role, later))),
                None => drop(handle.spawn(later)),
            };
        });
        let (walls, flusher) = Provider::new(Setup {
            record,
            access,
            body_partitions: provider::limits::BODY_PARTITIONS,
            issuers: self.trust.issuers.clone(),
            authority: self.trust.signer.clone().map(|issuer| Authority {
                issuer,
                clients: self.trust.clients.clone(),
                endpoints,
            }),
            fetch: Some(Arc::clone(&self.fetch)),
            directory: directory.clone(),
            region: region.to_owned(),
            environment: System,
            journaling: Journaling::Shared,
            background: Some(background),
            unique_systems: self.unique_systems.clone(),
            away: Some(away),
        });
        walls.watch(Box::new(crate::observed::journaled));
        let flusher = tokio::spawn(roles::acting(own::JOURNAL.into(), flusher));
        let maintaining = tokio::spawn(maintain(walls.clone(), Arc::clone(&self.log)));
        let ledger = Arc::clone(&keeper.gauges);
        let keeping = keeper.keep(walls.clone(), Arc::clone(&self.log));
        let keeping = tokio::spawn(roles::acting(own::LEDGER.into(), keeping));
        // Its looks are not the provider's round trips.
        let readiness = Readiness::new(self.tables.clone(), flusher.abort_handle());
        let signs = Signs { trips, readiness, ledger, roles: self.roles.clone() };
        (walls.clone(), signs, Upkeep { walls, flusher, maintaining, keeping })
    }
}

/// What tells how a region's walls fare.
pub struct Signs {
    /// What was asked of the store.
    pub trips: Arc<Trips>,
    /// Whether it and the journal are there.
    pub readiness: StoreReadiness,
    /// How its ledger fares.
    pub ledger: Arc<Gauges>,
    /// What the policies of roles decided, where they are enforced here.
    pub roles: Option<Roles>,
}

/// What runs behind a region's walls.
pub struct Upkeep {
    walls: Walls,
    flusher: tokio::task::JoinHandle<()>,
    maintaining: tokio::task::JoinHandle<()>,
    keeping: tokio::task::JoinHandle<()>,
}

impl Upkeep {
    /// Ends it: every entry that waits becomes durable first.
    pub async fn end(self) {
        self.maintaining.abort();
        self.keeping.abort();
        self.walls.close_journal();
        let within = Duration::from_millis(limits::SHUTDOWN_MS);
        let _ = tokio::time::timeout(within, self.flusher).await;
    }
}

async fn maintain(walls: Walls, log: Arc<Log>) {
    let pause = Duration::from_millis(limits::MAINTENANCE_MS);
    let mut failed = false;
    loop {
        let swept = roles::acting(own::SWEEP.into(), walls.sweep()).await;
        let drained = roles::acting(own::DRAIN.into(), walls.drain()).await;
        match swept.and(drained) {
            Ok(true) => tokio::task::yield_now().await,
            Ok(false) => tokio::time::sleep(pause).await,
            Err(_) => {
                // Said once, not every second of an outage.
                if !failed {
                    log.event("maintenance failed", Some(&walls.here()));
                }
                failed = true;
                tokio::time::sleep(pause * 10).await;
                continue;
            }
        }
        failed = false;
    }
}

/// The region files of a folder: name and text, in the order of their names.
///
/// # Errors
/// When one cannot be read.
pub fn region_files(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("reading the region files in {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "toml") {
            let text = std::fs::read_to_string(&path)?;
            files.push((path.display().to_string(), text));
        }
    }
    files.sort();
    Ok(files)
}

/// The directory of regions in a folder of region files.
///
/// # Errors
/// Every fault of every file.
pub fn directory(folder: &Path) -> Result<Directory> {
    let files = region_files(folder)?;
    match Directory::read(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))) {
        Ok(directory) => Ok(directory),
        Err(faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            bail!("the region files have faults:\n  {}", faults.join("\n  "))
        }
    }
}
