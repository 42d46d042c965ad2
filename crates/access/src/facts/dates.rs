//! When a resource is of, and when a result was issued.

use fhir::json::{Kind, Value};
use fhir::search::DateRange;

/// Types that tell of no time of care: they are in no period of the data.
const TIMELESS: [&str; 10] = [
    "Patient",
    "RelatedPerson",
    "Person",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
    "HealthcareService",
    "Device",
    "Group",
];

/// Elements that tell when it was found or done; the first that is there tells.
const CLINICAL: [&str; 28] = [
    "effectiveDateTime",
    "effectivePeriod",
    "effectiveInstant",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "onsetDateTime",
    "onsetPeriod",
    "collectedDateTime",
    "collectedPeriod",
    "servicedDate",
    "servicedPeriod",
    "context.period",
    "collection.collectedDateTime",
    "collection.collectedPeriod",
    "billablePeriod",
    "period",
    "started",
    "whenHandedOver",
    "whenPrepared",
    "authoredOn",
    "dateTime",
    "date",
    "recordedDate",
    "dateAsserted",
    "issued",
    "created",
];

/// Whether the clinical time lies in `range`; `None` for a resource that should
/// have such a time and has none that can be read.
pub(super) fn within(
    root: Value<'_>,
    resource_type: &str,
    range: DateRange,
    whole: bool,
) -> Option<bool> {
    if TIMELESS.contains(&resource_type) {
        return Some(false);
    }
    let held = clinical(root)?;
    Some(if whole {
        range.lower_ms <= held.lower_ms && held.upper_ms <= range.upper_ms
    } else {
        held.lower_ms < range.upper_ms && range.lower_ms < held.upper_ms
    })
}

/// The clinical time of a resource.
fn clinical(root: Value<'_>) -> Option<DateRange> {
    // An appointment and a slot have a start and an end of their own.
    if root.get("start").is_some() {
        return period(root);
    }
    let at = |path: &str| {
        let mut value = root;
        for step in path.split('.') {
            value = value.get(step)?;
        }
        Some(value)
    };
    match CLINICAL.iter().find_map(|path| at(path))? {
        value if value.kind() == Kind::Object => period(value),
        value => date(value),
    }
}

fn date(value: Value<'_>) -> Option<DateRange> {
    DateRange::parse(&value.as_str()?)
}

/// A Period, open where a bound is not given; `None` when one cannot be read or
/// neither is there.
pub(crate) fn period(value: Value<'_>) -> Option<DateRange> {
    let (start, end) = (value.get("start"), value.get("end"));
    if start.is_none() && end.is_none() {
        return None;
    }
    let lower_ms = match start {
        Some(start) => date(start)?.lower_ms,
        None => i64::MIN,
    };
    // R4 Period.end is inclusive, as wide as its precision.
    let upper_ms = match end {
        Some(end) => date(end)?.upper_ms,
        None => i64::MAX,
    };
    (lower_ms < upper_ms).then_some(DateRange { lower_ms, upper_ms })
}

/// Whether a result was issued by `at_ms`: as it says itself, or else when its
/// version was written.
pub(super) fn released_by(root: Value<'_>, last_updated_ms: i64, at_ms: i64) -> Option<bool> {
    match root.get("issued").or_else(|| root.get("date")) {
        // A day is over before it counts as reached.
        Some(issued) => Some(date(issued)?.upper_ms <= at_ms.saturating_add(1)),
        None => Some(last_updated_ms <= at_ms),
    }
}
