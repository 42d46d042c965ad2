use super::{FILE, folder, leave, read};
use report::Record;
use report::record::Verification;

fn record(at_ms: i64) -> Record {
    Record::Verification(Verification {
        at_ms,
        region: "06".into(),
        what: "log".into(),
        size: 9,
        whole: true,
        fault: None,
    })
}

#[test]
fn records_are_read_as_they_were_left_and_other_lines_are_passed_over() {
    let data = tempfile::tempdir().unwrap();
    assert!(read(&folder(data.path())).is_empty());
    leave(data.path(), &record(1)).unwrap();
    let file = folder(data.path()).join(FILE);
    let held = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{held}not a record\n")).unwrap();
    leave(data.path(), &record(2)).unwrap();
    assert_eq!(read(&folder(data.path())), [record(1), record(2)]);
}

#[test]
fn only_the_end_of_a_long_file_is_read() {
    let data = tempfile::tempdir().unwrap();
    leave(data.path(), &record(1)).unwrap();
    let file = folder(data.path()).join(FILE);
    let held = std::fs::read_to_string(&file).unwrap();
    let long = "x".repeat(super::RECORDS_READ_BYTES as usize);
    std::fs::write(&file, format!("{held}{long}\n{held}")).unwrap();
    assert_eq!(read(&folder(data.path())), [record(1)]);
}
