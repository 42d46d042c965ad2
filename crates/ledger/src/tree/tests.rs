use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// Inputs of the reference tests of Certificate Transparency
/// (`transparency-dev/merkle`, testonly/reference_test.go).
fn inputs() -> Vec<Vec<u8>> {
    let texts = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    texts.iter().map(|text| unhex(text)).collect()
}

/// Their roots, by number of leaves, from the same place.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// The definition itself, over whole leaves.
fn reference(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        many => {
            let mut half = 1;
            while half * 2 < many.len() {
                half *= 2;
            }
            node_hash(&reference(&many[..half]), &reference(&many[half..]))
        }
    }
}

fn nodes(leaves: &[Hash]) -> impl FnMut(Node) -> Result<Hash, Infallible> {
    let leaves = leaves.to_vec();
    move |node: Node| {
        let width = 1_usize << node.height;
        let from = usize::try_from(node.index).unwrap() * width;
        Ok(perfect_root(&leaves[from..from + width]).unwrap())
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

#[test]
fn published_roots() {
    let mut edge = Edge::default();
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(edge.root().to_vec(), unhex(root), "{size} leaves");
        let leaves: Vec<Hash> = inputs().iter().take(size).map(|leaf| leaf_hash(leaf)).collect();
        assert_eq!(reference(&leaves), edge.root());
        if let Some(input) = inputs().get(size) {
            edge.append(leaf_hash(input));
        }
    }
}

#[test]
fn published_proofs() {
    let leaves: Vec<Hash> = inputs().iter().map(|leaf| leaf_hash(leaf)).collect();
    // RFC 6962 §2.1.3 names these of its tree of seven: [b, h, l] for d0, [c, g, l]
    // for d3, [f, j, k] for d4, [i, k] for d6; and of old trees of 3, 4 and 6.
    let seven = &leaves[..7];
    let [a, b, c, d, e, f, j]: [Hash; 7] = seven.to_vec().try_into().unwrap();
    let (g, h, i) = (node_hash(&a, &b), node_hash(&c, &d), node_hash(&e, &f));
    let k = node_hash(&g, &h);
    let l = node_hash(&i, &j);
    let path = |index| inclusion(index, 7, &mut nodes(seven)).unwrap();
    assert_eq!(path(0), [b, h, l]);
    assert_eq!(path(3), [c, g, l]);
    assert_eq!(path(4), [f, j, k]);
    assert_eq!(path(6), [i, k]);
    let growth = |old| consistency(old, 7, &mut nodes(seven)).unwrap();
    assert_eq!(growth(3), [c, d, g, l]);
    assert_eq!(growth(4), [l]);
    assert_eq!(growth(6), [i, j, k]);
}

#[test]
fn every_proof_of_small_trees_holds_and_no_other() {
    let all = leaves(33);
    for size in 1..=33_usize {
        let root = reference(&all[..size]);
        for index in 0..size {
            let (at, of) = (index as u64, size as u64);
            let path = inclusion(at, of, &mut nodes(&all)).unwrap();
            assert!(includes(&all[index], at, of, &path, &root), "{index} of {size}");
            assert!(!includes(&all[(index + 1) % 33], at, of, &path, &root));
            for wrong in (0..=34).filter(|wrong| *wrong != at) {
                assert!(
                    !includes(&all[index], wrong, of, &path, &root),
                    "{wrong} for {index} of {size}"
                );
            }
        }
        for old in 0..=size {
            let before = reference(&all[..old]);
            let path = consistency(old as u64, size as u64, &mut nodes(&all)).unwrap();
            assert!(extends(old as u64, &before, size as u64, &root, &path), "{old} to {size}");
            for wrong in (1..=size).filter(|wrong| *wrong != old) {
                assert!(!extends(wrong as u64, &before, size as u64, &root, &path));
            }
        }
    }
}

proptest! {
    #[test]
    fn the_edge_is_the_tree(count in 0_usize..700, stored in 0_usize..700) {
        let all = leaves(count);
        let mut edge = Edge::default();
        for (at, leaf) in all.iter().enumerate() {
            if at == stored {
                edge = Edge::from_bytes(at as u64, &edge.to_bytes()).unwrap();
            }
            edge.append(*leaf);
        }
        prop_assert_eq!(edge.size(), count as u64);
        prop_assert_eq!(edge.root(), reference(&all));
        let root: Result<Hash, Infallible> = subtree(0, count as u64, &mut nodes(&all));
        prop_assert_eq!(root.unwrap(), edge.root());
    }

    #[test]
    fn whole_subtrees_grow_the_same_tree(before in 0_usize..6, height in 0_u8..7, after in 0_usize..70) {
        let wide = 1 << height;
        let all = leaves(wide * (before + 1) + after);
        let (mut one, mut other) = (Edge::default(), Edge::default());
        all.iter().for_each(|leaf| one.append(*leaf));
        all[..wide * before].iter().for_each(|leaf| other.append(*leaf));
        let root = perfect_root(&all[wide * before..wide * (before + 1)]).unwrap();
        prop_assert!(other.append_perfect(root, height));
        all[wide * (before + 1)..].iter().for_each(|leaf| other.append(*leaf));
        prop_assert_eq!(&one, &other);
        // Where it would not stand on a boundary, nothing is appended.
        let fits = all.len().is_multiple_of(wide);
        prop_assert_eq!(other.append_perfect(root, height), fits);
        prop_assert_eq!(other == one, !fits);
    }

    #[test]
    fn forged_proofs_are_refused(
        size in 2_u64..600, index in any::<u64>(), old in any::<u64>(),
        which in any::<usize>(), bit in 0_usize..256, kind in 0_u8..4,
    ) {
        let all = leaves(usize::try_from(size).unwrap());
        let root = reference(&all);
        let index = index % size;
        let leaf = all[usize::try_from(index).unwrap()];
        let forge = |path: &mut Vec<Hash>| match kind {
            0 if !path.is_empty() => {
                let at = which % path.len();
                path[at][bit / 8] ^= 1 << (bit % 8);
            }
            1 if !path.is_empty() => drop(path.remove(which % path.len())),
            2 => path.insert(which % (path.len() + 1), root),
            _ => path.push([7; 32]),
        };
        let mut path = inclusion(index, size, &mut nodes(&all)).unwrap();
        prop_assert!(includes(&leaf, index, size, &path, &root));
        forge(&mut path);
        prop_assert!(!includes(&leaf, index, size, &path, &root));

        let old = 1 + old % (size - 1);
        let before = reference(&all[..usize::try_from(old).unwrap()]);
        let mut path = consistency(old, size, &mut nodes(&all)).unwrap();
        prop_assert!(extends(old, &before, size, &root, &path));
        let mut other = root;
        other[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!extends(old, &other, size, &root, &path));
        prop_assert!(!extends(old, &before, size, &other, &path));
        forge(&mut path);
        prop_assert!(!extends(old, &before, size, &root, &path));
    }

    #[test]
    fn no_input_stops_the_verifiers(
        index in any::<u64>(), size in any::<u64>(), old in any::<u64>(),
        path in proptest::collection::vec(any::<Hash>(), 0..70), root in any::<Hash>(),
    ) {
        prop_assert!(!includes(&root, index, size, &path, &root) || (size == 1 && path.is_empty()));
        let held = extends(old, &root, size, &root, &path);
        prop_assert!(!held || (old == size && path.is_empty()));
    }
}

#[test]
fn an_edge_of_another_size_is_none() {
    let mut edge = Edge::default();
    leaves(5).into_iter().for_each(|leaf| edge.append(leaf));
    let bytes = edge.to_bytes();
    assert!(Edge::from_bytes(5, &bytes).is_some());
    assert!(Edge::from_bytes(7, &bytes).is_none());
    assert!(Edge::from_bytes(5, &bytes[1..]).is_none());
    assert!(Edge::from_bytes(u64::MAX, &[0; 64 * 32]).is_none());
}
