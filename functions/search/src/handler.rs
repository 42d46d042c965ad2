//! FHIR search (R4 §3.1.1): within a chart when the search names a person, in
//! the registries or across people otherwise.

use contracts::{Answer, Charts, Intent, Interaction, Place, Refusal, Registry};
use fhir::outcome::{IssueType, Status};
use fhir::search::{Cursor, Query, Settings};
use http::{Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, refused, settled};
use rest::ask::{Ask, of_caller};
use rest::bundle::{self, Link};
use rest::limits::{PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX};
use rest::path::Target;
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
    let query = match &ask.target {
        Target::Type(_) if by_get => Ok(ask.query.to_owned()),
        Target::TypeSearch(_) if by_get => Ok(ask.query.to_owned()),
        Target::TypeSearch(_) if request.method() == Method::POST => form(&ask),
        _ => return method_not_allowed(request.method().as_str(), "GET, HEAD, POST"),
    };
    settled(match query {
        Ok(query) => answer(host, &session, &ask, &query).await,
        Err(refusal) => Err(refusal),
    })
}

/// Answers a search whose caller is verified: also for entries of a batch.
pub async fn answer<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    query: &str,
) -> Answer<Response<Vec<u8>>> {
    let (Target::Type(resource_type) | Target::TypeSearch(resource_type)) = &ask.target else {
        return Err(Refusal::missing(
            "A search names one type: for example Observation?patient=123.".to_owned(),
        ));
    };
    let parsed = parsed(resource_type, query, &ask.base)?;
    let intent = Intent::asking(Interaction::Search, format!("{resource_type}?{query}"));
    let types = [resource_type.clone()];
    let page = match parsed.person().as_slice() {
        [person] => {
            let place = Place::Person((*person).to_owned());
            let chart = host.open_chart(session, intent, place).await?;
            host.chart_search(&chart, &types, query).await?
        }
        _ => {
            let shelf = host.open_registry(session, intent).await?;
            host.registry_search(&shelf, &types, query, None).await?
        }
    };
    let mut links =
        vec![Link { relation: "self", url: format!("{}/{}", ask.base, parsed.self_link()) }];
    let next = page.next.as_deref().and_then(|text| Cursor::decode(text, &parsed));
    if let Some(cursor) = &next {
        let url = format!("{}/{}", ask.base, parsed.link(Some(cursor)));
        links.push(Link { relation: "next", url });
    }
    Ok(json(StatusCode::OK, bundle::searchset(&ask.base, &page, &links)))
}

/// The search, understood; what is not understood is refused, never ignored.
fn parsed(resource_type: &str, query: &str, base: &str) -> Answer<Query> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let settings = Settings {
        own_bases: &[base],
        now_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        count_default: PAGE_COUNT_DEFAULT,
        count_max: PAGE_COUNT_MAX,
        lenient: false,
    };
    Ok(Query::parse(resource_type, query, &settings)?)
}

/// `POST {type}/_search`: the parameters of the form and those of the URL count
/// alike (R4 §3.1.1.1).
fn form(ask: &Ask<'_>) -> Answer<String> {
    let told = rest::headers::text(ask.headers, "content-type").unwrap_or_default();
    let media = told.split(';').next().unwrap_or_default().trim();
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
