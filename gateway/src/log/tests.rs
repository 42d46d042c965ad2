use super::{Line, Log, shape, timestamp};
use crate::limits;
use std::time::{Duration, UNIX_EPOCH};

#[test]
fn a_path_keeps_its_shape_and_loses_what_could_name_a_person() {
    assert_eq!(shape("/fhir/Patient/tremblay-1"), "/fhir/Patient/:id");
    assert_eq!(shape("/fhir/Patient/Tremblay"), "/fhir/Patient/:id");
    assert_eq!(shape("/fhir/Patient/x/_history/3"), "/fhir/Patient/:id/_history/:id");
    assert_eq!(shape("/fhir/Patient/x/$everything"), "/fhir/Patient/:id/$everything");
    assert_eq!(shape("/TREM12345678/metadata"), "/:id/metadata");
}

#[test]
fn instants_are_written_in_utc() {
    for (second, written) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z"),
        (1_709_251_199, "2024-02-29T23:59:59.000Z"),
        (4_107_542_400, "2100-03-01T00:00:00.000Z"),
    ] {
        assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(second)), written);
    }
}

#[test]
fn a_line_is_json_without_the_id() {
    let log = Log::default();
    log.request(&Line {
        region: "06",
        request_id: "r1",
        function: "lookup",
        method: "GET",
        path: "/fhir/Patient/secret",
        status: 200,
        duration: Duration::from_micros(250),
        fault: None,
    });
    let mut written = Vec::new();
    log.flush(&mut written);
    let line: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(line["path"], "/fhir/Patient/:id");
    assert_eq!(line["duration_us"], 250);
    assert!(!String::from_utf8(written).unwrap().contains("secret"));
}

#[test]
fn a_blocked_log_drops_and_says_so() {
    let log = Log::default();
    let event = "x".repeat(limits::LOG_BYTES_MAX / 4);
    for _ in 0..6 {
        log.event(&event, None);
    }
    let mut written = Vec::new();
    log.flush(&mut written);
    assert!(written.len() <= limits::LOG_BYTES_MAX + 100);
    assert!(String::from_utf8(written).unwrap().ends_with("\"count\":3}\n"));
}
