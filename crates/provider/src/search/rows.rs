//! Hint rows for search across people: where to look. A row may be stale, never
//! missing; who reads it verifies it against the cell.
//!
//! | rows | partition | sort key |
//! |---|---|---|
//! | identifiers of every type | `I#id#{type}#{hash of the value}` | `{id}` |
//! | names of people | `I#name#{first letters}` | `{folded name}#{id}` |
//! | people of more names than have rows | `I#name#+` | `{id}` |
//! | birth dates of people | `I#born#{year}` | `{first instant}#{id}` |
//! | all people | `I#all#{shard}` | `{id}` |
//! | charts that hold what withholds (`crate::sight`) | `I#veil#{person}` | `Consent` |
//! | references out of a home, and those whose id tells no home | `I#ref#{Type/id}` | `{type}#{id}` |

use crate::limits::NAME_PREFIX_CHARS;
use crate::sight::{is_restricting, veil_row};
use chart::table::{Item, Key, Value as Stored};
use chart::{Home, Row, Where};
use fhir::json::Value;
use fhir::resource::references;
use fhir::search::limits::NAME_KEYS_MAX;
use fhir::search::{birthdate, identifier_tokens, name_keys};
use sha2::{Digest, Sha256};

/// Partitions over which the list of all people is spread.
pub(crate) const PEOPLE_SHARDS: u64 = 16;
/// Years that birth dates are kept under; earlier ones share the first.
pub(crate) const YEARS: std::ops::RangeInclusive<i64> = 1880..=2060;

/// Partition of people of more names than have rows of their own: every search
/// by name looks there as well. No folded name begins with a plus sign.
pub(crate) const OVERFULL: &str = "I#name#+";

/// Every row that a resource wants.
pub(crate) fn rows(resource_type: &str, id: &str, home: &Home, root: Value<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    let item = Item::default().with("h", Stored::S(home.partition()));
    let mut add = |pk: String, sk: String| {
        rows.push(Row { key: Key::new(pk, sk), item: item.clone() });
    };
    for (_, value) in identifier_tokens(root) {
        add(identifier_partition(resource_type, &value), id.to_owned());
    }
    // DocumentReference and DocumentManifest are found by this one as well.
    for identifier in root.each("masterIdentifier") {
        if let Some(value) = identifier.get("value").and_then(Value::as_str) {
            add(identifier_partition(resource_type, &value), id.to_owned());
        }
    }
    if resource_type == "Patient" {
        let names = name_keys(root);
        if names.len() >= NAME_KEYS_MAX {
            add(OVERFULL.to_owned(), id.to_owned());
        }
        for name in names {
            add(name_partition(&name), format!("{name}#{id}"));
        }
        if let Some(born) = birthdate(root) {
            add(
                born_partition(year_of(born.lower_ms)),
                format!("{}#{id}", instant_key(born.lower_ms)),
            );
        }
        let Row { key, .. } = listed(id);
        add(key.pk, key.sk);
    }
    for reference in references(root) {
        if let Some((kind, referred)) = leads_out(&reference.text, home) {
            add(referred_partition(kind, referred), format!("{resource_type}#{id}"));
        }
    }
    if is_restricting(resource_type) {
        rows.extend(veil_row(home));
    }
    rows.sort_by(|left, right| left.key.cmp(&right.key));
    rows.dedup_by(|left, right| left.key == right.key);
    rows
}

/// The resource that a reference names, unless it surely lies in `home`, where
/// a search for those who refer to it looks anyway; or in a registry, where such
/// a search looks at all. The address before it is not asked: a row too many
/// does no harm.
fn leads_out<'t>(text: &'t str, home: &Home) -> Option<(&'t str, &'t str)> {
    let text = text.split_once('#').map_or(text, |(before, _)| before);
    let text = text.split_once("/_history/").map_or(text, |(before, _)| before);
    let (front, id) = text.rsplit_once('/')?;
    let kind = front.rsplit_once('/').map_or(front, |(_, kind)| kind);
    let named = fhir::types::is_resource_type(kind)
        && fhir::types::is_id(id)
        && !fhir::types::is_registry_type(kind);
    let told = chart::ids::home_of(kind, id, fhir::types::is_registry_type);
    (named && told != Where::Home(home.clone())).then_some((kind, id))
}

/// Whether a row may go with its resource. The list of all people stays: their
/// charts may hold more than the Patient.
pub(crate) fn is_droppable(row: &Key) -> bool {
    !row.pk.starts_with("I#all#")
}

/// The row that lists a chart among all.
pub(crate) fn listed(person: &str) -> Row {
    let key = Key::new(people_partition(chart::ids::stable_hash(person) % PEOPLE_SHARDS), person);
    let home = Home::Person(person.to_owned()).partition();
    Row { key, item: Item::default().with("h", Stored::S(home)) }
}

pub(crate) fn referred_partition(resource_type: &str, id: &str) -> String {
    format!("I#ref#{resource_type}/{id}")
}

/// A hash, because identifiers are personal and partition keys show in metrics.
pub(crate) fn identifier_partition(resource_type: &str, value: &str) -> String {
    let digest = Sha256::digest(value.as_bytes());
    let short: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("I#id#{resource_type}#{short}")
}

pub(crate) fn name_partition(name: &str) -> String {
    let letters: String = name.chars().take(NAME_PREFIX_CHARS).collect();
    format!("I#name#{letters}")
}

pub(crate) fn born_partition(year: i64) -> String {
    format!("I#born#{}", year.clamp(*YEARS.start(), *YEARS.end()))
}

pub(crate) fn people_partition(shard: u64) -> String {
    format!("I#all#{shard}")
}

/// An instant as text that sorts like it, before 1970 too.
pub(crate) fn instant_key(at_ms: i64) -> String {
    format!("{:016x}", (at_ms as i128 - i64::MIN as i128))
}

/// The year of an instant, near enough to choose a partition: whoever reads a
/// range reads one year more on either side.
pub(crate) fn year_of(at_ms: i64) -> i64 {
    const YEAR_MS: i64 = 31_556_952_000;
    1970 + at_ms.div_euclid(YEAR_MS)
}
