//! Ids tell homes, and the stored form does not change by accident.

use chart::ids::{
    chart_id, commit_id, home_of, packed_chart_id, packed_plain_id, person_of, plain_id,
    stable_hash,
};
use chart::{Home, Where, keys};
use proptest::prelude::*;

fn never(resource_type: &str) -> bool {
    resource_type == "Organization"
}

#[test]
fn an_id_tells_its_home() {
    let person = Where::Home(Home::Person("abc".into()));
    let tail = chart_id("abc", [7; 9]).unwrap();
    assert_eq!(home_of("Patient", "abc", never), person);
    assert_eq!(home_of("Observation", &tail, never), person);
    assert_eq!(home_of("Observation", "abc", never), Where::Locator);
    assert_eq!(home_of("Observation", "abc.dshort", never), Where::Locator);
    assert_eq!(home_of("Observation", ".daaaaaaaaaaaaa", never), Where::Locator);
    assert_eq!(
        home_of("Organization", &tail, never),
        Where::Home(Home::registry("Organization", &tail))
    );
}

#[test]
fn the_stored_form_is_pinned() {
    assert_eq!(plain_id([0xff; 10]), "7777777777777777");
    assert_eq!(plain_id([0; 10]), "aaaaaaaaaaaaaaaa");
    assert_eq!(stable_hash("Patient/abc"), 0x0b31_ec7a_5dd4_cead);
    assert_eq!(keys::claim_key("s", "v"), "4ea5ebc5c8a5e0582fe8525ddba25877");
    assert_ne!(keys::claim_key("ab", "c"), keys::claim_key("a", "bc"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn chart_ids_carry_any_person(person in "[A-Za-z0-9.-]{1,49}", random: [u8; 9]) {
        let id = chart_id(&person, random).unwrap();
        prop_assert!(id.len() <= 64);
        prop_assert_eq!(person_of(&id), Some(person.as_str()));
    }

    #[test]
    fn own_ids_are_packed_and_spelt_again(
        person in "[A-Za-z0-9.-]{1,49}", tail: [u8; 9], plain: [u8; 10],
    ) {
        let id = chart_id(&person, tail).unwrap();
        let packed = packed_chart_id(&id, &person).unwrap();
        prop_assert_eq!(chart_id(&person, packed), Some(id));
        prop_assert_eq!(packed_plain_id(&plain_id(plain)), Some(plain));
    }

    #[test]
    fn long_persons_need_a_locator(person in "[a-z]{50,64}", random: [u8; 9]) {
        prop_assert_eq!(chart_id(&person, random), None);
    }

    #[test]
    fn homes_are_spelt_and_read_back(person in "[A-Za-z0-9.-]{1,64}") {
        for home in [Home::Person(person.clone()), Home::registry("Organization", &person)] {
            prop_assert_eq!(Home::parse(&home.partition()), Some(home));
        }
    }

    #[test]
    fn commit_ids_sort_by_time(at in 0..4_000_000_000_000_i64, a: [u8; 10], b: [u8; 10]) {
        let (first, second) = (commit_id(at, a), commit_id(at + 1, b));
        prop_assert!(first < second);
        prop_assert_eq!(first.len(), 26);
    }
}
