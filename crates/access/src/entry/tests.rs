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
        decided: Decided::default(),
    }
}

#[test]
fn what_was_decided_is_kept_and_costs_nothing_when_there_was_nothing() {
    let plain = sample().to_bytes().unwrap();
    let decided = Decided {
        emergency: Some("Inconscient à l'arrivée".to_owned()),
        consents: vec!["Consent/hiv/_history/1".to_owned()],
        stands_in_for: None,
    };
    let entry = Entry { decided, ..sample() };
    let bytes = entry.to_bytes().unwrap();
    assert_eq!((plain[0], bytes[0]), (LAYOUT, LAYOUT_DECIDED));
    assert_eq!(bytes[bytes.len() - plain.len() + 1..], plain[1..]);
    assert_eq!(Entry::from_bytes(&bytes), Ok(entry));
    assert_eq!(Entry::from_bytes(&bytes[..10]), Err(EntryError::Malformed));
}

#[test]
fn a_door_that_stands_in_says_for_whom() {
    let plain = sample().to_bytes().unwrap();
    let emergency = Some("Inconscient à l'arrivée".to_owned());
    for decided in [Decided::default(), Decided { emergency, ..Decided::default() }] {
        let before = Entry { decided: decided.clone(), ..sample() }.to_bytes().unwrap();
        let stands_in_for = Some("13".to_owned());
        let entry = Entry { decided: Decided { stands_in_for, ..decided }, ..sample() };
        let bytes = entry.to_bytes().unwrap();
        assert_eq!(bytes[..4], [LAYOUT_STANDING_IN, 2, b'1', b'3']);
        assert_eq!(bytes[4..], before);
        assert_eq!(Entry::from_bytes(&bytes), Ok(entry));
    }
    let twice =
        [&[LAYOUT_STANDING_IN, 2, b'1', b'3', LAYOUT_STANDING_IN, 2, b'1', b'3'], &plain[..]];
    assert_eq!(Entry::from_bytes(&twice.concat()), Err(EntryError::Malformed));
}

#[test]
fn a_read_entry_is_small() {
    let bytes = sample().to_bytes().unwrap();
    assert!(bytes.len() <= 256, "{} bytes", bytes.len());
    assert_eq!(Entry::from_bytes(&bytes), Ok(sample()));
}

/// The stored layouts are for ever: neither must change under its number.
#[test]
fn the_layouts_are_pinned() {
    let mut entry = sample();
    entry.agent = Agent::unknown();
    entry.items.clear();
    entry.persons = vec!["p".to_owned()];
    entry.outcome = Outcome { status: 403, denied: Some("no".to_owned()) };
    let spelt = |hex: &str| -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap());
        digits.map(|two| u8::from_str_radix(two, 16).unwrap()).collect()
    };
    let now = entry.to_bytes().unwrap();
    let hex: String = now.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, LAYOUT_2);
    assert_eq!(Entry::from_bytes(&spelt(LAYOUT_1)), Ok(entry));
}

const LAYOUT_1: &str = concat!(
    "0101a0c4506c7b07070707070707070707fbd8c1a28c340230360a6369757373732d6e696d",
    "00000607756e6b6e6f776e000000000101700000000001001a30316b3668766e3276623030",
    "30303030303030303030303030310b31302e32302e33302e3430930301026e6f",
);

const LAYOUT_2: &str = concat!(
    "0201a0c4506c7b07070707070707070707fbd8c1a28c340230360a6369757373732d6e696d00",
    "000607756e6b6e6f776e0000000001017000000001001a30316b3668766e3276623030303030",
    "30303030303030303030310b31302e32302e33302e3430930301026e6f0000",
);

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
    fn any_items_come_back(
        items in proptest::collection::vec(
            (0_usize..4, 0_usize..4, any::<[u8; 9]>(), 0_u64..3, proptest::option::of(0_u16..3), 0_usize..4),
            0..20,
        ),
    ) {
        let persons: Vec<String> = ["ann", "bob", "c.d"].map(str::to_owned).to_vec();
        let types = ["Observation", "Patient", "X", "Condition"];
        let changes = [Change::Read, Change::Created, Change::Updated, Change::Deleted];
        let items: Vec<ItemSeen> = items
            .into_iter()
            .map(|(kind, form, random, version, person, change)| ItemSeen {
                resource_type: types[kind].to_owned(),
                id: match form {
                    0 => chart::ids::chart_id(&persons[usize::from(person.unwrap_or(1))], random).unwrap(),
                    1 => chart::ids::chart_id("another", random).unwrap(),
                    2 => chart::ids::plain_id([random[0]; 10]),
                    _ => format!("own-{}", random[0]),
                },
                version,
                person,
                change: changes[change],
            })
            .collect();
        let entry = Entry { items, persons, ..sample() };
        prop_assert_eq!(Entry::from_bytes(&entry.to_bytes().unwrap()), Ok(entry));
    }

    #[test]
    fn an_item_of_a_new_resource_takes_eleven_bytes(random in any::<[u8; 9]>()) {
        let mut entry = sample();
        entry.items.iter_mut().for_each(|item| {
            item.id = chart::ids::chart_id(&entry.persons[0], random).unwrap();
            item.version = 1;
        });
        let one = entry.to_bytes().unwrap().len();
        entry.items.push(entry.items[0].clone());
        prop_assert_eq!(entry.to_bytes().unwrap().len(), one + 11);
    }

    #[test]
    fn any_bytes_decode_in_peace(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Entry::from_bytes(&bytes);
        for layout in [LAYOUT, before::LAYOUT] {
            bytes.insert(0, layout);
            let _ = Entry::from_bytes(&bytes);
        }
    }
}

#[test]
fn roles_and_interactions_keep_their_place_in_the_stored_form() {
    let roles = [
        Function::Physician,
        Function::Nurse,
        Function::Pharmacist,
        Function::Patient,
        Function::Auditor,
        Function::System,
        Function::Other(String::new()),
        Function::Proxy,
        Function::Researcher,
    ];
    for (place, role) in roles.iter().enumerate() {
        let bytes = postcard::to_extend(role, Vec::new()).unwrap();
        assert_eq!(usize::from(bytes[0]), place, "{role:?}");
        if !role.code().is_empty() {
            assert_eq!(Function::from_code(role.code()), *role);
        }
    }
    let token = postcard::to_extend(&Interaction::Token, Vec::new()).unwrap();
    assert_eq!(usize::from(token[0]), Interaction::ALL.len());
}
