use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use contracts::{Origin, Refusal};
use fhir::json::Document;
use fhir::limits::JsonLimits;

use super::*;

/// Keeps what it is asked and grants it.
#[derive(Default)]
struct Host {
    asked: RefCell<Vec<TokenRequest>>,
    refuses: bool,
}

impl Issuing for Host {
    async fn exchange(
        &self,
        asked: TokenRequest,
        _: &Origin,
    ) -> Result<TokenGrant, TokenRejection> {
        self.asked.borrow_mut().push(asked);
        if self.refuses {
            let why = Refusal::unavailable("The store \"is\" away.", 2);
            return Err(TokenRejection { error: "temporarily_unavailable".to_owned(), why });
        }
        Ok(TokenGrant {
            access_token: "a.b.c".to_owned(),
            expires_in_s: 300,
            scope: "system/*.rs".to_owned(),
        })
    }

    async fn signing_keys(&self) -> String {
        r#"{"keys":[]}"#.to_owned()
    }
}

/// Nothing here waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn ask(
    host: &Host,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response<Vec<u8>> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    now(handle(host, request.body(body.as_bytes().to_vec()).unwrap()))
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=UTF-8");

fn text(answer: &Response<Vec<u8>>) -> &str {
    std::str::from_utf8(answer.body()).unwrap()
}

#[test]
fn a_form_is_read_and_a_grant_is_written() {
    let host = Host::default();
    let body = "grant_type=client_credentials&scope=system%2F*.rs+openid&client_assertion_type=\
                urn%3Ax&client_assertion=a.b.c&extra=1&client_id=";
    let answer = ask(&host, "POST", "/oauth/token", &[FORM], body);
    assert_eq!(answer.status(), 200);
    assert_eq!(
        text(&answer),
        r#"{"access_token":"a.b.c","token_type":"bearer","expires_in":300,"scope":"system/*.rs"}"#
    );
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    let asked = TokenRequest {
        grant_type: Some("client_credentials".into()),
        assertion_type: Some("urn:x".into()),
        assertion: Some("a.b.c".into()),
        scope: Some("system/*.rs openid".into()),
    };
    assert_eq!(*host.asked.borrow(), [asked]);
}

#[test]
fn what_is_no_form_never_reaches_the_wall() {
    let host = Host::default();
    let json = ("content-type", "application/json");
    let basic = ("authorization", "Basic Zm9vOmJhcg==");
    for (headers, body) in [
        (vec![json], "{}"),
        (vec![], "grant_type=client_credentials"),
        (vec![FORM, basic], "grant_type=client_credentials"),
        (vec![FORM], "scope=a&scope=b"),
        (vec![FORM], "client_assertion=a&client%5Fassertion=b"),
    ] {
        let answer = ask(&host, "POST", "/oauth/token", &headers, body);
        assert_eq!(answer.status(), 400, "{body}");
        assert!(text(&answer).starts_with(r#"{"error":"invalid_request","#), "{body}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
    assert!(host.asked.borrow().is_empty());
    assert_eq!(ask(&host, "GET", "/oauth/token", &[], "").status(), 405);
    assert_eq!(ask(&host, "POST", "/oauth/jwks", &[FORM], "").status(), 405);
}

#[test]
fn a_rejection_is_written_as_the_standard_says() {
    let host = Host { refuses: true, ..Host::default() };
    let answer = ask(&host, "POST", "/oauth/token", &[FORM], "scope=a");
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "2");
    let limits = JsonLimits::default();
    let document = Document::parse(text(&answer).to_owned(), &limits).unwrap();
    let error = document.root().get("error").unwrap();
    assert!(error.is_str("temporarily_unavailable"));
    // RFC 6749 §5.2: no quotation marks, no backslashes.
    let told = document.root().get("error_description").unwrap().as_str().unwrap().into_owned();
    assert!(
        told.bytes().all(|byte| (0x20..0x7f).contains(&byte) && !b"\"\\".contains(&byte)),
        "{told}"
    );
}

#[test]
fn the_keys_may_be_kept_for_a_while() {
    let answer = ask(&Host::default(), "GET", "/oauth/jwks", &[], "");
    assert_eq!((answer.status().as_u16(), text(&answer)), (200, r#"{"keys":[]}"#));
    assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
    assert_eq!(answer.headers()["content-type"], "application/json");
}
