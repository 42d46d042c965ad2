use proptest::prelude::*;

use super::*;
use crate::tree::{self, Edge, leaf_hash};

#[test]
fn paths_of_the_specification() {
    let tile = |level, index| Tile { level, index };
    // C2SP tlog-tiles, "Merkle Tree": index 1234067.
    assert_eq!(File::Hashes(tile(0, 1_234_067), 256).path(), "tile/0/x001/x234/067");
    assert_eq!(File::Hashes(tile(3, 0), 1).path(), "tile/3/000.p/1");
    assert_eq!(File::Entries(1_000, 255).path(), "tile/entries/x001/000.p/255");
    assert_eq!(File::parse("checkpoint"), Some(File::Checkpoint));
    for other in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/00/000",
        "tile/8/000",
        "tile/0/x000/000",
        "tile/0/000/000",
        "tile/0/x001",
        "tile/0/x001/x002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/1",
        "tile/0/+00",
        "tile/-1/000",
        "tile/0/0000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/../checkpoint",
        "tile/entries",
        "tile/data/000",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(File::parse(other), None, "{other}");
    }
}

#[test]
fn widths_of_the_specification() {
    // C2SP tlog-tiles, "Partial Tiles": a tree of size 70,000.
    let of = |size| tiles(size).map(|tile| (tile.level, width(tile, size))).collect::<Vec<_>>();
    let held = of(70_000);
    let count = |level, width| held.iter().filter(|held| **held == (level, width)).count();
    assert_eq!(
        [count(0, 256), count(0, 112), count(1, 256), count(1, 17), count(2, 1)],
        [273, 1, 1, 1, 1]
    );
    assert_eq!(held.len(), 277);
    assert_eq!(of(256), [(0, 256), (1, 1)]);
    assert_eq!(of(0), []);
    assert_eq!(files(256).count(), 3);
}

/// The tiles of a tree, by their definition.
fn held(leaves: &[Hash]) -> Held {
    let size = leaves.len() as u64;
    let mut held = Held::default();
    for tile in tiles(size) {
        let below = 1_usize << (8 * u32::from(tile.level));
        let first = usize::try_from(tile.index).unwrap() * 256;
        let hashes: Vec<u8> = (first..first + usize::from(width(tile, size)))
            .flat_map(|at| perfect_root(&leaves[at * below..(at + 1) * below]).unwrap())
            .collect();
        held.insert(tile, &hashes).unwrap();
    }
    held
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn proofs_come_from_tiles(size in 1_u64..3000, index in any::<u64>(), old in any::<u64>()) {
        let leaves: Vec<Hash> = (0..size).map(|number| leaf_hash(&number.to_be_bytes())).collect();
        let (index, old) = (index % size, old % (size + 1));
        let edge = |size: u64| {
            let mut edge = Edge::default();
            leaves.iter().take(usize::try_from(size).unwrap()).for_each(|leaf| edge.append(*leaf));
            edge.root()
        };
        let held = held(&leaves);
        let mut node = |node| held.node(node).ok_or(());
        let path = tree::inclusion(index, size, &mut node).unwrap();
        let leaf = leaves[usize::try_from(index).unwrap()];
        prop_assert!(tree::includes(&leaf, index, size, &path, &edge(size)));
        let path = tree::consistency(old, size, &mut node).unwrap();
        prop_assert!(tree::extends(old, &edge(old), size, &edge(size), &path));
        for tile in tiles_of(&tree::inclusion_nodes(index, size)) {
            prop_assert!(width(tile, size) > 0);
        }
    }

    #[test]
    fn a_path_has_one_spelling(level in 0_u8..8, index in 0_u64..1 << 54, width in 1_u16..=256) {
        for file in [File::Hashes(Tile { level, index }, width), File::Entries(index, width)] {
            prop_assert_eq!(File::parse(&file.path()), Some(file));
        }
    }

    #[test]
    fn any_text_is_a_path_or_none(path in "(tile|checkpoint|x|/|[0-9]|\\.p|entries){0,12}") {
        if let Some(file) = File::parse(&path) {
            prop_assert_eq!(file.path(), path);
        }
    }

    #[test]
    fn bundles_go_both_ways(
        all in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..256),
        noise in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bundle = Vec::new();
        all.iter().for_each(|entry| push_entry(&mut bundle, entry).unwrap());
        prop_assert_eq!(entries(&bundle).unwrap(), all.clone());
        for width in [0, all.len() / 2, all.len()] {
            let first = first_entries(&bundle, u16::try_from(width).unwrap()).unwrap();
            prop_assert_eq!(entries(first).unwrap(), &all[..width]);
        }
        prop_assert_eq!(first_entries(&bundle, u16::try_from(all.len() + 1).unwrap()), None);
        if !bundle.is_empty() {
            prop_assert_eq!(entries(&bundle[..bundle.len() - 1]), None);
        }
        if let Some(parsed) = entries(&noise) {
            let mut again = Vec::new();
            parsed.iter().for_each(|entry| push_entry(&mut again, entry).unwrap());
            prop_assert_eq!(again, noise);
        }
    }
}

#[test]
fn what_is_no_tile_is_not_taken() {
    let mut held = Held::default();
    let tile = Tile { level: 0, index: 0 };
    assert!(held.insert(tile, &[0; 31]).is_none());
    assert!(held.insert(tile, &[0; 257 * 32]).is_none());
    assert!(held.insert(tile, &[0; 32]).is_some());
    assert!(held.node(Node { height: 1, index: 0 }).is_none());
    assert!(push_entry(&mut Vec::new(), &[0; 65_536]).is_none());
}
