//! What the record knows of a person that bears on decisions: their Consents,
//! and for some callers when they were born and whether they live.

use super::{Person, Read, depends_on_person, needs_authorization};
use crate::convert::read_failed;
use crate::provider::Provider;
use crate::session::Session;
use access::authorization::Authorization;
use chart::table::{Item, Key, Table};
use chart::{Cell, CellRef, Environment, Home, Place, Row, Shown};
use contracts::Refusal;
use fhir::json::{Document, Value};
use fhir::limits::JsonLimits;
use std::collections::HashMap;
use std::sync::Arc;

/// Types whose resources may withhold something of their chart.
pub(crate) fn is_restricting(resource_type: &str) -> bool {
    resource_type == "Consent"
}

/// The row that says that a chart holds, or held, something that withholds:
/// without it the chart is whole. Written in the commit of the Consent, like
/// every hint row, and like them it may be stale and is never missing.
pub(crate) fn veil_row(home: &Home) -> Option<Row> {
    match home {
        Home::Person(person) => Some(Row { key: veil_key(person), item: Item::default() }),
        Home::Registry { .. } => None,
    }
}

fn veil_key(person: &str) -> Key {
    Key::new(format!("I#veil#{person}"), "Consent")
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Learns what bears on decisions about these people: one wave of rows, and
    /// three more reads for those few who withhold something.
    pub(crate) async fn get_to_know(
        &self,
        session: &Session,
        persons: &[&str],
    ) -> Result<(), Refusal> {
        let known = |person: &&str| session.sights.held().persons.contains_key(*person);
        let new: Vec<&str> = persons.iter().copied().filter(|person| !known(person)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let failed = |error| read_failed(&error);
        let keys: Vec<Key> = new.iter().map(|person| veil_key(person)).collect();
        let veiled = self.record().are_there(&keys).await.map_err(failed)?;
        let veiled = new.iter().zip(veiled).filter(|(_, there)| *there);
        let homes: Vec<Home> = veiled.map(|(person, _)| Home::Person((*person).into())).collect();
        let mut restrictions = self.restrictions_of(&homes).await?;
        let mut facts = match depends_on_person(&session.claims) {
            true => self.people(&new).await?,
            false => HashMap::new(),
        };
        for person in new {
            let mut known: Person = facts.remove(person).unwrap_or_default();
            known.restrictions = restrictions.remove(person).unwrap_or_default().into();
            session.sights.held().persons.insert(person.to_owned(), Arc::new(known));
        }
        Ok(())
    }

    /// The restrictions that the Consents of these charts ask for, as they are
    /// now.
    async fn restrictions_of(&self, homes: &[Home]) -> Result<HashMap<String, Read>, Refusal> {
        let mut all: HashMap<String, Read> = HashMap::new();
        if homes.is_empty() {
            return Ok(all);
        }
        let failed = |error| read_failed(&error);
        let shown = Shown { resource_types: &["Consent"], pointers: false };
        let mut reading = self.record().reading();
        let cells = loop {
            let cells = self.record().cells_of(&mut reading, homes, shown).await.map_err(failed)?;
            if self.record().whole(&mut reading).map_err(failed)? {
                break cells;
            }
        };
        let live = cells.iter().filter(|cell| !cell.deleted);
        let at: Vec<CellRef> = live.map(Cell::reference).collect();
        for (at, version) in at.iter().zip(self.record().fetch(&at).await.map_err(failed)?) {
            let Home::Person(person) = &at.home else { continue };
            let read = self.restrictions_in(&version).await?;
            all.entry(person.clone()).or_default().extend(read);
        }
        Ok(all)
    }

    /// When people were born, and whether they live.
    async fn people(&self, persons: &[&str]) -> Result<HashMap<String, Person>, Refusal> {
        let place = |person: &&str| Place {
            home: Home::Person((*person).to_owned()),
            resource_type: "Patient".to_owned(),
            id: (*person).to_owned(),
        };
        let places: Vec<Place> = persons.iter().map(place).collect();
        let failed = |error| read_failed(&error);
        let cells = self.record().cells_at(&places).await.map_err(failed)?;
        let live = cells.into_iter().flatten().filter(|cell| !cell.deleted);
        let at: Vec<CellRef> = live.map(|cell| cell.reference()).collect();
        let mut people = HashMap::new();
        for version in self.record().fetch(&at).await.map_err(failed)? {
            let document = version.body.and_then(|body| parsed(&body));
            let Some(document) = document else { continue };
            let root = document.root();
            let birth_date = root.get("birthDate").and_then(Value::as_str);
            let died = root.get("deceasedBoolean").and_then(Value::as_bool).unwrap_or(false);
            let person = Person {
                birth_date: birth_date.map(|date| date.into_owned()),
                deceased: died || root.get("deceasedDateTime").is_some(),
                ..Person::default()
            };
            people.insert(version.id, person);
        }
        Ok(people)
    }

    /// Authorizations that may be the session's (art. 39): Basic resources that
    /// carry the token's subject as an identifier, so that they are found.
    pub(super) async fn authorizations(
        &self,
        session: &Session,
    ) -> Result<Arc<[Authorization]>, Refusal> {
        if !needs_authorization(&session.claims) {
            return Ok(Arc::default());
        }
        if let Some(held) = session.sights.held().authorizations.clone() {
            return Ok(held);
        }
        let failed = |error| read_failed(&error);
        let places = self.identified("Basic", &session.claims.subject).await?;
        let cells = self.record().cells_at(&places).await.map_err(failed)?;
        let live = cells.into_iter().flatten().filter(|cell| !cell.deleted);
        let at: Vec<CellRef> = live.map(|cell| cell.reference()).collect();
        let mut held = Vec::new();
        for version in self.record().fetch(&at).await.map_err(failed)? {
            held.extend(self.authorization_in(&version).await?);
        }
        let held: Arc<[Authorization]> = held.into();
        session.sights.held().authorizations = Some(Arc::clone(&held));
        Ok(held)
    }
}

/// A stored body, taken apart.
pub(crate) fn parsed(body: &str) -> Option<Document> {
    Document::parse(body.to_owned(), &JsonLimits::default()).ok()
}
