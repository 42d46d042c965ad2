//! `chart.search` and `shelf.search`.

use super::asked::{Asked, confined};
use super::page::Cut;
use super::rights::decided;
use super::run::Within;
use crate::chart_reads::{Chart, seen_in};
use crate::provider::Provider;
use crate::registry_reads::Shelf;
use crate::session::{Seen, Session, Told};
use access::entry::Interaction;
use chart::table::Table;
use chart::{Cell, Environment, Place};
use contracts::{Page, Refusal, ResourceKey};
use fhir::search::Query;

/// A search, as its entry will tell it.
fn told(resource_types: &[String], query: &str, compartment: Option<&ResourceKey>) -> Told {
    let place = compartment.map(|key| format!("{}/{}/", key.resource_type, key.id));
    let kind = match resource_types {
        [one] => one.clone(),
        _ if compartment.is_some() => "*".to_owned(),
        _ => String::new(),
    };
    Told {
        interaction: match resource_types {
            [_] => Interaction::Search,
            _ => Interaction::SearchSystem,
        },
        query: Some(format!("{}{kind}?{query}", place.unwrap_or_default())),
        persons: Vec::new(),
        seen: Vec::new(),
        basis: None,
        status: 200,
        denied: None,
    }
}

/// What the criteria of a change find.
#[derive(Clone, Debug)]
pub(crate) enum Match {
    /// Nothing.
    None,
    /// This.
    One(Box<Cell>),
    /// Nothing that the session is shown.
    Withheld,
}

fn shown(cut: &Cut) -> Vec<Seen> {
    let mut seen = seen_in(&cut.at, &cut.versions);
    seen.extend(seen_in(&cut.included.at, &cut.included.versions));
    seen
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `chart.search`.
    pub async fn chart_search(
        &self,
        chart: &Chart,
        resource_types: &[String],
        query: &str,
    ) -> Result<Page, Refusal> {
        let mut told = told(resource_types, query, None);
        told.persons = chart.person().map(str::to_owned).into_iter().collect();
        let mut asked = self.asked_for(resource_types, query, None)?;
        match decided(&chart.session, told.interaction, &mut asked, chart.person()) {
            Ok(basis) => told.basis = Some(basis),
            Err(denied) => return Err(self.denied(&chart.session, told, denied).await),
        }
        let opened = self.sights_of(&chart.session, told.interaction, &asked, chart.person()).await;
        if let Err(denied) = opened {
            return Err(self.denied(&chart.session, told, denied).await);
        }
        let Some(person) = chart.person() else {
            // Nothing is where the caller looked.
            self.witness(&chart.session, told).await?;
            return Ok(Page { total: Some(0), ..Page::default() });
        };
        // Whoever does not name the person means their compartment (R4 §3.1.1.1).
        if !asked.queries.iter().all(|query| query.person().contains(&person)) {
            let key = ResourceKey::new("Patient", person);
            let named = !asked.every;
            let queries = std::mem::take(&mut asked.queries).into_iter();
            let queries = queries.map(|query| confined(query, Some(&key)));
            asked.queries =
                queries.filter(|query| named || query.is_ok()).collect::<Result<_, _>>()?;
        }
        let within = Within::Chart(person.to_owned());
        let cut = self.cut(&chart.session, &within, &asked).await?;
        told.seen = shown(&cut);
        self.witness(&chart.session, told).await?;
        Ok(cut.page())
    }

    /// `shelf.search`.
    pub async fn registry_search(
        &self,
        shelf: &Shelf,
        resource_types: &[String],
        query: &str,
        compartment: Option<&ResourceKey>,
    ) -> Result<Page, Refusal> {
        let mut told = told(resource_types, query, compartment);
        let session = &shelf.session;
        let mut asked = self.asked_for(resource_types, query, compartment)?;
        for query in asked.queries.iter().filter(|query| query.resource_type() != "Patient") {
            // Their charts are searched, whatever is found there.
            told.persons.extend(query.person().into_iter().map(str::to_owned));
        }
        told.persons.sort();
        told.persons.dedup();
        match decided(session, told.interaction, &mut asked, None) {
            Ok(basis) => told.basis = Some(basis),
            Err(denied) => return Err(self.denied(session, told, denied).await),
        }
        if let Err(denied) = self.sights_of(session, told.interaction, &asked, None).await {
            return Err(self.denied(session, told, denied).await);
        }
        let cut = self.cut(session, &Within::reach(session), &asked).await?;
        told.seen = shown(&cut);
        self.witness(session, told).await?;
        Ok(cut.page())
    }

    /// Whether the charts that are searched are open to the session at all.
    async fn sights_of(
        &self,
        session: &Session,
        interaction: Interaction,
        asked: &Asked,
        person: Option<&str>,
    ) -> Result<(), super::Denied> {
        let Some(first) = asked.queries.first() else { return Ok(()) };
        self.view(session, interaction, first.resource_type(), person).await.map(drop)
    }

    /// The one resource that a search of criteria finds for a session, if any
    /// does. Whether the session may make that search is the caller's to ask.
    ///
    /// # Errors
    /// 412 when several match.
    pub(crate) async fn only_match(
        &self,
        session: &Session,
        query: &Query,
    ) -> Result<Match, Refusal> {
        // What is found lies anywhere; whose it is was decided before.
        let mut run = self.run_for(session);
        run.reach = Within::Everywhere;
        loop {
            run.hides = false;
            let found = self.complete(&mut run, &Within::Everywhere, query.clone()).await;
            let places = found.map(|found| {
                found.into_iter().map(|one| Place {
                    home: one.at.home,
                    resource_type: one.at.resource_type,
                    id: one.at.id,
                })
            });
            let cells = match places {
                Ok(places) => {
                    let places: Vec<Place> = places.take(2).collect();
                    self.cells_there(&mut run, &Within::Everywhere, places).await
                }
                Err(refusal) => Err(refusal),
            };
            if !self.is_whole(&mut run)? && cells.is_ok() {
                continue;
            }
            let mut cells = cells?;
            return match cells.len() {
                0 if run.hides => Ok(Match::Withheld),
                0 | 1 => Ok(cells.pop().map_or(Match::None, |cell| Match::One(Box::new(cell)))),
                _ => Err(Refusal::multiple_matches()),
            };
        }
    }

    /// A denial, journaled.
    async fn denied(
        &self,
        session: &Session,
        mut told: Told,
        (reason, refusal): super::rights::Denied,
    ) -> Refusal {
        told.denied = Some(reason.to_owned());
        self.deny(session, told, refusal).await
    }
}
