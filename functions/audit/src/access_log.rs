//! `Patient/{id}/$access-log`: who looked at a person's record, in plain words.
//!
//! As JSON it is a searchset of AuditEvents, one for each access, whose narrative
//! is the sentence: a client that knows ITI-81 reads it, pages it by its links,
//! and shows `text` to the person. As HTML or plain text, accesses that are alike
//! and close to each other are one line with their number.

use access::audit_event::render_for;
use access::entry::Entry;
use access::review::Outcome;
use contracts::{
    Answer, Charts, Directory, Intent, Interaction, Journal, JournalFilter, JournalPage, Refusal,
    Registry, ResourceKey,
};
use fhir::json::Writer;
use fhir::outcome::Language;
use fhir::xhtml::escaped;
use http::{HeaderMap, Response, StatusCode};
use rest::answer::{json, set};
use rest::ask::{Ask, parameter};
use rest::headers::{accepts_json, text};
use serde_json::json;
use trace::log::{Page, html, text as plain};
use trace::sentence::{Reviewed, Telling, Whose, gathered, line};

use crate::handler::{decoded, server};
use crate::when::{Asked, Here, here};

/// What the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Html,
    Text,
}

/// Answers a request for a person's accesses.
pub async fn answer<H: Journal + Charts + Registry + Directory>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    let form = form(ask.headers, parameter(ask.query, "_format").as_deref())?;
    let here = here(host).await?;
    let asked = Asked::parse(ask.query, &["gather"], &here.zone)?;
    let gather = match asked.other("gather").as_deref() {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(Refusal::invalid("gather is true or false.").at("gather")),
    };
    let claims = host.claims(session);
    let own = claims.function == "patient" && claims.patient.as_deref() == Some(key.id.as_str());
    let intent = Intent::asking(
        Interaction::ReadAudit,
        Asked::link(&asked, &format!("Patient/{}/$access-log", key.id), None),
    );
    let filter = JournalFilter {
        person: Some(key.id.clone()),
        from_ms: asked.from_ms,
        to_ms: asked.to_ms,
        cursor: asked.page.clone(),
        ..JournalFilter::newest(ask.count()?)
    };
    let page = host.journal_read(session, intent, filter).await?;
    let mut entries = Vec::with_capacity(page.entries.len());
    for bytes in &page.entries {
        entries.push(decoded(bytes)?);
    }
    let path = format!("{}/Patient/{}/$access-log", ask.base, key.id);
    let log = Log {
        person: &key.id,
        entries,
        own: asked.link(&path, asked.page.as_deref()),
        next: page.next.as_deref().map(|cursor| asked.link(&path, Some(cursor))),
        reviews: reviews(&page),
        telling: telling(&here, ask.language(), own),
        gather,
    };
    let mut answer = match form {
        Form::Json => json(StatusCode::OK, log.bundle(ask)),
        Form::Html => told("text/html; charset=utf-8", log.page(html)),
        Form::Text => told("text/plain; charset=utf-8", log.page(plain)),
    };
    set(answer.headers_mut(), "content-language", ask.language().tag());
    set(answer.headers_mut(), "vary", "Accept, Accept-Language");
    Ok(answer)
}

fn telling(here: &Here, language: Language, own: bool) -> Telling<'_> {
    let whose = if own { Whose::Own } else { Whose::Other };
    Telling { directory: &here.directory, zone: here.zone.clone(), language, whose }
}

fn reviews(page: &JournalPage) -> Vec<Reviewed<'_>> {
    let known = page.reviews.iter().filter_map(|review| {
        Some(Reviewed {
            entry: &review.entry,
            outcome: Outcome::from_code(&review.outcome)?,
            at_ms: u64::try_from(review.at_ms).unwrap_or_default(),
        })
    });
    known.collect()
}

struct Log<'a> {
    person: &'a str,
    entries: Vec<Entry>,
    own: String,
    next: Option<String>,
    reviews: Vec<Reviewed<'a>>,
    telling: Telling<'a>,
    gather: bool,
}

impl Log<'_> {
    fn page(&self, written: fn(&Page<'_>) -> String) -> String {
        let one = |entry| line(entry, self.person, &self.reviews, &self.telling);
        let lines = match self.gather {
            true => gathered(&self.entries, self.person, &self.reviews, &self.telling),
            false => self.entries.iter().map(one).collect(),
        };
        written(&Page {
            language: self.telling.language,
            whose: self.telling.whose,
            lines: &lines,
            next: self.next.as_deref(),
        })
    }

    fn bundle(&self, ask: &Ask<'_>) -> Vec<u8> {
        let server = server(ask);
        let mut writer = Writer::new();
        writer.begin_object().field("resourceType", "Bundle").field("type", "searchset");
        writer.key("link").begin_array();
        for (relation, url) in [("self", Some(&self.own)), ("next", self.next.as_ref())] {
            if let Some(url) = url {
                writer.begin_object().field("relation", relation).field("url", url).end_object();
            }
        }
        writer.end_array();
        if !self.entries.is_empty() {
            writer.key("entry").begin_array();
            for entry in &self.entries {
                // What else the access did in this record has AuditEvents of its
                // own, whose ids go on from this one's.
                let Some(mut event) = render_for(entry, &server, self.person).into_iter().next()
                else {
                    continue;
                };
                let sentence = line(entry, self.person, &self.reviews, &self.telling).sentence;
                self.tell(&mut event, &sentence);
                let id = event.get("id").and_then(|id| id.as_str()).unwrap_or_default();
                let url = format!("{}/AuditEvent/{id}", ask.base);
                writer.begin_object().field("fullUrl", &url);
                writer.key("resource").raw(&event.to_string());
                writer.key("search").begin_object().field("mode", "match").end_object();
                writer.end_object();
            }
            writer.end_array();
        }
        writer.end_object();
        writer.finish().into_bytes()
    }

    /// Gives an event the sentence as its narrative.
    fn tell(&self, event: &mut serde_json::Value, sentence: &str) {
        let tag = self.telling.language.tag();
        let div = format!(
            r#"<div xmlns="http://www.w3.org/1999/xhtml" lang="{tag}" xml:lang="{tag}">{}</div>"#,
            escaped(sentence)
        );
        if let Some(members) = event.as_object_mut() {
            members.insert("language".to_owned(), json!(tag));
            members.insert("text".to_owned(), json!({"status": "generated", "div": div}));
        }
    }
}

/// A page for people. It takes nothing from anywhere, and runs nothing.
fn told(kind: &'static str, body: String) -> Response<Vec<u8>> {
    let mut answer = json(StatusCode::OK, body.into_bytes());
    let headers = answer.headers_mut();
    set(headers, "content-type", kind);
    set(headers, "content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
    set(headers, "x-content-type-options", "nosniff");
    answer
}

/// What the caller takes; `_format` goes before `Accept` (R4 §3.1.6.1). The
/// first that is named wins, JSON when anything will do.
fn form(headers: &HeaderMap, format: Option<&str>) -> Answer<Form> {
    let of = |media: &str| match media.split(';').next().unwrap_or_default().trim() {
        "text/html" | "html" => Some(Form::Html),
        "text/plain" | "text" => Some(Form::Text),
        _ => None,
    };
    let named = match format {
        Some(format) => of(format),
        None => text(headers, "accept").unwrap_or_default().split(',').find_map(|media| {
            let json = media.contains("json");
            of(media).or(json.then_some(Form::Json))
        }),
    };
    match named {
        Some(form) => Ok(form),
        None => accepts_json(headers, format).map(|()| Form::Json),
    }
}
