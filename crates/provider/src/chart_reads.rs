//! `charts`: reading one person's record, each read under its own entry.

use crate::convert::{self, read_failed};
use crate::cursor;
use crate::provider::Provider;
use crate::session::{Seen, Session, Told};
use access::decision::View;
use access::entry::{Change, Interaction};
use chart::table::Table;
use chart::{CellRef, Environment, Home, Version};
use contracts::{Intent, Page, Place, Refusal, ResourceKey, Window};
use std::sync::Arc;

/// A chart opened for one intended access. Whatever is read through it lies in
/// its home: a key of another chart finds nothing. What the session may is
/// asked again at each read, by what is really read.
#[derive(Clone, Debug)]
pub struct Chart {
    pub(crate) session: Session,
    intent: Intent,
    /// Absent when nothing is where the caller looked.
    pub(crate) home: Option<Home>,
}

/// One permitted read through a chart.
pub(crate) struct Asked<'c> {
    chart: &'c Chart,
    interaction: Interaction,
    query: Option<String>,
    view: Arc<View>,
}

impl Chart {
    pub(crate) fn person(&self) -> Option<&str> {
        person_of(self.home.as_ref())
    }
}

impl Asked<'_> {
    pub(crate) fn told(&self, seen: Vec<Seen>, status: u16) -> Told {
        Told {
            interaction: self.interaction,
            query: self.query.clone(),
            persons: self.chart.person().map(str::to_owned).into_iter().collect(),
            seen,
            basis: Some(self.view.basis()),
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
        let searches = matches!(
            intent.interaction,
            contracts::Interaction::Search | contracts::Interaction::SearchSystem
        );
        let resource_type = match searched(&intent) {
            Some(named) if searches => named,
            // Each type is decided when it is searched.
            None if searches => return Ok(Chart { session: session.clone(), intent, home }),
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
        match self.view(&chart.session, interaction, resource_type, chart.person()).await {
            Ok(view) => Ok(Asked { chart, interaction, query, view }),
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
    pub(crate) async fn asked_of<'c>(
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
        let found = self.in_sight_of(asked, found).await?;
        let Some(version) = found else {
            return Err(self.nothing(asked, key).await);
        };
        let status = if version.deleted { 410 } else { 200 };
        let told = asked.told(vec![seen(&version, asked.chart.person())], status);
        self.witness(&asked.chart.session, told).await?;
        Ok(convert::version(version))
    }

    /// What was read, when the session is shown it.
    async fn in_sight_of(
        &self,
        asked: &Asked<'_>,
        found: Option<Version>,
    ) -> Result<Option<Version>, Refusal> {
        let Some(version) = found else { return Ok(None) };
        let Some(home) = &asked.chart.home else { return Ok(None) };
        let shown = self.shows_version(&asked.view, home, &version).await?;
        Ok(shown.then_some(version))
    }

    /// 404, once it is journaled that nothing was found.
    pub(crate) async fn nothing(&self, asked: &Asked<'_>, key: &ResourceKey) -> Refusal {
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
        let page = match (page, &chart.home) {
            (Some((versions, next)), Some(home)) => {
                let shown = self.versions_in_sight(&asked.view, home, versions).await?;
                shown.map(|versions| (versions, next))
            }
            _ => None,
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
}

/// What was seen of versions fetched from `at`: each concerns the person in
/// whose chart it lies.
pub(crate) fn seen_in(at: &[CellRef], versions: &[Version]) -> Vec<Seen> {
    let pairs = at.iter().zip(versions);
    pairs.map(|(at, version)| seen(version, person_of(Some(&at.home)))).collect()
}

/// The one type that a search's intent names: `Observation?…`, or
/// `Patient/1/Observation?…`.
pub(crate) fn searched(intent: &Intent) -> Option<String> {
    let (path, _) = intent.query.as_deref()?.split_once('?')?;
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    fhir::types::is_resource_type(name).then(|| name.to_owned())
}

/// 404 for a resource that is not there.
pub(crate) fn absent(key: &ResourceKey) -> Refusal {
    Refusal::missing(format!(
        "There is no {}/{}. Check the id, or search for the resource.",
        key.resource_type, key.id
    ))
}
