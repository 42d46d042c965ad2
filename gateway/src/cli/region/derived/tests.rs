use super::*;
use crate::record;

#[test]
fn as_the_script_makes_them() {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra");
    let directory = record::directory(&infra.join("regions")).unwrap();
    assert_eq!(directory.regions().len(), 18);
    for region in directory.regions() {
        for (path, text) in files(&infra, region) {
            let held = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text, held, "{}", path.display());
        }
    }
}
