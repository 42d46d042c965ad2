//! Why a request was refused, in a bounded set of words: what is counted must
//! not grow with what callers send.

/// Every word that refusals are counted under.
pub const WORDS: [&str; 35] = [
    // 401: what is wrong with the token. Which check of a forged one failed
    // first is in the journal.
    "token-missing",
    "token-expired",
    "token-refused",
    // 403: the words of `access::decision::Reason`.
    "scope",
    "other-person",
    "audit-only",
    "audit",
    "audit-is-written-by-the-record",
    "purpose",
    "research-purpose",
    "authorization",
    "age",
    "proxy",
    "region",
    "break-glass",
    "emergency-reason",
    "self-grant",
    "operator",
    "forbidden",
    // Other statuses.
    "invalid",
    "not-found",
    "method",
    "not-acceptable",
    "slow",
    "conflict",
    "deleted",
    "precondition",
    "too-large",
    "media-type",
    "unprocessable",
    // Faults of ours, which the error budget pays for.
    "failed",
    "peer",
    "unavailable",
    "shed",
    "other",
];

/// The word for an answer of this status; `None` for one that refuses nothing.
/// `denied` is what the journal's entry gives as its reason, if there is one,
/// `shed` whether there was no place.
pub fn word(status: u16, denied: Option<&str>, shed: bool) -> Option<&'static str> {
    let known = |reason: &str| WORDS.into_iter().find(|word| *word == reason);
    Some(match status {
        0..400 => return None,
        401 => match denied {
            None | Some("token-missing") => "token-missing",
            Some("token-expired") => "token-expired",
            Some(_) => "token-refused",
        },
        403 => denied.and_then(known).unwrap_or("forbidden"),
        400 => "invalid",
        404 => "not-found",
        405 | 501 => "method",
        406 => "not-acceptable",
        408 => "slow",
        409 => "conflict",
        410 => "deleted",
        412 => "precondition",
        413 | 414 | 431 => "too-large",
        415 => "media-type",
        422 => "unprocessable",
        429 => "shed",
        502 | 504 => "peer",
        503 if shed => "shed",
        503 => "unavailable",
        500 => "failed",
        _ => "other",
    })
}
