use http::{HeaderMap, HeaderName, HeaderValue};
use rest::{conditional, headers as read, prefer};

/// Names of the headers that are parsed, as a line may begin.
const NAMES: [&str; 10] = [
    "accept",
    "accept-language",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "prefer",
    "x-forwarded-host",
];

/// Lines of headers, `name: value`; and every line as an HTTP date, which reads
/// as the same instant once written again.
pub fn headers(bytes: &[u8]) {
    let mut map = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(64) {
        if let Some(at) = line.iter().position(|byte| *byte == b':') {
            let (name, value) = line.split_at(at);
            let name = NAMES.iter().find(|known| known.as_bytes().eq_ignore_ascii_case(name));
            let value = value.get(1..).and_then(|it| HeaderValue::from_bytes(it.trim_ascii()).ok());
            if let (Some(name), Some(value)) = (name, value) {
                map.append(HeaderName::from_static(name), value);
            }
        }
        if let Ok(text) = std::str::from_utf8(line) {
            dates(text);
        }
    }
    let _ = read::accepts_json(&map, None);
    let _ = read::carries_json(&map);
    let _ = read::carries_patch(&map);
    let _ = read::language(&map);
    let _ = read::retry_key(&map);
    let _ = prefer::Prefer::of(&map);
    let _ = conditional::match_tags(&map);
    let _ = conditional::if_match(&map);
    let _ = conditional::none_match_names(&map, 3);
    let _ = conditional::has_already(&map, 3, crate::NOW_MS);
    let _ = rest::ask::authorization(&map).map(|value| access::token::bearer(Some(value)).is_ok());
}

fn dates(text: &str) {
    let _ = conditional::version_tag(text);
    let _ = rest::path::Target::parse(text);
    let _ = rest::ask::form_decoded(text);
    let _ = conditional::date(text);
}
