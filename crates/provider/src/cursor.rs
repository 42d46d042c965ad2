//! Cursors of lists that are not searches: history and `$everything`.

use crate::type_history::FeedCursor;
use chart::FeedPlace;
use contracts::{Refusal, ResourceKey};

fn refused() -> Refusal {
    Refusal::invalid("_page is no cursor of this list. Follow the link \"next\" as it is given.")
        .at("_page")
}

/// The cursor after a version.
pub(crate) fn of_version(version: u64) -> String {
    format!("v{version}")
}

/// The version that a cursor stands after.
pub(crate) fn version(text: &str) -> Result<u64, Refusal> {
    let number = text.strip_prefix('v').and_then(|number| number.parse().ok());
    // Versions are numbered from 1 on.
    number.filter(|number| *number > 0).ok_or_else(refused)
}

/// The cursor after a resource.
pub(crate) fn of_resource(key: &ResourceKey) -> String {
    format!("r{}~{}", key.resource_type, key.id)
}

/// The resource that a cursor stands after.
pub(crate) fn resource(text: &str) -> Result<ResourceKey, Refusal> {
    let place = text.strip_prefix('r').and_then(|place| place.split_once('~'));
    place.map(|(resource_type, id)| ResourceKey::new(resource_type, id)).ok_or_else(refused)
}

/// The cursor within the feed of commits.
pub(crate) fn of_feed((place, done): &FeedCursor) -> String {
    format!("f{:x}~{}~{done:x}", place.at_ms, place.commit)
}

/// The place in the feed that a cursor names.
pub(crate) fn feed(text: &str) -> Result<FeedCursor, Refusal> {
    let parse = || {
        let mut parts = text.strip_prefix('f')?.split('~');
        let at_ms = i64::from_str_radix(parts.next()?, 16).ok().filter(|at_ms| *at_ms >= 0)?;
        let commit = parts.next().filter(|id| id.len() == 26 && id.is_ascii())?.to_owned();
        let done = usize::from_str_radix(parts.next()?, 16).ok()?;
        parts.next().is_none().then_some((FeedPlace { at_ms, commit }, done))
    };
    parse().ok_or_else(refused)
}
