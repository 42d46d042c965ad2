//! The pilot's figures: counted at the doors, kept in the table *access*, told
//! by `/pilot` and `dossier report`. `docs/pilot-report.md` has the whole.

pub mod keep;
pub mod page;
pub mod records;
pub mod series;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chart::Environment;
use regions::Directory;
use report::{Audience, Input, Objectives, Place, Record, Report, model::Name};
use tokio::runtime::Handle;

use crate::limits;
use crate::log::Log;
use crate::record::roles::{self, own};
use crate::record::{AnyTable, Ground, System};
pub use series::Series;

/// The figures of this process's doors, and the way to those of all others.
pub struct Pilot {
    access: AnyTable,
    directory: RwLock<Arc<Directory>>,
    /// The one region that is told of, when these are the figures of a rehearsal.
    only: Option<String>,
    /// What figures are held against.
    pub objectives: Objectives,
    /// Folder where commands on this machine leave their records.
    folder: PathBuf,
    series: Mutex<Vec<Arc<Series>>>,
    taken: Mutex<HashSet<String>>,
    /// When the reviews were counted last, milliseconds since 1970.
    counted_ms: AtomicI64,
    cache: page::Cache,
    runtime: Handle,
}

impl Pilot {
    /// Over the table *access*. Must be made within the runtime that is to read
    /// it.
    pub fn new(
        access: AnyTable,
        directory: Directory,
        (ground, data): (&Ground, &Path),
        objectives: Objectives,
    ) -> Arc<Self> {
        let only = ground.code().map(str::to_owned);
        let folder = records::folder(&ground.data(data));
        Arc::new(Self {
            access,
            directory: RwLock::new(Arc::new(directory)),
            only,
            objectives,
            folder,
            series: Mutex::default(),
            taken: Mutex::default(),
            counted_ms: AtomicI64::new(0),
            cache: page::Cache::default(),
            runtime: Handle::current(),
        })
    }

    /// The figures of one door of this process.
    pub fn series(&self, region: &str) -> Arc<Series> {
        // Those of other regions too: a neighbour serves them when their own door
        // does not answer.
        let directory = self.directory();
        let regions = directory.regions().iter();
        let establishments = regions.flat_map(|place| &place.establishments);
        let establishments = establishments.map(|one| one.id.clone()).collect();
        let process = format!("{:08x}", random());
        let series = Arc::new(Series::new(region, process, establishments, System.now_ms()));
        self.held().push(Arc::clone(&series));
        series
    }

    fn directory(&self) -> Arc<Directory> {
        // No code panics while it holds the lock.
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The region files say something else from now on.
    pub fn know(&self, directory: Directory) {
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(directory);
    }

    /// A door counts elsewhere from now on: what it counted here is written down.
    pub async fn leave(&self, series: &Arc<Series>) {
        let writing = keep::flush(&self.access, series, System.now_ms());
        roles::acting(own::PILOT.into(), writing).await;
        self.held().retain(|held| !Arc::ptr_eq(held, series));
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Series>>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down, now, what was counted, and takes in what commands left.
    /// Whether all of it is durable.
    pub async fn flush(&self) -> bool {
        roles::acting(own::PILOT.into(), self.write_down()).await
    }

    async fn write_down(&self) -> bool {
        let now_ms = System.now_ms();
        let found = records::read(&self.folder);
        let mut whole = self.take_in(&found).await;
        let series: Vec<_> = self.held().clone();
        for series in series {
            series.know(&found);
            whole &= keep::flush(&self.access, &series, now_ms).await;
        }
        whole && self.count_reviews(now_ms).await
    }

    /// Counts the emergencies of these doors' regions that wait for a review, when
    /// that was long ago.
    async fn count_reviews(&self, now_ms: i64) -> bool {
        if now_ms - self.counted_ms.load(Ordering::Relaxed) < limits::REVIEWS_COUNTED_MS {
            return true;
        }
        let regions: HashSet<String> =
            self.held().iter().map(|series| series.region().to_owned()).collect();
        for region in &regions {
            if keep::count_reviews(&self.access, region, now_ms).await.is_err() {
                return false;
            }
        }
        self.counted_ms.store(now_ms, Ordering::Relaxed);
        true
    }

    /// Puts those records where every gateway finds them that this process did
    /// not put there yet.
    async fn take_in(&self, found: &[Record]) -> bool {
        let taken = || self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = found.to_vec();
        {
            let taken = taken();
            new.retain(|record| !taken.contains(&record.to_line()));
        }
        let whole = keep::take_in(&self.access, &new).await;
        if whole {
            *taken() = found.iter().map(Record::to_line).collect();
        }
        whole
    }

    /// Does so at the end of every minute, for ever.
    pub async fn keep(self: Arc<Self>, log: Arc<Log>) {
        let mut failed = false;
        loop {
            let into_ms = u64::try_from(System.now_ms().rem_euclid(60_000)).unwrap_or_default();
            let left_ms = limits::SERIES_MS.saturating_sub(into_ms).max(1_000);
            tokio::time::sleep(std::time::Duration::from_millis(left_ms)).await;
            let whole = self.flush().await;
            if !whole && !failed {
                log.event("the pilot's figures wait for the store", None);
            }
            failed = !whole;
        }
    }

    /// The report of a period; of all that is kept, within a month, without one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn report(
        &self,
        period: Option<(i64, i64)>,
        audience: Audience,
    ) -> Result<Report, chart::table::TableError> {
        let series: Vec<_> = self.held().clone();
        let (directory, only) = (self.directory(), self.only.as_deref());
        let reading = input(&self.access, &directory, period, only);
        let mut input = roles::acting(own::PILOT.into(), reading).await?;
        for (place, rows) in &mut input.regions {
            let own = series.iter().find(|series| series.region() == place.code);
            rows.extend(own.and_then(|series| series.current()));
        }
        let mut found = records::read(&self.folder);
        input.records.append(&mut found);
        Ok(finished(input, &self.objectives, audience))
    }
}

/// A number that nobody guesses; 0 without chance.
fn random() -> u32 {
    let mut bytes = [0; 4];
    let _ = getrandom::fill(&mut bytes);
    u32::from_ne_bytes(bytes)
}

/// How far back a report goes that names no period.
const DEFAULT_MS: i64 = 30 * 86_400_000;

/// What is kept of a period, of every region that anything is known of, or of
/// `only` one.
///
/// # Errors
/// When the store cannot be read.
pub async fn input(
    access: &AnyTable,
    directory: &Directory,
    period: Option<(i64, i64)>,
    only: Option<&str>,
) -> Result<Input, chart::table::TableError> {
    let now_ms = System.now_ms();
    let (from_ms, to_ms) = period.unwrap_or((now_ms - DEFAULT_MS, now_ms + 1));
    let mut input = Input { from_ms, to_ms, made_ms: now_ms, ..Input::default() };
    let mut span = keep::span(from_ms, to_ms);
    let mut rows = keep::rows(access, directory, span, (from_ms, to_ms)).await?;
    if period.is_none() {
        // A pilot that is younger is told from its first hour, so that its plots
        // show something.
        let first = rows.iter().flat_map(|(_, rows)| rows).map(|row| row.at_ms).min();
        input.from_ms = first.unwrap_or(now_ms).max(from_ms).min(now_ms - 600_000);
        if keep::span(input.from_ms, to_ms) != span {
            span = keep::span(input.from_ms, to_ms);
            rows = keep::rows(access, directory, span, (input.from_ms, to_ms)).await?;
        }
    }
    input.minutes = span == report::Span::Minute;
    for (region, rows) in rows {
        let live = region.phase != regions::Phase::Planned;
        let told = only.is_none_or(|only| only == region.code);
        if told && (live || !rows.is_empty()) {
            input.records.extend(keep::records(access, &region.code).await?);
            input.regions.push((place(region), rows));
        }
    }
    Ok(input)
}

/// The report of it. A record that is in the table and in the folder counts once.
pub fn finished(mut input: Input, objectives: &Objectives, audience: Audience) -> Report {
    let mut seen = HashSet::new();
    input.records.retain(|record| seen.insert(record.to_line()));
    Report::of(input, objectives, audience)
}

fn place(region: &regions::Region) -> Place {
    let name = |name: &regions::Name| Name { fr: name.fr.clone(), en: name.en.clone() };
    let establishments = region.establishments.iter().map(|one| (one.id.clone(), name(&one.name)));
    Place {
        code: region.code.clone(),
        name: name(&region.name),
        phase: region.phase.word().to_owned(),
        establishments: establishments.collect(),
    }
}
