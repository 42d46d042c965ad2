//! AuditEvent: who looked, and what they did (IHE ITI-81, R4 §6.4). Entries of
//! the access journal, written out as AuditEvents; there is no other copy. Those
//! that clients sent are kept as they are, and found after the record's own. The
//! same in plain words (`access_log`), as a register (`register`), and what is to
//! be reviewed (`queue`). And the ledger that proves the entries (`public`).

use access::audit_event::{Server, render, render_for, render_one};
use access::entry::Entry;
use access::origin;
use contracts::{
    Answer, Charts, Directory, Intent, Interaction, Journal, JournalFilter, Place, Refusal,
    Registry, ResourceKey, Tokens,
};
use fhir::outcome::Status;
use http::{Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, refused, set, settled, version};
use rest::ask::Ask;
use rest::headers::accepts_json;
use rest::own::{Results, Search, Source};
use rest::path::Target;
use rest::present;
use std::time::SystemTime;

use crate::{access_log, public, queue, register};

const NAME: &str = "AuditEvent";

/// Answers one request.
pub async fn handle<H: Journal + Charts + Registry + Directory>(
    host: &H,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    if let Some(file) = request.uri().path().strip_prefix(public::PREFIX) {
        return public::handle(host, &request, file).await;
    }
    let (ask, session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    let by_get = request.method() == Method::GET || request.method() == Method::HEAD;
    let by_form = request.method() == Method::POST && matches!(ask.target, Target::TypeSearch(_));
    if let Target::Operation(key, name) = &ask.target
        && name == "$review"
    {
        return match request.method() == Method::POST {
            true => settled(queue::conclude(host, &session, &ask, key).await),
            false => method_not_allowed(request.method().as_str(), "POST"),
        };
    }
    if !by_get && !by_form {
        return method_not_allowed(request.method().as_str(), "GET, HEAD, POST");
    }
    settled(answer(host, &session, &ask, by_form).await)
}

/// The request taken apart, and its caller verified. What is also told as a page
/// asks by itself what the caller takes.
async fn of_caller<'r, H: Tokens>(
    host: &H,
    request: &'r Request<Vec<u8>>,
) -> Answer<(Ask<'r>, H::Session)> {
    let ask = Ask::of_any(request)?;
    let told = match &ask.target {
        Target::Operation(_, name) => name == "$access-log",
        Target::TypeOperation(_, name) => name == "$register",
        _ => false,
    };
    if !told {
        accepts_json(request.headers(), rest::ask::parameter(ask.query, "_format").as_deref())?;
    }
    let session = host.verify(ask.authorization(), &ask.origin()).await?;
    Ok((ask, session))
}

async fn answer<H: Journal + Charts + Registry + Directory>(
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
        Target::Operation(key, name) => match (key.resource_type.as_str(), name.as_str()) {
            ("Patient", "$access-log") => access_log::answer(host, session, ask, key).await,
            (NAME, "$proof") => proof(host, session, key).await,
            _ => Err(absent()),
        },
        Target::TypeOperation(_, name) => match name.as_str() {
            "$register" => register::answer(host, session, ask).await,
            "$review-queue" => queue::list(host, session, ask).await,
            "$break-glass-count" => queue::count(host, session, ask).await,
            _ => Err(absent()),
        },
        _ => Err(absent()),
    }
}

fn absent() -> Refusal {
    Refusal::missing(
        "AuditEvents have no versions: they never change. Read AuditEvent/{id} or search \
         AuditEvent?patient=…&date=…",
    )
}

async fn read<H: Journal + Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    let intent = Intent::asking(Interaction::ReadAudit, format!("AuditEvent/{}", key.id));
    if !origin::is_own(NAME, &key.id) {
        let chart = host.open_chart(session, intent, Place::Holding(key.clone())).await?;
        return Ok(version(host.chart_read(&chart, key).await?, ask.headers));
    }
    let absent = || {
        Refusal::missing(format!(
            "There is no AuditEvent/{}. Search AuditEvent?patient=…&date=… for those there are.",
            key.id
        ))
    };
    let (entry_id, _) = key.id.rsplit_once('.').ok_or_else(absent)?;
    let bytes = host.journal_entry(session, intent, entry_id).await?;
    let found = render_one(&decoded(&bytes)?, &server(ask), &key.id).ok_or_else(absent)?;
    Ok(json(StatusCode::OK, found.to_string().into_bytes()))
}

/// The proof that an entry is in the ledger: a file that anybody can verify.
async fn proof<H: Journal>(
    host: &H,
    session: &H::Session,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    let unproven = || {
        Refusal::missing(
            "Only AuditEvents that the record makes itself have a proof. Search \
             AuditEvent?patient=…&date=… for those there are.",
        )
    };
    if key.resource_type != NAME || !origin::is_own(NAME, &key.id) {
        return Err(unproven());
    }
    let (entry_id, _) = key.id.rsplit_once('.').ok_or_else(unproven)?;
    let query = format!("AuditEvent/{}/$proof", key.id);
    let intent = Intent::asking(Interaction::ReadAudit, query);
    let text = host.journal_proof(session, intent, entry_id).await?;
    let mut answer = json(StatusCode::OK, text);
    set(answer.headers_mut(), "content-type", public::TEXT);
    let name = format!("attachment; filename=\"{}.tlog-proof\"", key.id);
    set(answer.headers_mut(), "content-disposition", &name);
    Ok(answer)
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
        kept = results.next.is_none().then_some(None);
    }
    let kept = kept.and_then(|cursor| search.kept_query(cursor.as_deref(), &mut results));
    if let Some(query) = kept {
        let types = [NAME.to_owned()];
        let intent = Intent::asking(Interaction::ReadAudit, format!("AuditEvent?{query}"));
        let page = match &search.person {
            Some(person) => {
                let place = Place::Person(person.clone());
                let chart = host.open_chart(session, intent, place).await?;
                host.chart_search(&chart, &types, &query).await?
            }
            None => {
                let shelf = host.open_registry(session, intent).await?;
                host.registry_search(&shelf, &types, &query, None).await?
            }
        };
        results.extend_kept(page);
    }
    Ok(json(StatusCode::OK, results.written(NAME, &ask.base, &search)))
}

/// Adds what the journal tells: of a person, of a time, or of one id.
async fn made<H: Journal>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    (search, cursor): (&Search, Option<&str>),
    results: &mut Results,
) -> Answer<()> {
    let server = server(ask);
    let intent = Intent::asking(Interaction::ReadAudit, format!("AuditEvent?{}", search.text));
    if let Some(id) = &search.id {
        let Some((entry_id, _)) = id.rsplit_once('.') else { return Ok(()) };
        return match host.journal_entry(session, intent, entry_id).await {
            Ok(bytes) => {
                let entry = decoded(&bytes)?;
                keep(search, &entry, render_one(&entry, &server, id), results);
                Ok(())
            }
            Err(refusal) if refusal.status == Status::NotFound => Ok(()),
            Err(refusal) => Err(refusal),
        };
    }
    let filter = JournalFilter {
        person: search.person.clone(),
        from_ms: search.from_ms,
        to_ms: search.to_ms,
        cursor: cursor.map(str::to_owned),
        ..JournalFilter::newest(search.count)
    };
    let page = host.journal_read(session, intent, filter).await?;
    for bytes in &page.entries {
        let entry = decoded(bytes)?;
        let events = match &search.person {
            Some(person) => render_for(&entry, &server, person),
            None => render(&entry, &server),
        };
        keep(search, &entry, events, results);
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

/// An entry of the journal, from its stored form.
pub(crate) fn decoded(bytes: &[u8]) -> Answer<Entry> {
    Entry::from_bytes(bytes).map_err(|error| {
        Refusal::fault(format!("An access entry cannot be read: {error}. Report this."))
    })
}

/// How the audit names the server that was asked.
pub(crate) fn server(ask: &Ask<'_>) -> Server {
    Server { base: ask.base.clone(), name: "Dossier".to_owned() }
}
