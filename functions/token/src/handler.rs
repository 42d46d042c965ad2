//! The token endpoint (RFC 6749 §4.4, RFC 7523 §2.2; SMART App Launch 2.2,
//! Backend Services) and the keys of its tokens (RFC 7517 §5).

use contracts::{Issuing, TokenGrant, TokenRejection, TokenRequest};
use fhir::json::Writer;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use rest::answer::{json, method_not_allowed, set};
use rest::ask::{form_decoded, origin};

/// Where the public keys are.
pub const KEYS: &str = "/oauth/jwks";
/// Seconds for which others may keep them.
const KEYS_KEPT: &str = "public, max-age=300";

/// A form that cannot be read, as the caller is told.
struct Unreadable(&'static str);

/// Answers one request.
pub async fn handle<H: Issuing>(host: &H, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    if request.uri().path().trim_end_matches('/') == KEYS {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return method_not_allowed(request.method().as_str(), "GET, HEAD");
        }
        let mut answer = plain(StatusCode::OK, host.signing_keys().await);
        set(answer.headers_mut(), "cache-control", KEYS_KEPT);
        return answer;
    }
    if request.method() != Method::POST {
        return method_not_allowed(request.method().as_str(), "POST");
    }
    let asked = match asked(request.headers(), request.body()) {
        Ok(asked) => asked,
        Err(Unreadable(why)) => {
            return rejected(StatusCode::BAD_REQUEST, "invalid_request", why, None);
        }
    };
    match host.exchange(asked, &origin(request.headers())).await {
        Ok(grant) => granted(&grant),
        Err(TokenRejection { error, why }) => {
            let status = StatusCode::from_u16(why.status.code()).unwrap_or(StatusCode::BAD_REQUEST);
            rejected(status, &error, &why.diagnostics, why.retry_after_s)
        }
    }
}

/// The parameters of the form (RFC 6749 §4.4.2): each at most once, empty ones
/// as if they were not there, unknown ones ignored (§3.2).
fn asked(headers: &HeaderMap, body: &[u8]) -> Result<TokenRequest, Unreadable> {
    let told = rest::headers::text(headers, "content-type").unwrap_or_default();
    let media = told.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Unreadable(
            "A token is asked for by a form: send it as application/x-www-form-urlencoded.",
        ));
    }
    // A client that shows two proofs of who it is may be two clients.
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(Unreadable(
            "The client proves who it is by its assertion alone: leave Authorization out.",
        ));
    }
    let form = std::str::from_utf8(body)
        .map_err(|_| Unreadable("The form is not UTF-8: percent-encode what is not ASCII."))?;
    let mut asked = TokenRequest::default();
    for pair in form.trim_end_matches(['\r', '\n']).split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let held = match form_decoded(name).as_str() {
            "grant_type" => &mut asked.grant_type,
            "client_assertion_type" => &mut asked.assertion_type,
            "client_assertion" => &mut asked.assertion,
            "scope" => &mut asked.scope,
            _ => continue,
        };
        if !value.is_empty() && held.replace(form_decoded(value)).is_some() {
            return Err(Unreadable("A parameter is there twice: send each once."));
        }
    }
    Ok(asked)
}

/// RFC 6749 §5.1.
fn granted(grant: &TokenGrant) -> Response<Vec<u8>> {
    let mut writer = Writer::new();
    writer.begin_object().field("access_token", &grant.access_token);
    writer.field("token_type", "bearer");
    writer.key("expires_in").integer(i64::from(grant.expires_in_s));
    writer.field("scope", &grant.scope).end_object();
    plain(StatusCode::OK, writer.finish())
}

/// RFC 6749 §5.2. The description is English, because the standard lets it hold
/// ASCII only, without quotation marks.
fn rejected(
    status: StatusCode,
    error: &str,
    description: &str,
    retry_after_s: Option<u32>,
) -> Response<Vec<u8>> {
    let mut writer = Writer::new();
    let description: String = description.chars().filter(|each| is_plain_ascii(*each)).collect();
    writer.begin_object().field("error", error);
    writer.field("error_description", &description).end_object();
    let mut answer = plain(status, writer.finish());
    if let Some(seconds) = retry_after_s {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn is_plain_ascii(letter: char) -> bool {
    (letter == ' ' || letter.is_ascii_graphic()) && letter != '"' && letter != '\\'
}

/// JSON that no cache keeps; pages of other origins may read it: it is given to
/// whoever proves who they are, not to whoever has a cookie.
fn plain(status: StatusCode, body: String) -> Response<Vec<u8>> {
    let mut answer = json(status, body.into_bytes());
    let headers = answer.headers_mut();
    set(headers, "content-type", "application/json");
    set(headers, "pragma", "no-cache");
    set(headers, "access-control-allow-origin", "*");
    answer
}

#[cfg(test)]
mod tests;
