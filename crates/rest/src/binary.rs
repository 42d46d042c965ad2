//! Binary and its own media type (R4 §2.42, §3.1.0.1.8): wrapped on the way in,
//! unwrapped on the way out.

use crate::answer::{Answer, set};
use crate::headers::text;
use contracts::Refusal;
use fhir::json::Writer;
use fhir::resource::Resource;
use http::{HeaderMap, Response, StatusCode, header};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding (RFC 4648 §4).
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let held = group.iter().fold(0_u32, |held, byte| (held << 8) | u32::from(*byte))
            << (8 * (3 - group.len()));
        for at in 0..4 {
            let index = usize::try_from((held >> (18 - 6 * at)) & 63).unwrap_or(0);
            let letter = ALPHABET.get(index).copied().unwrap_or(b'A');
            text.push(if at <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// Undoes [`base64`]; white space is skipped, as FHIR's base64Binary allows.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut count, mut padding) = (0_u32, 0_u32, 0_u32);
    for letter in text.bytes().filter(|letter| !letter.is_ascii_whitespace()) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                0
            }
            _ => return None,
        };
        if padding > 0 && letter != b'=' {
            return None;
        }
        held = (held << 6) | u32::from(value);
        count += 1;
        if count == 4 {
            let [_, three @ ..] = held.to_be_bytes();
            let kept = 3_usize.checked_sub(usize::try_from(padding).ok()?)?;
            bytes.extend(three.iter().take(kept.max(1)));
            if padding > 2 {
                return None;
            }
            (held, count) = (0, 0);
            if padding > 0 {
                padding += 4;
            }
        }
    }
    (count == 0).then_some(bytes)
}

/// Whether a body is a Binary's content rather than a resource: its media type
/// is none of FHIR's.
pub fn is_content(headers: &HeaderMap) -> bool {
    let told = text(headers, "content-type").unwrap_or_default();
    let media = told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    !media.is_empty()
        && ![
            "application/fhir+json",
            "application/json+fhir",
            "application/json",
            "application/fhir+xml",
            "application/xml+fhir",
            "text/json",
        ]
        .contains(&media.as_str())
}

/// The Binary that a body of any media type stands for, with `id` in it on an
/// update. `X-Security-Context` becomes `securityContext` (R4 §2.42.3).
///
/// # Errors
/// 400 when the media type is no readable text or the context no reference.
pub fn wrapped(headers: &HeaderMap, id: Option<&str>, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let media = text(headers, "content-type").ok_or_else(|| {
        Refusal::invalid("The Content-Type of a Binary must be readable ASCII text.")
            .at("Binary.contentType")
    })?;
    let mut writer = Writer::with_capacity(body.len() / 3 * 4 + 256);
    writer.begin_object().field("resourceType", "Binary");
    if let Some(id) = id {
        writer.field("id", id);
    }
    writer.field("contentType", media.trim());
    if let Some(context) = headers.get("x-security-context") {
        let context = context.to_str().ok().filter(|context| !context.trim().is_empty());
        let context = context.ok_or_else(|| {
            Refusal::invalid("X-Security-Context must be one reference, such as Patient/123.")
                .at("Binary.securityContext")
        })?;
        writer.key("securityContext").begin_object();
        writer.field("reference", context.trim()).end_object();
    }
    if !body.is_empty() {
        writer.field("data", &base64(body));
    }
    writer.end_object();
    Ok(writer.finish().into_bytes())
}

/// Whether a reader wants the content itself: it takes the content's own media
/// type or any, and does not name FHIR's JSON. Who says nothing takes any.
pub fn wants_content(headers: &HeaderMap, format: Option<&str>, content_type: &str) -> bool {
    if format.is_some() {
        return false;
    }
    let own = content_type.split(';').next().unwrap_or_default().trim();
    let mut lists = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut any = headers.get(header::ACCEPT).is_none();
    for range in lists.by_ref().flat_map(|list| list.split(',')) {
        let media = range.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case(own) && !own.is_empty() {
            return true;
        }
        if media.eq_ignore_ascii_case("application/fhir+json")
            || media.eq_ignore_ascii_case("application/json")
            || media.eq_ignore_ascii_case("application/json+fhir")
        {
            return false;
        }
        let family = own.split('/').next().unwrap_or_default();
        any |= media == "*/*" || media.is_empty();
        any |= media.strip_suffix("/*").is_some_and(|asked| asked.eq_ignore_ascii_case(family));
    }
    any
}

/// The media type that a stored Binary says it has; empty when it says none.
pub fn content_type(resource: &Resource) -> String {
    let said = resource.root().get("contentType").and_then(|said| said.as_str());
    said.map(|said| said.into_owned()).unwrap_or_default()
}

/// `answer`, which carries a Binary, with the content in its place.
pub fn unwrapped(answer: Answer, resource: &Resource) -> Answer {
    let root = resource.root();
    let data = root.get("data").and_then(|data| data.as_str());
    let Some(content) = unbase64(data.as_deref().unwrap_or_default()) else { return answer };
    let (parts, _) = answer.into_parts();
    let mut answer = Response::from_parts(parts, content);
    *answer.status_mut() = StatusCode::OK;
    let headers = answer.headers_mut();
    let media = content_type(resource);
    set(headers, "content-type", "application/octet-stream");
    if media.contains('/') {
        set(headers, "content-type", &media);
    }
    // What somebody stored is shown by nobody's browser as our own page.
    set(headers, "content-security-policy", "sandbox; default-src 'none'");
    set(headers, "content-disposition", "attachment");
    let context = root.get("securityContext").and_then(|context| context.get("reference"));
    if let Some(context) = context.and_then(|reference| reference.as_str()) {
        set(headers, "x-security-context", &context);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::{base64, is_content, unbase64, wants_content};
    use http::HeaderMap;

    #[test]
    fn base64_is_undone() {
        for length in 0..70_u8 {
            let bytes: Vec<u8> = (0..length).map(|at| at.wrapping_mul(37)).collect();
            assert_eq!(unbase64(&base64(&bytes)), Some(bytes));
        }
        assert_eq!(unbase64("SGVs\r\n bG8="), Some(b"Hello".to_vec()));
        for bad in ["A", "AA", "AAA", "A===", "AA=A", "====", "AAA*", "QQ==QQ=="] {
            assert_eq!(unbase64(bad), None, "{bad}");
        }
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn content_is_what_is_no_format_of_fhir() {
        for content in ["application/pdf", "text/plain; charset=utf-8", "image/png"] {
            assert!(is_content(&headers("content-type", content)), "{content}");
        }
        for resource in ["application/fhir+json", "application/json; charset=utf-8", ""] {
            assert!(!is_content(&headers("content-type", resource)), "{resource}");
        }
    }

    #[test]
    fn content_goes_to_whom_it_is_for() {
        let wants =
            |accept: &str| wants_content(&headers("accept", accept), None, "application/pdf");
        assert!(wants("application/pdf") && wants("*/*") && wants("application/*"));
        assert!(!wants("application/fhir+json") && !wants("application/fhir+json, */*;q=0.1"));
        assert!(!wants("image/png"));
        assert!(wants_content(&HeaderMap::new(), None, "application/pdf"));
        assert!(!wants_content(&HeaderMap::new(), Some("json"), "application/pdf"));
    }
}
