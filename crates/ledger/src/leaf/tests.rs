use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn the_form_is_pinned() {
    // A change of the derivation would break every proof that was handed out.
    let salt = salt(&[3; SEED_BYTES], "01jzz0000000000000000000aa");
    let leaf = leaf(&salt, b"entry");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&salt), PINNED_SALT);
    assert_eq!(hex(&leaf), PINNED_LEAF);
    assert!(is_leaf(&leaf));
    assert!(!is_leaf(&leaf[..32]) && !is_leaf(&[2; 33]) && !is_leaf(&[]));
}

const PINNED_SALT: &str = "575083bde9864fe79d3cd3fa3207e554";
const PINNED_LEAF: &str = "01762459731274059a8db8044788b189c4c1f830c8437a2aab71a51c5d5b381344";

#[test]
fn each_entry_has_a_salt_of_its_own() {
    let ids: Vec<String> = (0..1000).map(|number| format!("{number:026}")).collect();
    let salts: BTreeSet<Salt> = ids.iter().map(|id| salt(&[1; SEED_BYTES], id)).collect();
    assert_eq!(salts.len(), 1000);
    assert_ne!(salt(&[1; SEED_BYTES], &ids[0]), salt(&[2; SEED_BYTES], &ids[0]));
    assert_ne!(leaf(&[0; 16], b"a"), leaf(&[1; 16], b"a"));
    assert_ne!(leaf(&[0; 16], b"a"), leaf(&[0; 16], b"b"));
}

proptest! {
    #[test]
    fn openings_go_both_ways(salt in any::<Salt>(), entry in proptest::collection::vec(any::<u8>(), 0..99)) {
        let opening = Opening { salt, entry };
        let bytes = opening.to_bytes();
        prop_assert_eq!(Opening::from_bytes(&bytes), Some(opening));
        prop_assert_eq!(Opening::from_bytes(&bytes[..16]), None);
    }
}
