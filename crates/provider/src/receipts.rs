//! The answer to a commit, as it is kept under a retry key.

use contracts::{Effect, Outcome, Receipt, ResourceKey};
use serde::{Deserialize, Serialize};

/// First byte of the encoding; a later layout takes another.
const LAYOUT: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Kept {
    resource_type: String,
    id: String,
    version: u64,
    last_updated_ms: i64,
    effect: u8,
}

const EFFECTS: [Effect; 5] =
    [Effect::Created, Effect::Updated, Effect::Deleted, Effect::Existing, Effect::Unchanged];

/// Without bodies: versions never change and are read again.
pub(crate) fn to_bytes(outcomes: &[Outcome]) -> Vec<u8> {
    let kept: Vec<Kept> = outcomes
        .iter()
        .map(|outcome| {
            let effect = EFFECTS.iter().position(|known| *known == outcome.effect);
            Kept {
                resource_type: outcome.key.resource_type.clone(),
                id: outcome.key.id.clone(),
                version: outcome.version,
                last_updated_ms: outcome.last_updated_ms,
                effect: effect.and_then(|at| u8::try_from(at).ok()).unwrap_or_default(),
            }
        })
        .collect();
    // Plain structs in memory always encode.
    postcard::to_extend(&kept, vec![LAYOUT]).unwrap_or_default()
}

/// Reads what [`to_bytes`] wrote.
pub(crate) fn from_bytes(bytes: &[u8], replayed: bool) -> Option<Receipt> {
    let (&LAYOUT, rest) = bytes.split_first()? else { return None };
    let kept: Vec<Kept> = postcard::from_bytes(rest).ok()?;
    let outcomes = kept.into_iter().map(|kept| {
        Some(Outcome {
            key: ResourceKey { resource_type: kept.resource_type, id: kept.id },
            version: kept.version,
            last_updated_ms: kept.last_updated_ms,
            effect: *EFFECTS.get(usize::from(kept.effect))?,
            body: Vec::new(),
            notices: Vec::new(),
        })
    });
    Some(Receipt { outcomes: outcomes.collect::<Option<_>>()?, replayed })
}
