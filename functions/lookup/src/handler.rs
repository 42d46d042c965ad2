//! read, vread, history of an instance and Patient `$everything`
//! (R4 §3.1.0.1–3.1.0.4, §11.1.0.4).

use contracts::{
    Answer, Charts, Intent, Interaction, Page, Place, Refusal, Registry, ResourceKey, Version,
    Window,
};
use http::{Method, Request, Response, StatusCode};
use rest::answer::{json, living, method_not_allowed, refused, settled, version};
use rest::ask::{Ask, of_caller, parameter};
use rest::bundle::{self, Link};
use rest::path::Target;

/// Answers one request.
pub async fn handle<H: Charts + Registry>(
    host: &H,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    let (ask, session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return method_not_allowed(request.method().as_str(), "GET, HEAD");
    }
    settled(answer(host, &session, &ask).await)
}

/// Answers a request whose caller is verified: also for entries of a batch.
pub async fn answer<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
) -> Answer<Response<Vec<u8>>> {
    match &ask.target {
        Target::Instance(key) => {
            let read = Reading::open(host, session, Interaction::Read, key, None).await?;
            Ok(version(living(read.current(host, key).await?)?, ask.headers))
        }
        Target::Version(key, number) => {
            let read = Reading::open(host, session, Interaction::Vread, key, None).await?;
            Ok(version(living(read.numbered(host, key, *number).await?)?, ask.headers))
        }
        Target::History(key) => history(host, session, ask, key).await,
        Target::Operation(key, operation) if operation == "$everything" => {
            everything(host, session, ask, key).await
        }
        Target::Operation(_, operation) => Err(Refusal::missing(format!(
            "This server has no operation {} on an instance. It has Patient/{{id}}/$everything.",
            rest::path::printable(operation)
        ))),
        _ => Err(Refusal::missing(
            "Nothing is read at this path: name a type and an id, for example Patient/123."
                .to_owned(),
        )),
    }
}

/// The place where a resource is read: its chart, or the registry.
enum Reading<H: Charts + Registry> {
    Chart(H::Chart),
    Shelf(H::Shelf),
}

impl<H: Charts + Registry> Reading<H> {
    async fn open(
        host: &H,
        session: &H::Session,
        interaction: Interaction,
        key: &ResourceKey,
        query: Option<String>,
    ) -> Answer<Self> {
        let intent = Intent { interaction, query };
        if fhir::types::is_registry_type(&key.resource_type) {
            return host.open_registry(session, intent).await.map(Self::Shelf);
        }
        let place = Place::Holding(key.clone());
        host.open_chart(session, intent, place).await.map(Self::Chart)
    }

    async fn current(&self, host: &H, key: &ResourceKey) -> Answer<Version> {
        match self {
            Self::Chart(chart) => host.chart_read(chart, key).await,
            Self::Shelf(shelf) => host.registry_read(shelf, key).await,
        }
    }

    async fn numbered(&self, host: &H, key: &ResourceKey, number: u64) -> Answer<Version> {
        match self {
            Self::Chart(chart) => host.chart_vread(chart, key, number).await,
            Self::Shelf(shelf) => host.registry_vread(shelf, key, number).await,
        }
    }

    async fn versions(&self, host: &H, key: &ResourceKey, window: Window) -> Answer<Page> {
        match self {
            Self::Chart(chart) => host.chart_history(chart, key, window).await,
            Self::Shelf(shelf) => host.registry_history(shelf, key, window).await,
        }
    }
}

async fn history<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    only(ask.query, &["_count", "_since", "_page"])?;
    let window = window(ask)?;
    let asked = Some(ask.query.to_owned());
    let read = Reading::open(host, session, Interaction::HistoryInstance, key, asked).await?;
    let page = read.versions(host, key, window).await?;
    let path = format!("{}/{}/{}/_history", ask.base, key.resource_type, key.id);
    let links = links(&path, ask.query, page.next.as_deref());
    Ok(json(StatusCode::OK, bundle::history(&ask.base, &page, &links)))
}

async fn everything<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    if key.resource_type != "Patient" {
        return Err(Refusal::missing(
            "$everything is an operation on a person: Patient/{id}/$everything.".to_owned(),
        ));
    }
    only(ask.query, &["_count", "_since", "_type", "_page"])?;
    let mut window = window(ask)?;
    if parameter(ask.query, "_count").is_none() {
        // Without _count the operation returns all in one answer.
        window.count = u32::MAX;
    }
    if let Some(types) = parameter(ask.query, "_type") {
        for name in types.split(',') {
            if !fhir::types::is_resource_type(name) {
                let named = rest::path::printable(name);
                return Err(Refusal::invalid(format!(
                    "_type names no resource type of R4: {named}."
                ))
                .at("_type"));
            }
            window.resource_types.push(name.to_owned());
        }
    }
    let intent = Intent::asking(
        Interaction::Everything,
        format!("Patient/{}/$everything?{}", key.id, ask.query),
    );
    let chart = host.open_chart(session, intent, Place::Person(key.id.clone())).await?;
    let page = host.chart_everything(&chart, window).await?;
    let path = format!("{}/Patient/{}/$everything", ask.base, key.id);
    let links = links(&path, ask.query, page.next.as_deref());
    Ok(json(StatusCode::OK, bundle::searchset(&ask.base, &page, &links)))
}

/// Refuses parameters that this interaction does not have.
fn only(query: &str, known: &[&str]) -> Answer<()> {
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if !known.contains(&name) && !["_format", "_pretty"].contains(&name) {
            return Err(Refusal::invalid(format!(
                "The parameter \"{}\" is not known here. Known are: {}.",
                rest::path::printable(name),
                known.join(", ")
            ))
            .at(rest::path::printable(name)));
        }
    }
    Ok(())
}

fn window(ask: &Ask<'_>) -> Answer<Window> {
    let since_ms = match parameter(ask.query, "_since") {
        None => None,
        Some(since) => Some(fhir::resource::parse_instant(&since).ok_or_else(|| {
            Refusal::invalid(
                "_since must be an instant, for example 2026-01-31T13:00:00Z (write + as %2B)."
                    .to_owned(),
            )
            .at("_since")
        })?),
    };
    Ok(Window {
        count: ask.count()?,
        cursor: parameter(ask.query, "_page"),
        since_ms,
        ..Window::default()
    })
}

/// `self` as asked, and `next` with the cursor of the next page.
fn links(path: &str, query: &str, next: Option<&str>) -> Vec<Link<'static>> {
    let joined = |query: &str| {
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    };
    let mut links = vec![Link { relation: "self", url: joined(query) }];
    if let Some(cursor) = next {
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("_page="));
        let mut pairs: Vec<&str> = kept.collect();
        let page = format!("_page={cursor}");
        pairs.push(&page);
        links.push(Link { relation: "next", url: joined(&pairs.join("&")) });
    }
    links
}
