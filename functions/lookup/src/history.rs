//! History of an instance, of a type and of the system (R4 §3.1.0.9).

use super::handler::only;
use super::reading::{Reading, links, window};
use contracts::{Answer, Charts, Intent, Interaction, Page, Refusal, Registry, ResourceKey};
use http::{Response, StatusCode};
use rest::answer::json;
use rest::ask::{Ask, parameter};
use rest::{bundle, present};

/// What a history may be asked for.
const KNOWN: [&str; 3] = ["_count", "_since", "_page"];

/// Versions of one resource, newest first.
pub async fn of_instance<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    checked(ask.query)?;
    let how = present::asked(ask.query, Some(&key.resource_type))?;
    let window = window(ask, ask.query)?;
    let asked = Some(ask.query.to_owned());
    let read = Reading::open(host, session, Interaction::HistoryInstance, key, asked).await?;
    let page = read.versions(host, key, window).await?;
    let path = format!("{}/{}/{}/_history", ask.base, key.resource_type, key.id);
    present::bundle(written(ask, &path, &page), &how)
}

/// Versions of everything of a type, or of every type, newest first.
pub async fn of_types<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    name: Option<&str>,
) -> Answer<Response<Vec<u8>>> {
    checked(ask.query)?;
    let how = present::asked(ask.query, name)?;
    let mut window = window(ask, ask.query)?;
    window.resource_types = name.map(str::to_owned).into_iter().collect();
    let (interaction, path) = match name {
        Some(name) => (Interaction::HistoryType, format!("{name}/_history")),
        None => (Interaction::HistorySystem, "_history".to_owned()),
    };
    let intent = Intent::asking(interaction, format!("{path}?{}", ask.query));
    let shelf = host.open_registry(session, intent).await?;
    let page = host.registry_history_of_types(&shelf, window).await?;
    present::bundle(written(ask, &format!("{}/{path}", ask.base), &page), &how)
}

fn written(ask: &Ask<'_>, path: &str, page: &Page) -> Response<Vec<u8>> {
    let links = links(path, ask.query, page.next.as_deref());
    json(StatusCode::OK, bundle::history(&ask.base, page, &links))
}

fn checked(query: &str) -> Answer<()> {
    if parameter(query, "_at").is_some() {
        return Err(Refusal::not_supported(
            "_at is not supported: ask for _since, and read on until the versions are older than \
             what you look for.",
        )
        .at("_at"));
    }
    only(query, &KNOWN)
}
