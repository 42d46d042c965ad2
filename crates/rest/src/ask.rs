//! What every function needs from a request first.

use crate::headers::{accepts_json, plainly_encoded, text};
use crate::limits::{PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX, REQUEST_ID_CHARS_MAX};
use crate::path::Target;
use crate::prefer::Prefer;
use contracts::{Origin, Refusal, Tokens};
use fhir::outcome::{IssueType, Language, Status};
use http::{HeaderMap, Request};
use sha2::{Digest, Sha256};

/// Declares an emergency for one request (R-22.1, art. 7): its value is the
/// written reason.
pub const EMERGENCY_REASON: &str = "emergency-reason";

/// A request, taken apart.
pub struct Ask<'r> {
    /// What the path names.
    pub target: Target,
    /// The query string as sent; empty when there is none.
    pub query: &'r str,
    /// All headers.
    pub headers: &'r HeaderMap,
    /// The body; empty when there is none.
    pub body: &'r [u8],
    /// Absolute base URL of the API, without a slash at the end.
    pub base: String,
}

impl<'r> Ask<'r> {
    /// Takes a request apart, refusing unknown paths (404) and callers that do
    /// not take JSON (406).
    pub fn of(request: &'r Request<Vec<u8>>) -> Result<Self, Refusal> {
        let ask = Self::of_any(request)?;
        accepts_json(request.headers(), parameter(ask.query, "_format").as_deref())?;
        Ok(ask)
    }

    /// The same for a caller that may take anything, as a reader of a Binary
    /// does: whether it takes JSON is for the function to ask.
    ///
    /// # Errors
    /// 404 for unknown paths, 415 for a body that is compressed.
    pub fn of_any(request: &'r Request<Vec<u8>>) -> Result<Self, Refusal> {
        plainly_encoded(request.headers())?;
        Ok(Self {
            target: Target::parse(request.uri().path())?,
            query: request.uri().query().unwrap_or_default(),
            headers: request.headers(),
            body: request.body(),
            base: base(request),
        })
    }

    /// The `Authorization` header. More than one is no header at all.
    pub fn authorization(&self) -> Option<&str> {
        authorization(self.headers)
    }

    /// The language of refusals and messages (`Accept-Language`).
    pub fn language(&self) -> Language {
        crate::headers::language(self.headers)
    }

    /// What the caller prefers (`Prefer`).
    pub fn prefer(&self) -> Prefer {
        Prefer::of(self.headers)
    }

    /// Where the request comes from, as the gateway says.
    pub fn origin(&self) -> Origin {
        origin(self.headers)
    }

    /// `_count`: absent is the default, more than the limit is lowered.
    pub fn count(&self) -> Result<u32, Refusal> {
        let Some(asked) = parameter(self.query, "_count") else { return Ok(PAGE_COUNT_DEFAULT) };
        match asked.parse::<u32>() {
            Ok(count) if count > 0 => Ok(count.min(PAGE_COUNT_MAX)),
            _ => Err(Refusal::invalid(format!(
                "_count must be a whole number from 1 to {PAGE_COUNT_MAX}."
            ))
            .at("_count")),
        }
    }

    /// The parameters of a search by POST: those of the form and those of the
    /// URL count alike (R4 §3.1.1.1).
    ///
    /// # Errors
    /// 415 when the body is no form, 400 when it is not UTF-8.
    pub fn form_query(&self) -> Result<String, Refusal> {
        let told = text(self.headers, "content-type").unwrap_or_default();
        let media = told.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refusal::new(
                Status::UnsupportedMediaType,
                IssueType::NotSupported,
                "A search by POST sends its parameters as application/x-www-form-urlencoded.",
            ));
        }
        let form = std::str::from_utf8(self.body).map_err(|_| {
            Refusal::invalid("The form is not UTF-8: percent-encode what is not ASCII.".to_owned())
        })?;
        let form = form.trim_end_matches(['\r', '\n']);
        let parts = [self.query, form];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        Ok(parts.collect::<Vec<_>>().join("&"))
    }

    /// SHA-256 of what was asked: the method, the path with its query, the
    /// headers that change its meaning, and the body.
    pub fn fingerprint(&self, method: &str, path_and_query: &str) -> Vec<u8> {
        let mut hash = Sha256::new();
        for part in [
            method,
            path_and_query,
            text(self.headers, "if-match").unwrap_or_default(),
            text(self.headers, "if-none-match").unwrap_or_default(),
            text(self.headers, "if-none-exist").unwrap_or_default(),
            text(self.headers, "content-type").unwrap_or_default(),
            text(self.headers, "x-provenance").unwrap_or_default(),
        ] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(self.body);
        hash.finalize().to_vec()
    }
}

/// The first two steps of every function: the request taken apart, and its
/// caller verified.
///
/// # Errors
/// What [`Ask::of`] or the provider refuses.
pub async fn of_caller<'r, H: Tokens>(
    host: &H,
    request: &'r Request<Vec<u8>>,
) -> Result<(Ask<'r>, H::Session), Refusal> {
    let ask = Ask::of(request)?;
    let session = host.verify(ask.authorization(), &ask.origin()).await?;
    Ok((ask, session))
}

/// Where a request comes from, as the gateway says in its own headers.
pub fn origin(headers: &HeaderMap) -> Origin {
    let told = |name: &str| text(headers, name).unwrap_or_default();
    let request_id: String = told("x-request-id").chars().take(REQUEST_ID_CHARS_MAX).collect();
    let address = text(headers, "x-dossier-client").unwrap_or_else(|| told("spin-client-addr"));
    Origin {
        request_id,
        client_address: address.to_owned(),
        emergency: emergency(headers),
        stands_in_for: None,
        any_door: false,
    }
}

/// The reason of a declared emergency, from `Emergency-Reason`: text in UTF-8,
/// percent-encoded where it is not ASCII. Several such headers, or one that
/// cannot be read, are a reason too short to count, so that the request is
/// refused rather than answered as if no emergency had been declared.
pub fn emergency(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(EMERGENCY_REASON).iter();
    let first = all.next()?;
    let told = first.to_str().ok().filter(|_| all.next().is_none());
    Some(told.and_then(crate::path::decoded).unwrap_or_default().trim().to_owned())
}

/// The `Authorization` header. More than one is no header at all.
pub fn authorization(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(http::header::AUTHORIZATION).iter();
    let first = all.next()?;
    if all.next().is_some() { None } else { first.to_str().ok() }
}

/// Absolute base URL: told by the gateway, or by Spin's `spin-full-url`, or
/// made from the authority.
pub fn base(request: &Request<Vec<u8>>) -> String {
    if let Some(told) = text(request.headers(), "x-dossier-base") {
        return told.to_owned();
    }
    if let Some(url) = text(request.headers(), "spin-full-url")
        && let Some(end) = url.find(crate::path::BASE)
    {
        return url.chars().take(end + crate::path::BASE.len()).collect();
    }
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let host = authority.or_else(|| text(request.headers(), "host").map(str::to_owned));
    format!("http://{}{}", host.unwrap_or_else(|| "localhost".to_owned()), crate::path::BASE)
}

/// The first value of a query parameter, decoded.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    parameters(query, name).next()
}

/// Every value of a query parameter, decoded, in their order.
pub fn parameters<'q>(query: &'q str, name: &'q str) -> impl Iterator<Item = String> + 'q {
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| form_decoded(value))
    })
}

/// Undoes percent-encoding and `+` in a form or query value; broken encodings
/// are kept as they are.
pub fn form_decoded(value: &str) -> String {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, following @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                match (digit(high), digit(low)) {
                    (Some(high), Some(low)) => {
                        decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                        rest = following;
                    }
                    _ => decoded.push(b'%'),
                }
            }
            _ => decoded.push(*byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// SHA-256.
pub fn hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}
