use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_line_says_what_was_done(
        person in proptest::option::of("[a-z0-9]{1,20}"),
        id in "[A-Za-z0-9.-]{1,64}",
        version in 1_u64..,
        did in prop::sample::select(vec![Did::Created, Did::Updated, Did::Deleted]),
        name in prop::sample::select(vec!["Patient", "Observation", "Practitioner"]),
    ) {
        let home = person.map_or_else(|| Home::registry(name, &id), Home::Person);
        let text = line(&home, did, name, &id, version);
        let read = parse(text.trim_end_matches('\n')).unwrap();
        let at = CellRef { home, resource_type: name.to_owned(), id, version };
        prop_assert_eq!(read, FeedChange { at, did });
    }

    #[test]
    fn keys_sort_as_places_do(one in 0_i64.., other in 0_i64.., a in "[0-9a-v]{26}", b in "[0-9a-v]{26}") {
        let left = FeedPlace { at_ms: one, commit: a };
        let right = FeedPlace { at_ms: other, commit: b };
        let (l, r) = (keys::feed_place(&left), keys::feed_place(&right));
        prop_assert_eq!(l.cmp(&r), left.cmp(&right));
        prop_assert_eq!(keys::place_of_feed(&l), Some(left));
    }
}

#[test]
fn what_the_id_tells_is_not_written_again() {
    let home = Home::Person("ann".into());
    assert_eq!(line(&home, Did::Created, "Patient", "ann", 1), "c\tPatient\tann\t1\n");
    let id = "ann.daaaaaaaaaaaaa";
    assert_eq!(
        line(&home, Did::Updated, "Observation", id, 2),
        format!("u\tObservation\t{id}\t2\n")
    );
    assert_eq!(line(&home, Did::Deleted, "Observation", "o", 2), "d\tObservation\to\t2\tP#ann\n");
}
