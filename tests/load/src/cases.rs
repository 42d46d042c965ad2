//! The cases: what is asked, and what the answer must hold.

use bytes::Bytes;
use http::Method;

use crate::corpus::Corpus;

/// One request, and how to know a right answer.
pub struct Ask {
    /// HTTP method.
    pub method: Method,
    /// Below the base.
    pub path: String,
    /// JSON to send.
    pub body: Option<Bytes>,
    /// Status of a right answer.
    pub status: u16,
    /// What its body holds.
    pub holds: String,
}

/// A case: its name, and the request of a worker's turn.
pub struct Case {
    /// As in the table.
    pub name: &'static str,
    /// Makes a request.
    pub ask: fn(&Corpus, &Own, u64) -> Ask,
    /// Requests at one time; as many as there are connections when absent.
    pub at_once: Option<usize>,
}

/// What one connection has of its own: Observations that only it updates.
pub struct Own {
    /// Id of the Observation to update.
    pub observation: String,
    /// Id of its Patient.
    pub patient: String,
}

/// All cases, in the order of the table.
pub const CASES: [Case; 9] = [
    Case { name: "read by id", ask: read, at_once: None },
    Case { name: "create", ask: create, at_once: None },
    Case { name: "update", ask: update, at_once: None },
    Case { name: "Patient?identifier", ask: by_identifier, at_once: None },
    Case { name: "Observation?patient&code", ask: by_code, at_once: None },
    Case { name: "  the same sorted by date", ask: by_code_sorted, at_once: None },
    Case { name: "Patient?name", ask: by_name, at_once: None },
    Case { name: "$everything", ask: everything, at_once: None },
    Case { name: "$everything, large, alone", ask: everything_large, at_once: Some(1) },
];

/// Those whose cost must not depend on how many other people there are.
pub const OF_ONE: [&str; 5] = [
    "read by id",
    "Patient?identifier",
    "Observation?patient&code",
    "$everything",
    "$everything, large, alone",
];

/// One of several, by a number that jumps about.
fn chosen(of: &[String], turn: u64) -> &str {
    let mixed = turn.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
    let length = u64::try_from(of.len()).unwrap_or(u64::MAX).max(1);
    let index = usize::try_from(mixed % length).unwrap_or_default();
    of.get(index).map_or("", String::as_str)
}

fn get(path: String, holds: String) -> Ask {
    Ask { method: Method::GET, path, body: None, status: 200, holds }
}

fn read(corpus: &Corpus, _: &Own, turn: u64) -> Ask {
    let place = chosen(&corpus.places, turn);
    let id = place.split('/').nth(1).unwrap_or_default();
    get(format!("/{place}"), id.to_owned())
}

/// An Observation as a laboratory would send it.
pub fn observation(patient: &str, turn: u64, id: Option<&str>) -> Bytes {
    let id = id.map(|id| format!("\"id\":\"{id}\",")).unwrap_or_default();
    let value = turn % 60 + 100;
    Bytes::from(format!(
        "{{\"resourceType\":\"Observation\",{id}\"status\":\"final\",\"category\":[{{\"coding\":\
         [{{\"system\":\"http://terminology.hl7.org/CodeSystem/observation-category\",\
         \"code\":\"laboratory\"}}]}}],\"code\":{{\"coding\":[{{\"system\":\"http://loinc.org\",\
         \"code\":\"718-7\",\"display\":\"Hemoglobin\"}}],\"text\":\"Hemoglobin\"}},\"subject\":\
         {{\"reference\":\"Patient/{patient}\"}},\"effectiveDateTime\":\
         \"2026-03-04T10:00:00-05:00\",\"valueQuantity\":{{\"value\":{value}.0,\"unit\":\"g/L\",\
         \"system\":\"http://unitsofmeasure.org\",\"code\":\"g/L\"}}}}"
    ))
}

fn create(corpus: &Corpus, _: &Own, turn: u64) -> Ask {
    let body = observation(chosen(&corpus.patients, turn), turn, None);
    let path = "/Observation".to_owned();
    Ask { method: Method::POST, path, body: Some(body), status: 201, holds: String::new() }
}

fn update(_: &Corpus, own: &Own, turn: u64) -> Ask {
    let id = &own.observation;
    let body = observation(&own.patient, turn, Some(id));
    let path = format!("/Observation/{id}");
    Ask { method: Method::PUT, path, body: Some(body), status: 200, holds: String::new() }
}

fn by_identifier(corpus: &Corpus, _: &Own, turn: u64) -> Ask {
    let value = chosen(&corpus.identifiers, turn);
    get(format!("/Patient?identifier={value}"), "fullUrl".to_owned())
}

fn by_code(corpus: &Corpus, _: &Own, turn: u64) -> Ask {
    let patient = chosen(&corpus.patients, turn);
    get(format!("/Observation?patient={patient}&code={}", corpus.code), "searchset".to_owned())
}

fn by_code_sorted(corpus: &Corpus, _: &Own, turn: u64) -> Ask {
    let patient = chosen(&corpus.patients, turn);
    let code = &corpus.code;
    let path = format!("/Observation?patient={patient}&code={code}&_sort=-date");
    get(path, "searchset".to_owned())
}

fn by_name(corpus: &Corpus, _: &Own, turn: u64) -> Ask {
    get(format!("/Patient?name={}", chosen(&corpus.names, turn)), "fullUrl".to_owned())
}

fn everything(corpus: &Corpus, _: &Own, turn: u64) -> Ask {
    let patient = chosen(&corpus.patients, turn);
    get(format!("/Patient/{patient}/$everything"), patient.to_owned())
}

/// The chart of about [`crate::corpus::LARGE`] resources.
fn everything_large(corpus: &Corpus, _: &Own, _: u64) -> Ask {
    let patient = corpus.large.as_str();
    get(format!("/Patient/{patient}/$everything"), patient.to_owned())
}
