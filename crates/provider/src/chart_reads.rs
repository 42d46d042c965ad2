//! `charts`: reading one person's record, each read under its own entry.

use crate::convert::{self, read_failed};
use crate::cursor;
use crate::decide::permitted;
use crate::provider::Provider;
use crate::references::{Resolved, people};
use crate::session::{Seen, Session, Told};
use access::entry::{Basis, Change, Interaction};
use chart::table::Table;
use chart::{Cell, CellRef, Environment, Home, Version};
use contracts::{Intent, Page, Place, Refusal, ResourceKey, Window};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;

/// A chart opened for one intended access. Whatever is read through it lies in
/// its home: a key of another chart finds nothing. What the session may is
/// asked again at each read, by what is really read.
#[derive(Clone, Debug)]
pub struct Chart {
    session: Session,
    intent: Intent,
    /// Absent when nothing is where the caller looked.
    home: Option<Home>,
}

/// One permitted read through a chart.
struct Asked<'c> {
    chart: &'c Chart,
    interaction: Interaction,
    query: Option<String>,
    basis: Basis,
}

impl Chart {
    fn person(&self) -> Option<&str> {
        person_of(self.home.as_ref())
    }
}

impl Asked<'_> {
    fn told(&self, seen: Vec<Seen>, status: u16) -> Told {
        Told {
            interaction: self.interaction,
            query: self.query.clone(),
            persons: self.chart.person().map(str::to_owned).into_iter().collect(),
            seen,
            basis: Some(self.basis),
            status,
            denied: None,
        }
    }
}

pub(crate) fn person_of(home: Option<&Home>) -> Option<&str> {
    match home {
        Some(Home::Person(person)) => Some(person),
        _ => None,
    }
}

pub(crate) fn seen(version: &Version, person: Option<&str>) -> Seen {
    Seen {
        resource_type: version.resource_type.clone(),
        id: version.id.clone(),
        version: version.version,
        person: person.map(str::to_owned),
        change: Change::Read,
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `charts.open`.
    pub async fn open_chart(
        &self,
        session: &Session,
        intent: Intent,
        place: Place,
    ) -> Result<Chart, Refusal> {
        let (home, resource_type) = match place {
            Place::Person(person) if !fhir::types::is_id(&person) => (None, "Patient".to_owned()),
            Place::Person(person) => (Some(Home::Person(person)), "Patient".to_owned()),
            Place::Holding(key) if !fhir::types::is_id(&key.id) => (None, key.resource_type),
            Place::Holding(key) => {
                let home = self.record().locate(&key.resource_type, &key.id).await;
                (home.map_err(|error| read_failed(&error))?, key.resource_type)
            }
        };
        let resource_type = match intent.interaction {
            contracts::Interaction::Search => searched(&intent).unwrap_or(resource_type),
            _ => resource_type,
        };
        let interaction = convert::interaction(intent.interaction);
        let chart = Chart { session: session.clone(), intent, home };
        let query = chart.intent.query.clone();
        self.asked(&chart, interaction, &resource_type, query).await?;
        Ok(chart)
    }

    /// Whether this may be read through the chart; a refusal is journaled.
    async fn asked<'c>(
        &self,
        chart: &'c Chart,
        interaction: Interaction,
        resource_type: &str,
        query: Option<String>,
    ) -> Result<Asked<'c>, Refusal> {
        match permitted(&chart.session.claims, interaction, resource_type, chart.person()) {
            Ok(basis) => Ok(Asked { chart, interaction, query, basis }),
            Err((reason, refusal)) => {
                let told = Told {
                    interaction,
                    query,
                    persons: chart.person().map(str::to_owned).into_iter().collect(),
                    seen: Vec::new(),
                    basis: None,
                    status: refusal.status.code(),
                    denied: Some(reason.to_owned()),
                };
                Err(self.deny(&chart.session, told, refusal).await)
            }
        }
    }

    /// [`Self::asked`] of one resource.
    async fn asked_of<'c>(
        &self,
        chart: &'c Chart,
        interaction: Interaction,
        key: &ResourceKey,
    ) -> Result<Asked<'c>, Refusal> {
        let query = chart.intent.query.clone();
        self.asked(chart, interaction, &key.resource_type, query).await
    }

    /// `chart.read`.
    pub async fn chart_read(
        &self,
        chart: &Chart,
        key: &ResourceKey,
    ) -> Result<contracts::Version, Refusal> {
        let asked = self.asked_of(chart, Interaction::Read, key).await?;
        let found = match &chart.home {
            Some(home) => self.record().read_at(home, &key.resource_type, &key.id).await,
            None => Ok(None),
        };
        self.one(&asked, key, found.map_err(|error| read_failed(&error))?).await
    }

    /// `chart.vread`.
    pub async fn chart_vread(
        &self,
        chart: &Chart,
        key: &ResourceKey,
        number: u64,
    ) -> Result<contracts::Version, Refusal> {
        let asked = self.asked_of(chart, Interaction::Vread, key).await?;
        let found = match &chart.home {
            Some(home) => self.record().vread_at(home, &key.resource_type, &key.id, number).await,
            None => Ok(None),
        };
        self.one(&asked, key, found.map_err(|error| read_failed(&error))?).await
    }

    /// Journals what was found, or that nothing was, before it is told.
    async fn one(
        &self,
        asked: &Asked<'_>,
        key: &ResourceKey,
        found: Option<Version>,
    ) -> Result<contracts::Version, Refusal> {
        let Some(version) = found else {
            return Err(self.nothing(asked, key).await);
        };
        let status = if version.deleted { 410 } else { 200 };
        let told = asked.told(vec![seen(&version, asked.chart.person())], status);
        self.witness(&asked.chart.session, told).await?;
        Ok(convert::version(version))
    }

    /// 404, once it is journaled that nothing was found.
    async fn nothing(&self, asked: &Asked<'_>, key: &ResourceKey) -> Refusal {
        let refusal = absent(key);
        let told = asked.told(Vec::new(), refusal.status.code());
        match self.witness(&asked.chart.session, told).await {
            Ok(()) => refusal,
            Err(unavailable) => unavailable,
        }
    }

    /// `chart.history`.
    pub async fn chart_history(
        &self,
        chart: &Chart,
        key: &ResourceKey,
        window: Window,
    ) -> Result<Page, Refusal> {
        let asked = self.asked_of(chart, Interaction::HistoryInstance, key).await?;
        let page = match &chart.home {
            Some(home) => self.versions(home, key, &window).await?,
            None => None,
        };
        let Some((versions, next)) = page else {
            return Err(self.nothing(&asked, key).await);
        };
        let all = versions.iter().map(|version| seen(version, chart.person())).collect();
        self.witness(&chart.session, asked.told(all, 200)).await?;
        Ok(convert::page(versions, None, next))
    }

    /// Versions of one resource, newest first, and the cursor of the next page;
    /// `None` when there never was one.
    pub(crate) async fn versions(
        &self,
        home: &Home,
        key: &ResourceKey,
        window: &Window,
    ) -> Result<Option<(Vec<Version>, Option<String>)>, Refusal> {
        let before = match &window.cursor {
            Some(text) => Some(cursor::version(text)?),
            None => None,
        };
        let limit = window.count.saturating_add(1);
        let found =
            self.record().history_at(home, &key.resource_type, &key.id, before, limit).await;
        let mut versions = found.map_err(|error| read_failed(&error))?;
        if versions.is_empty() && before.is_none() {
            return Ok(None);
        }
        let count = usize::try_from(window.count).unwrap_or(usize::MAX);
        let more = versions.len() > count;
        versions.truncate(count);
        let mut next = match versions.last() {
            Some(last) if more => Some(cursor::of_version(last.version)),
            _ => None,
        };
        if let Some(since_ms) = window.since_ms {
            let all = versions.len();
            versions.retain(|version| version.last_updated_ms >= since_ms);
            if versions.len() < all {
                next = None;
            }
        }
        Ok(Some((versions, next)))
    }

    /// `chart.everything`.
    pub async fn chart_everything(&self, chart: &Chart, window: Window) -> Result<Page, Refusal> {
        let person = chart.person().unwrap_or_default();
        let key = ResourceKey::new("Patient", person);
        let asked = self.asked_of(chart, Interaction::Everything, &key).await?;
        let mut cells = match &chart.home {
            Some(home) => self.compartment(home, None).await?,
            None => Vec::new(),
        };
        if cells.iter().all(|cell| cell.resource_type != "Patient" || cell.deleted) {
            return Err(self.nothing(&asked, &key).await);
        }
        cells.retain(|cell| {
            let wanted = &window.resource_types;
            !cell.deleted
                && (wanted.is_empty() || wanted.contains(&cell.resource_type))
                && window.since_ms.is_none_or(|since_ms| cell.last_updated_ms >= since_ms)
        });
        // The person first, then by type and id: an order that no write changes.
        let place = |resource_type: &str, id: &str| {
            (resource_type != "Patient", resource_type.to_owned(), id.to_owned())
        };
        cells.sort_by_key(|cell| place(&cell.resource_type, &cell.id));
        let total = u32::try_from(cells.len()).ok();
        if let Some(text) = &window.cursor {
            let after = cursor::resource(text)?;
            let after = place(&after.resource_type, &after.id);
            cells.retain(|cell| place(&cell.resource_type, &cell.id) > after);
        }
        let count = usize::try_from(window.count).unwrap_or(usize::MAX);
        let more = cells.len() > count;
        cells.truncate(count);
        let next = match cells.last() {
            Some(last) if more => {
                Some(cursor::of_resource(&ResourceKey::new(&*last.resource_type, &*last.id)))
            }
            _ => None,
        };
        let at: Vec<_> = cells.iter().map(chart::Cell::reference).collect();
        let versions = self.bodies(&at).await?;
        self.witness(&chart.session, asked.told(seen_in(&at, &versions), 200)).await?;
        Ok(convert::page(versions, total, next))
    }

    /// `chart.search`.
    pub async fn chart_search(
        &self,
        chart: &Chart,
        resource_types: &[String],
        query: &str,
    ) -> Result<Page, Refusal> {
        let [resource_type] = resource_types else { return Err(one_type()) };
        let text = format!("{resource_type}?{query}");
        let asked = self.asked(chart, Interaction::Search, resource_type, Some(text)).await?;
        let query = self.understood(resource_type, query)?;
        let cells = match &chart.home {
            Some(home) => self.compartment(home, Some(resource_type)).await?,
            None => Vec::new(),
        };
        let found = self.judged(&query, cells).await?;
        let (page, at, versions) = self.page(&query, found).await?;
        self.witness(&chart.session, asked.told(seen_in(&at, &versions), 200)).await?;
        Ok(page.with(versions))
    }

    /// The cells of a chart, and of resources of other charts that are about
    /// this person as well. The pointers to those are hints, which a later
    /// version may have made stale: its body decides.
    pub(crate) async fn compartment(
        &self,
        home: &Home,
        resource_type: Option<&str>,
    ) -> Result<Vec<Cell>, Refusal> {
        let cells = self.record().cells(home, resource_type).await;
        let mut cells = cells.map_err(|error| read_failed(&error))?;
        let Home::Person(person) = home else { return Ok(cells) };
        let elsewhere = cells.iter().filter(|cell| cell.home != *home && !cell.deleted);
        let elsewhere: Vec<CellRef> = elsewhere.map(Cell::reference).collect();
        let mut theirs = Vec::new();
        let resolved = Resolved { bases: self.own_bases(), ..Resolved::default() };
        self.each_body(&elsewhere, |at, version| {
            if about(&version, &resolved).contains(person) {
                theirs.push(at.clone());
            }
        })
        .await?;
        cells.retain(|cell| cell.home == *home || theirs.contains(&cell.reference()));
        Ok(cells)
    }
}

/// The people whom a stored version is about.
fn about(version: &Version, resolved: &Resolved) -> Vec<String> {
    let body = version.body.clone().unwrap_or_default().into_bytes();
    match Resource::parse(body, &JsonLimits::default()) {
        Ok(resource) => people(&resource, resolved, None),
        Err(_) => Vec::new(),
    }
}

/// What was seen of versions fetched from `at`: each concerns the person in
/// whose chart it lies.
pub(crate) fn seen_in(at: &[CellRef], versions: &[Version]) -> Vec<Seen> {
    let pairs = at.iter().zip(versions);
    pairs.map(|(at, version)| seen(version, person_of(Some(&at.home)))).collect()
}

/// The type that a search's intent names: `Observation?…`.
pub(crate) fn searched(intent: &Intent) -> Option<String> {
    let query = intent.query.as_deref()?;
    query.split_once('?').map(|(resource_type, _)| resource_type.to_owned())
}

/// Searches of several types at once.
pub(crate) fn one_type() -> Refusal {
    Refusal::not_supported("A search names one type here. Search each type by itself.")
}

/// 404 for a resource that is not there.
pub(crate) fn absent(key: &ResourceKey) -> Refusal {
    Refusal::missing(format!(
        "There is no {}/{}. Check the id, or search for the resource.",
        key.resource_type, key.id
    ))
}
