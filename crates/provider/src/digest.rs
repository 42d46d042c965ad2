//! What a resource says, as a digest: to see that an update changes nothing.
//!
//! Left out is what the server assigns (`id`, `meta.versionId` and
//! `meta.lastUpdated`), whitespace, and the order of members, which JSON gives
//! no meaning. Numbers count by their text: `1.0` is not `1.00`.

use fhir::json::{Kind, Value};
use fhir::resource::Resource;
use sha2::{Digest as _, Sha256};

/// The digest of a resource's content. **Part of the stored form**: another one
/// would take every first update for a change.
pub(crate) fn of_content(resource: &Resource) -> chart::Digest {
    let mut hash = Sha256::new();
    object(&mut hash, resource.root(), Place::Resource);
    let mut digest = [0; 16];
    digest.iter_mut().zip(hash.finalize()).for_each(|(held, byte)| *held = byte);
    digest
}

/// Which members the server assigns.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Resource,
    Meta,
    Within,
}

impl Place {
    fn skips(self, name: &str, value: Value<'_>) -> bool {
        match self {
            Self::Resource => name == "id" || (name == "meta" && says_nothing(value)),
            Self::Meta => matches!(name, "versionId" | "lastUpdated"),
            Self::Within => false,
        }
    }
}

/// A meta of which the server assigns everything is like none.
fn says_nothing(meta: Value<'_>) -> bool {
    meta.members().all(|(name, value)| Place::Meta.skips(&name, value))
}

/// Each part begins with a letter for what it is, each text with its length, so
/// that no two contents are written alike. Depth is bounded by the parser.
fn value(hash: &mut Sha256, held: Value<'_>, place: Place) {
    match held.kind() {
        Kind::Object => object(hash, held, place),
        Kind::Array => {
            hash.update(b"[");
            held.items().for_each(|item| value(hash, item, Place::Within));
            hash.update(b"]");
        }
        Kind::String => {
            hash.update(b"s");
            text(hash, &held.as_str().unwrap_or_default());
        }
        Kind::Number | Kind::Bool | Kind::Null => {
            hash.update(b"w");
            text(hash, held.raw());
        }
    }
}

fn object(hash: &mut Sha256, held: Value<'_>, place: Place) {
    let mut members: Vec<_> =
        held.members().filter(|(name, value)| !place.skips(name, *value)).collect();
    members.sort_by(|(left, _), (right, _)| left.cmp(right));
    hash.update(b"{");
    for (name, held) in members {
        text(hash, &name);
        let of_meta = place == Place::Resource && name == "meta";
        value(hash, held, if of_meta { Place::Meta } else { Place::Within });
    }
    hash.update(b"}");
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text.as_bytes());
}

#[cfg(test)]
mod tests;
