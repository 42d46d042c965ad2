//! One JSON line per request, about the request and never about a person: no
//! ids, no queries, no bodies, no names.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

use crate::limits;
use crate::metrics::micros;

/// Lines waiting to be written by a thread of their own: no request waits for
/// a terminal or a disk.
#[derive(Default)]
pub struct Log {
    waiting: Mutex<Vec<u8>>,
    dropped: AtomicU64,
}

/// What a line says.
#[derive(Serialize)]
pub struct Line<'a> {
    /// Region code.
    pub region: &'a str,
    /// As echoed to the client.
    #[serde(rename = "request")]
    pub request_id: &'a str,
    /// The function that answered, or `door`.
    pub function: &'a str,
    /// HTTP method.
    pub method: &'a str,
    /// The path; what could name a person is taken out of it.
    #[serde(serialize_with = "shaped")]
    pub path: &'a str,
    /// HTTP status.
    pub status: u16,
    /// From the request's head to its answer.
    #[serde(rename = "duration_us", serialize_with = "in_micros")]
    pub duration: Duration,
    /// Why the gateway itself failed, for operators; from code, not from data.
    pub fault: Option<&'static str>,
}

/// A line as it is written: a field after the other and no map in between, since a
/// door that is flooded writes one for each request that it refuses.
#[derive(Serialize)]
struct Written<'a> {
    time: String,
    #[serde(flatten)]
    line: &'a Line<'a>,
}

fn shaped<S: Serializer>(path: &str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&shape(path))
}

fn in_micros<S: Serializer>(taken: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(micros(*taken))
}

impl Log {
    /// Notes one request.
    pub fn request(&self, line: &Line<'_>) {
        let written = Written { time: timestamp(SystemTime::now()), line };
        let written = serde_json::to_string(&written);
        // Strings and numbers always can be written.
        self.push(&written.unwrap_or_default());
    }

    /// Notes something about the process itself.
    pub fn event(&self, event: &str, region: Option<&str>) {
        let written = serde_json::json!({
            "time": timestamp(SystemTime::now()), "event": event, "region": region,
        });
        self.push(&written.to_string());
    }

    fn push(&self, line: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + line.len() > limits::LOG_BYTES_MAX {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.extend_from_slice(line.as_bytes());
        waiting.push(b'\n');
    }

    /// Writes out what is waiting.
    pub fn flush(&self, to: &mut impl Write) {
        let lines = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        // Nobody is left to tell when the log itself cannot be written.
        if !lines.is_empty() {
            let _ = to.write_all(&lines);
        }
        if dropped > 0 {
            let _ = writeln!(to, "{{\"event\":\"log lines dropped\",\"count\":{dropped}}}");
        }
    }
}

/// The path with every segment that could be an id or a value left out: only
/// resource types, operations and the fixed words of FHIR stay.
pub fn shape(path: &str) -> String {
    let mut shape = String::with_capacity(path.len());
    for part in path.split('/').skip(1).take(8) {
        shape.push('/');
        shape.push_str(if fixed(part) { part } else { ":id" });
    }
    shape
}

fn fixed(part: &str) -> bool {
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let word = matches!(part, "" | "fhir" | "metadata" | "route" | "healthz" | "readyz" | "pilot");
    let special = matches!(part, "_history" | "_search" | "$everything" | ".well-known");
    // An id may be letters too, so only the types of FHIR itself are let by.
    word || special || (letters(part) && fhir::types::is_resource_type(part))
}

/// RFC 3339 in UTC with milliseconds.
pub fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    let (second, millisecond) = (second % 60, since.subsec_millis());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

/// Year, month and day of the proleptic Gregorian calendar, from days since
/// 1970: counted from 1 March of year 0, so that the leap day comes last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
