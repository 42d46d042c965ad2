//! Whose word a resource is: AuditEvent and Provenance are made by the record
//! itself, and clients may send their own. Those are kept as any resource,
//! tagged as foreign, under ids that the record never gives to its own.

use crate::entry::id_time_ms;

/// System of the tag that tells where a resource comes from. It is ours: no
/// client gives it another meaning.
pub const ORIGIN_SYSTEM: &str = "urn:dossier:origin";
/// Code of the tag of what a client sent.
pub const FOREIGN: &str = "foreign";
/// What the id of a Provenance of our own making begins with; the id of the
/// access entry that it is made from follows.
pub const OWN_PROVENANCE_PREFIX: &str = "own-";

/// Whether clients' resources of this type are told apart from the record's own.
pub fn has_own(resource_type: &str) -> bool {
    matches!(resource_type, "AuditEvent" | "Provenance")
}

/// Whether only the record itself makes resources of this type and id: nobody
/// else creates, changes or deletes them. An AuditEvent's id is that of its
/// entry, a point and a number.
pub fn is_own(resource_type: &str, id: &str) -> bool {
    match resource_type {
        "AuditEvent" => {
            let entry = id.split_once('.').map_or(id, |(entry, _)| entry);
            id_time_ms(entry).is_some()
        }
        "Provenance" => id.starts_with(OWN_PROVENANCE_PREFIX),
        _ => false,
    }
}

/// The id of the Provenance made from the access entry `entry`.
pub fn own_provenance_id(entry: &str) -> String {
    format!("{OWN_PROVENANCE_PREFIX}{entry}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::id;

    #[test]
    fn ids_tell_what_is_our_own() {
        let entry = id(1_800_000_000_000, [7; 10]);
        for ours in [entry.clone(), format!("{entry}.0"), format!("{entry}.12")] {
            assert!(is_own("AuditEvent", &ours), "{ours}");
            assert!(!is_own("Provenance", &ours) && !is_own("Observation", &ours));
        }
        assert!(is_own("Provenance", &own_provenance_id(&entry)));
        // What the server and clients give to others.
        for theirs in ["example", "ann.daaaaaaaaaaaaa", "abcdefghij234567", "own", "disclosure.1"] {
            assert!(!is_own("AuditEvent", theirs) && !is_own("Provenance", theirs), "{theirs}");
        }
    }
}
