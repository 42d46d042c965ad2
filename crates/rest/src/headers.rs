//! Headers that change what a request means.

use crate::limits::RETRY_KEY_CHARS_MAX;
use crate::prefer::Prefer;
use contracts::Refusal;
use fhir::outcome::{IssueType, Language, Status};
use http::{HeaderMap, header};

pub use crate::conditional::{if_match, none_match_names, version_tag};
pub use crate::prefer::Return;

/// Media type of every answer (R4 §3.1.6).
pub const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// The header's text, when it is there and readable.
pub fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Refuses with 406 a caller that takes no JSON. `format` is `_format`, which
/// goes before `Accept` (R4 §3.1.6.1).
pub fn accepts_json(headers: &HeaderMap, format: Option<&str>) -> Result<(), Refusal> {
    let refused = Refusal::not_acceptable;
    if let Some(format) = format {
        let taken = is_json(format, true) && is_utf8(format) && is_r4(format);
        return if taken { Ok(()) } else { Err(refused()) };
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
            && is_r4(accepted)
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
    if is_utf8(told) && is_json(told, false) && is_r4(told) {
        return Ok(());
    }
    Err(Refusal::unsupported_media_type())
}

/// Refuses a body that is compressed (RFC 9110 §8.4, §15.5.16): none is unpacked
/// here, and what it holds would be hashed, measured and bounded as it came.
///
/// # Errors
/// 415 for any coding but `identity`.
pub fn plainly_encoded(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all("content-encoding").iter();
    if codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(Refusal::new(
        Status::UnsupportedMediaType,
        IssueType::NotSupported,
        "Bodies are taken as they are, without a Content-Encoding; send this one uncompressed.",
    ))
}

/// How a body says that it is a patch (R4 §3.1.0.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// `application/json-patch+json` (RFC 6902).
    Json,
    /// A Parameters resource: FHIRPath Patch.
    FhirPath,
}

/// Which kind of patch a body says it is.
///
/// # Errors
/// 415 for any other media type, and for a charset that is not UTF-8.
pub fn carries_patch(headers: &HeaderMap) -> Result<PatchKind, Refusal> {
    let told = text(headers, "content-type").unwrap_or_default();
    let media = told.split(';').next().unwrap_or_default().trim();
    if is_utf8(told) && media.eq_ignore_ascii_case("application/json-patch+json") {
        return Ok(PatchKind::Json);
    }
    if is_utf8(told) && is_json(told, false) && is_r4(told) {
        return Ok(PatchKind::FhirPath);
    }
    Err(Refusal::new(
        Status::UnsupportedMediaType,
        IssueType::NotSupported,
        "A patch is sent as application/json-patch+json (JSON Patch) or as application/fhir+json \
         (a Parameters resource: FHIRPath Patch); send it as one of them.",
    ))
}

/// The value of a media type's parameter, without its quotes.
fn media_parameter<'m>(media: &'m str, name: &str) -> Option<&'m str> {
    media.split(';').skip(1).find_map(|parameter| {
        let (known, value) = parameter.split_once('=')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

fn is_utf8(media: &str) -> bool {
    media_parameter(media, "charset").is_none_or(|charset| {
        charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii")
    })
}

/// Whether a media type is of this version of FHIR (R4 §3.1.6.2).
fn is_r4(media: &str) -> bool {
    media_parameter(media, "fhirVersion").is_none_or(|version| matches!(version, "4.0" | "4.0.1"))
}

fn is_json(media: &str, short: bool) -> bool {
    let media = media.split(';').next().unwrap_or_default().trim();
    ["application/fhir+json", "application/json", "application/json+fhir", "text/json"]
        .iter()
        .any(|known| media.eq_ignore_ascii_case(known))
        // A '+' that was not encoded arrives as a space.
        || (short
            && (media.eq_ignore_ascii_case("json")
                || media.eq_ignore_ascii_case("application/fhir json")))
}

/// `Prefer: return=…`; what it does not know it ignores (RFC 7240).
pub fn preferred_return(headers: &HeaderMap) -> Return {
    Prefer::of(headers).returned()
}

/// The language of `Accept-Language`, all its lines together; French when the
/// caller does not say.
pub fn language(headers: &HeaderMap) -> Language {
    let mut lines =
        headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let Some(first) = lines.next() else { return Language::default() };
    let asked = lines.fold(first.to_owned(), |all, line| all + "," + line);
    Language::asked(&asked)
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
