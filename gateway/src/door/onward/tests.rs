use http::header::{HeaderMap, HeaderValue};

use super::prefers_redirect;

#[test]
fn a_caller_may_prefer_to_go() {
    for (value, prefers) in [
        ("routing=redirect", true),
        ("return=minimal, Routing = \"redirect\"", true),
        ("respond-async; routing=redirect", true),
        ("routing", false),
        ("routing=forward", false),
        ("handling=strict", false),
        ("", false),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("prefer", HeaderValue::from_static(value));
        assert_eq!(prefers_redirect(&headers), prefers, "{value}");
    }
    assert!(!prefers_redirect(&HeaderMap::new()));
}
