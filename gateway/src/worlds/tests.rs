use super::{WORLDS, read, within};

fn may(name: &str, import: &str) -> bool {
    within(name, std::iter::once(import.to_owned()), &read(WORLDS).unwrap()).is_ok()
}

#[test]
fn a_function_may_import_the_walls_of_its_world_and_no_other() {
    assert!(may("lookup", "dossier:record/charts@0.1.0"));
    assert!(!may("lookup", "dossier:record/commits@0.1.0"));
    assert!(may("update", "dossier:record/commits@0.1.0"));
    assert!(!may("audit", "dossier:record/issuing@0.1.0"));
    // Another version is another wall.
    assert!(!may("lookup", "dossier:record/charts@0.2.0"));
}

#[test]
fn types_and_what_std_imports_are_everybodys_and_a_stranger_gets_no_wall() {
    assert!(may("validate", "dossier:record/types@0.1.0"));
    assert!(may("lookup", "wasi:io/streams@0.2.6"));
    assert!(!may("stranger", "dossier:record/tokens@0.1.0"));
    assert!(read("import a:b/c;").is_err());
}
