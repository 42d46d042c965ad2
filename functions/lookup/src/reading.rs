//! The place where a resource is read: its chart, or the registry.

use contracts::{
    Answer, Charts, Intent, Interaction, Page, Place, Refusal, Registry, ResourceKey, Version,
    Window,
};
use rest::ask::{Ask, parameter};
use rest::bundle::Link;

/// An open place.
pub enum Reading<H: Charts + Registry> {
    /// The chart that holds it.
    Chart(H::Chart),
    /// The registries.
    Shelf(H::Shelf),
}

impl<H: Charts + Registry> Reading<H> {
    /// Opens where `key` lives, for one interaction.
    pub async fn open(
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

    /// The current version, perhaps a deletion.
    pub async fn current(&self, host: &H, key: &ResourceKey) -> Answer<Version> {
        match self {
            Self::Chart(chart) => host.chart_read(chart, key).await,
            Self::Shelf(shelf) => host.registry_read(shelf, key).await,
        }
    }

    /// One version, perhaps a deletion.
    pub async fn numbered(&self, host: &H, key: &ResourceKey, number: u64) -> Answer<Version> {
        match self {
            Self::Chart(chart) => host.chart_vread(chart, key, number).await,
            Self::Shelf(shelf) => host.registry_vread(shelf, key, number).await,
        }
    }

    /// Versions, newest first.
    pub async fn versions(&self, host: &H, key: &ResourceKey, window: Window) -> Answer<Page> {
        match self {
            Self::Chart(chart) => host.chart_history(chart, key, window).await,
            Self::Shelf(shelf) => host.registry_history(shelf, key, window).await,
        }
    }
}

/// `_count`, `_since` and `_page` of a query.
pub fn window(ask: &Ask<'_>, query: &str) -> Answer<Window> {
    let since_ms = match parameter(query, "_since") {
        None => None,
        Some(since) => Some(fhir::resource::parse_instant(&since).ok_or_else(|| {
            Refusal::invalid(
                "_since must be an instant, for example 2026-01-31T13:00:00Z (write + as %2B)."
                    .to_owned(),
            )
            .at("_since")
        })?),
    };
    // The count of this query, which may be that of a POST's body.
    let counted = Ask { target: ask.target.clone(), query, base: String::new(), ..*ask };
    Ok(Window {
        count: counted.count()?,
        cursor: parameter(query, "_page"),
        since_ms,
        ..Window::default()
    })
}

/// `self` as asked, and `next` with the cursor of the next page.
pub fn links(path: &str, query: &str, next: Option<&str>) -> Vec<Link<'static>> {
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
