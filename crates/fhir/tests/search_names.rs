//! Folding of names, and what the index across people takes from a Patient.

use fhir::json::Document;
use fhir::limits::JsonLimits;
use fhir::search::{birthdate, fold, gender, identifier_tokens, name_keys, squash};
use proptest::prelude::*;

#[test]
fn french_names_fold() {
    let table = [
        ("Tremblay", "tremblay"),
        ("GÉRARD-ÉTIENNE", "gerard etienne"),
        ("Lefœuvre", "lefoeuvre"),
        ("Lætitia", "laetitia"),
        ("D’Amours", "d amours"),
        ("L'Heureux", "l heureux"),
        ("François  Noël", "francois noel"),
        ("St-Hyacinthe.", "st hyacinthe"),
        ("Ÿves", "yves"),
        ("e\u{301}tienne", "etienne"),
        ("Łukasz Šťastný", "lukasz stastny"),
        ("Groß", "gross"),
        ("Île-aux-Çœurs", "ile aux coeurs"),
        ("ᐃᓄᒃᑎᑐᑦ", "ᐃᓄᒃᑎᑐᑦ"),
        ("ИВАН", "иван"),
        ("--", ""),
    ];
    for (written, folded) in table {
        assert_eq!(fold(written), folded, "{written}");
    }
    assert_eq!(squash("Marie-Claude"), squash("MARIE CLAUDE"));
    assert_eq!(squash("L’Heureux"), "lheureux");
}

#[test]
fn every_accented_latin_letter_folds_to_ascii() {
    for code in (0xc0..=0x17fu32).filter(|code| !matches!(code, 0xd7 | 0xf7)) {
        let letter = char::from_u32(code).unwrap();
        // The apostrophe n and the eng both end up as n.
        let folded = fold(&letter.to_string());
        assert!(!folded.is_empty() && folded.is_ascii(), "{letter} gave {folded}");
    }
}

#[test]
fn a_person_gives_keys_identifiers_birth_and_gender() {
    let text = r#"{"resourceType":"Patient","gender":"female","birthDate":"1980-02-29",
        "identifier":[{"system":"urn:x","value":"TREM80022911"},{"value":"7"},{"system":"urn:y"}],
        "name":[{"family":"Tremblay-Côté","given":["Marie Ève"]},{"text":"Ève T."}]}"#;
    let document = Document::parse(text.to_owned(), &JsonLimits::default()).unwrap();
    let root = document.root();
    let expected = ["cote", "eve", "evet", "marie", "marieeve", "t", "tremblay", "tremblaycote"];
    assert_eq!(name_keys(root), expected);
    let identifiers = [("urn:x", "TREM80022911"), ("", "7")];
    assert_eq!(identifier_tokens(root), identifiers.map(|(s, v)| (s.to_owned(), v.to_owned())));
    assert_eq!(gender(root).as_deref(), Some("female"));
    let born = birthdate(root).unwrap();
    assert_eq!(born.upper_ms - born.lower_ms, 86_400_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn folding_is_idempotent_and_tidy(text in "\\PC{0,40}") {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded.clone());
        prop_assert!(!folded.starts_with(' ') && !folded.ends_with(' ') && !folded.contains("  "));
    }

    #[test]
    fn separators_and_case_do_not_tell_names_apart(first in "[a-zéèœç]{1,8}", second in "[a-zéèœç]{1,8}") {
        let hyphen = squash(&format!("{first}-{second}"));
        prop_assert_eq!(squash(&format!("{} {}", first.to_uppercase(), second)), hyphen.clone());
        prop_assert_eq!(squash(&format!("{first}’{second}")), hyphen);
    }
}
