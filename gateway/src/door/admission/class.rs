//! How urgent a request is, and whose it is, by what its head says. Nothing of
//! it is verified yet: it decides who waits, never who may.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use http::header::{AUTHORIZATION, HeaderMap};
use http::{Method, Uri};

use super::queue::{Caller, Class};

/// Parameters that confine a search to a few people or resources.
const CONFINING: [&str; 10] = [
    "patient",
    "subject",
    "_id",
    "identifier",
    "name",
    "family",
    "given",
    "birthdate",
    "encounter",
    "entity",
];

/// How urgent it is. An emergency is believed of reads that bear a token: it is
/// journaled and reviewed as declared, and one caller's share is bounded.
pub fn class(function: &str, method: &Method, uri: &Uri, headers: &HeaderMap) -> Class {
    let reading = matches!(*method, Method::GET | Method::HEAD);
    let declared = headers.contains_key(rest::ask::EMERGENCY_REASON);
    if reading && declared && headers.contains_key(AUTHORIZATION) {
        return Class::Emergency;
    }
    match function {
        "bulk" => Class::Bulk,
        "update" | "transact" => Class::Write,
        "lookup" if of_many(uri.path()) => Class::Bulk,
        "search" | "audit" | "provenance" if reading && of_everybody(uri) => Class::Bulk,
        _ => Class::Read,
    }
}

/// The history of a type or of everything.
fn of_many(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).rev();
    parts.next() == Some("_history") && parts.count() <= 2
}

/// A search of a type, or of all, that no parameter confines.
fn of_everybody(uri: &Uri) -> bool {
    let parts = uri.path().split('/').filter(|part| !part.is_empty());
    if parts.filter(|part| *part != "_search").count() > 2 {
        // In a compartment, or one resource.
        return false;
    }
    let mut pairs = uri.query().unwrap_or_default().split('&').take(64);
    !pairs.any(|pair| {
        let name = pair.split(['=', ':', '.']).next().unwrap_or_default();
        CONFINING.contains(&name)
    })
}

/// Whose it is: the whole `Authorization`, or the address of who sends none.
pub fn caller(headers: &HeaderMap, address: &str) -> Caller {
    // Keyed by chance, so that nobody can choose to share another's turn.
    static KEY: OnceLock<RandomState> = OnceLock::new();
    let key = KEY.get_or_init(RandomState::new);
    match headers.get(AUTHORIZATION) {
        Some(authorization) => key.hash_one(authorization.as_bytes()),
        None => key.hash_one(address),
    }
}

#[cfg(test)]
mod tests;
