//! What the door refuses by itself, before or instead of a function.

use std::borrow::Cow;
use std::sync::OnceLock;

use bytes::Bytes;
use fhir::outcome::{Language, Refusal};
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::limits;

/// Why the door answers itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No route has the path.
    NoRoute,
    /// The path exists for these methods only.
    OtherMethods(String),
    /// The request target is over [`limits::TARGET_BYTES_MAX`].
    TargetTooLong,
    /// The body is over [`limits::BODY_BYTES_MAX`].
    BodyTooLarge,
    /// The body came too slowly.
    BodyTooSlow,
    /// The body broke off.
    BodyBroken,
    /// There is no place inside now.
    Full,
    /// There is no place for the body now.
    BodiesFull,
    /// The function did not finish in time, or could not be started.
    Unfinished(&'static str),
    /// The function failed.
    Failed(&'static str),
    /// Another region answers, at this address; the caller would rather go there.
    Elsewhere(String),
    /// The region that answers could not be reached: nothing was done.
    Unreachable,
    /// There is no room for more on their way to that region.
    RegionFull,
    /// That region gave no answer that can be trusted.
    Garbled,
    /// That region did not answer in time.
    Late,
    /// A gateway passed it on that should not have, or says odd things.
    BadHop,
}

impl Refused {
    /// For the log: what happened inside, when something did.
    pub fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Unfinished(why) | Self::Failed(why) => Some(why),
            Self::Unreachable => Some("no way to the region"),
            Self::RegionFull => Some("no room on the way to the region"),
            Self::Garbled => Some("no trustworthy answer of the region"),
            Self::Late => Some("no answer of the region in time"),
            Self::BadHop => Some("a hop that is none"),
            _ => None,
        }
    }

    /// Whether a body, if there is one, was not read to its end.
    pub fn leaves_unread(&self) -> bool {
        match self {
            Self::NoRoute
            | Self::OtherMethods(_)
            | Self::TargetTooLong
            | Self::BodyTooLarge
            | Self::BodyTooSlow
            | Self::BodiesFull
            | Self::Elsewhere(_)
            | Self::BadHop => true,
            // `Unreachable` may come before or after the body; a body that was read
            // to its end leaves nothing to linger over.
            Self::Unreachable => true,
            Self::BodyBroken | Self::Full | Self::Unfinished(_) | Self::Failed(_) => false,
            Self::RegionFull | Self::Garbled | Self::Late => false,
        }
    }

    /// Status, issue type (value set issue-type of R4), and what to do.
    fn told(&self) -> (StatusCode, &'static str, Cow<'static, str>) {
        let (status, code, text) = match self {
            Self::NoRoute => (
                StatusCode::NOT_FOUND,
                "not-found",
                "Nothing answers at this address; GET /fhir/metadata lists what does.",
            ),
            Self::OtherMethods(allowed) => {
                let text = format!("This method is not possible here; use {allowed}.");
                return (StatusCode::METHOD_NOT_ALLOWED, "not-supported", text.into());
            }
            Self::TargetTooLong => (
                StatusCode::URI_TOO_LONG,
                "too-long",
                "The address is too long; send the search by POST to _search.",
            ),
            Self::BodyTooLarge => {
                let mebibytes = limits::BODY_BYTES_MAX / (1024 * 1024);
                let text = format!("The body is over {mebibytes} MiB; send it in parts.");
                return (StatusCode::PAYLOAD_TOO_LARGE, "too-long", text.into());
            }
            Self::BodyTooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "timeout",
                "The body came too slowly; send the request again.",
            ),
            Self::BodyBroken => (
                StatusCode::BAD_REQUEST,
                "structure",
                "The body broke off before its end; send the request again.",
            ),
            Self::Full | Self::BodiesFull => (
                StatusCode::SERVICE_UNAVAILABLE,
                "throttled",
                "Too many requests are under way; send it again after the seconds of Retry-After.",
            ),
            Self::Unfinished(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "timeout",
                "The request was not finished in time, and a change may or may not have been \
                 made. Send it again, with the same Idempotency-Key if it had one.",
            ),
            Self::Failed(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "exception",
                "The request could not be processed; report the X-Request-Id of this answer.",
            ),
            _ => self.told_of_regions(),
        };
        (status, code, text.into())
    }

    /// The same of what another region should have answered.
    fn told_of_regions(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Elsewhere(_) => (
                StatusCode::TEMPORARY_REDIRECT,
                "informational",
                "Another region answers this request: send it to the address of Location.",
            ),
            Self::RegionFull => (
                StatusCode::SERVICE_UNAVAILABLE,
                "throttled",
                "Too many requests for that region are under way; send it again after the seconds \
                 of Retry-After, or to its own address, which GET /route lists.",
            ),
            Self::Garbled => (
                StatusCode::BAD_GATEWAY,
                "exception",
                "The region that answers this request gave no answer that can be trusted, and a \
                 change may or may not have been made. Send it again, with the same \
                 Idempotency-Key if it had one; if this goes on, tell the operator the \
                 X-Request-Id of this answer.",
            ),
            Self::Late => (
                StatusCode::GATEWAY_TIMEOUT,
                "timeout",
                "The region that answers this request did not answer in time, and a change may or \
                 may not have been made. Send it again, with the same Idempotency-Key if it had \
                 one.",
            ),
            Self::BadHop => (
                StatusCode::LOOP_DETECTED,
                "processing",
                "This request was passed on by a gateway that should have answered it, or says \
                 what no gateway says. Compare the region files of the two gateways.",
            ),
            _ => (
                StatusCode::SERVICE_UNAVAILABLE,
                "transient",
                "The region that answers this request could not be reached, and nothing was done. \
                 Send it again after the seconds of Retry-After, or to another address that GET \
                 /route lists.",
            ),
        }
    }

    /// The answer, in the caller's language.
    pub fn answer(&self, language: Language) -> Response<Full<Bytes>> {
        let (status, code, text) = self.told();
        let again = status == StatusCode::SERVICE_UNAVAILABLE;
        let after = again.then_some(limits::RETRY_AFTER_S);
        let refusal = Refusal::from_wire(status.as_u16(), code, text.into_owned(), None, after);
        let write = || Bytes::from(refusal.to_operation_outcome_in(language));
        // Refusing must cost a flooded door next to nothing.
        static NO_PLACE: [OnceLock<Bytes>; 2] = [const { OnceLock::new() }; 2];
        let [french, english] = &NO_PLACE;
        let body = match (self, language) {
            (Self::Full | Self::BodiesFull, Language::French) => french.get_or_init(write).clone(),
            (Self::Full | Self::BodiesFull, Language::English) => {
                english.get_or_init(write).clone()
            }
            _ => write(),
        };
        let mut answer = Response::new(Full::new(body));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        let kind = HeaderValue::from_static("application/fhir+json");
        headers.insert(header::CONTENT_TYPE, kind);
        let language = HeaderValue::from_static(language.tag());
        headers.insert(header::CONTENT_LANGUAGE, language);
        if let Some(seconds) = after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Self::Elsewhere(address) = self
            && let Ok(address) = HeaderValue::from_str(address)
        {
            headers.insert(header::LOCATION, address);
            headers.insert("preference-applied", HeaderValue::from_static("routing=redirect"));
        }
        if let Self::OtherMethods(allowed) = self
            && let Ok(allowed) = HeaderValue::from_str(allowed)
        {
            headers.insert(header::ALLOW, allowed);
        }
        answer
    }
}
