//! Conditions on a request: entity tags and dates (RFC 9110 §13, R4 §3.1.0.1.4,
//! §3.1.0.5).

use crate::headers::text;
use crate::prefer::split;
use contracts::Refusal;
use http::{HeaderMap, header};
use std::time::{Duration, SystemTime};

/// What `If-Match` or `If-None-Match` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    /// `*`: any version at all.
    Any,
    /// These versions of this server. Tags that are not ours name no version
    /// and are left out.
    Versions(Vec<u64>),
}

impl Tags {
    /// Whether they name this version. Tags of versions are weak, and compared
    /// weakly (RFC 9110 §8.8.3.2); R4 §3.1.0.5 does so for `If-Match` too.
    pub fn name(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// The tags of a header, all its lines together; `None` when it is absent.
/// `*` counts only by itself (RFC 9110 §13.1.2).
fn tags(headers: &HeaderMap, name: header::HeaderName) -> Option<Tags> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let lists: Vec<&str> = lines.filter_map(|value| value.to_str().ok()).collect();
    let named: Vec<&str> = lists.iter().flat_map(|list| split(list, ',')).collect();
    if named == ["*"] {
        return Some(Tags::Any);
    }
    Some(Tags::Versions(named.iter().filter_map(|tag| version_of(tag)).collect()))
}

/// The version that an entity tag names: `W/"3"`, `"3"`, and `3`, which
/// clients are seen to send.
fn version_of(tag: &str) -> Option<u64> {
    let bare = tag.trim();
    let bare = bare.strip_prefix("W/").unwrap_or(bare);
    let bare = match bare.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => bare,
    };
    let plain = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| bare.parse().ok())?
}

fn no_version() -> Refusal {
    Refusal::precondition_failed(
        "If-Match names no version of this server: send the ETag of the version you read, for \
         example W/\"3\".",
    )
}

/// `If-Match`, when it is there: the versions that a change is meant for.
///
/// # Errors
/// 412 when it names no version of this server.
pub fn match_tags(headers: &HeaderMap) -> Result<Option<Tags>, Refusal> {
    match tags(headers, header::IF_MATCH) {
        Some(Tags::Versions(versions)) if versions.is_empty() => Err(no_version()),
        tags => Ok(tags),
    }
}

/// The one version in `If-Match: W/"3"` (R4 §3.1.0.5).
///
/// # Errors
/// 412 when it names no version of this server; 400 for `*` and for several
/// versions, because a change is made to the one version that was read.
pub fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    match match_tags(headers)? {
        None => Ok(None),
        Some(Tags::Versions(versions)) => match versions.as_slice() {
            [one] => Ok(Some(*one)),
            _ => Err(several()),
        },
        Some(Tags::Any) => Err(several()),
    }
}

fn several() -> Refusal {
    Refusal::not_supported(
        "If-Match names one version here, not several and not *: send the ETag of the version \
         that you read.",
    )
}

/// The version in one entity tag, as `If-Match` or a Bundle's `ifMatch` has it.
///
/// # Errors
/// 412 when it names no version of this server.
pub fn version_tag(tag: &str) -> Result<u64, Refusal> {
    version_of(tag).ok_or_else(no_version)
}

/// `If-None-Match`, when it is there. On a read it names what the caller holds;
/// `*` on a create or update asks that there be no resource yet.
pub fn none_match(headers: &HeaderMap) -> Option<Tags> {
    tags(headers, header::IF_NONE_MATCH)
}

/// Whether `If-None-Match` names this version, or any.
pub fn none_match_names(headers: &HeaderMap, version: u64) -> bool {
    none_match(headers).is_some_and(|tags| tags.name(version))
}

/// Whether a reader already has this version (R4 §3.1.0.1.4): the answer is
/// then 304. With `If-None-Match`, `If-Modified-Since` does not count
/// (RFC 9110 §13.1.3); a date that is none does not either.
pub fn has_already(headers: &HeaderMap, version: u64, last_updated_ms: i64) -> bool {
    match none_match(headers) {
        Some(tags) => tags.name(version),
        None => text(headers, "if-modified-since")
            .and_then(date)
            .is_some_and(|since| last_modified(last_updated_ms) <= since),
    }
}

/// The instant of a header, in any of the three forms of RFC 9110 §5.6.7:
/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
/// `Sun Nov  6 08:49:37 1994`.
pub fn date(told: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(told.trim()).ok()
}

/// An instant in whole seconds, as `Last-Modified` has it; before 1970 it is
/// the beginning of 1970.
pub fn last_modified(last_updated_ms: i64) -> SystemTime {
    let seconds = u64::try_from(last_updated_ms / 1000).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// An instant as headers have it, to the second (RFC 9110 §5.6.7).
pub fn written(instant: SystemTime) -> String {
    httpdate::fmt_http_date(instant)
}

/// An instant of a header in milliseconds since 1970 (UTC).
pub fn date_ms(told: &str) -> Option<i64> {
    let since = date(told)?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}
