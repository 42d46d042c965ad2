//! What is packed comes back, and what is damaged is refused.

use chart::codec::{pack, unpack};
use proptest::prelude::*;

const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"abc","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Hemoglobin"}],"text":"Hemoglobin"},"subject":{"reference":"Patient/x"},"effectiveDateTime":"2024-05-06T07:08:09-05:00","valueQuantity":{"value":1.000,"unit":"g/dL","system":"http://unitsofmeasure.org","code":"g/dL"}}"#;

#[test]
fn a_resource_takes_a_third_or_less() {
    let packed = pack(OBSERVATION.as_bytes());
    assert!(packed.len() * 3 < OBSERVATION.len(), "{} of {}", packed.len(), OBSERVATION.len());
    assert_eq!(unpack(&packed).unwrap(), OBSERVATION.as_bytes());
}

#[test]
fn damage_is_refused() {
    let packed = pack(OBSERVATION.as_bytes());
    for length in 0..packed.len() {
        assert!(unpack(&packed[..length]).is_err(), "cut at {length}");
    }
    for (at, byte) in [(0, 9), (1, 0xff), (4, packed[4].wrapping_sub(1)), (4, packed[4] + 1)] {
        let mut damaged = packed.clone();
        damaged[at] = byte;
        assert!(unpack(&damaged).is_err(), "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn anything_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        prop_assert_eq!(unpack(&pack(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn long_repetitions_come_back(byte: u8, length in 0..200_000_usize) {
        let bytes = vec![byte; length];
        prop_assert_eq!(unpack(&pack(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = unpack(&bytes);
    }
}
