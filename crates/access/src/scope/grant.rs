//! What a client is given of what it asks (RFC 6749 §3.3).

use super::{Permissions, Scope};

/// The type that a wildcard never stands for when scopes are granted: a scope
/// that names it opens what a wildcard does not ([`crate::decision`]).
const BY_NAME_ONLY: &str = "AuditEvent";

/// What is common to the scopes that are asked for and those that are held, in
/// the order asked, without repetition. A constraint of either side stays.
pub fn granted(asked: &[Scope], held: &[Scope]) -> Vec<Scope> {
    let mut given: Vec<Scope> = Vec::new();
    for asked in asked {
        for common in held.iter().filter_map(|held| common(asked, held)) {
            if !given.contains(&common) {
                given.push(common);
            }
        }
    }
    given
}

fn common(asked: &Scope, held: &Scope) -> Option<Scope> {
    let resource_type = match (&asked.resource_type, &held.resource_type) {
        (Some(asked), None) if asked == BY_NAME_ONLY => return None,
        (Some(asked), Some(held)) if asked != held => return None,
        // A wildcard that is asked for does not name this type either.
        (None, Some(held)) if held == BY_NAME_ONLY => return None,
        (Some(named), _) | (None, Some(named)) => Some(named.clone()),
        (None, None) => None,
    };
    let permissions = asked.permissions.common(held.permissions);
    if asked.context != held.context || permissions == Permissions::default() {
        return None;
    }
    let constraint = match (&asked.constraint, &held.constraint) {
        (Some(asked), Some(held)) if asked == held => Some(held.clone()),
        // Both searches must find it.
        (Some(asked), Some(held)) => Some(format!("{held}&{asked}")),
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    Some(Scope { context: asked.context, resource_type, permissions, constraint })
}
