//! The directory as one text.

use proptest::prelude::*;
use regions::Directory;

fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        quoted.push_str(&format!("\\U{:08X}", c as u32));
    }
    quoted.push('"');
    quoted
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_names_come_back(name in "[\\PC\t\n\r\\\\]{0,12}", kind in "[\\PC\t\n,=\\\\]{1,8}", days: u16) {
        let text = format!(
            "code = \"03\"\nname = {{ fr = {name}, en = {name} }}\nphase = \"live\"\n\
             endpoint = \"https://d.example\"\nadmin_port = 1\ntime_zone = \"A/B\"\n\
             link = \"satellite\"\nneighbours = []\nopens = \"2028-02-29\"\npeer = \"[::1]:7403\"\nadministrative_regions = [3]\n\
             [release_delay_days]\n{kind} = {days}\n[[establishment]]\nid = \"demo-1\"\n\
             name = {{ fr = {name}, en = {name} }}\nkind = {kind}\nmunicipality = {name}\n\
             demonstration = true\n",
            name = toml_string(&name),
            kind = toml_string(&kind),
        );
        let directory = Directory::read([("03.toml", text.as_str())]);
        if let Ok(directory) = directory {
            prop_assert_eq!(Directory::from_text(&directory.to_text()), Ok(directory));
        } else {
            prop_assert!(name.to_lowercase().contains("nunavik"), "{:?}", directory);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(regions 2\n)?([RE\\\\t,\t\n0-9a-z]{0,40})") {
        if let Ok(directory) = Directory::from_text(&text) {
            prop_assert_eq!(Directory::from_text(&directory.to_text()), Ok(directory));
        }
    }
}

#[test]
fn a_torn_text_names_the_line() {
    let error = Directory::from_text("regions 2\nR\t01").unwrap_err();
    assert_eq!(error.line, 2);
    assert!(error.to_string().contains("write it again"));
    assert_eq!(Directory::from_text("").unwrap_err().line, 1);
}
