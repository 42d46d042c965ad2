//! The central record as this process reaches it, and each region's walls on
//! it.

mod environment;
mod ground;
pub mod issuer;
pub mod roles;
mod table;
mod trust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use access::token::KeySet;
use anyhow::{Context, Result, anyhow, ensure};
use provider::keys::Fetch;
use provider::{Authority, Away, Background, Journaling, Later, Provider, Setup};
use regions::Directory;
use store::definition::TableKind;
use store::sdk::SdkTable;
use tokio::runtime::Handle;

use crate::backup::give;
use crate::cli::Places;
use crate::ledger::{Gauges, Keeper};
use crate::limits;
use crate::log::Log;
use crate::readiness::Readiness;
pub use environment::System;
pub use ground::{Ground, GroundChoice};
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
}

/// The record, open.
pub struct Central {
    tables: [AnyTable; 2],
    data: PathBuf,
    choice: Choice,
    assumed: Option<BTreeMap<String, String>>,
    trust: Trust,
    fetch: Fetch,
    unique_systems: Vec<String>,
    roles: Option<Roles>,
    log: Arc<Log>,
}

/// The tables of the central record, *record* first.
///
/// # Errors
/// When the embedded files cannot be opened.
pub async fn tables(places: &Places, choice: &Choice) -> Result<[AnyTable; 2]> {
    Ground::Central.tables(&places.data, choice).await
}

/// The same, each role with credentials of its own.
async fn tables_of_roles(
    choice: &Choice,
    ground: &Ground,
    roles: &BTreeMap<String, String>,
) -> Result<[AnyTable; 2]> {
    ensure!(!choice.is_embedded(), "--roles are assumed of AWS: say --store dynamodb as well");
    let clients = store::sdk::clients_of_roles(roles).await;
    let prefix = ground.prefix(&choice.table_prefix);
    let named = |kind: TableKind| {
        let name = format!("{prefix}{}", kind.base_name());
        let table = |(role, client): (&String, &store::sdk::Client)| {
            (role.clone(), SdkTable::new(client.clone(), name.clone()))
        };
        AnyTable::assumed(kind, clients.iter().map(table).collect())
    };
    Ok(TableKind::ALL.map(named))
}

/// The tables of a ground, in whose name and behind which policies it may be.
///
/// # Errors
/// When they cannot be opened, or a copy is being put back into them.
async fn reached(
    ground: &Ground,
    data: &Path,
    choice: &Choice,
    (assumed, roles): (Option<&BTreeMap<String, String>>, Option<&Roles>),
) -> Result<[AnyTable; 2]> {
    let tables = match assumed {
        Some(assumed) => tables_of_roles(choice, ground, assumed).await?,
        None => ground.tables(data, choice).await?,
    };
    // With a role of its own, since each table may be asked in a name only.
    let asked = roles::acting(own::READINESS.into(), give::is_under_way(&tables));
    ensure!(
        !asked.await,
        "a copy is being put back into these tables: let dossier restore end, then start again"
    );
    Ok(match roles {
        Some(roles) => tables.map(|table| table.behind(roles)),
        None => tables,
    })
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
        let assumed = acting.assumed(functions);
        let data = places.data.clone();
        let tables =
            reached(&Ground::Central, &data, choice, (assumed.as_ref(), roles.as_ref())).await?;
        let (choice, unique_systems) = (choice.clone(), choice.unique_systems.clone());
        Ok(Self { tables, data, choice, assumed, trust, fetch, unique_systems, roles, log })
    }

    /// The tables of a ground, *record* first.
    ///
    /// # Errors
    /// When embedded files cannot be opened.
    pub async fn tables(&self, ground: &Ground) -> Result<[AnyTable; 2]> {
        if *ground == Ground::Central {
            return Ok(self.tables.clone());
        }
        let names = (self.assumed.as_ref(), self.roles.as_ref());
        reached(ground, &self.data, &self.choice, names).await
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

    /// The walls of one region on these tables of its ground, what tells of them,
    /// and what must run behind them as long as it is served.
    pub fn walls(
        &self,
        place: &Place,
        directory: &Directory,
        (ground, tables): (&Ground, &[AnyTable; 2]),
        keeper: Keeper,
    ) -> (Walls, Signs, Upkeep) {
        let Place { code: region, endpoints, away } = place;
        let trips = Arc::new(Trips::default());
        let [record, access] = tables.each_ref().map(|table| table.counted(&trips));
        let (central, practice) = (&self.trust.issuers, self.trust.issuers.rehearsing());
        let (issuers, elsewhere) = match ground {
            Ground::Central => (central.clone(), practice),
            Ground::Rehearsal(_) => (practice, central.clone()),
        };
        let signer = self.trust.signer.as_ref().map(|signer| match ground {
            Ground::Central => signer.clone(),
            Ground::Rehearsal(_) => signer.rehearsing(),
        });
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
            issuers,
            elsewhere: Some(elsewhere),
            authority: signer.map(|issuer| Authority {
                issuer,
                clients: self.trust.clients.clone(),
                endpoints: endpoints.clone(),
            }),
            fetch: Some(Arc::clone(&self.fetch)),
            directory: directory.clone(),
            region: region.clone(),
            environment: System,
            journaling: Journaling::Shared,
            background: Some(background),
            unique_systems: self.unique_systems.clone(),
            away: Some(Arc::clone(away)),
        });
        walls.watch(Box::new(crate::observed::journaled));
        let flusher = tokio::spawn(roles::acting(own::JOURNAL.into(), flusher));
        let maintaining = tokio::spawn(maintain(walls.clone(), Arc::clone(&self.log)));
        let ledger = Arc::clone(&keeper.gauges);
        let keeping = keeper.keep(walls.clone(), Arc::clone(&self.log));
        let keeping = tokio::spawn(roles::acting(own::LEDGER.into(), keeping));
        // Its looks are not the provider's round trips.
        let readiness = Readiness::new(tables.clone(), flusher.abort_handle());
        let signs = Signs { trips, readiness, ledger, roles: self.roles.clone() };
        (walls.clone(), signs, Upkeep { walls, flusher, maintaining, keeping })
    }
}

/// Which region's walls.
#[derive(Clone)]
pub struct Place {
    /// Two-digit code.
    pub code: String,
    /// Addresses of its token endpoint.
    pub endpoints: Vec<String>,
    /// Tells which regions its door cannot reach.
    pub away: Away,
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
    let faults =
        |faults: Vec<String>| anyhow!("the region files have faults:\n  {}", faults.join("\n  "));
    directory_of(&region_files(folder)?).map_err(faults)
}

/// The directory that these region files make: name and text of each.
///
/// # Errors
/// Every fault of every file, in words.
pub fn directory_of(files: &[(String, String)]) -> Result<Directory, Vec<String>> {
    Directory::read(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}
