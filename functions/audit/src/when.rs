//! Parameters that the operations of this function share: which time, which
//! page, and no others than they know.

use contracts::{Answer, Directory as Wall, Refusal};
use fhir::search::{DateRange, Prefix};
use regions::Directory;
use rest::ask::form_decoded;
use rest::path::printable;
use trace::zone::Zone;

/// The directory, and the clock of the region whose door this is.
pub struct Here {
    /// Every region.
    pub directory: Directory,
    /// The zone of this one.
    pub zone: Zone,
}

/// Asks the provider where this is.
pub async fn here<H: Wall>(host: &H) -> Answer<Here> {
    let (code, text) = (host.here().await, host.regions().await);
    let directory = Directory::from_text(&text).map_err(|_| {
        Refusal::fault("The directory of regions cannot be read. Report this with the request id.")
    })?;
    let zone = directory.region(&code).map_or("", |region| region.time_zone.as_str());
    let zone = Zone::of(zone);
    Ok(Here { directory, zone })
}

/// What a query asks, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Milliseconds since 1970, both included.
    pub from_ms: i64,
    /// See `from_ms`.
    pub to_ms: i64,
    /// Cursor of the page.
    pub page: Option<String>,
    /// The other parameters that the operation knows, decoded.
    pub others: Vec<(String, String)>,
    /// The query without its page, for links.
    pub text: String,
}

impl Asked {
    /// Reads a query. Days, months and years are those of the zone; instants are
    /// instants. `_since` and `_until` are `date=ge…` and `date=le…`.
    ///
    /// # Errors
    /// 400 for an unknown parameter, and for a time that cannot be read.
    pub fn parse(query: &str, known: &[&str], zone: &Zone) -> Answer<Self> {
        let mut asked = Self { to_ms: i64::MAX, ..Self::default() };
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = form_decoded(value);
            if key == "_page" {
                asked.page = Some(value);
                continue;
            }
            kept.push(pair);
            match key {
                "date" => {
                    let (prefix, rest) = Prefix::split(&value);
                    asked.narrow(prefix, rest, zone).ok_or_else(|| wrong_time("date"))?;
                }
                "_since" => asked
                    .narrow(Prefix::GreaterOrEqual, &value, zone)
                    .ok_or_else(|| wrong_time("_since"))?,
                "_until" => asked
                    .narrow(Prefix::LessOrEqual, &value, zone)
                    .ok_or_else(|| wrong_time("_until"))?,
                "_count" | "_format" | "_pretty" => {}
                other if known.contains(&other) => asked.others.push((other.to_owned(), value)),
                other => {
                    return Err(Refusal::invalid(format!(
                        "This operation has no parameter {}. Leave it out.",
                        printable(other)
                    ))
                    .at(printable(other)));
                }
            }
        }
        asked.text = kept.join("&");
        Ok(asked)
    }

    /// The value of a parameter of the operation.
    pub fn other(&self, name: &str) -> Option<String> {
        let found = self.others.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    }

    /// The address of a page of this question.
    pub fn link(&self, path: &str, page: Option<&str>) -> String {
        let page = page.map(|page| format!("_page={}", page.replace('#', "%23")));
        let parts: Vec<&str> = [self.text.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .chain(page.as_deref())
            .collect();
        if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
    }

    fn narrow(&mut self, prefix: Prefix, text: &str, zone: &Zone) -> Option<()> {
        let (lower_ms, upper_ms) = match zone.days(text) {
            Some(days) => days,
            None => DateRange::parse(text).map(|range| (range.lower_ms, range.upper_ms))?,
        };
        let (from_ms, to_ms) = match prefix {
            Prefix::Equal => (lower_ms, upper_ms - 1),
            Prefix::Greater | Prefix::StartsAfter => (upper_ms, i64::MAX),
            Prefix::GreaterOrEqual => (lower_ms, i64::MAX),
            Prefix::Less | Prefix::EndsBefore => (0, lower_ms - 1),
            Prefix::LessOrEqual => (0, upper_ms - 1),
            _ => return None,
        };
        self.from_ms = self.from_ms.max(from_ms);
        self.to_ms = self.to_ms.min(to_ms);
        Some(())
    }
}

fn wrong_time(parameter: &'static str) -> Refusal {
    Refusal::invalid(format!(
        "{parameter} is a year, month, day or instant, such as 2026-11-26 or \
         2026-11-26T14:05:00-05:00."
    ))
    .at(parameter)
}
