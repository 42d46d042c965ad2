use super::Owner;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

fn with(authorization: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_static(authorization));
    headers
}

#[test]
fn an_instance_belongs_to_one_caller_one_door_and_one_function() {
    let owner = Owner::of(&with("Bearer a"), "06", (1, 1));
    assert!(owner.is_some());
    assert!(owner == Owner::of(&with("Bearer a"), "06", (1, 1)));
    assert!(owner != Owner::of(&with("Bearer b"), "06", (1, 1)));
    assert!(owner != Owner::of(&with("Bearer a"), "04", (1, 1)));
    assert!(owner != Owner::of(&with("Bearer a"), "06", (2, 1)));
    assert!(owner != Owner::of(&with("Bearer a"), "06", (1, 2)), "of functions that were replaced");
}

#[test]
fn a_caller_without_a_token_owns_nothing() {
    assert!(Owner::of(&HeaderMap::new(), "06", (1, 1)).is_none());
}
