//! Bundles that answer: searchset, history, and the response of a batch or
//! transaction (R4 §3.1.1.2, §3.1.1.3, §3.1.0.11).

use crate::prefer::Return;
use contracts::{ChangeKind, Effect, Outcome, Page, Refusal, ResourceKey, Version};
use fhir::json::Writer;
use fhir::outcome::Language;
use fhir::resource::instant;

/// One link of a Bundle.
pub struct Link<'l> {
    /// `self`, `next`, …
    pub relation: &'l str,
    /// Absolute URL.
    pub url: String,
}

fn begin(kind: &str, total: Option<u32>, links: &[Link<'_>], bytes: usize) -> Writer {
    let mut writer = Writer::with_capacity(bytes + 512);
    writer.begin_object();
    writer.field("resourceType", "Bundle").field("type", kind);
    if let Some(total) = total {
        writer.key("total").integer(i64::from(total));
    }
    if !links.is_empty() {
        writer.key("link").begin_array();
        for link in links {
            writer.begin_object().field("relation", link.relation).field("url", &link.url);
            writer.end_object();
        }
        writer.end_array();
    }
    writer
}

fn end(mut writer: Writer) -> Vec<u8> {
    writer.end_object();
    writer.finish().into_bytes()
}

fn bytes_of(page: &Page) -> usize {
    page.versions.iter().map(|version| version.body.len() + 200).sum()
}

/// A stored text for embedding. Stored texts were JSON in UTF-8 when they were
/// taken in, so the fallback is never met.
fn embedded(body: &[u8]) -> &str {
    std::str::from_utf8(body).unwrap_or("{}")
}

/// The answer to a search: one page.
pub fn searchset(base: &str, page: &Page, links: &[Link<'_>]) -> Vec<u8> {
    searchset_telling(base, page, links, None)
}

/// The answer to a search, with what the caller should know of it: the text of
/// an OperationOutcome. Matches come first, then what they include, then what is
/// told (`Bundle.entry.search.mode`, R4 §3.1.1.6).
pub fn searchset_telling(
    base: &str,
    page: &Page,
    links: &[Link<'_>],
    told: Option<&str>,
) -> Vec<u8> {
    let mut writer = begin("searchset", page.total, links, bytes_of(page));
    // An empty array is no FHIR (R4 §2.6.2): without matches there is no entry.
    if !page.versions.is_empty() || told.is_some() {
        let matches = usize::try_from(page.matches).unwrap_or(usize::MAX);
        writer.key("entry").begin_array();
        for (at, version) in page.versions.iter().enumerate() {
            // What is of no version is not kept, but told.
            let mode = match version.version {
                0 => "outcome",
                _ if at < matches => "match",
                _ => "include",
            };
            let url = full_url(base, &version.key);
            searchset_entry(
                &mut writer,
                Some(&url).filter(|_| mode != "outcome"),
                embedded(&version.body),
                mode,
            );
        }
        if let Some(told) = told {
            searchset_entry(&mut writer, None, told, "outcome");
        }
        writer.end_array();
    }
    end(writer)
}

fn searchset_entry(writer: &mut Writer, url: Option<&String>, resource: &str, mode: &str) {
    writer.begin_object();
    if let Some(url) = url {
        writer.field("fullUrl", url);
    }
    writer.key("resource").raw(resource);
    writer.key("search").begin_object().field("mode", mode).end_object();
    writer.end_object();
}

/// The answer to history: versions newest first, each with the request that
/// made it.
pub fn history(base: &str, page: &Page, links: &[Link<'_>]) -> Vec<u8> {
    let mut writer = begin("history", page.total, links, bytes_of(page));
    if !page.versions.is_empty() {
        writer.key("entry").begin_array();
        for version in &page.versions {
            history_entry(&mut writer, base, version);
        }
        writer.end_array();
    }
    end(writer)
}

fn history_entry(writer: &mut Writer, base: &str, version: &Version) {
    let key = &version.key;
    writer.begin_object();
    writer.field("fullUrl", &full_url(base, key));
    if version.kind != ChangeKind::Delete {
        writer.key("resource").raw(embedded(&version.body));
    }
    let (method, status) = match version.kind {
        ChangeKind::Create => ("POST", "201"),
        ChangeKind::Update => ("PUT", "200"),
        ChangeKind::Delete => ("DELETE", "204"),
    };
    let url = match version.kind {
        ChangeKind::Create => key.resource_type.clone(),
        ChangeKind::Update | ChangeKind::Delete => format!("{}/{}", key.resource_type, key.id),
    };
    writer.key("request").begin_object();
    writer.field("method", method).field("url", &url).end_object();
    writer.key("response").begin_object().field("status", status);
    writer.field("etag", &format!("W/\"{}\"", version.version));
    writer.field("lastModified", &instant(version.last_updated_ms)).end_object();
    writer.end_object();
}

/// What became of one entry of a batch or transaction.
pub enum EntryAnswer {
    /// A change.
    Changed(Outcome),
    /// A read or search: status and the resource's text.
    Read {
        /// HTTP status.
        status: u16,
        /// The resource or searchset, or the OperationOutcome of a status from
        /// 400 on; empty when there is none.
        body: Vec<u8>,
        /// Entity tag of a resource.
        etag: Option<String>,
        /// When a resource was last changed, in milliseconds.
        modified_ms: Option<i64>,
    },
    /// Refused (batch only; a transaction is refused whole).
    Refused(Refusal),
}

/// How entries are told of.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// Absolute base URL.
    pub base: &'a str,
    /// What `Prefer: return=` asks for.
    pub preferred: Return,
    /// The caller's language.
    pub language: Language,
}

/// The answer to a batch or transaction, entry for entry.
pub fn response(kind: &str, answers: &[EntryAnswer], how: Telling<'_>) -> Vec<u8> {
    let mut writer = begin(kind, None, &[], answers.len() * 240);
    if !answers.is_empty() {
        writer.key("entry").begin_array();
        for answer in answers {
            writer.begin_object();
            response_entry(&mut writer, answer, how);
            writer.end_object();
        }
        writer.end_array();
    }
    end(writer)
}

fn response_entry(writer: &mut Writer, answer: &EntryAnswer, how: Telling<'_>) {
    match answer {
        EntryAnswer::Changed(outcome) => changed_entry(writer, outcome, how),
        EntryAnswer::Read { status, body, etag, modified_ms } => {
            let failed = *status >= 400;
            if !body.is_empty() && !failed {
                writer.key("resource").raw(embedded(body));
            }
            writer.key("response").begin_object().field("status", &status.to_string());
            if let Some(etag) = etag {
                writer.field("etag", etag);
            }
            if let Some(modified_ms) = modified_ms {
                writer.field("lastModified", &instant(*modified_ms));
            }
            if !body.is_empty() && failed {
                writer.key("outcome").raw(embedded(body));
            }
            writer.end_object();
        }
        EntryAnswer::Refused(refusal) => {
            writer.key("response").begin_object();
            writer.field("status", &refusal.status.code().to_string());
            writer.key("outcome").raw(&refusal.to_operation_outcome_in(how.language));
            writer.end_object();
        }
    }
}

fn changed_entry(writer: &mut Writer, outcome: &Outcome, how: Telling<'_>) {
    let key = &outcome.key;
    if outcome.effect != Effect::Deleted {
        writer.field("fullUrl", &full_url(how.base, key));
    }
    if !outcome.body.is_empty() && how.preferred == Return::Representation {
        writer.key("resource").raw(embedded(&outcome.body));
    }
    let status = match outcome.effect {
        Effect::Created => "201 Created",
        Effect::Deleted => "204 No Content",
        Effect::Updated | Effect::Existing | Effect::Unchanged => "200 OK",
    };
    writer.key("response").begin_object().field("status", status);
    if outcome.effect != Effect::Deleted {
        let location = format!("{}/{}/_history/{}", key.resource_type, key.id, outcome.version);
        writer.field("location", &location);
    }
    if outcome.version > 0 {
        writer.field("etag", &format!("W/\"{}\"", outcome.version));
        writer.field("lastModified", &instant(outcome.last_updated_ms));
    }
    if how.preferred == Return::OperationOutcome {
        let remarks = crate::report::of_change(outcome);
        writer.key("outcome").raw(&crate::report::outcome(&remarks, how.language));
    }
    writer.end_object();
}

/// `fullUrl` of a resource of this server.
pub fn full_url(base: &str, key: &ResourceKey) -> String {
    format!("{base}/{}/{}", key.resource_type, key.id)
}
