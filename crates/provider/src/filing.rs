//! One change of a request as a change of the commit: where it lives, and
//! everything that the record keeps beside its body.

use crate::convert::{self, read_failed};
use crate::decide::permitted;
use crate::plan::{Draft, Gone};
use crate::provider::Provider;
use crate::references::{Resolved, people};
use crate::search::rows;
use crate::session::Session;
use crate::stop::Stop;
use access::entry::Interaction;
use chart::table::{Key, Table};
use chart::{Claim, Content, Environment, Expect, Home, Period, Place, keys};
use contracts::{Change, ChangeKind, Refusal, ResourceKey};
use fhir::json::Value;
use fhir::limits::JsonLimits;
use fhir::resource::{Resource, rewrite_references};
use fhir::search::{DateRange, Tokens};
use futures::future::try_join_all;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// One change, with everything that the record keeps beside the body.
    pub(crate) async fn filed(
        &self,
        session: &Session,
        draft: Draft,
        resolved: &Resolved,
    ) -> Result<(chart::Change, ChangeKind), Stop> {
        let Draft { change, resource, key, .. } = draft;
        let key = key.ok_or_else(|| Refusal::fault("A resource was left without an id."))?;
        let Some(resource) = resource else {
            return self.deletion(session, change, key).await;
        };
        let text = rewrite_references(&resource, &|text| resolved.of(text));
        let resource = Resource::parse(text.into_bytes(), &JsonLimits::default())?;
        let subjects = people(&resource, resolved);
        let home = home(&key, subjects.first());
        self.may_change(session, change.kind, &key.resource_type, &home)?;
        if change.kind == ChangeKind::Update {
            self.refuse_move(&key, &home).await?;
        }
        if key.resource_type != "Patient" {
            self.list_chart(&home).await?;
        }
        let rows = rows::rows(&key.resource_type, &key.id, &home, resource.root());
        let expect = match (change.kind, change.if_match) {
            (ChangeKind::Create, _) => Expect::Absent,
            (_, Some(version)) => Expect::Version(version),
            (_, None) => Expect::Any,
        };
        let tokens = Tokens::extract(&key.resource_type, resource.root()).to_bytes().to_vec();
        let claims = self.claims_of(&key, resource.root());
        let pointers = match key.resource_type.as_str() {
            "Patient" => Vec::new(),
            _ => subjects.into_iter().skip(1).map(Home::Person).collect(),
        };
        let locator = needs_locator(&key);
        let (id, resource) = (key.id.clone(), Arc::new(resource));
        let content = Content::Body(Arc::new(move |version, last_updated_ms| {
            resource.stamped(&id, version, last_updated_ms)
        }));
        let filed = chart::Change {
            home,
            resource_type: key.resource_type,
            id: key.id,
            expect,
            content,
            tokens,
            rows,
            // Kept, though stale: pages after the first still find by them what
            // was there when the first was read.
            drop_rows: Vec::new(),
            claims,
            pointers,
            locator,
        };
        Ok((filed, change.kind))
    }

    async fn deletion(
        &self,
        session: &Session,
        change: Change,
        key: ResourceKey,
    ) -> Result<(chart::Change, ChangeKind), Stop> {
        let home = self.may_delete(session, &key).await?;
        let drop_rows = match alone(&key.resource_type) {
            true => self.rows_before(&key, &home).await?,
            false => Vec::new(),
        };
        let deleted = chart::Change {
            home,
            resource_type: key.resource_type,
            id: key.id,
            expect: change.if_match.map_or(Expect::Exists, Expect::Version),
            content: Content::Deleted,
            tokens: Vec::new(),
            rows: Vec::new(),
            drop_rows,
            claims: Vec::new(),
            pointers: Vec::new(),
            locator: false,
        };
        Ok((deleted, ChangeKind::Delete))
    }

    /// Whether the session may change this, in this chart.
    pub(crate) fn may_change(
        &self,
        session: &Session,
        kind: ChangeKind,
        resource_type: &str,
        home: &Home,
    ) -> Result<(), Stop> {
        let interaction = convert::interaction(kind.interaction());
        self.may(session, interaction, resource_type, home)
    }

    /// Whether the session may do this, in this chart.
    pub(crate) fn may(
        &self,
        session: &Session,
        interaction: Interaction,
        resource_type: &str,
        home: &Home,
    ) -> Result<(), Stop> {
        let person = person(home);
        match permitted(&session.claims, interaction, resource_type, person.as_deref()) {
            Ok(_) => Ok(()),
            Err(denied) => Err(Stop::from(denied).concerning(person)),
        }
    }

    /// The home of a resource to be deleted, once it is known that the session
    /// may.
    pub(crate) async fn may_delete(
        &self,
        session: &Session,
        key: &ResourceKey,
    ) -> Result<Home, Stop> {
        let home = self.home_of(key).await?;
        self.may_change(session, ChangeKind::Delete, &key.resource_type, &home)?;
        Ok(home)
    }

    /// Where a resource lives, or would if it concerned nobody.
    pub(crate) async fn home_of(&self, key: &ResourceKey) -> Result<Home, Refusal> {
        let home = self.record().locate(&key.resource_type, &key.id).await;
        let home = home.map_err(|error| read_failed(&error))?;
        Ok(home.unwrap_or_else(|| Home::registry(&key.resource_type, &key.id)))
    }

    /// The deletions, without `If-Match`, of what is not there: in one wave.
    pub(crate) async fn absent_deletions(
        &self,
        changes: &[Change],
    ) -> Result<BTreeMap<usize, Gone>, Refusal> {
        let deletions = changes.iter().enumerate().filter_map(|(at, change)| {
            let plain = change.kind == ChangeKind::Delete && change.if_match.is_none();
            let id = change.id.clone().filter(|id| plain && fhir::types::is_id(id))?;
            Some((at, ResourceKey::new(&*change.resource_type, id)))
        });
        let places = deletions.map(async |(at, key)| {
            let home = self.home_of(&key).await?;
            let place =
                Place { home, resource_type: key.resource_type.clone(), id: key.id.clone() };
            Ok::<_, Refusal>((at, key, place))
        });
        let located = try_join_all(places).await?;
        let places: Vec<Place> = located.iter().map(|(_, _, place)| place.clone()).collect();
        let cells = self.record().cells_at(&places).await.map_err(|error| read_failed(&error))?;
        let absent = located.into_iter().zip(cells).filter_map(|((at, key, _), cell)| match cell {
            Some(cell) if !cell.deleted => None,
            Some(cell) => {
                Some((at, Gone { key, deleted: Some((cell.version, cell.last_updated_ms)) }))
            }
            None => Some((at, Gone { key, deleted: None })),
        });
        Ok(absent.collect())
    }

    /// Refuses an update that would move a resource to another chart: its
    /// versions and its trace would be torn apart.
    async fn refuse_move(&self, key: &ResourceKey, home: &Home) -> Result<(), Refusal> {
        let held = self.record().locate(&key.resource_type, &key.id).await;
        match held.map_err(|error| read_failed(&error))? {
            Some(held) if held != *home => Err(Refusal::unprocessed(format!(
                "{}/{} belongs to another chart than the one its subject names. A resource never \
                 moves: delete it there, and create it here under another id.",
                key.resource_type, key.id
            ))),
            _ => Ok(()),
        }
    }

    /// Index rows of the current version, which a deletion takes away.
    async fn rows_before(&self, key: &ResourceKey, home: &Home) -> Result<Vec<Key>, Refusal> {
        let held = self.record().read_at(home, &key.resource_type, &key.id).await;
        let Some(body) = held.map_err(|error| read_failed(&error))?.and_then(|held| held.body)
        else {
            return Ok(Vec::new());
        };
        let Ok(resource) = Resource::parse(body.into_bytes(), &JsonLimits::default()) else {
            return Ok(Vec::new());
        };
        let before = rows::rows(&key.resource_type, &key.id, home, resource.root());
        Ok(before.into_iter().map(|row| row.key).filter(rows::is_droppable).collect())
    }

    /// Claims on identifiers that one person holds at a time. A card that is
    /// old or borrowed (`use` old, temp) claims nothing.
    fn claims_of(&self, key: &ResourceKey, root: Value<'_>) -> Vec<Claim> {
        if key.resource_type != "Patient" {
            return Vec::new();
        }
        fn text(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
            value.and_then(Value::as_str)
        }
        let claims = root.each("identifier").filter_map(|identifier| {
            let system = text(identifier.get("system"))?;
            let value = text(identifier.get("value"))?;
            let told = text(identifier.get("use"));
            let claiming = self.inner.unique_systems.iter().any(|held| *held == system)
                && !matches!(told.as_deref(), Some("old" | "temp"));
            let period = identifier.get("period");
            let instant = |name: &str| {
                text(period.and_then(|period| period.get(name)))
                    .and_then(|text| DateRange::parse(&text))
            };
            claiming.then(|| Claim {
                key: keys::claim_key(&system, &value),
                period: Period {
                    from_ms: instant("start").map(|range| range.lower_ms),
                    to_ms: instant("end").map(|range| range.upper_ms),
                },
            })
        });
        let mut claims: Vec<Claim> = claims.collect();
        claims.dedup();
        claims
    }
}

/// Where a resource about this person lives.
fn home(key: &ResourceKey, person: Option<&String>) -> Home {
    match person {
        _ if key.resource_type == "Patient" => Home::Person(key.id.clone()),
        Some(person) if !fhir::types::is_registry_type(&key.resource_type) => {
            Home::Person(person.clone())
        }
        _ => Home::registry(&key.resource_type, &key.id),
    }
}

fn needs_locator(key: &ResourceKey) -> bool {
    let told = chart::ids::home_of(&key.resource_type, &key.id, fhir::types::is_registry_type);
    told == chart::Where::Locator
}

/// Whether an id of this type stands by itself, without a person's in it.
pub(crate) fn alone(resource_type: &str) -> bool {
    resource_type == "Patient" || fhir::types::is_registry_type(resource_type)
}

/// Whose chart it is.
pub(crate) fn person(home: &Home) -> Option<String> {
    match home {
        Home::Person(person) => Some(person.clone()),
        Home::Registry { .. } => None,
    }
}
