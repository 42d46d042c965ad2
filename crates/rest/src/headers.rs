//! Headers that change what a request means.

use crate::limits::RETRY_KEY_CHARS_MAX;
use contracts::Refusal;
use http::{HeaderMap, header};

/// Media type of every answer (R4 §3.1.6).
pub const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// What `Prefer: return=` asks for (R4 §3.1.0.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Return {
    /// The resource as stored.
    #[default]
    Representation,
    /// No body.
    Minimal,
    /// An OperationOutcome.
    OperationOutcome,
}

/// The header's text, when it is there and readable.
pub fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Refuses with 406 a caller that takes no JSON. `format` is `_format`, which
/// goes before `Accept` (R4 §3.1.6.1).
pub fn accepts_json(headers: &HeaderMap, format: Option<&str>) -> Result<(), Refusal> {
    let refused = Refusal::not_acceptable;
    if let Some(format) = format {
        return if is_json(format, true) { Ok(()) } else { Err(refused()) };
    }
    let mut named = headers.get_all(header::ACCEPT).iter().peekable();
    if named.peek().is_none() {
        return Ok(());
    }
    let taken = |accepted: &str| {
        let refused_by_weight = accepted.split(';').skip(1).any(|parameter| {
            let weight = parameter.trim().strip_prefix("q=").map(str::trim);
            weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        });
        let media = accepted.split(';').next().unwrap_or_default().trim();
        !refused_by_weight
            && (media == "*/*"
                || media.eq_ignore_ascii_case("application/*")
                || is_json(media, false))
    };
    let any = named
        .filter_map(|value| value.to_str().ok())
        .any(|list| list.trim().is_empty() || list.split(',').any(taken));
    if any { Ok(()) } else { Err(refused()) }
}

/// Refuses with 415 a body that does not say it is JSON.
pub fn carries_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let told = text(headers, "content-type").unwrap_or_default();
    let charset = told.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    let utf8 = charset.is_none_or(|charset| {
        charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii")
    });
    if utf8 && is_json(told, false) {
        return Ok(());
    }
    Err(Refusal::unsupported_media_type())
}

fn is_json(media: &str, short: bool) -> bool {
    let media = media.split(';').next().unwrap_or_default().trim();
    ["application/fhir+json", "application/json", "application/json+fhir", "text/json"]
        .iter()
        .any(|known| media.eq_ignore_ascii_case(known))
        // A '+' that was not encoded arrives as a space.
        || (short && (media.eq_ignore_ascii_case("json") || media == "application/fhir json"))
}

/// `Prefer: return=…`; what it does not know it ignores (RFC 7240).
pub fn preferred_return(headers: &HeaderMap) -> Return {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    for preference in preferences.flat_map(|list| list.split([',', ';'])) {
        match preference.trim() {
            "return=minimal" => return Return::Minimal,
            "return=representation" => return Return::Representation,
            "return=OperationOutcome" => return Return::OperationOutcome,
            _ => {}
        }
    }
    Return::default()
}

/// The version in `If-Match: W/"3"` (R4 §3.1.0.6); a strong tag is taken too.
pub fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    text(headers, "if-match").map(version_tag).transpose()
}

/// The version in a weak entity tag.
pub fn version_tag(tag: &str) -> Result<u64, Refusal> {
    let bare = tag.trim();
    let bare = bare.strip_prefix("W/").unwrap_or(bare);
    let bare = bare.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(bare);
    bare.parse().map_err(|_| {
        Refusal::precondition_failed(
            "If-Match names no version of this server: send the ETag of the version you read, for \
             example W/\"3\"."
                .to_owned(),
        )
    })
}

/// Whether `If-None-Match` names this version, or any.
pub fn none_match_names(headers: &HeaderMap, version: u64) -> bool {
    let tags =
        headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|list| list.split(','))
        .any(|tag| tag.trim() == "*" || version_tag(tag).is_ok_and(|named| named == version))
}

/// `Idempotency-Key`, checked for length and characters.
pub fn retry_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= RETRY_KEY_CHARS_MAX => Ok(Some(key.to_owned())),
        _ => Err(Refusal::invalid(format!(
            "Idempotency-Key must be 1 to {RETRY_KEY_CHARS_MAX} visible ASCII characters."
        ))),
    }
}
