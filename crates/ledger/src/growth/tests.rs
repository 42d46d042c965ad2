use proptest::prelude::*;

use super::*;
use crate::tiles::{self, entries};

type Files = (BTreeMap<Tile, Vec<u8>>, BTreeMap<u64, Vec<u8>>);

/// A log of these entries grown in the given steps.
fn grown(steps: &[usize]) -> (Edge, Files) {
    let (mut edge, mut files) = (Edge::default(), Files::default());
    let mut number = 0_u32;
    for step in steps {
        let size = edge.size();
        let held: Vec<Vec<u8>> = partial(size).map(|tile| files.0[&tile].clone()).collect();
        let bundle = files.1.get(&(size / 256)).cloned().unwrap_or_default();
        let mut growth = Growth::new(edge, &held, &bundle).unwrap();
        for _ in 0..*step {
            growth.append(&number.to_be_bytes()).unwrap();
            number += 1;
        }
        edge = growth.edge().clone();
        let (tiles, bundles) = growth.changed();
        files.0.extend(tiles);
        files.1.extend(bundles);
    }
    (edge, files)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// However a log grew, its files are those of the tree of its entries.
    #[test]
    fn steps_do_not_matter(steps in proptest::collection::vec(0_usize..700, 1..8)) {
        let total: usize = steps.iter().sum();
        let (edge, files) = grown(&steps);
        let (at_once, expected) = grown(&[total]);
        prop_assert_eq!(&edge, &at_once);
        prop_assert_eq!(&files, &expected);
        let size = edge.size();
        let mut of_root = tiles::Held::default();
        let mut count = 0;
        for tile in tiles::tiles(size) {
            let held = &files.0[&tile];
            prop_assert_eq!(held.len(), usize::from(tiles::width(tile, size)) * 32);
            of_root.insert(tile, held).unwrap();
            count += 1;
        }
        prop_assert_eq!(files.0.len(), count);
        let root = crate::tree::subtree(0, size, &mut |node| of_root.node(node).ok_or(()));
        prop_assert_eq!(root, Ok(edge.root()));
        let all: Vec<u32> = files.1.values()
            .flat_map(|bundle| entries(bundle).unwrap())
            .map(|entry| u32::from_be_bytes(entry.try_into().unwrap()))
            .collect();
        prop_assert_eq!(all, (0..total as u32).collect::<Vec<_>>());
    }
}

#[test]
fn what_changed_is_only_what_changed() {
    let (edge, files) = grown(&[70_000]);
    let held: Vec<Vec<u8>> = partial(70_000).map(|tile| files.0[&tile].clone()).collect();
    let bundle = files.1[&273].clone();
    let mut growth = Growth::new(edge.clone(), &held, &bundle).unwrap();
    growth.append(b"one").unwrap();
    let (tiles, bundles) = growth.changed();
    assert_eq!(tiles.keys().map(|tile| (tile.level, tile.index)).collect::<Vec<_>>(), [(0, 273)]);
    assert_eq!(bundles.keys().copied().collect::<Vec<_>>(), [273]);
    let unchanged = Growth::new(edge.clone(), &held, &bundle).unwrap().changed();
    assert_eq!(unchanged, Files::default());
    // A shorter or another log's parts are refused.
    assert!(Growth::new(edge.clone(), &held[1..], &bundle).is_none());
    assert!(Growth::new(edge, &held, &bundle[1..]).is_none());
}
