//! One change of a request as a change of the commit: where it lives, and
//! everything that the record keeps beside its body.

use crate::convert::{self, read_failed};
use crate::decide::permitted;
use crate::digest::of_content;
use crate::drafts::Draft;
use crate::metas::{is_tagged_otherwise, tagged};
use crate::plan::Gone;
use crate::provider::Provider;
use crate::references::{Resolved, narrative, people};
use crate::search::rows;
use crate::session::Session;
use crate::sight::gives_rights;
use crate::stop::Stop;
use access::entry::Interaction;
use access::origin;
use chart::table::{Key, Table};
use chart::{Claim, Content, Environment, Expect, Home, Period, Place, keys};
use contracts::{BodyForm, Change, ChangeKind, Refusal, ResourceKey};
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
        let Draft { change, resource, key, mut expect, .. } = draft;
        let key = key.ok_or_else(|| Refusal::fault("A resource was left without an id."))?;
        let Some(resource) = resource else {
            return self.deletion(session, expect, key).await;
        };
        let resource = marked(linked(resource, resolved, change.full_url.as_deref())?)?;
        let subjects = people(&resource, resolved, None);
        let home = home(&key, subjects.first());
        let mut interaction = interaction(&change);
        if key.resource_type == "AuditEvent" && adds(&change, expect) {
            (interaction, expect) = (Interaction::Create, Expect::Absent);
        }
        self.may(session, interaction, &key.resource_type, &home)?;
        self.accepts(session, interaction, &home, &key, resource.root())
            .await
            .map_err(|denied| Stop::from(denied).concerning(person(&home)))?;
        self.refuse_misunderstood(&key.resource_type, resource.root()).await?;
        if change.kind == ChangeKind::Update {
            self.refuse_move(&key, &home).await?;
        }
        if key.resource_type != "Patient" {
            self.list_chart(&home).await?;
        }
        let rows = rows::rows(&key.resource_type, &key.id, &home, resource.root());
        let tokens = Tokens::extract(&key.resource_type, resource.root()).to_bytes().to_vec();
        let claims = self.claims_of(&key, resource.root());
        let pointers = match key.resource_type.as_str() {
            "Patient" => Vec::new(),
            _ => subjects.into_iter().skip(1).map(Home::Person).collect(),
        };
        let locator = needs_locator(&key);
        let digest = Some(of_content(&resource));
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
            digest,
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
        expect: Expect,
        key: ResourceKey,
    ) -> Result<(chart::Change, ChangeKind), Stop> {
        let home = self.may_delete(session, &key).await?;
        if gives_rights(&key.resource_type)
            && let Some(before) = self.current(&key, &home).await?
        {
            self.accepts(session, Interaction::Delete, &home, &key, before.root())
                .await
                .map_err(|denied| Stop::from(denied).concerning(person(&home)))?;
        }
        let drop_rows = match alone(&key.resource_type) {
            true => self.rows_before(&key, &home).await?,
            false => Vec::new(),
        };
        let deleted = chart::Change {
            home,
            resource_type: key.resource_type,
            id: key.id,
            expect,
            content: Content::Deleted,
            tokens: Vec::new(),
            digest: None,
            rows: Vec::new(),
            drop_rows,
            claims: Vec::new(),
            pointers: Vec::new(),
            locator: false,
        };
        Ok((deleted, ChangeKind::Delete))
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
        self.may(session, Interaction::Delete, &key.resource_type, &home)?;
        Ok(home)
    }

    /// Whether the session may delete what criteria find, when they find
    /// nothing: it may search where it looked, so its own person's chart counts
    /// for a session that is confined to one.
    pub(crate) fn may_delete_nothing(
        &self,
        session: &Session,
        resource_type: &str,
    ) -> Result<(), Stop> {
        let person = session.confined_to();
        match permitted(&session.claims, Interaction::Delete, resource_type, person) {
            Ok(_) => Ok(()),
            Err(denied) => Err(Stop::from(denied).concerning(person.map(str::to_owned))),
        }
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
        let Some(resource) = self.current(key, home).await? else { return Ok(Vec::new()) };
        let before = rows::rows(&key.resource_type, &key.id, home, resource.root());
        Ok(before.into_iter().map(|row| row.key).filter(rows::is_droppable).collect())
    }

    /// The current version of a resource; nothing when it is deleted.
    async fn current(&self, key: &ResourceKey, home: &Home) -> Result<Option<Resource>, Refusal> {
        let held = self.record().read_at(home, &key.resource_type, &key.id).await;
        let body = held.map_err(|error| read_failed(&error))?.and_then(|held| held.body);
        Ok(body.and_then(|body| Resource::parse(body.into_bytes(), &JsonLimits::default()).ok()))
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

/// What a change is, to be decided on.
pub(crate) fn interaction(change: &Change) -> Interaction {
    match change.form {
        BodyForm::Patch => Interaction::Patch,
        _ => convert::interaction(change.kind.interaction()),
    }
}

/// Whether an update may be meant to create: then it is decided as a creation
/// where updates never are.
fn adds(change: &Change, expect: Expect) -> bool {
    let blind = matches!(expect, Expect::Any | Expect::Absent);
    change.kind == ChangeKind::Update && change.form == BodyForm::Resource && blind
}

/// The resource with its references, and the links of its narrative, resolved.
fn linked(
    resource: Resource,
    resolved: &Resolved,
    full_url: Option<&str>,
) -> Result<Resource, Refusal> {
    let text = rewrite_references(&resource, &|text| resolved.of(text, full_url));
    let resource = reread(resource, text)?;
    match narrative(&resource, resolved, full_url) {
        Some(text) => reread(resource, text),
        None => Ok(resource),
    }
}

/// What a client sends of a type of which the record makes its own, tagged as
/// foreign.
fn marked(resource: Resource) -> Result<Resource, Refusal> {
    if !origin::has_own(resource.type_name()) {
        return Ok(resource);
    }
    let (system, code) = (origin::ORIGIN_SYSTEM, origin::FOREIGN);
    if is_tagged_otherwise(&resource, system, code) {
        return Err(Refusal::unprocessed(format!(
            "A tag of the system {system} says who made a resource, and only this server gives it. \
             Leave it out."
        ))
        .at(format!("{}.meta.tag", resource.type_name())));
    }
    let text = tagged(&resource, system, code);
    reread(resource, text)
}

fn reread(resource: Resource, text: String) -> Result<Resource, Refusal> {
    if text == resource.text() {
        return Ok(resource);
    }
    Resource::parse(text.into_bytes(), &JsonLimits::default())
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
