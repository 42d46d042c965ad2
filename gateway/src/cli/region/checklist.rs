//! What must hold before a region moves, measured: each item looks at the thing
//! itself, none takes anybody's word.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use fhir::resource::parse_instant;
use regions::{Directory, Item, Move, Region};
use report::{Objectives, Record, Span};

use crate::backup::outcome::{self, Outcome};
use crate::cli::verify;
use crate::ledger::keys;
use crate::limits::{LATENCY_MEASURED_MS, RESTORE_OLD_MS};
use crate::peers;
use crate::pilot::{keep, records};
use crate::record::{self, AnyTable, Choice, Ground};

/// One item that was looked at.
pub struct Finding {
    /// Which.
    pub item: Item,
    /// How it stands.
    pub state: State,
    /// What was measured.
    pub told: String,
}

/// How an item stands.
pub enum State {
    /// It holds.
    Holds,
    /// It does not, and somebody answers for that: their reason.
    Accepted(String),
    /// It does not; what to do about it.
    Fails(String),
}

/// Why an item does not hold, and what to do about it.
struct Lack {
    why: String,
    remedy: String,
}

type Measured = Result<String, Lack>;

/// A region that is to move.
pub struct Subject<'a> {
    /// The move.
    pub step: Move,
    /// The region as it is.
    pub region: &'a Region,
    /// All of them.
    pub directory: &'a Directory,
    /// All region files as they will be.
    pub files: &'a [(String, String)],
    /// The data folder.
    pub data: &'a Path,
    /// Which store.
    pub choice: &'a Choice,
    /// What figures are held against.
    pub objectives: &'a Objectives,
    /// Folder of the ledgers' keys.
    pub log_keys: PathBuf,
    /// Folder of the keys by which gateways know each other.
    pub peer_keys: PathBuf,
    /// Where its door is, without `/fhir`.
    pub origin: Option<String>,
    /// Now, milliseconds since 1970.
    pub now_ms: i64,
}

impl Subject<'_> {
    fn code(&self) -> &str {
        &self.region.code
    }

    /// On which tables it works before the move.
    pub fn ground(&self) -> Ground {
        Ground::in_phase(self.code(), self.step.from())
    }

    /// On which tables it works afterwards.
    pub fn next(&self) -> Ground {
        Ground::in_phase(self.code(), self.step.to())
    }

    /// Since when what was left counts: the day on which it came into its phase.
    fn since_ms(&self) -> i64 {
        let day = self.region.since.as_deref().unwrap_or("1970-01-01");
        parse_instant(&format!("{day}T00:00:00Z")).unwrap_or_default()
    }

    /// Looks at every item of the move.
    pub async fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for item in self.step.items() {
            let measured = match item {
                Item::Files => self.files(),
                Item::Tables => self.tables().await,
                Item::Keys => self.keys(),
                Item::Load => self.load().await,
                Item::Audit => self.audit().await,
                Item::Latency => self.latency().await,
                Item::Restore => self.restore(),
                Item::Peers => self.peers().await,
            };
            let (state, told) = match measured {
                Ok(told) => (State::Holds, told),
                Err(lack) => (State::Fails(lack.remedy), lack.why),
            };
            findings.push(Finding { item: *item, state, told });
        }
        findings
    }

    fn files(&self) -> Measured {
        match record::directory_of(self.files) {
            Ok(directory) => Ok(format!("{} region files are in order", directory.regions().len())),
            Err(faults) => lack(faults.join("; "), "correct the files, then dossier regions check"),
        }
    }

    async fn tables(&self) -> Measured {
        let next = self.next();
        match next.check(self.data, self.choice).await {
            Ok(()) => Ok(format!("both tables of {} are as defined", self.place())),
            Err(error) if next.rehearses() => lack(
                format!("{error:#}"),
                &format!("dossier tables create --rehearsal {}", self.code()),
            ),
            Err(error) => lack(format!("{error:#}"), "dossier tables create"),
        }
    }

    fn place(&self) -> String {
        let next = self.next();
        match self.choice.is_embedded() {
            true => next.folder(self.data).display().to_string(),
            false => format!("{}*", next.prefix(&self.choice.table_prefix)),
        }
    }

    fn keys(&self) -> Measured {
        let (code, next) = (self.code(), self.next());
        let path = self.log_keys.join(keys::file(code, &next));
        let log = match keys::of_region(&path, &next) {
            Ok(key) => key.verifier().name().to_owned(),
            Err(error) => {
                let made = format!(
                    "dossier ledger key DOMAIN/{}/{code} --out {}",
                    next.ledger(),
                    path.display()
                );
                return lack(format!("{error:#}"), &made);
            }
        };
        match peers::load(&self.peer_keys, code) {
            Ok(_) => Ok(format!("ledger {log}, and the certificate of its gateway")),
            Err(error) => {
                lack(format!("{error:#}"), &format!("dossier regions keys --region {code}"))
            }
        }
    }

    async fn access(&self) -> Result<AnyTable, Lack> {
        let tables = self.ground().tables(self.data, self.choice).await;
        let unread = |error| Lack {
            why: format!("the figures cannot be read: {error:#}"),
            remedy: "see that the store can be reached".to_owned(),
        };
        tables.map(|[_, access]| access).map_err(unread)
    }

    async fn load(&self) -> Measured {
        let code = self.code();
        let access = self.access().await?;
        let mut held = records::read(&records::folder(&self.ground().data(self.data)));
        held.extend(keep::records(&access, code).await.unwrap_or_default());
        let loads = held.into_iter().filter_map(|record| match record {
            Record::Load(load) if load.region == code => Some(load),
            _ => None,
        });
        let again = format!("dossier load --region {code} FILES");
        let Some(load) = loads.max_by_key(|load| load.at_ms) else {
            return lack("nothing was loaded", &again);
        };
        if load.at_ms < self.since_ms() {
            return lack("nothing was loaded since the region came into this phase", &again);
        }
        let told = format!(
            "read {}, of which {} new, {} changed, {} there before, {} refused",
            load.read, load.created, load.updated, load.there, load.refused
        );
        if !load.balanced {
            return lack(format!("the last load does not balance: {told}"), &again);
        }
        let most = self.objectives.load_refused_share;
        if load.refused as f64 > load.read as f64 * most {
            let why = format!("the last load was refused too much of: {told}");
            return lack(why, &format!("correct what was refused, then {again}"));
        }
        Ok(told)
    }

    async fn audit(&self) -> Measured {
        let (code, ground) = (self.code(), self.ground());
        let open = format!("see that its gateway runs: dossier up --region {code}");
        let Some(origin) = &self.origin else {
            return lack("its file names no endpoint", "add endpoint to the file, or give --url");
        };
        let address = format!("{origin}/ledger/{code}");
        let key = keys::of_region(&self.log_keys.join(keys::file(code, &ground)), &ground);
        let key = match key {
            Ok(key) => key.verifier().clone(),
            Err(error) => return lack(format!("{error:#}"), "give --log-keys"),
        };
        let (at, data) = (address.clone(), self.data.to_owned());
        let verified = tokio::task::spawn_blocking(move || verify::served(&at, key, &data)).await;
        match verified.map_err(|error| anyhow!(error)).and_then(|verified| verified) {
            Ok(0) => lack(format!("the ledger at {address} holds no entry"), &open),
            Ok(size) => Ok(format!("{size} entries at {address}: complete and consistent")),
            Err(error) => lack(format!("{address}: {error:#}"), &open),
        }
    }

    async fn latency(&self) -> Measured {
        let access = self.access().await?;
        let from_ms = self.since_ms().max(self.now_ms - LATENCY_MEASURED_MS);
        let period = (from_ms, self.now_ms + 1);
        let rows = keep::rows(&access, self.directory, Span::Minute, period).await;
        let rows = rows.map_err(|error| Lack {
            why: format!("the figures cannot be read: {error}"),
            remedy: "see that the store can be reached".to_owned(),
        })?;
        let own = rows.into_iter().filter(|(region, _)| region.code == self.code());
        let mut total = report::slice::Tally::default();
        own.flat_map(|(_, rows)| rows).for_each(|row| total.merge(&row.slice.total()));
        let Objectives { latency_ms, latency_share, requests_min, availability, .. } =
            *self.objectives;
        let count = total.requests();
        let more = "have more requests answered at its door; figures are written each minute";
        if count < requests_min {
            return lack(format!("{count} requests were counted, of {requests_min}"), more);
        }
        let share = |of: u64| of as f64 / count as f64;
        let (within, good) = (
            share(total.latency.within(latency_ms.saturating_mul(1_000))),
            1.0 - share(total.failed()),
        );
        let ms = |part| total.latency.quantile(part).unwrap_or_default() as f64 / 1e3;
        let told = format!(
            "{count} requests, p50 {:.1} ms, p99 {:.1} ms; {:.2}% within {latency_ms} ms, {:.2}% \
             without a fault of ours",
            ms(0.5),
            ms(0.99),
            within * 100.0,
            good * 100.0
        );
        if within < latency_share || good < availability {
            let wanted =
                format!("of {:.2}% and {:.2}%", latency_share * 100.0, availability * 100.0);
            return lack(
                format!("{told}, {wanted}"),
                "see /pilot at its admin port, then docs/pilot-report.md",
            );
        }
        Ok(told)
    }

    fn restore(&self) -> Measured {
        let code = self.code();
        let path = outcome::path(&self.ground().data(self.data), code);
        let again = "rehearse it: dossier backup --rehearsal, then dossier restore --rehearse --rehearsal \
                     (docs/operations.md)";
        let held = match Outcome::read(&path) {
            Ok(held) => held,
            Err(error) => return lack(format!("{error:#}"), again),
        };
        let Some(at_ms) = parse_instant(&held.restored_at) else {
            return lack(format!("{}: restored_at is no instant", path.display()), again);
        };
        if held.region != code {
            return lack(format!("{} is of region {}", path.display(), held.region), again);
        }
        let told =
            format!("backup {}, restored at {}", held.backup, fhir::resource::instant(at_ms));
        if !held.equal || held.ledger != outcome::VERIFIED {
            return lack(format!("what was restored is not what was backed up: {told}"), again);
        }
        if at_ms < self.since_ms().max(self.now_ms - RESTORE_OLD_MS) || at_ms > self.now_ms {
            return lack(
                format!("the rehearsal of it is not of this phase, or too old: {told}"),
                again,
            );
        }
        Ok(format!("{told}: equal, ledger verified"))
    }

    async fn peers(&self) -> Measured {
        let code = self.code();
        let identity = match peers::load(&self.peer_keys, code) {
            Ok(identity) => identity,
            Err(error) => {
                let made = format!("dossier regions keys --region {code}");
                return lack(format!("{error:#}"), &made);
            }
        };
        // Those with which it will share a record: they must reach each other.
        let next = self.next();
        let others = self.directory.regions().iter().filter(|other| {
            let open = other.phase != regions::Phase::Planned;
            open && other.code != code && (next.rehearses() || !Ground::of(other).rehearses())
        });
        let (mut reached, mut away) = (Vec::new(), Vec::new());
        for other in others {
            let Some(address) = &other.peer else { continue };
            let narrow = other.link.is_narrow();
            let answered = peers::reach(&identity.connector, &other.code, address, narrow).await;
            match answered {
                Ok(true) => reached.push(other.code.as_str()),
                _ => away.push(format!("{} at {address}", other.code)),
            }
        }
        match (away.as_slice(), reached.as_slice()) {
            ([], []) => Ok("no other gateway is open".to_owned()),
            ([], reached) => Ok(format!("reached over mutual TLS: {}", reached.join(", "))),
            (away, _) => lack(
                format!("not reached: {}", away.join(", ")),
                "see that they run, and that both have certificates of one authority",
            ),
        }
    }
}

fn lack(why: impl Into<String>, remedy: &str) -> Measured {
    Err(Lack { why: why.into(), remedy: remedy.to_owned() })
}
