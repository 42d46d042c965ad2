//! AuditEvent: who looked, and what they did (IHE ITI-81, R4 §6.4). Entries of
//! the access journal, written out as AuditEvents; there is no other copy.

use access::audit_event::{Server, render, render_for, render_one};
use access::entry::Entry;
use contracts::{Answer, Intent, Interaction, Journal, JournalFilter, Refusal, ResourceKey};
use fhir::json::Writer;
use fhir::search::{DateRange, Prefix};
use http::{Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, refused, settled};
use rest::ask::{Ask, form_decoded, of_caller};
use rest::path::{Target, printable};

/// Answers one request.
pub async fn handle<H: Journal>(host: &H, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let (ask, session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return method_not_allowed(request.method().as_str(), "GET, HEAD");
    }
    settled(match &ask.target {
        Target::Type(_) | Target::TypeSearch(_) => search(host, &session, &ask).await,
        Target::Instance(key) => read(host, &session, &ask, key).await,
        _ => Err(Refusal::missing(
            "AuditEvents have no versions: they never change. Read AuditEvent/{id} or search \
             AuditEvent?patient=…&date=…",
        )),
    })
}

async fn read<H: Journal>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    let absent = || {
        Refusal::missing(format!(
            "There is no AuditEvent/{}. Search AuditEvent?patient=…&date=… for those there are.",
            key.id
        ))
    };
    let (entry_id, _) = key.id.rsplit_once('.').ok_or_else(absent)?;
    let intent = Intent::asking(Interaction::ReadAudit, format!("AuditEvent/{}", key.id));
    let bytes = host.journal_entry(session, intent, entry_id).await?;
    let found = render_one(&decoded(&bytes)?, &server(ask), &key.id).ok_or_else(absent)?;
    Ok(json(StatusCode::OK, found.to_string().into_bytes()))
}

async fn search<H: Journal>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
) -> Answer<Response<Vec<u8>>> {
    let filter = filter(ask)?;
    let person = filter.person.clone();
    let server = server(ask);
    let intent = Intent::asking(Interaction::ReadAudit, format!("AuditEvent?{}", ask.query));
    let page = host.journal_read(session, intent, filter).await?;
    let mut writer = Writer::new();
    writer.begin_object().field("resourceType", "Bundle").field("type", "searchset");
    writer.key("link").begin_array();
    link(&mut writer, "self", &format!("{}/AuditEvent?{}", ask.base, ask.query));
    if let Some(cursor) = &page.next {
        let kept: Vec<&str> =
            ask.query.split('&').filter(|pair| !pair.starts_with("_page=")).collect();
        let query = format!("{}&_page={cursor}", kept.join("&"));
        link(&mut writer, "next", &format!("{}/AuditEvent?{query}", ask.base));
    }
    writer.end_array();
    let mut begun = false;
    for bytes in &page.entries {
        let entry = decoded(bytes)?;
        let events = match &person {
            Some(person) => render_for(&entry, &server, person),
            None => render(&entry, &server),
        };
        for event in events {
            if !begun {
                begun = true;
                writer.key("entry").begin_array();
            }
            writer.begin_object();
            let id = event.get("id").and_then(|id| id.as_str()).unwrap_or_default();
            writer.field("fullUrl", &format!("{}/AuditEvent/{id}", ask.base));
            writer.key("resource").raw(&event.to_string());
            writer.key("search").begin_object().field("mode", "match").end_object();
            writer.end_object();
        }
    }
    if begun {
        writer.end_array();
    }
    writer.end_object();
    Ok(json(StatusCode::OK, writer.finish().into_bytes()))
}

fn link(writer: &mut Writer, relation: &str, url: &str) {
    writer.begin_object().field("relation", relation).field("url", url).end_object();
}

fn decoded(bytes: &[u8]) -> Answer<Entry> {
    Entry::from_bytes(bytes).map_err(|error| {
        Refusal::fault(format!("An access entry cannot be read: {error}. Report this."))
    })
}

/// How the audit names the server that was asked.
fn server(ask: &Ask<'_>) -> Server {
    Server { base: ask.base.clone(), name: "Dossier".to_owned() }
}

/// `patient`, `date` (twice for a range), `_count` and `_page`.
fn filter(ask: &Ask<'_>) -> Answer<JournalFilter> {
    let mut filter = JournalFilter {
        person: None,
        from_ms: 0,
        to_ms: i64::MAX,
        count: ask.count()?,
        cursor: None,
    };
    for pair in ask.query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = form_decoded(value);
        match name {
            "patient" | "entity" => {
                let id = value.strip_prefix("Patient/").unwrap_or(&value);
                rest::path::check_id(id).map_err(|refusal| refusal.at(name))?;
                filter.person = Some(id.to_owned());
            }
            "date" => narrow(&mut filter, &value)?,
            "_page" => filter.cursor = Some(value),
            "_count" | "_format" | "_pretty" => {}
            _ => {
                return Err(Refusal::not_supported(format!(
                    "The parameter \"{}\" is not known for AuditEvent. Known are: patient, entity, \
                     date, _count.",
                    printable(name)
                ))
                .at(printable(name)));
            }
        }
    }
    Ok(filter)
}

/// Narrows the filter by one `date` value (R4 §3.1.1.4.9).
fn narrow(filter: &mut JournalFilter, value: &str) -> Answer<()> {
    let (prefix, rest) = Prefix::split(value);
    let range = DateRange::parse(rest).ok_or_else(|| {
        Refusal::invalid(
            "date must be a date or an instant, with a prefix if need be: date=ge2026-01-31."
                .to_owned(),
        )
        .at("date")
    })?;
    // An entry is one instant, so that each prefix is a half line or a segment.
    let (from_ms, to_ms) = match prefix {
        Prefix::Equal => (range.lower_ms, range.upper_ms - 1),
        Prefix::Greater | Prefix::StartsAfter => (range.upper_ms, i64::MAX),
        Prefix::GreaterOrEqual => (range.lower_ms, i64::MAX),
        Prefix::Less | Prefix::EndsBefore => (i64::MIN, range.lower_ms - 1),
        Prefix::LessOrEqual => (i64::MIN, range.upper_ms - 1),
        Prefix::NotEqual | Prefix::Approximately => {
            return Err(Refusal::not_supported(
                "date of AuditEvent takes the prefixes eq, gt, ge, lt, le, sa and eb.".to_owned(),
            )
            .at("date"));
        }
    };
    filter.from_ms = filter.from_ms.max(from_ms);
    filter.to_ms = filter.to_ms.min(to_ms);
    Ok(())
}
