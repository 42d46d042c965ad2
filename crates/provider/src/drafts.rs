//! Changes on their way through planning: their resources read, patches and
//! meta applied to what is there.

use crate::chart_reads::absent;
use crate::conditional::Aim;
use crate::convert::read_failed;
use crate::filing::{interaction, person};
use crate::limits::SEARCHES_AT_ONCE;
use crate::metas::{How, merged};
use crate::plan::placed;
use crate::provider::Provider;
use crate::session::Session;
use crate::stop::Stop;
use access::origin;
use chart::table::Table;
use chart::{Environment, Expect};
use contracts::{BodyForm, Change, ChangeKind, CommitOptions, Refusal, ResourceKey};
use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use futures::future::try_join_all;
use std::collections::HashSet;

/// A change on its way through planning.
pub(crate) struct Draft {
    /// Its place in the request.
    pub at: usize,
    /// With the id that criteria found.
    pub change: Change,
    /// What the resource is to become; none for a deletion.
    pub resource: Option<Resource>,
    pub key: Option<ResourceKey>,
    /// What must hold of the resource now.
    pub expect: Expect,
}

/// A change, its resource read. `taken`: the id in the body is not free.
pub(crate) fn draft(
    at: usize,
    change: &Change,
    aim: Option<&Aim>,
    expect: Expect,
    taken: bool,
) -> Result<Draft, Refusal> {
    if change.id.as_ref().is_some_and(|id| !fhir::types::is_id(id)) {
        return Err(Refusal::invalid(
            "An id is 1 to 64 letters, digits, hyphens and points. Choose another.",
        ));
    }
    let resource = match (change.kind, change.form) {
        (ChangeKind::Delete, _) => None,
        (_, BodyForm::Resource) => {
            Some(Resource::parse(change.body.clone(), &JsonLimits::default())?)
        }
        // Made from what is there: see `amend`.
        _ => None,
    };
    if resource.as_ref().is_some_and(|held| held.type_name() != change.resource_type) {
        return Err(Refusal::invalid("The resource is of another type than the request names."));
    }
    let mut change = change.clone();
    let written =
        resource.as_ref().and_then(Resource::id).filter(|_| change.kind == ChangeKind::Update);
    match aim {
        Some(Aim::At(cell)) => {
            if written.is_some_and(|id| id != cell.id) {
                return Err(Refusal::invalid(
                    "The id in the body is not that of the resource that the criteria find. Leave \
                     it out, or send the resource to its own address.",
                )
                .at(format!("{}.id", change.resource_type)));
            }
            change.id = Some(cell.id.clone());
        }
        Some(Aim::Creates) => change.id = written.filter(|_| !taken).map(str::to_owned),
        _ => {}
    }
    if change.id.as_ref().is_some_and(|id| origin::is_own(&change.resource_type, id)) {
        return Err(Refusal::forbidden(
            "This id is one that the record gives to what it makes itself; nobody else writes it. \
             Create a resource under another id.",
        ));
    }
    Ok(Draft { at, change, resource, key: None, expect })
}

/// Refuses two changes of one resource (R4 §3.1.0.11.2).
pub(crate) fn refuse_twice(drafts: &[Draft], options: &CommitOptions) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for draft in drafts {
        if let Some(key) = &draft.key
            && !seen.insert(key)
        {
            let refusal = Refusal::unprocessed(format!(
                "{}/{} is changed by two entries. Leave one of them out, or send them in two \
                 Bundles.",
                key.resource_type, key.id
            ));
            return Err(placed(refusal, draft.at, options));
        }
    }
    Ok(())
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Makes the resources of changes that amend what is there.
    pub(crate) async fn amend(
        &self,
        session: &Session,
        drafts: &mut [Draft],
        options: &CommitOptions,
    ) -> Result<(), Stop> {
        let mut open: Vec<&mut Draft> =
            drafts.iter_mut().filter(|draft| draft.change.form != BodyForm::Resource).collect();
        for some in open.chunks_mut(SEARCHES_AT_ONCE) {
            let made = some.iter().map(async |draft| {
                let place = |stop: Stop| stop.map(|refusal| placed(refusal, draft.at, options));
                self.amended(session, &draft.change).await.map_err(place)
            });
            let made = try_join_all(made).await?;
            for (draft, (resource, version)) in some.iter_mut().zip(made) {
                draft.resource = Some(resource);
                draft.expect = Expect::Version(version);
            }
        }
        Ok(())
    }

    /// The current version with the change applied, valid, and which version
    /// that was. The function that asks has no wall to read by; what it may do
    /// is decided before anything is read.
    async fn amended(&self, session: &Session, change: &Change) -> Result<(Resource, u64), Stop> {
        let id = change.id.clone().filter(|_| change.kind == ChangeKind::Update);
        let id = id.ok_or_else(|| {
            Refusal::invalid("A patch changes one resource: name its id, or criteria that find it.")
        })?;
        let key = ResourceKey::new(&*change.resource_type, id);
        let home = self.home_of(&key).await?;
        self.may(session, interaction(change), &key.resource_type, &home)?;
        let concerning = |refusal| Stop::from(refusal).concerning(person(&home));
        let held = self.record().read_at(&home, &key.resource_type, &key.id).await;
        let held = held.map_err(|error| concerning(read_failed(&error)))?;
        let held = held.ok_or_else(|| concerning(absent(&key)))?;
        if change.if_match.is_some_and(|version| version != held.version) {
            return Err(concerning(Refusal::version_conflict(held.version)));
        }
        let Some(body) = held.body else {
            return Err(concerning(Refusal::deleted(&key.resource_type, &key.id)));
        };
        let limits = JsonLimits::default();
        let before = Resource::parse(body.into_bytes(), &limits)?;
        let after = apply(&before, change, self.now_ms()).map_err(concerning)?;
        if after.type_name() != key.resource_type || after.id() != before.id() {
            return Err(concerning(Refusal::unprocessed(
                "A patch cannot change the type or the id of a resource; leave them as they are.",
            )));
        }
        fhir::validate::check(&after).map_err(concerning)?;
        Ok((after, held.version))
    }
}

/// What a patch, or a merging of meta, makes of a resource.
fn apply(before: &Resource, change: &Change, now_ms: i64) -> Result<Resource, Refusal> {
    let limits = JsonLimits::default();
    let parameters = || {
        Resource::parse(change.body.clone(), &limits).and_then(|body| {
            if body.type_name() == "Parameters" { Ok(body) } else { Err(no_patch()) }
        })
    };
    let merging = |how| {
        let text = merged(before, &parameters()?, how)?;
        Resource::parse(text.into_bytes(), &limits)
    };
    match change.form {
        BodyForm::MetaAdd => merging(How::Add),
        BodyForm::MetaDelete => merging(How::Delete),
        BodyForm::Patch if change.body.trim_ascii_start().starts_with(b"[") => {
            let patch = Document::parse_bytes(change.body.clone(), &limits)?;
            fhir::patch::json_patch::apply(before, &patch)
        }
        BodyForm::Patch => fhir::patch::fhirpath_patch::apply(before, &parameters()?, now_ms),
        BodyForm::Resource => Err(no_patch()),
    }
}

fn no_patch() -> Refusal {
    Refusal::invalid(
        "The body of a patch is a JSON Patch (an array of operations) or a FHIRPath Patch (a \
         Parameters resource). Send one of these.",
    )
}
