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

use crate::limits::NAME_PREFIX_CHARS;
use chart::table::{Item, Key, Value as Stored};
use chart::{Home, Row};
use fhir::json::Value;
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
        add(people_partition(chart::ids::stable_hash(id) % PEOPLE_SHARDS), id.to_owned());
    }
    rows.sort_by(|left, right| left.key.cmp(&right.key));
    rows.dedup_by(|left, right| left.key == right.key);
    rows
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
