use super::{Asked, DAY_MS, moment};
use fhir::outcome::Language;
use http::header::{HeaderMap, HeaderValue};
use report::Audience;
use report::write::Format;

const NOW: i64 = 20_000 * DAY_MS + 5_000_000;

fn read(query: &str, audience: Audience) -> Result<Asked, ()> {
    Asked::read(query, &HeaderMap::new(), audience, NOW)
}

#[test]
fn days_and_instants_are_understood() {
    let day = moment("2026-11-26", false).unwrap();
    assert_eq!(moment("2026-11-26", true), Some(day + DAY_MS));
    assert_eq!(moment("2026-11-26T00:00:00Z", true), Some(day));
    for bad in ["", "2026-11", "2026-13-01", "26/11/2026", "yesterday"] {
        assert_eq!(moment(bad, false), None, "{bad}");
    }
}

#[test]
fn a_request_says_period_form_and_language() {
    let asked =
        read("from=2026-11-01&to=2026-11-02&lang=en&format=json&utm=x", Audience::Operators);
    let asked = asked.unwrap();
    let (from, to) = asked.period.unwrap();
    assert_eq!((to - from, asked.format), (2 * DAY_MS, Format::Json));
    assert_eq!(asked.language, Language::English);
    let mut headers = HeaderMap::new();
    headers.insert("accept-language", HeaderValue::from_static("en-CA"));
    let asked = Asked::read("", &headers, Audience::Operators, NOW).unwrap();
    assert_eq!((asked.language, asked.period), (Language::English, None));
    assert_eq!(read("", Audience::Operators).unwrap().language, Language::French);
    for bad in [
        "from=2026-11-02&to=2026-11-01",
        "from=1999-01-01&to=2026-11-01",
        "to=nonsense",
        "lang=de",
        "format=pdf",
        "from=",
    ] {
        assert!(read(bad, Audience::Operators).is_err(), "{bad}");
    }
}

#[test]
fn the_public_asks_for_whole_days() {
    let query = "from=2026-11-01T10:00:00Z&to=2026-11-01T10:01:00-05:00";
    let (from, to) = read(query, Audience::Public).unwrap().period.unwrap();
    assert_eq!((from % DAY_MS, to - from), (0, DAY_MS));
    let (from, to) = read(query, Audience::Operators).unwrap().period.unwrap();
    assert_eq!(to - from, 5 * 3_600_000 + 60_000);
}
