//! `Observation/$lastn` (R4 observation-operation-lastn): the latest observations
//! of a person, so many of each code.

use super::{Where, found, parsed};
use contracts::{Answer, Charts, Page, Refusal, Registry, Version};
use fhir::json::{Document, Value};
use fhir::limits::JsonLimits;
use http::{Response, StatusCode};
use rest::answer::json;
use rest::ask::{Ask, parameter};
use rest::bundle::{self, Link};
use rest::limits::PAGE_COUNT_MAX;
use rest::present;
use std::collections::HashMap;

/// Observations of one code at most.
const MAX_PER_CODE: usize = 100;
/// Pages of observations that one answer is made from.
const PAGES_MAX: usize = 20;

/// Answers one request.
pub async fn answer<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    query: &str,
) -> Answer<Response<Vec<u8>>> {
    let most = most(query)?;
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && !["max", "_summary", "_elements", "_pretty", "_format"].contains(&name)
    });
    let criteria: Vec<&str> = kept.collect();
    if criteria.iter().any(|pair| {
        ["_sort", "_count", "_page", "_total"]
            .iter()
            .any(|name| pair.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    }) {
        return Err(Refusal::invalid(
            "$lastn orders and counts by itself: leave _sort, _count, _total and _page out, and \
             give max.",
        ));
    }
    let how = present::asked(query, Some("Observation"))?;
    let place = Where { resource_type: Some("Observation".to_owned()), compartment: None };
    let mut asked = format!("{}&_sort=-date&_count={PAGE_COUNT_MAX}", criteria.join("&"));
    let mut latest = Latest::default();
    for _ in 0..PAGES_MAX {
        let search = parsed("Observation", &asked, &ask.base, ask.headers)?;
        if place.person(&search).is_none() {
            return Err(Refusal::invalid(
                "$lastn names one person, by patient or subject: Observation/$lastn?patient=123.",
            )
            .at("patient"));
        }
        let page = found(host, session, &place, &search).await?;
        let matches = usize::try_from(page.matches).unwrap_or(usize::MAX);
        page.versions.into_iter().take(matches).for_each(|version| latest.add(version, most));
        let Some(next) = page.next else {
            return answered(ask, query, latest, &how);
        };
        asked = format!("{}&_sort=-date&_count={PAGE_COUNT_MAX}&_page={next}", criteria.join("&"));
    }
    Err(Refusal::invalid(
        "The person has more observations than $lastn looks at. Name a code or a category.",
    )
    .at("code"))
}

fn answered(
    ask: &Ask<'_>,
    query: &str,
    latest: Latest,
    how: &fhir::present::Presentation,
) -> Answer<Response<Vec<u8>>> {
    let versions = latest.kept;
    let count = u32::try_from(versions.len()).unwrap_or(u32::MAX);
    let page = Page { versions, matches: count, total: Some(count), next: None };
    let url = format!("{}/Observation/$lastn?{query}", ask.base);
    let links = [Link { relation: "self", url }];
    present::bundle(json(StatusCode::OK, bundle::searchset(&ask.base, &page, &links)), how)
}

fn most(query: &str) -> Answer<usize> {
    let Some(told) = parameter(query, "max") else { return Ok(1) };
    match told.parse::<usize>() {
        Ok(most) if most > 0 => Ok(most.min(MAX_PER_CODE)),
        _ => Err(Refusal::invalid(format!("max must be a whole number from 1 to {MAX_PER_CODE}."))
            .at("max")),
    }
}

/// The latest of each code, as they come, latest first.
#[derive(Default)]
struct Latest {
    kept: Vec<Version>,
    groups: HashMap<String, usize>,
    counts: Vec<usize>,
}

impl Latest {
    fn add(&mut self, version: Version, most: usize) {
        let codes = codes(&version.body);
        // Observations are of one group when they share a coding.
        let known = codes.iter().find_map(|code| self.groups.get(code)).copied();
        let group = known.unwrap_or_else(|| {
            self.counts.push(0);
            self.counts.len() - 1
        });
        for code in codes {
            self.groups.entry(code).or_insert(group);
        }
        if let Some(count) = self.counts.get_mut(group).filter(|count| **count < most) {
            *count += 1;
            self.kept.push(version);
        }
    }
}

/// The codings of an observation, or its text when it has none.
fn codes(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body).into_owned();
    let Ok(document) = Document::parse(text, &JsonLimits::default()) else { return Vec::new() };
    let Some(code) = document.root().get("code") else { return Vec::new() };
    let word = |value: Option<Value<'_>>| {
        value.and_then(Value::as_str).map(|text| text.into_owned()).unwrap_or_default()
    };
    let codings: Vec<String> = code
        .each("coding")
        .map(|coding| format!("{}|{}", word(coding.get("system")), word(coding.get("code"))))
        .collect();
    if codings.is_empty() { vec![word(code.get("text"))] } else { codings }
}
