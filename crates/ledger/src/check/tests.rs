use std::collections::BTreeMap;

use super::*;
use crate::growth::Growth;
use crate::leaf::leaf;

pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Source for Files {
    fn read(&self, file: &File) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(&file.path()).cloned())
    }
}

fn log(size: u64) -> (Files, Checkpoint) {
    let mut growth = Growth::new(Edge::default(), &[], &[]).unwrap();
    for number in 0..size {
        growth.append(&leaf(&[0; 16], &number.to_be_bytes())).unwrap();
    }
    let head = Checkpoint { origin: "o".to_owned(), size, root: growth.edge().root() };
    let (tiles, bundles) = growth.changed();
    let tiles =
        tiles.into_iter().map(|(at, bytes)| (File::Hashes(at, width(at, size)).path(), bytes));
    let bundles = bundles.into_iter().map(|(index, bytes)| {
        (File::Entries(index, width(Tile { level: 0, index }, size)).path(), bytes)
    });
    (Files(tiles.chain(bundles).collect()), head)
}

#[test]
fn what_is_whole_is_found_whole() {
    for size in [0, 1, 255, 256, 257, 70_000] {
        let (files, head) = log(size);
        assert_eq!(whole(&files, &head), Faults::default(), "{size}");
        if size > 0 {
            for (first, end) in [(0, size), (size / 2, size / 2 + 1), (size - 1, size)] {
                let leaves = range(&files, &head, first, end).unwrap();
                let expected = (first..end).map(|at| leaf_hash(&leaf(&[0; 16], &at.to_be_bytes())));
                assert!(leaves.into_iter().eq(expected), "{size}: {first} to {end}");
            }
        }
        assert!(range(&files, &head, size, size + 1).is_err());
    }
}

#[test]
fn growth_is_told_from_change() {
    let (files, head) = log(1000);
    for old in [0, 1, 255, 256, 700, 1000] {
        assert_eq!(grew(&files, &log(old).1, &head), Ok(()), "{old}");
        let wrong = Checkpoint { root: [1; 32], ..log(old).1 };
        assert!(grew(&files, &wrong, &head).is_err(), "{old}");
    }
    assert!(grew(&files, &log(1001).1, &head).unwrap_err().contains("shortened"));
    let other = Checkpoint { origin: "p".to_owned(), ..log(1).1 };
    assert!(grew(&files, &other, &head).is_err());
}

#[test]
fn every_file_and_every_byte_of_it_counts() {
    let (mut files, head) = log(700);
    for path in files.0.keys().cloned().collect::<Vec<_>>() {
        let held = files.0.remove(&path).unwrap();
        assert!(!whole(&files, &head).is_none(), "{path} is missing");
        for at in (0..held.len()).step_by(97) {
            let mut bent = held.clone();
            bent[at] ^= 4;
            files.0.insert(path.clone(), bent);
            let faults = whole(&files, &head);
            assert!(
                faults
                    .listed
                    .iter()
                    .any(|fault| fault.starts_with(&path) || fault.contains("root")),
                "{path} {at}: {faults}"
            );
        }
        files.0.insert(path.clone(), held[..held.len() - 1].to_vec());
        assert!(!whole(&files, &head).is_none(), "{path} is short");
        files.0.insert(path, held);
    }
    assert!(whole(&files, &head).is_none());
    let other = Checkpoint { root: [9; 32], ..head.clone() };
    assert_eq!(whole(&files, &other).count, 1);
    assert!(range(&files, &other, 3, 9).is_err());
    let longer = Checkpoint { size: 701, ..head };
    assert!(!whole(&files, &longer).is_none());
}
