//! The review of accesses: `AuditEvent/$review-queue` lists what the rules put
//! there, as Tasks (something that somebody has to do, about a resource, with a
//! status and an outcome); `AuditEvent/{id}/$review` adds what a reviewer found;
//! `AuditEvent/$break-glass-count` counts emergencies.

use std::collections::BTreeMap;

use access::audit_event::instant;
use access::review::{Review, Rule, State};
use contracts::{
    Answer, Charts, Directory, Intent, Interaction, Journal, Refusal, Registry, ResourceKey,
    ReviewFilter, ReviewPage,
};
use fhir::outcome::Language;
use http::{Response, StatusCode};
use rest::answer::json;
use rest::ask::Ask;
use rest::headers::carries_json;
use serde_json::{Value, json};
use trace::sentence::{Telling, Whose, line};

use crate::when::{Asked, Here, here};

/// System of the kind of task.
const KIND: &str = "urn:dossier:task";
/// System of the rules.
const RULE: &str = "urn:dossier:review-rule";
/// System of the outcomes.
const OUTCOME: &str = "urn:dossier:review-outcome";
/// Reviews on one page that are counted.
const COUNTED_AT_ONCE: u32 = 200;
/// Pages that one count reads.
const COUNTED_PAGES_MAX: usize = 100;

/// Answers with a page of the list.
pub async fn list<H: Journal + Charts + Registry + Directory>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
) -> Answer<Response<Vec<u8>>> {
    let here = here(host).await?;
    let known = ["state", "rule", "establishment", "region"];
    let asked = Asked::parse(ask.query, &known, &here.zone)?;
    let path = "AuditEvent/$review-queue";
    let intent = Intent::asking(Interaction::ReadAudit, asked.link(path, None));
    let page = host.journal_reviews(session, intent, filter(&asked, ask.count()?)).await?;
    let url = format!("{}/{path}", ask.base);
    let mut links = vec![json!({
        "relation": "self", "url": asked.link(&url, asked.page.as_deref()),
    })];
    if let Some(next) = &page.next {
        links.push(json!({"relation": "next", "url": asked.link(&url, Some(next))}));
    }
    let mut entries = Vec::new();
    for review in reviews(&page)? {
        let task = task(&review, &here, ask.language());
        entries.push(json!({"resource": task, "search": {"mode": "match"}}));
    }
    let until = judged_until(&page, ask.language());
    entries.push(json!({"resource": until, "search": {"mode": "outcome"}}));
    let bundle =
        json!({"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries});
    Ok(json(StatusCode::OK, bundle.to_string().into_bytes()))
}

/// Adds what a reviewer found.
pub async fn conclude<H: Journal + Charts + Registry + Directory>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    carries_json(ask.headers)?;
    let (outcome, note) = said(ask.body)?;
    let entry = key.id.split_once('.').map_or(key.id.as_str(), |(entry, _)| entry);
    let intent = Intent::asking(Interaction::ReadAudit, format!("AuditEvent/{}/$review", key.id));
    let bytes = host.journal_review(session, intent, entry, &outcome, &note).await?;
    let task = task(&read(&bytes)?, &here(host).await?, ask.language());
    Ok(json(StatusCode::OK, task.to_string().into_bytes()))
}

/// Counts permitted emergencies by establishment, by user and by person.
pub async fn count<H: Journal + Charts + Registry + Directory>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
) -> Answer<Response<Vec<u8>>> {
    let here = here(host).await?;
    let mut asked = Asked::parse(ask.query, &["establishment", "region"], &here.zone)?;
    let query = asked.link("AuditEvent/$break-glass-count", None);
    asked.others.push(("rule".to_owned(), Rule::BreakGlass.code().to_owned()));
    let mut counts = Counts::default();
    let mut judged_until_ms = i64::MAX;
    for _ in 0..COUNTED_PAGES_MAX {
        let intent = Intent::asking(Interaction::ReadAudit, query.clone());
        let page = host.journal_reviews(session, intent, filter(&asked, COUNTED_AT_ONCE)).await?;
        judged_until_ms = judged_until_ms.min(page.judged_until_ms);
        reviews(&page)?.iter().for_each(|review| counts.add(review));
        asked.page = page.next;
        if asked.page.is_none() {
            let parameters = counts.parameters(&here, ask.language(), judged_until_ms);
            return Ok(json(StatusCode::OK, parameters.to_string().into_bytes()));
        }
    }
    Err(Refusal::not_supported(
        "There are too many emergencies in this time to be counted at once. Narrow it with date.",
    )
    .at("date"))
}

#[derive(Default)]
struct Counts {
    total: u64,
    open: u64,
    establishments: BTreeMap<String, u64>,
    users: BTreeMap<(String, String), (Option<String>, u64)>,
    persons: BTreeMap<String, u64>,
}

impl Counts {
    fn add(&mut self, review: &Review) {
        let entry = &review.entry;
        self.total += 1;
        self.open += u64::from(review.state() != State::Closed);
        *self.establishments.entry(entry.establishment.clone()).or_default() += 1;
        let user = (entry.agent.issuer.clone(), entry.agent.subject.clone());
        let held = self.users.entry(user).or_default();
        held.0 = held.0.take().or_else(|| entry.agent.name.clone());
        held.1 += 1;
        for person in &entry.persons {
            *self.persons.entry(person.clone()).or_default() += 1;
        }
    }

    fn parameters(&self, here: &Here, language: Language, judged_until_ms: i64) -> Value {
        let number = |name: &str, count: u64| json!({"name": name, "valueInteger": count});
        let mut all = vec![number("total", self.total), number("open", self.open)];
        let until = u64::try_from(judged_until_ms).unwrap_or_default();
        all.push(json!({"name": "judged-until", "valueInstant": instant(until)}));
        for (code, count) in &self.establishments {
            let identifier = json!({"system": access::systems::ESTABLISHMENT, "value": code});
            let mut part = vec![number("count", *count)];
            if let Some((_, held)) = here.directory.establishment(code) {
                let name = match language {
                    Language::French => &held.name.fr,
                    Language::English => &held.name.en,
                };
                part.insert(0, json!({"name": "name", "valueString": name}));
            }
            if !code.is_empty() {
                part.insert(0, json!({"name": "establishment", "valueIdentifier": identifier}));
            }
            all.push(json!({"name": "by-establishment", "part": part}));
        }
        for ((issuer, subject), (name, count)) in &self.users {
            let identifier = json!({"system": issuer, "value": subject});
            let mut part = vec![json!({"name": "user", "valueIdentifier": identifier})];
            part.extend(name.as_ref().map(|name| json!({"name": "name", "valueString": name})));
            part.push(number("count", *count));
            all.push(json!({"name": "by-user", "part": part}));
        }
        for (person, count) in &self.persons {
            let reference = json!({"reference": format!("Patient/{person}")});
            let part =
                json!([{"name": "person", "valueReference": reference}, number("count", *count)]);
            all.push(json!({"name": "by-person", "part": part}));
        }
        json!({"resourceType": "Parameters", "parameter": all})
    }
}

fn filter(asked: &Asked, count: u32) -> ReviewFilter {
    ReviewFilter {
        region: asked.other("region"),
        state: asked.other("state"),
        rule: asked.other("rule"),
        establishment: asked.other("establishment"),
        from_ms: asked.from_ms,
        to_ms: asked.to_ms,
        count,
        cursor: asked.page.clone(),
    }
}

fn reviews(page: &ReviewPage) -> Answer<Vec<Review>> {
    page.items.iter().map(|bytes| read(bytes)).collect()
}

fn read(bytes: &[u8]) -> Answer<Review> {
    Review::from_bytes(bytes)
        .map_err(|_| Refusal::fault("A review cannot be read. Report this with the request id."))
}

/// The outcome and the note of a Parameters resource.
fn said(body: &[u8]) -> Answer<(String, String)> {
    let wrong = || {
        Refusal::invalid(
            "Send a Parameters resource with outcome (justified, not-justified or follow-up, as \
             valueCode) and note (valueString).",
        )
    };
    let body: Value = serde_json::from_slice(body).map_err(|_| wrong())?;
    if body.get("resourceType").and_then(Value::as_str) != Some("Parameters") {
        return Err(wrong());
    }
    let parameters = body.get("parameter").and_then(Value::as_array).ok_or_else(wrong)?;
    let value = |name: &str, kind: &str| {
        let mut named =
            parameters.iter().filter(|one| one.get("name").and_then(Value::as_str) == Some(name));
        match (named.next(), named.next()) {
            (Some(one), None) => one.get(kind).and_then(Value::as_str).map(str::to_owned),
            _ => None,
        }
    };
    let outcome = value("outcome", "valueCode").ok_or_else(wrong)?;
    Ok((outcome, value("note", "valueString").ok_or_else(wrong)?))
}

/// A review as a Task: requested, in progress, completed.
fn task(review: &Review, here: &Here, language: Language) -> Value {
    let entry = &review.entry;
    let telling = Telling {
        directory: &here.directory,
        zone: here.zone.clone(),
        language,
        whose: Whose::Other,
    };
    let person = match entry.persons.as_slice() {
        [person] => Some(person.as_str()),
        _ => review.findings.iter().find_map(|finding| person_of(review, finding.person)),
    };
    let said = line(entry, person.unwrap_or_default(), &[], &telling);
    let rules: Vec<Value> = Rule::ALL
        .into_iter()
        .filter(|rule| review.is_by(*rule))
        .map(|rule| coding(rule, language))
        .collect();
    let inputs = review.findings.iter().map(|finding| {
        let mut input = json!({"type": {"coding": [coding(finding.rule, language)]}});
        let about = person_of(review, finding.person);
        if let Some(members) = input.as_object_mut() {
            match (finding.rule, about) {
                (Rule::Volume, _) => {
                    members.insert("valueInteger".to_owned(), json!(finding.charts))
                }
                (_, Some(person)) => members.insert(
                    "valueReference".to_owned(),
                    json!({"reference": format!("Patient/{person}")}),
                ),
                (_, None) => members.insert("valueBoolean".to_owned(), json!(true)),
            };
        }
        input
    });
    let inputs: Vec<Value> = inputs.collect();
    let mut task = json!({
        "resourceType": "Task",
        "id": entry.id,
        "status": match review.state() {
            State::Open => "requested",
            State::FollowUp => "in-progress",
            State::Closed => "completed",
        },
        "intent": "order",
        "code": {"coding": [{"system": KIND, "code": "access-review"}]},
        "description": said.sentence,
        "focus": {"reference": format!("AuditEvent/{}.0", entry.id)},
        "authoredOn": instant(entry.at_ms),
        "reasonCode": {"coding": rules},
        "input": inputs,
    });
    let Some(members) = task.as_object_mut() else { return task };
    if let Some(person) = person {
        members.insert("for".to_owned(), json!({"reference": format!("Patient/{person}")}));
    }
    if let Some(last) = review.conclusions.last() {
        members.insert("lastModified".to_owned(), json!(instant(last.at_ms)));
        let owner = json!({"identifier": {"system": last.reviewer.issuer, "value": last.reviewer.subject}, "display": last.reviewer.name.clone().unwrap_or_default()});
        members.insert("owner".to_owned(), without_empty(owner));
        let notes = review.conclusions.iter().map(|one| {
            let name = one.reviewer.name.clone().unwrap_or_else(|| one.reviewer.subject.clone());
            json!({"authorString": name, "time": instant(one.at_ms), "text": one.note})
        });
        members.insert("note".to_owned(), notes.collect());
        let outputs = review.conclusions.iter().map(|one| {
            let kind = json!({"coding": [{"system": OUTCOME, "code": "outcome"}]});
            json!({"type": kind, "valueCode": one.outcome.code()})
        });
        members.insert("output".to_owned(), outputs.collect());
    }
    task
}

/// FHIR has no empty strings.
fn without_empty(mut owner: Value) -> Value {
    if owner.get("display").and_then(Value::as_str) == Some("")
        && let Some(members) = owner.as_object_mut()
    {
        members.remove("display");
    }
    owner
}

fn coding(rule: Rule, language: Language) -> Value {
    let display = match language {
        Language::French => rule.french(),
        Language::English => rule.english(),
    };
    json!({"system": RULE, "code": rule.code(), "display": display})
}

fn person_of(review: &Review, at: Option<u16>) -> Option<&str> {
    review.entry.persons.get(usize::from(at?)).map(String::as_str)
}

/// How far the rules are: what came later is not on the list yet.
fn judged_until(page: &ReviewPage, language: Language) -> Value {
    let until = u64::try_from(page.judged_until_ms).unwrap_or_default();
    let text = match until {
        0 => "Not every access has been judged yet. Ask again in a moment.".to_owned(),
        until => format!("Accesses until {} have been judged.", instant(until)),
    };
    let outcome = fhir::outcome::information_in(&text, language);
    serde_json::from_str(&outcome).unwrap_or(Value::Null)
}
