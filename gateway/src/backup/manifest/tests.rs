use super::{FILE, Manifest, Segment, name};
use crate::backup::sum::Sum;
use chart::table::Item;

fn segment(table: &str, file: &str, items: u64) -> Segment {
    let (table, file) = (table.to_owned(), file.to_owned());
    Segment { table, file, items, bytes: 10, blake3: "0".repeat(64) }
}

fn manifest(segments: Vec<Segment>) -> Manifest {
    let mut record = Sum::default();
    record.add(&Item::default(), b"one");
    let sums = [record.written(), Sum::default().written()];
    Manifest::new("2026-01-01T00:00:00.000Z".to_owned(), "snapshot", sums, segments)
}

#[test]
fn a_manifest_is_read_as_it_was_written_and_its_digest_moves_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let written = manifest(vec![segment("record", &name("record", 0), 1)]);
    let digest = written.write(folder.path()).unwrap();
    assert_eq!(Manifest::read(folder.path()).unwrap(), (written, digest.clone()));
    let path = folder.path().join(FILE);
    let altered = std::fs::read_to_string(&path).unwrap().replace("2026", "2025");
    std::fs::write(&path, altered).unwrap();
    assert_ne!(Manifest::read(folder.path()).unwrap().1, digest);
}

#[test]
fn a_manifest_that_does_not_agree_with_itself_is_refused() {
    for (segments, why) in [
        (vec![], "counts 1 items"),
        (vec![segment("record", &name("record", 0), 2)], "counts 1 items"),
        (vec![segment("record", "../elsewhere", 1)], "no copy has"),
        (vec![segment("record", &name("record", 7), 1)], "no copy has"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        manifest(segments).write(folder.path()).unwrap();
        let error = Manifest::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(Manifest::read(empty.path()).unwrap_err().to_string().contains("never finished"));
}
