//! `/pilot`: the report as a page.
//!
//! The admin port tells operators everything. The door tells anybody who asks,
//! without a token: whole days only, emergencies rounded, and from a cache, so
//! that asking costs the record nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fhir::outcome::Language;
use fhir::resource::parse_instant;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use report::Audience;
use report::limits::PERIOD_MS_MAX;
use report::write::{Format, write};

use super::Pilot;
use crate::limits::{PAGE_KEPT_MS, PAGES_KEPT_MAX};

const DAY_MS: i64 = 86_400_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// First instant and the one after the last; none for all that is kept of
    /// the last month.
    pub period: Option<(i64, i64)>,
    /// Form.
    pub format: Format,
    /// Language.
    pub language: Language,
    /// For whom.
    pub audience: Audience,
}

struct Kept {
    asked: Asked,
    at: Instant,
    text: Bytes,
}

/// Pages that were just made; one at a time is made.
#[derive(Default)]
pub struct Cache(tokio::sync::Mutex<Vec<Kept>>);

/// A day or an instant. `end`: a day means its end.
pub fn moment(text: &str, end: bool) -> Option<i64> {
    if let Some(at_ms) = parse_instant(text) {
        return Some(at_ms);
    }
    let start = (text.len() == 10).then(|| parse_instant(&format!("{text}T00:00:00Z")))??;
    Some(if end { start + DAY_MS } else { start })
}

/// A period from its two ends.
///
/// # Errors
/// What to write instead.
pub fn period(from: Option<&str>, to: Option<&str>, now_ms: i64) -> Result<Option<(i64, i64)>, ()> {
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let to_ms = to.map_or(Some(now_ms + 1), |to| moment(to, true)).ok_or(())?;
    let month = to_ms - 30 * DAY_MS;
    let from_ms = from.map_or(Some(month), |from| moment(from, false)).ok_or(())?;
    let fits = from_ms < to_ms && to_ms - from_ms <= PERIOD_MS_MAX && from_ms >= 0;
    if fits { Ok(Some((from_ms, to_ms))) } else { Err(()) }
}

/// Whole days around a period: what the public asks at any moment of a day is
/// one question.
fn days((from_ms, to_ms): (i64, i64)) -> (i64, i64) {
    let to = to_ms + (DAY_MS - to_ms.rem_euclid(DAY_MS)) % DAY_MS;
    (from_ms - from_ms.rem_euclid(DAY_MS), to)
}

impl Asked {
    /// Reads a request; what is not known of its query is passed over, as a
    /// browser's reader may add to an address.
    ///
    /// # Errors
    /// When from, to, lang or format is not what it may be.
    pub fn read(
        query: &str,
        headers: &HeaderMap,
        audience: Audience,
        now_ms: i64,
    ) -> Result<Self, ()> {
        let (mut from, mut to, mut format) = (None, None, Format::Html);
        let mut language = rest::headers::language(headers);
        for pair in query.split('&').take(16) {
            // Colons and pluses of instants may be encoded.
            let pair = pair.replace("%3A", ":").replace("%3a", ":").replace("%2B", "+");
            let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
            match name {
                "from" => from = Some(value.to_owned()),
                "to" => to = Some(value.to_owned()),
                "format" => format = Format::named(value).ok_or(())?,
                "lang" => {
                    language = match value {
                        "fr" => Language::French,
                        "en" => Language::English,
                        _ => return Err(()),
                    }
                }
                _ => {}
            }
        }
        let mut period = period(from.as_deref(), to.as_deref(), now_ms)?;
        if audience == Audience::Public {
            period = period.map(days);
        }
        Ok(Self { period, format, language, audience })
    }
}

impl Pilot {
    /// Answers a request for the page. Runs on the thread that made the pilot,
    /// not on one that answers requests.
    pub async fn answer(
        self: &Arc<Self>,
        query: &str,
        headers: &HeaderMap,
        audience: Audience,
    ) -> Response<Full<Bytes>> {
        use chart::Environment;
        let now_ms = crate::record::System.now_ms();
        let Ok(asked) = Asked::read(query, headers, audience, now_ms) else {
            let language = rest::headers::language(headers);
            return told(
                StatusCode::BAD_REQUEST,
                language,
                "text/plain; charset=utf-8",
                wrong(language).into(),
            );
        };
        let pilot = Arc::clone(self);
        let made = self.runtime.spawn(async move { pilot.page(asked).await });
        match made.await {
            Ok(Some(text)) => told(StatusCode::OK, asked.language, asked.format.media_type(), text),
            _ => {
                let text = away(asked.language).into();
                told(
                    StatusCode::SERVICE_UNAVAILABLE,
                    asked.language,
                    "text/plain; charset=utf-8",
                    text,
                )
            }
        }
    }

    async fn page(&self, asked: Asked) -> Option<Bytes> {
        let mut cache = self.cache.0.lock().await;
        let young = |kept: &Kept| kept.at.elapsed() < Duration::from_millis(PAGE_KEPT_MS);
        cache.retain(young);
        // Operators see what happens as it happens.
        let kept =
            cache.iter().find(|kept| kept.asked == asked && asked.audience == Audience::Public);
        if let Some(kept) = kept {
            return Some(kept.text.clone());
        }
        let report = self.report(asked.period, asked.audience).await.ok()?;
        let text = Bytes::from(write(&report, asked.format, asked.language));
        if asked.audience == Audience::Public {
            if cache.len() >= PAGES_KEPT_MAX {
                cache.remove(0);
            }
            cache.push(Kept { asked, at: Instant::now(), text: text.clone() });
        }
        Some(text)
    }
}

fn wrong(language: Language) -> &'static str {
    match language {
        Language::English => {
            "Ask with from=2026-11-01 and to=2026-11-30 (from before to, at most 400 days), \
             lang=fr or en, format=html, json or md; all may be left out.\n"
        }
        Language::French => {
            "Demandez avec from=2026-11-01 et to=2026-11-30 (from avant to, 400 jours au plus), \
             lang=fr ou en, format=html, json ou md; tous sont facultatifs.\n"
        }
    }
}

fn away(language: Language) -> &'static str {
    match language {
        Language::English => "The figures cannot be read now; ask again in a minute.\n",
        Language::French => {
            "Les chiffres ne peuvent être lus en ce moment; demandez de nouveau dans une minute.\n"
        }
    }
}

fn told(
    status: StatusCode,
    language: Language,
    kind: &'static str,
    text: Bytes,
) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(text));
    *answer.status_mut() = status;
    let always = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_LANGUAGE, language.tag()),
        (header::VARY, "Accept-Language"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The page has its style within, and nothing else.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
    ];
    for (name, value) in always {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let seconds = HeaderValue::from(crate::limits::RETRY_AFTER_S);
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    answer
}

#[cfg(test)]
mod tests;
