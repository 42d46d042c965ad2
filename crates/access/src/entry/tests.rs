use proptest::prelude::*;

use super::*;

pub fn sample() -> Entry {
    Entry {
        id: id(1_790_000_000_123, [7; 10]),
        at_ms: 1_790_000_000_123,
        region: "06".to_owned(),
        establishment: "ciusss-nim".to_owned(),
        agent: Agent {
            subject: "7d3f0f2e-93b5".to_owned(),
            name: Some("Élise Tremblay".to_owned()),
            function: Function::Physician,
            licence: Some("12345".to_owned()),
            client_id: "emr".to_owned(),
            token_id: Some("01k6hvn2vb0000000000000000".to_owned()),
            issuer: "https://issuer.example.org".to_owned(),
        },
        persons: vec!["01k6hvn2vb5z8r9s0t1v2w3x4y".to_owned()],
        interaction: Interaction::Read,
        items: vec![ItemSeen {
            resource_type: "Observation".to_owned(),
            id: "01k6hvn2vb5z8r9s0t1v2w3x4z".to_owned(),
            version: 3,
            person: Some(0),
            change: Change::Read,
        }],
        query: None,
        purpose: Purpose::Treatment,
        basis: Some(Basis::CareRelationship),
        request_id: "01k6hvn2vb0000000000000001".to_owned(),
        network_address: "10.20.30.40".to_owned(),
        outcome: Outcome { status: 200, denied: None },
    }
}

#[test]
fn a_read_entry_is_small() {
    let bytes = sample().to_bytes().unwrap();
    assert!(bytes.len() <= 256, "{} bytes", bytes.len());
    assert_eq!(Entry::from_bytes(&bytes), Ok(sample()));
}

/// The stored layout is for ever: this must not change under layout 1.
#[test]
fn the_layout_is_pinned() {
    let mut entry = sample();
    entry.agent = Agent::unknown();
    entry.items.clear();
    entry.persons = vec!["p".to_owned()];
    entry.outcome = Outcome { status: 403, denied: Some("no".to_owned()) };
    let hex: String = entry.to_bytes().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        concat!(
            "0101a0c4506c7b07070707070707070707fbd8c1a28c340230360a6369757373732d6e696d",
            "00000607756e6b6e6f776e000000000101700000000001001a30316b3668766e3276623030",
            "30303030303030303030303030310b31302e32302e33302e3430930301026e6f",
        )
    );
}

#[test]
fn wrong_bytes_are_refused() {
    let bytes = sample().to_bytes().unwrap();
    for end in 0..bytes.len() {
        assert_eq!(Entry::from_bytes(&bytes[..end]), Err(EntryError::Malformed), "{end}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(Entry::from_bytes(&longer), Err(EntryError::Malformed));
    let mut later = bytes;
    later[0] = 9;
    assert_eq!(Entry::from_bytes(&later), Err(EntryError::Layout(9)));
    let mut other = sample();
    other.id = "not an id".to_owned();
    assert_eq!(other.to_bytes(), Err(EntryError::Id));
    other = sample();
    other.query = Some("x".repeat(ENTRY_BYTES_MAX));
    assert_eq!(other.to_bytes(), Err(EntryError::TooLong));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ids_sort_by_time(a in 0..1_u64 << 48, b in 0..1_u64 << 48, x: [u8; 10], y: [u8; 10]) {
        let (first, second) = (id(a, x), id(b, y));
        prop_assert_eq!(first.len(), 26);
        prop_assert_eq!(id_time_ms(&first), Some(a));
        if a != b {
            prop_assert_eq!(first < second, a < b);
        } else {
            prop_assert_eq!(first < second, x < y);
        }
    }

    #[test]
    fn any_bytes_decode_in_peace(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Entry::from_bytes(&bytes);
        bytes.insert(0, LAYOUT);
        let _ = Entry::from_bytes(&bytes);
    }
}
