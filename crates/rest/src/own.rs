//! Searches of the types of which the record makes some itself, from its
//! journal: AuditEvent and Provenance. The journal narrows by person, resource
//! and time; everything else is judged by the search engine upon what is made.
//! What clients sent is searched as anything else, after what the record made.

use crate::ask::{Ask, form_decoded};
use crate::limits::{PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX};
use crate::path::{check_id, printable};
use contracts::{Page, Refusal, ResourceKey};
use fhir::json::{Document, Writer};
use fhir::limits::JsonLimits;
use fhir::search::{DateRange, Prefix, Query, Settings};

/// Where a page of such a search goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Among what the record makes, at this cursor of the journal.
    Own(Option<String>),
    /// Among what clients sent, at this cursor of the search.
    Kept(Option<String>),
}

/// A search, understood.
#[derive(Clone, Debug)]
pub struct Search {
    query: Query,
    /// The whole query but its page, as it was asked.
    pub text: String,
    /// Where this page begins.
    pub source: Source,
    /// At most so many results.
    pub count: u32,
    /// Whose record: `patient`, or `target` or `entity` when they name a person.
    pub person: Option<String>,
    /// The resource that `target` or `entity` names.
    pub target: Option<ResourceKey>,
    /// The one id that `_id` names.
    pub id: Option<String>,
    /// Milliseconds since 1970, both included.
    pub from_ms: i64,
    /// See `from_ms`.
    pub to_ms: i64,
}

/// Parameters that name a person, resource or instant, by type: the person of
/// `patient` is whose record it is, so that it is not judged again.
const WHOSE: &str = "patient";
const WHAT: [&str; 2] = ["target", "entity"];
const WHEN: [&str; 3] = ["date", "recorded", "_lastUpdated"];
/// What a search over two sources cannot do.
const REFUSED: [&str; 4] = ["_sort", "_include", "_revinclude", "_contained"];

impl Search {
    /// Reads the parameters of a search of `name`.
    ///
    /// # Errors
    /// 400 for what is unknown or malformed, and for what such a search cannot do.
    pub fn parse(name: &str, ask: &Ask<'_>, query: &str, now_ms: i64) -> Result<Self, Refusal> {
        let mut judged = Vec::new();
        let mut asked = Vec::new();
        let mut found = Self {
            query: parsed(name, "", ask, now_ms)?,
            text: String::new(),
            source: Source::Own(None),
            count: 0,
            person: None,
            target: None,
            id: None,
            from_ms: 0,
            to_ms: i64::MAX,
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let plain = key.split([':', '.']).next().unwrap_or_default();
            if REFUSED.contains(&plain) || key.contains('.') || plain == "_has" {
                return Err(Refusal::not_supported(format!(
                    "A search of {name} takes no {}: the record makes some of them itself, newest \
                     first.",
                    printable(key)
                ))
                .at(printable(key)));
            }
            if key == "_page" {
                found.source = source(&form_decoded(value))?;
                continue;
            }
            asked.push(pair);
            // By whom a record is is told by whose chart the change is in.
            if key != WHOSE {
                judged.push(pair);
            }
            found.narrow(key, &form_decoded(value))?;
        }
        // The whole is parsed too, so that nothing unknown is passed over.
        parsed(name, &asked.join("&"), ask, now_ms)?;
        found.query = parsed(name, &judged.join("&"), ask, now_ms)?;
        if found.query.count_only() {
            return Err(Refusal::not_supported(format!(
                "{name} is not counted: leave out _summary=count and read the pages."
            ))
            .at("_summary"));
        }
        found.count = found.query.count().max(1);
        found.text = asked.join("&");
        Ok(found)
    }

    fn narrow(&mut self, key: &str, value: &str) -> Result<(), Refusal> {
        if key == WHOSE || key == "patient:Patient" {
            let id = value.strip_prefix("Patient/").unwrap_or(value);
            check_id(id).map_err(|refusal| refusal.at(WHOSE))?;
            self.person = Some(id.to_owned());
        } else if WHAT.contains(&key) {
            // A bare id names a person here, as it always did.
            let (kind, id) = value.split_once('/').unwrap_or(("Patient", value));
            let id = id.split('/').next().unwrap_or_default();
            if fhir::types::is_resource_type(kind) && fhir::types::is_id(id) {
                self.target = Some(ResourceKey::new(kind, id));
                if kind == "Patient" {
                    self.person.get_or_insert_with(|| id.to_owned());
                }
            }
        } else if key == "_id" && !value.contains(',') {
            self.id = Some(value.to_owned());
        } else if WHEN.contains(&key) {
            self.narrow_time(value);
        }
        Ok(())
    }

    /// Narrows by one date (R4 §3.1.1.4.9); what does not narrow is judged later.
    fn narrow_time(&mut self, value: &str) {
        let (prefix, rest) = Prefix::split(value);
        let Some(range) = DateRange::parse(rest) else { return };
        // An entry is one instant, so that each prefix is a half line or a segment.
        let (from_ms, to_ms) = match prefix {
            Prefix::Equal => (range.lower_ms, range.upper_ms - 1),
            Prefix::Greater | Prefix::StartsAfter => (range.upper_ms, i64::MAX),
            Prefix::GreaterOrEqual => (range.lower_ms, i64::MAX),
            Prefix::Less | Prefix::EndsBefore => (0, range.lower_ms - 1),
            Prefix::LessOrEqual => (0, range.upper_ms - 1),
            Prefix::NotEqual | Prefix::Approximately => return,
        };
        self.from_ms = self.from_ms.max(from_ms);
        self.to_ms = self.to_ms.min(to_ms);
    }

    /// Whether a resource that the record made is a result.
    pub fn wants(&self, text: &str, id: &str, at_ms: i64) -> bool {
        Document::parse(text.to_owned(), &JsonLimits::default())
            .is_ok_and(|document| self.query.matches_body(document.root(), id, at_ms))
    }

    /// The query by which what clients sent is searched, from `cursor` on, for
    /// as many as the page of `results` still takes; `None` when it is full.
    pub fn kept_query(&self, cursor: Option<&str>, results: &mut Results) -> Option<String> {
        let taken = u32::try_from(results.entries.len()).unwrap_or(u32::MAX);
        let left = self.count.saturating_sub(taken);
        if left == 0 {
            results.next = Some(Source::Kept(cursor.map(str::to_owned)));
            return None;
        }
        let kept = self.text.split('&');
        let kept = kept.filter(|pair| !pair.is_empty() && !pair.starts_with("_count="));
        let count = format!("_count={left}");
        let page = cursor.map(|cursor| format!("_page={cursor}"));
        let parts = kept.chain([count.as_str()]).chain(page.as_deref());
        Some(parts.collect::<Vec<_>>().join("&"))
    }
}

fn parsed(name: &str, query: &str, ask: &Ask<'_>, now_ms: i64) -> Result<Query, Refusal> {
    let settings = Settings {
        own_bases: &[&ask.base],
        now_ms,
        count_default: PAGE_COUNT_DEFAULT,
        count_max: PAGE_COUNT_MAX,
        lenient: false,
    };
    Ok(Query::parse(name, query, &settings)?)
}

fn source(cursor: &str) -> Result<Source, Refusal> {
    let rest = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    match cursor.split_once('.') {
        Some(("own", cursor)) => Ok(Source::Own(rest(cursor))),
        Some(("kept", cursor)) => Ok(Source::Kept(rest(cursor))),
        _ => Err(Refusal::invalid("_page is no cursor of this search. Follow the link \"next\".")
            .at("_page")),
    }
}

/// A page of results.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Id and text of each.
    pub entries: Vec<(String, String)>,
    /// Where the next page begins, when there is one.
    pub next: Option<Source>,
}

impl Results {
    /// Adds what clients sent.
    pub fn extend_kept(&mut self, page: Page) {
        for version in page.versions {
            let text = String::from_utf8_lossy(&version.body).into_owned();
            self.entries.push((version.key.id, text));
        }
        self.next = page.next.map(|cursor| Source::Kept(Some(cursor)));
    }

    /// The searchset.
    pub fn written(&self, name: &str, base: &str, search: &Search) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.begin_object().field("resourceType", "Bundle").field("type", "searchset");
        writer.key("link").begin_array();
        let mut link = |relation: &str, query: &str| {
            let url = format!("{base}/{name}?{query}");
            writer.begin_object().field("relation", relation).field("url", &url).end_object();
        };
        link("self", &search.text);
        if let Some(next) = &self.next {
            let (from, cursor) = match next {
                Source::Own(cursor) => ("own", cursor),
                Source::Kept(cursor) => ("kept", cursor),
            };
            let page = format!("_page={from}.{}", cursor.as_deref().unwrap_or_default());
            link("next", &format!("{}&{page}", search.text));
        }
        writer.end_array();
        if !self.entries.is_empty() {
            writer.key("entry").begin_array();
            for (id, text) in &self.entries {
                writer.begin_object().field("fullUrl", &format!("{base}/{name}/{id}"));
                writer.key("resource").raw(text);
                writer.key("search").begin_object().field("mode", "match").end_object();
                writer.end_object();
            }
            writer.end_array();
        }
        writer.end_object();
        writer.finish().into_bytes()
    }
}
