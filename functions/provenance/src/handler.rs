//! Provenance (R4 §6.3): who changed what. The record makes one for every
//! change, from its access entry; those that clients sent are kept beside them.

use access::audit_event::Server;
use access::entry::Entry;
use access::provenance::{entry_of, render, render_for, render_one};
use contracts::{
    Answer, ChangeKind, Charts, Intent, Interaction, Journal, JournalFilter, Place, Refusal,
    Registry, ResourceKey, Version, Window,
};
use fhir::limits::JsonLimits;
use fhir::outcome::Status;
use fhir::resource::Resource;
use http::{Method, Request, Response, StatusCode};
use rest::answer::{gone, json, method_not_allowed, refused, settled, version};
use rest::ask::{Ask, of_caller};
use rest::own::{Results, Search, Source};
use rest::path::Target;
use rest::present;
use std::time::SystemTime;

const NAME: &str = "Provenance";

/// Answers one request.
pub async fn handle<H: Journal + Charts + Registry>(
    host: &H,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    let (ask, session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    let by_get = request.method() == Method::GET || request.method() == Method::HEAD;
    let by_form = request.method() == Method::POST && matches!(ask.target, Target::TypeSearch(_));
    if !by_get && !by_form {
        return method_not_allowed(request.method().as_str(), "GET, HEAD, POST");
    }
    settled(answer(host, &session, &ask, by_form).await)
}

async fn answer<H: Journal + Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    by_form: bool,
) -> Answer<Response<Vec<u8>>> {
    match &ask.target {
        Target::Type(_) | Target::TypeSearch(_) => {
            let query = if by_form { ask.form_query()? } else { ask.query.to_owned() };
            let how = present::asked(&query, Some(NAME))?;
            present::bundle(search(host, session, ask, &query).await?, &how)
        }
        Target::Instance(key) => {
            let how = present::asked(ask.query, Some(NAME))?;
            present::resource(read(host, session, ask, key).await?, &how)
        }
        _ => Err(Refusal::missing(
            "Read Provenance/{id}, or search Provenance?target=Type/id or Provenance?patient=id.",
        )),
    }
}

async fn read<H: Journal + Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    let Some((entry_id, _)) = entry_of(&key.id) else {
        let place = Place::Holding(key.clone());
        let chart = host.open_chart(session, Intent::to(Interaction::Read), place).await?;
        let stored = host.chart_read(&chart, key).await?;
        let deleted = stored.kind == ChangeKind::Delete;
        return Ok(if deleted { gone(&stored) } else { version(stored, ask.headers) });
    };
    let intent = Intent::asking(Interaction::Read, format!("Provenance/{}", key.id));
    let bytes = host.journal_entry(session, intent, entry_id).await?;
    let entry = decoded(&bytes)?;
    let found = render_one(&entry, &server(ask), &key.id).ok_or_else(|| {
        Refusal::missing(format!(
            "There is no Provenance/{}. Search Provenance?target=Type/id for those there are.",
            key.id
        ))
    })?;
    let made = Version {
        key: key.clone(),
        version: 1,
        last_updated_ms: i64::try_from(entry.at_ms).unwrap_or_default(),
        kind: ChangeKind::Create,
        body: found.to_string().into_bytes(),
    };
    Ok(version(made, ask.headers))
}

async fn search<H: Journal + Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    query: &str,
) -> Answer<Response<Vec<u8>>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let search = Search::parse(NAME, ask, query, now_ms)?;
    let mut results = Results::default();
    let mut kept: Option<Option<String>> = match &search.source {
        Source::Kept(cursor) => Some(cursor.clone()),
        Source::Own(_) => None,
    };
    if let Source::Own(cursor) = &search.source {
        made(host, session, ask, (&search, cursor.as_deref()), &mut results).await?;
        // What is left of the page is for what clients sent.
        kept = results.next.is_none().then_some(None);
    }
    let kept = kept.and_then(|cursor| search.kept_query(cursor.as_deref(), &mut results));
    if let Some(query) = kept {
        let types = [NAME.to_owned()];
        let intent = Intent::asking(Interaction::Search, format!("Provenance?{query}"));
        let shelf = host.open_registry(session, intent).await?;
        let page = host.registry_search(&shelf, &types, &query, None).await?;
        results.extend_kept(page);
    }
    Ok(json(StatusCode::OK, results.written(NAME, &ask.base, &search)))
}

/// Adds what the record makes: of a resource, of a person, or of one id.
async fn made<H: Journal + Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    (search, cursor): (&Search, Option<&str>),
    results: &mut Results,
) -> Answer<()> {
    let server = server(ask);
    if let Some(id) = &search.id {
        let Some((entry_id, _)) = entry_of(id) else { return Ok(()) };
        let intent = Intent::asking(Interaction::Read, format!("Provenance?{}", search.text));
        match host.journal_entry(session, intent, entry_id).await {
            Ok(bytes) => {
                let entry = decoded(&bytes)?;
                keep(search, &entry, render_one(&entry, &server, id), results);
                return Ok(());
            }
            Err(refusal) if refusal.status == Status::NotFound => return Ok(()),
            Err(refusal) => return Err(refusal),
        }
    }
    let person = match (&search.person, &search.target) {
        (Some(person), _) => Some(person.clone()),
        (None, Some(target)) => whose(host, session, target).await?,
        (None, None) => {
            return Err(Refusal::not_supported(
                "Say whose or what: the record makes a Provenance of every change, so search \
                 Provenance?target=Type/id, ?patient=id or ?_id=…",
            )
            .at("target"));
        }
    };
    let filter = JournalFilter {
        person: person.clone(),
        from_ms: search.from_ms,
        to_ms: search.to_ms,
        cursor: cursor.map(str::to_owned),
        changes: true,
        target: search.target.clone(),
        ..JournalFilter::newest(search.count)
    };
    let intent = Intent::asking(Interaction::Search, format!("Provenance?{}", search.text));
    let page = host.journal_read(session, intent, filter).await?;
    for bytes in &page.entries {
        let entry = decoded(bytes)?;
        let made = match &person {
            Some(person) => render_for(&entry, &server, person),
            None => render(&entry, &server),
        };
        keep(search, &entry, made, results);
    }
    results.next = page.next.map(|cursor| Source::Own(Some(cursor)));
    Ok(())
}

fn keep(
    search: &Search,
    entry: &Entry,
    made: impl IntoIterator<Item = serde_json::Value>,
    results: &mut Results,
) {
    let at_ms = i64::try_from(entry.at_ms).unwrap_or_default();
    for one in made {
        let id = one.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
        let text = one.to_string();
        if search.wants(&text, &id, at_ms) {
            results.entries.push((id, text));
        }
    }
}

/// Whose record a resource is in, also one that is deleted; nobody's for a
/// resource of the registries.
async fn whose<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    target: &ResourceKey,
) -> Answer<Option<String>> {
    if fhir::types::is_registry_type(&target.resource_type) {
        return Ok(None);
    }
    let asked = format!("Provenance?target={}/{}", target.resource_type, target.id);
    let intent = Intent::asking(Interaction::HistoryInstance, asked);
    let chart = host.open_chart(session, intent, Place::Holding(target.clone())).await?;
    let window = Window { count: 2, ..Window::default() };
    let page = host.chart_history(&chart, target, window).await?;
    let living = page.versions.into_iter().find(|version| version.kind != ChangeKind::Delete);
    let Some(living) = living else { return Ok(None) };
    let resource = Resource::parse(living.body, &JsonLimits::default())?;
    let named = resource.patient_references();
    let person = named.iter().find_map(|reference| {
        let rest = reference.text.strip_prefix("Patient/")?;
        rest.split('/').next().map(str::to_owned)
    });
    Ok(person)
}

fn decoded(bytes: &[u8]) -> Answer<Entry> {
    Entry::from_bytes(bytes).map_err(|error| {
        Refusal::fault(format!("An access entry cannot be read: {error}. Report this."))
    })
}

/// How a Provenance names the server that keeps the record.
fn server(ask: &Ask<'_>) -> Server {
    Server { base: ask.base.clone(), name: "Dossier".to_owned() }
}
