//! FHIR search (R4 §3.1.1): of one type, of several (`GET /fhir?_type=…`), within
//! a compartment (`GET /fhir/Encounter/1/Observation`), by GET or by POST; within
//! a chart when the search names one person, in the registries and across people
//! otherwise.

#[path = "lastn.rs"]
pub mod lastn;

use contracts::{Answer, Charts, Intent, Interaction, Page, Place, Refusal, Registry, ResourceKey};
use fhir::outcome::{IssueType, Status};
use fhir::search::{Cursor, Query, SearchError, Settings, parameters::ANY_RESOURCE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, refused, settled};
use rest::ask::{Ask, of_caller};
use rest::bundle::{self, Link};
use rest::limits::{PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX};
use rest::path::Target;
use rest::prefer::{Handling, Prefer};
use rest::present;
use std::time::SystemTime;

/// Answers one request.
pub async fn handle<H: Charts + Registry>(
    host: &H,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    let (ask, session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    let by_get = request.method() == Method::GET || request.method() == Method::HEAD;
    let by_post = request.method() == Method::POST
        && (request.uri().path().ends_with("/_search")
            || matches!(ask.target, Target::TypeOperation(..)));
    let query = match () {
        () if by_get => Ok(ask.query.to_owned()),
        () if by_post => form(&ask),
        () => return method_not_allowed(request.method().as_str(), "GET, HEAD, POST"),
    };
    settled(match (query, &ask.target) {
        (Ok(query), Target::TypeOperation(name, operation))
            if name == "Observation" && operation == "$lastn" =>
        {
            lastn::answer(host, &session, &ask, &query).await
        }
        (Ok(query), _) => answer(host, &session, &ask, &query).await,
        (Err(refusal), _) => Err(refusal),
    })
}

/// Where a search looks, as its path says.
struct Where {
    /// The one type; several or all without one.
    resource_type: Option<String>,
    /// Only in this compartment.
    compartment: Option<ResourceKey>,
}

impl Where {
    fn of(target: &Target) -> Answer<Self> {
        let (resource_type, compartment) = match target {
            Target::System | Target::SystemSearch => (None, None),
            Target::Type(name) | Target::TypeSearch(name) => (Some(name.clone()), None),
            Target::Compartment(key, name) => (name.clone(), Some(key.clone())),
            _ => {
                return Err(Refusal::missing(
                    "There is no such operation or search. A search names a type, as in \
                     Observation?patient=123; GET /fhir/metadata lists the operations.",
                ));
            }
        };
        Ok(Self { resource_type, compartment })
    }

    /// The path of the search below the base.
    fn path(&self) -> String {
        match (&self.compartment, &self.resource_type) {
            (None, None) => String::new(),
            (None, Some(name)) => name.clone(),
            (Some(key), name) => {
                let name = name.as_deref().unwrap_or("*");
                format!("{}/{}/{name}", key.resource_type, key.id)
            }
        }
    }

    fn parsed_as(&self) -> &str {
        self.resource_type.as_deref().unwrap_or(ANY_RESOURCE)
    }

    fn types(&self) -> Vec<String> {
        self.resource_type.iter().cloned().collect()
    }

    /// The person whose chart holds every match, when there is one.
    fn person(&self, query: &Query) -> Option<String> {
        match (&self.compartment, query.person().as_slice()) {
            (Some(key), _) if key.resource_type == "Patient" => Some(key.id.clone()),
            (None, [person]) => Some((*person).to_owned()),
            _ => None,
        }
    }
}

/// Answers a search whose caller is verified: also for entries of a batch.
pub async fn answer<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    query: &str,
) -> Answer<Response<Vec<u8>>> {
    let place = Where::of(&ask.target)?;
    let parsed = parsed(place.parsed_as(), query, &ask.base, ask.headers)?;
    refuse_made(&parsed)?;
    let how = present::asked(query, place.resource_type.as_deref())?;
    let page = found(host, session, &place, &parsed).await?;
    let path = place.path();
    let url = |cursor: Option<&Cursor>| {
        let link = parsed.link(cursor);
        let query = link.split_once('?').map(|(_, query)| format!("?{query}"));
        let slash = if path.is_empty() { "" } else { "/" };
        format!("{}{slash}{path}{}", ask.base, query.unwrap_or_default())
    };
    let mut links = vec![Link { relation: "self", url: url(parsed.cursor()) }];
    if let Some(cursor) = page.next.as_deref().and_then(|text| Cursor::decode(text, &parsed)) {
        links.push(Link { relation: "next", url: url(Some(&cursor)) });
    }
    let told = left_out(parsed.ignored());
    let text = bundle::searchset_telling(&ask.base, &page, &links, told.as_deref());
    present::bundle(json(StatusCode::OK, text), &how)
}

/// Refuses a search that [`answer`] would refuse before it asks for anything.
pub fn check(ask: &Ask<'_>, query: &str) -> Answer<()> {
    let place = Where::of(&ask.target)?;
    refuse_made(&parsed(place.parsed_as(), query, &ask.base, ask.headers)?)?;
    present::asked(query, place.resource_type.as_deref()).map(|_| ())
}

/// The page that is asked for, by the walls.
async fn found<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    place: &Where,
    parsed: &Query,
) -> Answer<Page> {
    // As it was understood, without what was left out.
    let link = parsed.self_link();
    let query = link.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let types = place.types();
    let interaction = match types.as_slice() {
        [_] => Interaction::Search,
        _ => Interaction::SearchSystem,
    };
    let intent = Intent::asking(interaction, format!("{}?{query}", place.path()));
    if let Some(person) = place.person(parsed) {
        let chart = host.open_chart(session, intent, Place::Person(person)).await?;
        return host.chart_search(&chart, &types, query).await;
    }
    let shelf = host.open_registry(session, intent).await?;
    host.registry_search(&shelf, &types, query, place.compartment.as_ref()).await
}

/// The search, understood; what is not understood is refused, or with `Prefer:
/// handling=lenient` left out and told (R4 §3.1.1.3).
fn parsed(resource_type: &str, query: &str, base: &str, headers: &HeaderMap) -> Answer<Query> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let settings = Settings {
        own_bases: &[base],
        now_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        count_default: PAGE_COUNT_DEFAULT,
        count_max: PAGE_COUNT_MAX,
        lenient: Prefer::of(headers).handling() == Handling::Lenient,
    };
    Ok(Query::parse(resource_type, query, &settings)?)
}

/// Refuses `_type` of what the record makes from its journal, which is searched
/// by its own type only: an answer without it would look whole.
fn refuse_made(query: &Query) -> Answer<()> {
    let made = ["AuditEvent", "Provenance"];
    match query.types().unwrap_or_default().iter().find(|name| made.contains(name)) {
        None => Ok(()),
        Some(name) => Err(Refusal::not_supported(format!(
            "{name} is searched by itself, because the record makes some of its own: \
             GET /fhir/{name}?…"
        ))
        .at("_type")),
    }
}

/// An OperationOutcome of what was left out, if anything was.
fn left_out(ignored: &[SearchError]) -> Option<String> {
    if ignored.is_empty() {
        return None;
    }
    let told: Vec<String> = ignored.iter().map(ToString::to_string).collect();
    Some(fhir::outcome::information(&format!("Left out: {}", told.join(" "))))
}

/// `POST …/_search`: the parameters of the form and those of the URL count alike
/// (R4 §3.1.1.1).
fn form(ask: &Ask<'_>) -> Answer<String> {
    let told = rest::headers::text(ask.headers, "content-type").unwrap_or_default();
    let media = told.split(';').next().unwrap_or_default().trim();
    if ask.body.is_empty() && media.is_empty() {
        return Ok(ask.query.to_owned());
    }
    if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::new(
            Status::UnsupportedMediaType,
            IssueType::NotSupported,
            "A search by POST sends its parameters as application/x-www-form-urlencoded.",
        ));
    }
    let form = std::str::from_utf8(ask.body).map_err(|_| {
        Refusal::invalid("The form is not UTF-8: percent-encode what is not ASCII.".to_owned())
    })?;
    let form = form.trim_end_matches(['\r', '\n']);
    Ok(match (ask.query.is_empty(), form.is_empty()) {
        (true, _) => form.to_owned(),
        (false, true) => ask.query.to_owned(),
        (false, false) => format!("{}&{form}", ask.query),
    })
}
