//! What the record knows of a user and a person whose chart they opened: for the
//! rules of review, after the access, and for nothing else.
//!
//! A user is known by the token's name, and by the Practitioner whose identifier
//! is their licence. A care relation is an Encounter, EpisodeOfCare, Appointment
//! or CareTeam of the chart that names the user's Practitioner or establishment.

use crate::convert::read_failed;
use crate::limits::{CARE_LOOKED_AT_MAX, HOMES_AT_ONCE};
use crate::provider::Provider;
use crate::references::local;
use crate::sight::parsed;
use access::entry::Agent;
use access::journal::JournalError;
use access::review::{Meeting, Record};
use access::systems;
use chart::table::{Table, TableError};
use chart::{Cell, CellRef, Environment, Home, Place, Shown, Version};
use contracts::Refusal;
use fhir::json::{Document, Value};
use fhir::outcome::Status;
use fhir::resource::references;
use fhir::search::{fold, squash};
use futures::future::try_join_all;
use std::collections::BTreeSet;

/// Types that tell of care.
const OF_CARE: [&str; 4] = ["Encounter", "EpisodeOfCare", "Appointment", "CareTeam"];
/// Shortest part of a family name that tells anything, in letters.
const NAME_PART_CHARS_MIN: usize = 3;
/// Particles of names, which tell nothing.
const PARTICLES: [&str; 8] = ["des", "del", "von", "van", "saint", "sainte", "ste", "les"];

/// Somebody, as far as a comparison goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Somebody {
    /// Parts of family names.
    family: BTreeSet<String>,
    /// Family and first given names, squashed.
    full: BTreeSet<String>,
    born: Option<String>,
    /// Line and postal code, squashed.
    addresses: BTreeSet<String>,
    /// System and value of identifiers.
    identifiers: BTreeSet<(String, String)>,
}

/// A user, and what names them and their establishment in a chart.
#[derive(Default)]
struct User {
    somebody: Somebody,
    practitioners: BTreeSet<String>,
}

impl<T: Table + 'static, E: Environment + 'static> Record for Provider<T, E> {
    async fn meetings(
        &self,
        user: &Agent,
        establishment: &str,
        persons: &[&str],
    ) -> Result<Vec<Meeting>, JournalError> {
        let known = known_or_away(self.user(user).await)?;
        let mut meetings = Vec::with_capacity(persons.len());
        for some in persons.chunks(HOMES_AT_ONCE) {
            let met = some.iter().map(|person| async {
                known_or_away(self.meeting(user, &known, establishment, person).await)
            });
            meetings.extend(try_join_all(met).await?);
        }
        Ok(meetings)
    }
}

/// While the record is away the rules wait for it. What it holds and cannot be
/// understood is not waited for: nothing is known of it then.
fn known_or_away<T: Default>(read: Result<T, Refusal>) -> Result<T, JournalError> {
    match read {
        Ok(known) => Ok(known),
        Err(refusal) if refusal.status == Status::ServiceUnavailable => {
            Err(JournalError::Table(TableError::Unavailable("the record".to_owned())))
        }
        Err(_) => Ok(T::default()),
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    async fn user(&self, agent: &Agent) -> Result<User, Refusal> {
        let mut user = User::default();
        if let Some(licence) = &agent.licence {
            let places = self.identified("Practitioner", licence).await?;
            for (place, document) in self.documents(&places).await? {
                let root = document.root();
                let theirs = |one: &Value<'_>| text(*one, "value").is_some_and(|v| v == *licence);
                if root.each("identifier").any(|one| theirs(&one)) {
                    user.practitioners.insert(format!("Practitioner/{}", place.id));
                    user.somebody = somebody(root);
                }
            }
        }
        if user.somebody.family.is_empty()
            && let Some(last) =
                agent.name.as_deref().and_then(|name| name.split_whitespace().last())
        {
            user.somebody.family = parts(last);
        }
        Ok(user)
    }

    async fn meeting(
        &self,
        agent: &Agent,
        user: &User,
        establishment: &str,
        person: &str,
    ) -> Result<Meeting, Refusal> {
        let home = Home::Person(person.to_owned());
        let place = Place {
            home: home.clone(),
            resource_type: "Patient".to_owned(),
            id: person.to_owned(),
        };
        let patient = self.documents(&[place]).await?.pop();
        let patient = patient.map(|(_, document)| somebody(document.root())).unwrap_or_default();
        let own = &user.somebody;
        let by_issuer = (agent.issuer.clone(), agent.subject.clone());
        let by_name = own.born.is_some()
            && own.born == patient.born
            && own.full.intersection(&patient.full).next().is_some();
        Ok(Meeting {
            own_record: by_name || patient.identifiers.contains(&by_issuer),
            same_family_name: own.family.intersection(&patient.family).next().is_some(),
            same_address: own.addresses.intersection(&patient.addresses).next().is_some(),
            care_relation: self.cared_for(&home, user, establishment).await?,
        })
    }

    /// Whether the chart tells of care by the user or their establishment: of
    /// each type the newest resources are looked at.
    async fn cared_for(
        &self,
        home: &Home,
        user: &User,
        establishment: &str,
    ) -> Result<bool, Refusal> {
        let failed = |error| read_failed(&error);
        let homes = [home.clone()];
        let mut reading = self.record().reading();
        let mut cells = loop {
            let shown = Shown { resource_types: &OF_CARE, pointers: true };
            let read = self.record().cells_of(&mut reading, &homes, shown);
            let cells = read.await.map_err(failed)?;
            if self.record().whole(&mut reading).map_err(failed)? {
                break cells;
            }
        };
        cells.retain(|cell| !cell.deleted && OF_CARE.contains(&cell.resource_type.as_str()));
        cells.sort_by_key(|cell| std::cmp::Reverse(cell.last_updated_ms));
        cells.truncate(CARE_LOOKED_AT_MAX);
        let at: Vec<CellRef> = cells.iter().map(Cell::reference).collect();
        let mut organizations = BTreeSet::new();
        for version in self.record().fetch(&at).await.map_err(failed)? {
            let Some(document) = body(&version) else { continue };
            let root = document.root();
            if names_identifier(root, establishment) {
                return Ok(true);
            }
            let atlas = self.atlas();
            for reference in references(root) {
                let bases = &atlas.decisions.own_bases;
                let text = reference.text;
                let own = bases.iter().find_map(|base| text.strip_prefix(base.as_str()));
                let key = local(own.map_or(&*text, |rest| rest.trim_start_matches('/')));
                let Some(key) = key else { continue };
                let named = format!("{}/{}", key.resource_type, key.id);
                if user.practitioners.contains(&named) {
                    return Ok(true);
                }
                if key.resource_type == "Organization" {
                    organizations.insert(key.id);
                }
            }
        }
        let place = |id: &String| Place {
            home: Home::registry("Organization", id),
            resource_type: "Organization".to_owned(),
            id: id.clone(),
        };
        let places: Vec<Place> = organizations.iter().map(place).collect();
        let found = self.documents(&places).await?;
        Ok(found.iter().any(|(_, organization)| {
            let mut identifiers = organization.root().each("identifier");
            identifiers.any(|one| text(one, "value").is_some_and(|value| value == establishment))
        }))
    }

    /// The current bodies of resources; those that are not there are left out.
    async fn documents(&self, places: &[Place]) -> Result<Vec<(Place, Document)>, Refusal> {
        let failed = |error| read_failed(&error);
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let cells = self.record().cells_at(places).await.map_err(failed)?;
        let live = places.iter().zip(cells).filter_map(|(place, cell)| {
            cell.filter(|cell| !cell.deleted).map(|cell| (place.clone(), cell.reference()))
        });
        let (places, at): (Vec<Place>, Vec<CellRef>) = live.unzip();
        let versions = self.record().fetch(&at).await.map_err(failed)?;
        let pairs = places.into_iter().zip(versions);
        Ok(pairs.filter_map(|(place, version)| Some((place, body(&version)?))).collect())
    }
}

fn body(version: &Version) -> Option<Document> {
    version.body.as_deref().and_then(parsed)
}

fn text(value: Value<'_>, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(|text| text.into_owned())
}

/// Whether some reference of a resource names this establishment by identifier.
fn names_identifier(root: Value<'_>, establishment: &str) -> bool {
    let named = |value: Value<'_>| {
        let identifier = value.get("identifier");
        identifier.is_some_and(|one| {
            text(one, "system").is_some_and(|system| system == systems::ESTABLISHMENT)
                && text(one, "value").is_some_and(|value| value == establishment)
        })
    };
    ["serviceProvider", "managingOrganization"].iter().any(|name| root.get(name).is_some_and(named))
        || root.each("managingOrganization").any(named)
        || root.each("participant").any(|one| {
            ["actor", "member", "onBehalfOf", "individual"]
                .iter()
                .any(|name| one.get(name).is_some_and(named))
        })
}

fn somebody(root: Value<'_>) -> Somebody {
    let mut known = Somebody { born: text(root, "birthDate"), ..Somebody::default() };
    for name in root.each("name") {
        let Some(family) = text(name, "family") else { continue };
        known.family.extend(parts(&family));
        let given = name.each("given").next().and_then(Value::as_str);
        if let Some(given) = given {
            known.full.insert(squash(&format!("{family} {given}")));
        }
    }
    for address in root.each("address") {
        let line = address.each("line").next().and_then(Value::as_str);
        if let (Some(line), Some(code)) = (line, text(address, "postalCode")) {
            known.addresses.insert(squash(&format!("{line} {code}")));
        }
    }
    for identifier in root.each("identifier") {
        if let (Some(system), Some(value)) = (text(identifier, "system"), text(identifier, "value"))
        {
            known.identifiers.insert((system, value));
        }
    }
    known
}

/// The parts of a family name that tell something: of `Tremblay-Roy` two.
fn parts(family: &str) -> BTreeSet<String> {
    let folded = fold(family);
    let telling = folded
        .split(' ')
        .filter(|part| part.chars().count() >= NAME_PART_CHARS_MIN && !PARTICLES.contains(part));
    telling.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
