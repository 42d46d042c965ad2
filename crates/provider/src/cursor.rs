//! Cursors of lists that are not searches: history and `$everything`.

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
